//! The dry run asked again before a step whose object has moved: may it go on as it was shown?

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::Live;
use crate::domain::drift::Conflict;
use crate::domain::{Action, FieldDrift, ObjectDrift, PlanStep, Problem};
use crate::sync::LiveFacts;
use crate::sync::run::Redrawn;

use super::Driver;
use super::step::resource_of;
use crate::engine::compare::question::{Question, tracked_by};

impl Driver {
    /// Asks the dry run again: may the step go on as it was shown?
    pub(super) async fn redraw(&mut self, at: usize) -> Result<Redrawn, Problem> {
        let step = self.run.plan().steps[at].clone();
        let place = self.place(&step.app)?.clone();
        let resource = match resource_of(&place, &step) {
            Ok(resource) => resource,
            // No connection that comes back brings the kind back.
            Err(problem) => return Ok(Redrawn::Failed(problem)),
        };
        let live = place
            .connection
            .get_object(&resource, &step.key.namespace, &step.key.name)
            .await?;
        let Some(manifest) = step
            .manifest
            .as_ref()
            .filter(|_| step.action != Action::Adopt)
        else {
            return Ok(without_a_diff(&step, live.as_ref()));
        };
        let same_object = live.as_ref().is_some_and(|l| l.uid == step.guard.uid);
        let recreates = step.action == Action::Recreate;
        if recreates && live.is_none() {
            // Half of the step is done; without a version the other half remains.
            return Ok(Redrawn::Same {
                resource_version: String::new(),
            });
        }
        if live.is_none() && !step.guard.uid.is_empty() {
            return Ok(Redrawn::Deleted);
        }
        if step.guard.uid.is_empty() != live.is_none() && step.action != Action::Create {
            return Ok(Redrawn::Different(Vec::new()));
        }
        let is_another = live.is_some() && !step.guard.uid.is_empty() && !same_object;
        if is_another && !recreates {
            return Ok(Redrawn::Different(Vec::new()));
        }
        let Some(drawn) = self.drawn.get(&step.app) else {
            return Ok(Redrawn::Different(Vec::new()));
        };
        let question = Question::of_step(
            &drawn.app,
            place.connection.clone(),
            resource,
            &step.key,
            manifest.clone(),
            live.clone().map(Arc::new),
        );
        let mut asked = match Box::pin(question.put_at_one_moment()).await {
            Ok(asked) => asked,
            // The dry run fails like the step itself, but the object is the very one that the Plan was drawn from.
            Err(_) if is_as_drawn(&step, live.as_ref()) => {
                return Ok(Redrawn::Same {
                    resource_version: step.guard.resource_version.clone(),
                });
            }
            Err(problem) => return Err(problem),
        };
        if live.is_some() && !asked.drift.is_drift() {
            return Ok(Redrawn::AlreadyDone);
        }
        if is_another || (step.guard.uid.is_empty() && live.is_some()) {
            return Ok(Redrawn::Different(Vec::new()));
        }
        if recreates {
            Box::pin(question.prove(&mut asked)).await?;
            if !asked.recreatable {
                let refused = asked.drift.problem.map(Redrawn::Failed);
                return Ok(refused.unwrap_or(Redrawn::Different(Vec::new())));
            }
        }
        // Leftovers are places in lists, which another edit may have moved.
        let leftovers = asked.prediction.as_ref().map(|p| &p.leftovers);
        let moved = moved(&asked.drift, &step.drift);
        let same = moved.is_empty()
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
            Redrawn::Different(moved)
        })
    }
}

/// Whether nothing has happened to the object since the step was drawn.
fn is_as_drawn(step: &PlanStep, live: Option<&Live>) -> bool {
    match live {
        Some(live) => {
            live.uid == step.guard.uid && live.resource_version == step.guard.resource_version
        }
        None => step.action == Action::Create,
    }
}

/// A prune or an adoption once more: no value is compared, the object itself tells.
fn without_a_diff(step: &PlanStep, live: Option<&Live>) -> Redrawn {
    let prunes = step.action == Action::Prune;
    let Some(live) = live else {
        // Gone is what a prune wants.
        return match prunes {
            true => Redrawn::AlreadyDone,
            false => Redrawn::Deleted,
        };
    };
    let is_same = live.uid == step.guard.uid;
    let is_left = match prunes {
        true => tracked_by(live, &step.app.name),
        false => LiveFacts::of(&live.value()).is_adoptable(),
    };
    match (is_same, is_left) {
        (true, true) => Redrawn::Same {
            resource_version: live.resource_version.clone(),
        },
        (true, false) if !prunes => Redrawn::AlreadyDone,
        _ => Redrawn::Different(Vec::new()),
    }
}

