//! `trueup history`: what was synced, when, by whom and from which revision; newest first.

use serde_json::json;

use crate::domain::record::SyncRecord;
use crate::domain::{Problem, Value};
use crate::engine::{AppView, words};

use super::table::{Cell, Table};
use super::{Ink, Style, inks, json};
use crate::domain::age::age;

/// A table of the Runs of an App.
pub fn text(view: &AppView, style: &Style) -> String {
    let records = view.record.as_ref().map_or(&[][..], |r| &r.history);
    if records.is_empty() {
        let name = style.foreign(Ink::Plain, &view.app.id.name);
        return format!("{name} has no history: trueup has not synced it yet.\n");
    }
    let mut table = Table::new(&[
        ">ID", "WHEN", "WHAT", "REVISION", "COMMIT", "WHO", "RESULT", "CHANGED", "MESSAGE",
    ]);
    for record in records.iter().rev() {
        let (word, ink) = inks::outcome(record.outcome);
        // A rollback names its commit in full; the next column has it.
        let revision = match record.revision == record.commit.0 {
            true => record.commit.short(),
            false => &record.revision,
        };
        table.row([
            record.id.to_string().into(),
            Cell::new(Ink::Dim, age(record.started, style.now).0),
            words::recorded(record).into(),
            revision.into(),
            record.commit.short().into(),
            (&record.who).into(),
            Cell::new(ink, word),
            changed(record).into(),
            (&record.message).into(),
        ]);
    }
    let mut out = table.text(style);
    for record in records.iter().rev().filter(|r| !r.reason.is_empty()) {
        let (word, _) = inks::outcome(record.outcome);
        let reason = style.foreign(Ink::Plain, &record.reason);
        out.push_str(&format!("{} {word}: {reason}\n", record.id));
    }
    if let Some(commit) = &view.pinned {
        let commit = style.foreign(Ink::Bold, commit.short());
        out.push_str(&format!(
            "Pinned to {commit} by a rollback, until the next sync.\n"
        ));
    }
    out
}

fn changed(record: &SyncRecord) -> String {
    if record.finished.is_none() {
        // It never said how it ended, or has not ended: what it did is not counted.
        return "?".to_owned();
    }
    let mut parts = vec![match record.failed > 0 || record.not_run > 0 {
        true => format!("{} done", record.applied),
        false => record.applied.to_string(),
    }];
    if record.pruned > 0 {
        parts.push(format!("{} deleted", record.pruned));
    }
    if record.failed > 0 {
        parts.push(format!("{} failed", record.failed));
    }
    if record.not_run > 0 {
        parts.push(format!("{} not run", record.not_run));
    }
    parts.join(", ")
}

/// The same for programs, oldest first as recorded.
/// `problems` say why there is no App.
pub fn json(view: Option<&AppView>, problems: &[Problem]) -> Value {
    let records = view.and_then(|v| v.record.as_ref());
    let records = records.map_or(&[][..], |r| &r.history);
    json::document(
        "History",
        json!({
            "app": view.map(json::app),
            "records": records.iter().map(json::record).collect::<Vec<_>>(),
            "problems": problems.iter().map(json::problem).collect::<Vec<_>>(),
        }),
    )
}

/// The record that `--to` names: its number, or its commit (at least seven digits) or revision; of several the newest.
pub fn find<'r>(view: &'r AppView, to: &str) -> Option<&'r SyncRecord> {
    let records = view.record.as_ref().map_or(&[][..], |r| &r.history);
    let by_id = to
        .trim_start_matches('#')
        .parse::<u64>()
        .ok()
        .and_then(|id| records.iter().find(|r| r.id == id));
    let is_commit = to.len() >= 7;
    by_id.or_else(|| {
        records.iter().rev().find(|r| {
            r.revision == to || (is_commit && r.commit.0.starts_with(&to.to_ascii_lowercase()))
        })
    })
}
