//! What of a cluster has been listed: whether an object that no watch has shown is absent, or not looked for yet.

use std::collections::HashMap;

use crate::domain::{GroupKind, ObjectKey, Problem};

use super::clusters::Wanted;

/// Which kinds were listed since they were last asked for.
///
/// Watches drop what nobody wants, so that a list says nothing of an object that was wanted only later: each wish has a
/// round, and only a list that was begun in that round or after it counts.
#[derive(Default)]
pub(super) struct Listed {
    told: Wanted,
    awaited: HashMap<GroupKind, u64>,
    results: HashMap<(GroupKind, Option<String>), Result<(), Problem>>,
}

impl Listed {
    /// An object is wanted; of one that no watch was told of nothing is known until its kind is listed again.
    pub fn want(&mut self, key: &ObjectKey) {
        let kind = key.group_kind();
        if !self.told.has(key) {
            self.results.retain(|(of, _), _| *of != kind);
            self.awaited.insert(kind, self.told.round + 1);
        }
    }

    /// What the watches are told now.
    pub fn tell(&mut self, wanted: Wanted) -> Wanted {
        let round = self.told.round + 1;
        self.told = Wanted { round, ..wanted };
        self.told.clone()
    }

    /// A list of a kind has arrived (over one namespace, or all), or cannot.
    pub fn arrived(
        &mut self,
        kind: &GroupKind,
        namespace: Option<&str>,
        round: u64,
        result: Result<(), Problem>,
    ) {
        if self.awaited.get(kind).is_none_or(|since| round >= *since) {
            self.results
                .insert((kind.clone(), namespace.map(str::to_owned)), result);
        }
    }

    /// Whether an object would have been seen if it were there, or why it cannot be; `None` while that is not known.
    pub fn of(&self, key: &ObjectKey) -> Option<&Result<(), Problem>> {
        let over = |namespace| self.results.get(&(key.group_kind(), namespace));
        over(None).or_else(|| over(Some(key.namespace.clone())))
    }

    /// Whether everything that the watches were told of was listed, or cannot be.
    pub fn is_complete(&self) -> bool {
        self.told.kinds.iter().all(|(kind, want)| {
            let over = |namespace| self.results.contains_key(&(kind.clone(), namespace));
            let each = || want.namespaces.iter().all(|ns| over(Some(ns.clone())));
            over(None) || (!want.namespaces.is_empty() && each())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Resource;
    use crate::engine::clusters::WantedKind;

    fn key(namespace: &str, name: &str) -> ObjectKey {
        ObjectKey::new("", "ConfigMap", namespace, name)
    }

    fn wanted(keys: &[ObjectKey]) -> Wanted {
        let kind = WantedKind {
            resource: Resource {
                gvk: crate::domain::Gvk::default(),
                plural: "configmaps".into(),
                namespaced: true,
                verbs: Vec::new(),
            },
            keys: keys.iter().cloned().collect(),
            namespaces: keys.iter().map(|k| k.namespace.clone()).collect(),
        };
        Wanted {
            kinds: [(key("", "").group_kind(), kind)].into(),
            ..Wanted::default()
        }
    }

    #[test]
    fn a_list_says_nothing_of_what_was_wanted_after_it_began() {
        let (a, b, kind) = (key("x", "a"), key("x", "b"), key("", "").group_kind());
        let mut listed = Listed::default();
        listed.want(&a);
        assert!(listed.of(&a).is_none());
        let first = listed.tell(wanted(std::slice::from_ref(&a))).round;
        assert!(!listed.is_complete());
        listed.arrived(&kind, None, first, Ok(()));
        assert!(listed.of(&a).is_some() && listed.is_complete());
        listed.want(&a);
        assert!(listed.of(&a).is_some(), "nothing new");
        listed.want(&b);
        assert!(listed.of(&b).is_none());
        listed.arrived(&kind, None, first, Ok(()));
        assert!(listed.of(&b).is_none(), "that list dropped it");
        let second = listed.tell(wanted(&[a, b.clone()])).round;
        assert!(!listed.is_complete());
        listed.arrived(&kind, None, second, Ok(()));
        assert!(listed.of(&b).is_some() && listed.is_complete());
    }

    #[test]
    fn each_namespace_counts_where_the_whole_cluster_may_not_be_listed() {
        let (a, b, kind) = (key("x", "a"), key("y", "b"), key("", "").group_kind());
        let mut listed = Listed::default();
        let round = listed.tell(wanted(&[a.clone(), b.clone()])).round;
        listed.arrived(&kind, Some("x"), round, Ok(()));
        assert!(listed.of(&a).is_some() && listed.of(&b).is_none());
        assert!(!listed.is_complete());
        listed.arrived(&kind, Some("y"), round, Ok(()));
        assert!(listed.of(&b).is_some() && listed.is_complete());
    }
}
