//! Draws Plans: asks the server anew about everything that differs, and hands what came of it to the `sync` room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::StreamExt as _;

use crate::cluster::{Connection, Discovery, Live, RefusalKind};
use crate::domain::record::AppRecord;
use crate::domain::{
    App, AppId, Commit, CommitId, Destination, GroupKind, Gvk, ObjectDrift, ObjectKey, Plan,
    PlanKind, Problem, ProblemKind, Revision, Verdict,
};
use crate::drift::desired::Prepared;
use crate::git::Repo;
use crate::providers::native::{RepositoryRef, binding};
use crate::sync::{AppInput, Candidate, LiveFacts, PlanOptions, RecordState};

use super::core::Core;
use super::question::{Question, extra, missing as absent};
use super::report::Report;
use super::request::{Draw, Move, Moves, Ticket};
use super::snapshot::ClusterMode;
use super::sources::blocking;
use super::world;
use super::{memory, record_key};

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
    let work = prepare(core, &what);
    tokio::spawn(async move {
        let drawn = match work {
            Ok((works, options)) => {
                let moves = moves(&works, what.moves());
                if !moves.is_empty() {
                    let _ = reports.send(Report::Moves(ticket, moves)).await;
                    return;
                }
                draw(works, options).await
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

/// What a cluster has, shared by the Apps of a Plan.
type LiveObjects = HashMap<ObjectKey, Arc<Live>>;

/// One App with all that drawing needs, taken from the world at one moment.
struct Work {
    app: Arc<App>,
    repository: RepositoryRef,
    commit: Commit,
    revision: Revision,
    prepared: BTreeMap<ObjectKey, Prepared>,
    /// What was found out already, for objects that need no new question.
    known: BTreeMap<ObjectKey, Arc<ObjectDrift>>,
    questions: BTreeMap<ObjectKey, Question>,
    live: Arc<LiveObjects>,
    render_problems: Vec<Problem>,
    connection: Connection,
    discovery: Arc<Discovery>,
    moved_from: Option<Destination>,
    rollback: Option<(Repo, CommitId)>,
    asks_at_once: usize,
}

/// The Apps that would go elsewhere, where somebody is to be asked about them.
fn moves(works: &[Work], how: &Moves) -> Vec<Move> {
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

fn prepare(core: &Core, what: &Draw) -> Result<(Vec<Work>, PlanOptions), Problem> {
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
            let works = apps
                .iter()
                .map(|id| work(core, id, None, moves, &mut seen))
                .collect::<Result<_, _>>()?;
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
                destination_confirmed: false,
            };
            Ok((works, options))
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
            let work = work(core, app, commit, moves, &mut HashMap::new())?;
            let options = PlanOptions {
                kind: PlanKind::Rollback,
                ..PlanOptions::default()
            };
            Ok((vec![work], options))
        }
    }
}

fn unknown_app(id: &AppId) -> Problem {
    Problem::new(ProblemKind::NotFound, "there is no such App (any more)").at(id.to_string())
}

fn work(
    core: &Core,
    id: &AppId,
    rollback: Option<CommitId>,
    moves: &Moves,
    seen: &mut HashMap<String, Arc<LiveObjects>>,
) -> Result<Work, Problem> {
    let entry = core.world.apps.get(id).ok_or_else(|| unknown_app(id))?;
    let cluster = core.world.clusters.get(&id.context);
    if core.options.read_only {
        return Err(super::read_only());
    }
    if cluster.is_some_and(|c| c.mode == ClusterMode::ReadOnly) {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            "the settings make this cluster read-only",
        )
        .at(id.context.clone())
        .hint("Change `contexts` in the config file if that is not meant."));
    }
    let connected = cluster.and_then(|c| Some((c, c.connection.clone()?, c.discovery.clone()?)));
    let Some((cluster, connection, discovery)) = connected else {
        let why = match cluster.map(|c| &c.reach) {
            Some(super::snapshot::Reach::Down { problem, .. }) => problem.clone(),
            _ => Problem::new(ProblemKind::Unreachable, "the cluster is not connected yet"),
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
        syncable(id, desired)?;
    }
    let repo = core
        .world
        .repos
        .get(&entry.app.source.repository)
        .and_then(|r| r.repo.clone());
    let rollback = match (rollback, repo) {
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
    Ok(Work {
        app: entry.app.clone(),
        repository: core.world.reference(&entry.app.source.repository),
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

/// Apps of one Plan that are drawn at a time.
const APPS_AT_ONCE: usize = 4;

/// One App's part of a Plan.
async fn draw_one(mut work: Work) -> Result<(AppInput, Drawn), Problem> {
    if let Some((repo, commit)) = work.rollback.take() {
        go_back(&mut work, repo, commit).await?;
    }
    let input = input(&work).await?;
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

async fn draw(
    works: Vec<Work>,
    options: PlanOptions,
) -> Result<(Plan, BTreeMap<AppId, Drawn>), Problem> {
    // Much of an App's part is asked one after the other: several Apps share the questions at a time.
    let n_apps = works.len().clamp(1, APPS_AT_ONCE);
    let mut each = futures::stream::iter(works.into_iter().map(|mut work| {
        work.asks_at_once = work.asks_at_once.div_ceil(n_apps);
        draw_one(work)
    }))
    .buffered(n_apps);
    let mut inputs = Vec::new();
    let mut context = BTreeMap::new();
    while let Some(one) = each.next().await {
        let (input, drawn) = one?;
        context.insert(drawn.app.id.clone(), drawn);
        inputs.push(input);
    }
    drop(each);
    Ok((planned(inputs, options), context))
}

/// The Plan. An adoption that has nothing to move (any more) is the sync that it was for.
fn planned(inputs: Vec<AppInput>, options: PlanOptions) -> Plan {
    if options.kind != PlanKind::Adopt {
        return crate::sync::plan(inputs, &options);
    }
    let adoption = crate::sync::plan(inputs.clone(), &options);
    if !adoption.steps.is_empty() || adoption.apps.iter().all(|app| app.refused.is_some()) {
        return adoption;
    }
    let sync = PlanOptions {
        kind: PlanKind::Sync,
        ..options
    };
    crate::sync::plan(inputs, &sync)
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
        Ok((commit, super::desired::manifests(&app, &*tree)))
    })
    .await?;
    let scope = |gvk: &Gvk| {
        let resource = work
            .discovery
            .resource(gvk)
            .or_else(|| work.discovery.preferred(&gvk.group_kind()));
        resource.map(|r| r.namespaced)
    };
    let (prepared, problems, _) = super::apps::prepare_all(&rendered.manifests, &work.app, &scope);
    work.commit = commit;
    work.revision = Revision::Named(work.commit.id.to_string());
    work.render_problems = rendered.problems.into_iter().chain(problems).collect();
    work.known.clear();
    work.questions = prepared
        .iter()
        .filter_map(|(key, p)| {
            let resource = work.discovery.resource(&p.manifest.gvk)?.clone();
            let live = work.live.get(key).cloned();
            Some((
                key.clone(),
                Question {
                    connection: work.connection.clone(),
                    id: work.app.id.clone(),
                    key: key.clone(),
                    resource,
                    desired: p.manifest.clone(),
                    live,
                    base: None,
                    ignore: work.app.ignore.clone(),
                    respect: work.app.sync.respect_ignore,
                    may_patch: true,
                    writes: super::question::Writes::of(&work.app, &p.manifest),
                    inputs: world::Inputs {
                        desired: 0,
                        live: 0,
                        base: 0,
                        managed: true,
                    },
                },
            ))
        })
        .collect();
    work.prepared = prepared;
    Ok(())
}

async fn input(work: &Work) -> Result<AppInput, Problem> {
    let id = &work.app.id;
    let namespace = &work.app.destination.namespace;
    let home = work
        .connection
        .get(&format!("/api/v1/namespaces/{namespace}"))
        .await?;
    let namespace_exists = home.status != 404;
    let namespace_ends = home.is_success()
        && home
            .value()
            .is_ok_and(|home| crate::domain::deletion::of(&home).is_some());
    let record = record(work).await;
    let mut candidates = candidates(work, namespace_exists).await?;
    if let RecordState::Read(record) = &record {
        for key in record
            .inventory
            .0
            .iter()
            .filter(|key| !work.prepared.contains_key(*key))
        {
            candidates.extend(held(work, key).await?);
        }
    }
    Ok(AppInput {
        app: work.app.clone(),
        commit: work.commit.clone(),
        candidates,
        record,
        render_problems: work.render_problems.clone(),
        namespace_exists,
        namespace_ends,
        missing_rights: missing_rights(work).await?,
        argo_application: argo_application(work)
            .await?
            .map(|name| format!("{name} ({})", id.context)),
        moved_from: work.moved_from.clone(),
    })
}

async fn record(work: &Work) -> RecordState {
    let key = record_key(&work.app);
    match work.connection.read_record(&key.namespace, &key.name).await {
        Ok(None) => RecordState::None,
        Ok(Some((config_map, _))) => {
            match crate::sync::record::decode(&work.app.id.name, &config_map) {
                Ok(record) => RecordState::Read(record),
                Err(problem) => RecordState::Unreadable(problem),
            }
        }
        Err(problem) => RecordState::Unreadable(problem),
    }
}

async fn candidates(work: &Work, namespace_exists: bool) -> Result<Vec<Candidate>, Problem> {
    let own_kinds: BTreeSet<GroupKind> = work
        .prepared
        .values()
        .filter_map(|p| super::apps::crd_scope(&p.manifest.value))
        .map(|(kind, _)| kind)
        .collect();
    let own_namespaces: BTreeSet<&str> = work
        .prepared
        .keys()
        .filter(|k| k.group.is_empty() && k.kind == "Namespace" && !work.live.contains_key(k))
        .map(|k| k.name.as_str())
        .collect();
    let one = |prepared: Prepared| {
        let (own_kinds, own_namespaces) = (&own_kinds, &own_namespaces);
        async move {
            let key = prepared.key.clone();
            let absent_home = !key.namespace.is_empty()
                && (own_namespaces.contains(key.namespace.as_str())
                    || (key.namespace == work.app.destination.namespace && !namespace_exists));
            let question = work.questions.get(&key);
            let missing = |unpredicted| Candidate {
                desired: Some(prepared.manifest.clone()),
                drift: Arc::new(absent(&key, &prepared.manifest)),
                live: None,
                hook: prepared.hook,
                leftovers: Vec::new(),
                unpredicted,
                recreatable: false,
            };
            if prepared.hook {
                return Ok(missing(false));
            }
            let Some(question) = question else {
                if own_kinds.contains(&key.group_kind()) {
                    return Ok(missing(true));
                }
                // A kind that nobody knows: what was found out stands.
                let known = work.known.get(&key).cloned().unwrap_or_else(|| {
                    let problem = Problem::new(
                        ProblemKind::NotFound,
                        format!(
                            "the cluster does not know the kind {}",
                            prepared.manifest.gvk
                        ),
                    );
                    let drift = ObjectDrift::new(
                        key.clone(),
                        prepared.manifest.gvk.clone(),
                        Verdict::Refused,
                    );
                    Arc::new(drift.with_problem(problem))
                });
                return Ok(Candidate {
                    drift: known,
                    ..missing(false)
                });
            };
            if absent_home && question.live.is_none() {
                return Ok(missing(true));
            }
            asked(question, missing(false)).await
        }
    };
    let answers: Vec<Result<Candidate, Problem>> =
        futures::stream::iter(work.prepared.values().cloned().map(one))
            .buffered(work.asks_at_once)
            .collect()
            .await;
    answers.into_iter().collect()
}

/// Asks the server about one object, with all that its step must know.
async fn asked(question: &Question, base: Candidate) -> Result<Candidate, Problem> {
    let mut asked = Box::pin(question.put()).await?;
    let behind = asked.prediction.as_ref().is_some_and(|p| {
        let seen = question.live.as_ref().map(|live| &live.resource_version);
        !p.resource_version.is_empty() && seen.is_some_and(|seen| *seen != p.resource_version)
    });
    if behind {
        // The watch has not caught up with what was just done: two moments must not be compared as one.
        let key = &question.key;
        let live = question
            .connection
            .get_object(&question.resource, &key.namespace, &key.name)
            .await?;
        let now = Question {
            live: live.map(Arc::new),
            ..question.clone()
        };
        asked = Box::pin(now.put()).await?;
    }
    Box::pin(question.prove(&mut asked)).await?;
    let refusal = asked.prediction.as_ref().and_then(|p| p.refusal.as_ref());
    if let Some(refusal) = refusal.filter(|_| asked.forbidden) {
        // To look at, the local comparison would do; nothing is planned that the server will not let be done.
        asked.drift.verdict = Verdict::Refused;
        asked.drift.problem = Some(refusal.problem.clone());
    }
    let unpredicted = asked
        .prediction
        .as_ref()
        .and_then(|p| p.refusal.as_ref())
        .is_some_and(|r| r.kind == RefusalKind::NamespaceAbsent);
    let live = asked.live.as_ref().map(|live| {
        let mut facts = LiveFacts::of(live);
        if let Some(prediction) = asked
            .prediction
            .as_ref()
            .filter(|p| !p.resource_version.is_empty())
        {
            facts.resource_version = prediction.resource_version.clone();
        }
        facts
    });
    Ok(Candidate {
        desired: Some(asked.sent),
        drift: Arc::new(asked.drift),
        live,
        leftovers: asked.prediction.map(|p| p.leftovers).unwrap_or_default(),
        unpredicted,
        recreatable: asked.recreatable,
        ..base
    })
}

/// An object that is held and not in Git (any more), as it lives now; `None` when it is gone.
async fn held(work: &Work, key: &ObjectKey) -> Result<Option<Candidate>, Problem> {
    let candidate = |drift, live| Candidate {
        desired: None,
        drift: Arc::new(drift),
        live,
        hook: false,
        leftovers: Vec::new(),
        unpredicted: false,
        recreatable: false,
    };
    let Some(resource) = work.discovery.preferred(&key.group_kind()) else {
        if !work.discovery.is_unsure(&key.group) {
            return Ok(None);
        }
        let problem = Problem::new(ProblemKind::Unreachable, "its API group does not answer");
        let drift =
            ObjectDrift::new(key.clone(), Gvk::default(), Verdict::Unknown).with_problem(problem);
        return Ok(Some(candidate(drift, None)));
    };
    match work
        .connection
        .get_object(resource, &key.namespace, &key.name)
        .await
    {
        Ok(None) => Ok(None),
        Ok(Some(live)) => {
            let value = live.value();
            let drift = extra(key, &live.gvk, &value);
            let mut facts = LiveFacts::of(&value);
            facts.holds_others = facts.holds_others && holds_others(work, key).await;
            Ok(Some(candidate(drift, Some(facts))))
        }
        Err(problem) if problem.kind == ProblemKind::Unreachable => Err(problem),
        Err(problem) => {
            let drift = ObjectDrift::new(key.clone(), resource.gvk.clone(), Verdict::Unknown)
                .with_problem(problem);
            Ok(Some(candidate(drift, None)))
        }
    }
}

/// Whether a namespace or a CRD holds objects that the App does not hold. Every doubt says yes.
async fn holds_others(work: &Work, key: &ObjectKey) -> bool {
    // A namespace holds things of every kind, some of which nobody may list: only a person can tell.
    if key.kind != "CustomResourceDefinition" {
        return true;
    }
    let Some((plural, group)) = key.name.split_once('.') else {
        return true;
    };
    let resource = work
        .discovery
        .all()
        .find(|r| r.plural == plural && r.gvk.group == group)
        .cloned();
    let Some(resource) = resource else {
        return true;
    };
    match work.connection.list_objects(&resource, None, "").await {
        Ok(objects) => !objects.is_empty(),
        Err(_) => true,
    }
}

/// Rights that a sync needs for its record and its lock and that this user does not have.
async fn missing_rights(work: &Work) -> Result<Vec<String>, Problem> {
    let record = record_key(&work.app);
    let lock = crate::sync::lock::lease_name(&work.app.id.name);
    let missing = work
        .connection
        .may_sync(&record.namespace, &record.name, &lock)
        .await?;
    let rights = missing.map(|problem| problem.causes).unwrap_or_default();
    let bare = |right: String| right.trim_start_matches("you may not ").to_owned();
    Ok(rights.into_iter().map(bare).collect())
}

/// An Argo CD Application of that cluster whose instance name is this App's.
async fn argo_application(work: &Work) -> Result<Option<String>, Problem> {
    let Some(resource) = work
        .discovery
        .preferred(&GroupKind::new("argoproj.io", "Application"))
    else {
        return Ok(None);
    };
    let applications = work.connection.names_of(resource).await.unwrap_or_default();
    let name = &work.app.id.name;
    Ok(applications
        .iter()
        .find(|a| a.name == *name || format!("{}_{}", a.namespace, a.name) == *name)
        .map(|a| format!("{}/{}", a.namespace, a.name)))
}
