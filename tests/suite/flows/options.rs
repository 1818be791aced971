//! Sync options, waves, and what an Application says of its sync.

use super::ground::{Ground, application, sync_options, url};
use super::shop::{DEPLOYMENT, config_map};

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_absent_namespace_is_made_only_where_that_is_asked() {
    let mut g = Ground::new("createns");
    g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    let plain = g.application("plain", "app", "");
    let absent = "does not exist, and a sync would not make it";
    g.run(&format!("diff plain {plain}")).exits(1).says(absent);
    g.run(&format!("sync plain --yes {plain}"))
        .exits(2)
        .says("CreateNamespace=true");
    assert!(!g.exists("namespace @NS@"));
    let made = g.application("plain", "app", &sync_options(&["CreateNamespace=true"]));
    let told = g.run(&format!("diff plain {made}")).exits(1);
    assert!(!told.err.contains(absent), "{told}");
    g.run(&format!("sync plain --yes {made}")).exits(0);
    g.run(&format!("diff plain {made}")).exits(0);
    assert!(g.exists("configmap a"));
    // One that is there is left alone.
    g.k("label namespace @NS@ by=hand");
    g.commit("Two", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    g.run(&format!("sync plain --yes {made}")).exits(0);
    assert_eq!(g.field("namespace @NS@", "/metadata/labels/by"), "hand");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn waves_wait_for_the_one_before_and_a_kind_of_its_own_is_ready_in_one_run() {
    let mut g = Ground::new("waves");
    let wave = |n: i32, manifest: &str| {
        manifest.replacen(
            "  name: ",
            &format!("  annotations: {{argocd.argoproj.io/sync-wave: \"{n}\"}}\n  name: "),
            1,
        )
    };
    let (crd, coupon) = (super::shop::SHOP[14].1, super::shop::SHOP[15].1);
    g.commit(
        "Waves",
        &[
            (
                "app/ns.yaml",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: @NS@}\n",
            ),
            ("app/a.yaml", &wave(2, &config_map("last", &[("x", "1")]))),
            (
                "app/sa.yaml",
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
            ),
            (
                "app/secret.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: a}\n",
            ),
            ("app/web.yaml", &wave(1, DEPLOYMENT)),
            ("app/crd.yaml", crd),
            ("app/coupon.yaml", coupon),
        ],
    );
    let plan = g.trueup("sync app --dry-run -o json").exits(0).json();
    let steps: Vec<_> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            format!(
                "{} {}",
                s["wave"],
                s["object"]["key"]["kind"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            "0 Namespace",
            "0 ServiceAccount",
            "0 Secret",
            "0 CustomResourceDefinition",
            "0 Coupon",
            "1 Deployment",
            "2 ConfigMap"
        ]
    );
    let ran = g.trueup("sync app --yes").exits(0);
    let established = ran.out.find("to be established").expect("a wait");
    // A Deployment that is healthy at the first look is not waited for.
    if let Some(healthy) = ran.out.find("to be healthy before wave 2") {
        assert!(established < healthy, "{ran}");
    }
    // The last wave came after the Deployment was healthy.
    let ready = g.get("deployment web");
    let available = ready["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["type"] == "Available")
        .unwrap()["lastTransitionTime"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = g.field("configmap last", "/metadata/creationTimestamp");
    assert!(
        made.as_str().unwrap() >= available.as_str(),
        "{made} {available}"
    );
    g.trueup("diff app").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn replace_and_force_do_what_they_say() {
    let mut g = Ground::with_namespace("replace");
    let with = |options: &str, data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: r\n  annotations: {{argocd.argoproj.io/sync-options: \"{options}\"}}\ndata: {data}\n"
        )
    };
    g.commit(
        "One",
        &[
            ("app/r.yaml", &with("Replace=true", "{a: \"1\"}")),
            (
                "app/web.yaml",
                &DEPLOYMENT.replacen(
                    "metadata:\n",
                    "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Force=true}\n",
                    1,
                ),
            ),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
    // What others added goes with a replace, where there is something to replace.
    g.patch("configmap r", r#"{"data":{"added":"1"}}"#);
    let uid = g.field("configmap r", "/metadata/uid");
    g.trueup("diff app").exits(0);
    g.commit(
        "Other",
        &[("app/r.yaml", &with("Replace=true", "{a: \"2\"}"))],
    );
    g.trueup("diff app").exits(1).says("added");
    g.trueup("sync app --yes").exits(0);
    assert_eq!(
        g.field("configmap r", "/data"),
        serde_json::json!({"a": "2"})
    );
    assert_eq!(g.field("configmap r", "/metadata/uid"), uid);
    g.trueup("diff app").exits(0);
    // An immutable field: Force deletes and makes anew.
    let uid = g.field("deployment web", "/metadata/uid");
    g.commit(
        "Two",
        &[(
            "app/web.yaml",
            &DEPLOYMENT.replace("app: web", "app: shop").replacen(
                "metadata:\n",
                "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Force=true}\n",
                1,
            ),
        )],
    );
    g.trueup("diff app").exits(1).says("immutable");
    g.trueup("sync app --yes").exits(0);
    assert_ne!(g.field("deployment web", "/metadata/uid"), uid);
    g.trueup("diff app").exits(0);
}

/// A manifest with sync options of its own.
fn with_options(manifest: &str, options: &str) -> String {
    let annotated =
        format!("metadata:\n  annotations: {{argocd.argoproj.io/sync-options: \"{options}\"}}\n");
    manifest.replacen("metadata:\n", &annotated, 1)
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn force_deletes_nothing_that_the_server_refuses_to_take_anew() {
    let mut g = Ground::with_namespace("forcebad");
    let web = with_options(DEPLOYMENT, "Force=true");
    g.commit("One", &[("app/web.yaml", &web)]);
    g.trueup("sync app --yes").exits(0);
    let uid = g.field("deployment web", "/metadata/uid");
    // A name that no container may have; then together with a selector that may not change.
    let bad = web.replace("- name: web", "- name: Web_");
    assert_ne!(bad, web);
    for bad in [bad.clone(), bad.replace("app: web", "app: shop")] {
        g.commit("Bad", &[("app/web.yaml", &bad)]);
        g.trueup("sync app --yes").exits(2).says("RFC 1123");
        assert_eq!(g.field("deployment web", "/metadata/uid"), uid);
    }
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_replaced_deployment_is_in_sync_though_its_controller_writes_to_it() {
    let mut g = Ground::with_namespace("replacedep");
    let web = with_options(DEPLOYMENT, "Replace=true");
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n";
    g.commit("One", &[("app/web.yaml", &web), ("app/sa.yaml", account)]);
    g.trueup("sync app --yes --wait").exits(0);
    let more = web.replace("replicas: 2", "replicas: 3");
    assert_ne!(more, web);
    g.commit("Three", &[("app/web.yaml", &more)]);
    g.trueup("sync app --yes --wait").exits(0);
    assert_eq!(g.field("deployment web", "/spec/replicas"), 3);
    g.trueup("diff app").exits(0);
    let version = g.field("deployment web", "/metadata/generation");
    g.trueup("sync app --yes").exits(0);
    assert_eq!(g.field("deployment web", "/metadata/generation"), version);
    let entries = g.field("deployment web", "/metadata/managedFields");
    let ours = entries.as_array().unwrap().iter();
    let ours: Vec<_> = ours.filter(|e| e["manager"] == "trueup").collect();
    assert_eq!(ours.len(), 1, "{entries}");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_job_with_replace_and_force_is_made_anew_only_when_git_changes() {
    let mut g = Ground::with_namespace("replacejob");
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  annotations: {argocd.argoproj.io/sync-options: \"Force=true,Replace=true\"}\n  name: once\nspec:\n  template: {spec: {restartPolicy: Never, containers: [{name: m, image: \"registry.example/m:1\"}]}}\n";
    g.commit("One", &[("app/job.yaml", job)]);
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
    let uid = g.field("job once", "/metadata/uid");
    g.trueup("sync app --yes").exits(0);
    assert_eq!(g.field("job once", "/metadata/uid"), uid);
    g.commit("Two", &[("app/job.yaml", &job.replace("m:1", "m:2"))]);
    g.trueup("sync app --yes").exits(0);
    assert_ne!(g.field("job once", "/metadata/uid"), uid);
    g.trueup("diff app").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn hooks_are_left_out_and_refuse_a_sync() {
    let mut g = Ground::with_namespace("hooks");
    let hook = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations: {argocd.argoproj.io/hook: PreSync}\nspec:\n  template: {spec: {restartPolicy: Never, containers: [{name: m, image: \"registry.example/m:1\"}]}}\n";
    g.commit(
        "One",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/job.yaml", hook),
        ],
    );
    g.trueup("diff app").exits(1).says("hook");
    let drift = g.drift("app");
    assert_eq!(drift, ["ConfigMap/a: missing"]);
    g.trueup("sync app --yes").exits(2).says("Job");
    assert!(!g.exists("configmap a"));
    g.trueup("sync app --yes --resource ConfigMap/a").exits(0);
    assert!(g.exists("configmap a") && !g.exists("job migrate"));
    g.trueup("diff app").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn ignored_differences_are_not_seen() {
    let mut g = Ground::with_namespace("ignore");
    g.commit(
        "One",
        &[
            ("app/web.yaml", DEPLOYMENT),
            ("app/a.yaml", &config_map("a", &[("x", "1"), ("z", "1")])),
        ],
    );
    let rules = "  ignoreDifferences:\n  - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}\n  - {kind: ConfigMap, name: a, managedFieldsManagers: [robot]}\n";
    let apps = g.application("ignoring", "app", rules);
    g.run(&format!("sync ignoring --yes {apps}")).exits(0);
    g.k("scale deployment web --replicas=7");
    g.patch("configmap a --field-manager=robot", r#"{"data":{"x":"9"}}"#);
    g.run(&format!("diff ignoring {apps}")).exits(0);
    // Another's edit of the same object is seen, and it alone.
    g.patch("configmap a", r#"{"data":{"z":"9"}}"#);
    let diff = super::ground::told(
        &g.run(&format!("diff ignoring -o json {apps}"))
            .exits(1)
            .json(),
    );
    assert_eq!(
        diff,
        ["ConfigMap/a data.z: \"9\" -> \"1\" (cluster, kubectl-patch)"]
    );
    // With RespectIgnoreDifferences a sync leaves them as they are, whatever else it changes.
    g.k("set image deployment web web=registry.example/web:2.0");
    let respecting = g.application(
        "ignoring",
        "app",
        &(rules.to_owned() + &sync_options(&["RespectIgnoreDifferences=true"])),
    );
    let plan = g
        .run(&format!("sync ignoring --dry-run -o json {respecting}"))
        .exits(0)
        .json();
    for step in plan["steps"].as_array().unwrap() {
        let taken = step["object"]["conflicts"].to_string();
        assert!(
            !taken.contains("replicas") && !taken.contains("robot"),
            "{taken}"
        );
    }
    g.run(&format!("sync ignoring --yes {respecting}")).exits(0);
    g.run(&format!("diff ignoring {respecting}")).exits(0);
    assert_eq!(g.field("deployment web", "/spec/replicas"), 7);
    let image = "/spec/template/spec/containers/0/image";
    assert_eq!(g.field("deployment web", image), "registry.example/web:1.0");
    assert_eq!(
        g.field("configmap a", "/data"),
        serde_json::json!({"x": "9", "z": "1"})
    );
    // Nor does trueup become their holder: whoever applies them server-side would meet a conflict.
    let held = |what: &str, pointer: &str| {
        let entries = g.field(what, "/metadata/managedFields");
        let ours = entries.as_array().unwrap().iter();
        let mut ours = ours.filter(|e| e["manager"] == "trueup");
        ours.any(|e| e["fieldsV1"].pointer(pointer).is_some())
    };
    assert!(!held("deployment web", "/f:spec/f:replicas"));
    assert!(!held("configmap a", "/f:data/f:x") && held("configmap a", "/f:data/f:z"));
    // Without it, they are written with the rest.
    g.k("set image deployment web web=registry.example/web:2.0");
    let apps = g.application("ignoring", "app", rules);
    g.run(&format!("sync ignoring --yes {apps}")).exits(0);
    assert_eq!(g.field("deployment web", "/spec/replicas"), 2);
    // A field that trueup alone holds does not go, because it is not sent as Git has it.
    let before = g.application(
        "ignoring",
        "app",
        &("  ignoreDifferences:\n  - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}\n"
            .to_owned()
            + &sync_options(&["RespectIgnoreDifferences=true"])),
    );
    let more = DEPLOYMENT
        .replace("replicas: 2", "replicas: 5")
        .replace("web:1.0", "web:3.0");
    g.commit("Five", &[("app/web.yaml", &more)]);
    g.run(&format!("sync ignoring --yes {before}")).exits(0);
    assert_eq!(g.field("deployment web", "/spec/replicas"), 2);
    assert_eq!(g.field("deployment web", image), "registry.example/web:3.0");
    g.run(&format!("diff ignoring {before}")).exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn shared_objects_and_prune_last() {
    let mut g = Ground::with_namespace("shared");
    g.commit(
        "Two Apps",
        &[
            ("one/a.yaml", &config_map("shared", &[("x", "1")])),
            ("two/a.yaml", &config_map("shared", &[("x", "1")])),
            ("two/b.yaml", &config_map("b", &[("x", "1")])),
            ("two/c.yaml", &config_map("c", &[("x", "1")])),
        ],
    );
    g.trueup("sync one --yes").exits(0);
    let apps = g.application(
        "two",
        "two",
        &sync_options(&["FailOnSharedResource=true", "PruneLast=true"]),
    );
    g.run(&format!("sync two --yes --adopt {apps}"))
        .exits(2)
        .says("FailOnSharedResource");
    g.remove("Not shared any more", &["two/a.yaml"]);
    g.run(&format!("sync two --yes {apps}")).exits(0);
    g.remove("Without b", &["two/b.yaml"]);
    g.commit("With d", &[("two/d.yaml", &config_map("d", &[("x", "1")]))]);
    let plan = g
        .run(&format!("sync two --dry-run --prune -o json {apps}"))
        .exits(0)
        .json();
    let steps: Vec<_> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            format!(
                "{} {}",
                s["action"].as_str().unwrap(),
                s["object"]["key"]["name"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(steps, ["create d", "delete b"]);
    g.run(&format!("sync two --yes --prune {apps}")).exits(0);
    assert!(!g.exists("configmap b") && g.exists("configmap d"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn applications_of_the_checkout_are_apps_and_what_cannot_be_honoured_is_named() {
    let mut g = Ground::with_namespace("applications");
    let repo = url(g.git.path());
    let good = application("good", &repo, "manifests", "@NS@", "");
    let helm = application("helmed", &repo, "manifests", "@NS@", "")
        .replace("path: manifests", "path: manifests, helm: {releaseName: x}");
    let automated = application(
        "auto",
        &repo,
        "other",
        "@NS@",
        "  syncPolicy: {automated: {prune: true}}\n",
    );
    g.commit(
        "Apps of Apps",
        &[
            ("apps/good.yaml", &good),
            ("apps/helmed.yaml", &helm),
            ("apps/auto.yaml", &automated),
            ("manifests/a.yaml", &config_map("a", &[("x", "1")])),
            ("other/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    let apps = g.run("apps -o json").json();
    let names: Vec<_> = apps["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            format!(
                "{} {}",
                a["name"].as_str().unwrap(),
                a["sync"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(names, ["auto drifted", "good drifted", "helmed failed"]);
    assert!(
        apps["apps"][0]["notices"]
            .to_string()
            .contains("trueup syncs when you say so"),
        "{apps}"
    );
    assert!(
        apps["apps"][2]["problems"].to_string().contains("helm"),
        "{apps}"
    );
    g.run("sync helmed --yes").exits(2).says("helm");
    g.run("sync good auto --yes").exits(0);
    g.run("diff good auto").exits(0);
    assert!(g.exists("configmap a") && g.exists("configmap b"));
    let tracking = g.field("configmap a", "/metadata/annotations");
    assert_eq!(
        tracking["argocd.argoproj.io/tracking-id"],
        format!("good:/ConfigMap:{}/a", g.ns)
    );
}
