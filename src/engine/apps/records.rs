//! The record of an App as its cluster has it, and whether it is this App's.

use crate::domain::record::AppRecord;
use crate::domain::{App, ObjectKey, Problem, ProblemKind, Value};
use crate::git::Repo;
use crate::providers::native::RepositoryRef;
use crate::sync::record::{decode, record_name};

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
    match of_another(app, &record, repository, repo) {
        Some(problem) => Err(problem),
        None => Ok(record),
    }
}

fn of_another(
    app: &App,
    record: &AppRecord,
    repository: &RepositoryRef,
    repo: Option<&Repo>,
) -> Option<Problem> {
    let last = record.history.last()?;
    // An Application says itself where it is read from, and may be changed; a directory is what it is found in.
    if !app.discovered || repository.is_recorded_as(&last.repository) {
        return None;
    }
    // A repository that moved still has what was synced from it.
    if repo?.commit(&last.commit).is_ok() {
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
