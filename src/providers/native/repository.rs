//! When two names of a repository mean the same one.

use crate::domain::Repository;

/// A repository that Apps are found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Where it is read.
    pub repository: Repository,
    /// URL of its origin, normalised by [`normalised`]; empty where it has none.
    pub origin: String,
}

impl RepositoryRef {
    /// A repository with the URL of its origin as configured; for a remote repository that is its own.
    pub fn new(repository: Repository, origin: Option<&str>) -> Self {
        let origin = match (&repository, origin) {
            (_, Some(url)) => normalised(url),
            (Repository::Remote(url), None) => normalised(url),
            (Repository::Local(_), None) => String::new(),
        };
        Self { repository, origin }
    }

    /// Whether a URL or path, as somebody wrote it, names this repository.
    pub fn is_named_by(&self, text: &str) -> bool {
        let text = text.strip_prefix("file://").unwrap_or(text);
        if let Repository::Local(path) = &self.repository
            && std::path::Path::new(text) == path.as_path()
        {
            return true;
        }
        !self.origin.is_empty() && normalised(text) == self.origin
    }

    /// What to call it: the last part of its origin, or of its path.
    pub fn name(&self) -> String {
        let text = match &self.repository {
            _ if !self.origin.is_empty() => self.origin.clone(),
            Repository::Local(path) => path.to_string_lossy().into_owned(),
            Repository::Remote(url) => normalised(url),
        };
        text.trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

/// `host/path` of a repository's URL, in lower case: without scheme, user, password, default port and `.git`, so that https, ssh
/// and the scp-like form of one repository are equal. Paths on this machine stay as they are.
pub fn normalised(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        None if url.starts_with(['/', '.', '~']) => (String::new(), url.to_owned()),
        // The scp-like form: a colon before any slash.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => (
                "ssh".to_owned(),
                format!("{host}/{}", path.trim_start_matches('/')),
            ),
            _ => (String::new(), url.to_owned()),
        },
    };
    if matches!(scheme.as_str(), "" | "file") {
        return rest.trim_end_matches('/').to_owned();
    }
    let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        "ssh" | "git+ssh" => ":22",
        _ => "",
    };
    let host = host
        .strip_suffix(port)
        .filter(|_| !port.is_empty())
        .unwrap_or(host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    format!("{host}/{path}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn one_repository_has_many_urls() {
        for url in [
            "https://git.example.com/acme/shop.git",
            "https://git.example.com/acme/shop/",
            "https://bob:secret@Git.Example.com:443/Acme/Shop",
            "ssh://git@git.example.com:22/acme/shop.git",
            "git@git.example.com:acme/shop.git",
            "git@git.example.com:/acme/shop",
        ] {
            assert_eq!(normalised(url), "git.example.com/acme/shop", "{url}");
        }
        assert_eq!(normalised("https://h:8443/x"), "h:8443/x");
        assert_eq!(normalised("/srv/Shop.git/"), "/srv/Shop.git");
        assert_eq!(normalised("file:///srv/shop"), "/srv/shop");
    }

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
