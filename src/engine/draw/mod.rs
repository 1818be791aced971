//! Draws Plans: asks the server anew about everything that differs, and hands what came of it to the `sync` room.

mod ask;
pub(super) mod awaited;
mod held;
pub(super) mod memory;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::domain::plan::PlannedApp;
use crate::domain::record::AppRecord;
use crate::domain::{
    App, AppId, Commit, CommitId, Gvk, ObjectKey, Plan, PlanKind, Problem, Revision,
};
use crate::git::Repo;
use crate::providers::native::RepositoryRef;
use crate::sync::{AppInput, PlanOptions, RecordState};

use crate::engine::apps::desired;
use crate::engine::apps::prepare::prepare_all;
use crate::engine::compare::question::Question;
use crate::engine::core::Core;
use crate::engine::report::Report;
use crate::engine::request::{Draw, Ticket};
use crate::engine::sources::blocking;
use ask::input;
use work::{Taken, Work, moves, prepare};

/// What a Run must know of an App beyond its steps.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub app: Arc<App>,
    pub repository: RepositoryRef,
    pub record: Option<AppRecord>,
    pub held: BTreeSet<ObjectKey>,
    pub commit: Commit,
    pub revision: Revision,
}

/// Starts drawing; the answer goes out as a Report.
pub(super) fn start(core: &mut Core, ticket: Ticket, what: Draw) -> tokio::task::AbortHandle {
    let reports = core.reports.clone();
    let plans = core.plans.clone();
    let meter = Arc::new(Meter {
        ticket,
        reports: core.reports.clone(),
        done: AtomicUsize::new(0),
        total: AtomicUsize::new(0),
    });
    let taken = prepare(core, &what, &meter);
    tokio::spawn(async move {
        let drawn = match taken {
            Ok(taken) => {
                let moves = moves(&taken.works, what.moves());
                if !moves.is_empty() {
                    let _ = reports.send(Report::Moves(ticket, moves)).await;
                    return;
                }
                let _ = reports.send(meter.report()).await;
                draw(taken).await
            }
            Err(problem) => Err(problem),
        };
        let plan = drawn.map(|(plan, drawn)| {
            let plan = Arc::new(plan);
            plans.keep(plan.clone(), drawn);
            plan
        });
        let _ = reports.send(Report::Drawn(ticket, plan)).await;
    })
    .abort_handle()
}

