//! Whether two values mean the same to the server, however they are spelled.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{FieldPath, Gvk, Step, Value, key};

use super::quantity;

/// What is known about the kind whose values are compared.
#[derive(Clone, Copy)]
pub struct Spelling<'a> {
    /// The kind.
    pub gvk: &'a Gvk,
}

/// Fields of built-in kinds that hold a quantity, or a map of them, by name (Kubernetes API reference, every
/// `resource.Quantity`).
const QUANTITIES: [&str; 18] = [
    "limits",
    "requests",
    "capacity",
    "allocatable",
    "hard",
    "overhead",
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
    "sizeLimit",
    "divisor",
    "averageValue",
    "value",
    "storage",
    "cpu",
    "memory",
];

/// Fields of built-in kinds that the server keeps as `false` or 0, because that is not what their absence means
/// (Kubernetes API reference: pointers that are not defaulted).
const KEPT: [&str; 17] = [
    "activeDeadlineSeconds",
    "allowPrivilegeEscalation",
    "allowVolumeExpansion",
    "automountServiceAccountToken",
    "fsGroup",
    "hostUsers",
    "immutable",
    "minReplicas",
    "optional",
    "privileged",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "startingDeadlineSeconds",
    "tolerationSeconds",
    "ttlSecondsAfterFinished",
];

/// Maps from names of the user's own to strings.
const ENTRIES: [&str; 7] = [
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "stringData",
];

impl Spelling<'_> {
    /// Whether the kind is one of Kubernetes' own, whose zero values the server leaves out and whose quantities it
    /// writes anew. A custom resource keeps both as they were sent.
    fn is_built_in(&self) -> bool {
        key::is_built_in(&self.gvk.group)
    }

    /// Whether an absent field means the same as this value.
    pub fn is_like_absent(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::String(s) => s.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.values().all(|v| self.is_like_absent(v)),
            Value::Bool(b) => !b && self.is_built_in(),
            Value::Number(n) => self.is_built_in() && n.as_f64() == Some(0.0),
        }
    }

    /// The same for a value at a path. In a map with keys of the user's own an empty string is an entry like any other, and
    /// some fields say something by `false` or 0.
    pub fn is_like_absent_at(&self, path: &FieldPath, value: &Value) -> bool {
        let says = match value {
            Value::String(_) => is_entry(path),
            Value::Bool(_) | Value::Number(_) => {
                matches!(path.0.last(), Some(Step::Field(name)) if KEPT.contains(&name.as_str()))
            }
            _ => false,
        };
        self.is_like_absent(value) && !says
    }

    /// Whether two scalars mean the same. `path` leads to them.
    pub fn same(&self, path: &FieldPath, a: &Value, b: &Value) -> bool {
        if a == b || (self.is_like_absent(a) && self.is_like_absent(b)) {
            return true;
        }
        if let (Value::Number(a), Value::Number(b)) = (a, b) {
            // Whole numbers are whole: a double would round those beyond 2^53.
            let whole = |n: &serde_json::Number| n.as_i128();
            return match (whole(a), whole(b)) {
                (Some(a), Some(b)) => a == b,
                _ => a.as_f64() == b.as_f64(),
            };
        }
        if let (true, Value::String(a), Value::String(b)) = (self.is_encoded(path), a, b) {
            return matches!((decode(a), decode(b)), (Some(a), Some(b)) if a == b);
        }
        // What a user keeps in a map of their own is text, whatever it looks like.
        if is_entry(path) {
            return false;
        }
        if self.is_built_in() && names_quantity(path) {
            return matches!((quantity::nanos(a), quantity::nanos(b)), (Some(a), Some(b)) if a == b);
        }
        let (Value::String(a), Value::String(b)) = (a, b) else {
            return false;
        };
        match self.is_built_in() {
            true => names_time(path) && same_time(a, b),
            false => same_duration(a, b) || same_time(a, b),
        }
    }

    /// Whether the server keeps bytes there, which it writes in base64 of its own.
    fn is_encoded(&self, path: &FieldPath) -> bool {
        let field =
            |step: Option<&Step>, name: &str| matches!(step, Some(Step::Field(f)) if f == name);
        let first = |name| field(path.0.first(), name);
        match (self.gvk.group.as_str(), self.gvk.kind.as_str()) {
            ("", "Secret") => first("data"),
            ("", "ConfigMap") => first("binaryData"),
            _ => self.is_built_in() && field(path.0.last(), "caBundle"),
        }
    }
}

fn is_entry(path: &FieldPath) -> bool {
    matches!(path.0.as_slice(), [.., Step::Field(map), Step::Field(_)] if ENTRIES.contains(&map.as_str()))
}

fn names_time(path: &FieldPath) -> bool {
    matches!(path.0.last(), Some(Step::Field(name)) if name.ends_with("Time") || name.ends_with("Timestamp"))
}

