//! What is taken from the world, at one moment, to draw a Plan from.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::cluster::{Connection, Discovery, Live};
use crate::domain::plan::PlannedApp;
use crate::domain::{
    App, AppId, Commit, CommitId, Destination, Notice, ObjectDrift, ObjectKey, PlanKind, Problem,
    ProblemKind, Repository, Revision,
};
use crate::drift::desired::Prepared;
use crate::git::Repo;
use crate::providers::native::{RepositoryRef, binding};
use crate::sync::PlanOptions;

use super::Meter;
use super::memory;
use crate::engine::compare::question::Question;
use crate::engine::core::Core;
use crate::engine::request::{Draw, Move, Moves};
use crate::engine::snapshot::ClusterMode;
use crate::engine::{snapshot, words, world};

/// What a cluster has, shared by the Apps of a Plan.
pub(super) type LiveObjects = HashMap<ObjectKey, Arc<Live>>;

/// One App with all that drawing needs, taken from the world at one moment.
pub(super) struct Work {
    pub app: Arc<App>,
    pub repository: RepositoryRef,
    pub repo: Option<Repo>,
    pub commit: Commit,
    pub revision: Revision,
    pub prepared: BTreeMap<ObjectKey, Prepared>,
    /// What was found out already, for objects that need no new question.
    pub known: BTreeMap<ObjectKey, Arc<ObjectDrift>>,
    pub questions: BTreeMap<ObjectKey, Question>,
    pub live: Arc<LiveObjects>,
    pub render_problems: Vec<Problem>,
    /// What a person should know of what was rendered: a file that was left out, and what it held with it.
    pub notices: Vec<Notice>,
    pub connection: Connection,
    pub discovery: Arc<Discovery>,
    pub moved_from: Option<Destination>,
    pub rollback: Option<(Repo, CommitId)>,
    pub asks_at_once: usize,
    pub meter: Arc<Meter>,
}

/// The Apps that would go elsewhere, where somebody is to be asked about them.
pub(super) fn moves(works: &[Work], how: &Moves) -> Vec<Move> {
    if *how == Moves::Refuse {
        return Vec::new();
    }
    let moves = works.iter().filter_map(|work| {
        Some(Move {
            app: work.app.id.clone(),
            from: work.moved_from.clone()?,
            to: work.app.destination.clone(),
        })
    });
    moves.collect()
}

/// Where an App went before, where it would go elsewhere now and nobody has said that this is meant: a binding of its
/// directory to exactly this place says so, and so does a person.
fn moved_from(core: &Core, app: &App, cluster: &str, how: &Moves) -> Option<Destination> {
    let repository = core.world.reference(&app.source.repository);
    let from = memory::moved_from(&core.options.memory, app, &repository, cluster)?;
    let to = &app.destination;
    let bound = binding::of(&core.options.bindings, &repository, &app.source.path);
    let is_bound = bound.is_some_and(|b| {
        b.context.as_ref() == Some(&to.context) && b.namespace.as_ref() == Some(&to.namespace)
    });
    let is_confirmed = match how {
        Moves::Confirmed(moves) => moves
            .iter()
            .any(|m| m.app == app.id && m.from == from && m.to == *to),
        Moves::Refuse | Moves::Ask => false,
    };
    let is_given = core.options.destination_given;
    (!is_given && !is_bound && !is_confirmed).then_some(from)
}

/// What a Plan is drawn from.
pub(super) struct Taken {
    pub works: Vec<Work>,
    /// Apps of which nothing can be asked.
    pub refused: Vec<PlannedApp>,
    pub options: PlanOptions,
}

