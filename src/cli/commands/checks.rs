//! What settings say that only other rooms can judge: keys by the console's key table, contexts by the kubeconfig.

use std::collections::BTreeMap;

use crate::cluster::Kubeconfigs;
use crate::domain::{Notice, Problem};
use crate::settings::Loaded;
use crate::settings::pattern::{is_glob, matches_name};
use crate::tui::Keymap;

/// Where in the config file a JSON pointer leads to.
fn at(loaded: &Loaded, pointer: &str) -> String {
    match &loaded.file {
        Some(file) => file.place(pointer),
        None => loaded.path.clone(),
    }
}

/// The JSON pointer of an entry of a setting.
fn pointer(setting: &str, name: &str) -> String {
    format!("/{setting}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What is wrong with the keys, each with its line in the config file.
pub fn keys(loaded: &Loaded) -> Vec<Problem> {
    let keys = &loaded.settings.keys;
    let at = |pointer: &str| at(loaded, pointer);
    let of = |name: &str| pointer("keys", name);
    let mut problems = Vec::new();
    for (name, presses) in keys {
        let alone = BTreeMap::from([(name.clone(), presses.clone())]);
        // Whether two commands share a key shows only when all of them are known.
        if let Err(problem) = Keymap::with(&alone)
            && problem.place != "keys"
        {
            let summary = format!("`keys.{name}`: {}", problem.summary);
            problems.push(Problem { summary, ..problem }.at(at(&of(name))));
        }
    }
    if problems.is_empty()
        && let Err(problem) = Keymap::with(keys)
    {
        let is_meant = |key: &String| problem.summary.contains(&format!("`{key}`"));
        let name = keys.iter().find(|(_, keys)| keys.iter().any(is_meant));
        let place = at(&name.map_or_else(|| "/keys".to_owned(), |(name, _)| of(name)));
        problems.push(problem.at(place));
    }
    problems
}

/// Rules for contexts that no context of the kubeconfig is meant by: a guard that was mistyped guards nothing.
pub fn contexts(loaded: &Loaded, kubeconfigs: &Kubeconfigs) -> Vec<Notice> {
    let is_meant = |pattern: &str| {
        let mut names = kubeconfigs.contexts().iter().map(|c| c.name.as_str());
        names.any(|name| match is_glob(pattern) {
            true => pattern == name || matches_name(pattern, name),
            false => pattern == name,
        })
    };
    let rules = loaded.settings.contexts.keys();
    rules
        .filter(|pattern| !is_meant(pattern))
        .map(|pattern| Notice {
            place: at(loaded, &pointer("contexts", pattern)),
            text: format!("`contexts.{pattern}` means no context of the kubeconfig"),
        })
        .collect()
}
