//! What is wrong, of everything: the selected App first, then sources, clusters and the other Apps. What several of
//! them have is said once, with who else has it.

use std::collections::BTreeMap;

use crate::domain::text::visible;
use crate::domain::{AppId, Problem, Verdict};
use crate::engine::AppView;

use super::super::detail::diff;
use super::super::document::Section;
use super::super::painter::piece;
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;
use super::text::heading;

/// Of how many others that have the same Problem the names are said.
const NAMED: usize = 12;

/// One Problem, and who or what else has it.
struct Found {
    problem: Problem,
    owner: String,
    also: Vec<String>,
}

/// Problems by owner, each once.
#[derive(Default)]
struct Collected {
    found: Vec<Found>,
    /// Where Problems that begin alike are among those found.
    by_summary: BTreeMap<String, Vec<usize>>,
}

impl Collected {
    fn add(&mut self, owner: &str, problem: &Problem) {
        let alike = self.by_summary.entry(problem.summary.clone()).or_default();
        let same = |f: &Found| {
            let p = &f.problem;
            (p.kind, &p.causes, &p.hints) == (problem.kind, &problem.causes, &problem.hints)
        };
        let Some(&at) = alike.iter().find(|&&i| same(&self.found[i])) else {
            alike.push(self.found.len());
            self.found.push(Found {
                problem: problem.clone(),
                owner: owner.to_owned(),
                also: Vec::new(),
            });
            return;
        };
        let found = &mut self.found[at];
        let other = if found.owner != owner {
            owner
        } else if found.problem.place != problem.place {
            &problem.place
        } else {
            return;
        };
        if !found.also.iter().any(|o| o == other) {
            found.also.push(other.to_owned());
        }
    }
}

/// Writes it.
pub(super) fn sections(state: &State, selected: Option<&AppId>, width: usize) -> Vec<Section> {
    let data = &state.data;
    let selected = selected.and_then(|id| data.app(id));
    let mut all = Collected::default();
    if let Some(view) = selected {
        add_app(&mut all, state, view);
    }
    for problem in &data.problems {
        all.add("Sources and settings", problem);
    }
    for view in &data.clusters {
        let owner = format!("Cluster {}", view.context);
        for problem in view.all_problems() {
            all.add(&owner, problem);
        }
    }
    for view in &data.apps {
        add_app(&mut all, state, view);
    }

    let mut sections: Vec<(String, Vec<_>)> = Vec::new();
    for found in all.found {
        let mut lines = diff::problem_lines(&found.problem, width, &state.glyphs);
        if !found.also.is_empty() {
            let text = format!(
                "  {} times in all, also: {}",
                found.also.len() + 1,
                named(&found.also)
            );
            lines.extend(diff::paragraph(&text, width, Label::Dim));
        }
        match sections.iter_mut().find(|(owner, _)| *owner == found.owner) {
            Some((_, before)) => before.extend(lines),
            None => sections.push((found.owner, lines)),
        }
    }
    let mut sections: Vec<Section> = sections
        .into_iter()
        .map(|(owner, lines)| heading(&owner, lines))
        .collect();
    if sections.is_empty() {
        let line = vec![piece(
            "No problem was met. What differs or is not well stands in the Apps.",
            Label::Good,
        )];
        sections.push(Section::text("nothing", vec![line]));
    }
    sections.extend(noticed(state, width));
    sections
}

/// Names, the first of them said and the rest counted.
fn named(names: &[impl AsRef<str>]) -> String {
    let said: Vec<_> = names
        .iter()
        .take(NAMED)
        .map(|name| visible(name.as_ref()))
        .collect();
    match names.len().saturating_sub(NAMED) {
        0 => said.join(", "),
        n => format!("{} and {n} more", said.join(", ")),
    }
}

fn add_app(all: &mut Collected, state: &State, view: &AppView) {
    let id = &view.app.id;
    let owner = format!("App {}", visible(&wording::app(id, state.glyphs.dot)));
    for problem in &view.problems {
        let mut problem = problem.clone();
        if problem.place == id.to_string() {
            problem.place.clear();
        }
        all.add(&owner, &problem);
    }
    for object in &view.objects {
        let drift = diff::shown(&object.drift);
        let stands_alone = matches!(drift.verdict, Verdict::Refused | Verdict::Unknown);
        if let Some(problem) = drift.problem.as_ref().filter(|_| stands_alone) {
            let mut problem = problem.clone();
            if problem.place.is_empty() {
                problem.place = drift.key.to_string();
            }
            all.add(&owner, &problem);
        }
    }
}

/// What was noticed in sources and Apps, each text once.
fn noticed(state: &State, width: usize) -> Option<Section> {
    let of_apps = state.data.apps.iter().flat_map(|view| {
        let name = view.app.id.name.as_str();
        view.notices.iter().map(move |n| match n.place.as_str() {
            "" => (name, n.text.as_str()),
            place => (place, n.text.as_str()),
        })
    });
    let of_sources = state.data.notices.iter();
    let of_sources = of_sources.map(|n| (n.place.as_str(), n.text.as_str()));
    let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, text) in of_sources.chain(of_apps) {
        let i = *at.entry(text).or_insert_with(|| {
            texts.push((text, Vec::new()));
            texts.len() - 1
        });
        let places = &mut texts[i].1;
        if !place.is_empty() && !places.contains(&place) {
            places.push(place);
        }
    }
    let lines: Vec<_> = texts
        .iter()
        .flat_map(|(text, places)| {
            let text = wording::in_keys(text, &state.keymap);
            let text = if places.is_empty() {
                text
            } else {
                format!("{}: {text}", named(places))
            };
            diff::hanging(state.glyphs.item, &visible(&text), width, Label::Dim)
        })
        .collect();
    (!lines.is_empty()).then(|| heading("Noticed", lines))
}
