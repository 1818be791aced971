//! Discovered Apps whose directory has no manifests any more. What they hold is still there, and only their records in
//! the cluster tell of it: these are listed once for each connection, and kept up to date by the Apps that are known.
//!
//! A record was written by anybody who may write there. It only makes an App be listed: nothing that it names is
//! fetched, and an object is the App's only where its own tracking-id agrees.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Connection, Resource};
use crate::domain::record::{AppRecord, RunKind};
use crate::domain::{
    App, AppId, GroupKind, Notice, ObjectKey, Problem, ProblemKind, Provider, RepoPath, Repository,
};
use crate::providers::native::discovery::{Found, Surroundings, discovered};
use crate::providers::native::naming;
use crate::sync::record::{LABEL, decode, record_name};

use super::search;
use crate::engine::core::{Core, Event};
use crate::engine::world::RecordState;

/// Where the App of a record came from when it was last synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct RecordedSource {
    /// Normalised URL of the repository, or its path.
    repository: String,
    path: RepoPath,
    /// Whether it holds objects. Otherwise it was only adopted: what it took over carries no mark of it yet.
    holds: bool,
}

/// Apps that hold something by their records, by namespace and name.
pub(in crate::engine) type Recorded = BTreeMap<(String, String), RecordedSource>;

impl RecordedSource {
    /// `None` where nothing is held or adopted, or nothing can be told.
    fn of(record: &AppRecord) -> Option<Self> {
        let last = record.history.last()?;
        let holds = !record.inventory.0.is_empty();
        (holds || is_only_adopted(record)).then_some(())?;
        Some(Self {
            repository: last.repository.clone(),
            path: RepoPath::parse(&last.path).ok()?,
            holds,
        })
    }
}

/// Whether objects were adopted, and no sync came after that: they stay as they are, and their fields are trueup's.
pub(in crate::engine) fn is_only_adopted(record: &AppRecord) -> bool {
    let last = record.history.last();
    let adopted = last.is_some_and(|run| run.kind == RunKind::Adopt && run.applied > 0);
    adopted && record.inventory.0.is_empty()
}

impl Core {
    /// Looks for records in a cluster that was connected to.
    pub(in crate::engine) fn list_records(&mut self, context: &str) {
        let Some(cluster) = self.world.clusters.get_mut(context) else {
            return;
        };
        let configmaps = cluster
            .discovery
            .as_ref()
            .and_then(|d| d.preferred(&GroupKind::new("", "ConfigMap")));
        let (Some(connection), Some(resource)) = (&cluster.connection, configmaps) else {
            // Where discovery knows no ConfigMaps there is nothing to wait for; that it failed is told by itself.
            cluster.recorded.get_or_insert_default();
            return;
        };
        let own = self.options.contexts.named(context);
        let given = self.options.contexts.namespace.iter();
        let bound = self
            .options
            .bindings
            .iter()
            .filter_map(|b| b.namespace.as_ref());
        let namespaces: BTreeSet<String> = own
            .map(|c| &c.namespace)
            .into_iter()
            .chain(given)
            .chain(bound)
            .filter(|namespace| !namespace.is_empty())
            .cloned()
            .collect();
        let (connection, resource) = (connection.clone(), resource.clone());
        let (context, events) = (context.to_owned(), self.events.clone());
        tokio::spawn(async move {
            let recorded = list(&connection, &resource, &namespaces).await;
            let _ = events.send(Event::Recorded(context, recorded)).await;
        });
    }

    /// Takes over what the records say; an App that no place defines makes the repositories be searched again.
    pub(in crate::engine) fn recorded(&mut self, context: &str, recorded: Recorded) {
        let unknown: Vec<String> = recorded
            .iter()
            .filter(|((namespace, name), _)| {
                !self.world.apps.contains_key(&id(context, namespace, name))
            })
            .map(|(_, source)| source.repository.clone())
            .collect();
        if let Some(cluster) = self.world.clusters.get_mut(context) {
            cluster.recorded = Some(recorded);
        }
        let is_named = |repository: &&Repository| {
            let reference = self.world.reference(repository);
            unknown.iter().any(|text| reference.is_recorded_as(text))
        };
        let sources = self.options.sources.iter().map(|s| &s.repository);
        let again: BTreeSet<Repository> = sources.filter(is_named).cloned().collect();
        for repository in again {
            search::start_repository(self, &repository);
        }
    }

