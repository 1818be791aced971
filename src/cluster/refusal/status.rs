//! Kubernetes `Status` bodies, and the one table that turns a refusal into a Problem.

use std::time::Duration;

use serde::Deserialize;

use crate::cluster::Reply;
use crate::domain::{Problem, ProblemKind, Value};

/// How much of a body that is not a `Status` is quoted.
const MAX_QUOTE: usize = 200;

/// A message is cut to this many characters.
const MAX_TEXT: usize = 2_000;

/// A `Status` as the API server answers in place of an object (apimachinery `meta/v1`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// One word for machines, as in `NotFound`; may be empty.
    pub reason: String,
    /// A sentence for people; may be empty, and may quote values of the object.
    pub message: String,
    /// The plural or the kind of what the refusal is about; may be empty.
    pub kind: String,
    /// Its name; empty where the server does not know it (an unserved path has no name).
    pub name: String,
    /// Single reasons, most often one per field.
    pub causes: Vec<StatusCause>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// Whether the body was something else, so that somebody in between may have answered.
    pub foreign: bool,
}

/// One reason among several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusCause {
    /// One word for machines, as in `FieldManagerConflict`.
    pub reason: String,
    /// The path of the field; may be empty.
    pub field: String,
    /// A sentence for people.
    pub message: String,
}

impl Status {
    /// Reads a body; `None` where it is something else than a `Status`. A part that has another shape than Kubernetes
    /// gives it is left empty.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |pointer| {
            let found = body.pointer(pointer).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let number = |pointer| body.pointer(pointer).and_then(Value::as_u64);
        if text("/kind") != "Status" {
            return None;
        }
        let causes = body.pointer("/details/causes").and_then(Value::as_array);
        Some(Self {
            code: number("/code")
                .and_then(|code| code.try_into().ok())
                .unwrap_or_default(),
            reason: text("/reason"),
            message: text("/message").chars().take(MAX_TEXT).collect(),
            kind: text("/details/kind"),
            name: text("/details/name"),
            causes: causes
                .into_iter()
                .flatten()
                .filter_map(|cause| StatusCause::deserialize(cause).ok())
                .collect(),
            retry_after: number("/details/retryAfterSeconds")
                .filter(|&s| s > 0)
                .map(Duration::from_secs),
            foreign: false,
        })
    }

    /// Reads an answer. Where its body is no `Status`, the code and a quotation of the body must do.
    pub fn of(reply: &Reply) -> Self {
        let mut status = Self::parse(&reply.body).unwrap_or_else(|| Self {
            message: quote(&reply.body),
            foreign: true,
            ..Self::default()
        });
        // The transport's own code holds: a gateway may pass an older body on.
        status.code = reply.status;
        status.retry_after = reply.retry_after.or(status.retry_after);
        status
    }

    /// Whether a resource version or a continue token is too old (410, or a 200 watch that carries one).
    pub fn is_expired(&self) -> bool {
        self.code == 410 || self.reason == "Expired" || self.reason == "Gone"
    }
}

/// The first line of a body that was meant for nobody, shortened.
fn quote(body: &[u8]) -> String {
    let head = &body[..body.len().min(MAX_QUOTE * 4)];
    let text = String::from_utf8_lossy(head);
    let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    line.trim().chars().take(MAX_QUOTE).collect()
}

/// What a code means: the sort of trouble, the summary with `{}` for what was being done, and what to do about it.
const CODES: [(u16, ProblemKind, &str, &str); 12] = [
    (
        400,
        ProblemKind::Rejected,
        "the server does not accept the request to {}",
        "",
    ),
    (
        401,
        ProblemKind::Unauthenticated,
        "the server does not accept the credentials to {}",
        "",
    ),
    (
        403,
        ProblemKind::Forbidden,
        "not allowed to {}",
        "Ask whoever administers the cluster for this right, or use another context.",
    ),
    (
        404,
        ProblemKind::NotFound,
        "cannot {}: there is no such thing",
        "",
    ),
    (
        405,
        ProblemKind::Unsupported,
        "the server has no way to {}",
        "",
    ),
    (
        409,
        ProblemKind::Conflict,
        "cannot {}: somebody else changed or holds it",
        "",
    ),
    (
        410,
        ProblemKind::Unreachable,
        "cannot {}: the version asked for is too old",
        "",
    ),
    (
        413,
        ProblemKind::TooLarge,
        "cannot {}: the request is too large for the server",
        "",
    ),
    (
        415,
        ProblemKind::Unsupported,
        "the server does not understand the request to {}",
        "The server may be too old for trueup.",
    ),
    (422, ProblemKind::Rejected, "the server refuses to {}", ""),
    (
        429,
        ProblemKind::Unreachable,
        "cannot {} now: the server asks to slow down",
        "",
    ),
    (
        503,
        ProblemKind::Unreachable,
        "cannot {} now: the server is not available",
        "",
    ),
];

