//! A Run as it goes: a line for every step that ends, and a summary.

use serde_json::json;

use crate::domain::{Plan, Value, count};
use crate::engine::{RunView, StepState, words};

use super::{Ink, Style, codes, inks, json, plan, problem};

/// The lines for what has changed since `before`, which is `None` at first.
pub fn changes(before: Option<&RunView>, now: &RunView, style: &Style) -> String {
    let mut out = String::new();
    for (i, state) in now.steps.iter().enumerate() {
        let was = before.and_then(|b| b.steps.get(i));
        // What is in doubt is looked at again: how it ends is told, not every attempt.
        let is_told = match state {
            StepState::Unknown(_) => {
                now.outcome.is_none() || before.is_some_and(|b| b.outcome.is_some())
            }
            _ => was == Some(state),
        };
        if !is_told {
            out.push_str(&step(&now.plan, i, state, style));
        }
    }
    let waited = before.map_or("", |b| b.waiting.as_str());
    if !now.waiting.is_empty() && now.waiting != waited {
        let text = style.foreign(Ink::Plain, &now.waiting);
        out.push_str(&format!("{} {text}\n", style.paint(Ink::Dim, "waiting:")));
    }
    let healthy_before = before.and_then(|b| b.health.as_ref());
    if let Some(health) = now.health.as_ref().filter(|h| Some(*h) != healthy_before) {
        let status = style.paint(inks::health(health.status), &health.status.to_string());
        let message = style.foreign(Ink::Plain, &health.message);
        out.push_str(format!("health: {status} {message}").trim_end());
        out.push('\n');
    }
    if now.outcome.is_some() && before.is_none_or(|b| b.outcome.is_none()) {
        out.push_str(&ending(now, style));
    }
    out
}

fn step(plan: &Plan, i: usize, state: &StepState, style: &Style) -> String {
    let Some(step) = plan.steps.get(i) else {
        return String::new();
    };
    let Some((word, ink)) = inks::ended(state) else {
        return String::new();
    };
    let number = format!("{}/{}", i + 1, plan.steps.len());
    let key = style.foreign(Ink::Plain, &step.key.to_string());
    let action = words::action(step.action);
    let word = style.paint(ink, word);
    let mut out = format!(
        "{} {action} {key}: {word}\n",
        style.paint(Ink::Dim, &number)
    );
    match state {
        StepState::Done(warnings) => {
            for warning in warnings {
                let warning = style.foreign(Ink::Plain, warning);
                out.push_str(&format!(
                    "  {} {warning}\n",
                    style.paint(Ink::Yellow, "warning:")
                ));
            }
        }
        StepState::Failed(one) | StepState::Unknown(one) => {
            out.push_str(&problem::text(one, style));
        }
        _ => {}
    }
    out
}

fn ending(run: &RunView, style: &Style) -> String {
    let mut out = String::new();
    if let Some(one) = &run.problem {
        out.push_str(&problem::text(one, style));
    }
    let Some(outcome) = run.outcome else {
        return out;
    };
    let number = |wanted: fn(&StepState) -> bool| run.steps.iter().filter(|s| wanted(s)).count();
    let done = number(|s| matches!(s, StepState::Done(_)));
    let (word, ink) = inks::outcome(outcome);
    let word = style.paint(ink, word);
    out.push_str(&format!(
        "{word}: {done} of {} done",
        count(run.steps.len(), "step")
    ));
    for (n, what) in [
        (number(|s| matches!(s, StepState::Failed(_))), "failed"),
        (number(|s| matches!(s, StepState::Unknown(_))), "not known"),
        (number(|s| matches!(s, StepState::NotRun)), "not run"),
    ] {
        if n > 0 {
            out.push_str(&format!(", {n} {what}"));
        }
    }
    out.push('\n');
    out
}

/// A finished Run for programs.
pub fn json(run: &RunView) -> Value {
    let mut fields = plan::fields(&run.plan);
    if let Some(steps) = fields.get_mut("steps").and_then(Value::as_array_mut) {
        for (step, state) in steps.iter_mut().zip(&run.steps) {
            step["state"] = state_json(state);
        }
    }
    fields["outcome"] = json!(run.outcome);
    fields["problem"] = json!(run.problem.as_ref().map(json::problem));
    fields["health"] = json!(run.health.as_ref().map(json::health));
    json::document("Run", fields)
}

fn state_json(state: &StepState) -> Value {
    let warnings = match state {
        StepState::Done(warnings) => warnings.as_slice(),
        _ => &[],
    };
    let problem = match state {
        StepState::Failed(problem) | StepState::Unknown(problem) => Some(problem),
        _ => None,
    };
    json!({
        "state": codes::step(state),
        "warnings": warnings,
        "problem": problem.map(json::problem),
    })
}
