//! What a Run waits for between steps: CRDs to be established, waves to be healthy, deleted objects to be gone.

use std::time::Duration;

use crate::domain::{AppId, Health, HealthStatus, ObjectKey, Problem, ProblemKind, Value};
use crate::sync::run::{Settled, settled};

use super::Driver;
use super::step::LOOK;

/// What is waited for.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    Established,
    /// Before this wave begins.
    Healthy(i32),
    Gone,
}

/// What a wait came to.
pub(super) enum Waited {
    Met,
    Never(Problem),
    Lost(Problem),
    Stopped,
}

impl Driver {
    /// Looks at the objects again and again, until all are as wanted or patience ends.
    pub(super) async fn wait(
        &self,
        keys: &[(AppId, ObjectKey)],
        patience: Duration,
        wait: Wait,
    ) -> Waited {
        let began = self.clock.instant();
        let mut keys: Vec<&(AppId, ObjectKey)> = keys.iter().collect();
        let mut said = String::new();
        loop {
            if self.stop.is_stopped() {
                return Waited::Stopped;
            }
            let mut looked = Vec::new();
            for (id, key) in &keys {
                match self.look(id, key).await {
                    Ok(value) => looked.push((key, value)),
                    Err(problem) => return Waited::Lost(problem),
                }
            }
            let still = match wait {
                Wait::Gone => first(looked.iter().filter(|(_, v)| v.is_some()).map(|(k, _)| *k)),
                Wait::Established => first(
                    looked
                        .iter()
                        .filter(|(_, v)| !established(v.as_ref()))
                        .map(|(k, _)| *k),
                ),
                Wait::Healthy(wave) => {
                    let health: Vec<(&ObjectKey, Option<Health>)> = looked
                        .iter()
                        .map(|(k, v)| (*k, health_of(v.as_ref())))
                        .collect();
                    let settled = settled(health.iter().map(|(k, h)| (*k, h.as_ref())));
                    // What was healthy once holds nothing up any more (as with Argo CD).
                    let mut waits = health.iter().map(|(_, health)| is_waited_for(health));
                    keys.retain(|_| waits.next().unwrap_or_default());
                    match settled {
                        Settled::Yes => None,
                        Settled::NotYet(n, example) => {
                            let waiting = match n {
                                1 => format!("{example} to be healthy before wave {wave}"),
                                n => format!(
                                    "{example} and {} more to be healthy before wave {wave}",
                                    n - 1
                                ),
                            };
                            if waiting != said && self.say(waiting.clone()) {
                                said = waiting;
                            }
                            Some(example)
                        }
                        Settled::Never(problem) => return Waited::Never(problem),
                    }
                }
            };
            let Some(still) = still else {
                return Waited::Met;
            };
            if self.clock.instant().saturating_duration_since(began) > patience {
                return Waited::Never(
                    Problem::new(
                        ProblemKind::Rejected,
                        format!("waited {} s in vain", patience.as_secs()),
                    )
                    .because(still)
                    .hint("Look at its events; what was applied stays. Sync again once the cause is mended."),
                );
            }
            self.stop.pause(LOOK).await;
        }
    }

    async fn look(&self, id: &AppId, key: &ObjectKey) -> Result<Option<Value>, Problem> {
        let place = self.place(id)?;
        let Some(resource) = place.discovery.preferred(&key.group_kind()) else {
            return Ok(None);
        };
        let live = place
            .connection
            .get_object(resource, &key.namespace, &key.name)
            .await?;
        Ok(live.map(|l| l.value()))
    }
}

/// Its health, also of what is left out of its App's: gitops-engine's `Sync` knows no `ignore-healthcheck`.
fn health_of(object: Option<&Value>) -> Option<Health> {
    match object {
        Some(object) => crate::health::assess(object),
        None => Some(Health::new(HealthStatus::Missing, String::new())),
    }
}

fn is_waited_for(health: &Option<Health>) -> bool {
    health
        .as_ref()
        .is_some_and(|health| health.status != HealthStatus::Healthy)
}

fn established(crd: Option<&Value>) -> bool {
    let conditions = crd
        .and_then(|c| c.pointer("/status/conditions"))
        .and_then(Value::as_array);
    conditions.is_some_and(|conditions| {
        conditions.iter().any(|c| {
            c.get("type").and_then(Value::as_str) == Some("Established")
                && c.get("status").and_then(Value::as_str) == Some("True")
        })
    })
}

fn first<'a>(mut keys: impl Iterator<Item = &'a ObjectKey>) -> Option<String> {
    keys.next().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_wave_waits_for_is_each_objects_own_health() {
        let claim = |phase: &str, ignore: &str| {
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": phase},
                "metadata": {"name": "v", "annotations": {"argocd.argoproj.io/ignore-healthcheck": ignore}},
            })
        };
        let plain = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
        for (object, status) in [
            (
                Some(claim("Pending", "true")),
                Some(HealthStatus::Progressing),
            ),
            (
                Some(claim("Pending", "false")),
                Some(HealthStatus::Progressing),
            ),
            (Some(claim("Bound", "true")), Some(HealthStatus::Healthy)),
            (Some(plain), None),
            (None, Some(HealthStatus::Missing)),
        ] {
            let health = health_of(object.as_ref());
            assert_eq!(health.map(|h| h.status), status, "{object:?}");
        }
    }
}
