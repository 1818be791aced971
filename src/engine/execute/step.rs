//! Does one step of a Run, once: the only code that hands objects to a Writer.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{
    Connection, Deletion, Discovery, Done, Failure, Refusal, RefusalKind, Resource, Writer,
};
use crate::domain::{Action, ObjectKey, PlanStep, Problem, ProblemKind, Value, deletion};
use crate::drift;
use crate::engine::compare::question::not_anew;

/// How often a wait looks again.
pub(super) const LOOK: Duration = Duration::from_millis(400);
/// Finalizers may take their time.
pub(super) const VANISH: Duration = Duration::from_secs(300);

/// A cluster that may be changed.
#[derive(Clone)]
pub(in crate::engine) struct Place {
    pub writer: Writer,
    pub connection: Connection,
    pub discovery: Arc<Discovery>,
    pub who: String,
    /// Identity of the cluster; empty where it is not known.
    pub cluster: String,
}

/// What doing a step came to.
pub(super) struct Acted {
    /// Of the server.
    pub warnings: Vec<String>,
    /// Whether a deleted object is gone already.
    pub gone: bool,
}

/// Does one step, once.
pub(super) async fn act(place: &Place, step: &PlanStep) -> Result<Acted, Failure> {
    let writer = &place.writer;
    let resource = resource_of(place, step).map_err(Failure::NotDone)?;
    let object = || -> Result<&Value, Failure> {
        step.manifest.as_ref().map(|m| &*m.value).ok_or_else(|| {
            Failure::Weather(Problem::new(
                ProblemKind::Internal,
                "the step has nothing to send",
            ))
        })
    };
    let (namespace, name) = (&step.key.namespace, &step.key.name);
    let done = match step.action {
        Action::CreateNamespace => writer.create_namespace(name, &Default::default()).await?,
        Action::Create => writer.create(&resource, object()?).await?,
        Action::Apply => {
            let mut guard = step.guard.clone();
            if !step.leftovers.is_empty() {
                let claimed = claim(place, &resource, step).await?;
                guard.resource_version = claimed.resource_version;
            }
            writer.apply(&resource, object()?, &guard).await?
        }
        Action::Replace => {
            let mut replaced = writer.replace(&resource, object()?, &step.guard).await?;
            // It is replaced, whatever becomes of the claim: to do it again would meet its own work.
            if let Err(failure) = Box::pin(writer.claim(&resource, object()?, &replaced)).await {
                let why = failure.problem();
                replaced.warnings.push(format!(
                    "it was replaced, but trueup does not hold its fields yet ({why}): sync again"
                ));
            }
            replaced
        }
        Action::Recreate if is_deleted(step) => {
            let created = writer.create(&resource, object()?).await;
            created.map_err(after_delete)?
        }
        Action::Recreate => {
            // The Plan may be old, and earlier steps count: nothing is deleted that could not be made anew.
            let anew = place.connection.predict_anew(&resource, object()?);
            if let Some(mut refusal) = Box::pin(anew).await.map_err(Failure::NotDone)? {
                refusal.problem = not_anew(&step.key, &refusal);
                return Err(Failure::Refused(Box::new(refusal)));
            }
            delete(writer, &resource, step).await?;
            let vanished = vanished(place, &resource, &step.key).await;
            vanished.map_err(after_delete)?;
            let created = writer.create(&resource, object()?).await;
            created.map_err(after_delete)?
        }
        // It was written ahead, and is written once more at the end.
        Action::Record => {
            return Ok(Acted {
                warnings: Vec::new(),
                gone: false,
            });
        }
        Action::Adopt => {
            let warnings = adopt(place, &resource, step).await?;
            return Ok(Acted {
                warnings,
                gone: false,
            });
        }
        Action::Prune => {
            let done = delete(writer, &resource, step).await?;
            let left = place
                .connection
                .get_object(&resource, namespace, name)
                .await;
            let gone = done == Deletion::Gone || matches!(left, Ok(None));
            let kept = left.ok().flatten().filter(|_| !gone);
            let kept = kept.and_then(|live| deletion::of(&live.value()));
            // What waits for its dependents or its grace period goes by itself.
            let kept = kept.filter(|k| k.finalizers.iter().any(|f| f != "foregroundDeletion"));
            return Ok(Acted {
                warnings: kept
                    .map(|kept| format!("not gone yet: it is being deleted, {}", kept.why()))
                    .into_iter()
                    .collect(),
                gone,
            });
        }
    };
    Ok(Acted {
        warnings: done.warnings,
        gone: false,
    })
}

/// Deletes exactly the object that the step was drawn from.
async fn delete(
    writer: &Writer,
    resource: &Resource,
    step: &PlanStep,
) -> Result<Deletion, Failure> {
    let (key, guard) = (&step.key, &step.guard);
    writer
        .delete(
            resource,
            &key.namespace,
            &key.name,
            &guard.uid,
            &guard.resource_version,
            step.propagation,
        )
        .await
}

