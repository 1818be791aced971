//! Apps come, change and go: from what places define them to what Git says of each.

pub(super) mod desired;
pub(super) mod packed;
pub(super) mod records;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::Resource;
use crate::domain::{
    App, AppId, GroupKind, Manifest, Notice, ObjectKey, Problem, Repository, Revision, Value,
};
use crate::drift::desired::{Prepared, duplicates, prepare};
use crate::git::{Repo, normalise_url};
use crate::providers::native::distinct;

use crate::sync::order::{Task, order};

use crate::engine::clusters::{ClusterOrder, Wanted, WantedKind};
use crate::engine::core::Core;
use crate::engine::sources::search;
use crate::engine::sources::{SourceOrder, SourceSeen, SourceSettings};
use crate::engine::world::{AppEntry, Definer, Definition, RecordState, RepoEntry};
use crate::engine::{clusters, sources};
use desired::{DesiredDone, DesiredJob};
use packed::{Ready, unpack};

impl Core {
    /// Starts what is known from the start: repositories, files that define Apps, clusters that were named.
    pub(super) fn begin(&mut self) {
        for problem in self.options.problems.clone() {
            self.problem(&problem.to_string(), Some(problem.clone()));
        }
        for source in self.options.sources.clone() {
            self.ensure_repo(&source.repository);
        }
        for path in self.options.apps.clone() {
            search::start_files(self, path);
        }
        for context in self.options.watched_contexts() {
            self.ensure_cluster(&context);
        }
        self.dirty = true;
    }

    fn ensure_repo(&mut self, repository: &Repository) {
        if self.sources.contains_key(repository) {
            return;
        }
        self.world
            .repos
            .insert(repository.clone(), RepoEntry::default());
        let settings = SourceSettings {
            cache_dir: self.options.cache_dir.clone(),
            fetch_every: self.options.fetch_every,
            live: self.options.live,
        };
        let orders = sources::start(
            repository.clone(),
            settings,
            self.events.clone(),
            self.lender.clone(),
        );
        self.sources.insert(repository.clone(), orders);
    }

    pub(super) fn ensure_cluster(&mut self, context: &str) {
        if context.is_empty() || self.clusters.contains_key(context) {
            return;
        }
        let entry = self
            .options
            .cluster_entry(context, (self.clock.now(), self.clock.instant()));
        self.world.clusters.insert(context.to_owned(), entry);
        let orders = clusters::start(
            context.to_owned(),
            self.connector.clone(),
            self.clock.clone(),
            self.events.clone(),
            self.lender.clone(),
        );
        self.clusters.insert(context.to_owned(), orders);
    }

    pub(super) fn source_seen(&mut self, repository: Repository, seen: SourceSeen) {
        let now = self.clock.now();
        let is_source = self
            .options
            .sources
            .iter()
            .any(|s| s.repository == repository);
        let Some(entry) = self.world.repos.get_mut(&repository) else {
            return;
        };
        let had = entry.repo.is_some();
        if seen.repo.is_some() {
            entry.repo = seen.repo;
        }
        match &seen.problem {
            Some(_) if entry.old_since.is_none() => entry.old_since = Some(now),
            Some(_) => {}
            None => entry.old_since = None,
        }
        let unreachable_now = seen.problem.is_some() && entry.problem.is_none();
        entry.problem = seen.problem.clone();
        let dirt_moved = entry.uncommitted != seen.uncommitted;
        entry.uncommitted = seen.uncommitted;
        let moved = seen.moved || dirt_moved || (!had && entry.repo.is_some());
        if moved {
            entry.generation += 1;
        }
        self.problem(
            &format!("repository {repository}"),
            seen.problem.filter(|_| is_source),
        );
        if moved && is_source {
            search::start_repository(self, &repository);
        }
        // A remote that turns out unreachable may have a checkout to stand in for it.
        let may_stand_in = unreachable_now && matches!(repository, Repository::Remote(_));
        if moved || may_stand_in {
            self.to_render.insert(repository.clone());
        }
        let ids: Vec<_> = self.apps_of(&repository);
        ids.iter().for_each(|id| self.world.touch(id));
    }

    fn apps_of(&self, repository: &Repository) -> Vec<AppId> {
        let of = |e: &&AppEntry| e.app.source.repository == *repository;
        self.world
            .apps
            .values()
            .filter(of)
            .map(|e| e.app.id.clone())
            .collect()
    }

