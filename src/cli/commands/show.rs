//! Commands that only look.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::cli::output::{self, doctor};
use crate::cli::{Cli, Exit, Format, complete, exit, select};
use crate::domain::{DirectoryOptions, Problem, ProblemKind, RepoPath};
use crate::drift::LineOptions;
use crate::engine::{AppView, Snapshot};

use super::{Process, Session, Setup, engine, out, style, unwritable};

type Done = Result<Exit, Vec<Problem>>;

/// Prints a text.
pub fn print(_: &Setup, _: &Process, text: &str) -> Done {
    let mut out = out();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| unwritable(&e))?;
    Ok(Exit::Success)
}

/// Lists Apps.
pub async fn apps(session: &mut Session, words: &[String], format: Format) -> Done {
    let snapshot = session.settled().await?;
    let apps = chosen(&snapshot, words, true)?;
    let text = match format {
        Format::Json => output::json::text(&output::apps::json(&snapshot, &apps)),
        _ => output::apps::text(&snapshot, &apps, &session.style()),
    };
    session.print(&text)?;
    Ok(of_looking(&snapshot))
}

/// Shows what a sync would change.
pub async fn diff(
    session: &mut Session,
    words: &[String],
    foreign: bool,
    unified: usize,
    format: Format,
) -> Done {
    let snapshot = session.settled().await?;
    let apps = chosen(&snapshot, words, false)?;
    let options = LineOptions {
        context: unified,
        foreign,
    };
    let style = session.style();
    let text = match format {
        Format::Json => output::json::text(&output::diff::json(&apps, foreign, &snapshot.problems)),
        Format::Markdown => output::markdown::text(&apps, &options, &style),
        Format::Text => output::diff::text(&apps, &options, &style),
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
    let app = select::app(&snapshot, word).map_err(|p| vec![p])?;
    let text = match format {
        Format::Json => output::json::text(&output::history::json(&app)),
        _ => output::history::text(&app, &session.style()),
    };
    session.print(&text)?;
    if app.record.is_none() && !app.problems.is_empty() {
        return Err(app.problems.clone());
    }
    Ok(Exit::Success)
}

/// Lists clusters.
pub async fn clusters(session: &mut Session, format: Format) -> Done {
    let snapshot = session.settled().await?;
    let text = match format {
        Format::Json => output::json::text(&output::clusters::json(&snapshot)),
        _ => output::clusters::text(&snapshot, &session.style()),
    };
    session.print(&text)?;
    // Clusters can be looked at from anywhere.
    let elsewhere = |p: &Problem| p.kind == ProblemKind::NotFound;
    let is_whole = snapshot.problems.iter().all(elsewhere);
    Ok(if is_whole { Exit::Success } else { Exit::Error })
}

/// Checks everything.
pub async fn doctor(session: &mut Session, format: Format) -> Done {
    let snapshot = session.settled().await?;
    let variable = |name: &str| {
        session
            .process
            .environment
            .get(name)
            .cloned()
            .unwrap_or_default()
    };
    let terminal = std::io::stdout()
        .is_terminal()
        .then(|| crossterm_size(&variable))
        .flatten();
    let config = session.setup.places.config_file.clone();
    let machine = doctor::Machine {
        terminal,
        term: variable("TERM"),
        color_term: variable("COLORTERM"),
        config: (config.display().to_string(), config.exists()),
        contexts: None,
        n_repositories: snapshot
            .apps
            .iter()
            .filter(|a| a.target.is_some())
            .map(|a| &a.app.source.repository)
            .collect::<std::collections::BTreeSet<_>>()
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

fn crossterm_size(variable: &dyn Fn(&str) -> String) -> Option<(u16, u16)> {
    let named = |name| variable(name).parse().ok();
    crate::tui::size().or_else(|| Some((named("COLUMNS")?, named("LINES")?)))
}

/// Prints the settings that hold.
pub fn config(cli: &Cli, setup: &Setup, process: &Process) -> Done {
    if cli.globals.output == Some(Format::Json) {
        let loaded = &setup.loaded;
        let settings: Vec<_> = loaded
            .origins
            .iter()
            .map(|(name, origin)| {
                json!({"name": name, "value": loaded.values.get(name), "origin": origin.to_string()})
            })
            .collect();
        let document = output::json::document("Config", json!({ "settings": settings }));
        return print(setup, process, &output::json::text(&document));
    }
    print(
        setup,
        process,
        &crate::settings::explain::explain(&setup.loaded),
    )
}

/// Prints the manifests of a directory, real values and all.
pub fn render(setup: &Setup, process: &Process, directory: &Path, recurse: bool) -> Done {
    let tree = crate::git::directory(&process.here.join(directory)).map_err(|p| vec![p])?;
    let options = DirectoryOptions {
        recurse,
        ..DirectoryOptions::default()
    };
    let rendered = crate::render::directory(&*tree, &RepoPath::root(), &options);
    let stderr = std::io::stderr();
    let errors = style(Some(setup), stderr.is_terminal(), &*process.clock);
    for notice in &rendered.notices {
        let _ = stderr
            .lock()
            .write_all(output::problem::notice(notice, &errors).as_bytes());
    }
    print(setup, process, &crate::render::stream(&rendered.manifests))?;
    if rendered.problems.is_empty() {
        Ok(Exit::Success)
    } else {
        Err(rendered.problems)
    }
}

/// Prints what may complete the last word.
pub async fn complete(cli: &Cli, setup: &Setup, process: &Process, words: &[String]) -> Done {
    // The flags of the line being typed say which repositories and contexts are meant.
    let typed = Cli::of_words(words).unwrap_or_else(|| cli.clone());
    let setup = super::setup(&typed, process).unwrap_or_else(|_| setup.clone());
    let mut engine = engine(&typed, &setup, process, false);
    let patience = std::time::Duration::from_millis(800);
    let named = async {
        while engine.report().await.is_some() {
            let snapshot = engine.snapshot();
            if !snapshot.apps.is_empty() || !snapshot.problems.is_empty() {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(patience, named).await;
    let snapshot = engine.snapshot();
    let found = complete::candidates(
        words,
        &complete::Names {
            apps: &|| {
                snapshot
                    .apps
                    .iter()
                    .map(|a| a.app.id.name.clone())
                    .collect()
            },
            contexts: &|| contexts(&setup, process),
        },
    );
    print(&setup, process, &complete::answer(&found))
}

fn contexts(setup: &Setup, process: &Process) -> Vec<String> {
    let named = setup.loaded.settings.kubeconfig.clone().map(Into::into);
    let paths = named.or_else(|| process.kubeconfig.clone());
    let found = crate::cluster::Kubeconfigs::load(paths.as_deref(), setup.places.home.as_deref());
    let names =
        |k: crate::cluster::Kubeconfigs| k.contexts().iter().map(|c| c.name.clone()).collect();
    found.map(names).unwrap_or_default()
}

fn chosen(
    snapshot: &Snapshot,
    words: &[String],
    available: bool,
) -> Result<Vec<Arc<AppView>>, Vec<Problem>> {
    if words.is_empty() {
        return Ok(select::all(snapshot, available));
    }
    select::apps(snapshot, words).map_err(|mut problems| {
        // Why an App is missing is most likely among what went wrong on the way.
        problems.extend(snapshot.problems.iter().cloned());
        problems
    })
}

/// Problems of the whole make a look incomplete: a place that is not there, or holds nothing, is not one in sync.
fn of_looking(snapshot: &Snapshot) -> Exit {
    if snapshot.problems.is_empty() {
        Exit::Success
    } else {
        Exit::Error
    }
}
