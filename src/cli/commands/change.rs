//! Commands that change something: each draws a Plan, shows it, asks, and runs it.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::args::{Run, Sync};
use crate::cli::output::{self, history};
use crate::cli::{Exit, Format, exit, select};
use crate::domain::record::Outcome;
use crate::domain::{AppId, HealthStatus, ObjectKey, Plan, Problem, ProblemKind};
use crate::drift::LineOptions;
use crate::engine::{
    AppView, ClusterMode, Draw, Moves, Report, Request, RunView, Snapshot, SyncStatus,
};

use super::Session;
use super::session::Drawn;

type Done = Result<Exit, Vec<Problem>>;

/// How long `--wait` waits without `--timeout`.
const PATIENCE: Duration = Duration::from_secs(600);

/// Syncs Apps.
pub async fn sync(session: &mut Session, sync: &Sync, format: Format) -> Done {
    may_ask(&sync.run)?;
    let snapshot = session.settled().await?;
    let apps = if sync.all {
        select::all(&snapshot, sync.available)
    } else {
        select::apps(&snapshot, &sync.apps)?
    };
    if apps.is_empty() {
        let problem = Problem::new(ProblemKind::NotFound, "there is no App to sync").hint(
            "`trueup apps` lists what there is; --available takes those in that were never synced.",
        );
        return Err([vec![problem], snapshot.problems.clone()].concat());
    }
    let only = chosen_objects(&apps, sync)?;
    let mut draw = Draw::Sync {
        apps: apps.iter().map(|a| a.app.id.clone()).collect(),
        only,
        prune: sync.prune || sync.prune_all.is_some(),
        prune_all: sync.prune_all.clone(),
        adopt: sync.adopt,
        moves: moves(&sync.run),
    };
    loop {
        let plan = drawn(session, &mut draw).await?;
        let moves_ownership = plan.kind == crate::domain::PlanKind::Adopt;
        let exit = carry_out(session, &snapshot, plan, &sync.run, format).await?;
        // An adoption is followed by the sync that it was for, drawn anew from what the server says then.
        if !moves_ownership || exit != Exit::Success || sync.run.dry_run {
            return Ok(exit);
        }
    }
}

/// Takes an App back to a revision of its history.
pub async fn rollback(
    session: &mut Session,
    word: &str,
    to: &str,
    run: &Run,
    format: Format,
) -> Done {
    may_ask(run)?;
    let snapshot = session.settled().await?;
    let app = select::app(&snapshot, word).map_err(|p| vec![p])?;
    let Some(record) = history::find(&app, to) else {
        let problem = Problem::new(ProblemKind::NotFound, format!("the history has no {to}"))
            .at(app.app.id.name.clone())
            .hint(format!(
                "`trueup history {}` lists what there is.",
                app.app.id.name
            ));
        return Err([vec![problem], app.problems.clone()].concat());
    };
    let mut draw = Draw::Rollback {
        app: app.app.id.clone(),
        record: record.id,
        moves: moves(run),
    };
    let plan = drawn(session, &mut draw).await?;
    carry_out(session, &snapshot, plan, run, format).await
}

/// Whoever can be asked is asked whether an App is meant to go elsewhere than before.
fn moves(run: &Run) -> Moves {
    if run.yes || run.dry_run {
        Moves::Refuse
    } else {
        Moves::Ask
    }
}

/// Has a Plan drawn, after a yes where Apps would go elsewhere than before.
async fn drawn(session: &mut Session, draw: &mut Draw) -> Result<Arc<Plan>, Vec<Problem>> {
    loop {
        let moves = match session.draw(draw.clone()).await? {
            Drawn::Plan(plan) => return Ok(plan),
            Drawn::Moves(moves) => moves,
        };
        for one in &moves {
            if !ask(session, &format!("{one}. Go there? [y/N] "), "y").await? {
                return Err(vec![Problem::new(
                    ProblemKind::Cancelled,
                    "nothing was changed",
                )]);
            }
        }
        *draw = draw.clone().with_moves(Moves::Confirmed(moves));
    }
}

/// Without a terminal nobody can be asked: better an error at once than a hang later.
fn may_ask(run: &Run) -> Result<(), Vec<Problem>> {
    if run.yes || run.dry_run || std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(vec![
        Problem::new(
            ProblemKind::Config,
            "nobody can be asked: standard input is no terminal",
        )
        .hint("Give --yes to run the Plan without asking, or --dry-run to see it."),
    ])
}

fn chosen_objects(
    apps: &[Arc<AppView>],
    sync: &Sync,
) -> Result<Vec<(AppId, ObjectKey)>, Vec<Problem>> {
    let mut only = Vec::new();
    let mut problems = Vec::new();
    for pattern in &sync.resource {
        let before = only.len();
        for app in apps {
            let keys = app
                .objects
                .iter()
                .map(|o| &o.drift.key)
                .filter(|k| pattern.matches(k));
            only.extend(keys.map(|key| (app.app.id.clone(), key.clone())));
        }
        if only.len() == before {
            problems.push(
                Problem::new(
                    ProblemKind::NotFound,
                    "no object of these Apps is meant by this",
                )
                .at(pattern.to_string())
                .hint("--resource takes [group/]Kind/[namespace/]name, as in Deployment/web."),
            );
        }
    }
    if problems.is_empty() {
        Ok(only)
    } else {
        Err(problems)
    }
}

