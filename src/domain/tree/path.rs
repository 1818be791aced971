//! Paths inside a tree.

use std::fmt;

use crate::domain::{Problem, ProblemKind, Result};

/// A path inside a tree: relative, `/`-separated, without `.`, `..` or empty parts. The root is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(String);

impl RepoPath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises a path as people write it (`./a//b/../c`). Fails where it leaves the tree.
    pub fn parse(text: &str) -> Result<Self> {
        Self::root().join(text)
    }

    /// A path relative to this directory, as symbolic links and manifests write them. Fails where it is absolute,
    /// holds a NUL or leaves the tree.
    pub fn join(&self, relative: &str) -> Result<Self> {
        let leaves = || {
            Problem::new(ProblemKind::Invalid, "the path leaves the repository")
                .at(relative.to_owned())
        };
        if relative.starts_with('/') || relative.contains('\0') {
            return Err(leaves());
        }
        let mut parts: Vec<&str> = self.parts().collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(leaves)?;
                }
                part => parts.push(part),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// The path of an entry of this directory. `name` is one part.
    #[must_use]
    pub fn entry(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self(format!("{}/{name}", self.0))
        }
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its parts, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|p| !p.is_empty())
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The directory that holds it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or("", |(dir, _)| dir)
                .to_owned(),
        ))
    }

    /// Whether it is `dir` or lies below it.
    pub fn is_within(&self, dir: &Self) -> bool {
        dir.is_root()
            || self.0 == dir.0
            || self
                .0
                .strip_prefix(&dir.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for RepoPath {
    /// The path, `.` for the root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[test]
    fn paths_stay_inside() {
        let ok = |text: &str| RepoPath::parse(text).map(|p| p.to_string()).ok();
        assert_eq!(ok("a/./b//../c/").as_deref(), Some("a/c"));
        assert_eq!(ok("").as_deref(), Some("."));
        assert_eq!(ok("../a"), None);
        assert_eq!(ok("a/../../b"), None);
        assert_eq!(ok("/etc/passwd"), None);
    }

    #[test]
    fn within_is_by_parts() {
        let path = |text| RepoPath::parse(text).unwrap();
        assert!(path("apps/web/x").is_within(&path("apps/web")));
        assert!(!path("apps/website").is_within(&path("apps/web")));
    }
}
