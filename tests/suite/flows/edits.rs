//! A table of edits by hand, of every sort that kubectl offers, on every kind of field: each shows as exactly what it is,
//! and a sync heals it and leaves alone what Git does not speak of.

use std::process::Command;

use super::ground::{Ground, told};
use super::shop::SHOP;
use crate::controlplane::kubectl;

/// More kinds and fields than the shop has.
const MORE: [(&str, &str); 18] = [
    (
        "shop/plain.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: plain}\nspec:\n  selector: {app: web}\n  ports:\n  - {port: 80}\n",
    ),
    (
        "shop/host.yaml",
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: host}\nspec:\n  selector: {matchLabels: {app: host}}\n  template:\n    metadata: {labels: {app: host}}\n    spec:\n      containers:\n      - {name: host, image: \"registry.example/host:1\", ports: [{containerPort: 9200, hostPort: 9200}]}\n",
    ),
    ("shop/gizmos.yaml", GIZMOS),
    (
        "shop/gizmo.yaml",
        "apiVersion: \"@NS@.example/v1\"\nkind: Gizmo\nmetadata: {name: one}\nspec:\n  big: 1\n  parts: [{id: a, size: 1}, {id: b, size: 2}]\n  tags: [red, blue]\n",
    ),
    (
        "shop/named.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: named}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports:\n  - {name: http, port: 80}\n  - {name: admin, port: 81}\n",
    ),
    ("shop/full.yaml", FULL),
    (
        "shop/agent.yaml",
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: agent}}\n  updateStrategy: {type: OnDelete}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n      tolerations: [{operator: Exists, effect: NoSchedule}]\n      containers:\n      - {name: agent, image: \"registry.example/agent:1\", ports: [{containerPort: 9100}]}\n",
    ),
    (
        "shop/once.yaml",
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  suspend: true\n  parallelism: 1\n  backoffLimit: 2\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{name: once, image: \"registry.example/once:1\"}]\n",
    ),
    (
        "shop/files.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: files\n  annotations: {about: \"a: b\", long: \"@LONG@\"}\ndata: {empty: \"\", number: \"080\", dotted.name: \"1\"}\nbinaryData: {blob: AAEC}\n",
    ),
    (
        "shop/volume.yaml",
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: volume, labels: {app: web}}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n",
    ),
    (
        "shop/clusterrole.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: @NS@}\nrules:\n- {apiGroups: [\"\"], resources: [nodes], verbs: [get, list]}\n- {apiGroups: [apps], resources: [deployments], verbs: [get]}\n",
    ),
    (
        "shop/nodeport.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: nodeport}\nspec:\n  type: NodePort\n  selector: {app: web}\n  sessionAffinity: None\n  ports:\n  - {port: 80, targetPort: http}\n",
    ),
    (
        "shop/balanced.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: balanced}\nspec:\n  type: LoadBalancer\n  externalTrafficPolicy: Local\n  selector: {app: web}\n  ports:\n  - {name: http, port: 80, targetPort: 8080}\n  - {name: dns, port: 53, protocol: UDP}\n  - {name: dns-tcp, port: 53, protocol: TCP}\n",
    ),
    (
        "shop/secure.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: secure}\nspec:\n  ingressClassName: nginx\n  defaultBackend: {service: {name: web, port: {name: http}}}\n  tls: [{hosts: [shop.example], secretName: web}]\n",
    ),
    (
        "shop/calm.yaml",
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: calm}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nobody}\n  minReplicas: 1\n  maxReplicas: 3\n  metrics:\n  - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 500Mi}}}\n  behavior: {scaleDown: {stabilizationWindowSeconds: 600}}\n",
    ),
    (
        "shop/quota.yaml",
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\nspec: {hard: {pods: \"100\", requests.cpu: \"10\"}}\n",
    ),
    (
        "shop/disrupt.yaml",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: disrupt}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: full}}}\n",
    ),
    (
        "shop/peers.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: peers}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 10.0.0.0/8}}]\n",
    ),
];

