//! Rules for single files: their size, their names, and what may not stand in them.

use super::source::{root, sources, walk};

/// A file longer than this holds more than one idea.
const MAX_LINES: usize = 800;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "misc",
];

/// What stands in code only where it is let in: the word, the files that may have it, and the rule.
const DOORS: &[(&[&str], &[&str], &str)] = &[
    (
        &[
            ".unwrap()",
            ".expect(",
            "panic!(",
            "todo!(",
            "unimplemented!(",
            "unreachable!(",
        ],
        &[],
        "Nothing panics on purpose: what can fail is a Problem.",
    ),
    (
        &["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!("],
        &[],
        "The screen and the standard streams are written through their own doors.",
    ),
    (
        &[
            "env::var",
            "env::vars",
            "env::current_dir",
            "env::args",
            "env::home_dir",
            "env::temp_dir",
        ],
        &["src/main.rs", "src/cluster/connect/environment.rs"],
        "The environment comes in through `main` and `cluster::connect`.",
    ),
    (
        &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        &["src/domain/clock.rs"],
        "The time of day comes in through `domain::clock`.",
    ),
    (
        // Those of `tokio::time` belong to its timers, and stand still when a test says so.
        &[
            "std::time::Instant::now",
            " Instant::now",
            "(Instant::now",
            "|Instant::now",
        ],
        &[
            "src/domain/clock.rs",
            // The deadline of a fetch, in a thread without a runtime.
            "src/git/mirror/mod.rs",
            // Tokio's own.
            "src/cluster/watch/mod.rs",
        ],
        "Monotonic time comes in through `domain::clock`.",
    ),
];

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{}: {lines} lines", source.path));
        }
    }
    let rule = format!("A file has one idea, and {MAX_LINES} lines at most");
    assert!(faults.is_empty(), "{rule}:\n{}", faults.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    let faults: Vec<String> = sources("src")
        .into_iter()
        .chain(sources("tests"))
        .filter(|s| !s.text.starts_with("//! "))
        .map(|s| s.path)
        .collect();
    assert!(
        faults.is_empty(),
        "A file starts with `//!`, what it is:\n{}",
        faults.join("\n")
    );
}

#[test]
fn names_say_what_is_inside() {
    let mut faults = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let stem = source.path.trim_end_matches(".rs");
        let empty = |part: &str| part.split('_').any(|word| EMPTY_NAMES.contains(&word));
        if stem.split('/').any(empty) {
            faults.push(source.path.clone());
        }
    }
    assert!(
        faults.is_empty(),
        "A file is named for what it is about, not {EMPTY_NAMES:?}:\n{}",
        faults.join("\n")
    );
}

#[test]
fn doors_are_kept() {
    let sources = sources("src");
    for (words, doors, rule) in DOORS {
        let faults: Vec<String> = sources
            .iter()
            .filter(|s| !s.test && !doors.contains(&s.path.as_str()))
            .flat_map(|s| {
                s.faults(|line| {
                    let found = words.iter().find(|word| line.contains(**word));
                    found.map(|word| (*word).to_owned())
                })
            })
            .collect();
        assert!(faults.is_empty(), "{rule}\n{}", faults.join("\n"));
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not hold them.
    let marks = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
    ];
    let mut faults = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        for (i, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                faults.push(format!("{}:{}", source.path, i + 1));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "What is to be done stands in an issue, not in the code:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let mut files = Vec::new();
    walk(&root().join("tests"), &mut files);
    walk(&root().join("src"), &mut files);
    let tests = sources("tests");
    let own = sources("src");
    let mut faults = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".snap") else {
            continue;
        };
        let text = std::fs::read_to_string(&path).unwrap();
        let source = text
            .lines()
            .find_map(|line| line.strip_prefix("source: "))
            .unwrap_or_default();
        // The part after the module path is the snapshot's name; a varying end (a size) is put in by the test.
        let label = stem.rsplit("__").next().unwrap_or(stem);
        let first = label.split(['-', '@']).next().unwrap_or(label);
        let found = tests
            .iter()
            .chain(&own)
            .any(|s| s.path == source && s.text.contains(first));
        if !found {
            faults.push(format!("{name}: no test of {source} makes it"));
        }
    }
    assert!(
        faults.is_empty(),
        "A snapshot whose test is gone goes, too:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_top_level_is_small() {
    const ALLOWED: &[&str] = &[
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "assets",
        "tests",
        "benches",
        "docs",
        "target",
        "README.md",
        "CHANGELOG.md",
    ];
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let fine = name.starts_with('.')
            || name.starts_with("LICENSE")
            || ALLOWED.contains(&name.as_str());
        if !fine {
            faults.push(name);
        }
    }
    assert!(
        faults.is_empty(),
        "Whoever opens the project sees only {ALLOWED:?}, licences and dot-files: {faults:?}"
    );
}
