//! Edits by hand and commits: each shows as exactly what it is, and a sync heals it.

use super::ground::Ground;
use super::shop::{DEPLOYMENT, SHOP, config_map};

type Edit<'a> = (Box<dyn Fn() + 'a>, Vec<String>);

fn synced(name: &str) -> Ground {
    let mut g = Ground::new(name);
    g.commit("The shop", &SHOP);
    g.trueup("sync shop --yes").exits(0);
    g
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn each_manual_edit_shows_as_exactly_that_drift_with_its_owner() {
    let g = synced("edits");
    let patch = |what: &str, patch: &str| g.patch(what, patch);
    let container = "Deployment/web spec.template.spec.containers[name=web]";
    // (the edit, what it shows)
    let edits: Vec<Edit<'_>> = vec![
        (
            Box::new(|| drop(g.k("scale deployment web --replicas=5"))),
            vec!["Deployment/web spec.replicas: 5 -> 2 (cluster, kubectl)".into()],
        ),
        (
            Box::new(|| drop(g.k("set image deployment web web=registry.example/web:2.0"))),
            vec![format!(
                "{container}.image: \"registry.example/web:2.0\" -> \"registry.example/web:1.0\" (cluster, kubectl-set)"
            )],
        ),
        (
            Box::new(|| drop(g.k("set env deployment web MODE=debug"))),
            vec![format!(
                "{container}.env[name=MODE].value: \"debug\" -> \"production\" (cluster, kubectl-set)"
            )],
        ),
        (
            Box::new(|| drop(g.k("set resources deployment web --limits=memory=256Mi"))),
            vec![format!(
                "{container}.resources.limits.memory: \"256Mi\" -> \"128Mi\" (cluster, kubectl-set)"
            )],
        ),
        (
            Box::new(|| drop(g.k("label deployment web app=other --overwrite"))),
            vec!["Deployment/web metadata.labels.app: \"other\" -> \"web\" (cluster, kubectl-label)".into()],
        ),
        (
            Box::new(|| patch("configmap/web", r#"{"data":{"mode":"test"}}"#)),
            vec!["ConfigMap/web data.mode: \"test\" -> \"production\" (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("configmap/web", r#"{"data":{"mode":null}}"#)),
            vec!["ConfigMap/web data.mode: - -> \"production\" (cluster, )".into()],
        ),
        (
            Box::new(|| patch("service/web", r#"{"spec":{"selector":{"app":"nobody"}}}"#)),
            vec!["Service/web spec.selector.app: \"nobody\" -> \"web\" (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("hpa/db", r#"{"spec":{"maxReplicas":9}}"#)),
            vec!["HorizontalPodAutoscaler/db spec.maxReplicas: 9 -> 3 (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("cronjob/report", r#"{"spec":{"schedule":"0 4 * * *"}}"#)),
            vec!["CronJob/report spec.schedule: \"0 4 * * *\" -> \"0 3 * * *\" (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("pdb/web", r#"{"spec":{"minAvailable":"50%"}}"#)),
            vec!["PodDisruptionBudget/web spec.minAvailable: \"50%\" -> 1 (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("serviceaccount/web", r#"{"automountServiceAccountToken":true}"#)),
            vec!["ServiceAccount/web automountServiceAccountToken: true -> false (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("role/web", r#"{"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["*"]}]}"#)),
            vec![
                "Role/web rules[0].verbs[0]: \"*\" -> \"get\" (cluster, kubectl-patch)".into(),
                "Role/web rules[0].verbs[1]: - -> \"list\" (cluster, )".into(),
            ],
        ),
        (
            Box::new(|| patch("networkpolicy/web", r#"{"spec":{"podSelector":{"matchLabels":{"app":"x"}}}}"#)),
            vec!["NetworkPolicy/web spec.podSelector.matchLabels.app: \"x\" -> \"web\" (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| patch("ingress/web", r#"{"spec":{"rules":[{"host":"other.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}"#)),
            vec!["Ingress/web spec.rules".into()],
        ),
        (
            Box::new(|| drop(g.k("scale statefulset db --replicas=2"))),
            vec!["StatefulSet/db spec.replicas: 2 -> 1 (cluster, kubectl)".into()],
        ),
        (
            // Other tests have kinds of the same name.
            Box::new(|| patch(&format!("coupons.{}.example/spring", g.ns), r#"{"spec":{"percent":90}}"#)),
            vec!["Coupon/spring spec.percent: 90 -> 10 (cluster, kubectl-patch)".into()],
        ),
        (
            Box::new(|| drop(g.k("label namespace @NS@ team=ops --overwrite"))),
            vec![format!("Namespace/{} metadata.labels.team: \"ops\" -> \"shop\" (cluster, kubectl-label)", g.ns)],
        ),
        (
            Box::new(|| drop(g.k("delete rolebinding web"))),
            vec!["RoleBinding/web: missing".into()],
        ),
    ];
    for (edit, shown) in &edits {
        edit();
        let drift = g.drift("shop");
        assert_eq!(drift.len(), shown.len(), "{shown:?}: {drift:#?}");
        for (line, wanted) in drift.iter().zip(shown) {
            assert!(line.starts_with(wanted), "{wanted}\n{line}");
        }
        g.trueup("diff shop").exits(1);
        g.trueup("sync shop --yes").exits(0);
        assert_eq!(
            g.drift("shop"),
            Vec::<String>::new(),
            "after healing {shown:?}"
        );
    }
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn many_edits_at_once_are_healed_by_one_sync_and_secrets_stay_masked() {
    let g = synced("heal");
    g.k("scale deployment web --replicas=4");
    g.k("delete service web");
    g.patch(
        "secret web",
        r#"{"stringData":{"password":"battery-staple"}}"#,
    );
    g.kubectl(&[
        "-n", &g.ns, "patch", "deployment", "web", "--type=json", "-p",
        r#"[{"op":"replace","path":"/spec/template/spec/containers/0/resources/requests/cpu","value":"1"}]"#,
    ]);
    let diff = g.trueup("diff shop").exits(1);
    for leaked in ["battery-staple", "correct-horse", "YmF0dGVye", "Y29ycmVjd"] {
        assert!(
            !diff.out.contains(leaked) && !diff.err.contains(leaked),
            "{diff}"
        );
    }
    let drift = g.drift("shop");
    let has = |words: &str| drift.iter().any(|l| l.contains(words));
    assert!(has("Secret/web data.password"), "{drift:#?}");
    assert!(has("Service/web: missing"), "{drift:#?}");
    assert!(has("Deployment/web spec.replicas: 4 -> 2"), "{drift:#?}");
    assert!(
        has("Deployment/web spec.template.spec.containers[name=web].resources.requests.cpu"),
        "{drift:#?}"
    );
    assert!(
        drift
            .iter()
            .all(|l| !l.contains("battery") && !l.contains("correct-horse"))
    );
    let plan = g.trueup("sync shop --yes").exits(0);
    assert!(!plan.out.contains("correct-horse"), "{plan}");
    assert_eq!(g.drift("shop"), Vec::<String>::new());
    assert_eq!(
        g.field(
            "deployment web",
            "/spec/template/spec/containers/0/resources/requests/cpu"
        ),
        "100m"
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn additions_are_foreign_and_count_only_when_asked() {
    let g = synced("foreign");
    g.k("annotate deployment web note=hello");
    g.k("label service web by=hand");
    g.k("set env deployment web EXTRA=1");
    assert_eq!(
        g.drift("shop --foreign"),
        [
            "Service/web metadata.labels.by foreign: \"hand\" (kubectl-label)",
            "Deployment/web metadata.annotations.note foreign: \"hello\" (kubectl-annotate)",
            "Deployment/web spec.template.spec.containers[name=web].env[name=EXTRA] foreign: {\"name\":\"EXTRA\",\"value\":\"1\"} (kubectl-set)",
        ]
    );
    g.trueup("diff shop").exits(0);
    g.trueup("diff shop --foreign").exits(1);
    g.trueup("sync shop --yes").exits(0);
    assert_eq!(g.field("service web", "/metadata/labels/by"), "hand");
    let app = &g.trueup("apps -o json").json()["apps"][0];
    assert_eq!(app["sync"], "synced");
    assert_eq!(app["counts"]["foreign"], 3);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn which_side_moved_is_told() {
    let mut g = Ground::with_namespace("sides");
    g.commit(
        "One",
        &[
            ("app/git.yaml", &config_map("git", &[("a", "1")])),
            ("app/cluster.yaml", &config_map("cluster", &[("a", "1")])),
            ("app/both.yaml", &config_map("both", &[("a", "1")])),
            ("other/o.yaml", &config_map("o", &[("a", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    let edit = |name: &str| {
        g.patch(&format!("configmap {name}"), r#"{"data":{"a":"9"}}"#);
    };
    edit("cluster");
    edit("both");
    g.commit(
        "Two",
        &[
            ("app/git.yaml", &config_map("git", &[("a", "2")])),
            ("app/both.yaml", &config_map("both", &[("a", "2")])),
            ("app/new.yaml", &config_map("new", &[("a", "2")])),
        ],
    );
    g.commit(
        "Elsewhere",
        &[("other/o.yaml", &config_map("o", &[("a", "2")]))],
    );
    let mut drift = g.drift("app");
    drift.sort();
    assert_eq!(
        drift,
        [
            "ConfigMap/both data.a: \"9\" -> \"2\" (both, kubectl-patch)",
            "ConfigMap/cluster data.a: \"9\" -> \"1\" (cluster, kubectl-patch)",
            "ConfigMap/git data.a: \"1\" -> \"2\" (git, trueup)",
            "ConfigMap/new: missing",
        ]
    );
    let apps = g.trueup("apps app -o json").json();
    let app = &apps["apps"][0];
    assert_eq!(app["ahead"], 1, "only commits that touch it count");
    assert_eq!(app["counts"]["git"], 3);
    assert_eq!(app["counts"]["cluster"], 2);
    g.trueup("apps app").says("Git is ahead by 1 commit");
    g.trueup("diff app").exits(1);
    g.trueup("sync app --yes").exits(0);
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(
        (app["ahead"].clone(), app["sync"].clone()),
        (0.into(), "synced".into())
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn fields_dropped_from_git_leave_the_cluster() {
    let mut g = synced("dropped");
    let slim = DEPLOYMENT
        .replace("        - {name: MODE, value: production}\n", "")
        .replace("          limits: {memory: 128Mi}\n", "");
    g.commit("Slimmer", &[("shop/deployment.yaml", &slim)]);
    let drift = g.drift("shop");
    assert_eq!(drift.len(), 2, "{drift:#?}");
    assert!(
        drift.iter().all(|l| l.contains("(git, trueup)")),
        "{drift:#?}"
    );
    g.trueup("sync shop --yes").exits(0);
    assert_eq!(
        g.field("deployment web", "/spec/template/spec/containers/0/env/1"),
        serde_json::Value::Null
    );
    assert_eq!(
        g.field(
            "deployment web",
            "/spec/template/spec/containers/0/resources/limits"
        ),
        serde_json::Value::Null
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_the_server_refuses_is_said_and_nothing_else_is_lost() {
    let mut g = Ground::with_namespace("refused");
    g.commit(
        "One",
        &[
            ("app/web.yaml", DEPLOYMENT),
            ("app/cm.yaml", &config_map("cm", &[("a", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.commit("Immutable, unknown, unheard of", &[
        ("app/web.yaml", &DEPLOYMENT.replace("app: web", "app: shop")),
        ("app/cm.yaml", &config_map("cm", &[("a", "2")])),
        ("app/typo.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: typo}\nspec:\n  prots: []\n  ports: [{port: 80}]\n"),
        ("app/kind.yaml", "apiVersion: nobody.example/v1\nkind: Thing\nmetadata: {name: thing}\n"),
    ]);
    // What no sync will mend is more than a difference.
    let diff = g.trueup("diff app").exits(2).says("immutable");
    for words in ["prots", "nobody.example/v1"] {
        assert!(diff.out.contains(words), "{words}: {diff}");
    }
    let drift = g.drift("app");
    for line in [
        "Deployment/web: refused",
        "Service/typo: refused",
        "Thing/thing: refused",
    ] {
        assert!(drift.iter().any(|l| l == line), "{line}: {drift:#?}");
    }
    g.trueup("sync app --yes").exits(2).says("immutable");
    assert_eq!(g.field("configmap cm", "/data/a"), "1", "all or nothing");
    g.trueup("sync app --yes --resource ConfigMap/cm").exits(0);
    assert_eq!(g.field("configmap cm", "/data/a"), "2");
}
