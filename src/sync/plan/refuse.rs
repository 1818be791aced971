//! When nothing of an App is done, and what a person can do about it.

use std::collections::BTreeSet;

use super::choose::{forced_past, needs_adoption};
use super::{AppInput, Candidate, PlanOptions, RecordState};
use crate::domain::{Destination, ObjectKey, PlanKind, Problem, ProblemKind, Revision, Verdict};
use crate::sync::facts::Claim;

/// How many objects a refusal names; the rest is counted.
const NAMED: usize = 10;

/// What forbids any work on the App, whatever its objects are.
pub fn app(input: &AppInput, options: &PlanOptions) -> Option<Problem> {
    let app = &input.app;
    let name = &app.id.name;
    let refused = |kind, why: String| Problem::new(kind, why).at(app.id.to_string());
    if let Some(problem) = app.problems.first() {
        return Some(
            problem
                .clone()
                .hint("Change the App so that trueup can honour it, or sync it with Argo CD."),
        );
    }
    if let Some(problem) = input.render_problems.first() {
        let several = input.render_problems.len();
        let mut refusal = refused(
            ProblemKind::Invalid,
            "its manifests could not be rendered whole, so that nothing of it is synced or pruned"
                .to_owned(),
        )
        .because(problem.to_string());
        if several > 1 {
            refusal = refusal.because(format!("and {} more", several - 1));
        }
        return Some(refusal.hint("Correct the manifests in Git, then draw the Plan again."));
    }
    if app.source.revision == Revision::Worktree {
        return Some(
            refused(
                ProblemKind::Unsupported,
                "the files on disk can be compared, never synced".to_owned(),
            )
            .hint("Commit them, then sync the commit."),
        );
    }
    if let RecordState::Unreadable(problem) = &input.record
        && problem.kind == ProblemKind::Conflict
    {
        return Some(problem.clone());
    }
    if let RecordState::Unreadable(problem) = &input.record {
        return Some(
            refused(
                problem.kind,
                "its record in the cluster cannot be read: what it holds is unknown".to_owned(),
            )
            .because(problem.to_string())
            .hint(
                "Sync again once it can be read; `trueup doctor` shows which rights are missing.",
            ),
        );
    }
    if !input.missing_rights.is_empty() {
        let mut refusal = refused(
            ProblemKind::Forbidden,
            "this user may not do what a sync needs".to_owned(),
        );
        for right in &input.missing_rights {
            refusal = refusal.because(right);
        }
        return Some(refusal.hint(
            "Ask for these rights in the destination namespace, or use a context that has them.",
        ));
    }
    if let Some(application) = &input.argo_application {
        return Some(
            refused(
                ProblemKind::Conflict,
                format!("Argo CD's Application {application} in that cluster claims the name {name}"),
            )
            .hint("Sync it through Argo CD, or give this App another name: both write the same tracking-id, and Argo CD would prune what it does not know."),
        );
    }
    if let Some(before) = &input.moved_from {
        let Destination { context, namespace } = before;
        let now = &app.destination;
        return Some(
            refused(
                ProblemKind::Conflict,
                format!(
                    "it was last synced to {context}/{namespace} and would now go to {}/{}",
                    now.context, now.namespace
                ),
            )
            .hint(format!(
                "To go there, say so: `--context {} --namespace {}`, or bind the directory in the config file.",
                now.context, now.namespace
            )),
        );
    }
    if input.namespace_ends {
        let namespace = &app.destination.namespace;
        return Some(
            refused(
                ProblemKind::Conflict,
                format!("its destination namespace {namespace} is being deleted"),
            )
            .hint("Wait until it is gone, then sync again; where it does not go, `kubectl get namespace -o yaml` says what holds it."),
        );
    }
    if let Some(typed) = &options.prune_all
        && typed != name
    {
        return Some(
            refused(
                ProblemKind::Config,
                format!(
                    "the name typed for pruning everything is {typed:?}, and this App is {name:?}"
                ),
            )
            .hint(format!("Sync this App alone with `--prune-all {name}`.")),
        );
    }
    None
}

