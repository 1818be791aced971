//! What may be deleted. The inventory proposes, the live object must agree, and a person must have asked.

use std::collections::BTreeSet;

use super::choose::options_of;
use super::{AppInput, Candidate, PlanOptions, RecordState, wave_of};
use crate::domain::plan::Guard;
use crate::domain::{Action, ObjectKey, PlanStep, Problem, ProblemKind, tracking};
use crate::sync::facts::{Contents, is_container};

/// The prune steps of the chosen objects. Why one that Git no longer has is kept is a warning.
pub fn prunes(
    input: &AppInput,
    chosen: &[&Candidate],
    warnings: &mut Vec<String>,
) -> Vec<PlanStep> {
    let mut steps: Vec<PlanStep> = Vec::new();
    let gone = chosen.iter().copied().filter(|c| c.desired.is_none());
    // What a container takes along must be going anyway, which is known once all else is.
    let (containers, others): (Vec<&Candidate>, Vec<&Candidate>) =
        gone.partition(|c| is_container(&c.drift.key));
    // A CRD before the namespace that may hold nothing else.
    for candidate in others.into_iter().chain(containers) {
        let going: BTreeSet<ObjectKey> = match is_container(&candidate.drift.key) {
            true => steps.iter().map(|step| step.key.clone()).collect(),
            false => BTreeSet::new(),
        };
        match kept(input, candidate, &going) {
            Some(reason) if reason.is_empty() => {}
            Some(reason) => warnings.push(format!(
                "{} is no longer in Git and stays: {reason}",
                candidate.drift.key
            )),
            None => steps.extend(step(input, candidate)),
        }
    }
    steps
}

/// Why an object is not pruned; an empty reason needs no mention. Every doubt keeps it.
fn kept(input: &AppInput, candidate: &Candidate, going: &BTreeSet<ObjectKey>) -> Option<String> {
    let key = &candidate.drift.key;
    let RecordState::Read(record) = &input.record else {
        return Some("the App has no record that lists it".to_owned());
    };
    if !record.inventory.0.contains(key) {
        return Some("the App's record does not list it".to_owned());
    }
    let Some(live) = &candidate.live else {
        return Some(match &candidate.drift.problem {
            Some(problem) => format!("it could not be looked at ({problem})"),
            None => String::new(),
        });
    };
    if live.deletion_pending {
        return Some(match &candidate.drift.problem {
            Some(problem) => problem.summary.clone(),
            None => "it is being deleted already".to_owned(),
        });
    }
    if !tracking::is_tracked(key) {
        return Some(
            "definitions carry no tracking-id, so that no App takes one along (as with Argo CD); delete it by hand once nothing needs it"
                .to_owned(),
        );
    }
    if !live.tracked_by(&input.app.id.name, key) {
        return Some(
            "its tracking-id in the cluster does not name it as this App's; delete it by hand if it is"
                .to_owned(),
        );
    }
    if let Some(owner) = &live.owner {
        return Some(format!("{owner} owns it and decides on its end"));
    }
    if !options_of(input, candidate).prune {
        return Some("a sync option says that it is not pruned (Prune=false)".to_owned());
    }
    match &live.contents {
        Contents::None => None,
        Contents::Unknown => Some(
            "what else would go with it cannot be told; delete it by hand once nothing is left in it"
                .to_owned(),
        ),
        Contents::Known(contents) => {
            let staying: Vec<_> = contents.iter().filter(|key| !going.contains(key)).collect();
            let first = staying.first()?;
            let more = match staying.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            Some(format!(
                "deleting it would delete {first}{more}; delete it by hand once nothing is left in it"
            ))
        }
    }
}

fn step(input: &AppInput, candidate: &Candidate) -> Option<PlanStep> {
    let live = candidate.live.as_ref()?;
    Some(PlanStep {
        app: input.app.id.clone(),
        key: candidate.drift.key.clone(),
        action: Action::Prune,
        wave: wave_of(candidate),
        manifest: None,
        drift: candidate.drift.clone(),
        guard: Guard {
            uid: live.uid.clone(),
            resource_version: live.resource_version.clone(),
            force: false,
        },
        leftovers: Vec::new(),
        propagation: input.app.sync.propagation,
        unpredicted: false,
    })
}

/// Whether prunes would leave nothing of the App, or come of Git having nothing of it, whatever is kept all the same.
pub fn takes_everything(input: &AppInput, prunes: &[PlanStep]) -> bool {
    let pruned: BTreeSet<_> = prunes.iter().map(|p| &p.key).collect();
    let stays = |c: &Candidate| c.live.is_some() && !pruned.contains(&c.drift.key);
    !prunes.is_empty() && (is_empty(input) || !input.candidates.iter().any(stays))
}

fn is_empty(input: &AppInput) -> bool {
    !input.candidates.iter().any(|c| c.desired.is_some())
}

/// Refuses prunes that take everything, unless the App's name was typed.
pub fn refuse(input: &AppInput, prunes: &[PlanStep], options: &PlanOptions) -> Option<Problem> {
    let name = &input.app.id.name;
    if !takes_everything(input, prunes) || options.prune_all.as_deref() == Some(name) {
        return None;
    }
    let why = match is_empty(input) {
        true => {
            "Git has no object of it any more, and pruning would delete what it has in the cluster"
        }
        false => "pruning would delete everything that it has in the cluster",
    };
    Some(
        Problem::new(ProblemKind::Conflict, why)
            .at(input.app.id.to_string())
            .because(match prunes.len() {
                1 => "1 object would be deleted".to_owned(),
                n => format!("{n} objects would be deleted"),
            })
            .hint(format!(
                "If that is meant, type the App's name: `--prune-all {name}`. Otherwise look at the App's path and revision."
            )),
    )
}
