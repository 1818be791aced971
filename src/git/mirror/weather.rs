//! What a network holds in store, told apart: by gix's classes, by the errors beneath, and by what ssh and servers say.

use std::io;
use std::time::Duration;

use crate::domain::source::without_password;
use crate::domain::{Problem, ProblemKind};

use super::super::trouble::{chain, is_disk_full, texts};

const NETWORK: &str = "Check the network, VPN and proxy, and try again.";
const CERTIFICATE: &str =
    "Add the certificate authority to the system's store, or name it in Git's http.sslCAInfo.";
const HTTP_CREDENTIALS: &str = "Set up a Git credential helper for this host.";
const SSH_CREDENTIALS: &str = "Load your key into ssh-agent, or check with: ssh -T USER@HOST.";
const HOST_KEY: &str = "Connect once with ssh by hand and check the host's key.";
const OTHER_HOST_KEY: &str = "Find out why the host's key is another one than before, then remove the old one: ssh-keygen -R HOST.";
const SHA_256: &str = "the repository uses SHA-256 object names";
const OBJECT_NAMES: &str = "trueup reads repositories with SHA-1 object names.";
const NOT_FOUND: &str =
    "Check the URL; servers also answer so where your account may not see the repository.";

use ProblemKind::{Forbidden, NotFound, Rejected, Unauthenticated, Unreachable, Unsupported};

/// One way for a fetch to fail: a phrase of the errors or of ssh's messages, in lower case, what it means, and what to
/// do. The first that is found counts, so the particular stand before the general.
type Sign = (&'static str, ProblemKind, &'static str, &'static str);

#[rustfmt::skip]
const SIGNS: &[Sign] = &[
    // ssh
    ("remote host identification has changed", Unauthenticated, "the host's ssh key is not the one that is known", OTHER_HOST_KEY),
    ("host key verification failed", Unauthenticated, "the host's ssh key is not trusted", HOST_KEY),
    ("permission denied (", Unauthenticated, "the ssh login was refused", SSH_CREDENTIALS),
    ("too many authentication failures", Unauthenticated, "the ssh login was refused", SSH_CREDENTIALS),
    ("could not resolve hostname", Unreachable, "the host name is not known", NETWORK),
    ("connect to host", Unreachable, "the host cannot be reached", NETWORK),
    ("does not appear to be a git repository", NotFound, "no such repository", NOT_FOUND),
    ("repository not found", NotFound, "no such repository", NOT_FOUND),
    ("you were looking for could not be found", NotFound, "no such repository", NOT_FOUND),
    ("git-upload-pack: command not found", Unsupported, "the host has no Git", "Install Git on the host."),
    ("git-upload-pack: not found", Unsupported, "the host has no Git", "Install Git on the host."),
    // https
    ("http status 404", NotFound, "no such repository", NOT_FOUND),
    ("http status 410", NotFound, "no such repository", NOT_FOUND),
    ("could not obtain identity", Unauthenticated, "the server wants a login, and there is none that it takes", HTTP_CREDENTIALS),
    ("http status 401", Unauthenticated, "the login was refused", HTTP_CREDENTIALS),
    ("http status 403", Forbidden, "the server does not let you read this repository", HTTP_CREDENTIALS),
    ("http status 429", Unreachable, "the server wants fewer requests", "Wait a little; a login raises most limits."),
    ("http status 5", Unreachable, "the server has a problem", "Try again later."),
    ("will not send credentials in clear text", Unauthenticated, "credentials are not sent over http", "Use https."),
    ("'smart' protocol", Unsupported, "the server does not speak Git's smart protocol", NOT_FOUND),
    ("dns error", Unreachable, "the host name is not known", NETWORK),
    ("failed to lookup address", Unreachable, "the host name is not known", NETWORK),
    ("certificate", Unauthenticated, "the server's certificate is not trusted", CERTIFICATE),
    ("unknownissuer", Unauthenticated, "the server's certificate is not trusted", CERTIFICATE),
    ("received fatal alert", Unreachable, "no secure connection to the server", NETWORK),
    ("tls", Unreachable, "no secure connection to the server", NETWORK),
    ("connection refused", Unreachable, "the host refuses the connection", NETWORK),
    ("network is unreachable", Unreachable, "the host cannot be reached", NETWORK),
    ("no route to host", Unreachable, "the host cannot be reached", NETWORK),
    ("timed out", Unreachable, "the server does not answer", NETWORK),
    ("connection reset", Unreachable, "the connection was cut", NETWORK),
    ("connection closed", Unreachable, "the connection was cut", NETWORK),
    ("broken pipe", Unreachable, "the connection was cut", NETWORK),
    ("unexpected eof", Unreachable, "the connection was cut", NETWORK),
    ("unexpected end of file", Unreachable, "the connection was cut", NETWORK),
    ("failed to fill whole buffer", Unreachable, "the connection was cut", NETWORK),
    ("error sending request", Unreachable, "the server cannot be reached", NETWORK),
    // either
    ("object hashes", Unsupported, SHA_256, OBJECT_NAMES),
    ("object format used by the remote is unsupported", Unsupported, SHA_256, OBJECT_NAMES),
    ("access denied", Forbidden, "the server does not let you read this repository", HTTP_CREDENTIALS),
    ("upload-pack", Rejected, "the server refused the fetch", NOT_FOUND),
];

/// A Problem from a failed conversation and from what ssh said meanwhile.
pub(super) fn problem(error: &gix::Error, said: &[String]) -> Problem {
    let causes = said.iter().cloned().chain(texts(error));
    let with_causes = |problem: Problem| causes.clone().fold(problem, Problem::because);
    if error.is_cancelled() {
        return Problem::new(ProblemKind::Cancelled, "the fetch was stopped");
    }
    if is_disk_full(error) {
        return with_causes(Problem::new(
            ProblemKind::Local,
            "the disk of the cache is full",
        ))
        .hint("Make room, or move the cache directory.");
    }
    if let Some((_, kind, summary, hint)) = sign_of(&causes.clone().collect::<Vec<_>>()) {
        return with_causes(Problem::new(*kind, *summary)).hint(*hint);
    }
    if error.is_unauthenticated() {
        return with_causes(Problem::new(Unauthenticated, "the login was refused"))
            .hint(HTTP_CREDENTIALS);
    }
    with_causes(Problem::new(fallback_kind(error), "cannot fetch"))
}

fn sign_of(texts: &[String]) -> Option<&'static Sign> {
    // A repository may be called like a sign.
    let said = |text: &String| {
        let words = text.split(' ').filter(|word| !word.contains("://"));
        words.collect::<Vec<_>>().join(" ")
    };
    let all: Vec<String> = texts.iter().map(said).collect();
    let all = all.join("\n").to_lowercase();
    SIGNS.iter().find(|(phrase, ..)| all.contains(phrase))
}

