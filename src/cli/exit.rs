//! How a command ends.

use std::process::ExitCode;
use std::sync::Arc;

use crate::domain::Verdict;
use crate::domain::record::Outcome;
use crate::engine::{AppState, AppView, RunView, SyncStatus};

/// How a command ends; the worse is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well; for `diff`: nothing differs.
    #[default]
    Success,
    /// For `diff`: something differs.
    Difference,
    /// It could not be done, or not be known.
    Error,
    /// The signal of this number ended it.
    Signal(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Difference => 1,
            Exit::Error => 2,
            Exit::Signal(number) => 128_u8.saturating_add(number),
        })
    }
}

/// How a comparison of these Apps ends. Fields that others added count where `foreign`; overridden ones, which no sync
/// would change, never do. What the server refuses is an error where no sync would
/// mend it.
pub fn of_diff(apps: &[Arc<AppView>], foreign: bool) -> Exit {
    apps.iter()
        .map(|app| of_app(app, foreign))
        .max()
        .unwrap_or_default()
}

/// How a list of Apps ends: drift is no error there, but what is not known is.
pub fn of_list(apps: &[Arc<AppView>]) -> Exit {
    match apps.iter().any(|app| is_unknown(app)) {
        true => Exit::Error,
        false => Exit::Success,
    }
}

/// Whether the verdict on an App, or on one of its objects, is not known now.
fn is_unknown(app: &AppView) -> bool {
    matches!(app.sync, SyncStatus::Checking | SyncStatus::Failed)
        // Without its record nobody knows what it holds and Git no longer has.
        || app.state == AppState::Unknown
        || app.old_since.is_some()
        || has(app, Verdict::Unknown)
}

fn has(app: &AppView, verdict: Verdict) -> bool {
    app.objects.iter().any(|o| o.drift.verdict == verdict)
}

fn of_app(app: &AppView, foreign: bool) -> Exit {
    let mut objects = app.objects.iter();
    let is_refused = objects.any(|o| o.drift.verdict == Verdict::Refused && !app.is_forced(o));
    if is_unknown(app) || is_refused {
        return Exit::Error;
    }
    let differs = app.objects.iter().any(|object| {
        let drift = &object.drift;
        drift.is_drift() || (foreign && !drift.foreign.is_empty())
    });
    if differs {
        Exit::Difference
    } else {
        Exit::Success
    }
}

/// How a Run ends.
pub fn of_run(run: &RunView) -> Exit {
    match run.outcome {
        Some(Outcome::Succeeded) => Exit::Success,
        _ => Exit::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::samples;
    use crate::domain::Problem;

    #[test]
    fn unknown_beats_drift_and_drift_beats_none() {
        let synced = samples::app("synced");
        let mut refused = samples::drifted();
        let mut drifted = samples::drifted();
        drifted
            .objects
            .retain(|o| o.drift.verdict != Verdict::Refused);
        refused
            .objects
            .retain(|o| o.drift.verdict == Verdict::Refused);
        let mut unrecorded = samples::app("unrecorded");
        unrecorded.state = AppState::Unknown;
        let mut failed = samples::app("failed");
        failed.sync = SyncStatus::Failed;
        let mut old = samples::app("old");
        old.old_since = Some(samples::NOW);
        let mut unread = samples::drifted();
        unread.objects = vec![samples::object(samples::drift("a", Verdict::Unknown))];
        let of = |apps: &[&AppView]| {
            let apps: Vec<_> = apps.iter().map(|a| Arc::new((*a).clone())).collect();
            of_diff(&apps, false)
        };
        assert_eq!(of(&[]), Exit::Success);
        assert_eq!(of(&[&synced]), Exit::Success);
        assert_eq!(of(&[&synced, &drifted]), Exit::Difference);
        for bad in [&failed, &old, &unread, &unrecorded] {
            assert_eq!(of(&[&drifted, bad]), Exit::Error);
            assert_eq!(of_list(&[Arc::new(bad.clone())]), Exit::Error);
        }
        // What the server says no to is known well enough for a list; but no sync will mend it.
        assert_eq!(of(&[&drifted, &refused]), Exit::Error);
        assert_eq!(of_list(&[Arc::new(refused)]), Exit::Success);
    }

    #[test]
    fn foreign_fields_count_when_asked_and_overridden_never() {
        let mut app = samples::app("a");
        let mut drift = samples::drift("a", Verdict::InSync);
        drift.overridden = samples::drifted().objects[0].drift.fields.clone();
        app.objects = vec![samples::object(drift.clone())];
        let app = Arc::new(app);
        assert_eq!(of_diff(std::slice::from_ref(&app), true), Exit::Success);
        drift.foreign = vec![samples::foreign()];
        let mut app = (*app).clone();
        app.objects = vec![samples::object(drift)];
        let apps = [Arc::new(app)];
        assert_eq!(of_diff(&apps, false), Exit::Success);
        assert_eq!(of_diff(&apps, true), Exit::Difference);
    }

    #[test]
    fn only_success_is_success() {
        let run = |outcome| {
            let mut run = samples::run();
            run.outcome = outcome;
            run.problem = None::<Problem>;
            of_run(&run)
        };
        assert_eq!(run(Some(Outcome::Succeeded)), Exit::Success);
        for outcome in [
            None,
            Some(Outcome::Failed),
            Some(Outcome::Stopped),
            Some(Outcome::Running),
        ] {
            assert_eq!(run(outcome), Exit::Error);
        }
    }
}
