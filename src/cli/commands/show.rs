//! Commands that only look.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use crate::cli::output::{self, doctor};
use crate::cli::{Cli, Exit, Format, complete, exit, select};
use crate::cluster::{ConnectOptions, Connection, Kubeconfigs};
use crate::domain::record::SyncRecord;
use crate::domain::{
    AppId, DirectoryOptions, Notice, Problem, ProblemKind, RepoPath, Repository, Tree,
};
use crate::drift::LineOptions;
use crate::engine::{
    AppState, AppView, ClusterMode, Reach, Request, Rights, Snapshot, SyncStatus, words,
};
use crate::tui::Depth;

use super::{Process, Session, Setup, checks, print, remark, start, with_reasons};

type Done = Result<Exit, Vec<Problem>>;

/// Lists Apps.
pub async fn apps(session: &mut Session, words: &[String], format: Format) -> Done {
    let snapshot = session.settled().await?;
    let apps = match chosen(session, &snapshot, words, true) {
        Ok(apps) => apps,
        Err(problems) => {
            if format == Format::Json {
                let mut snapshot = (*snapshot).clone();
                snapshot.problems.clone_from(&problems);
                let document = output::apps::json(&snapshot, &[]);
                session.print(&output::json::text(&document))?;
            }
            return Err(problems);
        }
    };
    let text = match format {
        Format::Json => output::json::text(&output::apps::json(&snapshot, &apps)),
        _ => output::apps::text(&snapshot, &apps, &session.style()),
    };
    session.print(&text)?;
    Ok(exit::of_list(&apps).max(of_looking(&snapshot)))
}

/// Shows what a sync would change.
pub async fn diff(
    session: &mut Session,
    words: &[String],
    foreign: bool,
    unified: usize,
    format: Format,
) -> Done {
    let mut snapshot = session.settled().await?;
    let mut apps = match chosen(session, &snapshot, words, false) {
        Ok(apps) => apps,
        Err(problems) => {
            if format == Format::Json {
                let document = output::diff::json(&[], foreign, &problems);
                session.print(&output::json::text(&document))?;
            }
            return Err(problems);
        }
    };
    let is_new = |app: &&Arc<AppView>| app.state != AppState::Managed;
    let named: BTreeSet<AppId> = match words {
        [] => BTreeSet::new(),
        _ => apps
            .iter()
            .filter(is_new)
            .map(|app| app.app.id.clone())
            .collect(),
    };
    if !named.is_empty() {
        // What was never synced is listed without a question to the server; who names it wants to know.
        session.engine.send(Request::Ask(named.clone()));
        let asked = |s: &Snapshot| s.settled && named.is_subset(&s.asked);
        snapshot = session.until(asked).await?;
        apps = chosen(session, &snapshot, words, false)?;
    }
    let options = LineOptions {
        context: unified,
        foreign,
    };
    let style = session.style();
    let text = match format {
        Format::Json => output::json::text(&output::diff::json(&apps, foreign, &snapshot.problems)),
        Format::Markdown => output::markdown::text(&apps, &options, &style),
        Format::Text => output::diff::text(&untold(&apps, &snapshot), &options, &style),
    };
    session.print(&text)?;
    if apps.is_empty() && snapshot.problems.is_empty() && format == Format::Text {
        session.print(
            "Nothing to compare: no App was synced yet. `trueup apps` lists what is available.\n",
        )?;
    }
    super::complain(Some(&session.setup), &session.process, &snapshot.problems);
    Ok(exit::of_diff(&apps, foreign).max(of_looking(&snapshot)))
}

