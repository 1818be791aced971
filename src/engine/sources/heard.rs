//! What a repository says, taken over into the world: it can be read or not, its refs or files moved.

use std::collections::BTreeSet;

use crate::domain::{App, Problem, Repository};
use crate::engine::core::Core;
use crate::engine::world::{AppEntry, Definer, Definition, RepoEntry};
use crate::git::{Repo, normalise_url};

use super::{SourceOrder, SourceSeen, SourceSettings, search, start};

impl Core {
    pub(in crate::engine) fn ensure_repo(&mut self, repository: &Repository) {
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
        let orders = start(
            repository.clone(),
            settings,
            self.events.clone(),
            self.lender.clone(),
        );
        self.sources.insert(repository.clone(), orders);
    }

    pub(in crate::engine) fn source_seen(&mut self, repository: Repository, seen: SourceSeen) {
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
        let before = (entry.problem.clone(), entry.old_since);
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
        let shows = before != (entry.problem.clone(), entry.old_since);
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
        // What moved in it shows once it is rendered: to build every view twice holds up the core.
        if shows {
            let ids: Vec<_> = self.apps_of(&repository);
            ids.iter().for_each(|id| self.world.touch(id));
        }
    }

    pub(in crate::engine) fn watch_directories(&self, repository: &Repository) {
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
    pub(in crate::engine) fn repo_for(&self, app: &App) -> Option<(Repo, bool)> {
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

    /// A search has ended. Of several the newest counts, whichever comes last.
    pub(in crate::engine) fn searched(
        &mut self,
        repository: Repository,
        ticket: u64,
        found: Result<Definition, Problem>,
    ) {
        if !self.world.searches.ended(&repository, ticket) {
            return;
        }
        let definer = Definer::Repository(repository);
        match found {
            Ok(definition) => self.defined(definer, definition),
            // What was found before stays, with the reason why it may be old.
            Err(problem) => {
                let definition = self.world.definitions.entry(definer).or_default();
                definition.problems = vec![problem];
            }
        }
    }
}
