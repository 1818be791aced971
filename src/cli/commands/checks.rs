//! What settings say that only other rooms can judge: keys by the console's key table, contexts by the kubeconfig.

use std::collections::BTreeMap;

use crate::cluster::Kubeconfigs;
use crate::domain::{Notice, Problem, ProblemKind};
use crate::settings::Loaded;
use crate::settings::effective::Origin;
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

/// A log filter that cannot be read, told where it was written.
pub fn log(loaded: &Loaded) -> Option<Problem> {
    let why = crate::log::wrong_filter(&loaded.settings.log)?;
    let place = match loaded.origins.get("log") {
        Some(Origin::File(name) | Origin::Variable(name) | Origin::Flag(name)) => name.clone(),
        Some(Origin::Default) | None => loaded.path.clone(),
    };
    Some(
        Problem::new(ProblemKind::Config, "`log`: this filter cannot be read")
            .at(place)
            .because(why)
            .hint("Write error, warn, info, debug or trace, or a filter such as trueup=debug."),
    )
}

/// Rules and bindings that name no context of the kubeconfig: a guard that was mistyped guards nothing. Kubeconfigs
/// differ from machine to machine, so that it is no error.
pub fn contexts(loaded: &Loaded, kubeconfigs: &Kubeconfigs) -> Vec<Notice> {
    let is_meant = |pattern: &str| {
        let mut names = kubeconfigs.contexts().iter().map(|c| c.name.as_str());
        names.any(|name| match is_glob(pattern) {
            true => pattern == name || matches_name(pattern, name),
            false => pattern == name,
        })
    };
    let rules = loaded.settings.contexts.keys();
    let of_rules = rules
        .filter(|pattern| !is_meant(pattern))
        .map(|pattern| Notice {
            place: at(loaded, &pointer("contexts", pattern)),
            text: format!("`contexts.{pattern}` means no context of the kubeconfig"),
        });
    let known: Vec<&str> = kubeconfigs
        .contexts()
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    let bindings = loaded.settings.bindings.iter().enumerate();
    let bound = bindings.filter_map(|(i, binding)| {
        let context = binding.context.as_deref()?;
        (!known.contains(&context)).then(|| Notice {
            place: at(loaded, &format!("/bindings/{i}/context")),
            text: format!("`bindings[{i}].context`: the kubeconfig has no context {context}"),
        })
    });
    of_rules.chain(bound).collect()
}
