//! A Plan as text and JSON: what will be done, in order, with the diff of every step.

use serde_json::json;

use crate::domain::plan::{PlanStep, PlannedApp};
use crate::domain::{Action, Plan, Value, count};
use crate::drift::{LineOptions, masked};
use crate::engine::words;

use super::{Ink, Style, codes, diff, inks, json, problem};

/// A Plan with the diff of every step; the prunes stand apart at its end.
pub fn text(plan: &Plan, options: &LineOptions, style: &Style) -> String {
    let mut out = String::new();
    for app in &plan.apps {
        out.push_str(&planned(app, plan, style));
    }
    let numbered: Vec<(usize, &PlanStep)> = plan.steps.iter().enumerate().collect();
    let (prunes, others): (Vec<_>, Vec<_>) = numbered
        .into_iter()
        .partition(|(_, step)| step.action == Action::Prune);
    for (i, one) in others {
        out.push_str(&step(i, one, plan, options, style));
    }
    if !prunes.is_empty() {
        let title = format!("\nDeleted, {}:\n", count(prunes.len(), "object"));
        out.push_str(&style.paint(Ink::Red, &title));
        for (i, one) in prunes {
            out.push_str(&step(i, one, plan, options, style));
        }
    }
    out.push('\n');
    out.push_str(&summary(plan));
    out.push('\n');
    if let Some(estimate) = &plan.estimate {
        let title = "An estimate of the sync behind it, which is drawn anew after the adoption and asked again:";
        out.push_str(&format!("\n{}\n\n", style.paint(Ink::Yellow, title)));
        out.push_str(&text(estimate, options, style));
    }
    out
}

fn planned(app: &PlannedApp, plan: &Plan, style: &Style) -> String {
    let parts = [
        style.paint(Ink::Bold, words::kind(plan.kind)),
        style.foreign(Ink::Bold, &app.id.name),
        style.foreign(Ink::Plain, &app.id.context),
        style.foreign(Ink::Plain, &app.id.namespace),
        style.foreign(Ink::Plain, app.commit.id.short()),
        style.foreign(Ink::Dim, &app.commit.summary),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    let mut out = format!("{}\n", parts.join(" · "));
    for warning in &app.warnings {
        let warning = style.foreign(Ink::Plain, warning);
        out.push_str(&format!(
            "{} {warning}\n",
            style.paint(Ink::Yellow, "warning:")
        ));
    }
    if let Some(refused) = &app.refused {
        out.push_str(&problem::text(refused, style));
    }
    if !plan.prune && !app.prunable.is_empty() {
        let n = count(app.prunable.len(), "object");
        let text = format!("{n} no longer in Git would be deleted with --prune:");
        out.push_str(&format!("{} {text}\n", style.paint(Ink::Cyan, "note:")));
        for key in &app.prunable {
            out.push_str(&format!(
                "  {}\n",
                style.foreign(Ink::Plain, &key.to_string())
            ));
        }
    }
    out
}

fn step(i: usize, step: &PlanStep, plan: &Plan, options: &LineOptions, style: &Style) -> String {
    let (action, ink) = inks::action(step.action);
    let mut about = vec![style.paint(ink, action)];
    if step.action == Action::Recreate {
        about.push(style.paint(Ink::Red, "deleted first"));
    }
    if step.wave != 0 {
        about.push(format!("wave {}", step.wave));
    }
    if plan.apps.len() > 1 {
        about.push(format!("of {}", style.foreign(Ink::Plain, &step.app.name)));
    }
    if step.guard.force {
        let conflicts = step.drift.conflicts.iter();
        let mut others: Vec<&str> = conflicts.map(|c| c.manager.as_str()).collect();
        others.sort_unstable();
        others.dedup();
        let others = match others.is_empty() {
            true => "others".to_owned(),
            false => others.join(", "),
        };
        about.push(style.foreign(Ink::Yellow, &format!("takes fields from {others}")));
    }
    if step.unpredicted {
        about.push(style.paint(Ink::Dim, "depends on an earlier step: as Git has it"));
    }
    let key = style.foreign(Ink::Bold, &step.key.to_string());
    let mut out = format!("\n{}. {key}: {}\n", i + 1, about.join(", "));
    let mut drift = masked(&step.drift);
    if let Some(why) = step.why_recreated(&drift) {
        // No error: it is what the step is for.
        let why = style.foreign(Ink::Plain, &why);
        out.push_str(&format!("{} {why}\n", style.paint(Ink::Yellow, "because:")));
        drift.problem = None;
    }
    out.push_str(&diff::body(&drift, &step.leftovers, options, style));
    out
}

/// `3 steps: 1 create, 2 apply.`
pub fn summary(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        // A refusal is no sign that all is well.
        let is_refused = plan.apps.iter().any(|app| app.refused.is_some());
        return match is_refused {
            true => "Nothing is done.".to_owned(),
            false => "Nothing to do.".to_owned(),
        };
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for step in &plan.steps {
        let (action, _) = inks::action(step.action);
        match counts.iter_mut().find(|(a, _)| *a == action) {
            Some((_, n)) => *n += 1,
            None => counts.push((action, 1)),
        }
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(action, n)| format!("{n} {action}"))
        .collect();
    let steps = count(plan.steps.len(), "step");
    format!("{steps}: {}.", counts.join(", "))
}

/// The same for programs.
pub fn json(plan: &Plan) -> Value {
    let mut document = fields(plan);
    document["estimate"] = json!(plan.estimate.as_deref().map(fields));
    json::document("Plan", document)
}

/// The fields of a Plan, for what contains one; an estimate is none of them.
pub fn fields(plan: &Plan) -> Value {
    let apps: Vec<Value> = plan
        .apps
        .iter()
        .map(|app| {
            json!({
                "context": app.id.context,
                "namespace": app.id.namespace,
                "name": app.id.name,
                "commit": json::commit(&app.commit),
                "prunable": app.prunable.iter().map(json::key).collect::<Vec<_>>(),
                "refused": app.refused.as_ref().map(json::problem),
                "warnings": app.warnings,
            })
        })
        .collect();
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(i, step)| {
            json!({
                "number": i + 1,
                "app": step.app.to_string(),
                "action": codes::action(step.action),
                "wave": step.wave,
                "force": step.guard.force,
                "leftovers": step.leftovers,
                "unpredicted": step.unpredicted,
                "object": json::drift(&step.drift),
            })
        })
        .collect();
    json!({
        "for": plan.kind,
        "prune": plan.prune,
        "selective": plan.selective,
        "apps": apps,
        "steps": steps,
    })
}
