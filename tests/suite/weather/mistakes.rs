//! Mistakes on the command line and in the config file, and what is said of them, once and where they are.

use super::input::MAP;
use super::machine::Machine;

const DEAD: &str = "http://127.0.0.1:1";

#[test]
fn the_password_of_a_server_is_never_shown() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    for server in [
        "http://user:SECRET-VALUE@127.0.0.1:1",
        "user:SECRET-VALUE@127.0.0.1:1",
        "http://user:SECRET-VALUE@",
        "ftp://user:SECRET-VALUE@127.0.0.1:1",
        "http://user:SECRET-VALUE/1@127.0.0.1:1",
    ] {
        machine.cluster(server);
        for command in [
            &["apps"][..],
            &["diff", "web"],
            &["diff", "web", "-o", "json"],
            &["clusters"],
            &["clusters", "-o", "json"],
            &["doctor"],
            &["sync", "web", "--yes"],
        ] {
            let said = machine.run("shop", command);
            let told = said.all() + &machine.left_behind();
            assert!(
                !told.contains("SECRET-VALUE"),
                "{server} {command:?}: {told}"
            );
        }
    }
    // Without it the address is told all the same.
    machine.cluster("http://user:SECRET-VALUE@127.0.0.1:1");
    let said = machine.run("shop", &["clusters"]);
    assert!(said.out.contains("http://127.0.0.1:1"), "{said:?}");
}

#[test]
fn a_kubeconfig_or_context_that_is_missing_is_told_once() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP), ("api/a.yaml", MAP)]);
    for command in [
        &["apps"][..],
        &["diff"],
        &["history", "web"],
        &["sync", "web", "--yes"],
        &["sync", "--all", "--available", "--yes"],
        &["doctor"],
    ] {
        let said = machine.run("shop", command);
        said.fails_with(&["there is no kubeconfig"]);
        assert_eq!(said.all().matches("error: ").count(), 1, "{said:?}");
    }
    machine.cluster(DEAD);
    for command in ["apps", "diff"] {
        let said = machine.run("shop", &[command, "--context", "nope"]);
        said.fails_with(&["the kubeconfig has no context nope"]);
        assert_eq!(said.all().matches("error: ").count(), 1, "{said:?}");
    }
    std::fs::write(machine.path("kubeconfig"), "contexts: [").unwrap();
    for command in ["apps", "diff"] {
        let said = machine.run("shop", &[command]);
        said.fails_with(&["kubeconfig"]);
        assert_eq!(said.all().matches("error: ").count(), 1, "{said:?}");
    }
}

#[test]
fn a_revision_that_is_missing_is_told_with_its_repository() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("empty", &["apps", "--source", "../shop@nosuch"]);
    said.fails_with(&["/shop@nosuch: no such branch, tag or commit"]);
}

#[test]
fn a_mistyped_command_opens_no_console() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["aps"]);
    said.fails_with(&[
        "aps: there is no such command",
        "Did you mean `trueup apps`?",
    ]);
    // A directory of that name is one.
    std::fs::create_dir(machine.path("shop/aps")).unwrap();
    let said = machine.run("shop", &["aps"]);
    said.fails_with(&["the console needs a terminal"]);
}

#[test]
fn a_sync_of_nothing_says_what_it_takes() {
    let machine = Machine::new();
    let said = machine.run("empty", &["sync"]);
    said.fails_with(&[
        "trueup sync [OPTIONS] <APP>...",
        "trueup sync [OPTIONS] --all",
    ]);
}

#[test]
fn an_empty_source_is_called_so() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let said = machine.run("empty", &["apps", "--source", ""]);
    said.fails_with(&["error: --source: a path or URL is expected, not an empty text"]);
}

#[test]
fn what_cannot_be_set_is_told_with_its_line() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    for (config, wanted) in [
        (
            "log: foo=bar=baz\n",
            "config.yaml:1:1: `log`: this filter cannot be read",
        ),
        (
            "intervals:\n  request: 0s\n",
            "config.yaml:2:3: `intervals.request`: more than 0s",
        ),
        (
            "intervals:\n  request: 0\n",
            "config.yaml:2:3: `intervals.request`: more than 0s",
        ),
        (
            "bindings:\n- directory: /abs\n",
            "config.yaml:2:3: `bindings[0].directory`: ",
        ),
        (
            "bindings:\n- directory: '['\n",
            "config.yaml:2:3: `bindings[0].directory`: ",
        ),
        (
            "bindings:\n- directory: ../x\n",
            "config.yaml:2:3: `bindings[0].directory`: ",
        ),
    ] {
        std::fs::write(machine.path("config.yaml"), config).unwrap();
        let mut command = machine.command("shop", &["apps"]);
        let output = command.env_remove("TRUEUP_LOG").output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{config}: {err}");
        assert!(err.contains(wanted), "{config}: {err}");
    }
}

#[test]
fn a_binding_to_a_context_that_is_not_there_is_noticed() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let config =
        "bindings:\n- directory: web\n  context: prdo\n- directory: api\n  context: prod\n";
    std::fs::write(machine.path("config.yaml"), config).unwrap();
    for command in ["config", "doctor"] {
        let said = machine.run("empty", &[command]);
        let wanted = "config.yaml:3:3: `bindings[0].context`: the kubeconfig has no context prdo";
        assert!(said.all().contains(wanted), "{said:?}");
        assert!(!said.all().contains("bindings[1]`"), "{said:?}");
    }
}

#[test]
fn an_app_that_is_not_there_is_answered_in_json() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    for (command, kind) in [
        ("apps", "AppList"),
        ("diff", "Diff"),
        ("history", "History"),
    ] {
        let said = machine.run("shop", &[command, "nosuch", "-o", "json"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(document["kind"], kind);
        let problem = &document["problems"][0]["summary"];
        assert_eq!(problem, "there is no App nosuch", "{document}");
    }
}

#[test]
fn a_terminal_that_cannot_show_the_console_is_told() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let output = machine
        .command("shop", &[])
        .env("TERM", "dumb")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(
        err.contains("this terminal cannot show the console"),
        "{err}"
    );
    assert!(err.contains("`trueup apps`, `trueup diff`"), "{err}");
}