/// Masks what the server said of a Secret: the values that Git states, those that were live when the Plan was drawn, and
/// those of now. Where these cannot be read, its texts are left out.
pub(super) async fn mask(place: &Place, step: &PlanStep, acted: &mut Result<Acted, Failure>) {
    let is_silent = matches!(acted, Ok(acted) if acted.warnings.is_empty());
    if is_silent {
        return;
    }
    let live = match resource_of(place, step) {
        Ok(resource) => {
            let (namespace, name) = (&step.key.namespace, &step.key.name);
            place
                .connection
                .get_object(&resource, namespace, name)
                .await
        }
        Err(problem) => Err(problem),
    };
    let is_known = live.is_ok();
    let live = live.ok().flatten().map(|live| live.value());
    let versions = [
        step.manifest.as_ref().map(|m| &*m.value),
        step.drift.live.as_deref(),
        live.as_ref(),
    ];
    match acted {
        Ok(acted) if is_known => drift::mask_texts(&mut acted.warnings, &versions),
        Ok(acted) => {
            acted.warnings =
                vec!["the server warned of something that may quote its values".to_owned()]
        }
        Err(failure) => {
            let problem = match failure {
                Failure::Refused(refusal) => &mut refusal.problem,
                Failure::Changed(problem)
                | Failure::NotDone(problem)
                | Failure::Weather(problem) => problem,
            };
            drift::mask_problem(problem, &versions);
            if !is_known {
                problem.causes.clear();
            }
        }
    }
}

/// Whether the old object of a recreate is known to be gone (see `redraw`).
pub(super) fn is_deleted(step: &PlanStep) -> bool {
    step.action == Action::Recreate && step.guard.resource_version.is_empty()
}

/// A recreate that failed half-way says so first: this is what a person must know. What is answered for good is not
/// tried again.
fn after_delete(failure: Failure) -> Failure {
    let told = |mut problem: Problem| {
        problem.summary = format!(
            "the old one was deleted, and the new one is not there: {}",
            problem.summary
        );
        problem
    };
    match failure {
        Failure::Refused(mut refusal) => {
            refusal.problem = told(refusal.problem);
            Failure::Refused(refusal)
        }
        Failure::Changed(problem) => Failure::Refused(Box::new(Refusal {
            kind: RefusalKind::Other,
            problem: told(problem),
            fields: Vec::new(),
        })),
        Failure::NotDone(problem) => Failure::NotDone(told(problem)),
        Failure::Weather(problem) => Failure::Weather(told(problem)),
    }
}

/// Waits for a deleted object to be gone, so that it can be made anew.
async fn vanished(place: &Place, resource: &Resource, key: &ObjectKey) -> Result<(), Failure> {
    let began = tokio::time::Instant::now();
    loop {
        let left = place
            .connection
            .get_object(resource, &key.namespace, &key.name)
            .await;
        match left {
            Ok(None) => return Ok(()),
            Err(problem) => return Err(Failure::Weather(problem)),
            Ok(Some(_)) if began.elapsed() > VANISH => {
                let problem = Problem::new(ProblemKind::Conflict, "it is being deleted to be made anew, and does not go")
                    .at(key.to_string())
                    .hint("A finalizer holds it; look at metadata.finalizers. Sync again once it is gone.");
                return Err(Failure::Changed(problem));
            }
            Ok(Some(_)) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The object as it is at this moment, whole: what is kept of it in memory lacks part of its managedFields.
async fn whole(place: &Place, resource: &Resource, step: &PlanStep) -> Result<Value, Failure> {
    let path = resource.object(&step.key.namespace, &step.key.name);
    let reply = place
        .connection
        .get(&path)
        .await
        .map_err(Failure::NotDone)?;
    let live = reply.value().map_err(Failure::NotDone)?;
    if live.pointer("/metadata/uid").and_then(Value::as_str) != Some(step.guard.uid.as_str()) {
        return Err(changed(step));
    }
    Ok(live)
}

fn changed(step: &PlanStep) -> Failure {
    Failure::Changed(
        Problem::new(
            ProblemKind::Conflict,
            "the object is no longer what the Plan was drawn from",
        )
        .at(step.key.to_string()),
    )
}

/// Makes trueup the holder of what stands in the way, so that the apply after it removes it.
async fn claim(place: &Place, resource: &Resource, step: &PlanStep) -> Result<Done, Failure> {
    let live = whole(place, resource, step).await?;
    let version = live
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str);
    if version != Some(step.guard.resource_version.as_str()) {
        return Err(changed(step));
    }
    place
        .writer
        .claim_leftovers(resource, &live, &step.leftovers)
        .await
}

/// Moves ownership, from the object as it is at this moment.
async fn adopt(
    place: &Place,
    resource: &Resource,
    step: &PlanStep,
) -> Result<Vec<String>, Failure> {
    let live = whole(place, resource, step).await?;
    // Of what cannot be moved this says so for good: asking again would change nothing.
    let unmovable = |problem| {
        Failure::Refused(Box::new(Refusal {
            kind: RefusalKind::Other,
            problem,
            fields: Vec::new(),
        }))
    };
    match crate::sync::adopt::adoption(&live).map_err(unmovable)? {
        Some(patch) => {
            let adopted = place.writer.adopt(resource, &live, &patch).await?;
            let moved =
                |part: &String| format!("{part} changed although only ownership was to change");
            Ok(adopted
                .changed
                .iter()
                .map(moved)
                .chain(adopted.done.warnings.clone())
                .collect())
        }
        None => Ok(Vec::new()),
    }
}

/// The kind that a step is about, as the cluster serves it.
pub(super) fn resource_of(place: &Place, step: &PlanStep) -> Result<Resource, Problem> {
    let found = match &step.manifest {
        Some(manifest) => place.discovery.resource(&manifest.gvk),
        None => place.discovery.preferred(&step.key.group_kind()),
    };
    found.cloned().ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "the cluster does not know this kind (any more)",
        )
        .at(step.key.to_string())
    })
}
