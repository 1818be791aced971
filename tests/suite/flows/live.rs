//! An engine that keeps looking: what moves in the cluster or in Git shows by itself.

use std::sync::Arc;
use std::time::Duration;

use trueup::cli::Cli;
use trueup::cli::commands::{self, Process};
use trueup::domain::{Plan, Problem, Revision, SystemClock, Verdict};
use trueup::engine::{
    AppView, Draw, Engine, Moves, Reach, Report, Request, RunView, Snapshot, SyncStatus, Ticket,
};

use super::ground::{DEADLINE, Ground, application, url};
use super::shop::{DEPLOYMENT, SHOP, config_map};
use crate::controlplane::ControlPlane;

/// Starts an engine as the console would with these words on its command line.
pub fn engine(g: &Ground, line: &str) -> Engine {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words = ["trueup", "--namespace", g.ns.as_str()];
    let words = words.into_iter().chain(line.split_whitespace());
    let cli = Cli::read(words.map(Into::into).collect()).expect("a command line");
    let place = |name: &str| g.path(name).display().to_string();
    let environment = [
        ("TRUEUP_CONFIG".to_owned(), place("none.yaml")),
        ("TRUEUP_CACHE_DIR".to_owned(), place("cache")),
        ("TRUEUP_STATE_DIR".to_owned(), place("state")),
    ];
    if !g.path("none.yaml").exists() {
        std::fs::write(g.path("none.yaml"), "log: info\n").expect("a config");
    }
    let process = Process {
        environment: environment.into_iter().collect(),
        kubeconfig: Some(g.kubeconfig.clone().into_os_string()),
        here: g.git.path().to_owned(),
        host: "test".to_owned(),
        clock: Arc::new(SystemClock),
    };
    let setup = commands::setup(&cli, &process).expect("settings");
    commands::engine(&cli, &setup, &process, Vec::new())
}

/// Waits until the snapshot is as wanted.
pub async fn until(
    engine: &mut Engine,
    what: &str,
    so: impl Fn(&Snapshot) -> bool,
) -> Arc<Snapshot> {
    let began = tokio::time::Instant::now();
    loop {
        let snapshot = engine.snapshot();
        if so(&snapshot) {
            return snapshot;
        }
        assert!(
            began.elapsed() < DEADLINE,
            "waited in vain for {what}: {:#?}",
            told(&snapshot)
        );
        let _ = tokio::time::timeout(Duration::from_millis(500), engine.report()).await;
    }
}

/// An App by its name.
pub fn app(snapshot: &Snapshot, name: &str) -> Option<Arc<AppView>> {
    snapshot
        .apps
        .iter()
        .find(|a| a.app.id.name == name)
        .cloned()
}

fn is(snapshot: &Snapshot, name: &str, sync: &SyncStatus) -> bool {
    app(snapshot, name).is_some_and(|a| a.sync == *sync)
}

fn told(snapshot: &Snapshot) -> Vec<String> {
    let apps = snapshot.apps.iter().map(|a| {
        format!(
            "{} {:?} {:?} {:?} {:?}",
            a.app.id, a.state, a.sync, a.counts, a.problems
        )
    });
    let clusters = snapshot
        .clusters
        .iter()
        .map(|c| format!("{} {:?} {:?}", c.context, c.reach, c.problems));
    apps.chain(clusters).collect()
}

/// Has a Plan drawn.
pub async fn draw(engine: &mut Engine, what: Draw) -> Arc<Plan> {
    drawn(engine, what).await.expect("a Plan")
}

/// The Plan, or why there is none.
async fn drawn(engine: &mut Engine, what: Draw) -> Result<Arc<Plan>, Problem> {
    engine.send(Request::Draw(Ticket(1), what));
    let answer = async {
        loop {
            if let Report::Drawn(Ticket(1), plan) = engine.report().await.expect("an engine") {
                return plan;
            }
        }
    };
    tokio::time::timeout(DEADLINE, answer)
        .await
        .expect("an answer in time")
}

/// Runs a Plan to its end.
pub async fn run(engine: &mut Engine, plan: Arc<Plan>) -> Arc<RunView> {
    engine.send(Request::Run(Ticket(2), plan));
    let answer = async {
        loop {
            if let Report::Run(Ticket(2), view) = engine.report().await.expect("an engine")
                && view.outcome.is_some()
            {
                return view;
            }
        }
    };
    tokio::time::timeout(DEADLINE, answer)
        .await
        .expect("an end in time")
}

