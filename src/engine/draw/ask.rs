//! Asks about an App's objects, its record and the rights that a sync needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;

use crate::cluster::{Refusal, RefusalKind};
use crate::domain::{GroupKind, ObjectDrift, PlanKind, Problem, ProblemKind, Verdict};
use crate::drift::desired::Prepared;
use crate::sync::order::defines;
use crate::sync::{AppInput, Candidate, LiveFacts, RecordState};

use super::held::held;
use super::work::Work;
use crate::engine::apps::records::{self, record_key};
use crate::engine::compare::question::{Asked, Question, missing as absent};
use crate::engine::sources::blocking;

/// All that the `sync` room wants to know of an App; for an adoption also what comes after it.
pub(super) async fn input(work: &Work, kind: PlanKind) -> Result<AppInput, Problem> {
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
    let adopts = kind == PlanKind::Adopt;
    let mut candidates = candidates(work, namespace_exists, adopts).await?;
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
    let told = work
        .notices
        .iter()
        .map(|n| format!("{}: {}", n.place, n.text));
    let mut warnings: Vec<String> = told.collect();
    let argo_application = argo_application(work).await.unwrap_or_else(|problem| {
        warnings.push(format!(
            "whether an Argo CD Application of that cluster claims the name {} is not known: {problem}",
            id.name
        ));
        None
    });
    Ok(AppInput {
        warnings,
        app: work.app.clone(),
        commit: work.commit.clone(),
        candidates,
        record,
        render_problems: work.render_problems.clone(),
        namespace_exists,
        namespace_ends,
        missing_rights: missing_rights(work).await?,
        argo_application: argo_application.map(|name| format!("{name} ({})", id.context)),
        moved_from: work.moved_from.clone(),
    })
}

async fn record(work: &Work) -> RecordState {
    let key = record_key(&work.app);
    match work.connection.read_record(&key.namespace, &key.name).await {
        Ok(None) => RecordState::None,
        Ok(Some((config_map, _))) => {
            let (app, repo) = (work.app.clone(), work.repo.clone());
            let repository = work.repository.clone();
            let read =
                blocking(move || records::read(&app, &config_map, &repository, repo.as_ref()));
            match read.await {
                Ok(record) => RecordState::Read(record),
                Err(problem) => RecordState::Unreadable(problem),
            }
        }
        Err(problem) => RecordState::Unreadable(problem),
    }
}

async fn candidates(
    work: &Work,
    namespace_exists: bool,
    adopts: bool,
) -> Result<Vec<Candidate>, Problem> {
    let own_kinds: BTreeSet<GroupKind> = work
        .prepared
        .values()
        .filter_map(|p| defines(&p.manifest.value))
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
                adopted: None,
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
            let now = Box::pin(asked(question)).await?;
            let live = now.live.as_ref().filter(|_| adopts);
            let later = live.and_then(|live| Some((live, question.adopted(live)?)));
            let adopted = match later {
                Some((live, later)) => {
                    let mut later = Box::pin(asked(&later)).await?;
                    // Live says who holds a field now; that trueup will is what the adoption itself is about.
                    crate::drift::name_holders(&mut later.drift, live);
                    Some(Box::new(candidate(later, missing(false))))
                }
                None => None,
            };
            Ok(Candidate {
                adopted,
                ..candidate(now, missing(false))
            })
        }
    };
    let answers: Vec<Result<Candidate, Problem>> =
        futures::stream::iter(work.prepared.values().cloned().map(one))
            .buffered(work.asks_at_once)
            .inspect(|_| work.meter.answered())
            .collect()
            .await;
    answers.into_iter().collect()
}

/// Asks the server about one object, as it is at this moment.
async fn asked(question: &Question) -> Result<Asked, Problem> {
    let mut asked = Box::pin(question.put_at_one_moment()).await?;
    Box::pin(question.prove(&mut asked)).await?;
    Ok(asked)
}

/// What a step must know, from what was answered; the rest is that of `base`.
fn candidate(mut asked: Asked, base: Candidate) -> Candidate {
    let refusal = asked.prediction.as_ref().and_then(|p| p.refusal.as_ref());
    let is_local = |r: &&Refusal| asked.forbidden || r.kind == RefusalKind::NotAsked;
    let unpredicted = refusal.is_some_and(|r| r.kind == RefusalKind::NamespaceAbsent);
    if let Some(refusal) = refusal.filter(is_local)
        && asked.drift.verdict != Verdict::InSync
    {
        // To look at, the local comparison would do; nothing is planned that the server will not let be done, and what
        // needs nothing stands in nobody's way.
        asked.drift.verdict = Verdict::Refused;
        asked.drift.problem = Some(refusal.problem.clone());
    }
    let live = asked.live.as_ref().map(|live| {
        let mut facts = LiveFacts::of(live);
        let predicted = asked.prediction.as_ref();
        if let Some(prediction) = predicted.filter(|p| !p.resource_version.is_empty()) {
            facts.resource_version = prediction.resource_version.clone();
        }
        facts
    });
    Candidate {
        desired: Some(asked.sent),
        drift: Arc::new(asked.drift),
        live,
        leftovers: asked.prediction.map(|p| p.leftovers).unwrap_or_default(),
        unpredicted,
        recreatable: asked.recreatable,
        ..base
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
///
/// # Errors
/// They cannot be listed: nobody knows.
async fn argo_application(work: &Work) -> Result<Option<String>, Problem> {
    let Some(resource) = work
        .discovery
        .preferred(&GroupKind::new("argoproj.io", "Application"))
    else {
        return Ok(None);
    };
    let applications = work.connection.names_of(resource).await?;
    let name = &work.app.id.name;
    Ok(applications
        .iter()
        .find(|a| a.name == *name || format!("{}_{}", a.namespace, a.name) == *name)
        .map(|a| format!("{}/{}", a.namespace, a.name)))
}
