//! What the API server means when it says no.
//!
//! A refusal is an answer about the object, and asking again gives the same one; everything else (overload, a broken
//! connection, credentials) is weather. The texts and shapes are those of Kubernetes 1.36, each tried. Values that a
//! server echoes in structured causes are cut out here; free text stays raw in [`Problem::causes`], to be redacted by
//! whoever knows the object.

pub(super) mod status;
#[cfg(test)]
mod tests;
mod texts;
mod verdict;

use crate::domain::drift::Conflict;
use crate::domain::{ObjectKey, Problem, ProblemKind};

use super::Resource;
use status::{Status, StatusCause};
use texts::{last_number, path_of, quoted_after, single_quoted_after, without_go_value};
use verdict::{Verdict, too_large};

/// Why the server will not take an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// A field that the schema does not know. The server answers 500 for it, for built-in and custom kinds alike.
    UnknownField,
    /// A field that may not change once set.
    Immutable,
    /// A value that validation or decoding will not have.
    Invalid,
    /// Admission (a webhook, a policy, a plugin) said no, or a webhook that must be asked could not be.
    Webhook,
    /// The user lacks a right.
    Forbidden,
    /// The server does not serve the kind at this version.
    UnknownKind,
    /// The namespace does not exist.
    NamespaceAbsent,
    /// The namespace is being deleted, so nothing new can be made in it.
    NamespaceTerminating,
    /// Two list entries with one key, or a name that must be unique.
    Duplicate,
    /// A resource quota is used up.
    Quota,
    /// The object is larger than the server takes.
    TooLarge,
    /// A webhook on the way cannot be asked without side effects.
    DryRunUnsupported,
    /// The API does not say that it knows dry runs, and one that it ignores would change the object: it was not asked.
    NotAsked,
    /// Anything else that the server will not do.
    Other,
}

/// A refusal in words, and the fields that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which sort.
    pub kind: RefusalKind,
    /// What to show. Its causes may hold values of the object.
    pub problem: Problem,
    /// Fields as the server names them, without leading dot (`spec.template.spec.containers[0].image`). May be empty.
    pub fields: Vec<String>,
}