/// Shows the Runs of an App.
pub async fn history(session: &mut Session, word: &str, format: Format) -> Done {
    let snapshot = session.settled().await?;
    let app = match select::app(&snapshot, word, &session.process.here) {
        Ok(app) => app,
        Err(problem) => {
            let problems = with_reasons(vec![problem], &snapshot);
            if format == Format::Json {
                let document = output::history::json(None, &problems);
                session.print(&output::json::text(&document))?;
            }
            return Err(problems);
        }
    };
    // Without its record nobody can say that there is no history.
    let is_unknown = app.record.is_none() && app.state == AppState::Unknown;
    let text = match format {
        Format::Text if is_unknown => String::new(),
        Format::Json => output::json::text(&output::history::json(Some(&app), &[])),
        _ => output::history::text(&app, &session.style()),
    };
    session.print(&text)?;
    match (is_unknown, app.problems.is_empty()) {
        (true, false) => Err(app.problems.clone()),
        (true, true) => Err(vec![
            Problem::new(ProblemKind::Unreachable, "its history is not known").at(app
                .app
                .id
                .name
                .clone()),
        ]),
        (false, _) => Ok(Exit::Success),
    }
}

/// Lists clusters.
pub async fn clusters(session: &mut Session, format: Format) -> Done {
    let snapshot = session.settled().await?;
    let text = match format {
        Format::Json => output::json::text(&output::clusters::json(&snapshot)),
        _ => output::clusters::text(&snapshot, &session.style()),
    };
    session.print(&text)?;
    Ok(of_looking(&snapshot))
}

/// Checks everything.
pub async fn doctor(session: &mut Session, format: Format) -> Done {
    let snapshot = session.settled().await?;
    let variable = |name: &str| session.process.environment.get(name).cloned();
    let terminal = std::io::stdout()
        .is_terminal()
        .then(|| terminal_size(&variable))
        .flatten();
    let config = session.setup.places.config_file.clone();
    let machine = doctor::Machine {
        terminal,
        term: variable("TERM").unwrap_or_default(),
        depth: Depth::from_environment(variable).with(session.setup.loaded.settings.color),
        config: (config.display().to_string(), config.exists()),
        contexts: Some(kubeconfig(&session.setup, &session.process)),
        notices: noticed(&session.setup, &session.process),
        lacking: lacking(session, &snapshot).await,
        n_repositories: snapshot
            .apps
            .iter()
            .filter(|a| a.target.is_some())
            .map(|a| &a.app.source.repository)
            .collect::<BTreeSet<_>>()
            .len(),
    };
    let checks = doctor::checks(&snapshot, &machine);
    let text = match format {
        Format::Json => output::json::text(&doctor::json(&checks)),
        _ => doctor::text(&checks, &session.style()),
    };
    session.print(&text)?;
    let bad = checks.iter().any(|c| c.finding == doctor::Finding::Bad);
    Ok(if bad { Exit::Error } else { Exit::Success })
}

fn terminal_size(variable: &dyn Fn(&str) -> Option<String>) -> Option<(u16, u16)> {
    let named = |name| variable(name)?.parse().ok();
    crate::tui::size().or_else(|| Some((named("COLUMNS")?, named("LINES")?)))
}

/// Prints the settings that hold.
pub fn config(cli: &Cli, setup: &Setup, process: &Process) -> Done {
    let notices = noticed(setup, process);
    if cli.globals.output == Some(Format::Json) {
        let document = output::config::json(&setup.loaded, &notices);
        return print(&output::json::text(&document));
    }
    remark(setup, process, &notices);
    print(&crate::settings::explain::explain(&setup.loaded))
}

/// The tree that a directory is read in, and where it is in it: its repository's files, so that links lead where an App
/// of that directory has them lead; where there is none, the directory alone.
fn tree_of(directory: &Path) -> Result<(Arc<dyn Tree>, RepoPath), Problem> {
    let alone = crate::git::directory(directory)?;
    Ok(match crate::engine::locate(directory) {
        Ok((Repository::Local(root), path)) => (crate::git::directory(&root)?, path),
        _ => (alone, RepoPath::root()),
    })
}