    /// What was found before stays, with the reason why it may be old.
    pub(super) fn not_searched(&mut self, repository: Repository, problem: Problem) {
        self.world.searched(&repository);
        let definer = Definer::Repository(repository);
        self.world.definitions.entry(definer).or_default().problems = vec![problem];
    }

    /// Takes over what a place says about its Apps.
    pub(super) fn defined(&mut self, definer: Definer, definition: Definition) {
        let from_files = matches!(definer, Definer::Files(_));
        if let Definer::Repository(repository) = &definer {
            self.world.searched(repository);
        }
        self.world.definitions.insert(definer, definition);
        if from_files {
            for source in self.options.clone().sources.iter() {
                search::start_repository(self, &source.repository);
            }
        }
        let now = self.clock.now();
        let defined = self
            .world
            .definitions
            .values()
            .flat_map(|d| &d.apps)
            .cloned()
            .map(|mut app| {
                self.options.adjust(&mut app);
                app
            });
        let mut apps: BTreeMap<AppId, Arc<App>> = BTreeMap::new();
        for app in distinct(defined.collect()) {
            // Of two Apps with one identity the first is shown; its Problem names the other.
            apps.entry(app.id.clone()).or_insert_with(|| Arc::new(app));
        }
        let gone: Vec<AppId> = self
            .world
            .apps
            .keys()
            .filter(|id| !apps.contains_key(id))
            .cloned()
            .collect();
        for id in gone {
            self.drop_holder(&id);
            self.world.apps.remove(&id);
            self.wishes.insert(id.context.clone());
        }
        let mut repositories = BTreeSet::new();
        for (id, app) in apps {
            self.ensure_cluster(&app.destination.context);
            self.ensure_repo(&app.source.repository);
            match self.world.apps.get_mut(&id) {
                Some(entry) if entry.app == app => continue,
                Some(entry) => {
                    entry.app = app.clone();
                    entry.prepared = None;
                    entry.desired = None;
                    entry.view = None;
                }
                None => {
                    self.world.apps.insert(id, AppEntry::new(app.clone(), now));
                }
            }
            repositories.insert(app.source.repository.clone());
        }
        for repository in repositories {
            self.to_render.insert(repository.clone());
            self.watch_directories(&repository);
        }
    }

    fn watch_directories(&self, repository: &Repository) {
        let of = |e: &&AppEntry| e.app.source.repository == *repository;
        let directories: BTreeSet<_> = self
            .world
            .apps
            .values()
            .filter(of)
            .map(|e| e.app.source.path.clone())
            .collect();
        if let Some(orders) = self.sources.get(repository) {
            let _ = orders.send(SourceOrder::Watch(directories.into_iter().collect()));
        }
    }

    /// The repository that an App is read from now, and whether it stands in for an unreachable one.
    fn repo_for(&self, app: &App) -> Option<(Repo, bool)> {
        let entry = self.world.repos.get(&app.source.repository)?;
        if let Some(repo) = &entry.repo {
            return Some((repo.clone(), false));
        }
        entry.problem.as_ref()?;
        let Repository::Remote(url) = &app.source.repository else {
            return None;
        };
        let wanted = normalise_url(url);
        self.world
            .repos
            .values()
            .filter_map(|e| e.repo.as_ref())
            .find(|repo| {
                !repo.is_bare() && repo.origin().is_some_and(|o| normalise_url(&o) == wanted)
            })
            .map(|repo| (repo.clone(), true))
    }