impl Status {
    /// The exact fields that other managers hold, where that is why an apply was refused. In one order: of several
    /// managers, the server names one or another first (`ConflictsFromManagers` walks a map).
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> = self
            .causes
            .iter()
            .filter(|cause| self.code == 409 && cause.reason == "FieldManagerConflict")
            .map(|cause| Conflict {
                field: cause.field.clone(),
                manager: cause
                    .message
                    .strip_prefix("conflict with ")
                    .unwrap_or(&cause.message)
                    .to_owned(),
            })
            .collect();
        conflicts.sort();
        conflicts
    }

    /// Whether it says that this very object is not there (and not that its kind or namespace is not).
    pub(super) fn is_absent(&self, key: &ObjectKey) -> bool {
        self.code == 404
            && self.name == key.name
            && (self.kind != "namespaces" || key.kind == "Namespace")
    }

    /// Whether a precondition did not hold: a stale resource version, another uid, an object made or gone meanwhile.
    pub(super) fn is_stale(&self) -> bool {
        self.code == 409
            || self.code == 412
            || (self.code == 422 && self.causes.iter().any(|c| c.field == "metadata.uid"))
    }

    /// Whether a JSON patch did not fit the object: a `test` that failed, or a path that is not there. The server
    /// gives nothing but this sentence for both.
    pub(super) fn is_patch_misfit(&self) -> bool {
        self.code == 422
            && self.causes.is_empty()
            && self.message == "the server rejected our request due to an error in our request"
    }

    /// The server's no, where it is one.
    pub(super) fn refusal(&self, resource: &Resource, key: &ObjectKey) -> Option<Refusal> {
        let verdict = match self.code {
            // A gateway or proxy that will not let the request through knows nothing of the object. What is not served
            // at all, or too large, the server itself says in plain text.
            400 | 403 | 405 | 406 | 415 | 422 if self.foreign => None,
            400 => self.bad_request(),
            403 => self.forbidden(resource),
            404 => Some(self.not_found(resource, key)),
            405 | 406 | 415 => Some(
                Verdict::new(
                    RefusalKind::Other,
                    ProblemKind::Unsupported,
                    format!("the server does not take this request for {}", resource.gvk),
                )
                .because(&self.message)
                .hint("The API behind this kind may not know server-side apply."),
            ),
            413 => Some(too_large().because(&self.message)),
            422 => Some(self.unprocessable()),
            _ => None,
        };
        // Admission texts are told apart by their words: a webhook chooses its status code freely.
        self.admission()
            .or(verdict)
            .or_else(|| self.typed())
            .map(|verdict| verdict.advised(resource).about(key))
    }

    /// Everything that is not about the object: waiting, or new credentials, may help.
    pub(super) fn weather(&self, retry_after: Option<std::time::Duration>) -> Problem {
        let (kind, summary) = match self.code {
            401 => (
                ProblemKind::Unauthenticated,
                "the API server did not accept the credentials",
            ),
            409 | 412 => (ProblemKind::Conflict, "the object changed meanwhile"),
            429 => (ProblemKind::Unreachable, "the API server asks to slow down"),
            400..500 if self.foreign => (
                ProblemKind::Unreachable,
                "something before the API server refused the request",
            ),
            _ => (ProblemKind::Unreachable, "the API server failed"),
        };
        let mut problem = Problem::new(kind, format!("{summary} ({})", self.code));
        if !self.message.is_empty() {
            problem = problem.because(self.message.clone());
        }
        match (retry_after, self.code) {
            (Some(wait), _) => problem.hint(format!("It asks to wait {} s.", wait.as_secs())),
            (None, 401) => problem.hint("The credentials may have expired: log in again."),
            (None, 409 | 412) => problem.hint("Somebody else is at it: look again."),
            (None, _) if self.foreign => {
                problem.hint("A proxy or gateway may have answered in the API server's place.")
            }
            (None, _) => {
                problem.hint("It may pass; where it does not, the server's log says more.")
            }
        }
    }

    fn bad_request(&self) -> Option<Verdict> {
        let unknown = quoted_after(&self.message, "unknown field ");
        if !unknown.is_empty() {
            return Some(Verdict::unknown_fields(unknown));
        }
        let twice = quoted_after(&self.message, "duplicate field ");
        if !twice.is_empty() {
            return Some(
                Verdict::new(
                    RefusalKind::Duplicate,
                    ProblemKind::Rejected,
                    "a field stands there twice",
                )
                .fields(twice),
            );
        }
        Some(
            Verdict::new(
                RefusalKind::Invalid,
                ProblemKind::Rejected,
                "the server cannot read the object",
            )
            .because(&self.message),
        )
    }

    fn forbidden(&self, resource: &Resource) -> Option<Verdict> {
        let message = self.message.as_str();
        let verdict = if self
            .causes
            .iter()
            .any(|c| c.reason == "NamespaceTerminating")
        {
            Verdict::new(
                RefusalKind::NamespaceTerminating,
                ProblemKind::Rejected,
                "its namespace is being deleted",
            )
            .hint("Wait until the namespace is gone, then sync again.")
        } else if message.contains("exceeded quota:") || message.contains("failed quota:") {
            Verdict::new(
                RefusalKind::Quota,
                ProblemKind::Rejected,
                "a resource quota is in the way",
            )
        } else if message.contains("attempting to grant RBAC permissions not currently held") {
            Verdict::new(
                RefusalKind::Forbidden,
                ProblemKind::Forbidden,
                "one may only grant rights that one has",
            )
            .hint("Somebody who has these rights, or the verbs escalate or bind, must sync this object.")
        } else if message.contains(" cannot ") && message.contains(" resource \"")
            || message.is_empty()
        {
            let verb = ["patch", "create", "update", "delete"]
                .into_iter()
                .find(|verb| message.contains(&format!(" cannot {verb} resource ")))
                .unwrap_or("do this to");
            Verdict::new(
                RefusalKind::Forbidden,
                ProblemKind::Forbidden,
                format!("you may not {verb} {}", resource.plural),
            )
        } else {
            Verdict::new(
                RefusalKind::Webhook,
                ProblemKind::Rejected,
                "admission refused it",
            )
        };
        Some(verdict.because(message))
    }

    fn not_found(&self, resource: &Resource, key: &ObjectKey) -> Verdict {
        if self.is_absent(key) {
            return Verdict::new(
                RefusalKind::Other,
                ProblemKind::NotFound,
                "the object does not exist",
            );
        }
        if self.kind == "namespaces" && !self.name.is_empty() {
            return Verdict::new(
                RefusalKind::NamespaceAbsent,
                ProblemKind::NotFound,
                format!("the namespace {} does not exist", self.name),
            )
            .hint("Put the Namespace into Git, or set the sync option CreateNamespace=true.");
        }
        Verdict::new(
            RefusalKind::UnknownKind,
            ProblemKind::NotFound,
            format!("the cluster does not serve {}", resource.gvk),
        )
        .hint("Its CustomResourceDefinition may be missing, or serve another version.")
    }

    fn unprocessable(&self) -> Verdict {
        let causes: Vec<_> = self.causes.iter().map(StatusCause::detail).collect();
        let all = |reason| !causes.is_empty() && self.causes.iter().all(|c| c.reason == reason);
        let too_long = |c: &StatusCause| {
            c.reason == "FieldValueTooLong" && last_number(&c.message).is_some_and(|n| n >= 100_000)
        };
        let verdict = if self.causes.iter().any(too_long) {
            too_large()
        } else if causes
            .iter()
            .any(|detail| IMMUTABLE.iter().any(|text| detail.contains(text)))
        {
            Verdict::new(
                RefusalKind::Immutable,
                ProblemKind::Rejected,
                "a field that may not change once set differs from Git",
            )
            .hint("Only deleting the object and creating it again can bring it to what Git says: annotate it with \
                   argocd.argoproj.io/sync-options: Force=true, and mind what it holds.")
        } else if all("FieldValueDuplicate") {
            Verdict::new(
                RefusalKind::Duplicate,
                ProblemKind::Rejected,
                "two entries have the same value where it must be unique",
            )
        } else {
            Verdict::new(
                RefusalKind::Invalid,
                ProblemKind::Rejected,
                "the server finds it invalid",
            )
        };
        let fields = self
            .causes
            .iter()
            .filter_map(StatusCause::path)
            .map(str::to_owned);
        let mut verdict = verdict.fields(fields);
        for (cause, detail) in self.causes.iter().zip(&causes) {
            verdict = match cause.path() {
                Some(path) => verdict.because(&format!("{path}: {detail}")),
                None => verdict.because(detail),
            };
        }
        if causes.is_empty() {
            verdict.because(&self.message)
        } else {
            verdict
        }
    }

    fn admission(&self) -> Option<Verdict> {
        let message = self.message.as_str();
        let webhook = |before: &str| quoted_after(message, before).into_iter().next();
        if let Some(name) = webhook("failed calling webhook ") {
            // It may answer again: the kind says that waiting may help.
            return Some(
                Verdict::new(
                    RefusalKind::Webhook,
                    ProblemKind::Unreachable,
                    format!("the admission webhook {name}, which must be asked, did not answer"),
                )
                .because(message)
                .hint("See whether the service behind the webhook runs."),
            );
        }
        let name = webhook("admission webhook ");
        if let Some(name) = &name
            && message.contains("does not support dry run")
        {
            return Some(
                Verdict::new(
                    RefusalKind::DryRunUnsupported,
                    ProblemKind::Unsupported,
                    format!(
                        "the admission webhook {name} has side effects, so nothing can be predicted"
                    ),
                )
                .because(message),
            );
        }
        if let Some(name) = &name
            && message.contains("denied the request")
        {
            return Some(
                Verdict::new(
                    RefusalKind::Webhook,
                    ProblemKind::Rejected,
                    format!("the admission webhook {name} refused it"),
                )
                .because(message),
            );
        }
        let policy = single_quoted_after(message, "ValidatingAdmissionPolicy ")?;
        Some(
            Verdict::new(
                RefusalKind::Webhook,
                ProblemKind::Rejected,
                format!("the admission policy {policy} refused it"),
            )
            .because(message),
        )
    }

    /// Refusals that come as a 500, from reading the object by its schema before anything else is done.
    fn typed(&self) -> Option<Verdict> {
        if self.code != 500 {
            return None;
        }
        let message = self.message.as_str();
        if let Some((_, rest)) = message
            .strip_prefix("failed to create typed patch object (")
            .and_then(|rest| rest.split_once("): "))
        {
            // Several errors come as "errors:\n  path: text\n  path: text".
            let mut lines: Vec<_> = rest
                .trim_start_matches("errors:")
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect();
            // The server goes through maps, which have no order.
            lines.sort_unstable();
            let fields = || lines.iter().filter_map(|line| path_of(line));
            let (unknown, others): (Vec<&str>, Vec<&str>) = lines
                .iter()
                .partition(|l| l.ends_with(": field not declared in schema"));
            let mut verdict = if !unknown.is_empty() {
                let named = unknown.iter().filter_map(|line| path_of(line));
                let mut verdict = Verdict::unknown_fields(named).fields(fields());
                for line in others {
                    verdict = verdict.because(&without_go_value(line));
                }
                return Some(verdict);
            } else if lines
                .iter()
                .any(|l| l.contains(": duplicate entries for key "))
            {
                Verdict::new(
                    RefusalKind::Duplicate,
                    ProblemKind::Rejected,
                    "two entries of a list have the same key",
                )
            } else {
                Verdict::new(
                    RefusalKind::Invalid,
                    ProblemKind::Rejected,
                    "a value has the wrong type",
                )
            };
            verdict = verdict.fields(fields());
            for line in &lines {
                verdict = verdict.because(&without_go_value(line));
            }
            return Some(verdict);
        }
        if message.starts_with("failed to convert new object (") {
            let cause = message.rsplit_once("Kind=").map_or(message, |(_, rest)| {
                rest.split_once(": ").map_or(message, |(_, cause)| cause)
            });
            return Some(
                Verdict::new(
                    RefusalKind::Invalid,
                    ProblemKind::Rejected,
                    "a value cannot be read",
                )
                .because(cause),
            );
        }
        if message.starts_with("failed to create typed live object") {
            return Some(
                Verdict::new(
                    RefusalKind::Other,
                    ProblemKind::Rejected,
                    "the live object does not fit its own schema, so nothing can be applied to it",
                )
                .because(message),
            );
        }
        // A Service's ports are given their numbers before they are validated.
        if let Some((_, port)) = message.split_once("duplicate nodePort: ") {
            return Some(
                Verdict::new(
                    RefusalKind::Duplicate,
                    ProblemKind::Rejected,
                    "two ports would have the same nodePort",
                )
                .because(&format!("duplicate nodePort: {port}")),
            );
        }
        if message.starts_with("etcdserver: request is too large")
            || message.contains("trying to send message larger than max")
        {
            return Some(too_large().because(message));
        }
        None
    }
}

/// Words by which built-in validation says "may not change"; there is no reason code for it.
const IMMUTABLE: &[&str] = &[
    "immutable",
    "may not change once set",
    "may not be changed",
    "cannot be changed",
    "cannot change roleRef",
    "updates to statefulset spec for fields other than",
    "pod updates may not change fields other than",
    "may not be updated",
    "can not be updated",
];
