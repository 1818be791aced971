//! An App that would go elsewhere than before: nothing goes there that nobody has meant.

use trueup::engine::{Move, Moves, Report, Request, Ticket};

use super::ground::Ground;
use super::live::{draw, engine, sync_of, until};
use super::shop::config_map;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
async fn another_destination_is_asked_for_by_name() {
    let mut g = Ground::with_namespace("here");
    let (here, there) = (g.ns.clone(), format!("{}-there", g.ns));
    g.kubectl(&["create", "namespace", &there]);
    g.commit(
        "One",
        &[("app/a.yaml", &config_map("settings", &[("a", "1")]))],
    );
    g.trueup("sync app --yes").exits(0);
    let both = format!("was last synced to admin/{here} and would now go to admin/{there}");
    g.run(&format!("--namespace {there} sync app --yes"))
        .exits(2)
        .says(&both);

    // The console asks, and draws only after a yes to exactly this.
    g.ns.clone_from(&there);
    let mut console = engine(&g, "");
    let snapshot = until(&mut console, "a verdict", |s| {
        s.settled && s.apps.len() == 1
    })
    .await;
    let wanted = sync_of(&snapshot, "app");
    let mut moves = asked(&mut console, wanted.clone().with_moves(Moves::Ask)).await;
    assert_eq!(moves.len(), 1);
    assert!(moves[0].to_string().ends_with(&both), "{}", moves[0]);
    let elsewhere = Move {
        to: moves[0].from.clone(),
        ..moves[0].clone()
    };
    let other = wanted.clone().with_moves(Moves::Confirmed(vec![elsewhere]));
    moves = asked(&mut console, other).await;
    let confirmed = wanted.clone().with_moves(Moves::Confirmed(moves));
    let plan = draw(&mut console, confirmed).await;
    assert_eq!(plan.steps.len(), 1, "{:?}", plan.apps[0].refused);
    // Unasked, it is refused.
    let plan = draw(&mut console, wanted).await;
    assert!(plan.steps.is_empty() && plan.apps[0].refused.is_some());
    drop(console);

    // A binding of the directory to that place says that it is meant; one to another place does not.
    let config = g.path("bound.yaml");
    let bound = |namespace: &str| {
        let text =
            format!("bindings:\n- directory: app\n  context: admin\n  namespace: {namespace}\n");
        std::fs::write(&config, text).unwrap();
        format!("--config {}", config.display())
    };
    g.run(&format!("{} sync app --yes", bound(&there))).exits(0);
    g.run(&format!("--namespace {here} sync app --yes"))
        .exits(2)
        .says(&format!("would now go to admin/{here}"));
    g.run(&format!(
        "--context admin --namespace {here} sync app --yes"
    ))
    .exits(0);
}

async fn asked(console: &mut trueup::engine::Engine, what: trueup::engine::Draw) -> Vec<Move> {
    console.send(Request::Draw(Ticket(7), what));
    loop {
        match console.report().await.expect("an engine") {
            Report::Moves(Ticket(7), moves) => return moves,
            Report::Drawn(Ticket(7), plan) => panic!("drawn unasked: {plan:?}"),
            _ => {}
        }
    }
}
