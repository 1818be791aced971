//! Where a repository is: URLs, scp-like addresses and paths, told apart as Git tells them apart.

use std::path::{Path, PathBuf};

use crate::domain::Repository;

/// One identity for every way to write a repository's address: `https://host/org/x.git`, `ssh://git@host/org/x` and
/// `git@host:org/x` are all `host/org/x`. Host in lower case; no user, password, `.git`, trailing slash or default
/// port. For a path or a `file://` URL it is the absolute path.
pub fn normalise_url(url: &str) -> String {
    match Address::parse(url) {
        Address::Path(path) => normalise_path(Path::new(path)),
        Address::File(path) => normalise_path(&decoded(path)),
        Address::Url {
            scheme,
            authority,
            path,
        } => {
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            normalise_remote(host, default_port(scheme), path)
        }
        Address::Scp { host, path } => {
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            normalise_remote(host, None, path)
        }
    }
}

/// Whether a text names something on this machine: a path or a `file://` URL.
pub fn is_local(text: &str) -> bool {
    matches!(Address::parse(text), Address::Path(_) | Address::File(_)) || Path::new(text).exists()
}

/// The path that a `file://` URL names; `None` where a text is none.
pub fn file_path(text: &str) -> Option<PathBuf> {
    match Address::parse(text) {
        Address::File(path) => Some(decoded(path)),
        _ => None,
    }
}

/// Reads `PATH_OR_URL[@revision]`. The revision is split off after the last `/` or `:`, so that the `@` of a user
/// stays with its host; a path that exists as it is written is that path. A revision with slashes (`feature/x`) is
/// known by what is before it: a path that exists, or `.git`.
pub fn parse_source(text: &str) -> (Repository, Option<String>) {
    if Path::new(text).exists() {
        return (Repository::Local(PathBuf::from(text)), None);
    }
    let (location, revision) = split_revision(text);
    let revision = revision.filter(|r| !r.is_empty()).map(str::to_owned);
    let repository = if Path::new(location).exists() {
        Repository::Local(PathBuf::from(location))
    } else {
        match Address::parse(location) {
            Address::Path(path) => Repository::Local(PathBuf::from(path)),
            Address::File(path) => Repository::Local(decoded(path)),
            _ => Repository::Remote(location.to_owned()),
        }
    };
    (repository, revision)
}

fn split_revision(text: &str) -> (&str, Option<&str>) {
    // Before the path of a URL an `@` can only follow a user.
    let path_at = match text.split_once("://") {
        Some((scheme, rest)) => match rest.find('/') {
            Some(slash) => scheme.len() + 3 + slash,
            None => return (text, None),
        },
        None => match Address::parse(text) {
            Address::Scp { host, .. } => host.len() + 1,
            _ => 0,
        },
    };
    let is_repository = |at: &usize| {
        let before = text.get(path_at..*at).unwrap_or_default();
        before.ends_with(".git") || (path_at == 0 && Path::new(before).exists())
    };
    let mut signs = text.match_indices('@').map(|(at, _)| at);
    if let Some(at) = signs.find(is_repository) {
        let (location, revision) = text.split_at(at);
        return (location, revision.get(1..));
    }
    let tail_at = text.rfind(['/', ':']).map_or(0, |at| at + 1).max(path_at);
    let tail = text.get(tail_at..).unwrap_or_default();
    match tail.rfind('@') {
        // `@v1` alone names no repository.
        Some(at) if tail_at + at > 0 => {
            let (location, revision) = text.split_at(tail_at + at);
            (location, revision.get(1..))
        }
        _ => (text, None),
    }
}

