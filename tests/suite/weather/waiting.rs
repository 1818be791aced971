//! A cluster that does not answer yet, or not any more: what is asked waits for it, and costs nothing meanwhile.

use std::time::Duration;

use trueup::domain::{AppId, Plan, Problem, ProblemKind};
use trueup::engine::{Draw, Engine, Report, Request, Ticket};

use super::input::MAP;
use super::machine::Machine;
use super::renewal::{DEADLINE, engine, is_down, is_known, is_up, live, until};
use super::server::{Server, Spell, Weather, status};

const ALWAYS: usize = usize::MAX;

/// The next report that says something of a Plan.
async fn told(engine: &mut Engine) -> Report {
    let next = async {
        loop {
            match engine.report().await.expect("an engine") {
                Report::Changed | Report::Loan(_) | Report::Drawing(..) => {}
                report => return report,
            }
        }
    };
    tokio::time::timeout(DEADLINE, next)
        .await
        .expect("a report")
}

async fn drawn(engine: &mut Engine, ticket: Ticket) -> Result<Plan, Problem> {
    loop {
        match told(engine).await {
            Report::Drawn(of, plan) if of == ticket => return plan.map(|plan| Plan::clone(&plan)),
            Report::Awaiting(of, _) if of == ticket => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A console whose one App is known while its cluster is silent.
async fn early(server: &Server, machine: &Machine) -> (Engine, AppId) {
    machine.cluster(&server.url).shop(&[("web/a.yaml", MAP)]);
    let mut engine = engine(machine);
    until(&mut engine, "the App", |_, app| app.is_some()).await;
    let id = engine.snapshot().apps[0].app.id.clone();
    (engine, id)
}

fn silent() -> Server {
    Server::start(live("red"), vec![Spell("", Weather::Silence, ALWAYS)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_asked_for_before_the_cluster_was_connected_was_refused() {
    let (server, machine) = (silent(), Machine::new());
    let (mut engine, id) = early(&server, &machine).await;
    let sync = Draw::sync(vec![id], Vec::new());
    engine.send(Request::Draw(Ticket(1), sync.clone()));
    match told(&mut engine).await {
        Report::Awaiting(Ticket(1), what) => assert_eq!(what, "prod"),
        other => panic!("{other:?}"),
    }
    // Nobody wants this one any more.
    engine.send(Request::LeaveDraw(Ticket(1)));
    engine.send(Request::Draw(Ticket(2), sync));
    server.turn(Vec::new());
    let plan = drawn(&mut engine, Ticket(2)).await.expect("a Plan");
    // Drawn before the objects are listed it would make what is there; now it sees that this one is not trueup's.
    assert!(plan.steps.is_empty(), "{plan:?}");
    let refused = plan.apps[0].refused.clone().expect("a refusal");
    assert!(refused.summary.contains("are there already"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_waits_ends_with_the_connection_that_it_waits_for() {
    let (server, machine) = (silent(), Machine::new());
    let (mut engine, id) = early(&server, &machine).await;
    engine.send(Request::Draw(Ticket(1), Draw::sync(vec![id], Vec::new())));
    assert!(matches!(told(&mut engine).await, Report::Awaiting(..)));
    let no = status(401, "Unauthorized", "Unauthorized");
    server.turn(vec![Spell("", no, ALWAYS)]);
    let problem = drawn(&mut engine, Ticket(1)).await.expect_err("no Plan");
    assert_eq!(problem.kind, ProblemKind::Unauthenticated, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_were_put_again_while_the_cluster_was_down() {
    let (server, machine) = (Server::start(live("red"), Vec::new()), Machine::new());
    machine.cluster(&server.url).shop(&[("web/a.yaml", MAP)]);
    let mut engine = engine(&machine);
    until(&mut engine, "the App", |c, app| is_up(c) && is_known(app)).await;
    let no = status(401, "Unauthorized", "Unauthorized");
    server.turn(vec![Spell("", no, ALWAYS)]);
    engine.send(Request::Refresh(None));
    until(&mut engine, "the refusal", |c, _| {
        is_down(c, ProblemKind::Unauthenticated)
    })
    .await;
    let n_asked = || {
        let asked = server.asked();
        asked.iter().filter(|l| l.contains("dryRun=All")).count()
    };
    // What was under way has its answer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = n_asked();
    let ids: Vec<_> = engine
        .snapshot()
        .apps
        .iter()
        .map(|a| a.app.id.clone())
        .collect();
    for id in &ids {
        engine.send(Request::Refresh(Some(id.clone())));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(n_asked(), before, "{:?}", server.asked());
    // It comes back, and they are put.
    server.turn(Vec::new());
    until(&mut engine, "the verdict", |c, app| {
        is_up(c) && is_known(app) && n_asked() > before
    })
    .await;
}
