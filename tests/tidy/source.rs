//! The source files as the rules see them: without tests, comments and texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One Rust file.
pub struct Source {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// Its lines as the rules see them: comments, texts and inline test modules are blank.
    pub code: Vec<String>,
    /// Whether all of it is test code.
    pub test: bool,
}

impl Source {
    /// The room that it belongs to: the folder or file below `src`.
    pub fn room(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let room = below.split('/').next().unwrap_or(below);
        room.strip_suffix(".rs").unwrap_or(room)
    }

    /// `path:line: ` of each line of code for which `wrong` gives a reason, with that reason.
    pub fn faults(&self, wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let lines = self.code.iter().enumerate();
        lines
            .filter_map(|(i, line)| {
                wrong(line).map(|why| format!("{}:{}: {why}", self.path, i + 1))
            })
            .collect()
    }
}

/// All Rust files below a folder of the package, by path.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    let texts: Vec<(String, String)> = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy();
            let text = fs::read_to_string(&path).unwrap();
            (name.replace('\\', "/"), text)
        })
        .collect();
    let tests: BTreeSet<String> = texts.iter().flat_map(|(p, t)| test_modules(p, t)).collect();
    texts
        .into_iter()
        .map(|(path, text)| {
            let test = folder == "tests" || is_below(&path, &tests);
            let code = code(&text);
            Source {
                path,
                text,
                code,
                test,
            }
        })
        .collect()
}

/// Every file below a folder, whatever it is.
pub fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// The files, without `.rs` or `/mod.rs`, of the modules that a file declares for tests alone.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let own = path
        .strip_suffix("/mod.rs")
        .or(path.strip_suffix(".rs"))
        .unwrap();
    let folder = path.rsplit_once('/').unwrap().0;
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            continue;
        }
        let mut named = None;
        for line in lines.by_ref() {
            if let Some(path) = line.strip_prefix("#[path = \"") {
                named = path.strip_suffix(".rs\"]").map(str::to_owned);
            } else if let Some(name) = line
                .strip_suffix(';')
                .and_then(|l| l.rsplit_once("mod "))
                .map(|(_, name)| name)
            {
                found.push(match &named {
                    Some(file) => format!("{folder}/{file}"),
                    None => format!("{own}/{name}"),
                });
                break;
            } else if !line.starts_with("#[") {
                break;
            }
        }
    }
    found
}

fn is_below(path: &str, modules: &BTreeSet<String>) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module.as_str())
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

/// The lines of a file, blank from an inline test module on: those stand last.
fn code(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let inline = |at: usize| {
        lines[at].trim() == "#[cfg(test)]"
            && lines
                .get(at + 1)
                .is_some_and(|next| next.trim_end() == "mod tests {")
    };
    let end = (0..lines.len()).find(|&i| inline(i)).unwrap_or(lines.len());
    lines
        .iter()
        .enumerate()
        .map(|(i, line)| if i < end { bare(line) } else { String::new() })
        .collect()
}

/// A line without its comment and without the content of its texts.
fn bare(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' if quoted => {
                rest.next();
            }
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            '/' if !quoted && rest.peek() == Some(&'/') => break,
            // A quotation mark as a character opens no text.
            '\'' if !quoted && rest.peek() == Some(&'"') => {
                rest.next();
            }
            c if !quoted => out.push(c),
            _ => {}
        }
    }
    out
}

/// Whether a path that starts with `name::` stands in a line, or `use name;`.
pub fn names(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        before.is_none_or(|c| !word(c) && c != ':')
            && (after.starts_with("::") || (line.trim_start().starts_with("use ") && after == ";"))
    })
}

#[test]
fn comments_and_texts_are_no_code() {
    assert_eq!(bare("a(\"x // y\") // z"), "a(\"\") ");
    assert_eq!(bare("'\"' => \"\\\"//\","), "' => \"\",");
    assert!(names("use kube::Client;", "kube") && names("let a = kube::b();", "kube"));
    assert!(!names("use crate::kube::Client;", "kube") && !names("my_kube::x", "kube"));
    let text = "//! It.\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
    assert_eq!(code(text)[1], "fn a() {}");
    assert_eq!(code(text)[5], "");
    let declares =
        "#[cfg(test)]\nmod fixture;\n#[cfg(test)]\n#[path = \"b_tests.rs\"]\nmod tests;\n";
    let modules = test_modules("src/a/b.rs", declares);
    assert_eq!(modules, ["src/a/b/fixture", "src/a/b_tests"]);
}
