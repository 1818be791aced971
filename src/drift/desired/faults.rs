//! What is wrong with manifests wherever they would go.

use std::collections::HashMap;

use crate::domain::{Gvk, Manifest, ObjectKey, Problem, ProblemKind, Result};

use super::{Prepared, Work, is_hook, place};

/// Two manifests with one key: a Problem for each beyond the first, naming both places. Hooks do not count.
pub fn duplicates(prepared: &[Prepared]) -> Vec<Problem> {
    let prepared = prepared.iter().filter(|p| !p.hook);
    repeated(prepared.map(|p| (&p.key, &*p.manifest)))
}

/// What is wrong with manifests wherever they would go: names that are none, and two with one key.
pub fn faults(manifests: &[Manifest]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut keyed = Vec::new();
    for manifest in manifests {
        match stated_key(manifest) {
            Ok(key) if is_hook(manifest) => drop(key),
            Ok(key) => keyed.push((key, manifest)),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(repeated(keyed.iter().map(|(key, m)| (key, *m))));
    problems
}

/// The key that a manifest states itself; the namespace is empty where it leaves that to its App.
fn stated_key(manifest: &Manifest) -> Result<ObjectKey> {
    let work = Work {
        manifest,
        object: manifest.value.as_object().cloned().unwrap_or_default(),
        notices: Vec::new(),
        moved: Vec::new(),
    };
    let metadata = work.metadata()?;
    let name = work.name(&metadata, is_hook(manifest))?;
    let namespace = work.text(&metadata, "namespace")?;
    let Gvk { group, kind, .. } = &manifest.gvk;
    Ok(ObjectKey::new(group, kind, &namespace, &name))
}

fn repeated<'m>(keyed: impl Iterator<Item = (&'m ObjectKey, &'m Manifest)>) -> Vec<Problem> {
    let mut first: HashMap<&ObjectKey, &Manifest> = HashMap::new();
    let mut problems = Vec::new();
    for (key, manifest) in keyed {
        match first.get(key) {
            None => {
                first.insert(key, manifest);
            }
            Some(other) => problems.push(
                Problem::new(ProblemKind::Invalid, format!("two manifests define {key}"))
                    .at(place(manifest, None))
                    .because(format!("it is defined first at {}", place(other, None)))
                    .hint("Remove one of the two, or give it another name or namespace."),
            ),
        }
    }
    problems
}
