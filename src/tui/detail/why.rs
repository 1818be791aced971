//! Why the App shown is not well: its objects that are not, and the first reason that the cluster gives.

use jiff::{SignedDuration, Timestamp};

use crate::domain::text::visible;
use crate::domain::{AppId, Health, HealthStatus, ObjectKey};
use crate::engine::{AppView, ObjectView, Reason, Ticket};

use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::painter::{Piece, piece, pieces_width};
use super::super::theme::Label;
use super::super::wording;
use super::diff::hanging;

/// An App that the cursor only passes is not asked about.
const SETTLED: SignedDuration = SignedDuration::from_millis(300);

/// Without a reason, and while it may still get well by itself, it is asked again after this long.
const AGAIN: SignedDuration = SignedDuration::from_secs(4);

/// Objects that are named; the rest is counted.
const MAX_NAMED: usize = 4;

/// What was asked about one object, and what the cluster said.
#[derive(Debug)]
struct Asked {
    key: ObjectKey,
    health: Health,
    ticket: Option<Ticket>,
    at: Timestamp,
    reason: Option<Reason>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Why {
    app: Option<AppId>,
    /// Since when that App is shown.
    since: Timestamp,
    asked: Option<Asked>,
    /// Grows with every answer.
    pub revision: u64,
}

impl Why {
    /// Turns to an App; what was asked about another one is forgotten.
    pub fn turn(&mut self, app: Option<&AppId>, now: Timestamp) {
        if self.app.as_ref() != app {
            *self = Self {
                app: app.cloned(),
                since: now,
                asked: None,
                revision: self.revision + 1,
            };
        }
    }

    /// When the cluster is to be asked next; `None`: there is nothing to ask, or an answer is awaited.
    pub fn due(&self, view: &AppView) -> Option<Timestamp> {
        let worst = worst(view)?;
        let Some(asked) = self.asked.as_ref().filter(|a| a.key == worst.drift.key) else {
            return Some(self.since + SETTLED);
        };
        let health = worst.health.as_ref()?;
        let may_change = health.status == HealthStatus::Progressing || asked.reason.is_none();
        (asked.ticket.is_none() && (may_change || asked.health != *health))
            .then(|| asked.at + AGAIN)
    }

    /// The object to ask about now, if it is time.
    pub fn wanted(&self, view: &AppView, now: Timestamp) -> Option<ObjectKey> {
        self.due(view).filter(|at| *at <= now)?;
        worst(view).map(|o| o.drift.key.clone())
    }

    /// Notes that an object is asked about.
    pub fn asks(&mut self, view: &AppView, ticket: Ticket, now: Timestamp) {
        let Some(object) = worst(view) else { return };
        let key = object.drift.key.clone();
        let before = self.asked.take().filter(|a| a.key == key);
        self.asked = Some(Asked {
            key,
            health: object.health.clone().unwrap_or_default(),
            ticket: Some(ticket),
            at: now,
            reason: before.and_then(|a| a.reason),
        });
    }

    /// Takes an answer; says whether it was waited for. What holds says more than what happened, and a warning more
    /// than any other event.
    pub fn explained(&mut self, ticket: Ticket, reasons: Option<&[Reason]>) -> bool {
        let Some(asked) = self.asked.as_mut().filter(|a| a.ticket == Some(ticket)) else {
            return false;
        };
        asked.ticket = None;
        if let Some(reasons) = reasons {
            let first = reasons.iter().find(|r| r.present);
            let last = || reasons.iter().rfind(|r| r.warning);
            asked.reason = first.or_else(last).cloned();
            self.revision += 1;
        }
        true
    }

    /// The same in a line or two, to stand above differences: the worst object, each text cut to its line, and how many
    /// more there are.
    pub fn in_brief(
        &self,
        view: &AppView,
        width: usize,
        glyphs: &Glyphs,
        key: &str,
    ) -> Vec<Vec<Piece>> {
        let lines = self.lines(view, usize::MAX, glyphs);
        let more = unwell(view).count().saturating_sub(1);
        let of_worst = 1 + usize::from(self.reason_of(view).is_some());
        let mut brief: Vec<_> = lines.into_iter().take(of_worst).collect();
        if more > 0
            && let Some(last) = brief.last_mut()
        {
            let text = format!("  and {more} more ({key})");
            let before = pieces_width(&last[..last.len().saturating_sub(1)]);
            let room = width.saturating_sub(fit::width(&text) + before + 1);
            if let Some((said, _)) = last.last_mut() {
                let taken = fit::width(said);
                *said = fit::end(said, room.min(taken), glyphs.ellipsis).into_owned();
            }
            last.push(piece(text, Label::Dim));
        }
        brief
    }

    /// What the cluster said of the worst object.
    fn reason_of(&self, view: &AppView) -> Option<&Reason> {
        let worst = worst(view)?;
        let asked = self.asked.as_ref().filter(|a| a.key == worst.drift.key);
        asked.and_then(|a| a.reason.as_ref())
    }

    /// The health of an App that is not well, its objects that are not, and the reason. None where it is.
    pub fn lines(&self, view: &AppView, width: usize, glyphs: &Glyphs) -> Vec<Vec<Piece>> {
        let Some(worst) = worst(view) else {
            return Vec::new();
        };
        let home = &view.app.destination.namespace;
        let mut lines = Vec::new();
        let unwell: Vec<_> = unwell(view).collect();
        // The one that is asked about stands first.
        let first = std::iter::once(worst);
        let others = unwell
            .iter()
            .copied()
            .filter(|o| o.drift.key != worst.drift.key);
        for object in first.chain(others).take(MAX_NAMED) {
            let Some(health) = &object.health else {
                continue;
            };
            let label = wording::health(health.status);
            let mut text = format!(
                "{}: {}",
                wording::object(&object.drift.key, home),
                health.status
            );
            if !health.message.is_empty() {
                text.push_str(", ");
                text.push_str(&health.message);
            }
            lines.extend(hanging(glyphs.item, &visible(&text), width, label));
            let asked = self.asked.as_ref().filter(|a| a.key == object.drift.key);
            if let Some(reason) = asked.and_then(|a| a.reason.as_ref()) {
                let text = format!("{}: {}", visible(&reason.about), visible(&reason.text));
                for mut line in hanging(glyphs.warning, &text, width.saturating_sub(2), Label::Warn)
                {
                    line.insert(0, piece("  ", Label::Text));
                    lines.push(line);
                }
            }
        }
        if unwell.len() > MAX_NAMED {
            let text = format!(
                "and {} more, see the Resources tab",
                unwell.len() - MAX_NAMED
            );
            lines.extend(hanging(" ", &text, width, Label::Dim));
        }
        lines
    }
}

/// Objects that are not well, or not yet.
fn unwell(view: &AppView) -> impl Iterator<Item = &ObjectView> {
    view.objects.iter().map(|o| &**o).filter(|object| {
        object
            .health
            .as_ref()
            .is_some_and(|h| matches!(h.status, HealthStatus::Degraded | HealthStatus::Progressing))
    })
}

/// The first object that is as ill as its App.
fn worst(view: &AppView) -> Option<&ObjectView> {
    let has = |status: HealthStatus| {
        unwell(view).find(move |o| o.health.as_ref().is_some_and(|h| h.status == status))
    };
    has(HealthStatus::Degraded).or_else(|| has(HealthStatus::Progressing))
}
