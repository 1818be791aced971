//! What is there already, by somebody else: taken over when asked for, without an unforeseen change.

use super::ground::Ground;
use super::shop::{DEPLOYMENT, SHOP, config_map};

/// Puts the shop there as somebody else would: the namespace and the CRD before what needs them.
fn apply_shop(g: &Ground, line: &str) {
    let (first, then): (Vec<_>, Vec<_>) = SHOP
        .iter()
        .partition(|(path, _)| path.contains("namespace") || path.contains("crd"));
    for (n, (_, manifest)) in first.iter().enumerate() {
        // The namespace is cluster-scoped, and -n of itself does no harm.
        g.feed(line, manifest);
        if n == 1 {
            g.k(&format!(
                "wait --for=condition=Established crd/coupons.{}.example",
                g.ns
            ));
        }
    }
    let all: Vec<&str> = then.iter().map(|(_, manifest)| *manifest).collect();
    g.feed(line, &all.join("---\n"));
}

/// What each object says that it shall be.
fn specs(g: &Ground) -> Vec<serde_json::Value> {
    let kinds = "deployment,statefulset,cronjob,ingress,pdb,networkpolicy,hpa,service,configmap";
    let mut specs: Vec<_> = g.get(kinds)["items"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    specs.retain(|o| {
        !o["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .starts_with("trueup")
    });
    specs
        .into_iter()
        .map(|o| serde_json::json!([o["kind"], o["spec"], o["data"]]))
        .collect()
}

fn adopted_without_a_change(name: &str, line: &str) {
    let mut g = Ground::new(name);
    apply_shop(&g, line);
    g.commit("The shop", &SHOP);
    let app = g.trueup("apps -o json").exits(0).json()["apps"][0].clone();
    assert_eq!(app["state"], "unmanaged");
    assert_eq!(g.drift("shop"), Vec::<String>::new(), "nothing differs");
    g.trueup("diff shop").exits(0);
    g.trueup("sync shop --yes").exits(2).says("--adopt");
    let before = specs(&g);
    g.trueup("sync shop --yes --adopt").exits(0);
    assert_eq!(specs(&g), before, "adoption changes no value");
    let app = g.trueup("apps -o json").exits(0).json()["apps"][0].clone();
    assert_eq!(
        (app["state"].clone(), app["sync"].clone()),
        ("managed".into(), "synced".into())
    );
    g.trueup("diff shop").exits(0);
    g.trueup("sync shop --yes").exits(0);

    // Ownership has really moved: what Git drops leaves.
    let slim = DEPLOYMENT.replace("        - {name: MODE, value: production}\n", "");
    g.commit("Slimmer", &[("shop/deployment.yaml", &slim)]);
    g.trueup("sync shop --yes").exits(0);
    let env = g.field("deployment web", "/spec/template/spec/containers/0/env");
    assert_eq!(env.as_array().unwrap().len(), 1, "{env}");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn the_shop_by_kubectl_apply_is_adopted() {
    adopted_without_a_change("csa", "apply");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn the_shop_by_server_side_apply_is_adopted() {
    adopted_without_a_change("ssa", "apply --server-side");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn the_shop_by_helm_is_adopted() {
    adopted_without_a_change("helm", "apply --server-side --field-manager=helm");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_leaves_with_the_former_applier_is_shown_before() {
    let mut g = Ground::with_namespace("leaves");
    g.feed("apply", &config_map("a", &[("x", "1"), ("old", "1")]));
    g.commit("Newer", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    let drift = g.drift("app");
    assert!(
        drift
            .iter()
            .any(|l| l.starts_with("ConfigMap/a data.x: \"1\" -> \"2\"")),
        "{drift:#?}"
    );
    let ran = g.trueup("sync app --yes --adopt").exits(0);
    assert!(
        ran.out.contains("old"),
        "the second Plan shows what leaves: {ran}"
    );
    assert_eq!(
        g.field("configmap a", "/data"),
        serde_json::json!({"x": "2"})
    );
    g.trueup("diff app").exits(0);
    let history = g.trueup("history app -o json").json();
    let kinds: Vec<_> = history["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["adopt", "sync"]);
}

/// The steps of a Plan in JSON, without what the adoption itself moves: versions and times.
fn changes(plan: &serde_json::Value) -> Vec<serde_json::Value> {
    let steps = plan["steps"].as_array().cloned().unwrap_or_default();
    let of_step = |step: serde_json::Value| {
        let fields = step["object"]["fields"].as_array().cloned();
        let fields: Vec<_> = fields
            .unwrap_or_default()
            .iter()
            .map(|f| serde_json::json!([f["path"], f["live"], f["predicted"]]))
            .collect();
        let object = &step["object"];
        let rest = [
            &step["action"],
            &step["force"],
            &step["leftovers"],
            &object["key"],
            &object["verdict"],
            &object["confirmed"],
            &object["conflicts"],
            &object["foreign"],
            &object["overridden"],
        ];
        serde_json::json!([rest, fields])
    };
    steps.into_iter().map(of_step).collect()
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_leaves_is_estimated_before_ownership_moves() {
    let mut g = Ground::with_namespace("estimate");
    let deployment = |env: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  {more}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: web\n        image: registry.example/web:1\n        env: [{env}]\n        ports: [{{name: http, containerPort: 80}}]\n"
        )
    };
    let before = deployment(
        "{name: A, value: plain}, {name: OLD, value: '1'}",
        "replicas: 3\n  minReadySeconds: 5\n  strategy: {rollingUpdate: {maxSurge: 2}}",
    );
    g.feed("apply", &before);
    g.feed("apply", &config_map("a", &[("x", "1"), ("old", "1")]));
    g.feed("apply", &config_map("same", &[("x", "1")]));
    // Somebody else's hand stays in the way, and another's addition stays.
    g.k("scale deployment web --replicas=2");
    g.k("annotate configmap a note=mine");
    g.commit(
        "Newer",
        &[
            (
                "app/web.yaml",
                &deployment(
                    "{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
                    "replicas: 4\n  strategy: {type: Recreate}",
                ),
            ),
            ("app/a.yaml", &config_map("a", &[("x", "2")])),
            ("app/same.yaml", &config_map("same", &[("x", "1")])),
            ("app/new.yaml", &config_map("new", &[("x", "1")])),
        ],
    );
    let first = g.trueup("sync app --adopt --dry-run -o json").exits(0);
    let first = first.json();
    assert_eq!(first["for"], "adopt");
    let estimate = &first["estimate"];
    assert_eq!(estimate["for"], "sync");
    let foretold = changes(estimate);
    let all = serde_json::Value::from(foretold.clone()).to_string();
    for leaves in ["data.old", "OLD", "minReadySeconds", "rollingUpdate"] {
        assert!(all.contains(leaves), "{leaves}: {all}");
    }
    let shown = g.trueup("sync app --adopt --dry-run").exits(0);
    let (adoption, sync) = shown.out.split_once("An estimate of the sync").unwrap();
    assert!(!adoption.contains("old"), "{shown}");
    assert!(sync.contains("old"), "{shown}");
    // It is not trueup's yet.
    assert!(sync.contains("# kubectl-client-side-apply"), "{shown}");
    assert!(!sync.contains("# trueup"), "{shown}");
    assert_eq!(
        g.field("configmap a", "/data/old"),
        "1",
        "nothing was changed"
    );

    // A Run for programs has the steps of its Plan.
    let ran = g.trueup("sync app --adopt --yes -o json").exits(0);
    let runs: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&ran.out)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(runs.len(), 2, "{ran}");
    assert_eq!(
        (&runs[0]["for"], &runs[1]["for"]),
        (&"adopt".into(), &"sync".into())
    );
    assert_eq!(changes(&runs[1]), foretold);
    g.trueup("diff app").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_another_app_or_helm_claims_is_refused_until_adopted() {
    let mut g = Ground::with_namespace("claimed");
    g.commit(
        "Two Apps, one object",
        &[
            ("one/a.yaml", &config_map("shared", &[("x", "1")])),
            ("two/a.yaml", &config_map("shared", &[("x", "2")])),
        ],
    );
    g.trueup("sync one --yes").exits(0);
    g.trueup("sync two --yes").exits(2).says("one");
    assert_eq!(g.field("configmap shared", "/data/x"), "1");
    g.trueup("sync two --yes --adopt").exits(0);
    assert_eq!(g.field("configmap shared", "/data/x"), "2");
    g.trueup("sync one --yes").exits(2).says("two");
    // The object now says that it is of another App: pruning by the first must keep it.
    g.commit(
        "Nothing",
        &[("one/b.yaml", &config_map("b", &[("x", "1")]))],
    );
    g.remove("Gone from one", &["one/a.yaml"]);
    g.trueup("sync one --yes --prune").exits(0);
    assert!(g.exists("configmap shared"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn leftovers_that_make_an_apply_fail_are_taken_away() {
    let mut g = Ground::with_namespace("leftovers");
    let base = |env: &str, strategy: &str, ports: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 1\n  strategy: {strategy}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: web\n        image: registry.example/web:1\n        env:\n        - {env}\n        ports: {ports}\n"
        )
    };
    let one = base(
        "{name: A, value: plain}",
        "{type: RollingUpdate}",
        "[{name: http, containerPort: 80}]",
    );
    g.commit("One", &[("app/web.yaml", &one)]);
    g.trueup("sync app --yes").exits(0);
    let two = base(
        "{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
        "{type: Recreate}",
        "[{name: http, containerPort: 80}]",
    );
    g.commit("Two", &[("app/web.yaml", &two)]);
    let diff = g.trueup("diff app").exits(1);
    assert!(!diff.out.contains("may not be specified"), "{diff}");
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
    let spec = g.field("deployment web", "/spec");
    assert_eq!(
        spec.pointer("/strategy"),
        Some(&serde_json::json!({"type": "Recreate"}))
    );
    assert_eq!(
        spec.pointer("/template/spec/containers/0/env/0/value"),
        None
    );

    // Somebody's hand put something in the way: it is a conflict, shown with its holder, and taken.
    g.kubectl(&["-n", &g.ns, "patch", "deployment", "web", "--type=json", "-p",
        r#"[{"op":"replace","path":"/spec/template/spec/containers/0/ports/0","value":{"name":"http","containerPort":81,"protocol":"TCP"}}]"#]);
    let plan = g.trueup("sync app --dry-run -o json").exits(0).json();
    let step = &plan["steps"][0];
    assert_eq!(
        step["leftovers"],
        serde_json::json!(["/spec/template/spec/containers/0/ports/0"])
    );
    let taken = &step["object"]["conflicts"][0];
    assert_eq!(
        taken["field"],
        ".spec.template.spec.containers[name=\"web\"].ports[containerPort=81,protocol=\"TCP\"]"
    );
    assert!(
        taken["manager"]
            .as_str()
            .unwrap()
            .starts_with("\"kubectl-patch\""),
        "{taken}"
    );
    g.trueup("sync app --dry-run")
        .exits(0)
        .says("kubectl-patch");
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
}
