//! Apps come, change and go, by what places define them; what Git says of each is in [`desired`] and [`prepare`].

pub(super) mod content;
pub(super) mod desired;
mod distance;
pub(super) mod index;
pub(super) mod packed;
pub(super) mod prepare;
pub(super) mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{App, AppId, Repository, Revision};
use crate::providers::native::distinct;

use crate::engine::clusters::ClusterOrder;
use crate::engine::core::Core;
use crate::engine::sources::SourceOrder;
use crate::engine::sources::search;
use crate::engine::world::{AppEntry, Definer, Definition, RecordState};
use desired::{DesiredDone, DesiredJob};

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

    pub(super) fn apps_of(&self, repository: &Repository) -> Vec<AppId> {
        let of = |e: &&AppEntry| e.app.source.repository == *repository;
        self.world
            .apps
            .values()
            .filter(of)
            .map(|e| e.app.id.clone())
            .collect()
    }

    /// Takes over what a place says about its Apps.
    pub(super) fn defined(&mut self, definer: Definer, definition: Definition) {
        let from_files = matches!(definer, Definer::Files(_));
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
            // What cannot be honoured may not even name a Git repository.
            if app.is_honoured() {
                self.ensure_repo(&app.source.repository);
            }
            match self.world.apps.get_mut(&id) {
                Some(entry) if entry.app == app => continue,
                Some(entry) => {
                    entry.app = app.clone();
                    entry.prepared = None;
                    entry.desired = None;
                    // It may be read from elsewhere now.
                    entry.base = None;
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
                    .map(|b| (b.commit.clone(), b.manifests.clone(), b.reads.clone())),
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
                entry.distance = done.base.as_ref().and_then(|b| b.distance);
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
            self.list_records(&context);
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