    /// Renders the Apps of one repository anew, as far as something that they read changed.
    pub(super) fn start_desired(&mut self, repository: &Repository) {
        let mut jobs = Vec::new();
        for id in self.apps_of(repository) {
            let ticket = self.ticket();
            let Some(entry) = self.world.apps.get(&id) else {
                continue;
            };
            let app = entry.app.clone();
            if !app.is_honoured() {
                self.leave_out(&id);
                continue;
            }
            let Some((repo, stand_in)) = self.repo_for(&app) else {
                let problem = self
                    .world
                    .repos
                    .get(repository)
                    .and_then(|r| r.problem.clone());
                if let (Some(problem), Some(entry)) = (problem, self.world.apps.get_mut(&id))
                    && entry.desired.is_none()
                {
                    entry.desired_problems = vec![problem];
                    entry.view = None;
                }
                continue;
            };
            let uncommitted = self
                .world
                .repos
                .get(repository)
                .map(|r| r.uncommitted.clone())
                .unwrap_or_default();
            let Some(entry) = self.world.apps.get_mut(&id) else {
                continue;
            };
            entry.desired_ticket = ticket;
            entry.desired_pending = true;
            jobs.push(DesiredJob {
                id,
                ticket,
                repo,
                stand_in,
                revision: entry.revision.clone(),
                uncommitted,
                previous: entry.desired.clone(),
                synced: match &entry.record {
                    RecordState::Read(record) => record.last_synced().map(|r| r.commit.clone()),
                    _ => None,
                },
                previous_base: entry
                    .base
                    .as_ref()
                    .map(|b| (b.commit.clone(), b.manifests.clone())),
                app,
            });
        }
        if jobs.is_empty() {
            return;
        }
        // The App that is looked at comes first.
        if let Some(selected) = &self.world.selected
            && let Some(i) = jobs.iter().position(|j| j.id == *selected)
        {
            jobs.swap(0, i);
        }
        let mine = self.ticket();
        let latest = self
            .latest
            .entry(repository.clone())
            .or_insert_with(|| Arc::new(AtomicU64::new(0)));
        latest.store(mine, Ordering::Relaxed);
        desired::start(jobs, mine, latest.clone(), self.events.clone());
    }

    /// What cannot be honoured would be rendered as something else: such an App is neither rendered nor compared.
    fn leave_out(&mut self, id: &AppId) {
        let ticket = self.ticket();
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        entry.desired_ticket = ticket;
        entry.desired_pending = false;
        entry.desired = None;
        entry.prepared = None;
        entry.desired_problems.clear();
        entry.prepare_problems.clear();
        entry.objects.clear();
        entry.order.clear();
        entry.base = None;
        entry.view = None;
    }

    pub(super) fn desired_done(&mut self, done: DesiredDone) {
        self.n_renders += u64::from(done.rendered);
        let Some(entry) = self.world.apps.get_mut(&done.id) else {
            return;
        };
        if entry.desired_ticket != done.ticket {
            return;
        }
        entry.desired_pending = false;
        entry.view = None;
        match done.desired {
            Ok(desired) => {
                let same = entry
                    .desired
                    .as_ref()
                    .is_some_and(|before| Arc::ptr_eq(&before.manifests, &desired.manifests));
                let same = same && entry.desired_problems == desired.problems;
                entry.desired_problems = desired.problems.clone();
                entry.desired = Some(desired);
                let base_moved = match (&entry.base, &done.base) {
                    (Some(a), Some(b)) => {
                        a.commit != b.commit || a.manifests.is_some() != b.manifests.is_some()
                    }
                    (None, None) => false,
                    _ => true,
                };
                entry.ahead = done.base.as_ref().and_then(|b| b.ahead);
                if base_moved || entry.base.is_none() {
                    entry.base = done.base;
                }
                if !same || entry.prepared.is_none() || base_moved {
                    self.prepare(&done.id);
                }
            }
            // What was there stays on screen, with the reason why it is old.
            Err(problem) => entry.desired_problems = vec![problem],
        }
    }

    /// Makes of manifests what is compared and sent; needs to know the cluster's kinds.
    pub(super) fn prepare(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        let Some(cluster) = self.world.clusters.get(&id.context) else {
            return;
        };
        let (Some(discovery), Some(desired)) = (&cluster.discovery, &entry.desired) else {
            return;
        };
        let scope = |gvk: &crate::domain::Gvk| {
            discovery
                .resource(gvk)
                .or_else(|| discovery.preferred(&gvk.group_kind()))
                .map(|r| r.namespaced)
        };
        let app = entry.app.clone();
        let (ready, problems, notices) = prepare_all(&unpack(&desired.manifests), &app, &scope);
        if let Some(base) = &mut entry.base {
            base.prepared = match &base.manifests {
                None => None,
                Some(manifests) => {
                    let (ready, _, _) = prepare_all(&unpack(manifests), &app, &scope);
                    Some(
                        ready
                            .into_iter()
                            .map(|(key, p)| (key, Ready::new(&p)))
                            .collect(),
                    )
                }
            };
        }
        entry.prepare_problems = problems;
        entry.prepare_notices = notices;
        let ready = ready.iter().map(|(key, p)| (key.clone(), Ready::new(p)));
        entry.prepared = Some(ready.collect());
        entry.view = None;
        self.reindex(id);
        self.consider_app(id);
    }

