//! Where the server will not let Git have its way: Desired against Predicted.

use crate::domain::{FieldDrift, FieldPath, Manifest, Step, Value};
use crate::merge::{ManagedEntry, owners_of};

use super::canonical::Spelling;
use super::identity::{self, Identities, Identity};
use super::locate;

/// One field that the server would make something else of. `given` is what it makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet<'v> {
    /// Which field.
    pub path: FieldPath,
    /// What Git states.
    pub wanted: &'v Value,
    /// What there is instead; `None`: nothing.
    pub given: Option<&'v Value>,
}

/// Every field that `wanted` states and `given` does not hold in the same meaning. What `given` holds beyond it is fine:
/// defaults, and what others added.
pub fn unmet<'v>(
    wanted: &'v Value,
    given: &'v Value,
    known: &Identities<'_>,
    spelling: Spelling<'_>,
) -> Vec<Unmet<'v>> {
    let mut walk = Walk {
        known,
        spelling,
        at: FieldPath::default(),
        out: Vec::new(),
    };
    walk.value(wanted, Some(given));
    walk.out
}

struct Walk<'k, 'v> {
    known: &'k Identities<'k>,
    spelling: Spelling<'k>,
    at: FieldPath,
    out: Vec<Unmet<'v>>,
}

impl<'v> Walk<'_, 'v> {
    fn value(&mut self, wanted: &'v Value, given: Option<&'v Value>) {
        match (wanted, given) {
            (wanted, Some(given)) if wanted == given => {}
            (wanted, None | Some(Value::Null))
                if self.spelling.is_like_absent_at(&self.at, wanted) => {}
            (Value::Object(fields), Some(Value::Object(held))) => {
                for (name, field) in fields {
                    self.below(Step::Field(name.clone()), field, held.get(name));
                }
            }
            (Value::Array(items), Some(Value::Array(held))) => {
                self.list(wanted, items, given, held)
            }
            (wanted, Some(given)) if self.spelling.same(&self.at, wanted, given) => {}
            (wanted, given) => self.out.push(Unmet {
                path: self.at.clone(),
                wanted,
                given,
            }),
        }
    }

    fn list(
        &mut self,
        wanted: &'v Value,
        items: &'v [Value],
        given: Option<&'v Value>,
        held: &'v [Value],
    ) {
        let identity = match self.known.is_atomic(&self.at) {
            true => Identity::Position,
            false => self.known.of(&self.at, held, held),
        };
        match &identity {
            Identity::Set => {
                for item in items.iter().filter(|item| !held.contains(item)) {
                    self.below(Step::Member(item.clone()), item, None);
                }
            }
            Identity::Keys(keys)
                if items
                    .iter()
                    .all(|item| keys.iter().any(|k| item.get(k).is_some())) =>
            {
                for item in items {
                    let partner = partner(items, item, held, keys);
                    let step = identity::step(&identity, partner.unwrap_or(item), 0);
                    self.below(step, item, partner);
                }
            }
            // Without identity a list is held as a whole: as many items, each as it was sent.
            _ if items.len() == held.len() => {
                for (i, (item, held)) in items.iter().zip(held).enumerate() {
                    self.below(Step::Index(i), item, Some(held));
                }
            }
            _ => self.out.push(Unmet {
                path: self.at.clone(),
                wanted,
                given,
            }),
        }
    }

    fn below(&mut self, step: Step, wanted: &'v Value, given: Option<&'v Value>) {
        self.at.0.push(step);
        self.value(wanted, given);
        self.at.0.pop();
    }
}

/// The item in `held` that an item of a manifest became. Keys that it leaves out are filled in by the server, so a
/// held item counts that no other item of the manifest states exactly.
pub(super) fn partner<'v>(
    items: &[Value],
    item: &Value,
    held: &'v [Value],
    keys: &[String],
) -> Option<&'v Value> {
    let agrees = |held: &Value| {
        keys.iter()
            .all(|k| item.get(k).is_none_or(|v| held.get(k) == Some(v)))
    };
    let exact = |item: &Value, held: &Value| keys.iter().all(|k| item.get(k) == held.get(k));
    let mut fits = held.iter().filter(|held| agrees(held));
    let first = fits.next()?;
    if fits.next().is_none() {
        return Some(first);
    }
    let mut free = held.iter().filter(|held| agrees(held));
    free.find(|held| exact(item, held) || !items.iter().any(|other| exact(other, held)))
}

/// The fields of `desired` that the server would make something else of, with who holds them.
pub fn overridden(
    desired: &Manifest,
    predicted: &Value,
    known: &Identities<'_>,
    spelling: Spelling<'_>,
    owners: &[ManagedEntry],
) -> Vec<FieldDrift> {
    let found = unmet(&desired.value, predicted, known, spelling);
    let field = |unmet: Unmet<'_>| FieldDrift {
        place: locate::place(desired, &unmet.path),
        text: None,
        owners: owners_of(owners, &unmet.path),
        live: Some(unmet.wanted.clone()),
        predicted: unmet.given.cloned(),
        cause: Default::default(),
        path: unmet.path,
    };
    found.into_iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Gvk;
    use serde_json::json;

    fn paths(wanted: Value, given: Value) -> Vec<String> {
        let gvk = Gvk::from_api_version("apps/v1", "Deployment");
        let spelling = Spelling { gvk: &gvk };
        unmet(&wanted, &given, &Identities::default(), spelling)
            .into_iter()
            .map(|u| u.path.to_string())
            .collect()
    }

    #[test]
    fn additions_are_fine_and_changes_are_not() {
        assert!(
            paths(
                json!({"a": {"b": 1}}),
                json!({"a": {"b": 1, "c": 2}, "d": 3})
            )
            .is_empty()
        );
        assert!(
            paths(
                json!({"a": null, "b": "", "c": [], "d": {}, "e": false, "f": 0}),
                json!({})
            )
            .is_empty()
        );
        assert_eq!(
            paths(json!({"a": {"b": 1, "c": true}}), json!({"a": {"b": 2}})),
            ["a.b", "a.c"]
        );
        // Without them they would be true, or somebody else.
        assert_eq!(
            paths(
                json!({"automountServiceAccountToken": false, "runAsUser": 0, "paused": false}),
                json!({})
            ),
            ["automountServiceAccountToken", "runAsUser"]
        );
    }

    #[test]
    fn items_are_found_by_the_keys_that_they_state() {
        let ports = json!({"ports": [{"port": 53, "name": "tcp"}, {"port": 53, "protocol": "UDP", "name": "udp"}]});
        let held = json!({"ports": [{"port": 53, "protocol": "UDP", "name": "udp"}, {"port": 53, "protocol": "TCP", "name": "tcp"}]});
        assert!(paths(ports.clone(), held.clone()).is_empty());
        let mut other = held;
        other["ports"][1]["name"] = json!("x");
        assert_eq!(paths(ports, other), ["ports[port=53,protocol=TCP].name"]);
        assert_eq!(
            paths(
                json!({"containers": [{"name": "a"}]}),
                json!({"containers": [{"name": "b"}]})
            ),
            ["containers[name=a]"]
        );
    }

    #[test]
    fn lists_without_identity_are_whole() {
        assert!(
            paths(
                json!({"rules": [{"a": 1}]}),
                json!({"rules": [{"a": 1, "default": 2}]})
            )
            .is_empty()
        );
        assert_eq!(
            paths(json!({"rules": [1, 2]}), json!({"rules": [1, 2, 3]})),
            ["rules"]
        );
        assert_eq!(
            paths(json!({"rules": [1, 2]}), json!({"rules": [1, 3]})),
            ["rules[1]"]
        );
    }
}
