//! Which room may import which, and where each dependency lives.

use std::collections::BTreeSet;

use super::source::{Source, names, root, sources};

/// The rooms from the ground up, each with the rooms that it may import. All of them stand above it in this table, so
/// that no circle can be.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("merge", &["domain"]),
    ("yaml", &["domain"]),
    ("log", &["domain"]),
    ("drift", &["domain", "merge", "yaml"]),
    ("health", &["domain"]),
    ("sync", &["domain", "merge", "drift", "health"]),
    ("git", &["domain"]),
    ("render", &["domain", "yaml"]),
    ("cluster", &["domain", "merge"]),
    ("settings", &["domain", "yaml"]),
    (
        "providers",
        &["domain", "sync", "git", "render", "settings"],
    ),
    (
        "engine",
        &[
            "domain",
            "merge",
            "drift",
            "health",
            "sync",
            "git",
            "render",
            "cluster",
            "settings",
            "providers",
        ],
    ),
    ("tui", &["domain", "yaml", "drift", "settings", "engine"]),
    (
        "cli",
        &[
            "domain", "yaml", "log", "drift", "git", "render", "cluster", "settings", "engine",
            "tui",
        ],
    ),
    ("main", &["domain", "log", "tui", "cli"]),
    // Says which rooms there are, and imports none.
    ("lib", &[]),
];

/// Each dependency with the rooms in which it may be named; `*`: plain vocabulary, at home everywhere.
const HOMES: &[(&str, &[&str])] = &[
    ("base64", &["*"]),
    ("clap", &["cli"]),
    ("color_eyre", &["main", "cli"]),
    ("crossterm", &["tui"]),
    ("directories", &["settings"]),
    ("flate2", &["sync"]),
    ("futures", &["*"]),
    ("gethostname", &["main"]),
    ("gix", &["git"]),
    ("granit_parser", &["yaml"]),
    ("http", &["cluster"]),
    ("http_body_util", &["cluster"]),
    ("hyper_rustls", &["cluster"]),
    ("hyper_util", &["cluster"]),
    ("jiff", &["*"]),
    ("k8s_openapi", &["cluster"]),
    ("kube", &["cluster"]),
    ("notify", &["engine"]),
    ("ratatui", &["tui"]),
    ("reqwest", &["git"]),
    // Signals: to a plugin and what it started, and to the console itself. The terminal's modes: where a password is
    // asked for, and where the console is drawn.
    ("rustix", &["git", "cluster", "tui"]),
    // `main` installs the one provider; certificates are read where clusters are reached.
    ("rustls", &["main", "cluster"]),
    ("serde", &["*"]),
    ("serde_json", &["*"]),
    ("serde_yaml", &["cluster"]),
    ("similar", &["drift"]),
    ("tokio", &["cluster", "engine", "tui", "cli", "main"]),
    ("tower", &["cluster"]),
    ("tracing", &["*"]),
    ("tracing_subscriber", &["log"]),
    ("tui_textarea", &["tui"]),
    ("unicode_segmentation", &["tui"]),
    ("unicode_width", &["*"]),
];

/// Dependencies that no line names: they are there to choose a feature of another.
const UNNAMED: &[&str] = &["k8s_openapi"];

/// The rooms that the code of a file imports, with their lines.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let prefix = if source.path == "src/main.rs" {
        "trueup::"
    } else {
        "crate::"
    };
    let text = source.code.join("\n");
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + prefix.len()..];
        let word = |text: &str| -> String {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, word(rest)));
            continue;
        };
        let mut depth = 0;
        let mut fresh = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if fresh && c.is_alphabetic() => {
                    found.push((line, word(&group[i..])));
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn imports_point_downward() {
    let mut faults = Vec::new();
    for source in sources("src").iter().filter(|s| !s.test) {
        let room = source.room();
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{}: there is no room {room}", source.path));
            continue;
        };
        for (line, to) in imports(source) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == to);
            if is_room && to != room && !may.contains(&to.as_str()) {
                faults.push(format!("{}:{line}: {room} imports {to}", source.path));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "A room imports only the rooms below it that its row in ROOMS names:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_table_of_rooms_has_no_circle() {
    for (at, (room, may)) in ROOMS.iter().enumerate() {
        for below in *may {
            let found = ROOMS[..at].iter().any(|(name, _)| name == below);
            assert!(
                found,
                "{room} may import {below}, which must stand above it"
            );
        }
    }
}

#[test]
fn every_dependency_has_one_home() {
    let all = sources("src");
    let mut faults = Vec::new();
    for source in all.iter().filter(|s| !s.test) {
        let room = source.room();
        for (dependency, homes) in HOMES {
            if homes.contains(&"*") || homes.contains(&room) {
                continue;
            }
            // A room may have a module of the same name.
            let own = format!("/{dependency}.rs");
            if all
                .iter()
                .any(|s| s.room() == room && s.path.ends_with(&own))
            {
                continue;
            }
            faults.extend(
                source.faults(|line| {
                    names(line, dependency).then(|| format!("{dependency} in {room}"))
                }),
            );
        }
    }
    assert!(
        faults.is_empty(),
        "A dependency is named only in the rooms that HOMES gives it:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_dependency_is_used() {
    let cargo = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut section = "";
    let mut stated = BTreeSet::new();
    for line in cargo.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && section != "[dev-dependencies]"
            && let Some((name, _)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            stated.insert(name.replace('-', "_"));
        }
    }
    let housed: BTreeSet<String> = HOMES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(stated, housed, "HOMES has a row for each dependency");
    let all = sources("src");
    let unused: Vec<&String> = stated
        .iter()
        .filter(|name| !UNNAMED.contains(&name.as_str()))
        .filter(|name| {
            let used = |s: &Source| s.code.iter().any(|line| names(line, name));
            !all.iter().any(|s| !s.test && used(s))
        })
        .collect();
    assert!(
        unused.is_empty(),
        "A dependency that nothing uses goes: {unused:?}"
    );
}