/// A location by its form alone.
pub(super) enum Address<'a> {
    /// A path.
    Path(&'a str),
    /// The path out of a `file://` URL, as it is written there.
    File(&'a str),
    /// `scheme://authority/path`; `path` begins with its slash.
    Url {
        scheme: &'a str,
        authority: &'a str,
        path: &'a str,
    },
    /// `[user@]host:path`.
    Scp { host: &'a str, path: &'a str },
}

impl<'a> Address<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        if let Some((scheme, rest)) = text.split_once("://") {
            let slash = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(slash);
            if scheme.eq_ignore_ascii_case("file") {
                return Self::File(path);
            }
            return Self::Url {
                scheme,
                authority,
                path,
            };
        }
        // A bracketed IPv6 address holds colons of its own.
        let bracket = text.find(']').filter(|_| text.contains('['));
        let from = bracket.unwrap_or(0);
        let colon = text
            .get(from..)
            .and_then(|t| t.find(':'))
            .map(|at| from + at);
        match colon {
            Some(colon)
                if colon > 1 && !text.get(..colon).is_some_and(|host| host.contains('/')) =>
            {
                let (host, path) = text.split_at(colon);
                Self::Scp {
                    host,
                    path: path.get(1..).unwrap_or_default(),
                }
            }
            // No colon, one after a slash, or a drive letter.
            _ => Self::Path(text),
        }
    }
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some("443"),
        "http" => Some("80"),
        "ssh" | "git+ssh" | "ssh+git" => Some("22"),
        "git" => Some("9418"),
        _ => None,
    }
}

fn normalise_remote(host: &str, default_port: Option<&str>, path: &str) -> String {
    let host = host.to_ascii_lowercase();
    let host = default_port
        .and_then(|port| host.strip_suffix(port)?.strip_suffix(':'))
        .unwrap_or(&host);
    let path: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let path = path.join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path);
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        host.to_owned()
    } else {
        format!("{host}/{path}")
    }
}