    /// Brings the index of who wants what up to date, and the order in which an App's objects are shown.
    pub(super) fn reindex(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get(id) else {
            return;
        };
        let keys: Vec<_> = held_keys(entry).into_iter().collect();
        if entry.indexed != keys {
            self.drop_holder(id);
            let holders = self.world.holders.entry(id.context.clone()).or_default();
            for key in &keys {
                holders.entry(key.clone()).or_default().push(id.clone());
            }
        }
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        if let Some(cluster) = self.world.clusters.get_mut(&id.context) {
            keys.iter().for_each(|key| cluster.listed.want(key));
        }
        entry.indexed = keys;
        if let Some(prepared) = &entry.prepared {
            let tasks = prepared.values().filter(|p| !p.hook).map(|p| Task {
                key: p.key.clone(),
                wave: p.wave,
                prune: false,
                prune_last: false,
                defines: p.defines.as_deref().cloned(),
            });
            entry.order = order(tasks.collect())
                .into_iter()
                .map(|task| task.key)
                .collect();
        }
        self.wishes.insert(id.context.clone());
    }

    fn drop_holder(&mut self, id: &AppId) {
        let keys = self
            .world
            .apps
            .get_mut(id)
            .map(|e| std::mem::take(&mut e.indexed));
        let Some(holders) = self.world.holders.get_mut(&id.context) else {
            return;
        };
        for key in keys.unwrap_or_default() {
            if let Some(ids) = holders.get_mut(&key) {
                ids.retain(|i| i != id);
                if ids.is_empty() {
                    holders.remove(&key);
                }
            }
        }
    }

    /// Tells each cluster whose Apps changed what to watch.
    pub(super) fn tell_wishes(&mut self, contexts: BTreeSet<String>) {
        // Whether everything is settled depends on what is still to be told.
        self.dirty = true;
        for context in contexts {
            let wanted = self.wanted(&context);
            let Some(cluster) = self.world.clusters.get_mut(&context) else {
                continue;
            };
            let of_unwanted = |kind: &GroupKind| !wanted.kinds.contains_key(kind);
            cluster.unreadable.retain(|(kind, _), _| !of_unwanted(kind));
            let wanted = cluster.listed.tell(wanted);
            self.order(&context, ClusterOrder::Want(wanted));
        }
    }

    fn wanted(&self, context: &str) -> Wanted {
        let mut wanted = Wanted::default();
        let Some(discovery) = self
            .world
            .clusters
            .get(context)
            .and_then(|c| c.discovery.as_ref())
        else {
            return wanted;
        };
        let mut add = |resource: Option<&Resource>, key: ObjectKey| {
            let Some(resource) = resource else { return };
            let kind = wanted
                .kinds
                .entry(resource.group_kind())
                .or_insert_with(|| WantedKind {
                    resource: resource.clone(),
                    keys: Default::default(),
                    namespaces: Default::default(),
                });
            if !key.namespace.is_empty() {
                kind.namespaces.insert(key.namespace.clone());
            }
            kind.keys.insert(key);
        };
        let mut instances = std::collections::HashSet::new();
        let mut unknown_groups = std::collections::HashSet::new();
        for entry in self
            .world
            .apps
            .values()
            .filter(|e| e.app.id.context == context)
        {
            for prepared in entry.prepared.iter().flat_map(|p| p.values()) {
                let resource = discovery.resource(&prepared.manifest.gvk);
                if resource.is_none() {
                    unknown_groups.insert(prepared.key.group.clone());
                }
                add(resource, prepared.key.clone());
            }
            for key in held_keys(entry) {
                add(discovery.preferred(&key.group_kind()), key);
            }
            add(
                discovery.preferred(&GroupKind::new("", "ConfigMap")),
                self::records::record_key(&entry.app),
            );
            instances.insert(entry.app.id.name.clone());
        }
        wanted.instances = instances;
        let definitions = discovery.preferred(&GroupKind::new(
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
        ));
        if let Some(resource) = definitions.filter(|_| !unknown_groups.is_empty()) {
            // Nobody need want it by name: that it comes is what is waited for.
            let kind = wanted.kinds.entry(resource.group_kind());
            kind.or_insert_with(|| WantedKind {
                resource: resource.clone(),
                keys: Default::default(),
                namespaces: Default::default(),
            });
        }
        wanted.unknown_groups = unknown_groups;
        wanted
    }

