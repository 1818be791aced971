//! Names of discovered Apps, and what is done when two Apps would be one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{App, AppId, Problem, ProblemKind, RepoPath};

/// Longest name made from a path, short enough for the names of the objects that keep its record.
const MAX_LENGTH: usize = 200;

/// Whether a name can be an App's: a DNS subdomain (RFC 1123), as Kubernetes wants of an `Application`.
pub fn is_usable(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            label.starts_with(inner)
                && label.ends_with(inner)
                && label.chars().all(|c| inner(c) || c == '-')
        })
}

/// Names for directories of one repository: the whole path with `/` as `-`, the repository's name for its root.
/// Depends on nothing outside the repository. Where two would be equal, or one equals a name in `taken`, the plainest
/// path keeps the name and the others carry a digest of their path.
pub fn of_directories(
    directories: &[RepoPath],
    repository: &str,
    taken: &BTreeSet<String>,
) -> BTreeMap<RepoPath, String> {
    let mut wanted: Vec<(bool, usize, &RepoPath, String)> = directories
        .iter()
        .map(|directory| {
            let text = if directory.is_root() {
                repository
            } else {
                directory.as_str()
            };
            let name = dashed(text);
            let is_changed = name != text.replace('/', "-");
            (is_changed, directory.parts().count(), directory, name)
        })
        .collect();
    wanted.sort();
    let mut used = taken.clone();
    let mut names = BTreeMap::new();
    for (_, _, directory, name) in wanted {
        let name = if used.contains(&name) {
            format!("{name}-{}", digest(directory.as_str()))
        } else {
            name
        };
        used.insert(name.clone());
        names.insert(directory.clone(), name);
    }
    names
}

/// Whether [`of_directories`] may have given this name to a directory, whatever else there was at that time.
pub fn may_be(name: &str, directory: &RepoPath, repository: &str) -> bool {
    let alone = of_directories(
        std::slice::from_ref(directory),
        repository,
        &BTreeSet::new(),
    );
    alone.get(directory).is_some_and(|plain| {
        name == plain || name == format!("{plain}-{}", digest(directory.as_str()))
    })
}

fn dashed(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => name.push(c),
            // A dot would begin a label, which may not start or end with a dash.
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches('-');
    if name.is_empty() {
        format!("app-{}", digest(text))
    } else if name.len() > MAX_LENGTH {
        let head = name[..MAX_LENGTH - 10].trim_end_matches('-');
        format!("{head}-{}", digest(text))
    } else {
        name.to_owned()
    }
}

/// Eight hexadecimal digits that stay the same for ever (FNV-1a).
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// Settles which Apps there are when they come from several places. The same Application found twice is one App. Different
/// Apps with one identity cannot be told apart in the cluster: each is given a Problem that names the others.
pub fn distinct(apps: Vec<App>) -> Vec<App> {
    let mut kept: Vec<App> = Vec::with_capacity(apps.len());
    let mut by_id: BTreeMap<AppId, Vec<usize>> = BTreeMap::new();
    for app in apps {
        let same = by_id.entry(app.id.clone()).or_default();
        if same.iter().any(|&i| is_same(&kept[i], &app)) {
            continue;
        }
        same.push(kept.len());
        kept.push(app);
    }
    for same in by_id.values().filter(|same| same.len() > 1) {
        let described: Vec<String> = same.iter().map(|&i| whereabouts(&kept[i])).collect();
        for (n, &i) in same.iter().enumerate() {
            let others: Vec<&str> = described
                .iter()
                .enumerate()
                .filter(|(m, _)| *m != n)
                .map(|(_, text)| text.as_str())
                .collect();
            kept[i].problems.push(
                Problem::new(
                    ProblemKind::Conflict,
                    "another App has the same name and destination",
                )
                .at(described[n].clone())
                .because(format!("the other is {}", others.join(", ")))
                .hint("Rename one, or bind one to another namespace or cluster."),
            );
        }
    }
    kept
}

fn is_same(a: &App, b: &App) -> bool {
    a.discovered == b.discovered
        && a.source == b.source
        && a.destination == b.destination
        && a.sync == b.sync
        && a.ignore == b.ignore
}

fn whereabouts(app: &App) -> String {
    if app.defined_at.is_empty() {
        format!("{} in {}", app.source.path, app.source.repository)
    } else {
        app.defined_at.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(directories: &[&str], taken: &[&str]) -> Vec<String> {
        let paths: Vec<_> = directories
            .iter()
            .map(|d| RepoPath::parse(d).unwrap())
            .collect();
        let taken = taken.iter().map(|t| (*t).to_owned()).collect();
        let names = of_directories(&paths, "Shop", &taken);
        paths.iter().map(|p| names[p].clone()).collect()
    }

    #[test]
    fn names_are_paths() {
        assert_eq!(
            names(&["", "apps/web", "My_App", "a//b.c", "日本"], &[]),
            ["shop", "apps-web", "my-app", "a-b-c", "app-9f26ee51"]
        );
    }

    #[test]
    fn digests_stay_the_same() {
        assert_eq!(digest("a"), "e40c292c");
    }

    #[test]
    fn colliding_names_are_told_apart() {
        let got = names(&["a/b", "a-b", "A-B"], &[]);
        assert_eq!(got[1], "a-b");
        assert!(
            got[0].starts_with("a-b-") && got[2].starts_with("a-b-"),
            "{got:?}"
        );
        assert_ne!(got[0], got[2]);
        // The order of finding makes no difference.
        assert_eq!(names(&["A-B", "a-b", "a/b"], &[])[2], got[0]);
        assert_ne!(names(&["web"], &["web"])[0], "web");
    }

    #[test]
    fn a_name_may_be_of_the_directory_that_it_was_made_from() {
        for (name, directory, is) in [
            ("apps-web", "apps/web", true),
            ("shop", "", true),
            (names(&["a-b", "a/b"], &[])[1].as_str(), "a/b", true),
            ("web", "apps/web", false),
        ] {
            let directory = RepoPath::parse(directory).unwrap();
            assert_eq!(may_be(name, &directory, "Shop"), is, "{name}");
        }
    }

    #[test]
    fn usable_names() {
        for (name, usable) in [
            ("web", true),
            ("web.v2", true),
            ("0", true),
            ("", false),
            ("Web", false),
            ("-web", false),
            ("web-", false),
            ("web..x", false),
            ("we/b", false),
            ("a\u{1b}b", false),
        ] {
            assert_eq!(is_usable(name), usable, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_path_has_a_usable_name_of_its_own(
            paths in proptest::collection::btree_set("[a-bA_. /é-]{1,8}|[a-z/]{190,260}", 1..12)
        ) {
            let paths: BTreeSet<RepoPath> =
                paths.iter().filter_map(|p| RepoPath::parse(p).ok()).collect();
            let paths: Vec<_> = paths.into_iter().collect();
            let names = of_directories(&paths, "shop", &BTreeSet::new());
            let distinct: BTreeSet<_> = names.values().collect();
            prop_assert_eq!(distinct.len(), paths.len());
            for name in names.values() {
                prop_assert!(is_usable(name), "{}", name);
            }
        }
    }
}
