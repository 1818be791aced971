//! The dry run asked again before a step whose object has moved: may it go on as it was shown?

use std::sync::Arc;

use crate::domain::{Action, ObjectDrift, Problem};
use crate::sync::run::Redrawn;

use super::Driver;
use super::step::resource_of;
use crate::engine::question::{Question, tracked_by};

impl Driver {
    /// Asks the dry run again: may the step go on as it was shown?
    pub(super) async fn redraw(&mut self, at: usize) -> Result<Redrawn, Problem> {
        let step = self.run.plan().steps[at].clone();
        let place = self.place(&step.app)?.clone();
        let resource = resource_of(&place, &step)?;
        let live = place
            .connection
            .get_object(&resource, &step.key.namespace, &step.key.name)
            .await?;
        let same_object = live.as_ref().is_some_and(|l| l.uid == step.guard.uid);
        let Some(manifest) = &step.manifest else {
            // A prune: gone is what was wanted; still the same object, still ours, may go.
            let ours = live.as_ref().is_some_and(|l| tracked_by(l, &step.app.name));
            return Ok(match live {
                None => Redrawn::AlreadyDone,
                Some(live) if same_object && ours => Redrawn::Same {
                    resource_version: live.resource_version.clone(),
                },
                Some(_) => Redrawn::Different,
            });
        };
        let recreates = step.action == Action::Recreate;
        if recreates && live.is_none() {
            // Half of the step is done; without a version the other half remains.
            return Ok(Redrawn::Same {
                resource_version: String::new(),
            });
        }
        if step.guard.uid.is_empty() != live.is_none() && step.action != Action::Create {
            return Ok(Redrawn::Different);
        }
        let is_another = live.is_some() && !step.guard.uid.is_empty() && !same_object;
        if is_another && !recreates {
            return Ok(Redrawn::Different);
        }
        let Some(drawn) = self.drawn.get(&step.app) else {
            return Ok(Redrawn::Different);
        };
        let question = Question::of_step(
            &drawn.app,
            place.connection.clone(),
            resource,
            &step.key,
            manifest.clone(),
            live.clone().map(Arc::new),
        );
        let mut asked = Box::pin(question.put()).await?;
        if live.is_some() && !asked.drift.is_drift() {
            return Ok(Redrawn::AlreadyDone);
        }
        if is_another || (step.guard.uid.is_empty() && live.is_some()) {
            return Ok(Redrawn::Different);
        }
        if recreates {
            Box::pin(question.prove(&mut asked)).await?;
            if !asked.recreatable {
                let refused = asked.drift.problem.map(Redrawn::Failed);
                return Ok(refused.unwrap_or(Redrawn::Different));
            }
        }
        // Leftovers are places in lists, which another edit may have moved.
        let leftovers = asked.prediction.as_ref().map(|p| &p.leftovers);
        let same = same_change(&asked.drift, &step.drift)
            && asked.sent.value == manifest.value
            && leftovers.is_none_or(|leftovers| *leftovers == step.leftovers);
        // A refusal names no version: it answers from what is there.
        let predicted = asked.prediction.map(|p| p.resource_version);
        let version = predicted
            .filter(|version| !version.is_empty())
            .or_else(|| live.map(|l| l.resource_version.clone()))
            .unwrap_or_default();
        Ok(if same {
            Redrawn::Same {
                resource_version: version,
            }
        } else {
            Redrawn::Different
        })
    }
}

/// Whether two comparisons would make the same change.
fn same_change(now: &ObjectDrift, shown: &ObjectDrift) -> bool {
    let change = |drift: &ObjectDrift| {
        let fields: Vec<_> = drift
            .fields
            .iter()
            .map(|f| (f.path.clone(), f.live.clone(), f.predicted.clone()))
            .collect();
        (drift.verdict, fields, drift.conflicts.clone())
    };
    change(now) == change(shown)
}
