//! Runs that meet others: conflicts, edits in between, a second Run, an interrupt, a death.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;
use trueup::domain::record::Outcome;
use trueup::engine::{Report, Request, StepState, SyncStatus, Ticket};

use super::ground::{Ground, Ran, until};
use super::live;
use super::shop::{DEPLOYMENT, config_map};

/// A wave that never becomes healthy, with one object before it and one after.
fn stuck(g: &mut Ground) {
    let wave = |n: i32, manifest: &str| {
        manifest.replacen(
            "metadata:\n",
            &format!("metadata:\n  annotations: {{argocd.argoproj.io/sync-wave: \"{n}\"}}\n"),
            1,
        )
    };
    let nowhere = DEPLOYMENT.replace(
        "      serviceAccountName: web\n",
        "      nodeSelector: {nowhere: to-be-found}\n",
    );
    g.commit(
        "Stuck",
        &[
            (
                "app/first.yaml",
                &wave(0, &config_map("first", &[("x", "1")])),
            ),
            ("app/web.yaml", &wave(1, &nowhere)),
            (
                "app/last.yaml",
                &wave(2, &config_map("last", &[("x", "1")])),
            ),
        ],
    );
}

fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|s| s.success()));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_second_run_is_refused_and_an_interrupt_stops_the_first_between_steps() {
    let mut g = Ground::with_namespace("twice");
    stuck(&mut g);
    let first = g
        .command(&["--namespace", "@NS@", "sync", "app", "--yes"])
        .spawn()
        .unwrap();
    until("the second wave", || {
        g.exists("deployment web").then_some(())
    });
    let record = g.trueup("history app -o json").exits(0).json();
    assert_eq!(record["records"][0]["outcome"], "running");
    let second = g.trueup("sync app --yes").exits(2);
    assert!(
        second.err.contains("admin@") || second.out.contains("admin@"),
        "names the first: {second}"
    );
    signal(&first, "-INT");
    let first = Ran::wait("sync app --yes", first).exits(130);
    let first = first.says("waiting").says("not run").says("done");
    assert!(
        first.out.contains("ConfigMap") && !g.exists("configmap last"),
        "{first}"
    );
    let record = g.trueup("history app -o json").exits(0).json();
    let last = record["records"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (last["outcome"].clone(), last["applied"].clone()),
        ("stopped".into(), 2.into()),
        "{record}"
    );
    // What is in sync has no step, and its wave is waited for all the same; the Run has an end in time.
    let again = g.trueup("sync app --yes --timeout 4s").exits(2);
    let again = again
        .says("Progressing: wave 2 waits for it")
        .says("to be healthy before wave 2");
    assert!(
        again.err.contains("the 4 s of --timeout were over") && !g.exists("configmap last"),
        "{again}"
    );
    // The lock was let go: the next Run begins at once.
    let next = g
        .command(&[
            "--namespace",
            "@NS@",
            "sync",
            "app",
            "--yes",
            "--resource",
            "ConfigMap/last",
        ])
        .spawn()
        .unwrap();
    Ran::wait("sync --resource", next).exits(0);
    assert!(g.exists("configmap last"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_run_that_was_killed_is_told_and_its_lock_expires() {
    let mut g = Ground::with_namespace("killed");
    stuck(&mut g);
    let first = g
        .command(&["--namespace", "@NS@", "sync", "app", "--yes"])
        .spawn()
        .unwrap();
    until("the second wave", || {
        g.exists("deployment web").then_some(())
    });
    signal(&first, "-KILL");
    Ran::wait("sync app --yes", first);
    assert!(!g.exists("configmap last"));
    // What it held is known, though it could not say so: it was written ahead.
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(app["state"], "managed");
    assert_eq!(g.drift("app"), ["ConfigMap/last: missing"]);
    let slim = config_map("last", &[("x", "1")]);
    g.commit("No web", &[("app/last.yaml", &slim)]);
    g.remove("Gone", &["app/web.yaml"]);
    assert_eq!(
        g.drift("app"),
        ["ConfigMap/last: missing", "Deployment/web: extra"]
    );
    g.trueup("sync app --yes --prune")
        .exits(0)
        .says("for 60 s: it is taken over, as --yes says");
    assert!(!g.exists("deployment web") && g.exists("configmap last"));
    let record = g.trueup("history app -o json").exits(0).json();
    assert_eq!(record["records"][0]["outcome"], "stopped", "{record}");
    assert_ne!(record["records"][0]["reason"], "", "{record}");
    assert_eq!(record["records"][1]["outcome"], "succeeded");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_another_manager_holds_is_shown_and_taken() {
    let mut g = Ground::with_namespace("conflict");
    g.commit("One", &[("app/web.yaml", DEPLOYMENT)]);
    g.trueup("sync app --yes").exits(0);
    let robot =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 4}\n";
    g.feed(
        "apply --server-side --force-conflicts --field-manager=robot",
        robot,
    );
    let diff = g.trueup("diff app -o json").exits(1).json();
    let object = &diff["apps"][0]["objects"][0];
    assert_eq!(object["conflicts"][0]["field"], ".spec.replicas");
    assert!(
        object["conflicts"][0]["manager"]
            .to_string()
            .contains("robot"),
        "{diff}"
    );
    assert_eq!(
        super::ground::told(&diff),
        ["Deployment/web spec.replicas: 4 -> 2 (cluster, robot)"]
    );
    g.trueup("sync app --dry-run").exits(0).says("robot");
    g.trueup("sync app --yes").exits(0);
    assert_eq!(g.field("deployment web", "/spec/replicas"), 2);
    g.trueup("diff app").exits(0);
    // Both now want the same: no drift, whoever else holds it.
    g.feed(
        "apply --server-side --field-manager=robot",
        &robot.replace('4', "2"),
    );
    g.trueup("diff app").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn an_edit_between_plan_and_run_is_met_with_the_same_question_again() {
    let mut g = Ground::with_namespace("between");
    g.commit(
        "One",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1"), ("z", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    let edit = |name: &str, data: &str| {
        let patch = format!(r#"{{"data":{data}}}"#);
        g.patch(&format!("configmap {name}"), &patch);
    };
    edit("a", r#"{"x":"9"}"#);
    let mut engine = live::engine(&g, "");
    let drifted = |s: &trueup::engine::Snapshot| {
        live::app(s, "app").is_some_and(|a| a.sync == SyncStatus::Drifted)
    };
    let snapshot = live::until(&mut engine, "the drift", |s| s.settled && drifted(s)).await;
    // Somebody adds a field that Git does not set: the diff is the same, the Plan holds.
    let plan = live::draw(&mut engine, live::sync_of(&snapshot, "app")).await;
    edit("a", r#"{"added":"1"}"#);
    let ended = live::run(&mut engine, plan).await;
    assert_eq!(
        ended.outcome,
        Some(Outcome::Succeeded),
        "{:?}",
        ended.problem
    );
    assert_eq!(
        g.field("configmap a", "/data"),
        json!({"x": "1", "z": "1", "added": "1"})
    );

    // Somebody edits a field that Git sets: what was shown is not what would be done.
    edit("a", r#"{"x":"9"}"#);
    let snapshot = live::until(&mut engine, "the drift", |s| s.settled && drifted(s)).await;
    let plan = live::draw(&mut engine, live::sync_of(&snapshot, "app")).await;
    edit("a", r#"{"z":"9"}"#);
    let ended = live::run(&mut engine, plan).await;
    assert_eq!(ended.outcome, Some(Outcome::Failed));
    assert!(
        matches!(ended.steps[0], StepState::Failed(_)),
        "{:?}",
        ended.steps
    );
    assert_eq!(
        g.field("configmap a", "/data/z"),
        "9",
        "nothing was overwritten that was not shown"
    );

    // Somebody heals it: nothing is left to do, and that is no failure.
    let snapshot = live::until(&mut engine, "both edits", |s| {
        s.settled && live::app(s, "app").is_some_and(|a| a.objects[0].drift.fields.len() == 2)
    })
    .await;
    let plan = live::draw(&mut engine, live::sync_of(&snapshot, "app")).await;
    edit("a", r#"{"x":"1","z":"1"}"#);
    let ended = live::run(&mut engine, plan).await;
    assert_eq!(
        ended.outcome,
        Some(Outcome::Succeeded),
        "{:?}",
        ended.problem
    );

    // Somebody deletes and makes it anew: another object than was shown.
    edit("a", r#"{"x":"9"}"#);
    let snapshot = live::until(&mut engine, "the drift", |s| s.settled && drifted(s)).await;
    let plan = live::draw(&mut engine, live::sync_of(&snapshot, "app")).await;
    g.k("delete configmap a");
    let ended = live::run(&mut engine, plan).await;
    assert_eq!(ended.outcome, Some(Outcome::Failed));
    assert!(
        !g.exists("configmap a"),
        "a deleted object does not come back to life"
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_a_policy_quotes_of_a_secret_is_masked_in_plans_and_runs() {
    let mut g = Ground::with_namespace("quoted");
    let policy = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: @NS@}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]}\n  validations:\n  - expression: \"request.dryRun == true && has(object.metadata.labels)\"\n    messageExpression: \"'must not have ' + string(object.data.password)\"\n---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: @NS@}\nspec:\n  policyName: @NS@\n  validationActions: [Deny]\n  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: @NS@}}}\n";
    g.feed("apply", policy);
    let secret = |labels: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s{labels}}}\nstringData: {{password: hunter2-ABC}}\n"
        )
    };
    g.commit("In the Plan", &[("app/s.yaml", &secret(""))]);
    // A policy takes a moment to hold.
    super::ground::until("the policy", || {
        (g.trueup("sync app --dry-run").code == 2).then_some(())
    });
    let plans = [
        "sync app --yes",
        "sync app --dry-run -o json",
        "sync app --yes --resource Secret/s",
        "diff app",
    ];
    for line in plans {
        let ran = g.trueup(line);
        assert!(!format!("{ran}").contains("hunter2"), "{ran}");
        assert!(!format!("{ran}").contains("aHVudGVyMi1BQkM"), "{ran}");
    }
    g.commit("In the Run", &[("app/s.yaml", &secret(", labels: {a: b}"))]);
    let ran = g.trueup("sync app --yes").exits(2).says("must not have");
    assert!(!format!("{ran}").contains("hunter2"), "{ran}");
    let told = g.trueup("history app -o json").exits(0);
    assert!(!format!("{told}").contains("hunter2"), "{told}");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_record_that_was_deleted_by_hand_is_written_anew_though_nothing_differs() {
    let mut g = Ground::with_namespace("forgotten");
    g.commit(
        "One",
        &[("app/one.yaml", &config_map("one", &[("x", "1")]))],
    );
    g.trueup("sync app --yes").exits(0);
    g.trueup("sync app --yes").exits(0).says("Nothing to do.");
    g.k("delete configmap trueup-app");
    g.trueup("diff app").says("the record is gone");
    g.trueup("sync app --yes")
        .exits(0)
        .says("its record is gone")
        .says("1 of 1 step done");
    g.trueup("sync app --yes").exits(0).says("Nothing to do.");
    // What lives is held again: it is extra once Git has it no more.
    g.commit(
        "Two",
        &[("app/two.yaml", &config_map("two", &[("x", "1")]))],
    );
    g.remove("No one", &["app/one.yaml"]);
    assert_eq!(
        g.drift("app"),
        ["ConfigMap/two: missing", "ConfigMap/one: extra"]
    );
}

/// A way to a port of this machine that can be closed.
struct Door {
    port: u16,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Door {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let streams = open.clone();
        std::thread::spawn(move || {
            for inside in listener.incoming().flatten() {
                let Ok(outside) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                let both = || [inside.try_clone().unwrap(), outside.try_clone().unwrap()];
                match streams.lock().unwrap().as_mut() {
                    Some(streams) => streams.extend(both()),
                    None => return,
                }
                let [a, b] = both();
                for (mut from, mut to) in [(a, outside), (b, inside)] {
                    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                }
            }
        });
        Self { port, open }
    }

    fn close(&self) {
        for stream in self.open.lock().unwrap().take().into_iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn a_run_kept_the_connection_that_it_began_with_when_the_kubeconfig_had_another() {
    let mut g = Ground::with_namespace("rewritten");
    stuck(&mut g);
    let real = g.kubeconfig.clone();
    let good = std::fs::read_to_string(&real).unwrap();
    let port = good.split("https://127.0.0.1:").nth(1).unwrap();
    let port = port.split('"').next().unwrap();
    let door = Door::to(port.parse().unwrap());
    let address = |port: &str| format!("https://127.0.0.1:{port}\"");
    let through = good.replace(&address(port), &address(&door.port.to_string()));
    g.kubeconfig = g.path("kubeconfig");
    std::fs::write(&g.kubeconfig, through).unwrap();
    let mut engine = live::engine(&g, "");
    let snapshot = live::until(&mut engine, "the App", |s| {
        s.settled && live::app(s, "app").is_some()
    })
    .await;
    let plan = live::draw(&mut engine, live::sync_of(&snapshot, "app")).await;
    engine.send(Request::Run(Ticket(2), plan));
    let mut told = Vec::new();
    let ended = async {
        loop {
            let Report::Run(_, view) = engine.report().await.expect("an engine") else {
                continue;
            };
            if view.outcome.is_some() {
                return view;
            }
            let waiting = view.waiting.clone();
            if told.last() == Some(&waiting) {
                continue;
            }
            told.push(waiting.clone());
            if waiting.contains("to be healthy before wave 2") {
                door.close();
            }
            if waiting.contains("refuses connections") {
                // The way there is another one from now on, and what was waited for comes to pass.
                std::fs::write(&g.kubeconfig, &good).unwrap();
                let anywhere = r#"{"spec":{"template":{"spec":{"nodeSelector":null}}}}"#;
                g.patch("deployment web", anywhere);
            }
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(120), ended).await;
    let ended = ended.unwrap_or_else(|_| panic!("no end: {told:?}"));
    assert_eq!(
        ended.outcome,
        Some(Outcome::Succeeded),
        "{:?} {told:?}",
        ended.problem
    );
    assert!(g.exists("configmap last"));
    // The lock was let go by the new connection.
    g.trueup("sync app --yes").exits(0);
}
