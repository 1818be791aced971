//! The ordered steps that a sync or a rollback will take. A Plan is what was drawn: a Run does exactly this or stops.

use std::sync::Arc;

use super::app::Propagation;
use super::record::RunKind;
use super::{AppId, Commit, Health, Manifest, ObjectDrift, ObjectKey, Problem};

/// What a Plan is for.
pub type PlanKind = RunKind;

/// What one step does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Creates the destination namespace; never applies to an existing one.
    CreateNamespace,
    /// Server-side apply of an object that must not exist yet (`resourceVersion: "1"`).
    Create,
    /// Server-side apply to the object with the guarded uid.
    Apply,
    /// PUT of the whole object, then a claim of its fields.
    Replace,
    /// Delete, wait until it is gone, create.
    Recreate,
    /// Writes the App's record anew where it is gone; nothing else is done.
    Record,
    /// Moves ownership of its fields to trueup; changes no value.
    Adopt,
    /// Deletes what is held and no longer in Git.
    Prune,
}

/// What must still hold when a step runs, as it was when the Plan was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// UID of the live object; empty: there was none.
    pub uid: String,
    /// Resource version that the dry run answered from; sent only with a forced apply.
    pub resource_version: String,
    /// Whether the apply is forced, because the dry run met conflicts that are shown in the step's drift.
    pub force: bool,
}

/// One step of a Plan.
#[derive(Clone, Debug)]
pub struct PlanStep {
    /// Whose step it is.
    pub app: AppId,
    /// Which object.
    pub key: ObjectKey,
    /// What is done.
    pub action: Action,
    /// Sync wave; for a prune the mirrored one.
    pub wave: i32,
    /// What is sent; `None` for a prune.
    pub manifest: Option<Arc<Manifest>>,
    /// The diff that this step makes.
    pub drift: Arc<ObjectDrift>,
    /// What must still hold.
    pub guard: Guard,
    /// JSON pointers of leftovers that the step claims before it applies, because they would make the apply fail.
    pub leftovers: Vec<String>,
    /// How dependents go, for a prune or a recreate.
    pub propagation: Propagation,
    /// Whether the step depends on an earlier one (an absent namespace or CRD), so that its diff is Desired and not
    /// the server's prediction.
    pub unpredicted: bool,
}

/// An object with a health that is as Git wants it and so has no step. Later waves wait for it all the same, as Argo CD's
/// do (gitops-engine syncs what is in sync, too).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Which object.
    pub key: ObjectKey,
    /// Its sync wave.
    pub wave: i32,
    /// Its health when the Plan was drawn.
    pub health: Health,
}

impl PlanStep {
    /// Why the object is deleted to be made anew, in the server's words; `drift` is the step's as it is to be shown.
    pub fn why_recreated(&self, drift: &ObjectDrift) -> Option<String> {
        let problem = drift.problem.as_ref();
        let problem = problem.filter(|_| self.action == Action::Recreate)?;
        let parts = std::iter::once(&problem.summary).chain(&problem.causes);
        Some(parts.map(String::as_str).collect::<Vec<_>>().join(": "))
    }
}

/// One App of a Plan.
#[derive(Clone, Debug)]
pub struct PlannedApp {
    /// Which App.
    pub id: AppId,
    /// The commit that its steps come from.
    pub commit: Commit,
    /// Objects that would be pruned, were it asked for; in `steps` only when it was.
    pub prunable: Vec<ObjectKey>,
    /// Whether pruning those would leave nothing of the App, or Git has nothing of it: it then needs the App's name typed.
    pub takes_everything: bool,
    /// Why nothing of this App is done. Its steps are not in the Plan then.
    pub refused: Option<Problem>,
    /// What is in sync and must be healthy before the steps of later waves.
    pub gates: Vec<Gate>,
    /// What a person must know before saying yes.
    pub warnings: Vec<String>,
}

impl PlannedApp {
    /// An App of which nothing is done.
    pub fn refused(id: AppId, commit: Commit, problem: Problem) -> Self {
        Self {
            id,
            commit,
            prunable: Vec::new(),
            takes_everything: false,
            refused: Some(problem),
            gates: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The ordered steps of a sync, a rollback or an adoption, over one or several Apps.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is for.
    pub kind: PlanKind,
    /// The Apps, those refused among them.
    pub apps: Vec<PlannedApp>,
    /// What will be done, in order.
    pub steps: Vec<PlanStep>,
    /// Whether prunes are among the steps.
    pub prune: bool,
    /// Whether only chosen objects are covered.
    pub selective: bool,
    /// Of an adoption: what the sync behind it would likely do. It is only shown; that sync is drawn anew after the
    /// adoption, and asked again.
    pub estimate: Option<Arc<Plan>>,
}