/// Tells how many objects the server has answered for.
struct Meter {
    ticket: Ticket,
    reports: mpsc::Sender<Report>,
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Meter {
    fn adds(&self, n_objects: usize) {
        self.total.fetch_add(n_objects, Ordering::Relaxed);
    }

    /// One more is answered. Tells so some forty times in all, and never waits for whoever listens.
    fn answered(&self) {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of((total / 40).max(1)) {
            let _ = self.reports.try_send(self.report());
        }
    }

    fn report(&self) -> Report {
        let count = |n: &AtomicUsize| n.load(Ordering::Relaxed);
        Report::Drawing(self.ticket, count(&self.done), count(&self.total))
    }
}

/// Apps of one Plan that are drawn at a time.
const APPS_AT_ONCE: usize = 4;

/// One App's part of a Plan.
async fn draw_one(mut work: Work, kind: PlanKind) -> Result<(AppInput, Drawn), Problem> {
    if let Some((repo, commit)) = work.rollback.take() {
        go_back(&mut work, repo, commit).await?;
    }
    let input = input(&work, kind).await?;
    let drawn = Drawn {
        app: work.app.clone(),
        repository: work.repository.clone(),
        record: match &input.record {
            RecordState::Read(record) => Some(record.clone()),
            _ => None,
        },
        held: crate::sync::plan::held(&input, &gone(&input)),
        commit: input.commit.clone(),
        revision: work.revision.clone(),
    };
    Ok((input, drawn))
}

async fn draw(taken: Taken) -> Result<(Plan, BTreeMap<AppId, Drawn>), Problem> {
    let Taken {
        works,
        mut refused,
        options,
    } = taken;
    // Much of an App's part is asked one after the other: several Apps share the questions at a time.
    let n_apps = works.len().clamp(1, APPS_AT_ONCE);
    let mut each = futures::stream::iter(works.into_iter().map(|mut work| {
        work.asks_at_once = work.asks_at_once.div_ceil(n_apps);
        async {
            let (id, commit) = (work.app.id.clone(), work.commit.clone());
            draw_one(work, options.kind)
                .await
                .map_err(|problem| PlannedApp::refused(id, commit, problem))
        }
    }))
    .buffered(n_apps);
    let mut inputs = Vec::new();
    let mut context = BTreeMap::new();
    while let Some(one) = each.next().await {
        match one {
            Ok((input, drawn)) => {
                context.insert(drawn.app.id.clone(), drawn);
                inputs.push(input);
            }
            Err(app) => refused.push(app),
        }
    }
    drop(each);
    // One that cannot be asked about holds up no other; alone, it is the answer.
    let why = refused.first().and_then(|app| app.refused.clone());
    if let Some(why) = why.filter(|_| inputs.is_empty()) {
        return Err(why);
    }
    let mut plan = planned(inputs, options);
    plan.apps.extend(refused);
    Ok((plan, context))
}

/// The Plan. An adoption comes with an estimate of the sync behind it; one that has nothing to move (any more) is that
/// sync.
fn planned(inputs: Vec<AppInput>, options: PlanOptions) -> Plan {
    if options.kind != PlanKind::Adopt {
        return crate::sync::plan(inputs, &options);
    }
    let mut adoption = crate::sync::plan(inputs.clone(), &options);
    let sync = PlanOptions {
        kind: PlanKind::Sync,
        estimate: !adoption.steps.is_empty(),
        ..options
    };
    if adoption.steps.is_empty() {
        let is_refused = adoption.apps.iter().all(|app| app.refused.is_some());
        return match is_refused {
            true => adoption,
            false => crate::sync::plan(inputs, &sync),
        };
    }
    let goes_on = |input: &AppInput| {
        let mut apps = adoption.apps.iter();
        apps.any(|app| app.id == input.app.id && app.refused.is_none())
    };
    let inputs = inputs.into_iter().filter(goes_on).collect();
    adoption.estimate = Some(Arc::new(crate::sync::plan(inputs, &sync)));
    adoption
}

/// Held keys of which is proven that nothing lives there.
fn gone(input: &AppInput) -> BTreeSet<ObjectKey> {
    let RecordState::Read(record) = &input.record else {
        return BTreeSet::new();
    };
    let candidates: BTreeSet<_> = input.candidates.iter().map(|c| &c.drift.key).collect();
    record
        .inventory
        .0
        .iter()
        .filter(|key| !candidates.contains(key))
        .cloned()
        .collect()
}

/// Puts an earlier revision in the place of the present one.
async fn go_back(work: &mut Work, repo: Repo, commit: CommitId) -> Result<(), Problem> {
    let app = work.app.clone();
    let id = commit.clone();
    let (commit, rendered) = blocking(move || {
        let gone = |problem: Problem| {
            problem.hint("The commit may have been removed by a force push; only what Git still has can be gone back to.")
        };
        let commit = repo.commit(&id).map_err(gone)?;
        let tree = repo.tree(&id).map_err(gone)?;
        Ok((commit, desired::manifests(&app, &*tree)))
    })
    .await?;
    let scope = |gvk: &Gvk| {
        let resource = work
            .discovery
            .resource(gvk)
            .or_else(|| work.discovery.preferred(&gvk.group_kind()));
        resource.map(|r| r.namespaced)
    };
    let (prepared, problems, _) = prepare_all(&rendered.manifests, &work.app, &scope);
    work.commit = commit;
    work.revision = Revision::Named(work.commit.id.to_string());
    work.render_problems = rendered.problems.into_iter().chain(problems).collect();
    work.notices = rendered.notices;
    work.known.clear();
    work.questions = prepared
        .iter()
        .filter_map(|(key, p)| {
            let resource = work.discovery.resource(&p.manifest.gvk)?.clone();
            let live = work.live.get(key).cloned();
            let (app, connection) = (&work.app, work.connection.clone());
            let question =
                Question::of_step(app, connection, resource, key, p.manifest.clone(), live);
            Some((key.clone(), question))
        })
        .collect();
    work.meter.adds(prepared.len());
    work.prepared = prepared;
    Ok(())
}