/// What a step would change, or take, otherwise than was shown; empty where it would do the same.
fn moved(now: &ObjectDrift, shown: &ObjectDrift) -> Vec<String> {
    let change = |f: &FieldDrift| (f.path.clone(), f.live.clone(), f.predicted.clone());
    let changes = |drift: &ObjectDrift| drift.fields.iter().map(change).collect::<Vec<_>>();
    let differing = |these: &ObjectDrift, those: &ObjectDrift| {
        let those = changes(those);
        let other = changes(these)
            .into_iter()
            .filter(move |c| !those.contains(c));
        other.map(|(path, ..)| format!("{path} is another than was shown"))
    };
    let fields: BTreeSet<String> = differing(now, shown).chain(differing(shown, now)).collect();
    let mut moved: Vec<String> = fields.into_iter().collect();
    let held = |c: &&Conflict| !shown.conflicts.contains(c);
    let held = now.conflicts.iter().filter(held);
    moved.extend(held.map(|c| format!("{} is held by {} now", c.field, c.manager)));
    let is_free = |c: &&Conflict| !now.conflicts.contains(c);
    let free = shown.conflicts.iter().filter(is_free);
    moved.extend(free.map(|c| format!("{} is no longer held by {}", c.field, c.manager)));
    if now.verdict != shown.verdict {
        let why = now.problem.as_ref().map(|problem| problem.summary.clone());
        moved.push(why.unwrap_or_else(|| "it compares otherwise now".to_owned()));
    }
    moved
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::Resource;
    use crate::domain::{AppId, Gvk, ObjectKey, Provider, Value, Verdict};

    fn step(action: Action) -> PlanStep {
        let key = ObjectKey::new("", "ConfigMap", "shop", "a");
        let gvk = Gvk::from_api_version("v1", "ConfigMap");
        PlanStep {
            app: AppId {
                context: "prod".to_owned(),
                provider: Provider::Native,
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
            },
            drift: Arc::new(ObjectDrift::new(key.clone(), gvk, Verdict::InSync)),
            key,
            action,
            wave: 0,
            manifest: None,
            guard: crate::domain::plan::Guard {
                uid: "u-1".to_owned(),
                ..Default::default()
            },
            leftovers: Vec::new(),
            propagation: Default::default(),
            unpredicted: false,
        }
    }

    fn live(uid: &str, tracking: &str, manager: &str, operation: &str) -> Live {
        let resource = Resource {
            gvk: Gvk::from_api_version("v1", "ConfigMap"),
            plural: "configmaps".to_owned(),
            namespaced: true,
            verbs: Vec::new(),
        };
        let value: Value = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "a", "namespace": "shop", "uid": uid, "resourceVersion": "8",
                "annotations": {"argocd.argoproj.io/tracking-id": tracking},
                "managedFields": [{"manager": manager, "operation": operation, "apiVersion": "v1",
                    "fieldsV1": {"f:data": {"f:x": {}}}}],
            },
            "data": {"x": "1"},
        });
        Live::from_value(&resource, value).unwrap()
    }

    #[test]
    fn a_step_that_would_do_something_else_says_what() {
        let drift = |fields: &[(&str, i64)], holders: &[&str]| {
            let gvk = Gvk::from_api_version("v1", "ConfigMap");
            let key = ObjectKey::new("", "ConfigMap", "shop", "a");
            let field = |(name, live): &(&str, i64)| FieldDrift {
                path: crate::domain::FieldPath::fields([*name]),
                live: Some(json!(live)),
                predicted: Some(json!(0)),
                cause: crate::domain::Cause::Cluster,
                owners: Vec::new(),
                place: None,
                text: None,
            };
            let conflict = |manager: &&str| Conflict {
                field: ".data.x".to_owned(),
                manager: (*manager).to_owned(),
            };
            ObjectDrift {
                fields: fields.iter().map(field).collect(),
                conflicts: holders.iter().map(conflict).collect(),
                ..ObjectDrift::new(key, gvk, Verdict::Drifted)
            }
        };
        let shown = drift(&[("x", 1), ("y", 1)], &["kubectl"]);
        for (now, said) in [
            (drift(&[("x", 1), ("y", 1)], &["kubectl"]), vec![]),
            (
                drift(&[("x", 2), ("y", 1)], &["kubectl"]),
                vec!["x is another than was shown"],
            ),
            (
                drift(&[("x", 1)], &["kubectl"]),
                vec!["y is another than was shown"],
            ),
            (
                drift(&[("x", 1), ("y", 1)], &["helm"]),
                vec![
                    ".data.x is held by helm now",
                    ".data.x is no longer held by kubectl",
                ],
            ),
        ] {
            assert_eq!(moved(&now, &shown), said);
        }
    }

    #[test]
    fn an_adoption_that_met_a_newer_version_is_not_taken_for_done() {
        let same = Redrawn::Same {
            resource_version: "8".to_owned(),
        };
        let ours = "web:/ConfigMap:shop/a";
        let (former, trueup) = (("kubectl", "Update"), ("trueup", "Apply"));
        for (action, uid, tracking, (manager, operation), wanted) in [
            (Action::Adopt, "u-1", "", former, same.clone()),
            (Action::Adopt, "u-1", "", trueup, Redrawn::AlreadyDone),
            (
                Action::Adopt,
                "u-2",
                "",
                former,
                Redrawn::Different(Vec::new()),
            ),
            (Action::Prune, "u-1", ours, trueup, same),
            (
                Action::Prune,
                "u-1",
                "",
                trueup,
                Redrawn::Different(Vec::new()),
            ),
            (
                Action::Prune,
                "u-2",
                ours,
                trueup,
                Redrawn::Different(Vec::new()),
            ),
        ] {
            let live = live(uid, tracking, manager, operation);
            let redrawn = without_a_diff(&step(action), Some(&live));
            assert_eq!(redrawn, wanted, "{action:?} {uid} {manager}");
        }
        assert_eq!(
            without_a_diff(&step(Action::Prune), None),
            Redrawn::AlreadyDone
        );
        assert_eq!(without_a_diff(&step(Action::Adopt), None), Redrawn::Deleted);
    }
}