/// What forbids work on the App because of some of its (chosen) objects.
pub fn objects(input: &AppInput, chosen: &[&Candidate], options: &PlanOptions) -> Option<Problem> {
    hooks(input, chosen)
        .or_else(|| duplicates(input, chosen))
        .or_else(|| shared(input, chosen))
        .or_else(|| unadopted(input, chosen, options))
        .or_else(|| match options.kind {
            PlanKind::Adopt => None,
            PlanKind::Sync | PlanKind::Rollback => not_comparable(input, chosen),
        })
}

fn hooks(input: &AppInput, chosen: &[&Candidate]) -> Option<Problem> {
    let hooks: Vec<String> = chosen
        .iter()
        .filter(|c| c.hook)
        .map(|c| c.drift.key.to_string())
        .collect();
    refusal(
        input,
        ProblemKind::Unsupported,
        "it has hooks, which trueup does not run yet",
        hooks,
        "Sync it with Argo CD, or choose the objects that are no hooks.",
    )
}

fn duplicates(input: &AppInput, chosen: &[&Candidate]) -> Option<Problem> {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = chosen
        .iter()
        .filter(|c| !seen.insert(&c.drift.key))
        .map(|c| c.drift.key.to_string())
        .collect();
    refusal(
        input,
        ProblemKind::Invalid,
        "it states the same object more than once",
        twice,
        "Remove all but one of them from Git.",
    )
}

fn shared(input: &AppInput, chosen: &[&Candidate]) -> Option<Problem> {
    if !input.app.sync.fail_on_shared {
        return None;
    }
    let shared = claimed(input, chosen, |claim| matches!(claim, Claim::App(_)));
    refusal(
        input,
        ProblemKind::Conflict,
        "it shares objects with another App, and FailOnSharedResource=true forbids that",
        shared,
        "Remove them from one of the two Apps, or the option from this one.",
    )
}

fn claimed(
    input: &AppInput,
    chosen: &[&Candidate],
    wanted: impl Fn(&Claim) -> bool,
) -> Vec<String> {
    chosen
        .iter()
        .filter(|c| c.desired.is_some())
        .filter_map(|c| {
            let claim = c.live.as_ref()?.claim(&input.app.id.name, &c.drift.key)?;
            wanted(&claim).then(|| format!("{} is claimed by {claim}", c.drift.key))
        })
        .collect()
}

fn unadopted(input: &AppInput, chosen: &[&Candidate], options: &PlanOptions) -> Option<Problem> {
    let unadopted: Vec<&&Candidate> = chosen.iter().filter(|c| needs_adoption(input, c)).collect();
    if options.kind == PlanKind::Adopt {
        return unmovable(input, &unadopted);
    }
    if options.adopt {
        let unmoved = unadopted
            .iter()
            .filter_map(|c| {
                let live = c.live.as_ref().filter(|live| live.is_adoptable())?;
                let holders = live.former_appliers.join(", ");
                Some(format!("{} is still held by {holders}", c.drift.key))
            })
            .collect();
        return refusal(
            input,
            ProblemKind::Conflict,
            "the ownership of some objects has not been moved to trueup yet",
            unmoved,
            "Run the adoption first; this Plan is drawn anew after it.",
        );
    }
    let named = unadopted
        .iter()
        .map(|c| {
            let key = &c.drift.key;
            let live = c.live.as_ref();
            match live.and_then(|l| l.claim(&input.app.id.name, key)) {
                Some(claim) => format!("{key} is claimed by {claim}"),
                None => format!("{key} is there already and was not made by trueup"),
            }
        })
        .collect();
    refusal(
        input,
        ProblemKind::Conflict,
        "some of its objects are there already and belong to others",
        named,
        "To take them over, adopt them (`--adopt`); whoever claims them must let go of them, or both will write to them.",
    )
}

