//! `trueup diff -o markdown`: for a comment on a change.

use std::sync::Arc;

use crate::domain::text::visible;
use crate::domain::{Notice, ObjectDrift, Problem};
use crate::drift::{LineKind, LineOptions, build, taken};
use crate::engine::AppView;

use super::{Style, diff, inks};

/// The diff of some Apps as Markdown. Texts from outside can neither end a code block nor become a heading, a link or
/// HTML.
pub fn text(views: &[Arc<AppView>], options: &LineOptions, style: &Style) -> String {
    let style = Style {
        color: false,
        ..*style
    };
    let mut out = String::new();
    for view in views {
        let id = &view.app.id;
        out.push_str(&format!(
            "### {} · {} · {}\n\n",
            escaped(&id.name),
            escaped(&id.context),
            escaped(&id.namespace)
        ));
        let target = inks::target(view);
        let target = if target.is_empty() {
            String::new()
        } else {
            format!("{}: ", code(&target))
        };
        out.push_str(&format!("{target}{}\n\n", escaped(&diff::verdict(view))));
        out.extend(view.problems.iter().map(problem));
        out.extend(view.notices.iter().map(notice));
        for drift in diff::shown(view, options.foreign) {
            out.push_str(&object(view, &drift, options, &style));
        }
    }
    out
}

fn object(view: &AppView, drift: &ObjectDrift, options: &LineOptions, style: &Style) -> String {
    let heading = diff::heading(view, drift, style);
    let mut out = format!("<details open><summary>{}</summary>\n\n", html(&heading));
    out.extend(drift.problem.iter().map(problem));
    for one in taken(drift, &[]) {
        let (label, text) = diff::takes(&one);
        out.push_str(&format!("> **{label}:** {}\n\n", escaped(&text)));
    }
    let built = build(drift, options);
    let lines: Vec<String> = built
        .iter()
        .enumerate()
        .map(|(i, line)| {
            if let LineKind::Fold(n) = line.kind {
                return format!("  {}", diff::folded(n));
            }
            let (mark, _) = diff::mark(line.kind);
            let note =
                diff::note(&built, i, style).map_or_else(String::new, |n| format!("   # {n}"));
            visible(&format!("{mark} {}{note}", line.text())).into_owned()
        })
        .collect();
    if !lines.is_empty() {
        let body = lines.join("\n");
        let fence = "`".repeat(longest_run(&body).max(2) + 1);
        out.push_str(&format!("{fence}diff\n{body}\n{fence}\n\n"));
    }
    out.push_str("</details>\n\n");
    out
}

fn problem(problem: &Problem) -> String {
    let mut out = format!("> **error:** {}\n", escaped(&problem.to_string()));
    for hint in &problem.hints {
        out.push_str(&format!("> {}\n", escaped(hint)));
    }
    out.push('\n');
    out
}

fn notice(notice: &Notice) -> String {
    let place = if notice.place.is_empty() {
        String::new()
    } else {
        format!("{}: ", escaped(&notice.place))
    };
    format!("> note: {place}{}\n\n", escaped(&notice.text))
}

/// Length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn code(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank keeps a backtick at the edge apart from the fence.
    let edge = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{edge}{text}{edge}{fence}")
}

/// Text in which no character means anything to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention or a reference would notify people.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_means_anything() {
        assert_eq!(
            escaped("<b>*x*</b> @all [a](b)"),
            "&lt;b&gt;\\*x\\*&lt;/b&gt; &#64;all \\[a\\](b)"
        );
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(longest_run("a ``` b `"), 3);
    }
}
