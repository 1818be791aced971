//! What the papers say of the program, held against the program.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program far from the user's own files.
fn trueup(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(words)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("KUBECONFIG", home.join("kubeconfig"))
        .output()
        .expect("the program starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn paper(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_command_and_option_is_documented() {
    let home = tempfile::tempdir().unwrap();
    let paper = paper("docs/command-line.md");
    let help = text(&trueup(home.path(), &["--help"]));
    let (_, rest) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = rest.split_once("\n\n").unwrap();
    let commands = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|word| !word.is_empty() && *word != "help");
    let mut n_options = 0;
    for command in commands {
        assert!(paper.contains(&format!("trueup {command}")), "{command}");
        let help = text(&trueup(home.path(), &[command, "--help"]));
        for option in help.split_whitespace().filter(|w| w.starts_with("--")) {
            let option = option.trim_end_matches([',', ':', '.', ')']);
            assert!(
                option == "--help" || paper.contains(option),
                "{command} {option}"
            );
            n_options += 1;
        }
    }
    assert!(n_options > 50, "{n_options}");
}

#[test]
fn config_as_json_names_the_file_and_hides_passwords() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("trueup.yaml");
    std::fs::write(
        &file,
        "repositories: https://ada:hunter2@git.example.com/x.git\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let output = trueup(home.path(), &["config", "-o", "json", "--config", file]);
    assert!(output.status.success());
    let text = text(&output);
    assert!(
        text.contains("git.example.com") && !text.contains("hunter2"),
        "{text}"
    );
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["file"], file);
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "README.md",
        "docs/architecture.md",
        "docs/command-line.md",
        "docs/configuration.md",
    ] {
        let here = root.join(name);
        for part in paper(name).split("](").skip(1) {
            let link = part.split([')', '#']).next().unwrap_or_default();
            if !link.is_empty() && !link.contains("://") {
                let target = here.parent().unwrap().join(link);
                assert!(target.exists(), "{name}: {link}");
            }
        }
    }
}
