//! What may be concluded from not seeing an object: that it does not exist, or nothing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{GroupKind, ObjectKey, Problem};

use super::Wanted;

/// What is known of an object that the watches do not show.
#[derive(Debug, PartialEq)]
pub(in crate::engine) enum Presence<'a> {
    /// It does not exist.
    Absent,
    /// It may exist, and cannot be read.
    Unreadable(&'a Problem),
    /// No list has come yet that would show it.
    Unsure,
}

/// Which kinds were listed since they were last asked for.
///
/// Watches drop what nobody wants, so that a list says nothing of an object that was wanted only later: each wish has a
/// round, and only a list that was begun in that round or after it counts.
#[derive(Default)]
pub(in crate::engine) struct Listed {
    told: Arc<Wanted>,
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
    pub fn tell(&mut self, wanted: Wanted) -> Arc<Wanted> {
        let round = self.told.round + 1;
        self.told = Arc::new(Wanted { round, ..wanted });
        self.told.clone()
    }

    /// No list that has arrived counts any more.
    pub fn forget(&mut self) {
        self.results.clear();
    }

    /// A list of a kind has arrived. One of the whole cluster answers for every namespace.
    pub fn arrived(&mut self, kind: &GroupKind, namespace: Option<&str>, round: u64) {
        if !self.counts(kind, round) {
            return;
        }
        if namespace.is_none() {
            self.results.retain(|(of, _), _| of != kind);
        }
        self.results
            .insert((kind.clone(), namespace.map(str::to_owned)), Ok(()));
    }

    /// A list cannot arrive (any more). Returns whether that is news.
    pub fn refused(
        &mut self,
        kind: &GroupKind,
        namespace: Option<&str>,
        round: u64,
        problem: Problem,
    ) -> bool {
        if !self.counts(kind, round) {
            return false;
        }
        let scope = (kind.clone(), namespace.map(str::to_owned));
        let refused = Err(problem);
        self.results.insert(scope, refused.clone()) != Some(refused)
    }

    /// A list has not arrived yet, and meets trouble: whoever waits for it is told why. One that is there stays.
    pub fn delayed(
        &mut self,
        kind: &GroupKind,
        namespace: Option<&str>,
        round: u64,
        problem: Problem,
    ) -> bool {
        let scope = (kind.clone(), namespace.map(str::to_owned));
        self.results.get(&scope) != Some(&Ok(())) && self.refused(kind, namespace, round, problem)
    }

    /// Whether an object of a kind is wanted by its name.
    pub fn is_named(&self, kind: &GroupKind) -> bool {
        let told = self.told.kinds.get(kind);
        told.is_none_or(|kind| !kind.keys.is_empty())
    }

    /// What it means that the watches do not show an object.
    pub fn of(&self, key: &ObjectKey) -> Presence<'_> {
        let over = |namespace| self.results.get(&(key.group_kind(), namespace));
        match over(Some(key.namespace.clone())).or_else(|| over(None)) {
            Some(Ok(())) => Presence::Absent,
            Some(Err(problem)) => Presence::Unreadable(problem),
            None => Presence::Unsure,
        }
    }

    /// Whether everything that the watches were told of was listed, or cannot be.
    pub fn is_complete(&self) -> bool {
        self.told.kinds.iter().all(|(kind, want)| {
            let over = |namespace| self.results.contains_key(&(kind.clone(), namespace));
            let each = || want.namespaces.iter().all(|ns| over(Some(ns.clone())));
            over(None) || (!want.namespaces.is_empty() && each())
        })
    }

    /// Whether a list knows of all that is wanted of its kind by now.
    fn counts(&self, kind: &GroupKind, round: u64) -> bool {
        self.awaited.get(kind).is_none_or(|since| round >= *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Resource;
    use crate::domain::ProblemKind;
    use crate::engine::clusters::wanted::WantedKind;

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

    fn no() -> Problem {
        Problem::new(ProblemKind::Forbidden, "not allowed")
    }

    #[test]
    fn a_list_says_nothing_of_what_was_wanted_after_it_began() {
        let (a, b, kind) = (key("x", "a"), key("x", "b"), key("", "").group_kind());
        let mut listed = Listed::default();
        listed.want(&a);
        assert_eq!(listed.of(&a), Presence::Unsure);
        let first = listed.tell(wanted(std::slice::from_ref(&a))).round;
        assert!(!listed.is_complete());
        listed.arrived(&kind, None, first);
        assert!(listed.of(&a) == Presence::Absent && listed.is_complete());
        listed.want(&a);
        assert_eq!(listed.of(&a), Presence::Absent, "nothing new");
        listed.want(&b);
        assert_eq!(listed.of(&b), Presence::Unsure);
        listed.arrived(&kind, None, first);
        assert_eq!(listed.of(&b), Presence::Unsure, "that list dropped it");
        let second = listed.tell(wanted(&[a, b.clone()])).round;
        assert!(!listed.is_complete());
        listed.arrived(&kind, None, second);
        assert!(listed.of(&b) == Presence::Absent && listed.is_complete());
    }

    #[test]
    fn each_namespace_counts_where_the_whole_cluster_may_not_be_listed() {
        let (a, b, kind) = (key("x", "a"), key("y", "b"), key("", "").group_kind());
        let mut listed = Listed::default();
        let round = listed.tell(wanted(&[a.clone(), b.clone()])).round;
        listed.arrived(&kind, Some("x"), round);
        assert_eq!(listed.of(&a), Presence::Absent);
        assert_eq!(listed.of(&b), Presence::Unsure);
        assert!(!listed.is_complete());
        listed.arrived(&kind, Some("y"), round);
        assert!(listed.of(&b) == Presence::Absent && listed.is_complete());
    }

    #[test]
    fn a_namespace_that_may_not_be_listed_is_not_taken_for_an_empty_one() {
        let (a, b, kind) = (key("a", "x"), key("b", "x"), key("", "").group_kind());
        // Whichever answer comes last.
        for order in [["a", "b"], ["b", "a"]] {
            let mut listed = Listed::default();
            for namespace in order {
                match namespace {
                    "a" => listed.arrived(&kind, Some("a"), 0),
                    _ => assert!(listed.refused(&kind, Some("b"), 0, no())),
                }
            }
            assert_eq!(listed.of(&a), Presence::Absent);
            assert_eq!(listed.of(&b), Presence::Unreadable(&no()));
            listed.arrived(&kind, None, 0);
            assert_eq!(listed.of(&b), Presence::Absent);
        }
    }

    #[test]
    fn a_first_list_that_is_no_json_ends_the_waiting_for_it() {
        let (a, kind) = (key("a", "x"), key("", "").group_kind());
        let mut listed = Listed::default();
        assert!(listed.delayed(&kind, None, 0, no()));
        assert_eq!(listed.of(&a), Presence::Unreadable(&no()));
        listed.arrived(&kind, None, 0);
        assert!(!listed.delayed(&kind, None, 0, no()));
        assert_eq!(listed.of(&a), Presence::Absent);
    }

    #[test]
    fn a_kind_that_vanished_is_not_a_kind_without_objects() {
        let (a, kind) = (key("a", "x"), key("", "").group_kind());
        let mut listed = Listed::default();
        listed.arrived(&kind, None, 0);
        assert!(listed.refused(&kind, None, 0, no()));
        assert_eq!(listed.of(&a), Presence::Unreadable(&no()));
    }
}
