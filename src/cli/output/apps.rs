//! `trueup apps`: what there is and how it is.

use std::sync::Arc;

use serde_json::json;

use crate::domain::age::age;
use crate::domain::{Notice, Problem, Value, count};
use crate::engine::{AppState, AppView, Distance, Snapshot, SyncStatus, words};

use super::table::{Cell, Table};
use super::{Ink, Style, inks, json, problem};

/// A table of Apps, what is wrong with them, and what was noticed.
pub fn text(snapshot: &Snapshot, apps: &[Arc<AppView>], style: &Style) -> String {
    if apps.is_empty() && snapshot.problems.is_empty() {
        let mut out = "No Apps were found.\n".to_owned();
        out.extend(snapshot.notices.iter().map(|n| problem::notice(n, style)));
        return out;
    }
    let mut table = Table::new(&[
        "APP",
        "CLUSTER",
        "NAMESPACE",
        "SYNC",
        "HEALTH",
        "REVISION",
        "LAST SYNC",
        "",
    ]);
    for app in apps {
        table.row(row(app, style));
    }
    let mut out = if apps.is_empty() {
        String::new()
    } else {
        table.text(style)
    };
    for app in apps {
        let own = |p: &&Problem| !snapshot.problems.iter().any(|whole| whole.tells(p));
        for one in app.problems.iter().filter(own) {
            let mut named = one.clone();
            named.place = within(&app.app.id.name, &one.place);
            out.push_str(&problem::text(&named, style));
        }
    }
    out.push_str(&problem::all(&snapshot.problems, style));
    out.push_str(&notices(apps, style));
    out.extend(snapshot.notices.iter().map(|n| problem::notice(n, style)));
    out
}

/// A place with the name of what it is in, once.
pub fn within(name: &str, place: &str) -> String {
    let is_named = place
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']));
    match place {
        "" => name.to_owned(),
        place if is_named => place.to_owned(),
        place => format!("{name}: {place}"),
    }
}

/// The notices of the Apps themselves (a field that is not known, an option that has no effect): each said once, with
/// all that it is about.
fn notices(apps: &[Arc<AppView>], style: &Style) -> String {
    let mut told: Vec<(&str, Vec<&str>, &str)> = Vec::new();
    for app in apps {
        for one in &app.app.notices {
            let name = app.app.id.name.as_str();
            match told.iter_mut().find(|(text, ..)| *text == one.text) {
                Some((_, names, _)) if names.contains(&name) => {}
                Some((_, names, _)) => names.push(name),
                None => told.push((&one.text, vec![name], &one.place)),
            }
        }
    }
    let mut out = String::new();
    for (text, names, place) in told {
        let place = match names.as_slice() {
            [name] => within(name, place),
            [a, b] => format!("{a}, {b}"),
            [a, b, c] => format!("{a}, {b}, {c}"),
            [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
            [] => String::new(),
        };
        let text = text.to_owned();
        out.push_str(&problem::notice(&Notice { place, text }, style));
    }
    out
}

fn row(app: &AppView, style: &Style) -> Vec<Cell> {
    let id = &app.app.id;
    let (word, ink) = inks::sync(app);
    let verdict = match app.sync {
        SyncStatus::Drifted if !app.app.orphaned => format!("{word} {}", app.counts.drifted),
        _ => word.to_owned(),
    };
    let health = app.health.as_ref().map_or_else(Cell::default, |health| {
        Cell::new(inks::health(health.status), health.status.to_string())
    });
    let last = app.record.as_ref().and_then(|record| {
        let record = record.last_synced()?;
        let ago = age(record.finished.unwrap_or(record.started), style.now).0;
        Some(format!("{} {ago}", record.commit.short()))
    });
    let mut also = remarks(app, style);
    if app.counts.unknown > 0 {
        let objects = count(app.counts.unknown, "object");
        also.push(format!("{objects} not compared"));
    }
    let is_dim = app.sync == SyncStatus::Available || app.old_since.is_some();
    let ink_of_name = if is_dim { Ink::Dim } else { Ink::Plain };
    vec![
        Cell::new(ink_of_name, &id.name),
        Cell::new(ink_of_name, &id.context),
        Cell::new(ink_of_name, &id.namespace),
        Cell::new(ink, verdict),
        health,
        inks::target(app).into(),
        last.unwrap_or_default().into(),
        Cell::new(Ink::Dim, also.join(", ")),
    ]
}

/// What else is to be said of an App in a word or two.
pub fn remarks(app: &AppView, style: &Style) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(since) = app.old_since {
        remarks.push(words::old(&age(since, style.now).0));
    }
    if let Some(commit) = &app.pinned {
        remarks.push(format!("pinned to {}", commit.short()));
    }
    match app.distance.unwrap_or_default() {
        Distance { ahead, behind: 0 } if ahead > 0 => {
            remarks.push(format!("Git is ahead by {}", count(ahead, "commit")));
        }
        Distance { ahead: 0, behind } if behind > 0 => {
            remarks.push(format!("Git is behind by {}", count(behind, "commit")));
        }
        Distance { behind: 0, .. } => {}
        parted => remarks.extend(
            words::distance(parted).map(|far| format!("Git's history was rewritten: {far}")),
        ),
    }
    // Where it is as Git has it, its verdict says so already.
    if app.state == AppState::Unmanaged && app.sync != SyncStatus::Synced {
        remarks.push(crate::engine::words::unsynced(app).to_owned());
    }
    if app.counts.overridden > 0 {
        let fields = count(app.counts.overridden, "field");
        remarks.push(format!("{fields} overridden by the server"));
    }
    if app.counts.unconfirmed > 0 {
        remarks.push("not confirmed by the server".to_owned());
    }
    if let Some(target) = &app.target {
        if target.unpushed {
            remarks.push("not pushed".to_owned());
        }
        if target.uncommitted > 0 {
            let files = count(target.uncommitted, "file");
            remarks.push(format!("{files} not committed"));
        }
        if target.behind > 0 {
            let commits = count(target.behind, "commit");
            remarks.push(format!("{commits} behind the remote"));
        }
        if let Some(own) = &target.override_of {
            remarks.push(format!("compared with another revision than {own}"));
        }
    }
    remarks
}

/// The same for programs.
pub fn json(snapshot: &Snapshot, apps: &[Arc<AppView>]) -> Value {
    json::document(
        "AppList",
        json!({
            "apps": apps.iter().map(|a| json::app(a)).collect::<Vec<_>>(),
            "problems": snapshot.problems.iter().map(json::problem).collect::<Vec<_>>(),
            "notices": snapshot.notices.iter().map(json::notice).collect::<Vec<_>>(),
        }),
    )
}
