//! Command lines as they are read, and what is said of wrong ones.

use serde_json::Value;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    let words = std::iter::once("trueup").chain(line.split_whitespace());
    Cli::read(words.map(Into::into).collect())
}

fn checked(line: &str) -> Result<Cli, String> {
    let cli = parse(line).map_err(|e| e.to_string())?;
    cli.check().map_err(|p| p.to_string())?;
    Ok(cli)
}

fn flag(cli: &Cli, setting: &str) -> Option<Value> {
    let flags = cli.flags();
    flags
        .into_iter()
        .find(|f| f.setting == setting)
        .map(|f| f.value)
}

#[test]
fn the_definition_holds() {
    Cli::command().debug_assert();
}

#[test]
fn help_lists_the_options_of_a_command_before_those_of_every_command() {
    for (command, own) in [
        ("sync", "--timeout"),
        ("diff", "--unified"),
        ("render", "--recurse"),
    ] {
        let help = parse(&format!("{command} --help")).unwrap_err().to_string();
        let at = |option: &str| {
            help.find(&format!("{option} "))
                .or(help.find(&format!("{option}\n")))
        };
        assert!(at(own) < at("--source"), "{help}");
        assert!(help.contains("Options of every command:"));
    }
}

#[test]
fn without_a_command_words_are_sources() {
    let cli = checked("../shop https://h/x@v1 --read-only").unwrap();
    assert!(cli.command.is_none());
    assert_eq!(
        flag(&cli, "repositories"),
        Some(json!(["../shop", "https://h/x@v1"]))
    );
    assert_eq!(flag(&cli, "read-only"), Some(json!(true)));
    let cli = checked("").unwrap();
    assert!(cli.flags().is_empty());
    let cli = checked("./apps").unwrap();
    assert!(cli.command.is_none() && cli.sources == ["./apps"]);
    assert!(matches!(
        checked("apps").unwrap().command,
        Some(Command::Apps { .. })
    ));
}

#[test]
fn global_flags_stand_anywhere() {
    for line in [
        "--source a --source b --context x --context y diff web",
        "diff --source a --source b --context x --context y web",
        "diff web --source a --source b --context x --context y",
        "--source a --source b diff --context x --context y web",
    ] {
        let cli = checked(line).unwrap();
        assert_eq!(
            flag(&cli, "repositories"),
            Some(json!(["a", "b"])),
            "{line}"
        );
        assert_eq!(flag(&cli, "context"), Some(json!(["x", "y"])), "{line}");
        let Some(Command::Diff {
            apps,
            foreign,
            unified,
        }) = cli.command
        else {
            panic!("{line}");
        };
        assert_eq!((apps, foreign, unified), (vec!["web".to_owned()], false, 3));
    }
}

#[test]
fn a_repeated_flag_on_both_sides_of_the_command_loses_nothing() {
    let cli = checked("--context x --namespace diff -o text diff --context y web").unwrap();
    assert_eq!(flag(&cli, "context"), Some(json!(["x", "y"])));
    assert_eq!(flag(&cli, "namespace"), Some(json!("diff")));
    assert!(matches!(cli.command, Some(Command::Diff { apps, .. }) if apps == ["web"]));
}

#[test]
fn settings_that_flags_give() {
    for (line, setting, value) in [
        ("--no-color apps", "color", json!("never")),
        ("apps --color always", "color", json!("always")),
        ("apps --namespace shop", "namespace", json!("shop")),
        ("apps -n shop", "namespace", json!("shop")),
        ("apps --kubeconfig /k", "kubeconfig", json!("/k")),
        (
            "apps --apps dir --apps file",
            "apps",
            json!(["dir", "file"]),
        ),
        ("apps --debug", "log", json!("debug")),
    ] {
        assert_eq!(
            flag(&checked(line).unwrap(), setting),
            Some(value),
            "{line}"
        );
    }
}

#[test]
fn every_flag_that_a_setting_names_is_one() {
    let mut command = Cli::command();
    command.build();
    for (name, field) in crate::settings::effective::leaves() {
        let Some(flag) = field.flag.strip_prefix("--") else {
            continue;
        };
        let is_there = command.get_arguments().any(|a| a.get_long() == Some(flag));
        assert!(is_there, "{name} names --{flag}");
    }
}

#[test]
fn a_sync_is_read_whole() {
    let cli = checked(
        "sync web cart --prune --adopt --yes --wait --timeout 1h30m \
         --resource apps/Deployment/web --resource Service/shop/web",
    )
    .unwrap();
    let Some(Command::Sync(sync)) = cli.command else {
        panic!("not a sync")
    };
    assert_eq!(sync.apps, ["web", "cart"]);
    assert!(sync.prune && sync.adopt && sync.run.yes && sync.run.wait && !sync.run.dry_run);
    assert_eq!(sync.run.timeout, Some(Duration::from_secs(5400)));
    assert_eq!(sync.resource[1].namespace.as_deref(), Some("shop"));
}

#[test]
fn wrong_lines_are_refused_with_a_reason() {
    for (line, expected) in [
        ("sync", "required"),
        ("sync web --all", "cannot be used with"),
        ("sync web --available", "--all"),
        ("sync web --yes --dry-run", "cannot be used with"),
        ("sync web --timeout soon", "not a span of time"),
        (
            "sync web --resource Deployment",
            "is not [group/]Kind/[namespace/]name",
        ),
        ("sync web --resource Deployment//x", "has an empty part"),
        (
            "sync web --revision worktree",
            "the work tree cannot be synced",
        ),
        ("rollback web", "--to"),
        (
            "rollback web --to 3 --revision main",
            "takes its revision from --to",
        ),
        ("rollback --to 3", "<APP>"),
        ("apps -o markdown", "does not print in this form"),
        ("render . -o json", "does not print in this form"),
        ("-o json", "the console has no -o"),
        ("apps -o yaml", "possible values"),
        ("apps --color sometimes", "possible values"),
        ("--color never --no-color apps", "cannot be used with"),
        ("completions tcsh", "possible values"),
        ("diff --foriegn", "--foreign"),
        ("./shop apps", "a source stands before the command"),
    ] {
        let error = checked(line).map(|_| ()).expect_err(line);
        assert!(error.contains(expected), "{line}: {error}");
    }
}

#[test]
fn forms_of_output() {
    for line in [
        "apps -o json",
        "diff -o markdown",
        "diff -o text",
        "doctor -o json",
        "sync web --dry-run -o json",
    ] {
        assert!(checked(line).is_ok(), "{line}");
    }
}

#[test]
fn mistyped_commands_are_recognised() {
    for (word, expected) in [
        ("dif", Some("Did you mean `trueup diff`?")),
        ("rolback", Some("Did you mean `trueup rollback`?")),
        ("../shop", None),
        ("__complet", None),
    ] {
        assert_eq!(Cli::mistyped_command(word).as_deref(), expected, "{word}");
    }
}