/// Prints the manifests of a directory, real values and all; nothing where one of them cannot be rendered: whoever
/// pipes it on would deploy a half, and prune by it.
pub fn render(setup: &Setup, process: &Process, directory: &Path, recurse: bool) -> Done {
    let (tree, path) = tree_of(&process.here.join(directory)).map_err(|p| vec![p])?;
    let options = DirectoryOptions {
        recurse,
        ..DirectoryOptions::default()
    };
    let rendered = crate::render::directory(&*tree, &path, &options);
    remark(setup, process, &rendered.notices);
    let mut problems = rendered.problems;
    problems.extend(crate::drift::desired::faults(&rendered.manifests));
    if !problems.is_empty() {
        return Err(problems);
    }
    print(&crate::render::stream(&rendered.manifests))?;
    Ok(Exit::Success)
}

/// Prints what may complete the last word.
pub async fn complete(cli: &Cli, setup: &Setup, process: &Process, words: &[String]) -> Done {
    // The flags of the line being typed say which repositories and contexts are meant.
    let typed = Cli::of_words(words).unwrap_or_else(|| cli.clone());
    let setup = super::setup(&typed, process).unwrap_or_else(|_| setup.clone());
    let mut engine = start(&typed, &setup, process, (false, false), Vec::new());
    let awaits = awaited(words);
    // The Apps that the line names; all where it names none.
    let meant = |snapshot: &Snapshot| -> Vec<Arc<AppView>> {
        let named = words.iter().skip(2);
        let named: Vec<_> = named
            .filter_map(|word| {
                select::apps(snapshot, std::slice::from_ref(word), &process.here).ok()
            })
            .flatten()
            .collect();
        match named.is_empty() {
            true => snapshot.apps.clone(),
            false => named,
        }
    };
    let is_enough = |snapshot: &Snapshot| {
        let apps = meant(snapshot);
        let known = apps.iter().any(|app| match awaits {
            "--to" => app.record.is_some(),
            "--resource" => app.sync != SyncStatus::Checking,
            _ => true,
        });
        known || snapshot.settled || !snapshot.problems.is_empty()
    };
    let patience = std::time::Duration::from_millis(800);
    let named =
        async { while !is_enough(&engine.snapshot()) && engine.report().await.is_some() {} };
    let _ = tokio::time::timeout(patience, named).await;
    let snapshot = engine.snapshot();
    let is_whole = words.last().is_some_and(|word| word.contains('/'));
    let found = complete::candidates(
        words,
        &complete::Names {
            apps: &|| {
                let name = |a: &Arc<AppView>| match is_whole {
                    true => a.app.id.to_string(),
                    false => a.app.id.name.clone(),
                };
                let names: BTreeSet<String> = snapshot.apps.iter().map(name).collect();
                names.into_iter().collect()
            },
            contexts: &|| contexts(&setup, process),
            records: &|| {
                let apps = meant(&snapshot);
                let records = apps.iter().filter_map(|app| app.record.as_ref());
                let of = |r: &SyncRecord| {
                    let outcome = words::outcome(r.outcome);
                    let about = format!("{} {outcome}: {}", r.commit.short(), r.message);
                    (r.id.to_string(), about)
                };
                records
                    .flat_map(|r| r.history.iter().rev().map(of))
                    .collect()
            },
            objects: &|| {
                let apps = meant(&snapshot);
                let objects = apps.iter().flat_map(|app| &app.objects);
                objects.map(|o| o.drift.key.to_string()).collect()
            },
        },
    );
    print(&complete::answer(&found))
}

/// The flag whose value is being typed, where only a cluster knows what it may be; else nothing.
fn awaited(words: &[String]) -> &'static str {
    let last = words.last().map_or("", String::as_str);
    let before = words.iter().rev().nth(1).map_or("", String::as_str);
    ["--to", "--resource"]
        .into_iter()
        .find(|flag| {
            let value = last.strip_prefix(flag);
            before == *flag || value.is_some_and(|v| v.starts_with('='))
        })
        .unwrap_or_default()
}

fn kubeconfigs(setup: &Setup, process: &Process) -> Result<Kubeconfigs, Problem> {
    let named = setup.loaded.settings.kubeconfig.as_deref();
    let home = setup.places.home.as_deref();
    Kubeconfigs::named_or(named, process.kubeconfig.as_deref(), home)
}