/// The Problem that an answer other than success is. `doing` completes "cannot ..." (`list deployments.apps`), `place`
/// is the context, or what it is about. Server texts can quote values of the object: who asked about a Secret masks
/// them.
pub fn problem(reply: &Reply, doing: &str, place: &str) -> Problem {
    let status = Status::of(reply);
    let known = CODES.iter().find(|row| row.0 == status.code);
    let (kind, template, hint) = match known {
        Some(&(_, kind, template, hint)) => (kind, template, hint),
        None if status.code >= 500 => (
            ProblemKind::Unreachable,
            "cannot {} now: the server failed",
            "",
        ),
        None if status.code >= 400 => (ProblemKind::Rejected, "the server refuses to {}", ""),
        None => (
            ProblemKind::Unreachable,
            "cannot {}: the answer is not one of a Kubernetes API server",
            "Check the server's address in the kubeconfig: a login page or a gateway may stand there.",
        ),
    };
    let mut problem = Problem::new(kind, template.replace("{}", doing)).at(place);
    if status.message.is_empty() {
        problem = problem.because(format!("HTTP {}, without a text", status.code));
    } else {
        problem = problem.because(status.message.clone());
    }
    if !reply.body.is_empty() && status.foreign && status.code != 404 {
        problem = problem.hint("A proxy or gateway may have answered in the API server's place.");
    }
    for cause in &status.causes {
        // The message as a whole most often holds them already.
        if !status.message.contains(&cause.message) {
            problem = problem.because(if cause.field.is_empty() {
                cause.message.clone()
            } else {
                format!("{}: {}", cause.field, cause.message)
            });
        }
    }
    if let Some(wait) = status.retry_after {
        problem = problem.because(format!("it asks to wait {} s", wait.as_secs()));
    }
    if hint.is_empty() {
        problem
    } else {
        problem.hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.as_bytes().to_vec(),
            warnings: Vec::new(),
            retry_after: None,
        }
    }

    #[test]
    fn every_code_has_a_kind() {
        use ProblemKind::{Conflict, Forbidden, NotFound, Rejected, TooLarge};
        use ProblemKind::{Unauthenticated, Unreachable, Unsupported};
        let table = [
            (302, Unreachable),
            (400, Rejected),
            (401, Unauthenticated),
            (403, Forbidden),
            (404, NotFound),
            (405, Unsupported),
            (409, Conflict),
            (410, Unreachable),
            (413, TooLarge),
            (418, Rejected),
            (422, Rejected),
            (429, Unreachable),
            (500, Unreachable),
            (503, Unreachable),
            (504, Unreachable),
        ];
        for (code, kind) in table {
            let problem = problem(&reply(code, ""), "list pods", "prod");
            assert_eq!(problem.kind, kind, "{code}");
            assert_eq!(problem.place, "prod");
            assert!(problem.summary.contains("list pods"), "{}", problem.summary);
            assert!(!problem.causes.is_empty(), "{code}: an empty body is said");
        }
    }

    #[test]
    fn a_status_is_read_with_its_causes() {
        let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"Invalid",
            "details":{"name":"web","retryAfterSeconds":3,"causes":[{"reason":"FieldValueInvalid","message":"must be 1","field":"spec.x"}]},"code":422}"#;
        let status = Status::of(&reply(422, body));
        assert_eq!(
            (status.reason.as_str(), status.name.as_str()),
            ("Invalid", "web")
        );
        assert_eq!(status.causes[0].field, "spec.x");
        assert_eq!(status.retry_after, Some(Duration::from_secs(3)));
        let problem = problem(&reply(422, body), "apply web", "prod");
        assert_eq!(
            problem.causes,
            ["no", "spec.x: must be 1", "it asks to wait 3 s"]
        );
    }

    #[test]
    fn a_page_of_html_is_quoted_and_not_believed() {
        let problem = problem(&reply(503, "\n<html>\u{1b}[2J<head>"), "list pods", "prod");
        assert_eq!(problem.causes, ["<html>\u{1b}[2J<head>"]);
        assert!(problem.hints.iter().any(|h| h.contains("gateway")));
        let long = "x".repeat(100_000);
        assert_eq!(Status::of(&reply(500, &long)).message.len(), MAX_QUOTE);
        assert_eq!(Status::parse(b"{\"kind\":\"Pod\"}"), None);
        assert_eq!(Status::parse(b"[]"), None);
    }
}