/// A sync of one App.
pub fn sync_of(snapshot: &Snapshot, name: &str) -> Draw {
    Draw::Sync {
        apps: vec![app(snapshot, name).expect("the App").app.id.clone()],
        only: Vec::new(),
        prune: false,
        prune_all: None,
        adopt: false,
        moves: Moves::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn cluster_and_git_show_as_they_move() {
    let mut g = Ground::with_namespace("live");
    g.commit(
        "One",
        &[
            ("app/web.yaml", DEPLOYMENT),
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
        ],
    );
    let mut engine = engine(&g, "");
    let snapshot = until(&mut engine, "an available App", |s| {
        is(s, "app", &SyncStatus::Available)
    })
    .await;
    let plan = draw(&mut engine, sync_of(&snapshot, "app")).await;
    assert_eq!(plan.steps.len(), 2);
    let ended = run(&mut engine, plan).await;
    assert!(ended.problem.is_none(), "{:?}", ended.problem);
    until(&mut engine, "in sync after a Run", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;

    g.k("scale deployment web --replicas=5");
    let changed = |n: usize| {
        move |s: &Snapshot| {
            app(s, "app").is_some_and(|a| a.counts.changed == n && a.counts.drifted == n)
        }
    };
    until(&mut engine, "the scaled Deployment", changed(1)).await;
    g.k("scale deployment web --replicas=2");
    until(&mut engine, "the Deployment as it was", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;

    g.k("delete configmap a");
    until(&mut engine, "the missing ConfigMap", |s| {
        app(s, "app").is_some_and(|a| a.counts.missing == 1)
    })
    .await;
    g.feed("create", &config_map("a", &[("x", "1")]));
    // Made anew by hand: the same values, without the mark of the App.
    until(&mut engine, "the ConfigMap made anew", |s| {
        app(s, "app").is_some_and(|a| a.counts.missing == 0 && a.counts.changed == 1)
    })
    .await;
    let snapshot = until(&mut engine, "rest", |s| s.settled).await;
    let plan = draw(
        &mut engine,
        Draw::Sync {
            apps: vec![snapshot.apps[0].app.id.clone()],
            only: vec![],
            prune: false,
            prune_all: None,
            adopt: true,
            moves: Moves::default(),
        },
    )
    .await;
    run(&mut engine, plan).await;
    let plan = draw(&mut engine, sync_of(&snapshot, "app")).await;
    run(&mut engine, plan).await;
    until(&mut engine, "in sync again", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;

    g.commit("Two", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    until(&mut engine, "Git being ahead", |s| {
        app(s, "app").is_some_and(|a| a.distance.is_some_and(|d| d.ahead == 1) && a.counts.git == 1)
    })
    .await;
    std::fs::write(
        g.git.path().join("app/a.yaml"),
        config_map("a", &[("x", "3")]),
    )
    .unwrap();
    until(&mut engine, "an uncommitted change", |s| {
        app(s, "app")
            .and_then(|a| a.target.clone())
            .is_some_and(|t| t.uncommitted == 1)
    })
    .await;
    let id = app(&engine.snapshot(), "app").unwrap().app.id.clone();
    engine.send(Request::SetRevision(
        id.clone(),
        Some(trueup::domain::Revision::Worktree),
    ));
    let value = |wanted: &'static str| {
        move |s: &Snapshot| {
            app(s, "app").is_some_and(|a| {
                a.objects
                    .iter()
                    .flat_map(|o| &o.drift.fields)
                    .any(|f| f.predicted == Some(wanted.into()))
            })
        }
    };
    until(&mut engine, "the work tree", value("3")).await;
    std::fs::write(
        g.git.path().join("app/a.yaml"),
        config_map("a", &[("x", "4")]),
    )
    .unwrap();
    until(&mut engine, "the work tree as it moves", value("4")).await;
    engine.send(Request::SetRevision(id, None));
    until(&mut engine, "the commit again", value("2")).await;
    g.commit(
        "A new App",
        &[("second/b.yaml", &config_map("b", &[("x", "1")]))],
    );
    until(&mut engine, "a new App", |s| {
        is(s, "second", &SyncStatus::Available)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn a_kind_that_somebody_else_defines_is_known_by_itself() {
    let mut g = Ground::with_namespace("defined");
    let of = |name: &str| {
        SHOP.iter()
            .find(|(path, _)| path.ends_with(name))
            .unwrap()
            .1
    };
    g.commit("One", &[("app/coupon.yaml", of("coupon.yaml"))]);
    let mut engine = engine(&g, "");
    until(&mut engine, "an unknown kind", |s| {
        s.settled && app(s, "app").is_some_and(|a| a.counts.refused == 1)
    })
    .await;
    g.feed("create", of("crd.yaml"));
    until(&mut engine, "the kind", |s| {
        app(s, "app").is_some_and(|a| a.counts.missing == 1 && a.counts.refused == 0)
    })
    .await;
    // The object is watched, too.
    g.feed("create", of("coupon.yaml"));
    until(&mut engine, "its object", |s| {
        app(s, "app").is_some_and(|a| a.counts.missing == 0 && a.counts.unknown == 0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn a_server_that_hangs_with_its_connections_open_is_found_out_when_somebody_looks() {
    let cluster = ControlPlane::bare();
    let mut g = Ground::on(&cluster, "silent");
    g.kubectl(&["create", "namespace", &g.ns]);
    g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.trueup("sync app --yes").exits(0);
    let mut engine = engine(&g, "");
    let snapshot = until(&mut engine, "in sync", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;
    cluster.signal_apiserver("-STOP");
    // Long enough for silence to say something.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let id = snapshot.apps[0].app.id.clone();
    engine.send(Request::Select(Some(id)));
    until(&mut engine, "the cluster down", |s| {
        matches!(s.clusters[0].reach, Reach::Down { .. })
    })
    .await;
    cluster.signal_apiserver("-CONT");
    until(&mut engine, "the cluster up", |s| {
        matches!(s.clusters[0].reach, Reach::Up { .. })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn an_app_that_was_never_synced_is_asked_about_once_somebody_looks_at_it() {
    let mut g = Ground::with_namespace("looked");
    let held =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n";
    g.feed("apply", held);
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong}\nspec: {x: 1}\n";
    g.commit(
        "Two",
        &[
            ("bad/wrong.yaml", wrong),
            ("good/a.yaml", &config_map("a", &[("x", "1")])),
        ],
    );
    let mut engine = engine(&g, "");
    let snapshot = until(&mut engine, "listed", |s| {
        ["bad", "good"]
            .iter()
            .all(|name| is(s, name, &SyncStatus::Available))
    })
    .await;
    let verdict = |s: &Snapshot, name| app(s, name).unwrap().objects[0].drift.verdict;
    assert_eq!(verdict(&snapshot, "bad"), Verdict::Missing);
    let dry_runs = snapshot.counters.dry_runs;
    assert_eq!(dry_runs, 0, "what is only listed costs nothing");
    let select = |name| Request::Select(Some(app(&snapshot, name).unwrap().app.id.clone()));
    engine.send(select("bad"));
    let asked = until(&mut engine, "the refusal", |s| {
        verdict(s, "bad") == Verdict::Refused
    })
    .await;
    assert!(is(&asked, "bad", &SyncStatus::Available));
    // What was asked stays known when somebody looks elsewhere; and the App tells of its namespace.
    g.k("delete namespace @NS@ --wait=false");
    engine.send(select("good"));
    let told = until(&mut engine, "the namespace", |s| {
        let problems = app(s, "good").unwrap().problems.clone();
        problems
            .iter()
            .any(|p| p.summary.contains("is being deleted"))
    })
    .await;
    assert_eq!(verdict(&told, "bad"), Verdict::Refused);
    g.k("patch configmap held --type=json -p [{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn an_object_that_leaves_git_is_not_kept_in_the_diff_because_another_app_holds_it() {
    let mut g = Ground::with_namespace("leaves");
    g.commit(
        "Both",
        &[
            ("one/a.yaml", &config_map("a", &[("x", "1")])),
            ("two/a.yaml", &config_map("a", &[("x", "2")])),
            ("two/b.yaml", &config_map("b", &[("x", "2")])),
        ],
    );
    g.trueup("sync one --yes").exits(0);
    let mut engine = engine(&g, "");
    let has = |n: usize| move |s: &Snapshot| app(s, "two").is_some_and(|a| a.objects.len() == n);
    until(&mut engine, "both objects", has(2)).await;
    g.remove("One alone", &["two/a.yaml"]);
    until(&mut engine, "one object", has(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn what_a_run_has_made_is_not_called_missing_while_the_run_waits() {
    let mut g = Ground::with_namespace("waits");
    let slow = DEPLOYMENT.replace(
        "serviceAccountName: web",
        "nodeSelector: {nowhere: \"yes\"}",
    );
    let later = config_map("later", &[("x", "1")]).replace(
        "  name: later",
        "  name: later\n  annotations: {argocd.argoproj.io/sync-wave: \"1\"}",
    );
    g.commit(
        "Waves",
        &[("app/slow.yaml", &slow), ("app/later.yaml", &later)],
    );
    let mut engine = engine(&g, "");
    let snapshot = until(&mut engine, "the App", |s| {
        is(s, "app", &SyncStatus::Available)
    })
    .await;
    let plan = draw(&mut engine, sync_of(&snapshot, "app")).await;
    engine.send(Request::Run(Ticket(2), plan));
    let verdict = |s: &Snapshot, name: &str| {
        let app = app(s, "app")?;
        let object = app.objects.iter().find(|o| o.drift.key.name == name)?;
        Some((object.drift.verdict, app.was_deleted(&object.drift)))
    };
    let snapshot = until(&mut engine, "the Deployment that was made", |s| {
        verdict(s, "web") == Some((Verdict::InSync, false))
    })
    .await;
    assert_eq!(
        verdict(&snapshot, "later"),
        Some((Verdict::Missing, false)),
        "it is yet to be made, and nobody deleted it"
    );
    engine.send(Request::StopRun(Ticket(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn a_plan_blamed_the_manifests_or_a_force_push_for_what_is_not_there() {
    let mut g = Ground::with_namespace("blamed");
    g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    let mut engine = engine(&g, "");
    let snapshot = until(&mut engine, "the App", |s| {
        is(s, "app", &SyncStatus::Available)
    })
    .await;
    let id = app(&snapshot, "app").expect("the App").app.id.clone();
    let plan = draw(&mut engine, sync_of(&snapshot, "app")).await;
    run(&mut engine, plan).await;

    let nope = Revision::Named("nope".to_owned());
    engine.send(Request::SetRevision(id.clone(), Some(nope)));
    let snapshot = until(&mut engine, "a revision that does not resolve", |s| {
        app(s, "app").is_some_and(|a| a.unresolved.is_some())
    })
    .await;
    let problem = drawn(&mut engine, sync_of(&snapshot, "app"))
        .await
        .expect_err("no Plan");
    let told = app(&snapshot, "app").expect("the App").problems[0].clone();
    assert_eq!(problem, told);

    engine.send(Request::SetRevision(id.clone(), None));
    until(&mut engine, "its own revision again", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;
    std::fs::rename(g.git.path(), g.path("elsewhere")).expect("a move");
    let snapshot = until(&mut engine, "a checkout that is gone", |s| {
        app(s, "app").is_some_and(|a| a.old_since.is_some())
    })
    .await;
    let back = Draw::Rollback {
        app: id,
        record: 1,
        moves: Moves::default(),
    };
    for what in [sync_of(&snapshot, "app"), back] {
        let problem = drawn(&mut engine, what).await.expect_err("no Plan");
        assert_eq!(problem.summary, "the checkout is gone");
        assert_eq!(problem.hints.len(), 1, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn an_api_server_that_goes_and_comes_back_is_followed_even_past_its_memory() {
    let cluster = ControlPlane::bare();
    let mut g = Ground::on(&cluster, "restart");
    g.kubectl(&["create", "namespace", &g.ns]);
    g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.trueup("sync app --yes").exits(0);
    let mut engine = engine(&g, "");
    until(&mut engine, "in sync", |s| {
        is(s, "app", &SyncStatus::Synced)
    })
    .await;
    cluster.kill_apiserver();
    until(&mut engine, "the cluster down", |s| {
        matches!(s.clusters[0].reach, Reach::Down { .. })
    })
    .await;
    let old = engine.snapshot();
    assert!(
        app(&old, "app").unwrap().old_since.is_some(),
        "what is shown is marked old"
    );
    assert_eq!(app(&old, "app").unwrap().objects.len(), 1, "and stays");
    cluster.restart_apiserver();
    until(&mut engine, "the cluster up", |s| {
        matches!(s.clusters[0].reach, Reach::Up { .. })
            && app(s, "app").is_some_and(|a| a.old_since.is_none())
    })
    .await;
    let edit = |value: &str| {
        let patch = format!(r#"{{"data":{{"x":"{value}"}}}}"#);
        g.patch("configmap a", &patch);
    };
    let live = |wanted: &'static str| {
        move |s: &Snapshot| {
            app(s, "app").is_some_and(|a| {
                a.objects
                    .iter()
                    .flat_map(|o| &o.drift.fields)
                    .any(|f| f.live == Some(wanted.into()))
            })
        }
    };
    edit("8");
    until(&mut engine, "an edit after the restart", live("8")).await;

    // Its revisions are compacted away while it is down: the watch cannot go on where it was (410 Gone).
    for n in 0..20 {
        g.k(&format!("create configmap filler-{n}"));
    }
    edit("9");
    let revision = g.field("configmap a", "/metadata/resourceVersion");
    until(&mut engine, "the edit", live("9")).await;
    for n in 0..20 {
        g.k(&format!("delete configmap filler-{n} --wait=false"));
    }
    let now = g.k("create configmap newest -o jsonpath={.metadata.resourceVersion}");
    cluster.kill_apiserver();
    until(&mut engine, "the cluster down again", |s| {
        matches!(s.clusters[0].reach, Reach::Down { .. })
    })
    .await;
    assert_ne!(revision.as_str(), Some(now.as_str()));
    cluster.compact(&now);
    cluster.restart_apiserver();
    edit("10");
    until(&mut engine, "an edit after the gap", live("10")).await;
    until(&mut engine, "the cluster up again", |s| {
        matches!(s.clusters[0].reach, Reach::Up { .. })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn clusters_that_refuse_or_hang_delay_nothing_and_two_contexts_of_one_are_noticed() {
    let mut g = Ground::with_namespace("dead");
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = hung.local_addr().unwrap().port();
    let merged = g.path("kubeconfig");
    let more = format!(
        "- {{name: hung, cluster: {{server: \"https://127.0.0.1:{port}\", insecure-skip-tls-verify: true}}}}\nusers:"
    );
    let text = std::fs::read_to_string(&g.kubeconfig)
        .unwrap()
        .replacen("users:", &more, 1)
        .replacen(
            "contexts:\n",
            "contexts:\n- {name: hung, context: {cluster: hung, user: admin}}\n",
            1,
        );
    std::fs::write(&merged, text).unwrap();
    g.kubeconfig = merged;
    let repo = url(g.git.path());
    let on = |context: &str| {
        application(&format!("on-{context}"), &repo, "app", &g.ns, "")
            .replace("name: admin", &format!("name: {context}"))
    };
    let (admin, dead, hanging) = (on("admin"), on("dead"), on("hung"));
    g.commit(
        "Three clusters",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("apps/admin.yaml", &admin),
            ("apps/dead.yaml", &dead),
            ("apps/hung.yaml", &hanging),
        ],
    );
    let mut engine = engine(&g, "--context admin --context viewer");
    let snapshot = until(
        &mut engine,
        "a verdict beside clusters that do not answer",
        |s| is(s, "on-admin", &SyncStatus::Drifted),
    )
    .await;
    assert!(matches!(
        snapshot.cluster("hung").unwrap().reach,
        Reach::Connecting
    ));
    let snapshot = until(&mut engine, "the dead one being down", |s| {
        matches!(s.cluster("dead").unwrap().reach, Reach::Down { .. })
    })
    .await;
    assert!(
        is(&snapshot, "on-dead", &SyncStatus::Failed),
        "{:#?}",
        told(&snapshot)
    );
    let snapshot = until(&mut engine, "both contexts", |s| {
        s.cluster("viewer").is_some_and(|c| !c.uid.is_empty())
    })
    .await;
    assert_eq!(
        snapshot.cluster("viewer").unwrap().same_as.as_deref(),
        Some("admin")
    );
    // All of it works on beside them.
    let plan = draw(&mut engine, sync_of(&snapshot, "on-admin")).await;
    let ended = run(&mut engine, plan).await;
    assert!(ended.problem.is_none(), "{:?}", ended.problem);
    until(&mut engine, "in sync", |s| {
        is(s, "on-admin", &SyncStatus::Synced)
    })
    .await;
    drop(hung);
    // The command line, with the dead one alone beside it.
    g.remove("Two clusters", &["apps/hung.yaml"]);
    g.run("diff on-admin").exits(0);
    g.run("diff on-dead").exits(2).says("127.0.0.1");
    let clusters = g.run("clusters -o json").json();
    assert!(
        clusters.to_string().contains("\"state\":\"down\""),
        "{clusters}"
    );
}