fn contexts(setup: &Setup, process: &Process) -> Vec<String> {
    let names = |k: Kubeconfigs| k.contexts().iter().map(|c| c.name.clone()).collect();
    kubeconfigs(setup, process).map(names).unwrap_or_default()
}

fn noticed(setup: &Setup, process: &Process) -> Vec<Notice> {
    let found = kubeconfigs(setup, process);
    found.map_or_else(|_| Vec::new(), |k| checks::contexts(&setup.loaded, &k))
}

/// Namespaces of one cluster that are asked about; more say nothing new.
const MAX_NAMESPACES: usize = 10;

/// What a sync would lack in the clusters that answer, by context: the rights without which no record is kept.
async fn lacking(session: &Session, snapshot: &Snapshot) -> BTreeMap<String, Vec<Problem>> {
    let mut lacking = BTreeMap::new();
    let Ok(kubeconfigs) = kubeconfigs(&session.setup, &session.process) else {
        return lacking;
    };
    let options = ConnectOptions {
        timeout: session.setup.loaded.settings.intervals.request,
        ..ConnectOptions::default()
    };
    for cluster in &snapshot.clusters {
        let may_be_changed = cluster.mode != ClusterMode::ReadOnly && !snapshot.read_only;
        if !may_be_changed || !matches!(cluster.reach, Reach::Up { .. }) {
            continue;
        }
        let bound = snapshot.apps.iter().map(|a| &a.app.destination);
        let namespaces: BTreeSet<&str> = bound
            .filter(|d| d.context == cluster.context)
            .map(|d| d.namespace.as_str())
            .collect();
        let mut problems: Vec<Problem> = Vec::new();
        if cluster.rights == Rights::Read {
            problems.push(
                Problem::new(
                    ProblemKind::Forbidden,
                    "no sync without the right to change what the Apps hold",
                )
                .because("you may not patch objects that were asked about")
                .hint("Ask for the ClusterRole edit in their namespaces, or use a context that has it."),
            );
        }
        if let Ok(connection) = Connection::open(&kubeconfigs, &cluster.context, &options).await {
            for namespace in namespaces.into_iter().take(MAX_NAMESPACES) {
                // A cluster that does not answer such questions is no reason to complain.
                if let Ok(Some(problem)) = connection.may_sync(namespace, "", "").await {
                    problems.push(problem);
                }
            }
        }
        lacking.insert(cluster.context.clone(), problems);
    }
    lacking
}

/// How many contexts there are, or why those that are wanted cannot be used.
fn kubeconfig(setup: &Setup, process: &Process) -> Result<usize, Vec<Problem>> {
    let found = kubeconfigs(setup, process).map_err(|problem| vec![problem])?;
    let wanted = setup.loaded.settings.context.iter();
    let absent: Vec<_> = wanted.filter_map(|c| found.context(c).err()).collect();
    match absent.is_empty() {
        true => Ok(found.contexts().len()),
        false => Err(absent),
    }
}

fn chosen(
    session: &Session,
    snapshot: &Snapshot,
    words: &[String],
    available: bool,
) -> Result<Vec<Arc<AppView>>, Vec<Problem>> {
    if words.is_empty() {
        return Ok(select::all(snapshot, available));
    }
    select::apps(snapshot, words, &session.process.here)
        .map_err(|problems| with_reasons(problems, snapshot))
}

/// The Apps without what the whole tells anyhow.
fn untold(apps: &[Arc<AppView>], snapshot: &Snapshot) -> Vec<Arc<AppView>> {
    let is_told = |p: &Problem| snapshot.problems.iter().any(|whole| whole.tells(p));
    let own = |app: &Arc<AppView>| {
        let mut app = app.clone();
        if app.problems.iter().any(is_told) {
            Arc::make_mut(&mut app).problems.retain(|p| !is_told(p));
        }
        app
    };
    apps.iter().map(own).collect()
}

/// Problems of the whole make a look incomplete: a place that is not there, or holds nothing, is not one in sync.
fn of_looking(snapshot: &Snapshot) -> Exit {
    if snapshot.problems.is_empty() {
        Exit::Success
    } else {
        Exit::Error
    }
}
