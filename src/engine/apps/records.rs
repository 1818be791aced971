//! The record of an App as its cluster has it, and whether it is this App's.

use std::sync::Arc;

use crate::domain::record::AppRecord;
use crate::domain::{App, AppId, ObjectKey, Problem, ProblemKind, Value};
use crate::engine::clusters::listed::Presence;
use crate::engine::core::{Core, Event};
use crate::engine::draw::memory::was_synced;
use crate::engine::sources::blocking;
use crate::engine::world::RecordState;
use crate::git::Repo;
use crate::providers::native::RepositoryRef;
use crate::sync::record::{decode, record_name};

impl Core {
    /// The App's record came, went or changed.
    pub(in crate::engine) fn record_moved(&mut self, id: &AppId, key: &ObjectKey) {
        let Some(cluster) = self.world.clusters.get(&id.context) else {
            return;
        };
        let Some(app) = self.world.apps.get(id).map(|entry| entry.app.clone()) else {
            return;
        };
        let source = &app.source.repository;
        let repo = self.world.repos.get(source).and_then(|r| r.repo.as_ref());
        let reference = self.world.reference(source);
        let state = match (cluster.live.get(key), cluster.listed.of(key)) {
            (Some(seen), _) => match decode(&app.id.name, &seen.live.value()) {
                Ok(record) => match (elsewhere(&app, &record, &reference), repo.cloned()) {
                    (true, Some(repo)) => return self.look_for_commit(app, record, repo),
                    _ => RecordState::Read(Arc::new(record)),
                },
                Err(problem) => RecordState::Unreadable(problem),
            },
            (None, Presence::Absent) => RecordState::Absent,
            (None, Presence::Unreadable(problem)) => RecordState::Unreadable(problem.clone()),
            (None, Presence::Unsure) => RecordState::Unknown,
        };
        self.record_became(id, state);
    }

    /// Whether the App's repository has what a record says was synced from elsewhere is looked for off this task.
    fn look_for_commit(&mut self, app: Arc<App>, record: AppRecord, repo: Repo) {
        let ticket = self.ticket();
        let id = app.id.clone();
        let Some(entry) = self.world.apps.get_mut(&id) else {
            return;
        };
        entry.record_ticket = ticket;
        let events = self.events.clone();
        tokio::spawn(async move {
            let found = blocking(move || match of_another(&app, &record, &repo) {
                Some(problem) => Err(problem),
                None => Ok(record),
            });
            let state = match found.await {
                Ok(record) => RecordState::Read(Arc::new(record)),
                Err(problem) => RecordState::Unreadable(problem),
            };
            let _ = events.send(Event::RecordRead(id, ticket, state)).await;
        });
    }

    /// What was looked for is known; an answer about an older record is dropped.
    pub(in crate::engine) fn record_read(&mut self, id: &AppId, ticket: u64, state: RecordState) {
        let entry = self.world.apps.get(id);
        if entry.is_some_and(|entry| entry.record_ticket == ticket) {
            self.record_became(id, state);
        }
    }

    fn record_became(&mut self, id: &AppId, state: RecordState) {
        let Some(app) = self.world.apps.get(id).map(|entry| entry.app.clone()) else {
            return;
        };
        let source = &app.source.repository;
        let cluster = self.world.clusters.get(&id.context);
        let uid = cluster
            .and_then(|c| c.identity.as_ref())
            .map(|i| i.uid.as_str());
        let reference = self.world.reference(source);
        let was_here = || {
            was_synced(
                &self.options.memory,
                &app,
                &reference,
                uid.unwrap_or_default(),
            )
        };
        let is_lost = matches!(state, RecordState::Absent) && was_here();
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        // Whatever is still being looked for is about an older one.
        entry.record_ticket = 0;
        entry.record_lost = match (&state, &entry.record) {
            (RecordState::Absent, RecordState::Read(_)) => true,
            (RecordState::Absent, _) => entry.record_lost || is_lost,
            (RecordState::Read(_), _) => false,
            _ => entry.record_lost,
        };
        let synced = |state: &RecordState| match state {
            RecordState::Read(record) => record.last_synced().map(|r| r.commit.clone()),
            _ => None,
        };
        let base_moved = synced(&state) != synced(&entry.record);
        let repository = entry.app.source.repository.clone();
        entry.record = state;
        entry.view = None;
        self.record_known(id);
        self.reindex(id);
        self.consider_app(id);
        if base_moved {
            self.to_render.insert(repository);
        }
    }
}

/// The ConfigMap in which an App's record is kept.
pub(in crate::engine) fn record_key(app: &App) -> ObjectKey {
    let name = record_name(&app.id.name);
    ObjectKey::new("", "ConfigMap", &app.destination.namespace, &name)
}

/// Reads a record from its ConfigMap.
///
/// # Errors
/// It cannot be read, or it is that of another repository's App of the same name: what that holds must not be taken
/// for extra.
pub(in crate::engine) fn read(
    app: &App,
    config_map: &Value,
    repository: &RepositoryRef,
    repo: Option<&Repo>,
) -> Result<AppRecord, Problem> {
    let record = decode(&app.id.name, config_map)?;
    let another = repo.filter(|_| elsewhere(app, &record, repository));
    match another.and_then(|repo| of_another(app, &record, repo)) {
        Some(problem) => Err(problem),
        None => Ok(record),
    }
}

/// Whether a record names another repository than the App's.
fn elsewhere(app: &App, record: &AppRecord, repository: &RepositoryRef) -> bool {
    // An Application says itself where it is read from, and may be changed; a directory is what it is found in.
    let last = record.history.last().filter(|_| app.discovered);
    last.is_some_and(|last| !repository.is_recorded_as(&last.repository))
}

fn of_another(app: &App, record: &AppRecord, repo: &Repo) -> Option<Problem> {
    let last = record.history.last()?;
    // A repository that moved still has what was synced from it.
    if repo.commit(&last.commit).is_ok() {
        return None;
    }
    let key = record_key(app);
    let problem = Problem::new(
        ProblemKind::Conflict,
        "an App of this name was synced here from another repository",
    )
    .at(app.id.to_string())
    .because(format!("its record names {} ({})", last.repository, last.path))
    .hint("Bind the directory to another namespace, or give it another name with an Application manifest.")
    .hint(format!(
        "If this repository is meant to take over, remove the record (`kubectl -n {} delete configmap {}`): what is there is then adopted.",
        key.namespace, key.name
    ));
    Some(problem)
}