/// A kind with a rule of its own about what goes together, a keyed list and a set.
const GIZMOS: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.@NS@.example}
spec:
  group: \"@NS@.example\"
  scope: Namespaced
  names: {plural: gizmos, singular: gizmo, kind: Gizmo}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - {rule: has(self.big) != has(self.small), message: set either size}
            properties:
              big: {type: integer}
              small: {type: integer}
              other: {type: integer}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [id]
                items: {type: object, required: [id], properties: {id: {type: string}, size: {type: integer}}}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
";

const FULL: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: full}
spec:
  replicas: 1
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: full}}
  template:
    metadata:
      labels: {app: full}
      annotations: {checksum: \"123\"}
    spec:
      terminationGracePeriodSeconds: 30
      securityContext: {runAsUser: 1000, fsGroup: 2000}
      hostAliases: [{ip: 10.0.0.1, hostnames: [a.example, b.example]}]
      tolerations:
      - {key: gpu, operator: Exists, effect: NoSchedule}
      - {key: spot, operator: Equal, value: \"true\", effect: NoExecute}
      nodeSelector: {disk: ssd}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - {weight: 50, podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {app: full}}}}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: full}}}
      initContainers:
      - {name: init, image: \"registry.example/init:1\", command: [sh, -c, \"echo one\\necho two\\n\"]}
      containers:
      - name: app
        image: registry.example/app:1
        args: [--port, \"8080\", --verbose]
        ports:
        - {name: http, containerPort: 8080}
        - {name: metrics, containerPort: 9090, protocol: TCP}
        - {name: dns, containerPort: 53, protocol: UDP}
        env:
        - {name: A, value: \"1\"}
        - {name: B, value: \"\"}
        - {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: D, valueFrom: {configMapKeyRef: {name: files, key: number}}}
        envFrom: [{configMapRef: {name: files, optional: true}}]
        resources:
          requests: {cpu: 0.5, memory: 128Mi}
          limits: {memory: 256Mi}
        livenessProbe: {httpGet: {path: /live, port: http}, periodSeconds: 5}
        readinessProbe: {tcpSocket: {port: 8080}, initialDelaySeconds: 3}
        lifecycle: {preStop: {exec: {command: [sleep, \"5\"]}}}
        securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: conf, mountPath: /etc/conf, readOnly: true}
      - {name: side, image: \"registry.example/side:1\"}
      volumes:
      - {name: tmp, emptyDir: {sizeLimit: 1Gi}}
      - {name: conf, configMap: {name: files, items: [{key: number, path: num}]}}
";

/// One row of the table: of which object (`kind/name`), what is done to it, and what the diff then says of it.
struct Row {
    of: String,
    edit: String,
    shows: Vec<String>,
}

/// Blocks of `$ kind/name: edit` and the lines that the diff shows, without `Kind/name `. An edit is what `kubectl` is
/// told, but for `edit SED` (the editor is that sed script), `patch HOW PATCH`, `replace FROM => TO` (in the live object
/// as JSON) and `apply ... <<< MANIFEST` (in one line of YAML).
fn table() -> Vec<Row> {
    let text = include_str!("edits.txt");
    text.split("\n$ ")
        .skip(1)
        .map(|block| {
            let mut lines = block.lines();
            let (of, edit) = lines
                .next()
                .and_then(|line| line.split_once(": "))
                .expect("kind/name: edit");
            let told = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            Row {
                of: of.to_owned(),
                edit: edit.to_owned(),
                shows: told.map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// Makes an edit; why it could not be made.
fn make(g: &Ground, of: &str, edit: &str) -> Result<(), String> {
    let run = |args: &[&str], editor: &str| {
        let output = Command::new(kubectl())
            .env("KUBECONFIG", &g.kubeconfig)
            .env("KUBE_EDITOR", editor)
            .args(["-n", &g.ns])
            .args(args)
            .output()
            .expect("kubectl runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        // What changed nothing is a row that tests nothing.
        let idle = ["no changes made", "(no change)", "skipped"];
        let made = output.status.success() && !idle.iter().any(|words| said.contains(words));
        made.then_some(())
            .ok_or_else(|| format!("kubectl {args:?}: {said}"))
    };
    let write = |name: &str, text: &str| {
        let file = g.path(name);
        std::fs::write(&file, text).expect("a file");
        file.display().to_string()
    };
    let (verb, rest) = edit.split_once(' ').expect("a verb and more");
    match verb {
        "edit" => {
            let script = write("editor.sh", &format!("sed -i -E -e '{rest}' \"$1\"\n"));
            run(&["edit", of], &format!("sh {script}"))
        }
        "patch" => {
            let (how, patch) = rest
                .split_once(" [{")
                .map_or_else(
                    || {
                        rest.split_once(" {")
                            .map(|(how, p)| (how, format!("{{{p}")))
                    },
                    |(how, p)| Some((how, format!("[{{{p}"))),
                )
                .expect("how and patch");
            let mut args = vec!["patch", of];
            args.extend(how.split(' '));
            args.extend(["-p", &patch]);
            run(&args, "")
        }
        "replace" => {
            let (from, to) = rest.split_once(" => ").expect("from => to");
            let text = g.k(&format!("get {of} -o json"));
            if !text.contains(from) {
                return Err(format!("{from} is not in {text}"));
            }
            run(
                &[
                    "replace",
                    "-f",
                    &write("live.json", &text.replace(from, to)),
                ],
                "",
            )
        }
        _ => match edit.split_once(" <<< ") {
            Some((words, manifest)) => {
                let file = write("fed.yaml", manifest);
                let mut args: Vec<_> = words.split(' ').collect();
                args.extend(["-f", &file]);
                run(&args, "")
            }
            None => run(&edit.split(' ').collect::<Vec<_>>(), ""),
        },
    }
}

/// What the diff says of one object, without its name.
fn of_object(lines: &[String], of: &str) -> Vec<String> {
    let told = |line: &String| {
        let (object, shown) = line.split_once(' ')?;
        let object = object.trim_end_matches(':').to_lowercase();
        // Of a kind of its own `kubectl` must be told the group.
        let (kind, name) = of.split_once('/')?;
        let kind = kind.split('.').next()?;
        (object == format!("{kind}/{name}").to_lowercase()).then(|| shown.to_owned())
    };
    let mut told: Vec<String> = lines.iter().filter_map(told).collect();
    told.sort_unstable();
    told
}

/// The server draws numbers for node ports; each becomes `N`.
fn without_drawn_numbers(line: &str) -> String {
    let mut parts = line.split("\"nodePort\":");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{line}\"nodePort\":N{rest}")
    })
}

fn is_foreign(line: &str) -> bool {
    line.contains(" foreign: ")
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn whatever_is_edited_by_hand_shows_as_that_and_is_healed() {
    let mut g = Ground::new("edited");
    let long = "long ".repeat(40);
    let more = MORE.map(|(path, text)| (path, text.replace("@LONG@", long.trim())));
    let mut files = SHOP.to_vec();
    files.extend(more.iter().map(|(path, text)| (*path, text.as_str())));
    g.commit("The shop and more", &files);
    g.trueup("sync shop --yes").exits(0);
    let diff = |g: &Ground| {
        let ran = g.trueup("diff shop -o json");
        let lines = told(&ran.json());
        (
            ran.code,
            lines
                .iter()
                .map(|l| without_drawn_numbers(&l.replace(&g.ns, "@NS@")))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(diff(&g), (0, Vec::new()));
    let mut wrong: Vec<String> = Vec::new();
    let mut waiting = table();
    let n_rows = waiting.len();
    assert!(n_rows >= 50, "only {n_rows} rows");
    while !waiting.is_empty() {
        // Edits of different objects go in one round: what the diff says of each is told apart by its object.
        let mut round: Vec<Row> = Vec::new();
        let mut later = Vec::new();
        for row in waiting {
            match round.iter().any(|other| other.of == row.of) {
                true => later.push(row),
                false => round.push(row),
            }
        }
        waiting = later;
        let object = |row: &Row| row.of.replace("@NS@", &g.ns);
        for row in &round {
            wrong.extend(make(&g, &object(row), &row.edit).err());
        }
        let (code, lines) = diff(&g);
        for row in &round {
            let told = of_object(&lines, &row.of);
            let mut shows = row.shows.clone();
            shows.sort_unstable();
            if told != shows {
                wrong.push(format!("\n$ {}: {}\n{}", row.of, row.edit, told.join("\n")));
            }
        }
        let n_told: usize = round
            .iter()
            .map(|row| of_object(&lines, &row.of).len())
            .sum();
        if n_told != lines.len() {
            wrong.push(format!("something else changed: {lines:#?}"));
        }
        let drifts = lines.iter().any(|line| !is_foreign(line));
        if code != i32::from(drifts) {
            wrong.push(format!("exit {code} of {lines:#?}"));
        }
        let sync = g.trueup("sync shop --yes");
        let (code, after) = diff(&g);
        // Nothing but what others added, and all of that.
        let foreign: Vec<_> = lines.iter().filter(|line| is_foreign(line)).collect();
        if sync.code != 0 || code != 0 || after.iter().collect::<Vec<_>>() != foreign {
            wrong.push(format!("after the sync ({code}): {after:#?}\n{sync}"));
        }
        // The next round begins with the shop as Git has it.
        for row in round
            .iter()
            .filter(|row| !of_object(&after, &row.of).is_empty())
        {
            g.k(&format!("delete {} --ignore-not-found", object(row)));
        }
        if !after.is_empty() {
            g.trueup("sync shop --yes").exits(0);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_the_server_will_not_let_be_healed_says_what_to_do() {
    let mut g = Ground::with_namespace("unhealed");
    let config = |options: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fixed\n  annotations: {{{options}}}\ndata: {{a: \"1\"}}\n"
        )
    };
    g.commit("One", &[("app/fixed.yaml", &config("note: x"))]);
    g.trueup("sync app --yes").exits(0);
    g.k("patch configmap fixed --type=merge -p {\"data\":{\"a\":\"2\"},\"immutable\":true}");
    assert_eq!(
        g.drift("app"),
        [
            "ConfigMap/fixed: refused",
            "ConfigMap/fixed immutable foreign: true (kubectl-patch)",
        ]
    );
    g.trueup("diff app")
        .exits(2)
        .says("may not change once set")
        .says("Force=true");
    g.trueup("sync app --yes").exits(2).says("Force=true");
    assert_eq!(g.field("configmap fixed", "/data/a"), "2");
    // What it says to do is what helps.
    let forced = config("argocd.argoproj.io/sync-options: \"Force=true,Replace=true\"");
    g.commit("Two", &[("app/fixed.yaml", &forced)]);
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
    assert_eq!(g.field("configmap fixed", "/data/a"), "1");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_was_deleted_and_made_anew_by_hand_is_taken_back_by_adoption() {
    let mut g = Ground::with_namespace("anew");
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: anew}\ndata: {a: \"1\"}\n";
    g.commit("One", &[("app/anew.yaml", config)]);
    g.trueup("sync app --yes").exits(0);
    let live = g
        .k("get configmap anew -o json")
        .replace("\"a\": \"1\"", "\"a\": \"2\"");
    g.feed("replace --force", &live);
    assert_eq!(
        g.drift("app"),
        ["ConfigMap/anew data.a: \"2\" -> \"1\" (cluster, kubectl-replace)"]
    );
    g.trueup("sync app --yes").exits(2).says("--adopt");
    g.trueup("sync app --yes --adopt").exits(0);
    g.trueup("diff app").exits(0);
    assert_eq!(g.field("configmap anew", "/data/a"), "1");
}
