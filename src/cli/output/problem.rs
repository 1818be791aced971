//! Problems and notices as text.

use crate::domain::{Notice, Problem};

use super::{Ink, Style};

/// A Problem with its causes and hints, one a line.
pub fn text(problem: &Problem, style: &Style) -> String {
    labelled(style.paint(Ink::Red, "error: "), problem, style)
}

/// One that does not keep anything from working.
pub fn warning(problem: &Problem, style: &Style) -> String {
    labelled(style.paint(Ink::Yellow, "warning: "), problem, style)
}

fn labelled(mut out: String, problem: &Problem, style: &Style) -> String {
    if !problem.place.is_empty() {
        out.push_str(&style.foreign(Ink::Bold, &problem.place));
        out.push_str(": ");
    }
    out.push_str(&style.foreign(Ink::Plain, &problem.summary));
    out.push('\n');
    for cause in &problem.causes {
        for line in cause.lines() {
            let line = style.foreign(Ink::Plain, line);
            out.push_str(&format!("  {} {line}\n", style.paint(Ink::Dim, "because")));
        }
    }
    for hint in &problem.hints {
        let hint = style.foreign(Ink::Plain, hint);
        out.push_str(&format!("  {} {hint}\n", style.paint(Ink::Dim, "hint:")));
    }
    out
}

/// Problems, one after the other.
pub fn all(problems: &[Problem], style: &Style) -> String {
    problems.iter().map(|p| text(p, style)).collect()
}

/// A notice on one line.
pub fn notice(notice: &Notice, style: &Style) -> String {
    let mut out = style.paint(Ink::Cyan, "note: ");
    if !notice.place.is_empty() {
        out.push_str(&style.foreign(Ink::Bold, &notice.place));
        out.push_str(": ");
    }
    out.push_str(&style.foreign(Ink::Plain, &notice.text));
    out.push('\n');
    out
}
