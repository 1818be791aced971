//! Errors of gix and the file system as Problems of reading. What a fetch can meet has its own file.

use std::io;
use std::path::Path;

use crate::domain::{Problem, ProblemKind};

/// A Problem from an error of gix: its whole chain as causes, its class as the kind.
pub(super) fn problem(error: &gix::Error, summary: impl Into<String>) -> Problem {
    let mut problem = Problem::new(kind_of(error), summary);
    for text in texts(error) {
        problem = problem.because(text);
    }
    if problem.kind == ProblemKind::Local {
        problem = problem
            .hint("Check the file permissions of the repository and the free space on the disk.");
    }
    problem
}

/// The texts of an error, outermost first, each once. gix repeats the text of a cause in some wrappers.
pub(super) fn texts(error: &gix::Error) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = one_line(&error.to_string());
        if !text.is_empty() && !texts.iter().any(|t| t.contains(&text)) {
            texts.push(text);
        }
    }
    texts
}

/// A text as one line. Credentials of a helper that was asked in vain are left out; a user name may be a token.
fn one_line(text: &str) -> String {
    let is_secret = |line: &str| {
        let field = line.split('=').next().unwrap_or_default();
        ["username", "password", "oauth_refresh_token", "credential"].contains(&field)
    };
    let lines = text.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|l| !l.is_empty() && !is_secret(l)).collect();
    lines.join(", ")
}

/// Every error of the tree of errors, with the native sources of each.
pub(super) fn chain(error: &gix::Error) -> Vec<&(dyn std::error::Error + 'static)> {
    let mut all: Vec<&(dyn std::error::Error + 'static)> = Vec::new();
    for error in error.iter_errors() {
        let mut next = Some(error);
        while let Some(error) = next {
            all.push(error);
            // The payload of an io::Error is not its source when it is a custom error; both matter here.
            if let Some(inner) = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
            {
                all.push(inner);
            }
            next = error.source();
        }
    }
    all
}

fn kind_of(error: &gix::Error) -> ProblemKind {
    if error.is_cancelled() {
        ProblemKind::Cancelled
    } else if error.is_permission_denied() || error.is_resource_exhausted() || is_disk_full(error) {
        ProblemKind::Local
    } else if error.is_unsupported() {
        ProblemKind::Unsupported
    } else if error.is_not_found() {
        ProblemKind::NotFound
    } else {
        ProblemKind::Invalid
    }
}

/// Whether the disk or the user's quota is full.
pub(super) fn is_disk_full(error: &gix::Error) -> bool {
    chain(error).into_iter().any(|error| {
        error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        })
    })
}

/// A Problem from a failed file operation.
pub(super) fn io_problem(error: &io::Error, summary: impl Into<String>, path: &Path) -> Problem {
    let problem = Problem::new(ProblemKind::Local, summary)
        .at(path.display().to_string())
        .because(error.to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            problem.hint("The disk is full: make room and try again.")
        }
        io::ErrorKind::PermissionDenied => problem.hint("Check the permissions of this path."),
        io::ErrorKind::ReadOnlyFilesystem => problem.hint("The file system is read-only."),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn errors_are_one_line_without_credentials() {
        let text = "no identity for: protocol=https\nhost=h\nusername=t0ken\npassword=s3cret\n";
        assert_eq!(one_line(text), "no identity for: protocol=https, host=h");
    }
}
