//! What a step takes from others and what it removes. A leftover that somebody holds is both, and is said once.

use crate::domain::{ObjectDrift, Value};

/// A field that a step takes or removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'s> {
    /// The field, as the server names it, or as a JSON pointer.
    pub field: &'s str,
    /// The manager that holds it, as the server names it; `None`: nobody wants it.
    pub from: Option<&'s str>,
    /// Whether it goes, rather than gets the value that Git has.
    pub removed: bool,
}

/// What a step with these leftovers takes and removes: the conflicts in their order, then what nobody holds.
pub fn taken<'s>(drift: &'s ObjectDrift, leftovers: &'s [String]) -> Vec<Taken<'s>> {
    let live = drift.live.as_deref().unwrap_or(&Value::Null);
    let is_at = |field: &str, pointer: &str| leads_to(field, pointer, live);
    let held = drift.conflicts.iter().map(|conflict| Taken {
        field: &conflict.field,
        from: Some(&conflict.manager),
        removed: leftovers.iter().any(|l| is_at(&conflict.field, l)),
    });
    let is_held = |leftover: &&String| drift.conflicts.iter().any(|c| is_at(&c.field, leftover));
    let rest = leftovers.iter().filter(|l| !is_held(l));
    let rest = rest.map(|leftover| Taken {
        field: leftover,
        from: None,
        removed: true,
    });
    held.chain(rest).collect()
}

/// Whether a field in the server's words (`.spec.ports[port=80,protocol="TCP"].name`) is the place in an object that a
/// JSON pointer leads to.
fn leads_to(field: &str, pointer: &str, object: &Value) -> bool {
    let mut at = object;
    let mut rest = field;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let step = match at {
            Value::Object(map) => rest
                .strip_prefix('.')
                .and_then(|rest| rest.strip_prefix(token.as_str()))
                .zip(map.get(&token)),
            Value::Array(items) => {
                let item = token.parse::<usize>().ok().and_then(|i| items.get(i));
                item.and_then(|item| Some((after_item(rest, item)?, item)))
            }
            _ => None,
        };
        match step {
            Some(next) => (rest, at) = next,
            None => return false,
        }
    }
    rest.is_empty()
}

/// What follows `[port=80,protocol="TCP"]`, where those are the item's own values, or `["x"]`, where that is the item.
fn after_item<'f>(field: &'f str, item: &Value) -> Option<&'f str> {
    let mut rest = field.strip_prefix('[')?;
    loop {
        let (key, value) = rest.split_once(['=', ':'])?;
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<Value>();
        let named = values.next()?.ok()?;
        let is_own = match key {
            // A set's member: `[="x"]` in an answer, `[v:"x"]` in a managedFields entry.
            "" | "v" => named == *item,
            key => item.get(key) == Some(&named),
        };
        rest = &value[values.byte_offset()..];
        if !is_own {
            return None;
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return rest.strip_prefix(']'),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::domain::drift::Conflict;
    use crate::domain::{Gvk, ObjectKey, Verdict};

    fn service() -> Value {
        json!({
            "metadata": {"annotations": {"a.b/c~d": "x"}, "finalizers": ["f", "g"]},
            "spec": {"ports": [
                {"port": 80, "protocol": "TCP", "name": "a"},
                {"port": 81, "protocol": "TCP", "name": "b]"},
            ]},
        })
    }

    #[test]
    fn places_in_the_server_s_words() {
        for (field, pointer, is) in [
            (".spec.ports", "/spec/ports", true),
            (".spec.port", "/spec/ports", false),
            (".spec.ports", "/spec/ports/0", false),
            (
                r#".spec.ports[port=81,protocol="TCP"]"#,
                "/spec/ports/1",
                true,
            ),
            (
                r#".spec.ports[port=81,protocol="TCP"]"#,
                "/spec/ports/0",
                false,
            ),
            (r#".spec.ports[name="b]"].port"#, "/spec/ports/1/port", true),
            (r#".spec.ports[port=81"#, "/spec/ports/1", false),
            (
                ".metadata.annotations.a.b/c~d",
                "/metadata/annotations/a.b~1c~0d",
                true,
            ),
            (
                r#".metadata.finalizers[="g"]"#,
                "/metadata/finalizers/1",
                true,
            ),
            (
                r#".metadata.finalizers[v:"g"]"#,
                "/metadata/finalizers/1",
                true,
            ),
            (".spec.gone", "/spec/gone", false),
            ("", "/spec", false),
        ] {
            assert_eq!(
                leads_to(field, pointer, &service()),
                is,
                "{field} {pointer}"
            );
        }
    }

    #[test]
    fn a_leftover_that_somebody_holds_was_said_twice() {
        let key = ObjectKey::new("", "Service", "shop", "web");
        let mut drift = ObjectDrift::new(
            key,
            Gvk::from_api_version("v1", "Service"),
            Verdict::Drifted,
        );
        drift.live = Some(Arc::new(service()));
        let conflict = |field: &str| Conflict {
            field: field.into(),
            manager: "\"kubectl-patch\" using v1".into(),
        };
        drift.conflicts = vec![
            conflict(r#".spec.ports[port=81,protocol="TCP"]"#),
            conflict(".spec.type"),
        ];
        let leftovers = ["/spec/ports/1".to_owned(), "/spec/ports/0/name".to_owned()];
        let said: Vec<_> = taken(&drift, &leftovers)
            .iter()
            .map(|t| (t.field, t.from.is_some(), t.removed))
            .collect();
        assert_eq!(
            said,
            [
                (r#".spec.ports[port=81,protocol="TCP"]"#, true, true),
                (".spec.type", true, false),
                ("/spec/ports/0/name", false, true),
            ]
        );
    }
}