fn fallback_kind(error: &gix::Error) -> ProblemKind {
    let local = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
    };
    if chain(error)
        .iter()
        .any(|e| e.downcast_ref().is_some_and(local))
    {
        ProblemKind::Local
    } else if error.is_unsupported() {
        Unsupported
    } else {
        Unreachable
    }
}

/// Whether a fetch failed for want of something that the person at the terminal could be asked for: a password, a
/// passphrase, whether a host is to be trusted.
pub fn asking_may_help(problem: &Problem) -> bool {
    let asked_for = [HTTP_CREDENTIALS, SSH_CREDENTIALS, HOST_KEY];
    problem.kind == Unauthenticated
        && problem
            .hints
            .iter()
            .any(|h| asked_for.contains(&h.as_str()))
}

/// The deadline passed.
pub(super) fn too_slow(deadline: Duration) -> Problem {
    Problem::new(
        Unreachable,
        format!("the fetch took longer than {} s", deadline.as_secs()),
    )
    .hint(NETWORK)
}

/// `insteadOf` or a redirect led to something that is not fetched from.
pub(super) fn no_url() -> Problem {
    Problem::new(ProblemKind::Config, "not a URL to fetch from")
        .hint("Check url.*.insteadOf in Git's configuration.")
}

/// A Problem in which no text carries the secrets of a URL any more.
pub(super) fn without_secrets(mut problem: Problem, url: &str) -> Problem {
    let secrets = secrets(url);
    let clean = |text: &mut String| {
        if text.contains(url) {
            *text = text.replace(url, &without_password(url));
        }
        for secret in &secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "***");
            }
        }
    };
    clean(&mut problem.summary);
    clean(&mut problem.place);
    problem.causes.iter_mut().for_each(clean);
    problem.hints.iter_mut().for_each(clean);
    problem
}

/// The password of a URL, and the user name where it may be a token: as written and as decoded.
fn secrets(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Vec::new();
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else {
        return Vec::new();
    };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let parsed = gix::url::parse(url).ok();
    let decoded_password = parsed
        .as_ref()
        .and_then(|url| url.password())
        .unwrap_or_default();
    let mut secrets = vec![password.to_owned(), decoded_password.to_owned()];
    if scheme.starts_with("http") && password.is_empty() {
        secrets.push(name.to_owned());
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

#[cfg(test)]
mod tests {
    use super::{sign_of, without_secrets};
    use crate::domain::{Problem, ProblemKind};

    #[test]
    fn what_servers_and_ssh_say() {
        use ProblemKind::*;
        for (said, kind) in [
            ("git@host: Permission denied (publickey).", Unauthenticated),
            ("Host key verification failed.", Unauthenticated),
            (
                "ssh: Could not resolve hostname nowhere: Name or service not known",
                Unreachable,
            ),
            (
                "ssh: connect to host h port 22: Connection refused",
                Unreachable,
            ),
            ("ERROR: Repository not found.", NotFound),
            (
                "fatal: '/x' does not appear to be a git repository",
                NotFound,
            ),
            ("Received HTTP status 404", NotFound),
            ("Received HTTP status 403", Forbidden),
            ("Received HTTP status 503", Unreachable),
            ("invalid peer certificate: UnknownIssuer", Unauthenticated),
            (
                "tcp connect error: Connection refused (os error 111)",
                Unreachable,
            ),
            (
                "dns error: failed to lookup address information",
                Unreachable,
            ),
            ("operation timed out", Unreachable),
            (
                "error sending request for url (https://host/tls-certificates/info/refs)",
                Unreachable,
            ),
            ("unexpected end of file", Unreachable),
            (
                "The object format used by the remote is unsupported: sha256",
                Unsupported,
            ),
        ] {
            let found = sign_of(&[said.to_owned()]).map(|(_, kind, ..)| *kind);
            assert_eq!(found, Some(kind), "{said}");
        }
        assert!(sign_of(&["something else".to_owned()]).is_none());
    }

    #[test]
    fn secrets_go() {
        let url = "https://bob:p%40ss@host/x";
        let problem = Problem::new(ProblemKind::Unreachable, "cannot fetch")
            .because(format!("error for url ({url})"))
            .because("tried p%40ss and p@ss".to_owned());
        let causes = without_secrets(problem, url).causes;
        assert_eq!(
            causes,
            ["error for url (https://host/x)", "tried *** and ***"]
        );
        let token = "https://ghp_abc@host/x";
        let problem = Problem::new(ProblemKind::Unreachable, "no").because("user ghp_abc");
        assert_eq!(without_secrets(problem, token).causes, ["user ***"]);
    }
}
