//! Which side moved since the last sync.

use crate::domain::{Cause, FieldDrift, Value};

use super::canonical::Spelling;
use super::locate;

/// Compares, at the path of a differing field, what Git stated at the last sync with what it states now and with what
/// the cluster has. Unknown where nothing was stated: the field followed from others.
pub fn cause(
    field: &FieldDrift,
    base: &Value,
    desired: Option<&Value>,
    spelling: Spelling<'_>,
) -> Cause {
    let at = |root: &Value| locate::find(root, &field.path).map(|(value, _)| value.clone());
    let (then, now) = (at(base), desired.and_then(at));
    let git = then != now;
    let cluster = !same(then.as_ref(), field.live.as_ref(), field, spelling);
    match (git, cluster) {
        (true, true) => Cause::Both,
        (true, false) => Cause::Git,
        (false, true) if then.is_some() || field.predicted.is_none() => Cause::Cluster,
        // The same entries in another order than Git has them, and always had.
        (false, false) if then.is_some() && is_reordered(field) => Cause::Cluster,
        _ => Cause::Unknown,
    }
}

/// Whether a list holds the same entries in another order.
pub fn is_reordered(field: &FieldDrift) -> bool {
    match (&field.live, &field.predicted) {
        (Some(Value::Array(live)), Some(Value::Array(predicted))) => {
            live.len() == predicted.len() && live.iter().all(|item| predicted.contains(item))
        }
        _ => false,
    }
}

fn same(
    stated: Option<&Value>,
    live: Option<&Value>,
    field: &FieldDrift,
    spelling: Spelling<'_>,
) -> bool {
    match (stated, live) {
        (None, None) => true,
        (Some(value), None) | (None, Some(value)) => spelling.is_like_absent(value),
        // The server adds defaults inside a map or a list.
        (Some(stated), Some(live)) => {
            spelling.same(&field.path, stated, live)
                || super::overridden::unmet(stated, live, &Default::default(), spelling).is_empty()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FieldPath, Gvk};
    use serde_json::json;

    #[test]
    fn who_moved() {
        let gvk = Gvk::from_api_version("apps/v1", "Deployment");
        let spelling = Spelling { gvk: &gvk };
        let cases = [
            (
                json!({"r": 3}),
                json!({"r": 3}),
                Some(json!(5)),
                Some(json!(3)),
                Cause::Cluster,
            ),
            (
                json!({"r": [{"name": "a"}, {"name": "b"}]}),
                json!({"r": [{"name": "a"}, {"name": "b"}]}),
                Some(json!([{"name": "b"}, {"name": "a"}])),
                Some(json!([{"name": "a"}, {"name": "b"}])),
                Cause::Cluster,
            ),
            (
                json!({"r": 3}),
                json!({"r": 4}),
                Some(json!(3)),
                Some(json!(4)),
                Cause::Git,
            ),
            (
                json!({"r": 3}),
                json!({"r": 4}),
                Some(json!(5)),
                Some(json!(4)),
                Cause::Both,
            ),
            (
                json!({"r": 3}),
                json!({"r": 3}),
                None,
                Some(json!(3)),
                Cause::Cluster,
            ),
            (json!({}), json!({"r": 3}), None, Some(json!(3)), Cause::Git),
            (json!({"r": 3}), json!({}), Some(json!(3)), None, Cause::Git),
            (
                json!({"r": 3}),
                json!({}),
                Some(json!(4)),
                None,
                Cause::Both,
            ),
            (
                json!({"r": {"a": 1}}),
                json!({}),
                Some(json!({"a": 1, "b": 2})),
                None,
                Cause::Git,
            ),
            (
                json!({}),
                json!({}),
                Some(json!(1)),
                Some(json!(2)),
                Cause::Unknown,
            ),
        ];
        for (base, desired, live, predicted, expected) in cases {
            let field = FieldDrift {
                path: FieldPath::fields(["r"]),
                live,
                predicted,
                cause: Cause::Unknown,
                owners: Vec::new(),
                place: None,
                text: None,
            };
            assert_eq!(
                cause(&field, &base, Some(&desired), spelling),
                expected,
                "{base} {desired} {field:?}"
            );
        }
    }
}
