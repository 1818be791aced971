//! Repositories, revisions and commits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

use super::RepoPath;

/// A repository as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Repository {
    /// A directory on this machine, read in place: the root of a checkout or bare repository.
    Local(PathBuf),
    /// A URL (https, ssh, scp-like), mirrored under the cache directory.
    Remote(String),
}

impl fmt::Display for Repository {
    /// The path or URL, without any password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(url) => f.write_str(&without_password(url)),
        }
    }
}

/// A URL without the password or token that it may carry.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let Some((user, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = user.split_once(':').map_or(user, |(name, _)| name);
    let slash = if rest.contains('/') { "/" } else { "" };
    // A user name in an http URL may itself be a token.
    if scheme.starts_with("http") {
        format!("{scheme}://{host}{slash}{path}")
    } else {
        format!("{scheme}://{user}@{host}{slash}{path}")
    }
}

/// A revision as somebody asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Revision {
    /// The checkout's own `HEAD`, or the remote's default branch.
    #[default]
    Head,
    /// A branch, tag, full or short SHA, or semver constraint on tags.
    Named(String),
    /// The files as they are on disk.
    Worktree,
}

impl Revision {
    /// Whether it names one commit, by its full SHA: what it means can never change.
    pub fn is_commit(&self) -> bool {
        let Self::Named(name) = self else {
            return false;
        };
        matches!(name.len(), 40 | 64) && name.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// Reads what a person types: `worktree`, `HEAD` or nothing, else a name.
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "HEAD" => Self::Head,
            "worktree" => Self::Worktree,
            name => Self::Named(name.to_owned()),
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "HEAD",
            Self::Named(name) => name,
            Self::Worktree => "worktree",
        })
    }
}

/// The full hexadecimal id of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

impl CommitId {
    /// The first seven digits.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A commit, as far as a person wants to read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The author's name.
    pub author: String,
    /// When it was authored.
    pub time: Timestamp,
    /// The first line of its message.
    pub summary: String,
}

/// How a directory of plain manifests is read (Argo CD's `source.directory`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DirectoryOptions {
    /// Whether to descend into subdirectories.
    pub recurse: bool,
    /// Glob on the path relative to the App's directory; empty: everything.
    pub include: String,
    /// Glob on the path relative to the App's directory, tested before `include`; empty: nothing.
    pub exclude: String,
}

/// Where the desired state of an App comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The repository.
    pub repository: Repository,
    /// The revision asked for.
    pub revision: Revision,
    /// The directory inside it.
    pub path: RepoPath,
    /// How the directory is read.
    pub directory: DirectoryOptions,
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn urls_lose_their_secrets() {
        assert_eq!(
            without_password("https://bob:s3cret@host/x.git"),
            "https://host/x.git"
        );
        assert_eq!(
            without_password("https://ghp_token@host/x.git"),
            "https://host/x.git"
        );
        assert_eq!(
            without_password("ssh://git:pw@host:22/x"),
            "ssh://git@host:22/x"
        );
        assert_eq!(without_password("git@host:org/x.git"), "git@host:org/x.git");
    }
}
