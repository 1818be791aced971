//! Objects that are being deleted, and what keeps them.

use super::{ObjectKey, Problem, ProblemKind, Value};

/// An object that was deleted and is still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Its finalizers; empty: it waits for its grace period.
    pub finalizers: Vec<String>,
}

/// Whether an object is being deleted, and by what it is kept.
pub fn of(object: &Value) -> Option<Deletion> {
    let stamp = object.pointer("/metadata/deletionTimestamp")?;
    if stamp.is_null() {
        return None;
    }
    // A Namespace's own finalizer stands in its spec.
    let lists = ["/metadata/finalizers", "/spec/finalizers"];
    let finalizers = lists
        .iter()
        .filter_map(|list| object.pointer(list)?.as_array())
        .flatten()
        .filter_map(|f| f.as_str().map(str::to_owned))
        .collect();
    Some(Deletion { finalizers })
}

impl Deletion {
    /// `kept by finalizer x.y/z`, or what else it waits for.
    pub fn why(&self) -> String {
        // The garbage collector's own one goes by itself.
        let names = self.finalizers.iter().map(String::as_str);
        let keepers: Vec<&str> = names.filter(|f| *f != "foregroundDeletion").collect();
        match keepers.as_slice() {
            [] if self.finalizers.is_empty() => "until its grace period is over".to_owned(),
            [] => "until its dependents are gone".to_owned(),
            [one] => format!("kept by finalizer {one}"),
            several => format!("kept by finalizers {}", several.join(", ")),
        }
    }

    /// What to show of the object.
    pub fn problem(&self, key: &ObjectKey) -> Problem {
        let problem = Problem::new(
            ProblemKind::Conflict,
            format!("it is being deleted, {}", self.why()),
        )
        .at(key.to_string());
        match self.finalizers.is_empty() {
            true => problem,
            false => problem.hint(
                "Whoever set the finalizer must finish its work and remove it; what is created meanwhile would meet the old one.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_keeps_a_deleted_object_is_named() {
        let object = |finalizers| json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": finalizers}});
        let why = |finalizers| of(&object(finalizers)).unwrap().why();
        assert_eq!(why(json!(["x.y/z"])), "kept by finalizer x.y/z");
        assert_eq!(why(json!(["a/b", "c/d"])), "kept by finalizers a/b, c/d");
        assert_eq!(
            why(json!(["x.y/z", "foregroundDeletion"])),
            "kept by finalizer x.y/z"
        );
        assert_eq!(why(json!(null)), "until its grace period is over");
        assert_eq!(of(&json!({"metadata": {"finalizers": ["x"]}})), None);
        assert_eq!(of(&json!({"metadata": {"deletionTimestamp": null}})), None);
    }
}