/// Takes what a Plan is to be drawn from.
pub(super) fn prepare(core: &Core, what: &Draw, meter: &Arc<Meter>) -> Result<Taken, Problem> {
    match what {
        Draw::Sync {
            apps,
            only,
            prune,
            prune_all,
            adopt,
            moves,
        } => {
            let mut seen = HashMap::new();
            let (mut works, mut refused) = (Vec::new(), Vec::new());
            for id in apps {
                match work(core, id, None, moves, (&mut seen, meter)) {
                    Ok(work) => works.push(work),
                    Err(problem) if apps.len() == 1 => return Err(problem),
                    Err(problem) => refused.push(PlannedApp::refused(
                        id.clone(),
                        commit_of(core, id).ok_or_else(|| problem.clone())?,
                        problem,
                    )),
                }
            }
            let options = PlanOptions {
                kind: if *adopt {
                    PlanKind::Adopt
                } else {
                    PlanKind::Sync
                },
                prune: *prune,
                prune_all: prune_all.clone(),
                only: only.clone(),
                adopt: *adopt,
                estimate: false,
            };
            Ok(Taken {
                works,
                refused,
                options,
            })
        }
        Draw::Rollback { app, record, moves } => {
            let entry = core.world.apps.get(app).ok_or_else(|| unknown_app(app))?;
            let world::RecordState::Read(history) = &entry.record else {
                return Err(Problem::new(
                    ProblemKind::NotFound,
                    "this App has no history to go back to",
                )
                .at(app.to_string()));
            };
            let run = history
                .history
                .iter()
                .find(|r| r.id == *record)
                .ok_or_else(|| {
                    Problem::new(
                        ProblemKind::NotFound,
                        format!("the history has no entry {record}"),
                    )
                    .at(app.to_string())
                    .hint("`trueup history` lists what there is.")
                })?;
            let commit = Some(run.commit.clone());
            let work = work(core, app, commit, moves, (&mut HashMap::new(), meter))?;
            let options = PlanOptions {
                kind: PlanKind::Rollback,
                ..PlanOptions::default()
            };
            Ok(Taken {
                works: vec![work],
                refused: Vec::new(),
                options,
            })
        }
    }
}

/// The commit that an App would be synced to, where Git says one.
fn commit_of(core: &Core, id: &AppId) -> Option<Commit> {
    let desired = core.world.apps.get(id)?.desired.as_ref()?;
    Some(desired.target.commit.clone())
}

fn unknown_app(id: &AppId) -> Problem {
    Problem::new(ProblemKind::NotFound, "there is no such App (any more)").at(id.to_string())
}

fn work(
    core: &Core,
    id: &AppId,
    rollback: Option<CommitId>,
    moves: &Moves,
    (seen, meter): (&mut HashMap<String, Arc<LiveObjects>>, &Arc<Meter>),
) -> Result<Work, Problem> {
    let entry = core.world.apps.get(id).ok_or_else(|| unknown_app(id))?;
    let cluster = core.world.clusters.get(&id.context);
    if core.options.read_only {
        return Err(crate::engine::read_only());
    }
    if cluster.is_some_and(|c| c.mode == ClusterMode::ReadOnly) {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            "the settings make this cluster read-only",
        )
        .at(id.context.clone())
        .hint("Change `contexts` in the config file if that is not meant."));
    }
    if let Some(problem) = core.options.memory.lost()
        && !core.options.destination_given
    {
        return Err(problem
            .clone()
            .hint("Until then, name where to sync to with --context and --namespace."));
    }
    let connected = cluster.and_then(|c| Some((c, c.connection.clone()?, c.discovery.clone()?)));
    let Some((cluster, connection, discovery)) = connected else {
        let why = match cluster.map(|c| &c.reach) {
            Some(snapshot::Reach::Down { problem, .. }) => problem.clone(),
            Some(_) => Problem::new(ProblemKind::Unreachable, "the cluster is not connected"),
            // No context: the App says which one is missing, and that will not come by waiting.
            None => return Err(nowhere(id, &entry.app.problems)),
        };
        return Err(why.at(id.context.clone()));
    };
    let mut problems = entry.app.problems.clone();
    problems.extend(entry.desired_problems.iter().cloned());
    problems.extend(entry.prepare_problems.iter().cloned());
    let Some(desired) = &entry.desired else {
        let first = problems.into_iter().next();
        return Err(first.unwrap_or_else(|| {
            Problem::new(
                ProblemKind::Unreachable,
                "what Git says of this App is not known yet",
            )
            .at(id.to_string())
        }));
    };
    if rollback.is_none() {
        // What is there came before a revision that does not resolve: its manifests are not at fault.
        let unresolved = entry.desired_problems != desired.problems;
        if let (true, Some(problem)) = (unresolved, entry.desired_problems.first()) {
            return Err(problem.clone());
        }
        syncable(id, desired)?;
    }
    let repository = core.world.repos.get(&entry.app.source.repository);
    if let Some(problem) = repository.and_then(|r| r.problem.as_ref().filter(|_| r.repo.is_some()))
    {
        let moves = rollback.is_none() && !desired.target.revision.is_commit();
        match &entry.app.source.repository {
            // It has no copy elsewhere: what cannot be read there cannot be gone back to either.
            Repository::Local(_) if moves || rollback.is_some() => return Err(problem.clone()),
            Repository::Remote(_) if moves => return Err(old(id, problem)),
            _ => {}
        }
    }
    let repo = repository.and_then(|r| r.repo.clone());
    let rollback = match (rollback, repo.clone()) {
        (Some(commit), Some(repo)) => Some((repo, commit)),
        (Some(_), None) => {
            return Err(
                Problem::new(ProblemKind::Unreachable, "the repository cannot be read")
                    .at(id.to_string()),
            );
        }
        (None, _) => None,
    };
    let prepared = entry
        .prepared
        .as_ref()
        .map(|p| p.iter().map(|(k, v)| (k.clone(), v.prepared())).collect());
    let prepared: BTreeMap<ObjectKey, Prepared> = prepared.unwrap_or_default();
    let questions = prepared
        .iter()
        .filter_map(|(key, prepared)| {
            let question = core.question_about(id, key, prepared.manifest.clone())?;
            // Rights may have come since; a Plan asks anew.
            Some((
                key.clone(),
                Question {
                    may_patch: true,
                    ..question
                },
            ))
        })
        .collect();
    if rollback.is_none() {
        meter.adds(prepared.len());
    }
    Ok(Work {
        meter: meter.clone(),
        app: entry.app.clone(),
        repository: core.world.reference(&entry.app.source.repository),
        repo: repo.clone(),
        commit: desired.target.commit.clone(),
        revision: desired.target.revision.clone(),
        known: entry
            .objects
            .iter()
            .map(|(key, c)| (key.clone(), c.drift.clone()))
            .collect(),
        questions,
        live: seen
            .entry(id.context.clone())
            .or_insert_with(|| {
                let live = cluster.live.iter();
                Arc::new(
                    live.map(|(k, seen)| (k.clone(), seen.live.clone()))
                        .collect(),
                )
            })
            .clone(),
        render_problems: problems,
        notices: desired.notices.clone(),
        connection,
        discovery,
        moved_from: {
            let identity = cluster.identity.as_ref();
            let uid = identity.map(|i| i.uid.as_str()).unwrap_or_default();
            moved_from(core, &entry.app, uid, moves)
        },
        prepared,
        rollback,
        asks_at_once: core.options.asks_at_once,
    })
}