    /// The record of an App that is known came, went or changed.
    pub(in crate::engine) fn record_known(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get(id) else {
            return;
        };
        let now = match &entry.record {
            RecordState::Read(record) => RecordedSource::of(record),
            RecordState::Absent => None,
            RecordState::Unknown | RecordState::Unreadable(_) => return,
        };
        let key = (id.namespace.clone(), id.name.clone());
        let recorded = self
            .world
            .clusters
            .get_mut(&id.context)
            .and_then(|c| c.recorded.as_mut());
        if let Some(recorded) = recorded {
            match now {
                Some(source) => recorded.insert(key, source),
                None => recorded.remove(&key),
            };
        }
    }

    /// What the records of all clusters say.
    pub(in crate::engine) fn records(&self) -> Vec<(AppId, RecordedSource)> {
        let clusters = self.world.clusters.iter();
        clusters
            .flat_map(|(context, cluster)| {
                let all = cluster.recorded.iter().flatten();
                all.map(|((namespace, name), source)| {
                    (id(context, namespace, name), source.clone())
                })
            })
            .collect()
    }
}

fn id(context: &str, namespace: &str, name: &str) -> AppId {
    AppId {
        context: context.to_owned(),
        provider: Provider::Native,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// All records that this user may list: of the cluster, else of the namespaces that are used.
async fn list(
    connection: &Connection,
    resource: &Resource,
    namespaces: &BTreeSet<String>,
) -> Recorded {
    let labels = &format!("{}={}", LABEL.0, LABEL.1);
    let mut found = match connection.list_objects(resource, None, labels).await {
        Err(problem) if problem.kind == ProblemKind::Forbidden => {
            let each = namespaces
                .iter()
                .map(|namespace| connection.list_objects(resource, Some(namespace), labels));
            let lists = futures::future::join_all(each).await;
            lists.into_iter().filter_map(quietly).flatten().collect()
        }
        other => quietly(other).unwrap_or_default(),
    };
    found.sort_by(|a, b| a.key.cmp(&b.key));
    let read = |key: &ObjectKey, value: &crate::domain::Value| {
        let name = value.pointer("/data/app")?.as_str()?.to_owned();
        let record = decode(&name, value).ok()?;
        let source = RecordedSource::of(&record)?;
        (key.name == record_name(&name)).then(|| ((key.namespace.clone(), name), source))
    };
    found
        .iter()
        .filter_map(|live| read(&live.key, &live.value()))
        .collect()
}

/// Apps that are known have their own records read, and say so where that fails.
fn quietly<T>(listed: Result<T, Problem>) -> Option<T> {
    listed
        .inspect_err(|problem| tracing::info!(%problem, "records cannot be listed"))
        .ok()
}

/// The Apps of a repository that only their records tell of: nothing that was found is deployed from their directory.
/// `reads` says whether all that is in a directory can be read: manifests that cannot are not manifests that are gone.
pub(in crate::engine) fn among(
    records: &[(AppId, RecordedSource)],
    found: &Found,
    around: &Surroundings<'_>,
    reads: &dyn Fn(&RepoPath) -> bool,
) -> Vec<App> {
    let is_found = |id: &AppId, path: &RepoPath| {
        let mut all = found.apps.iter().chain(around.known);
        all.any(|app| app.id == *id || app.source.path == *path)
    };
    let orphan = |(id, source): &(AppId, RecordedSource)| {
        let path = &source.path;
        let is_its = around.repository.is_recorded_as(&source.repository)
            && naming::may_be(&id.name, path, &around.repository.name());
        if !is_its || is_found(id, path) {
            return None;
        }
        let app = discovered(path, id.name.clone(), around);
        // Bound to another place by now, it is another App.
        if app.id != *id {
            return None;
        }
        if !reads(path) {
            return Some(app);
        }
        let name = &id.name;
        let text = if source.holds {
            format!(
                "there are no manifests to deploy in it any more; what {name} holds stays until it is pruned (`--prune-all {name}`)"
            )
        } else {
            format!(
                "there are no manifests to deploy in it any more; what {name} adopted and never synced stays in the cluster, with trueup as the owner of its fields; `kubectl -n {} delete configmap {}` makes trueup forget it",
                id.namespace,
                record_name(name)
            )
        };
        Some(App {
            orphaned: true,
            notices: vec![Notice {
                place: path.to_string(),
                text,
            }],
            ..app
        })
    };
    records.iter().filter_map(orphan).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Revision;
    use crate::domain::record::{Outcome, SyncRecord};
    use crate::providers::native::{ContextRef, Contexts, RepositoryRef};

    fn contexts() -> Contexts {
        Contexts {
            known: vec![ContextRef {
                name: "dev".into(),
                namespace: "team".into(),
                current: true,
                ..ContextRef::default()
            }],
            ..Contexts::default()
        }
    }

    fn around<'a>(repository: &'a RepositoryRef, contexts: &'a Contexts) -> Surroundings<'a> {
        Surroundings {
            repository,
            prefix: "",
            revision: &Revision::Head,
            contexts,
            bindings: &[],
            known: &[],
        }
    }

    #[test]
    fn only_a_record_of_this_repository_and_place_makes_an_orphan() {
        let repository = RepositoryRef::new(
            Repository::Local("/src/shop".into()),
            Some("git@host:acme/shop.git"),
        );
        let contexts = contexts();
        let around = around(&repository, &contexts);
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let found = Found {
            apps: vec![discovered(&path("web"), "web".into(), &around)],
            ..Found::default()
        };
        for (context, namespace, name, repository, at, is_orphan) in [
            (
                "dev",
                "team",
                "apps-old",
                "host/acme/shop",
                "apps/old",
                true,
            ),
            ("dev", "team", "apps-old", "/src/shop", "apps/old", true),
            (
                "dev",
                "team",
                "apps-old",
                "host/acme/other",
                "apps/old",
                false,
            ),
            // Synced to another place than the directory is bound to now.
            (
                "dev",
                "other",
                "apps-old",
                "host/acme/shop",
                "apps/old",
                false,
            ),
            (
                "prod",
                "team",
                "apps-old",
                "host/acme/shop",
                "apps/old",
                false,
            ),
            // The record of an Application.
            (
                "dev",
                "team",
                "payments",
                "host/acme/shop",
                "apps/old",
                false,
            ),
            // It is there.
            ("dev", "team", "web", "host/acme/shop", "web", false),
        ] {
            let source = RecordedSource {
                repository: repository.into(),
                path: path(at),
                holds: true,
            };
            let record = (id(context, namespace, name), source);
            let apps = among(&[record], &found, &around, &|_| true);
            assert_eq!(
                apps.len() == 1,
                is_orphan,
                "{context} {namespace} {name} {at}"
            );
            assert!(apps.iter().all(|app| app.orphaned && app.discovered));
        }
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_not_one_without_manifests() {
        let repository = RepositoryRef::new(Repository::Local("/src/shop".into()), None);
        let contexts = contexts();
        let around = around(&repository, &contexts);
        let listed = |reads: bool, holds: bool| {
            let source = RecordedSource {
                repository: "/src/shop".into(),
                path: RepoPath::parse("old").unwrap(),
                holds,
            };
            let record = (id("dev", "team", "old"), source);
            let mut apps = among(&[record], &Found::default(), &around, &|_| reads);
            let app = apps.pop().unwrap();
            let said: String = app.notices.iter().map(|n| n.text.as_str()).collect();
            (app.orphaned, said)
        };
        assert_eq!(listed(false, true), (false, String::new()));
        let (orphaned, said) = listed(true, true);
        assert!(orphaned && said.contains("--prune-all old"), "{said}");
        // Adopted, and never synced: nothing of it can be pruned.
        let (orphaned, said) = listed(true, false);
        assert!(
            orphaned && said.contains("adopted") && !said.contains("prune"),
            "{said}"
        );
    }

    #[test]
    fn what_was_only_adopted_is_not_forgotten() {
        let run = |kind, applied| SyncRecord {
            kind,
            repository: "/src/shop".into(),
            path: "old".into(),
            applied,
            ..SyncRecord::sample(1, Outcome::Succeeded)
        };
        for (kind, applied, listed) in [
            (RunKind::Adopt, 1, true),
            (RunKind::Adopt, 0, false),
            // All that it held was pruned.
            (RunKind::Sync, 1, false),
        ] {
            let record = AppRecord {
                history: vec![run(kind, applied)],
                ..AppRecord::default()
            };
            let source = RecordedSource::of(&record);
            assert_eq!(source.is_some(), listed, "{kind:?} {applied}");
            assert!(source.is_none_or(|source| !source.holds));
        }
    }
}
