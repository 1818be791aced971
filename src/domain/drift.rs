//! What differs between Git and cluster, object by object and field by field.

use std::sync::Arc;

use jiff::Timestamp;

use super::{FieldPath, Gvk, ObjectKey, Position, Problem, RepoPath, Value};

/// Who holds a field, as the server recorded it (one entry of `metadata.managedFields`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Field manager.
    pub manager: String,
    /// Whether it owns by `Apply` rather than `Update`.
    pub apply: bool,
    /// Subresource through which it was written (`status`, `scale`); empty for the object itself.
    pub subresource: String,
    /// When the entry last changed: not later than this, for any single field of it.
    pub time: Option<Timestamp>,
}

/// Which side moved since the last sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Git moved.
    Git,
    /// The cluster was edited.
    Cluster,
    /// Both, differently.
    Both,
    /// Not known: nothing says what it was at the last sync.
    #[default]
    Unknown,
}

/// One field that a sync would change.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDrift {
    /// Which field. The deepest path at which the two sides can be told apart.
    pub path: FieldPath,
    /// As the cluster has it; `None`: absent.
    pub live: Option<Value>,
    /// As a sync would leave it; `None`: absent.
    pub predicted: Option<Value>,
    /// Which side moved.
    pub cause: Cause,
    /// Who holds the live field.
    pub owners: Vec<Owner>,
    /// File and position of the desired field, where Git states it.
    pub place: Option<(RepoPath, Position)>,
    /// Where the first line of the desired text stands in that file, if each of its lines is a line of the file.
    pub text: Option<Position>,
}

/// A field that somebody else added and that a sync would leave alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// Which field.
    pub path: FieldPath,
    /// Its value.
    pub value: Value,
    /// Who holds it.
    pub owner: Owner,
}

/// A field that a sync would take from another manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The field, as the server names it (`.spec.replicas`).
    pub field: String,
    /// The manager that holds it, as the server names it (`"kubectl-edit" using apps/v1`).
    pub manager: String,
}

/// What comparing one object came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// A sync would change nothing.
    InSync,
    /// A sync would change it.
    Drifted,
    /// In Git and not in the cluster.
    Missing,
    /// Held by the App and no longer in Git.
    Extra,
    /// The server would not take what Git says: see `problem`.
    Refused,
    /// It could not be compared: see `problem`.
    Unknown,
}

/// The comparison of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDrift {
    /// Which object.
    pub key: ObjectKey,
    /// Kind and version as Git states it, or as the cluster serves it for an Extra object.
    pub gvk: Gvk,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the API server itself said so. Otherwise the verdict is a local one, shown as not confirmed.
    pub confirmed: bool,
    /// Why it is Refused or Unknown, or why it could not be confirmed.
    pub problem: Option<Problem>,
    /// The fields that a sync would change, in the order of the object.
    pub fields: Vec<FieldDrift>,
    /// Fields of others, left alone.
    pub foreign: Vec<Foreign>,
    /// Fields where Desired differs from Predicted: the server will not let Git have its way. `live` holds what Git
    /// wants, `predicted` what the server makes of it.
    pub overridden: Vec<FieldDrift>,
    /// What a sync would take from other managers.
    pub conflicts: Vec<Conflict>,
    /// The live object, normalised for display; `None` where there is none or where nothing differs.
    pub live: Option<Arc<Value>>,
    /// The predicted object (Desired where nothing was predicted), normalised likewise.
    pub predicted: Option<Arc<Value>>,
}

impl ObjectDrift {
    /// A comparison with nothing to show.
    pub fn new(key: ObjectKey, gvk: Gvk, verdict: Verdict) -> Self {
        Self {
            key,
            gvk,
            verdict,
            confirmed: true,
            problem: None,
            fields: Vec::new(),
            foreign: Vec::new(),
            overridden: Vec::new(),
            conflicts: Vec::new(),
            live: None,
            predicted: None,
        }
    }

    /// The object could not be compared, or the server would not take it.
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }

    /// Whether this counts as drift: a sync would do something, or could not.
    pub fn is_drift(&self) -> bool {
        !matches!(self.verdict, Verdict::InSync | Verdict::Unknown)
    }
}
