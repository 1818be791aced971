//! What may be concluded from not seeing an object: that it does not exist, or nothing.

use std::collections::{HashMap, HashSet};

use crate::domain::{GroupKind, ObjectKey, Problem};

/// What is known of an object that the watches do not show.
#[derive(Debug, PartialEq)]
pub(super) enum Presence<'a> {
    /// It does not exist.
    Absent,
    /// It may exist, and cannot be read.
    Unreadable(&'a Problem),
    /// No list has come yet that would show it.
    Unsure,
}

/// Which lists of a cluster have arrived, and which cannot.
#[derive(Default)]
pub(super) struct Listed {
    /// Keys that the watches were last told to keep.
    told: HashMap<GroupKind, HashSet<ObjectKey>>,
    /// Keys that a list would have shown.
    covered: HashSet<ObjectKey>,
    /// Lists that cannot arrive, of one namespace or (`None`) of all.
    refused: HashMap<(GroupKind, Option<String>), Problem>,
}

impl Listed {
    /// The watches are told to keep these keys. Lists that were made before know nothing of new ones.
    pub fn tell(&mut self, told: HashMap<GroupKind, HashSet<ObjectKey>>) {
        self.told = told;
        let told = &self.told;
        self.covered.retain(|key| {
            told.get(&key.group_kind())
                .is_some_and(|keys| keys.contains(key))
        });
    }

    /// What it means that the watches do not show an object.
    pub fn of(&self, key: &ObjectKey) -> Presence<'_> {
        if self.covered.contains(key) {
            return Presence::Absent;
        }
        [Some(key.namespace.clone()), None]
            .into_iter()
            .find_map(|namespace| self.refused.get(&(key.group_kind(), namespace)))
            .map_or(Presence::Unsure, Presence::Unreadable)
    }

    /// A list has arrived. One of the whole cluster answers for every namespace.
    pub fn arrived(&mut self, kind: &GroupKind, namespace: Option<&str>) {
        let scope = |key: &&ObjectKey| namespace.is_none_or(|ns| key.namespace == ns);
        let told = self.told.get(kind).into_iter().flatten().filter(scope);
        self.covered.extend(told.cloned());
        self.refused
            .retain(|(k, ns), _| k != kind || namespace.is_some() && ns.as_deref() != namespace);
    }

    /// A list cannot arrive (any more). Returns whether that is news.
    pub fn refused(&mut self, kind: &GroupKind, namespace: Option<&str>, problem: Problem) -> bool {
        self.covered.retain(|key| {
            key.group_kind() != *kind || namespace.is_some_and(|ns| key.namespace != ns)
        });
        let scope = (kind.clone(), namespace.map(str::to_owned));
        self.refused.insert(scope, problem.clone()).as_ref() != Some(&problem)
    }

    /// A list has not arrived yet, and meets trouble: whoever waits for it is told why. One that is there stays.
    pub fn delayed(&mut self, kind: &GroupKind, namespace: Option<&str>, problem: Problem) -> bool {
        let is_there = self
            .covered
            .iter()
            .any(|key| key.group_kind() == *kind && namespace.is_none_or(|ns| key.namespace == ns));
        !is_there && self.refused(kind, namespace, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProblemKind;

    fn map(namespace: &str) -> ObjectKey {
        ObjectKey::new("", "ConfigMap", namespace, "a")
    }

    fn told(namespaces: &[&str]) -> Listed {
        let mut listed = Listed::default();
        let keys = namespaces.iter().map(|ns| map(ns)).collect();
        listed.tell([(map("").group_kind(), keys)].into());
        listed
    }

    fn no() -> Problem {
        Problem::new(ProblemKind::Forbidden, "not allowed")
    }

    #[test]
    fn a_namespace_that_may_not_be_listed_is_not_taken_for_an_empty_one() {
        let kind = map("").group_kind();
        // Whichever answer comes last.
        for order in [["a", "b"], ["b", "a"]] {
            let mut listed = told(&["a", "b", "c"]);
            for namespace in order {
                match namespace {
                    "a" => listed.arrived(&kind, Some("a")),
                    _ => assert!(listed.refused(&kind, Some("b"), no())),
                }
            }
            assert_eq!(listed.of(&map("a")), Presence::Absent);
            assert_eq!(listed.of(&map("b")), Presence::Unreadable(&no()));
            assert_eq!(listed.of(&map("c")), Presence::Unsure);
            listed.arrived(&kind, None);
            assert_eq!(listed.of(&map("b")), Presence::Absent);
        }
    }

    #[test]
    fn a_first_list_that_is_no_json_ends_the_waiting_for_it() {
        let kind = map("").group_kind();
        let mut listed = told(&["a"]);
        assert!(listed.delayed(&kind, None, no()));
        assert_eq!(listed.of(&map("a")), Presence::Unreadable(&no()));
        listed.arrived(&kind, None);
        assert!(!listed.delayed(&kind, None, no()));
        assert_eq!(listed.of(&map("a")), Presence::Absent);
    }

    #[test]
    fn a_list_from_before_says_nothing_of_what_is_wanted_since() {
        let kind = map("").group_kind();
        let mut listed = told(&["a"]);
        listed.arrived(&kind, None);
        listed.tell([(kind.clone(), [map("a"), map("b")].into())].into());
        assert_eq!(listed.of(&map("a")), Presence::Absent);
        assert_eq!(listed.of(&map("b")), Presence::Unsure);
        listed.arrived(&kind, None);
        assert_eq!(listed.of(&map("b")), Presence::Absent);
    }

    #[test]
    fn a_kind_that_vanished_is_not_a_kind_without_objects() {
        let kind = map("").group_kind();
        let mut listed = told(&["a"]);
        listed.arrived(&kind, None);
        assert!(listed.refused(&kind, None, no()));
        assert_eq!(listed.of(&map("a")), Presence::Unreadable(&no()));
    }
}
