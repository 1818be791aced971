//! What the commands print, whole.

use std::sync::Arc;

use super::samples::*;
use super::*;
use crate::domain::text::visible;
use crate::domain::{Action, Manifest, Origin, Problem, ProblemKind, Value, Verdict};
use crate::drift::LineOptions;
use crate::engine::{Counts, ObjectView, PackedManifest, Rights, Snapshot, StepState};

fn options(foreign: bool) -> LineOptions {
    LineOptions {
        context: 1,
        foreign,
    }
}

#[test]
fn apps_as_text() {
    let snapshot = snapshot();
    insta::assert_snapshot!(apps::text(&snapshot, &snapshot.apps, &plain()), @r##"
    APP       CLUSTER  NAMESPACE  SYNC       HEALTH    REVISION      LAST SYNC
    checkout  prod-eu  shop       drifted 3  Degraded  main@4f2c1e9  181d0aa 1 h  Git is ahead by 2 commits
    cart      prod-eu  shop       synced     Healthy   main@4f2c1e9               old since 4 m ago
    search    prod-eu  shop       failed               main@4f2c1e9
    checkout  staging  shop       available
    error: search: apps/search.yaml:12:5: `spec.source.helm` cannot be honoured
      because Helm charts are not rendered by this release
    note: charts/web: a Helm chart, which this release does not render
    "##);
}

#[test]
fn no_apps_say_so() {
    let mut snapshot = snapshot();
    snapshot.apps.clear();
    let text = apps::text(&snapshot, &[], &plain());
    assert!(
        text.starts_with("No Apps were found.\nnote: charts/web"),
        "{text}"
    );
}

#[test]
fn diff_as_text() {
    insta::assert_snapshot!(diff::text(&[Arc::new(drifted())], &options(false), &plain()), @r##"
    checkout · prod-eu · shop · main@4f2c1e9 · 2 objects drifted, 1 refused by the server, 1 foreign field · Git is ahead by 2 commits

    apps/Deployment/shop/web: drifted, 1 field, cluster edited, 1 foreign field
    conflict: .spec.replicas is held by "kubectl" with subresource "scale" and would be taken
      … 5 unchanged lines …
      spec:
    -   replicas: 5   # kubectl (scale) · 2 m · cluster edited
    +   replicas: 3   # deploy/checkout/web.yaml:12
        selector:
      … 2 unchanged lines …

    Secret/shop/token: drifted, 1 field, cluster edited
      … 5 unchanged lines …
      data:
    -   password: ••••••••   # kubectl (scale) · 2 m · cluster edited
    +   password: ••••••••••••   # deploy/checkout/web.yaml:12

    apps/Deployment/shop/legacy: refused
    error: deploy/checkout/legacy.yaml:9:5: the server does not know a field
      because .spec.replica: field not declared in schema\e[2J
      hint: Remove the field, or check its spelling.
    "##);
}

#[test]
fn a_deleted_object_was_counted_twice() {
    let mut view = drifted();
    let missing = |name: &str| object(drift(name, Verdict::Missing));
    view.objects.extend([missing("gone"), missing("new")]);
    let gone = view.objects[view.objects.len() - 2].drift.key.clone();
    view.deleted.insert(gone);
    (view.counts.drifted, view.counts.missing) = (5, 2);
    let told = "2 objects drifted, 1 missing, 1 deleted from the cluster, 1 refused by the server";
    assert!(diff::verdict(&view).starts_with(told));
    // The whole stands in the list.
    let list = apps::text(&snapshot(), &[Arc::new(view.clone())], &plain());
    assert!(list.contains("drifted 5"), "{list}");
    let only_gone = |object: &Arc<ObjectView>| view.was_deleted(&object.drift);
    let mut gone = view.clone();
    gone.objects.retain(only_gone);
    gone.counts = Counts {
        drifted: 1,
        missing: 1,
        ..Counts::default()
    };
    assert_eq!(diff::verdict(&gone), "1 object deleted from the cluster");
}

#[test]
fn diff_with_foreign_fields() {
    let mut view = drifted();
    view.objects.truncate(1);
    let text = diff::text(&[Arc::new(view)], &options(true), &plain());
    assert!(text.contains("1 foreign field"), "{text}");
}

#[test]
fn diff_as_markdown() {
    insta::assert_snapshot!(markdown::text(&[Arc::new(drifted())], &options(false), &plain()), @r##"
    ### checkout · prod-eu · shop

    `main@4f2c1e9`: 2 objects drifted, 1 refused by the server, 1 foreign field

    <details open><summary>apps/Deployment/shop/web: drifted, 1 field, cluster edited, 1 foreign field</summary>

    > **conflict:** .spec.replicas is held by "kubectl" with subresource "scale" and would be taken

    ```diff
      … 5 unchanged lines …
      spec:
    -   replicas: 5   # kubectl (scale) · 2 m · cluster edited
    +   replicas: 3   # deploy/checkout/web.yaml:12
        selector:
      … 2 unchanged lines …
    ```

    </details>

    <details open><summary>Secret/shop/token: drifted, 1 field, cluster edited</summary>

    ```diff
      … 5 unchanged lines …
      data:
    -   password: ••••••••   # kubectl (scale) · 2 m · cluster edited
    +   password: ••••••••••••   # deploy/checkout/web.yaml:12
    ```

    </details>

    <details open><summary>apps/Deployment/shop/legacy: refused</summary>

    > **error:** deploy/checkout/legacy.yaml:9:5: the server does not know a field: .spec.replica: field not declared in schema\\e\[2J
    > Remove the field, or check its spelling.

    </details>
    "##);
}

#[test]
fn diff_as_json() {
    let mut view = drifted();
    view.objects.truncate(3);
    insta::assert_snapshot!(json::text(&diff::json(&[Arc::new(view)], false, &[])), @r##"
    {
      "apiVersion": "trueup/v1",
      "apps": [
        {
          "ahead": 2,
          "behind": 0,
          "context": "prod-eu",
          "counts": {
            "changed": 2,
            "cluster": 2,
            "drifted": 3,
            "extra": 0,
            "foreign": 1,
            "git": 0,
            "missing": 0,
            "objects": 4,
            "overridden": 0,
            "refused": 1,
            "unconfirmed": 0,
            "unknown": 0
          },
          "definedAt": null,
          "discovered": true,
          "health": {
            "message": "1 of 3 ready",
            "status": "Degraded"
          },
          "lastSync": {
            "applied": 3,
            "commit": "181d0aa1181d0aa1181d0aa1181d0aa1181d0aa1",
            "failed": 0,
            "finished": "2001-09-08T23:48:20Z",
            "id": 1,
            "kind": "sync",
            "message": "first \u001b[31mversion",
            "notRun": 0,
            "outcome": "succeeded",
            "path": "deploy/checkout",
            "pruned": 0,
            "reason": "",
            "repository": "host/acme/shop",
            "revision": "main",
            "selective": false,
            "started": "2001-09-08T23:46:40Z",
            "who": "ada@laptop"
          },
          "name": "checkout",
          "namespace": "shop",
          "notices": [],
          "objects": [
            {
              "apiVersion": "apps/v1",
              "cause": "cluster",
              "confirmed": true,
              "conflicts": [
                {
                  "field": ".spec.replicas",
                  "manager": "\"kubectl\" with subresource \"scale\""
                }
              ],
              "created": null,
              "fields": [
                {
                  "cause": "cluster",
                  "live": 5,
                  "owners": [
                    {
                      "manager": "kubectl",
                      "operation": "Update",
                      "subresource": "scale",
                      "time": "2001-09-09T01:44:40Z"
                    }
                  ],
                  "path": "spec.replicas",
                  "place": {
                    "column": 3,
                    "file": "deploy/checkout/web.yaml",
                    "line": 12
                  },
                  "predicted": 3
                }
              ],
              "foreign": [
                {
                  "owner": {
                    "manager": "kubectl-label",
                    "operation": "Update",
                    "subresource": "scale",
                    "time": "2001-09-09T01:44:40Z"
                  },
                  "path": "metadata.labels.team",
                  "value": "web"
                }
              ],
              "health": null,
              "key": {
                "group": "apps",
                "kind": "Deployment",
                "name": "web",
                "namespace": "shop"
              },
              "overridden": [],
              "place": null,
              "problem": null,
              "verdict": "drifted"
            },
            {
              "apiVersion": "v1",
              "cause": "cluster",
              "confirmed": true,
              "conflicts": [],
              "created": null,
              "fields": [
                {
                  "cause": "cluster",
                  "live": "••••••••",
                  "owners": [
                    {
                      "manager": "kubectl",
                      "operation": "Update",
                      "subresource": "scale",
                      "time": "2001-09-09T01:44:40Z"
                    }
                  ],
                  "path": "data.password",
                  "place": {
                    "column": 3,
                    "file": "deploy/checkout/web.yaml",
                    "line": 12
                  },
                  "predicted": "••••••••••••"
                }
              ],
              "foreign": [],
              "health": null,
              "key": {
                "group": "",
                "kind": "Secret",
                "name": "token",
                "namespace": "shop"
              },
              "overridden": [],
              "place": null,
              "problem": null,
              "verdict": "drifted"
            }
          ],
          "oldSince": null,
          "orphaned": false,
          "pinned": null,
          "problems": [],
          "project": "default",
          "provider": "native",
          "source": {
            "directory": {
              "exclude": "",
              "include": "",
              "recurse": false
            },
            "path": "deploy/checkout",
            "repository": "/src/shop",
            "revision": "HEAD"
          },
          "state": "managed",
          "sync": "drifted",
          "target": {
            "behind": 0,
            "commit": {
              "author": "Ada",
              "id": "4f2c1e904f2c1e904f2c1e904f2c1e904f2c1e90",
              "message": "bump checkout to 1.9",
              "time": "2001-09-08T23:46:40Z"
            },
            "name": "main",
            "overrideOf": null,
            "revision": "HEAD",
            "uncommitted": 0,
            "unpushed": false
          }
        }
      ],
      "kind": "Diff",
      "problems": [],
      "result": "drifted"
    }
    "##);
}

#[test]
fn plan_as_text() {
    insta::assert_snapshot!(plan::text(&plan(), &options(false), &plain()), @r##"
    sync · checkout · prod-eu · shop · 4f2c1e9 · bump checkout to 1.9
    warning: this cluster is shared

    1. Secret/shop/token: apply, takes fields from others
      … 5 unchanged lines …
      data:
    -   password: ••••••••   # kubectl (scale) · 2 m · cluster edited
    +   password: ••••••••••••   # deploy/checkout/web.yaml:12

    2. apps/Deployment/shop/web: apply, takes fields from "kubectl" with subresource "scale"
    conflict: .spec.replicas is held by "kubectl" with subresource "scale" and would be taken
      … 5 unchanged lines …
      spec:
    -   replicas: 5   # kubectl (scale) · 2 m · cluster edited
    +   replicas: 3   # deploy/checkout/web.yaml:12
        selector:
      … 2 unchanged lines …

    Deleted, 1 object:

    3. apps/Deployment/shop/old: delete, wave -1

    3 steps: 2 apply, 1 delete.
    "##);
}

#[test]
fn an_adoption_estimates_the_sync_behind_it() {
    let text = plan::text(&samples::adoption(), &options(false), &plain());
    let (adoption, estimate) = text.split_once("\nAn estimate of the sync").unwrap();
    insta::assert_snapshot!(adoption, @"
    adoption · checkout · prod-eu · shop · 4f2c1e9 · bump checkout to 1.9
    warning: this cluster is shared

    1. Secret/shop/token: adopt

    1 step: 1 adopt.
    ");
    assert!(estimate.ends_with(&plan::text(&plan(), &options(false), &plain())));
    let json = plan::json(&samples::adoption());
    assert_eq!(json["for"], "adopt");
    assert_eq!(json["estimate"], plan::fields(&plan()));
    assert_eq!(plan::json(&plan())["estimate"], Value::Null);
}

#[test]
fn an_empty_plan_says_so() {
    let mut empty = samples::plan();
    empty.steps.clear();
    empty.prune = false;
    let text = plan::text(&empty, &options(false), &plain());
    assert!(text.contains("would be deleted with --prune"), "{text}");
    assert!(text.ends_with("\nNothing to do.\n"), "{text}");
    empty.apps[0].refused = Some(Problem::new(ProblemKind::Conflict, "not there"));
    let text = plan::text(&empty, &options(false), &plain());
    assert!(text.ends_with("\nNothing is done.\n"), "{text}");
}

#[test]
fn a_run_is_told_step_by_step() {
    let end = run();
    let mut begin = end.clone();
    begin.steps = vec![StepState::Running, StepState::Waiting, StepState::Waiting];
    begin.outcome = None;
    begin.problem = None;
    assert_eq!(run::changes(None, &begin, &plain()), "");
    let mut middle = begin.clone();
    middle.steps[0] = end.steps[0].clone();
    middle.waiting = "for CustomResourceDefinition x to be established".into();
    insta::assert_snapshot!(run::changes(Some(&begin), &middle, &plain()), @r##"
    1/3 apply Secret/shop/token: done
      warning: v1 is old
    waiting: for CustomResourceDefinition x to be established
    "##);
    insta::assert_snapshot!(run::changes(Some(&middle), &end, &plain()), @r##"
    2/3 apply apps/Deployment/shop/web: failed
    error: the server said no
    3/3 delete apps/Deployment/shop/old: not run
    error: a step failed
    failed: 1 of 3 steps done, 1 failed, 1 not run
    "##);
    assert_eq!(run::changes(Some(&end), &end, &plain()), "");
}

#[test]
fn history_as_text() {
    insta::assert_snapshot!(history::text(&drifted(), &plain()), @r##"
    ID  WHEN  WHAT      REVISION  COMMIT   WHO         RESULT     CHANGED                                 MESSAGE
     2  1 h   rollback  main      281d0aa  ada@laptop  failed     3 done, 1 deleted, 1 failed, 2 not run  first \e[31mversion
     1  2 h   sync      main      181d0aa  ada@laptop  succeeded  3                                       first \e[31mversion
    2 failed: Deployment shop/web: field is immutable
    "##);
    assert!(history::text(&app("new"), &plain()).contains("has no history"));
}

#[test]
fn a_revision_that_is_the_commit_is_short() {
    let mut view = drifted();
    let mut record = (**view.record.as_ref().unwrap()).clone();
    record.history[0].revision = record.history[0].commit.0.clone();
    let long = record.history[0].revision.clone();
    view.record = Some(std::sync::Arc::new(record));
    assert!(!history::text(&view, &plain()).contains(&long));
}

#[test]
fn records_are_found_by_id_commit_and_revision() {
    let view = drifted();
    let id = |to: &str| history::find(&view, to).map(|r| r.id);
    assert_eq!(id("1"), Some(1));
    assert_eq!(id("#2"), Some(2));
    assert_eq!(id("181d0aa1"), Some(1));
    assert_eq!(id("281D0AA"), Some(2));
    assert_eq!(id("main"), Some(2));
    assert_eq!(id("281d"), None);
    assert_eq!(id("9"), None);
}

#[test]
fn clusters_as_text() {
    insta::assert_snapshot!(clusters::text(&snapshot(), &plain()), @r##"
    CONTEXT  STATE  SINCE  VERSION  LATENCY  APPS  USER  RIGHTS   MODE     SERVER
    prod-eu  up     4 m    v1.36.3    12 ms     2  ada   full     guarded  https://prod-eu:6443
    edge-7   down   4 m                         2  ada   unknown           https://edge-7:6443
    error: edge-7: the API server cannot be reached
      because connection refused
      hint: Check that the cluster is running.
    "##);
}

#[test]
fn doctor_as_text() {
    let machine = doctor::Machine {
        terminal: Some((50, 24)),
        term: "xterm-256color".into(),
        config: ("/cfg/config.yaml".into(), false),
        contexts: Some(Ok(2)),
        n_repositories: 1,
        ..doctor::Machine::default()
    };
    let mut snapshot = snapshot();
    snapshot.apps.truncate(2);
    insta::assert_snapshot!(doctor::text(&doctor::checks(&snapshot, &machine), &plain()), @r##"
    note terminal: 50x24, xterm-256color, 256 colours: smaller than 60x15
    ok   config file: none (/cfg/config.yaml)
    ok   kubeconfig: 2 contexts
    ok   cluster prod-eu: v1.36.3, 12 ms, ada, rights: full
    FAIL cluster edge-7: cannot be reached
         error: the API server cannot be reached
           because connection refused
           hint: Check that the cluster is running.
    ok   repositories: 1 repository, 2 Apps
    "##);
}

#[test]
fn the_reason_of_a_recreate_was_printed_as_an_error_with_a_hint_to_do_what_was_done() {
    let mut plan = plan();
    plan.steps.truncate(2);
    let step = &mut plan.steps[1];
    step.action = Action::Recreate;
    let refusal = Problem::new(ProblemKind::Rejected, "a field that may not change")
        .because("spec.selector: field is immutable")
        .hint("Annotate it with Force=true.");
    Arc::make_mut(&mut step.drift).problem = Some(refusal);
    let text = plan::text(&plan, &options(false), &plain());
    assert!(
        text.contains("because: a field that may not change: spec.selector: field is immutable"),
        "{text}"
    );
    assert!(
        !text.contains("error:") && !text.contains("Force=true"),
        "{text}"
    );
}

#[test]
fn an_app_that_says_force_was_told_to_say_force() {
    let mut view = drifted();
    let mut app = (*view.app).clone();
    app.sync.force = true;
    view.app = Arc::new(app);
    let object = Arc::make_mut(&mut view.objects[0]);
    object.manifest = Some(Arc::new(PackedManifest::new(&Manifest {
        gvk: object.drift.gvk.clone(),
        value: Arc::default(),
        origin: Origin::default(),
    })));
    object.created = Some(jiff::Timestamp::UNIX_EPOCH);
    let mut drift = (*object.drift).clone();
    drift.verdict = Verdict::Refused;
    let refusal = Problem::new(ProblemKind::Rejected, "a field that may not change");
    drift.problem = Some(refusal.hint("Annotate it with Force=true, and mind it."));
    object.drift = Arc::new(drift);
    let views = [Arc::new(view)];
    let text = diff::text(&views, &options(false), &plain());
    let json = diff::json(&views, false, &[]).to_string();
    for printed in [text, json] {
        assert!(
            printed.contains("creates it again (Force=true)"),
            "{printed}"
        );
        assert!(!printed.contains("Annotate it"), "{printed}");
    }
}

#[test]
fn a_cluster_without_apps_had_unknown_rights_and_no_reason_for_it() {
    let mut snapshot = snapshot();
    let text = |snapshot: &Snapshot| {
        let checks = doctor::checks(snapshot, &doctor::Machine::default());
        let cluster = checks.iter().find(|c| c.name.starts_with("cluster "));
        cluster.unwrap().text.clone()
    };
    let mut cluster = (*snapshot.clusters[0]).clone();
    cluster.rights = Rights::Unknown;
    cluster.n_apps = 0;
    snapshot.clusters[0] = Arc::new(cluster.clone());
    assert!(text(&snapshot).ends_with("rights: unknown, no App goes there"));
    cluster.n_apps = 1;
    snapshot.clusters[0] = Arc::new(cluster);
    assert!(text(&snapshot).ends_with("rights: unknown"));
}

#[test]
fn a_kubeconfig_that_cannot_be_used_is_its_own_check_and_told_once() {
    let problem = Problem::new(ProblemKind::Config, "there is no kubeconfig");
    let machine = doctor::Machine {
        contexts: Some(Err(vec![problem.clone()])),
        ..doctor::Machine::default()
    };
    let mut snapshot = snapshot();
    snapshot.problems = vec![problem];
    let checks = doctor::checks(&snapshot, &machine);
    let told: Vec<_> = checks
        .iter()
        .filter(|c| c.problems.iter().any(|p| p.kind == ProblemKind::Config))
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(told, ["kubeconfig"]);
}

/// Everything that is printed, coloured, of a snapshot full of traps.
fn everything() -> Vec<(&'static str, String)> {
    let style = Style {
        color: true,
        ..plain()
    };
    let trap = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let mut view = drifted();
    view.problems = vec![
        Problem::new(ProblemKind::Invalid, trap)
            .at(trap)
            .because(trap)
            .hint(trap),
    ];
    let mut app = (*view.app).clone();
    app.id.name.push_str(trap);
    app.id.context.push_str(trap);
    view.app = Arc::new(app);
    let view = Arc::new(view);
    let mut snapshot = snapshot();
    snapshot.apps.push(Arc::clone(&view));
    snapshot.notices[0].text.push_str(trap);
    snapshot.problems = view.problems.clone();
    let views = [view];
    let checks = doctor::checks(&snapshot, &doctor::Machine::default());
    vec![
        ("apps", apps::text(&snapshot, &snapshot.apps, &style)),
        ("diff", diff::text(&views, &options(true), &style)),
        ("markdown", markdown::text(&views, &options(true), &style)),
        ("plan", plan::text(&samples::plan(), &options(true), &style)),
        (
            "adoption",
            plan::text(&samples::adoption(), &options(true), &style),
        ),
        ("run", run::changes(None, &samples::run(), &style)),
        ("history", history::text(&views[0], &style)),
        ("clusters", clusters::text(&snapshot, &style)),
        ("doctor", doctor::text(&checks, &style)),
        (
            "apps json",
            json::text(&apps::json(&snapshot, &snapshot.apps)),
        ),
        ("diff json", json::text(&diff::json(&views, true, &[]))),
        ("plan json", json::text(&plan::json(&samples::plan()))),
        (
            "adoption json",
            json::text(&plan::json(&samples::adoption())),
        ),
        ("run json", json::text(&run::json(&samples::run()))),
        (
            "history json",
            json::text(&history::json(Some(&views[0]), &[])),
        ),
        ("clusters json", json::text(&clusters::json(&snapshot))),
        ("doctor json", json::text(&doctor::json(&checks))),
    ]
}

#[test]
fn no_secret_is_printed_anywhere() {
    for (what, text) in everything() {
        for secret in ["hunter2", "aHVudGVyMg", "c2VzYW1l", "sesame"] {
            assert!(!text.contains(secret), "{what}: {text}");
        }
    }
}

#[test]
fn no_escape_sequence_from_outside_is_sent() {
    for (what, text) in everything() {
        // Our own colours are `ESC [ digits m`.
        let mut rest = text.as_str();
        let mut own = String::new();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            own.push_str(before);
            let (code, after) = after.split_once('m').unwrap_or_default();
            let is_color =
                code.starts_with('[') && code[1..].chars().all(|c| c.is_ascii_digit() || c == ';');
            assert!(is_color, "{what}: {code:?}");
            rest = after;
        }
        own.push_str(rest);
        for line in own.lines() {
            assert_eq!(visible(line), line, "{what}");
        }
    }
}

#[test]
fn json_reads_back_with_every_trap_in_it() {
    let printed = everything();
    for (what, text) in printed.iter().filter(|(what, _)| what.ends_with("json")) {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["apiVersion"], "trueup/v1", "{what}");
        assert!(value["kind"].is_string(), "{what}");
    }
    let (_, apps) = printed
        .iter()
        .find(|(what, _)| *what == "apps json")
        .unwrap();
    let apps: Value = serde_json::from_str(apps).unwrap();
    let summary = apps["apps"][4]["problems"][0]["summary"].as_str().unwrap();
    assert!(summary.contains('\u{9b}') && summary.contains('\u{202e}'));
}

#[test]
fn colour_adds_nothing_but_codes() {
    let strip = |text: &str| -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        let cut = |p: &str| {
            p.split_once('m')
                .map_or(String::new(), |(_, t)| t.to_owned())
        };
        first + &parts.map(cut).collect::<String>()
    };
    let colored = Style {
        color: true,
        ..plain()
    };
    let views = [Arc::new(drifted())];
    assert_eq!(
        strip(&diff::text(&views, &options(true), &colored)),
        diff::text(&views, &options(true), &plain())
    );
    let snapshot = snapshot();
    assert_eq!(
        strip(&apps::text(&snapshot, &snapshot.apps, &colored)),
        apps::text(&snapshot, &snapshot.apps, &plain())
    );
}

#[test]
fn every_field_of_the_json_is_documented() {
    fn fields(value: &Value, into: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|v| fields(v, into)),
            Value::Object(map) => map.iter().for_each(|(key, v)| {
                into.insert(key.clone());
                // What stands in these comes from objects of the cluster.
                if !matches!(key.as_str(), "live" | "predicted" | "desired" | "value") {
                    fields(v, into);
                }
            }),
            _ => {}
        }
    }
    let docs = include_str!("../../../docs/command-line.md");
    let loaded = crate::settings::effective::layered(
        None,
        String::new(),
        &Default::default(),
        &Default::default(),
        &[],
    );
    let mut all = std::collections::BTreeSet::new();
    fields(&config::json(&loaded.unwrap(), &[]), &mut all);
    for (_, text) in everything()
        .iter()
        .filter(|(what, _)| what.ends_with("json"))
    {
        fields(&serde_json::from_str(text).unwrap(), &mut all);
    }
    assert!(all.len() > 80, "{}", all.len());
    for field in all {
        let is_there =
            docs.contains(&format!("`{field}`")) || docs.contains(&format!("`{field}[]`"));
        assert!(is_there, "{field} is not documented");
    }
}
