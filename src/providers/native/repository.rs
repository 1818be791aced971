//! When two names of a repository mean the same one.

use crate::domain::Repository;
use crate::git::normalise_url;

/// A repository that Apps are found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Where it is read.
    pub repository: Repository,
    /// URL of its origin, normalised by [`normalise_url`]; empty where it has none.
    pub origin: String,
}

impl RepositoryRef {
    /// A repository with the URL of its origin as configured; for a remote repository that is its own.
    pub fn new(repository: Repository, origin: Option<&str>) -> Self {
        let origin = match (&repository, origin) {
            (_, Some(url)) => normalise_url(url),
            (Repository::Remote(url), None) => normalise_url(url),
            (Repository::Local(_), None) => String::new(),
        };
        Self { repository, origin }
    }

    /// Whether a URL or path, as somebody wrote it, names this repository.
    pub fn is_named_by(&self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        let named = normalise_url(text);
        let is_here = match &self.repository {
            Repository::Local(path) => named == normalise_url(&path.to_string_lossy()),
            Repository::Remote(_) => false,
        };
        is_here || (!self.origin.is_empty() && named == self.origin)
    }

    /// What names it for good, on every machine: its origin, else its path here.
    pub fn identity(&self) -> String {
        match &self.repository {
            _ if !self.origin.is_empty() => self.origin.clone(),
            Repository::Local(path) => path.display().to_string(),
            Repository::Remote(url) => normalise_url(url),
        }
    }

    /// Whether this is the repository that a record names: by its [identity](Self::identity), or by its path here.
    pub fn is_recorded_as(&self, text: &str) -> bool {
        let is_here = match &self.repository {
            Repository::Local(path) => path.display().to_string() == text,
            Repository::Remote(_) => false,
        };
        !text.is_empty() && (is_here || self.identity() == text)
    }

    /// What to call it: the last part of its origin, or of its path.
    pub fn name(&self) -> String {
        self.identity()
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_checkout_is_named_by_path_and_origin() {
        let checkout = RepositoryRef::new(
            Repository::Local(PathBuf::from("/src/shop")),
            Some("git@host:acme/shop.git"),
        );
        assert!(checkout.is_named_by("https://host/acme/shop"));
        assert!(checkout.is_named_by("/src/shop"));
        assert!(checkout.is_named_by("file:///src/shop"));
        assert!(!checkout.is_named_by("https://host/acme/shop2"));
        assert_eq!(checkout.name(), "shop");
        let bare = RepositoryRef::new(Repository::Local(PathBuf::from("/src/x")), None);
        assert!(!bare.is_named_by(""));
        assert_eq!(bare.name(), "x");
    }
}
