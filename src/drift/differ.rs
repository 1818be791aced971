//! The fields in which two objects differ, each at the deepest path at which they can be told apart.

use std::collections::BTreeSet;

use crate::domain::{FieldPath, Step, Value};

use super::identity::{self, Identities};

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<'v> {
    /// Where. An item of a list without identity carries its index in `b`, or in `a` where it is only there.
    pub path: FieldPath,
    /// The first side; `None`: absent.
    pub a: Option<&'v Value>,
    /// The second side; `None`: absent.
    pub b: Option<&'v Value>,
}

/// All differences, in the order of the object. Items in another order are one difference, of the whole list.
pub fn differences<'v>(a: &'v Value, b: &'v Value, known: &Identities<'_>) -> Vec<Difference<'v>> {
    let mut differ = Differ {
        known,
        at: FieldPath::default(),
        out: Vec::new(),
    };
    differ.value(a, b);
    differ.out
}

struct Differ<'k, 'v> {
    known: &'k Identities<'k>,
    at: FieldPath,
    out: Vec<Difference<'v>>,
}

impl<'v> Differ<'_, 'v> {
    fn value(&mut self, a: &'v Value, b: &'v Value) {
        match (a, b) {
            _ if a == b => {}
            (Value::Object(x), Value::Object(y)) => {
                let keys: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
                for key in keys {
                    self.below(Step::Field(key.clone()), x.get(key), y.get(key));
                }
            }
            (Value::Array(x), Value::Array(y)) => self.list(a, b, x, y),
            _ => self.found(Some(a), Some(b)),
        }
    }

    fn list(&mut self, a: &'v Value, b: &'v Value, x: &'v [Value], y: &'v [Value]) {
        let identity = self.known.of(&self.at, x, y);
        let (matches, moved) = identity::matches(&identity, x, y);
        if moved {
            self.found(Some(a), Some(b));
        }
        for m in matches {
            let (item_a, item_b) = (m.a.map(|i| &x[i]), m.b.map(|j| &y[j]));
            if item_a == item_b {
                continue;
            }
            if let Some(item) = item_b.or(item_a) {
                let index = m.b.or(m.a).unwrap_or_default();
                self.below(identity::step(&identity, item, index), item_a, item_b);
            }
        }
    }

    fn below(&mut self, step: Step, a: Option<&'v Value>, b: Option<&'v Value>) {
        self.at.0.push(step);
        match (a, b) {
            (Some(a), Some(b)) => self.value(a, b),
            (a, b) => self.found(a, b),
        }
        self.at.0.pop();
    }

    fn found(&mut self, a: Option<&'v Value>, b: Option<&'v Value>) {
        self.out.push(Difference {
            path: self.at.clone(),
            a,
            b,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn paths(a: Value, b: Value) -> Vec<String> {
        differences(&a, &b, &Identities::default())
            .into_iter()
            .map(|d| d.path.to_string())
            .collect()
    }

    #[test]
    fn differences_are_as_deep_as_they_can_be() {
        let one = json!({"spec": {"containers": [
            {"name": "a", "image": "x", "env": [{"name": "A", "value": "1"}]}, {"name": "b", "image": "y"}]}});
        let mut two = one.clone();
        two["spec"]["containers"][0]["env"][0]["value"] = json!("2");
        two["spec"]["containers"].as_array_mut().unwrap().remove(1);
        two["spec"]["replicas"] = json!(1);
        assert_eq!(
            paths(one, two),
            [
                "spec.containers[name=a].env[name=A].value",
                "spec.containers[name=b]",
                "spec.replicas"
            ]
        );
    }

    #[test]
    fn order_is_one_difference() {
        let one = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]});
        let two = json!({"env": [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}]});
        assert_eq!(paths(one, two), ["env", "env[name=A].value"]);
    }

    #[test]
    fn lists_without_identity_are_aligned() {
        let one = json!({"rules": [{"verbs": ["get"]}, {"verbs": ["list", "watch"]}]});
        let two = json!({"rules": [{"verbs": ["put"]}, {"verbs": ["get"]}, {"verbs": ["list"]}]});
        assert_eq!(paths(one, two), ["rules[0]", "rules[2].verbs[1]"]);
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(value in crate::drift::tests::values()) {
            prop_assert!(differences(&value, &value, &Identities::default()).is_empty());
        }

        #[test]
        fn what_is_not_equal_differs(a in crate::drift::tests::values(), b in crate::drift::tests::values()) {
            prop_assert_eq!(differences(&a, &b, &Identities::default()).is_empty(), a == b);
        }
    }
}