fn names_quantity(path: &FieldPath) -> bool {
    let mut fields = path.0.iter().rev().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        _ => None,
    });
    let (last, above) = (
        fields.next().unwrap_or_default(),
        fields.next().unwrap_or_default(),
    );
    // `value` of an environment variable is text.
    let in_item = !matches!(path.0.iter().rev().nth(1), Some(Step::Field(_)));
    let text = in_item && last == "value";
    !text && (QUANTITIES.contains(&last) || QUANTITIES.contains(&above))
}

/// Base64 as Go's decoder takes it: line breaks do not count.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    LENIENT.decode(compact).ok()
}

/// Go durations (`90s`, `1m30s`), which the server writes in one way. Both must state a unit.
fn same_duration(a: &str, b: &str) -> bool {
    let parse = |text: &str| -> Option<SignedDuration> {
        let plain = text
            .chars()
            .all(|c| c.is_ascii_digit() || ".-+hmsnuµ".contains(c));
        (plain && text.ends_with(['h', 'm', 's'])).then(|| text.parse().ok())?
    };
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

fn same_time(a: &str, b: &str) -> bool {
    let parse =
        |text: &str| -> Option<Timestamp> { text.contains('T').then(|| text.parse().ok())? };
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_that_mean_the_same() {
        let deployment = Gvk::from_api_version("apps/v1", "Deployment");
        let widget = Gvk::from_api_version("shop.example/v1", "Widget");
        let secret = Gvk::from_api_version("v1", "Secret");
        let limits = ["resources", "limits", "memory"];
        let map = Gvk::from_api_version("v1", "ConfigMap");
        let vpa = Gvk::from_api_version("autoscaling.k8s.io/v1", "VerticalPodAutoscaler");
        let hook = Gvk::from_api_version(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
        );
        let cases: [(&Gvk, &[&str], Value, Value, bool); 24] = [
            (&deployment, &limits, json!("1Gi"), json!("1024Mi"), true),
            (&deployment, &limits, json!("1Gi"), json!("1G"), false),
            (&deployment, &limits, json!(1), json!("1"), true),
            (&widget, &limits, json!("1Gi"), json!("1024Mi"), false),
            (
                &deployment,
                &["metadata", "labels", "v"],
                json!("1.0"),
                json!("1"),
                false,
            ),
            (&deployment, &["port"], json!(80), json!("80"), false),
            (&deployment, &["port"], json!(80), json!(80.0), true),
            (&deployment, &["paused"], json!(false), json!(null), true),
            (&widget, &["paused"], json!(false), json!(null), false),
            (&widget, &["tags"], json!([]), json!(null), true),
            (&widget, &["interval"], json!("1h0m0s"), json!("60m"), true),
            (&widget, &["interval"], json!("10"), json!("10s"), false),
            // What stands in a user's own map is text, and a custom kind keeps its quantities.
            (
                &map,
                &["data", "memory"],
                json!("1Gi"),
                json!("1024Mi"),
                false,
            ),
            (&map, &["data", "timeout"], json!("60s"), json!("1m"), false),
            (
                &deployment,
                &["metadata", "annotations", "atTime"],
                json!("2026-01-01T02:00:00+02:00"),
                json!("2026-01-01T00:00:00Z"),
                false,
            ),
            (
                &deployment,
                &["spec", "x"],
                json!("60s"),
                json!("1m"),
                false,
            ),
            (
                &vpa,
                &["minAllowed", "cpu"],
                json!("0.1"),
                json!("100m"),
                false,
            ),
            // Beyond 2^53 doubles are no longer exact.
            (
                &widget,
                &["big"],
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
                false,
            ),
            (
                &widget,
                &["big"],
                json!(u64::MAX),
                json!(u64::MAX - 1),
                false,
            ),
            // The server writes bytes in base64 of its own.
            (
                &hook,
                &["clientConfig", "caBundle"],
                json!("aHVu\ndGVy"),
                json!("aHVudGVy"),
                true,
            ),
            (
                &map,
                &["binaryData", "a"],
                json!("aHVu\ndGVy"),
                json!("aHVudGVy"),
                true,
            ),
            (
                &secret,
                &["data", "a"],
                json!("aHVu\ndGVy"),
                json!("aHVudGVy"),
                true,
            ),
            (
                &secret,
                &["data", "a"],
                json!("aHVudGVy"),
                json!("aHVudGVz"),
                false,
            ),
            (
                &widget,
                &["at"],
                json!("2026-01-01T02:00:00+02:00"),
                json!("2026-01-01T00:00:00Z"),
                true,
            ),
        ];
        for (gvk, path, a, b, same) in cases {
            let spelling = Spelling { gvk };
            assert_eq!(
                spelling.same(&FieldPath::fields(path.iter().copied()), &a, &b),
                same,
                "{gvk} {a} {b}"
            );
        }
    }
}