/// Objects whose ownership an adoption would have to move and cannot.
fn unmovable(input: &AppInput, unadopted: &[&&Candidate]) -> Option<Problem> {
    let problems: Vec<(&ObjectKey, &Problem)> = unadopted
        .iter()
        .filter_map(|c| {
            let live = c.live.as_ref().filter(|live| live.is_adoptable())?;
            Some((&c.drift.key, live.unmovable.as_ref()?))
        })
        .collect();
    let named = problems.iter().map(|(key, p)| p.about(&key.to_string()));
    let mut refusal = refusal(
        input,
        ProblemKind::Unsupported,
        "the ownership of some objects cannot be moved to trueup",
        named.collect(),
        "The other objects can be chosen and adopted without them.",
    )?;
    put_first(&mut refusal, problems.iter().map(|(_, problem)| *problem));
    Some(refusal)
}

/// Puts what helps against each cause before what helps against all.
fn put_first<'p>(refusal: &mut Problem, causes: impl Iterator<Item = &'p Problem>) {
    let hints: Vec<&String> = causes.flat_map(|problem| &problem.hints).collect();
    for hint in hints.into_iter().rev() {
        if !refusal.hints.contains(hint) {
            refusal.hints.insert(0, hint.clone());
        }
    }
}

/// Objects that the server would refuse or that could not be looked at. Argo CD fails such a sync before its first
/// step, too.
fn not_comparable(input: &AppInput, chosen: &[&Candidate]) -> Option<Problem> {
    let refused: Vec<&&Candidate> = chosen
        .iter()
        .filter(|c| c.desired.is_some() && !c.unpredicted)
        .filter(|c| match c.drift.verdict {
            Verdict::Refused => !forced_past(input, c),
            Verdict::Unknown => true,
            _ => false,
        })
        .collect();
    let said = |c: &&&Candidate| {
        let key = c.drift.key.to_string();
        match &c.drift.problem {
            // Each cause may name another field.
            Some(problem) if problem.place == key && problem.causes.len() > 1 => {
                format!("{key}: {}: {}", problem.summary, problem.causes.join("; "))
            }
            Some(problem) => problem.about(&key),
            None => key,
        }
    };
    let mut refusal = refusal(
        input,
        ProblemKind::Rejected,
        "some of its objects would not be taken by the server, or could not be compared",
        refused.iter().map(said).collect(),
        "The other objects can be chosen and synced without them.",
    )?;
    // What helps depends on why each was refused.
    let causes = refused.iter().filter_map(|c| c.drift.problem.as_ref());
    put_first(&mut refusal, causes);
    Some(refusal)
}

/// An App before it in the Plan has some of the same objects.
pub fn overlap(input: &AppInput, shared: Vec<String>) -> Option<Problem> {
    refusal(
        input,
        ProblemKind::Conflict,
        "some of its objects are those of another App of this Plan",
        shared,
        "Remove them from one of the two Apps, or sync the one that shall have them alone.",
    )
}

/// The destination namespace is absent and nothing of the Plan would create it.
pub fn no_namespace(input: &AppInput) -> Problem {
    let namespace = &input.app.destination.namespace;
    Problem::new(
        ProblemKind::NotFound,
        format!("the namespace {namespace} does not exist and nothing in the Plan creates it"),
    )
    .at(input.app.id.to_string())
    .hint("Add the sync option CreateNamespace=true or a manifest of the Namespace (and choose it, too), or create it by hand.")
}

fn refusal(
    input: &AppInput,
    kind: ProblemKind,
    summary: &str,
    objects: Vec<String>,
    hint: &str,
) -> Option<Problem> {
    if objects.is_empty() {
        return None;
    }
    let mut problem = Problem::new(kind, summary).at(input.app.id.to_string());
    let more = objects.len().saturating_sub(NAMED);
    for object in objects.into_iter().take(NAMED) {
        problem = problem.because(object);
    }
    if more > 0 {
        problem = problem.because(format!("and {more} more"));
    }
    Some(problem.hint(hint))
}
