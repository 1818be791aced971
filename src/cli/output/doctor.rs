//! `trueup doctor`: what is well, what is not, and what to do.

use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::{Notice, Problem, Value, age, count};
use crate::engine::{Reach, Rights, Snapshot, words};
use crate::tui::{Depth, LEAST};

use super::{Ink, Style, json, problem};

/// How a check came out; the worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Well.
    Good,
    /// Works, with less than there could be.
    Limited,
    /// Does not work.
    Bad,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: String,
    /// How it came out.
    pub finding: Finding,
    /// In a few words.
    pub text: String,
    /// Why not, and what to do.
    pub problems: Vec<Problem>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

impl Check {
    /// A check that came out in some way.
    pub fn new(name: impl Into<String>, finding: Finding, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            finding,
            text: text.into(),
            problems: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// What only the one who started the program knows.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Columns and rows of the terminal; `None`: there is none.
    pub terminal: Option<(u16, u16)>,
    /// The terminal's kind (`TERM`).
    pub term: String,
    /// The colours that the console would use there.
    pub depth: Depth,
    /// The config file, and whether it exists.
    pub config: (String, bool),
    /// Contexts of the kubeconfig, or why there are none.
    pub contexts: Option<Result<usize, Vec<Problem>>>,
    /// What was noticed in the config file.
    pub notices: Vec<Notice>,
    /// What a sync would lack, by context.
    pub lacking: BTreeMap<String, Vec<Problem>>,
    /// Number of repositories that could be opened.
    pub n_repositories: usize,
}

/// Checks everything that is known.
pub fn checks(snapshot: &Snapshot, machine: &Machine) -> Vec<Check> {
    let mut checks = vec![terminal(machine)];
    checks.push(match &machine.config {
        (path, true) if machine.notices.is_empty() => {
            Check::new("config file", Finding::Good, path.clone())
        }
        (path, true) => Check {
            notices: machine.notices.clone(),
            ..Check::new("config file", Finding::Limited, path.clone())
        },
        (path, false) => Check::new("config file", Finding::Good, format!("none ({path})")),
    });
    match &machine.contexts {
        Some(Ok(n)) => checks.push(Check::new(
            "kubeconfig",
            Finding::Good,
            count(*n, "context"),
        )),
        Some(Err(problems)) => checks.push(Check {
            problems: problems.clone(),
            ..Check::new("kubeconfig", Finding::Bad, "cannot be used")
        }),
        None => {}
    }
    for cluster in &snapshot.clusters {
        let mut problems: Vec<Problem> = cluster.all_problems().cloned().collect();
        let lacking = machine.lacking.get(&cluster.context);
        problems.extend(lacking.into_iter().flatten().cloned());
        let (finding, text) = match &cluster.reach {
            Reach::Connecting => (Finding::Bad, "no answer yet".to_owned()),
            Reach::Down { .. } => (Finding::Bad, "cannot be reached".to_owned()),
            Reach::Up { latency } => {
                let finding = match cluster.rights {
                    Rights::Full if problems.is_empty() => Finding::Good,
                    _ => Finding::Limited,
                };
                let has_app = cluster.n_apps > 0;
                let rights = match cluster.rights {
                    Rights::Unknown if !has_app => "unknown, no App goes there",
                    rights => words::rights(rights),
                };
                let latency = age::latency(*latency);
                let version = &cluster.version;
                let user = &cluster.user;
                (
                    finding,
                    format!("{version}, {latency}, {user}, rights: {rights}"),
                )
            }
        };
        checks.push(Check {
            problems,
            ..Check::new(format!("cluster {}", cluster.context), finding, text)
        });
    }
    checks.push(repositories(snapshot, machine));
    checks
}

fn terminal(machine: &Machine) -> Check {
    let Some((columns, rows)) = machine.terminal else {
        return Check::new(
            "terminal",
            Finding::Limited,
            "none: only commands can be used",
        );
    };
    let color = match machine.depth {
        Depth::True => "24-bit colour",
        Depth::Indexed => "256 colours",
        Depth::Basic => "16 colours",
        Depth::Mono => "no colour",
    };
    let text = format!("{columns}x{rows}, {}, {color}", machine.term);
    if columns < LEAST.width || rows < LEAST.height {
        let text = format!("{text}: smaller than {}x{}", LEAST.width, LEAST.height);
        return Check::new("terminal", Finding::Limited, text);
    }
    Check::new("terminal", Finding::Good, text)
}

fn repositories(snapshot: &Snapshot, machine: &Machine) -> Check {
    let text = format!(
        "{}, {}",
        count(machine.n_repositories, "repository"),
        count(snapshot.apps.len(), "App"),
    );
    let told = match &machine.contexts {
        Some(Err(problems)) => &problems[..],
        _ => &[],
    };
    let mut problems = snapshot.problems.clone();
    problems.retain(|problem| !told.contains(problem));
    let of_apps = snapshot.apps.iter().flat_map(|a| &a.app.problems);
    let untold = of_apps.filter(|p| !told.iter().chain(&snapshot.problems).any(|t| t.tells(p)));
    problems.extend(untold.cloned());
    if problems.is_empty() && machine.n_repositories == 0 && snapshot.apps.is_empty() {
        let text = "none: no source is named, and there is no Git repository here";
        return Check::new("repositories", Finding::Limited, text);
    }
    let finding = match (problems.is_empty(), snapshot.apps.is_empty()) {
        (false, _) => Finding::Bad,
        (true, true) => Finding::Limited,
        (true, false) => Finding::Good,
    };
    Check {
        problems,
        ..Check::new("repositories", finding, text)
    }
}

/// The checks, one a line, each with what to do.
pub fn text(checks: &[Check], style: &Style) -> String {
    let mut out = String::new();
    for check in checks {
        let (mark, ink) = match check.finding {
            Finding::Good => ("ok  ", Ink::Green),
            Finding::Limited => ("note", Ink::Yellow),
            Finding::Bad => ("FAIL", Ink::Red),
        };
        let name = style.foreign(Ink::Bold, &check.name);
        let about = style.foreign(Ink::Plain, &check.text);
        out.push_str(&format!("{} {name}: {about}\n", style.paint(ink, mark)));
        let label = match check.finding {
            Finding::Bad => problem::text,
            _ => problem::warning,
        };
        let problems = check.problems.iter().map(|p| label(p, style));
        let notices = check.notices.iter().map(|n| problem::notice(n, style));
        let about: String = problems.chain(notices).collect();
        for line in about.lines() {
            out.push_str(&format!("     {line}\n"));
        }
    }
    out
}

/// The same for programs.
pub fn json(checks: &[Check]) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({
                "name": check.name,
                "finding": match check.finding {
                    Finding::Good => "good",
                    Finding::Limited => "limited",
                    Finding::Bad => "bad",
                },
                "text": check.text,
                "problems": check.problems.iter().map(json::problem).collect::<Vec<_>>(),
                "notices": check.notices.iter().map(json::notice).collect::<Vec<_>>(),
            })
        })
        .collect();
    json::document("Doctor", json!({"checks": checks}))
}
