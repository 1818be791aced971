//! Where Apps were synced to from this machine, so that a sync to anywhere else asks first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::domain::{App, Destination, Problem, ProblemKind};
use crate::providers::native::RepositoryRef;

/// Remembers destinations by repository and directory, in a file of the state directory.
#[derive(Debug, Default)]
pub struct Memory {
    file: Option<PathBuf>,
    /// Why what was remembered is not known.
    lost: Option<Problem>,
    places: Mutex<BTreeMap<String, Place>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Identity of the cluster; context names are labels that people change.
    #[serde(default)]
    cluster: String,
    context: String,
    namespace: String,
}

impl Memory {
    /// Reads what was remembered. A file that cannot be read is a Problem; nothing is remembered then, nor overwritten.
    pub fn open(file: &Path) -> Result<Self, Problem> {
        let places = match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Problem::new(
                    ProblemKind::Local,
                    "the memory of destinations cannot be read",
                )
                .at(file.display().to_string())
                .because_of(&error)
                .hint("Remove the file: it is written anew after the next sync.")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                return Err(Problem::new(
                    ProblemKind::Local,
                    "the memory of destinations cannot be read",
                )
                .at(file.display().to_string())
                .because_of(&error));
            }
        };
        Ok(Self {
            file: Some(file.to_path_buf()),
            lost: None,
            places: Mutex::new(places),
        })
    }

    /// Nothing is known of what was remembered: nobody may take that for "nothing was".
    pub fn unreadable(problem: Problem) -> Self {
        Self {
            lost: Some(problem),
            ..Self::default()
        }
    }

    /// Why what was remembered is not known.
    pub(in crate::engine) fn lost(&self) -> Option<&Problem> {
        self.lost.as_ref()
    }

    /// Remembers where an App was synced to.
    pub(in crate::engine) fn remember(
        &self,
        app: &App,
        repository: &RepositoryRef,
        cluster: &str,
    ) -> Result<(), Problem> {
        let key = key(app, repository);
        let place = Place {
            cluster: cluster.to_owned(),
            context: app.destination.context.clone(),
            namespace: app.destination.namespace.clone(),
        };
        let mut places = self.places.lock().unwrap_or_else(|e| e.into_inner());
        if places.get(&key) == Some(&place) {
            return Ok(());
        }
        let Some(file) = &self.file else {
            places.insert(key, place);
            return Ok(());
        };
        // Another trueup may have written since: what it remembers stays.
        if let Some(now) = std::fs::read(file)
            .ok()
            .and_then(|b| serde_json::from_slice(&b).ok())
        {
            *places = now;
        }
        places.insert(key, place);
        let failed = |error: &dyn std::error::Error| {
            Problem::new(
                ProblemKind::Local,
                "where this was synced to cannot be remembered",
            )
            .at(file.display().to_string())
            .because(error.to_string())
        };
        let text = serde_json::to_vec_pretty(&*places).map_err(|e| failed(&e))?;
        let half_written = file.with_extension("new");
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory).map_err(|e| failed(&e))?;
        }
        std::fs::write(&half_written, text).map_err(|e| failed(&e))?;
        std::fs::rename(&half_written, file).map_err(|e| failed(&e))
    }
}

/// Where an App was synced to from here, if that is not where it goes now: another cluster, told by its identity where
/// that is known, or another namespace.
pub(in crate::engine) fn moved_from(
    memory: &Memory,
    app: &App,
    repository: &RepositoryRef,
    cluster: &str,
) -> Option<Destination> {
    let places = memory.places.lock().unwrap_or_else(|e| e.into_inner());
    let before = places.get(&key(app, repository))?;
    let same_cluster = if before.cluster.is_empty() || cluster.is_empty() {
        before.context == app.destination.context
    } else {
        before.cluster == cluster
    };
    let moved = !same_cluster || before.namespace != app.destination.namespace;
    moved.then(|| Destination {
        context: before.context.clone(),
        namespace: before.namespace.clone(),
    })
}

/// Whether an App was synced from here to where it goes now.
pub(in crate::engine) fn was_synced(
    memory: &Memory,
    app: &App,
    repository: &RepositoryRef,
    cluster: &str,
) -> bool {
    let places = memory.places.lock().unwrap_or_else(|e| e.into_inner());
    let is_known = places.contains_key(&key(app, repository));
    drop(places);
    is_known && moved_from(memory, app, repository, cluster).is_none()
}

fn key(app: &App, repository: &RepositoryRef) -> String {
    let repository = repository.identity();
    // Several Applications may deploy one directory to several places: each is remembered by its name.
    let name = if app.discovered {
        ""
    } else {
        app.id.name.as_str()
    };
    format!("{repository} {} {name}", app.source.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Repository;

    fn shop() -> RepositoryRef {
        RepositoryRef::new(
            Repository::Local("/shop".into()),
            Some("git@host:acme/shop"),
        )
    }

    fn app(context: &str, namespace: &str) -> App {
        App {
            destination: Destination {
                context: context.into(),
                namespace: namespace.into(),
            },
            discovered: true,
            ..App::sample()
        }
    }

    #[test]
    fn a_renamed_context_is_no_other_cluster() {
        let memory = Memory::default();
        memory
            .remember(&app("old", "shop"), &shop(), "uid-1")
            .unwrap();
        for (context, namespace, cluster, moved) in [
            ("old", "shop", "uid-1", false),
            ("new", "shop", "uid-1", false),
            ("old", "shop", "uid-2", true),
            ("old", "other", "uid-1", true),
            ("old", "shop", "", false),
            ("new", "shop", "", true),
        ] {
            let from = moved_from(&memory, &app(context, namespace), &shop(), cluster);
            assert_eq!(from.is_some(), moved, "{context} {namespace} {cluster}");
        }
    }

    #[test]
    fn another_checkout_of_the_same_repository_is_the_same() {
        let memory = Memory::default();
        let elsewhere = RepositoryRef::new(
            Repository::Local("/home/x".into()),
            Some("https://host/acme/shop"),
        );
        memory.remember(&app("c", "n"), &shop(), "uid").unwrap();
        assert!(moved_from(&memory, &app("c", "m"), &elsewhere, "uid").is_some());
    }

    #[test]
    fn two_at_once_forget_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("destinations.json");
        let (one, two) = (Memory::open(&file).unwrap(), Memory::open(&file).unwrap());
        let mut other = app("c", "n");
        other.source.path = crate::domain::RepoPath::parse("other").unwrap();
        one.remember(&app("c", "n"), &shop(), "uid").unwrap();
        two.remember(&other, &shop(), "uid").unwrap();
        let both = Memory::open(&file).unwrap();
        assert_eq!(both.places.lock().unwrap().len(), 2);
    }
}