    pub(super) fn refresh(&mut self, which: Option<&AppId>) {
        let repositories: Vec<_> = match which.and_then(|id| self.world.apps.get(id)) {
            Some(entry) => vec![entry.app.source.repository.clone()],
            None => self.sources.keys().cloned().collect(),
        };
        for repository in repositories {
            if let Some(orders) = self.sources.get(&repository) {
                let _ = orders.send(SourceOrder::Refresh);
            }
        }
        let contexts: Vec<_> = match which {
            Some(id) => vec![id.context.clone()],
            None => self.clusters.keys().cloned().collect(),
        };
        for context in contexts {
            self.order(&context, ClusterOrder::Refresh);
            if let Some(cluster) = self.world.clusters.get_mut(&context) {
                cluster.may_not_patch.clear();
            }
        }
        let ids: Vec<_> = match which {
            Some(id) => vec![id.clone()],
            None => self.world.apps.keys().cloned().collect(),
        };
        ids.iter().for_each(|id| self.forget_verdicts(id));
        self.dirty = true;
    }

    pub(super) fn set_revision(&mut self, id: &AppId, revision: Option<Revision>) {
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        entry.revision = revision.filter(|r| *r != entry.app.source.revision);
        let repository = entry.app.source.repository.clone();
        self.world.touch(id);
        self.to_render.insert(repository);
        self.dirty = true;
    }
}

/// Objects that an App wants, and those that its record says it holds.
fn held_keys(entry: &AppEntry) -> BTreeSet<ObjectKey> {
    let wanted = entry.prepared.iter().flat_map(|p| p.keys().cloned());
    let held = match &entry.record {
        RecordState::Read(record) => record.inventory.0.iter().cloned().collect(),
        _ => Vec::new(),
    };
    wanted
        .chain(held)
        .chain([self::records::record_key(&entry.app)])
        .collect()
}

type Scope<'a> = &'a dyn Fn(&crate::domain::Gvk) -> Option<bool>;

pub(super) fn prepare_all(
    manifests: &[Manifest],
    app: &App,
    scope: Scope<'_>,
) -> (BTreeMap<ObjectKey, Prepared>, Vec<Problem>, Vec<Notice>) {
    // A kind that comes with the App is scoped as its CRD says.
    let own: HashMap<GroupKind, bool> = manifests
        .iter()
        .filter_map(|m| crd_scope(&m.value))
        .collect();
    let (mut ready, mut problems, mut notices) = (Vec::new(), Vec::new(), Vec::new());
    for manifest in manifests {
        let stated = !manifest.namespace().is_empty();
        let namespaced = scope(&manifest.gvk)
            .or_else(|| own.get(&manifest.gvk.group_kind()).copied())
            .unwrap_or(stated);
        match prepare(manifest, app, namespaced) {
            Ok(prepared) => {
                notices.extend(prepared.notices.iter().cloned());
                ready.push(prepared);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(duplicates(&ready));
    (
        ready.into_iter().map(|p| (p.key.clone(), p)).collect(),
        problems,
        notices,
    )
}

/// The kind that a CustomResourceDefinition defines, and whether it is namespaced.
pub(super) fn crd_scope(object: &Value) -> Option<(GroupKind, bool)> {
    if object.get("kind")?.as_str()? != "CustomResourceDefinition" {
        return None;
    }
    let spec = object.get("spec")?;
    let group = spec.get("group")?.as_str()?;
    let kind = spec.get("names")?.get("kind")?.as_str()?;
    Some((
        GroupKind::new(group, kind),
        spec.get("scope")?.as_str()? == "Namespaced",
    ))
}

/// A hash of a JSON value, for telling whether it changed.
pub(super) fn content_hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_into(value, &mut hasher);
    hasher.finish()
}

fn hash_into(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0u8.hash(hasher),
        Value::Bool(b) => (1u8, b).hash(hasher),
        Value::Number(n) => (2u8, n.to_string()).hash(hasher),
        Value::String(s) => (3u8, s).hash(hasher),
        Value::Array(items) => {
            (4u8, items.len()).hash(hasher);
            items.iter().for_each(|item| hash_into(item, hasher));
        }
        Value::Object(fields) => {
            (5u8, fields.len()).hash(hasher);
            for (name, value) in fields {
                name.hash(hasher);
                hash_into(value, hasher);
            }
        }
    }
}
