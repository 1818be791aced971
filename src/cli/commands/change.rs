//! Commands that change something: each draws a Plan, shows it, asks, and runs it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::args::{Run, Sync};
use crate::cli::output::{self, history};
use crate::cli::{Exit, Format, exit, select};
use crate::domain::record::Outcome;
use crate::domain::text::visible;
use crate::domain::{AppId, Health, HealthStatus, Plan, PlanKind, Problem, ProblemKind};
use crate::drift::LineOptions;
use crate::engine::{
    AppView, Draw, Moves, Report, Request, RunView, Snapshot, StepState, SyncStatus,
};

use super::session::{Drawn, ended};
use super::signals::Impatience;
use super::{Session, with_reasons};

type Done = Result<Exit, Vec<Problem>>;

/// How long `--wait` waits after the Run without `--timeout`.
const PATIENCE: Duration = Duration::from_secs(600);

/// Syncs Apps.
pub async fn sync(session: &mut Session, sync: &Sync, format: Format) -> Done {
    may_ask(&sync.run)?;
    let snapshot = session.settled().await?;
    let apps = if sync.all {
        select::all(&snapshot, sync.available)
    } else {
        select::apps(&snapshot, &sync.apps, &session.process.here)
            .map_err(|problems| with_reasons(problems, &snapshot))?
    };
    if apps.is_empty() {
        let problem = Problem::new(ProblemKind::NotFound, "there is no App to sync").hint(
            "`trueup apps` lists what there is; --available takes those in that were never synced.",
        );
        return Err(with_reasons(vec![problem], &snapshot));
    }
    // Of all Apps, those that could not be read are missing.
    let missing: &[Problem] = if sync.all { &snapshot.problems } else { &[] };
    let mut untold = missing;
    let only = select::objects(&apps, &sync.resource)
        .map_err(|problems| with_reasons(problems, &snapshot))?;
    let mut draw = Draw::Sync {
        apps: apps.iter().map(|a| a.app.id.clone()).collect(),
        only,
        prune: sync.prune || sync.prune_all.is_some(),
        prune_all: sync.prune_all.clone(),
        adopt: sync.adopt,
        moves: moves(&sync.run),
    };
    loop {
        let drawn = drawn(session, &mut draw).await;
        let plan = drawn.map_err(|problems| why_not(problems, &apps, &snapshot))?;
        let told = std::mem::take(&mut untold);
        super::complain(Some(&session.setup), &session.process, told);
        let moves_ownership = plan.kind == PlanKind::Adopt;
        let exit = carry_out(session, &snapshot, plan, &sync.run, format).await?;
        // An adoption is followed by the sync that it was for, drawn anew from what the server says then.
        let goes_on = exit == Exit::Success && session.caught.is_none();
        if !moves_ownership || !goes_on || sync.run.dry_run {
            return Ok(match missing.is_empty() {
                true => exit,
                false => exit.max(Exit::Error),
            });
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
    let app = select::app(&snapshot, word, &session.process.here)
        .map_err(|problem| with_reasons(vec![problem], &snapshot))?;
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
    let drawn = drawn(session, &mut draw).await;
    let plan = drawn.map_err(|problems| why_not(problems, &[app], &snapshot))?;
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
            if !session
                .ask(&format!("{one}. Go there? [y/N] "), "y")
                .await?
            {
                return Err(unchanged());
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

/// Somebody was asked, and said no.
fn unchanged() -> Vec<Problem> {
    vec![Problem::new(ProblemKind::Cancelled, "nothing was changed")]
}

/// Why no Plan could be drawn: what is known to be wrong with the Apps and with the whole says more than that something
/// is not there yet.
fn why_not(drawn: Vec<Problem>, apps: &[Arc<AppView>], snapshot: &Snapshot) -> Vec<Problem> {
    let mut known: Vec<Problem> = Vec::new();
    let of_apps = apps.iter().flat_map(|app| &app.problems);
    let of_apps = of_apps.filter(|p| !snapshot.problems.iter().any(|whole| whole.tells(p)));
    for problem in of_apps.chain(&snapshot.problems) {
        if !known.contains(problem) {
            known.push(problem.clone());
        }
    }
    let only_waits = drawn.iter().all(|p| p.kind == ProblemKind::Unreachable);
    let is_cancelled = drawn.iter().any(|p| p.kind == ProblemKind::Cancelled);
    match () {
        () if is_cancelled || known.is_empty() => drawn,
        () if only_waits => known,
        () => {
            let new = drawn
                .into_iter()
                .filter(|p| !known.iter().any(|k| k.tells(p)));
            let mut all: Vec<Problem> = new.collect();
            all.extend(known.iter().cloned());
            all
        }
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
    let of_refusal = match plan.apps.iter().any(|a| a.refused.is_some()) {
        true => Exit::Error,
        false => Exit::Success,
    };
    if !is_json || run.dry_run {
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
    if run.dry_run {
        return Ok(of_refusal);
    }
    let mut began = tokio::time::Instant::now();
    let mut ended = if plan.steps.is_empty() {
        nothing_to_run(&plan)
    } else {
        guarded(session, snapshot, &plan, run).await?;
        if !run.yes && !session.ask("Run this Plan? [y/N] ", "y").await? {
            return Err(unchanged());
        }
        began = tokio::time::Instant::now();
        let view = execute(session, plan.clone(), is_json, run).await?;
        RunView::clone(&view)
    };
    let mut exit = exit::of_run(&ended).max(of_refusal);
    let mut problems = Vec::new();
    if ended.outcome == Some(Outcome::Stopped)
        && session.caught.is_none()
        && let Some(limit) = run.timeout
    {
        problems.push(out_of_time(limit));
        exit = Exit::Error;
    }
    // The sync that follows an adoption is waited for, not the adoption.
    if run.wait && exit == Exit::Success && plan.kind != PlanKind::Adopt && session.caught.is_none()
    {
        // What the Run took is taken off.
        let whole = run.timeout.unwrap_or(PATIENCE);
        let patience = match run.timeout {
            Some(limit) => limit.saturating_sub(began.elapsed()),
            None => PATIENCE,
        };
        let health;
        (health, problems) = healthy(session, &ended, snapshot, patience, whole).await?;
        if !problems.is_empty() {
            exit = Exit::Error;
        }
        let before = ended.clone();
        ended.health = health;
        if !is_json {
            let style = session.style();
            session.print(&output::run::changes(Some(&before), &ended, &style))?;
        }
    }
    if is_json {
        session.print(&output::json::text(&output::run::json(&ended)))?;
    }
    match problems.is_empty() {
        true => Ok(exit),
        false => Err(problems),
    }
}

/// The Run of a Plan without steps.
fn nothing_to_run(plan: &Arc<Plan>) -> RunView {
    let refused = plan.apps.iter().find_map(|a| a.refused.clone());
    RunView {
        plan: plan.clone(),
        steps: Vec::<StepState>::new(),
        waiting: String::new(),
        outcome: Some(match refused {
            Some(_) => Outcome::Failed,
            None => Outcome::Succeeded,
        }),
        problem: refused,
        health: None,
    }
}

/// A guarded cluster wants its name typed.
async fn guarded(
    session: &mut Session,
    snapshot: &Snapshot,
    plan: &Plan,
    run: &Run,
) -> Result<(), Vec<Problem>> {
    for context in snapshot.guarded(plan) {
        let named = session.setup.loaded.settings.context.contains(context);
        if run.yes && named {
            continue;
        }
        let problem = || {
            Problem::new(
                ProblemKind::Unsupported,
                "this cluster is guarded: its name must be given",
            )
            .at(context.clone())
            .hint(format!("Name it on the line: --context {context}."))
        };
        if run.yes {
            return Err(vec![problem()]);
        }
        let question = format!("{context} is guarded. Type its name to go on: ");
        if !session.ask(&question, context).await? {
            return Err(unchanged());
        }
    }
    Ok(())
}

/// The Run did not come to its end in time.
fn out_of_time(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    Problem::new(
        ProblemKind::Cancelled,
        format!("the {seconds} s of --timeout were over: the Run was stopped before its next step"),
    )
    .hint("What is done stays done. Sync again, with more time, for the rest.")
}

/// Runs a Plan, and prints what each step comes to. A signal or the end of its time stops it before its next step; what
/// cannot be printed does not, for the Run would be left with its lock.
async fn execute(
    session: &mut Session,
    plan: Arc<Plan>,
    quiet: bool,
    run: &Run,
) -> Result<Arc<RunView>, Vec<Problem>> {
    let mut deadline = run.timeout.map(|limit| tokio::time::Instant::now() + limit);
    let ticket = session.ticket();
    session.engine.send(Request::Run(ticket, plan));
    let mut before: Option<Arc<RunView>> = None;
    let mut unprinted = None;
    let mut impatience = Impatience::default();
    loop {
        let report = tokio::select! {
            report = session.engine.report() => report,
            () = until(deadline) => {
                deadline = None;
                session.engine.send(Request::StopRun(ticket));
                continue;
            }
            caught = session.signals.next() => {
                session.engine.send(Request::StopRun(ticket));
                session.caught.get_or_insert(caught);
                if impatience.is_again(caught, tokio::time::Instant::now()) {
                    return Err(vec![
                        Problem::new(ProblemKind::Cancelled, "left in the middle of a Run")
                            .hint("What was under way may or may not have been done; `trueup diff` tells."),
                    ]);
                }
                continue;
            }
        };
        match report {
            None => return Err(ended()),
            Some(Report::Run(t, view)) if t == ticket => {
                if !quiet {
                    let style = session.style();
                    let changes = output::run::changes(before.as_deref(), &view, &style);
                    unprinted = unprinted.or(session.print(&changes).err());
                }
                if view.outcome.is_some() {
                    return match unprinted {
                        Some(problems) => Err(problems),
                        None => Ok(view),
                    };
                }
                before = Some(view);
            }
            Some(Report::Takeover(t, takeover)) if t == ticket => {
                let is_meant = match run.yes {
                    true => {
                        if !quiet {
                            let text = format!("{takeover}: it is taken over, as --yes says");
                            let line = format!("{}\n", visible(&text));
                            unprinted = unprinted.or(session.print(&line).err());
                        }
                        true
                    }
                    // A signal meanwhile is no.
                    false => {
                        let question = format!("{takeover}. Take it over? [y/N] ");
                        session.ask(&question, "y").await.unwrap_or_default()
                    }
                };
                session.engine.send(Request::TakeOver(ticket, is_meant));
                if session.caught.is_some() {
                    session.engine.send(Request::StopRun(ticket));
                }
            }
            Some(_) => {}
        }
    }
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Waits until the Apps of a Run are healthy: the worst health among them, and what is wrong when patience ends.
/// `before` is what was known before the Run: health is believed only where the Run itself has been seen. `whole` is what
/// Run and wait had together.
async fn healthy(
    session: &mut Session,
    run: &RunView,
    before: &Snapshot,
    patience: Duration,
    whole: Duration,
) -> Result<(Option<Health>, Vec<Problem>), Vec<Problem>> {
    let plan = &run.plan;
    let ids: Vec<AppId> = plan
        .apps
        .iter()
        .filter(|a| a.refused.is_none())
        .map(|a| a.id.clone())
        .collect();
    let last_run = |app: &AppView| Some(app.record.as_ref()?.history.last()?.id);
    let is_well = |app: &AppView| {
        let id = &app.app.id;
        let was_run = plan.steps.iter().any(|step| step.app == *id);
        let is_seen = !was_run || last_run(app) > before.app(id).and_then(|app| last_run(app));
        let health = match &app.health {
            Some(health) => health.status == HealthStatus::Healthy,
            None => app.objects.is_empty(),
        };
        is_seen && health && app.sync != SyncStatus::Checking
    };
    let well = |snapshot: &Snapshot| {
        ids.iter()
            .filter_map(|id| snapshot.app(id))
            .all(|app| is_well(app))
    };
    let waited = tokio::time::timeout(patience, session.until(well)).await;
    session.unsay();
    if let Ok(done) = waited {
        done?;
    }
    let snapshot = session.engine.snapshot();
    let apps = || ids.iter().filter_map(|id| snapshot.app(id));
    let worst = apps()
        .filter_map(|app| app.health.as_ref())
        .max_by_key(|health| health.status);
    let seconds = whole.as_secs();
    let problems = apps()
        .filter(|app| !is_well(app))
        .map(|app| {
            let what = match &app.health {
                Some(health) if health.status != HealthStatus::Healthy => {
                    format!("it is still {} after {seconds} s", health.status)
                }
                _ => format!("its health is still not known after {seconds} s"),
            };
            let problem = Problem::new(ProblemKind::Rejected, what).at(app.app.id.name.clone());
            match app.health.as_ref().filter(|h| !h.message.is_empty()) {
                Some(health) => problem.because(health.message.clone()),
                None => problem,
            }
        })
        .collect();
    Ok((worst.cloned(), problems))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::cli::output::samples;
    use crate::engine::{ClusterMode, Reach};

    #[test]
    fn a_guarded_context_was_asked_about_again_after_another() {
        let mut snapshot = samples::snapshot();
        snapshot.clusters = ["a", "b", "c"]
            .map(|context| {
                let mut view = (*samples::cluster(context, Reach::Connecting)).clone();
                view.mode = match context {
                    "c" => ClusterMode::Normal,
                    _ => ClusterMode::Guarded,
                };
                Arc::new(view)
            })
            .to_vec();
        let mut plan = samples::plan();
        let step = plan.steps[0].clone();
        plan.steps = ["a", "b", "c", "a"]
            .map(|context| {
                let mut step = step.clone();
                step.app.context = context.into();
                step
            })
            .to_vec();
        assert_eq!(snapshot.guarded(&plan), ["a", "b"]);
    }
}
