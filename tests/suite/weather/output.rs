//! Nobody to write to, or nowhere to write.

use std::process::Stdio;

use super::input::MAP;
use super::machine::Machine;

#[test]
fn the_console_without_a_terminal_is_told_from_a_hang() {
    let machine = Machine::new();
    let said = machine.run("empty", &[]);
    said.fails_with(&[
        "the console needs a terminal",
        "hint: In a script, use the commands",
    ]);
    assert_eq!(said.out, "", "not one escape sequence went to the pipe");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let machine = Machine::new();
    let many: String = (0..5000)
        .map(|i| format!("{}---\n", MAP.replace("name: a", &format!("name: a{i}"))))
        .collect();
    machine.shop(&[("web/a.yaml", &many)]);
    let mut child = machine
        .command("shop", &["render", "web"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = machine
        .command("shop", &["render", "web"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(err.contains("standard output cannot be written"), "{err}");
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_told() {
    let machine = Machine::new();
    for args in [
        &["--help"][..],
        &["--version"],
        &["help", "sync"],
        &["sync", "--help"],
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = machine
            .command("empty", args)
            .stdout(full)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(
            err.contains("standard output cannot be written"),
            "{args:?}: {err}"
        );
        assert_eq!(machine.run("empty", args).code, Some(0));
    }
}

#[test]
fn a_record_that_cannot_be_read_is_not_one_that_is_not_there() {
    let record = serde_json::json!({
        "kind": "ConfigMap", "apiVersion": "v1", "data": { "version": "x" },
        "metadata": {
            "name": "trueup-web", "namespace": "shop", "uid": "u-9", "resourceVersion": "5",
        },
    });
    let server = super::server::Server::start(record, Vec::new());
    let machine = Machine::new();
    machine.cluster(&server.url).shop(&[("web/a.yaml", MAP)]);
    let unread = "the App's record in the cluster cannot be read";
    machine.run("shop", &["diff", "web"]).fails_with(&[unread]);
    machine
        .run("shop", &["diff", "web", "-o", "json"])
        .fails_with(&["\"result\": \"unknown\"", unread]);
    let said = machine.run("shop", &["history", "web"]);
    said.fails_with(&[unread]);
    assert!(!said.all().contains("has not synced it yet"), "{said:?}");
    machine.run("shop", &["apps"]).fails_with(&[unread]);
}

#[test]
fn a_sync_that_nobody_can_be_asked_about_does_not_hang() {
    let machine = Machine::new();
    machine
        .cluster("http://127.0.0.1:1")
        .shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["sync", "web"]);
    said.fails_with(&["nobody can be asked", "hint: Give --yes"]);
}