/// Why an App has no cluster to go to, as it says itself.
fn nowhere(id: &AppId, problems: &[Problem]) -> Problem {
    let is_about_it =
        |problem: &&Problem| matches!(problem.kind, ProblemKind::NotFound | ProblemKind::Config);
    problems
        .iter()
        .find(is_about_it)
        .cloned()
        .unwrap_or_else(|| {
            Problem::new(ProblemKind::NotFound, "it has no cluster to go to")
                .at(id.to_string())
                .hint(
                    "Choose one with --context; `kubectl config get-contexts` lists what there is.",
                )
        })
}

/// What was fetched once may not be what Git says by now; only a commit stays what it is.
fn old(id: &AppId, problem: &Problem) -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "what Git says may have moved: the repository could not be fetched",
    )
    .at(id.to_string())
    .because(match problem.causes.first() {
        Some(cause) => format!("{}: {cause}", problem.summary),
        None => problem.summary.clone(),
    })
    .hint(words::LOOK_AGAIN)
    .hint(format!(
        "{} `trueup sync {} --revision SHA` goes, and so does a rollback.",
        words::COMMIT_STAYS,
        id.name
    ))
}

/// The work tree can be compared, never synced; nor can a revision that is only looked at.
fn syncable(id: &AppId, desired: &world::Desired) -> Result<(), Problem> {
    if desired.target.revision == Revision::Worktree {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            "the work tree can be compared, not synced",
        )
        .at(id.to_string())
        .hint(
            "Commit first: what is synced must be a commit, so that everybody can see what it was.",
        ));
    }
    if let Some(own) = &desired.target.override_of {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            format!(
                "the App is looked at with revision {}, which is not its own",
                desired.target.revision
            ),
        )
        .at(id.to_string())
        .hint(format!(
            "Go back to {own} with `:rev`, or change the App's revision where it is defined."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_without_a_cluster_was_told_to_be_connected_soon() {
        let id = AppId::default();
        let other = Problem::new(ProblemKind::Invalid, "a broken manifest");
        let missing = Problem::new(ProblemKind::NotFound, "the kubeconfig has no context nope");
        assert_eq!(nowhere(&id, &[other.clone(), missing.clone()]), missing);
        let unsaid = nowhere(&id, &[other]);
        assert_eq!(unsaid.summary, "it has no cluster to go to");
        assert!(!unsaid.hints.is_empty());
    }
}