fn normalise_path(path: &Path) -> String {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

/// A path with its `%20` and the like read, as Git reads those of `file://` URLs.
fn decoded(path: &str) -> PathBuf {
    let hex = |digit: Option<&u8>| char::from(*digit?).to_digit(16);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = hex(after.first()).zip(hex(after.get(1)));
        match code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) if first == b'%' && byte != 0 => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    gix::path::from_byte_slice(&bytes).map_or_else(|_| path.into(), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{file_path, is_local, normalise_url, parse_source};
    use crate::domain::Repository;

    #[test]
    fn one_identity_for_every_spelling() {
        for url in [
            "https://host/org/x.git",
            "https://Host/org/x",
            "https://host/org/x/",
            "https://host/org/x.git/",
            "https://bob:s3cret@host:443/org/x",
            "http://host:80/org/x",
            "ssh://git@host/org/x",
            "ssh://git@host:22/org/x.git",
            "git@host:org/x",
            "git@HOST:org/x.git",
            "git@host:/org/x",
            "host:org/x",
            "git+ssh://git@host/org//x",
        ] {
            assert_eq!(normalise_url(url), "host/org/x", "{url}");
        }
        assert_eq!(
            normalise_url("ssh://git@host:2222/org/x"),
            "host:2222/org/x"
        );
        assert_eq!(normalise_url("https://host:8443/x"), "host:8443/x");
        assert_eq!(normalise_url("https://host/Org/X"), "host/Org/X");
        assert_eq!(normalise_url("ssh://git@[::1]:22/x"), "[::1]/x");
        assert_eq!(normalise_url("git@[::1]:x"), "[::1]/x");
        assert_ne!(
            normalise_url("https://host/org/x"),
            normalise_url("https://host/org/y")
        );
    }

    #[test]
    fn paths_are_absolute() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().display().to_string();
        assert_eq!(normalise_url(&path), path);
        assert_eq!(normalise_url(&format!("file://{path}")), path);
        assert_eq!(normalise_url(&format!("file://localhost{path}/")), path);
        assert!(normalise_url("not/there").starts_with('/'));
        std::fs::create_dir(dir.path().join("a b")).unwrap();
        assert_eq!(
            normalise_url(&format!("file://{path}/a%20b")),
            format!("{path}/a b")
        );
    }

    #[test]
    fn paths_of_file_urls_are_decoded_as_git_decodes_them() {
        for (url, path) in [
            ("file:///srv/a%20b", Some("/srv/a b")),
            ("file://localhost/%e6%97%a5", Some("/日")),
            ("file:///50%/%zz/%0", Some("/50%/%zz/%0")),
            ("/srv/a%20b", None),
            ("https://host/a%20b", None),
        ] {
            assert_eq!(file_path(url), path.map(Into::into), "{url}");
        }
    }

    #[test]
    fn local_or_not() {
        for text in [
            ".",
            "/x",
            "a/b",
            "./a:b",
            "../x.git",
            "file:///x",
            "FILE:///x",
            "c:/x",
            "x",
        ] {
            assert!(is_local(text), "{text}");
        }
        for text in [
            "https://host/x",
            "git@host:x",
            "host:x",
            "ssh://host/x",
            "git@[::1]:x",
        ] {
            assert!(!is_local(text), "{text}");
        }
    }

    /// (what is typed, location, revision, whether it is remote)
    const SOURCES: &[(&str, &str, Option<&str>, bool)] = &[
        (
            "https://host/org/x.git",
            "https://host/org/x.git",
            None,
            true,
        ),
        (
            "https://host/org/x.git@v1.2",
            "https://host/org/x.git",
            Some("v1.2"),
            true,
        ),
        (
            "https://bob@host/org/x",
            "https://bob@host/org/x",
            None,
            true,
        ),
        (
            "https://bob:pw@host/org/x@main",
            "https://bob:pw@host/org/x",
            Some("main"),
            true,
        ),
        ("https://bob@host", "https://bob@host", None, true),
        ("https://host/x@", "https://host/x", None, true),
        ("https://host/x@1.x", "https://host/x", Some("1.x"), true),
        ("git@host:org/x", "git@host:org/x", None, true),
        (
            "git@host:org/x.git@4f2c1e9",
            "git@host:org/x.git",
            Some("4f2c1e9"),
            true,
        ),
        ("git@host:x@main", "git@host:x", Some("main"), true),
        ("git@host:x", "git@host:x", None, true),
        (
            "ssh://git@host:22/org/x@main",
            "ssh://git@host:22/org/x",
            Some("main"),
            true,
        ),
        ("./not-there@main", "./not-there", Some("main"), false),
        (
            "/not-there/x@worktree",
            "/not-there/x",
            Some("worktree"),
            false,
        ),
        ("/not@there/x", "/not@there/x", None, false),
        ("not-there@v1", "not-there", Some("v1"), false),
        ("file:///srv/x.git@v1", "/srv/x.git", Some("v1"), false),
        (".@main", ".", Some("main"), false),
        // A branch with a slash is told by the `.git` before it; without, the slash ends what can be a revision.
        (
            "https://host/x.git@feature/y",
            "https://host/x.git",
            Some("feature/y"),
            true,
        ),
        (
            "https://bob@host/x.git@feature/y",
            "https://bob@host/x.git",
            Some("feature/y"),
            true,
        ),
        (
            "git@host:org/x.git@release/1.2",
            "git@host:org/x.git",
            Some("release/1.2"),
            true,
        ),
        ("git.git@host:org/x", "git.git@host:org/x", None, true),
        (
            "https://host/x.git@a@b",
            "https://host/x.git",
            Some("a@b"),
            true,
        ),
        (
            "https://host/x@feature/y",
            "https://host/x@feature/y",
            None,
            true,
        ),
    ];

    #[test]
    fn sources() {
        for (typed, location, revision, is_remote) in SOURCES {
            let wanted = if *is_remote {
                Repository::Remote((*location).to_owned())
            } else {
                Repository::Local(location.into())
            };
            let wanted = (wanted, revision.map(str::to_owned));
            assert_eq!(parse_source(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn a_path_that_exists_is_taken_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("x@v1");
        std::fs::create_dir(&odd).unwrap();
        let typed = odd.display().to_string();
        assert_eq!(parse_source(&typed), (Repository::Local(odd.clone()), None));
        let (found, revision) = parse_source(&format!("{typed}@main"));
        assert_eq!(
            (found, revision.as_deref()),
            (Repository::Local(odd), Some("main"))
        );
        let plain = dir.path().join("plain");
        std::fs::create_dir(&plain).unwrap();
        assert_eq!(
            parse_source(&format!("{}@feature/y", plain.display())),
            (Repository::Local(plain), Some("feature/y".to_owned()))
        );
    }
}
