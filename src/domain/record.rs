//! What was synced, when, by whom and from which revision.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CommitId, ObjectKey};

/// The lock of an App has expired when it was not renewed for this many seconds.
pub const LOCK_SECONDS: u64 = 60;

/// How a Run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Written ahead: it began and nothing is known of its end.
    Running,
    /// Every step succeeded.
    Succeeded,
    /// A step failed.
    Failed,
    /// It was stopped between steps, or the connection was lost.
    Stopped,
}

/// What a Run was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Bringing the cluster to the App's revision.
    Sync,
    /// Bringing it back to an earlier revision. The App is pinned there until the next sync.
    Rollback,
    /// Taking over ownership, changing no value.
    Adopt,
}

/// One Run, as recorded in the cluster. Tenants can write these: nothing in a record is fetched or trusted as a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncRecord {
    /// Number within the App, from 1, never reused.
    pub id: u64,
    /// What it was for.
    pub kind: RunKind,
    /// The commit that was synced.
    pub commit: CommitId,
    /// The revision that was asked for, as written (`main`, `HEAD`, `^1.2`).
    pub revision: String,
    /// Normalised URL of the repository, or its path where it has no origin.
    pub repository: String,
    /// Directory inside it.
    pub path: String,
    /// First line of the commit's message.
    #[serde(default)]
    pub message: String,
    /// Who ran it: kubeconfig user and host.
    pub who: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed or stopped; may be empty.
    #[serde(default)]
    pub reason: String,
    /// Objects created or changed.
    pub applied: u32,
    /// Objects pruned.
    pub pruned: u32,
    /// Steps that failed, and steps of which nobody knows whether they were done.
    pub failed: u32,
    /// Steps that were not run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_run: u32,
    /// Whether it covered chosen objects only.
    #[serde(default)]
    pub selective: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The objects that an App holds. It proposes what may be pruned; a live tracking-id must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inventory(pub BTreeSet<ObjectKey>);

/// Everything that the cluster keeps about an App: one ConfigMap in its destination namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRecord {
    /// Oldest first, bounded by the App's history limit.
    pub history: Vec<SyncRecord>,
    /// What it holds.
    pub inventory: Inventory,
}

impl AppRecord {
    /// The last Run that left the cluster as one revision says: the last whole sync or rollback that succeeded.
    pub fn last_synced(&self) -> Option<&SyncRecord> {
        self.history
            .iter()
            .rev()
            .find(|r| r.outcome == Outcome::Succeeded && !r.selective && r.kind != RunKind::Adopt)
    }

    /// Whether the App held an object when its last Run had ended. `synced`: whether it was in what was last synced as a
    /// whole, where that is known. While a Run is under way, the inventory names what it is yet to make, too.
    pub fn held(&self, key: &ObjectKey, synced: Option<bool>) -> bool {
        let is_over = |run: &SyncRecord| run.outcome != Outcome::Running;
        self.inventory.0.contains(key)
            && (synced == Some(true) || self.history.last().is_none_or(is_over))
    }

    /// The commit that the App is pinned to by a rollback, until the next sync.
    pub fn pinned(&self) -> Option<&CommitId> {
        self.last_synced()
            .filter(|r| r.kind == RunKind::Rollback)
            .map(|r| &r.commit)
    }
}

#[cfg(test)]
impl SyncRecord {
    /// A sync of a test that changed nothing.
    pub fn sample(id: u64, outcome: Outcome) -> Self {
        Self {
            id,
            kind: RunKind::Sync,
            commit: CommitId("a".repeat(40)),
            revision: "main".to_owned(),
            repository: "https://example.com/shop".to_owned(),
            path: String::new(),
            message: String::new(),
            who: "ada@laptop".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            finished: None,
            outcome,
            reason: String::new(),
            applied: 0,
            pruned: 0,
            failed: 0,
            not_run: 0,
            selective: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_is_yet_to_make_was_not_held() {
        let (old, new) = (
            ObjectKey::new("", "ConfigMap", "x", "old"),
            ObjectKey::new("", "ConfigMap", "x", "new"),
        );
        let record = |outcome| AppRecord {
            history: vec![SyncRecord::sample(1, outcome)],
            inventory: Inventory([old.clone(), new.clone()].into()),
        };
        let running = record(Outcome::Running);
        assert!(
            running.held(&old, Some(true)),
            "it was there before the Run"
        );
        assert!(!running.held(&new, Some(false)) && !running.held(&new, None));
        let stopped = record(Outcome::Stopped);
        assert!(stopped.held(&new, Some(false)), "a part of a sync made it");
        let other = ObjectKey::new("", "ConfigMap", "x", "other");
        assert!(!stopped.held(&other, Some(true)), "it was pruned since");
    }
}
