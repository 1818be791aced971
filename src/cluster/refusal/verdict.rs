//! Puts a refusal into words, piece by piece.

use super::{Refusal, RefusalKind};
use crate::cluster::Resource;
use crate::domain::{ObjectKey, Problem, ProblemKind};

/// A refusal before it is known which object it is about.
pub struct Verdict(Refusal);

impl Verdict {
    pub fn new(kind: RefusalKind, problem: ProblemKind, summary: impl Into<String>) -> Self {
        Self(Refusal {
            kind,
            problem: Problem::new(problem, summary),
            fields: Vec::new(),
        })
    }

    pub fn unknown_fields(fields: impl IntoIterator<Item = String>) -> Self {
        let verdict =
            Self::new(RefusalKind::UnknownField, ProblemKind::Rejected, "").fields(fields);
        let names = verdict.0.fields.join(", ");
        let mut verdict = verdict
            .hint("Look for a slip of the pen, or a version of the kind that has the field.");
        verdict.0.problem.summary = if verdict.0.fields.len() > 1 {
            format!("the kind has no fields {names}")
        } else {
            format!("the kind has no field {names}")
        };
        verdict
    }

    pub fn because(mut self, cause: &str) -> Self {
        if !cause.is_empty() && !self.0.problem.causes.iter().any(|c| c == cause) {
            self.0.problem.causes.push(cause.to_owned());
        }
        self
    }

    pub fn hint(mut self, hint: &str) -> Self {
        self.0.problem.hints.push(hint.to_owned());
        self
    }

    pub fn fields(mut self, fields: impl IntoIterator<Item = String>) -> Self {
        for field in fields {
            if !self.0.fields.contains(&field) {
                self.0.fields.push(field);
            }
        }
        self
    }

    /// Adds what a person can do, by the sort of the refusal, where nothing was said yet.
    pub fn advised(self, resource: &Resource) -> Self {
        if !self.0.problem.hints.is_empty() {
            return self;
        }
        let (plural, group) = (&resource.plural, &resource.gvk.group);
        let dot = if group.is_empty() { "" } else { "." };
        match self.0.kind {
            RefusalKind::Forbidden => self.hint(&format!(
                "Ask whoever administers the cluster for the rights to create and patch {plural}{dot}{group}, or use another context."
            )),
            RefusalKind::Quota => {
                self.hint("Ask for less in Git, or have the namespace's ResourceQuota raised.")
            }
            RefusalKind::Webhook => {
                self.hint("Change the manifest to what the policy or webhook asks for, or have it changed.")
            }
            RefusalKind::TooLarge => self.hint("Split the object, or keep less in it."),
            RefusalKind::Invalid | RefusalKind::Duplicate => self.hint("Correct it in Git."),
            _ => self,
        }
    }

    pub fn about(mut self, key: &ObjectKey) -> Refusal {
        self.0.problem.place = key.to_string();
        self.0
    }
}

/// An object that etcd or the API server finds too large.
pub fn too_large() -> Verdict {
    Verdict::new(
        RefusalKind::TooLarge,
        ProblemKind::TooLarge,
        "the object is larger than the server takes",
    )
}