/// Shows a Plan, asks, runs it, and waits where that was asked for.
async fn carry_out(
    session: &mut Session,
    snapshot: &Snapshot,
    plan: Arc<Plan>,
    run: &Run,
    format: Format,
) -> Done {
    let is_json = format == Format::Json;
    let refused: Vec<Problem> = plan.apps.iter().filter_map(|a| a.refused.clone()).collect();
    if !is_json || run.dry_run || plan.steps.is_empty() {
        let text = match format {
            Format::Json => output::json::text(&output::plan::json(&plan)),
            _ => output::plan::text(
                &plan,
                &LineOptions {
                    context: 3,
                    foreign: false,
                },
                &session.style(),
            ),
        };
        session.print(&text)?;
    }
    if plan.steps.is_empty() || run.dry_run {
        return Ok(if refused.is_empty() {
            Exit::Success
        } else {
            Exit::Error
        });
    }
    guarded(session, snapshot, &plan, run).await?;
    if !run.yes && !ask(session, "Run this Plan? [y/N] ", "y").await? {
        return Err(vec![Problem::new(
            ProblemKind::Cancelled,
            "nothing was changed",
        )]);
    }
    let ended = execute(session, plan.clone(), is_json).await?;
    if is_json {
        session.print(&output::json::text(&output::run::json(&ended)))?;
    }
    let exit = exit::of_run(&ended).max(if refused.is_empty() {
        Exit::Success
    } else {
        Exit::Error
    });
    if run.wait && ended.outcome == Some(Outcome::Succeeded) {
        return Ok(exit.max(healthy(session, &plan, run.timeout.unwrap_or(PATIENCE)).await?));
    }
    Ok(exit)
}

/// A guarded cluster wants its name typed.
async fn guarded(
    session: &mut Session,
    snapshot: &Snapshot,
    plan: &Plan,
    run: &Run,
) -> Result<(), Vec<Problem>> {
    let mut contexts: Vec<&str> = plan
        .steps
        .iter()
        .map(|s| s.app.context.as_str())
        .filter(|c| {
            snapshot
                .cluster(c)
                .is_some_and(|c| c.mode == ClusterMode::Guarded)
        })
        .collect();
    contexts.dedup();
    for context in contexts {
        let named = session
            .setup
            .loaded
            .settings
            .context
            .iter()
            .any(|c| c == context);
        if run.yes && named {
            continue;
        }
        let problem = || {
            Problem::new(
                ProblemKind::Unsupported,
                "this cluster is guarded: its name must be given",
            )
            .at(context.to_owned())
            .hint(format!("Name it on the line: --context {context}."))
        };
        if run.yes {
            return Err(vec![problem()]);
        }
        let question = format!("{context} is guarded. Type its name to go on: ");
        if !ask(session, &question, context).await? {
            return Err(vec![Problem::new(
                ProblemKind::Cancelled,
                "nothing was changed",
            )]);
        }
    }
    Ok(())
}

async fn ask(session: &mut Session, question: &str, wanted: &str) -> Result<bool, Vec<Problem>> {
    session.unsay();
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(crate::domain::text::visible(question).as_bytes());
    let _ = stderr.flush();
    let line = session.line().await?;
    Ok(line.is_some_and(|line| line.trim().eq_ignore_ascii_case(wanted)))
}

/// Runs a Plan, and prints what each step comes to. An interrupt stops it before its next step.
async fn execute(
    session: &mut Session,
    plan: Arc<Plan>,
    quiet: bool,
) -> Result<Arc<RunView>, Vec<Problem>> {
    let ticket = session.ticket();
    session.engine.send(Request::Run(ticket, plan));
    let mut before: Option<Arc<RunView>> = None;
    let mut interrupts = 0;
    loop {
        let report = tokio::select! {
            report = session.engine.report() => report,
            Ok(()) = tokio::signal::ctrl_c() => {
                interrupts += 1;
                session.engine.send(Request::StopRun(ticket));
                if interrupts > 1 {
                    return Err(vec![
                        Problem::new(ProblemKind::Cancelled, "left in the middle of a Run")
                            .hint("What was under way may or may not have been done; `trueup diff` tells."),
                    ]);
                }
                continue;
            }
        };
        match report {
            None => {
                return Err(vec![Problem::new(
                    ProblemKind::Internal,
                    "the engine has ended",
                )]);
            }
            Some(Report::Run(t, view)) if t == ticket => {
                if !quiet {
                    let style = session.style();
                    session.print(&output::run::changes(before.as_deref(), &view, &style))?;
                }
                if view.outcome.is_some() {
                    return Ok(view);
                }
                before = Some(view);
            }
            Some(_) => {}
        }
    }
}

/// Waits until the Apps of a Plan are healthy.
async fn healthy(session: &mut Session, plan: &Plan, patience: Duration) -> Done {
    let ids: Vec<AppId> = plan
        .apps
        .iter()
        .filter(|a| a.refused.is_none())
        .map(|a| a.id.clone())
        .collect();
    let well = {
        let ids = ids.clone();
        move |snapshot: &Snapshot| {
            ids.iter().filter_map(|id| snapshot.app(id)).all(|app| {
                app.sync != SyncStatus::Checking
                    && app
                        .health
                        .as_ref()
                        .is_none_or(|h| h.status == HealthStatus::Healthy)
            })
        }
    };
    let waited = tokio::time::timeout(patience, session.until(well)).await;
    session.unsay();
    if let Ok(done) = waited {
        done?;
        return Ok(Exit::Success);
    }
    let snapshot = session.engine.snapshot();
    let problems = ids
        .iter()
        .filter_map(|id| snapshot.app(id))
        .filter_map(|app| {
            let health = app
                .health
                .as_ref()
                .filter(|h| h.status != HealthStatus::Healthy)?;
            Some(
                Problem::new(
                    ProblemKind::Rejected,
                    format!(
                        "it is still {} after {} s",
                        health.status,
                        patience.as_secs()
                    ),
                )
                .at(app.app.id.name.clone())
                .because(health.message.clone()),
            )
        })
        .collect();
    Err(problems)
}
