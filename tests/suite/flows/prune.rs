//! What Git no longer has: shown, deleted when asked for, and never by mistake.

use super::ground::Ground;
use super::shop::config_map;

/// An App of two ConfigMaps, synced.
fn two_synced(name: &str) -> Ground {
    let mut g = Ground::with_namespace(name);
    g.commit(
        "Two",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n";

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_removed_file_is_extra_and_prune_deletes_it_alone() {
    let mut g = Ground::with_namespace("prune");
    g.commit(
        "Three",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
            ("app/s.yaml", SECRET),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.feed("apply", &config_map("bystander", &[("x", "1")]));
    // The last Secret goes with it: no object of the kind is left in Git.
    g.remove("Fewer", &["app/b.yaml", "app/s.yaml"]);
    let mut drift = g.drift("app");
    drift.sort();
    assert_eq!(drift, ["ConfigMap/b: extra", "Secret/s: extra"]);
    g.trueup("sync app --yes").exits(0);
    assert!(
        g.exists("configmap b") && g.exists("secret s"),
        "off until asked for"
    );
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(
        (app["sync"].clone(), app["counts"]["extra"].clone()),
        ("drifted".into(), 2.into())
    );
    g.trueup("sync app --yes --prune").exits(0);
    assert!(!g.exists("configmap b") && !g.exists("secret s"));
    assert!(g.exists("configmap a") && g.exists("configmap bystander"));
    g.trueup("diff app").exits(0);
    let history = g.trueup("history app -o json").json();
    assert_eq!(history["records"][1]["pruned"], 2);
    // What a prune took away and Git brings back is new in Git; nobody deleted it.
    g.commit("Back", &[("app/b.yaml", &config_map("b", &[("x", "1")]))]);
    let said = g.trueup("diff app");
    assert!(
        said.out.contains("ConfigMap") && !said.out.contains("deleted from the cluster"),
        "{}",
        said.out
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_removed_custom_resource_is_extra_too() {
    let mut g = Ground::new("prunecrd");
    g.commit("The shop", &super::shop::SHOP);
    g.trueup("sync shop --yes").exits(0);
    g.remove("No coupons", &["shop/coupon.yaml", "shop/ingress.yaml"]);
    let mut drift = g.drift("shop");
    drift.sort();
    assert_eq!(drift, ["Coupon/spring: extra", "Ingress/web: extra"]);
    g.trueup("sync shop --yes --prune").exits(0);
    // The garbage collector ends a foreground deletion of a new kind only once it has found the kind.
    let coupon = format!("coupons.{}.example spring", g.ns);
    let gone = || (!g.exists(&coupon) && !g.exists("ingress web")).then_some(());
    super::ground::until("what was pruned to be gone", gone);
    g.trueup("diff shop").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_file_that_says_no_kind_any_more_was_pruned_without_a_word_of_it() {
    let mut g = two_synced("prunelost");
    g.commit(
        "A slip",
        &[("app/b.yaml", "metadata: {name: b}\ndata: {x: '1'}\n")],
    );
    let plan = g.trueup("sync app --prune --dry-run").exits(0);
    assert!(plan.out.contains("delete"), "{plan}");
    assert!(plan.out.contains("warning: app/b.yaml"), "{plan}");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn everything_goes_only_by_its_typed_name() {
    let mut g = Ground::with_namespace("pruneall");
    g.commit(
        "Two",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
            ("keep/k.yaml", &config_map("k", &[("x", "1")])),
        ],
    );
    let apps = g.application("whole", "app", "");
    g.trueup(&format!("sync whole --yes {apps}")).exits(0);
    // Others are there now, all that it held is gone: a wrong path in Git looks just like this.
    g.commit("Others", &[("app/readme.txt", "nothing here")]);
    g.remove("Nothing", &["app/a.yaml", "app/b.yaml"]);
    g.trueup(&format!("sync whole --yes --prune {apps}"))
        .exits(2)
        .says("--prune-all");
    assert!(g.exists("configmap a") && g.exists("configmap b"));
    g.trueup(&format!("sync whole --yes --prune-all other {apps}"))
        .exits(2);
    assert!(g.exists("configmap a"));
    g.trueup(&format!("sync whole --yes --prune-all whole {apps}"))
        .exits(0);
    assert!(!g.exists("configmap a") && !g.exists("configmap b"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_app_whose_directory_is_gone_is_not_forgotten_while_it_holds_something() {
    let mut g = Ground::with_namespace("orphan");
    g.commit(
        "Two Apps",
        &[
            ("apps/old/a.yaml", &config_map("a", &[("x", "1")])),
            ("apps/old/b.yaml", &config_map("b", &[("x", "1")])),
            ("apps/new/c.yaml", &config_map("c", &[("x", "1")])),
        ],
    );
    g.trueup("sync apps-old apps-new --yes").exits(0);
    g.remove("No old", &["apps/old/a.yaml", "apps/old/b.yaml"]);
    // Named or not: it is drift that nobody would see otherwise.
    assert_eq!(g.drift(""), ["ConfigMap/a: extra", "ConfigMap/b: extra"]);
    g.trueup("diff apps-old").exits(1);
    g.trueup("apps").exits(0).says("apps-old");
    g.trueup("sync apps-old --yes --prune")
        .exits(2)
        .says("--prune-all");
    assert!(g.exists("configmap a") && g.exists("configmap b"));
    // Going back brings the objects' manifests back, too.
    g.k("delete configmap a");
    assert_eq!(g.drift("apps-old"), ["ConfigMap/b: extra"]);
    g.trueup("rollback apps-old --to 1 --yes").exits(0);
    assert!(g.exists("configmap a"));
    g.trueup("sync apps-old --yes --prune-all apps-old")
        .exits(0);
    assert!(!g.exists("configmap a") && !g.exists("configmap b") && g.exists("configmap c"));
    let apps = g.trueup("apps -o json").json();
    let names: Vec<_> = apps["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].clone())
        .collect();
    assert_eq!(names, ["apps-new"], "it holds nothing any more");
    g.trueup("diff").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_namespace_goes_only_when_nothing_of_others_is_in_it() {
    let mut g = Ground::with_namespace("emptied");
    let other = format!("{}-other", g.ns);
    let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {other}}}\n");
    let inside = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: inside, namespace: {other}}}\ndata: {{a: b}}\n"
    );
    g.commit(
        "Another namespace",
        &[
            ("app/keep.yaml", &config_map("keep", &[("x", "1")])),
            ("app/ns.yaml", &namespace),
            ("app/inside.yaml", &inside),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.kubectl(&["-n", &other, "create", "configmap", "of-others"]);
    g.remove("Without it", &["app/ns.yaml", "app/inside.yaml"]);
    g.trueup("sync app --yes --prune")
        .exits(0)
        .says("of-others");
    let there = |what: &str| {
        let args = [
            "-n",
            &other,
            "get",
            what,
            "--ignore-not-found",
            "-o",
            "name",
        ];
        !g.kubectl(&args).is_empty()
    };
    assert!(there("configmap/of-others") && !there("configmap/inside"));
    g.kubectl(&["-n", &other, "delete", "configmap", "of-others"]);
    g.trueup("sync app --yes --prune").exits(0);
    let namespace = format!("namespace {other}");
    super::ground::until("the namespace to be gone", || {
        (!g.exists(&namespace)).then_some(())
    });
    assert!(g.exists("configmap keep"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_says_that_it_is_anothers_is_kept_and_so_is_what_asks_to_be() {
    let mut g = Ground::with_namespace("kept");
    let asking = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: asking\n  annotations: {argocd.argoproj.io/sync-options: Prune=false}\n";
    g.commit(
        "Four",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/moved.yaml", &config_map("moved", &[("x", "1")])),
            ("app/bare.yaml", &config_map("bare", &[("x", "1")])),
            ("app/asking.yaml", asking),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    let tracking = format!(
        "argocd.argoproj.io/tracking-id=other:/ConfigMap:{}/moved",
        g.ns
    );
    g.k(&format!("annotate configmap moved --overwrite {tracking}"));
    g.k("annotate configmap bare argocd.argoproj.io/tracking-id-");
    g.remove(
        "One",
        &["app/moved.yaml", "app/bare.yaml", "app/asking.yaml"],
    );
    g.trueup("sync app --yes --prune").exits(0);
    for kept in ["moved", "bare", "asking"] {
        assert!(g.exists(&format!("configmap {kept}")), "{kept}");
    }
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_cannot_be_rendered_never_prunes() {
    let mut g = two_synced("unparsed");
    g.commit(
        "Broken",
        &[(
            "app/b.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b\n",
        )],
    );
    g.trueup("diff app").exits(2).says("app/b.yaml");
    g.trueup("sync app --yes --prune")
        .exits(2)
        .says("app/b.yaml");
    g.trueup("sync app --yes --prune-all app")
        .exits(2)
        .says("app/b.yaml");
    assert!(g.exists("configmap b"));
    // Twice the same key is no better.
    g.commit("Twice", &[("app/b.yaml", &config_map("a", &[("x", "2")]))]);
    g.trueup("sync app --yes --prune").exits(2);
    assert!(g.exists("configmap b"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_namespace_with_a_record_is_never_pruned() {
    let mut g = Ground::new("prunens");
    g.commit(
        "Two",
        &[
            (
                "app/ns.yaml",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: @NS@}\n",
            ),
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.remove("No namespace", &["app/ns.yaml", "app/b.yaml"]);
    g.trueup("sync app --yes --prune").says("amespace");
    assert!(!g.exists("configmap b") && g.exists("configmap a"));
    assert_eq!(g.field("namespace @NS@", "/status/phase"), "Active");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_object_that_a_finalizer_keeps_is_not_called_gone() {
    let mut g = Ground::with_namespace("kept");
    let kept =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, finalizers: [example.com/hold]}\n";
    g.commit(
        "Two",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/kept.yaml", kept),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.remove("Without it", &["app/kept.yaml"]);
    let words = "kept by finalizer example.com/hold";
    g.trueup("sync app --yes --prune").exits(0).says(words);
    g.trueup("diff app").exits(1).says(words);
    // A namespace that is going says so, too.
    g.k("delete namespace @NS@ --wait=false");
    g.trueup("sync app --yes").exits(2).says("is being deleted");
    g.kubectl(&[
        "-n",
        &g.ns,
        "patch",
        "configmap",
        "kept",
        "--type=json",
        "-p",
        r#"[{"op":"remove","path":"/metadata/finalizers"}]"#,
    ]);
}
