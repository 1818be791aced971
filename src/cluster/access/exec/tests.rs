//! Plugins are shell scripts here.
#![cfg(unix)]

use serde_json::json;

use super::*;

const V1: &str = VERSIONS[0];

fn script(text: &str) -> ExecEntry {
    ExecEntry {
        api_version: V1.into(),
        command: "sh".into(),
        args: vec!["-c".into(), text.into()],
        ..ExecEntry::default()
    }
}

fn plugin(entry: ExecEntry) -> Plugin {
    Plugin::new(
        entry,
        json!({ "server": "https://x" }),
        Duration::from_secs(20),
    )
    .unwrap()
}

fn prints(answer: &Value) -> ExecEntry {
    script(&format!("cat <<'END'\n{answer}\nEND"))
}

fn credential(status: Value) -> Value {
    json!({ "apiVersion": V1, "kind": "ExecCredential", "status": status })
}

#[tokio::test]
async fn tokens_certificates_and_expiry_are_read() {
    let answer =
        credential(json!({ "token": "t0", "expirationTimestamp": "2030-01-01T00:00:00Z" }));
    let got = plugin(prints(&answer)).run("prod").await.unwrap();
    assert_eq!(got.token.as_deref(), Some("t0"));
    assert_eq!(got.expires.unwrap().to_string(), "2030-01-01T00:00:00Z");

    let answer = credential(json!({ "clientCertificateData": "CERT", "clientKeyData": "KEY" }));
    let got = plugin(prints(&answer)).run("prod").await.unwrap();
    assert!(got.token.is_none() && got.expires.is_none());
    let (certificate, key) = got.certificate.unwrap();
    assert_eq!((certificate.as_str(), key.0.as_str()), ("CERT", "KEY"));

    let yaml =
        format!("printf 'kind: ExecCredential\\napiVersion: {V1}\\nstatus: {{token: y}}\\n'");
    let got = plugin(script(&yaml)).run("prod").await.unwrap();
    assert_eq!(got.token.as_deref(), Some("y"));
}

#[tokio::test]
async fn it_is_told_what_it_needs() {
    let mut entry = script(
        r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' \
           "$(printf %s "$KUBERNETES_EXEC_INFO $EXTRA" | base64 | tr -d '\n')""#,
    );
    entry.env = vec![crate::cluster::connect::kubeconfig::EnvEntry {
        name: "EXTRA".into(),
        value: "more".into(),
    }];
    for told in [true, false] {
        entry.provide_cluster_info = told;
        let token = plugin(entry.clone())
            .run("prod")
            .await
            .unwrap()
            .token
            .unwrap();
        use base64::Engine as _;
        let seen = base64::engine::general_purpose::STANDARD
            .decode(token)
            .unwrap();
        let seen = String::from_utf8(seen).unwrap();
        let info: Value = serde_json::from_str(seen.strip_suffix(" more").unwrap()).unwrap();
        assert_eq!(info["kind"], "ExecCredential");
        assert_eq!(info["apiVersion"], V1);
        assert_eq!(info["spec"]["interactive"], false);
        assert_eq!(info["spec"].get("cluster").is_some(), told);
    }
}

#[tokio::test]
async fn failures_say_what_the_plugin_said() {
    let mut entry =
        script("echo login >&2; printf '\\033[2Jexpired\\n' >&2; echo secret-on-stdout; exit 3");
    entry.install_hint = "Install it with brew.".into();
    let problem = plugin(entry).run("prod").await.err().unwrap();
    assert_eq!(problem.kind, ProblemKind::Unauthenticated);
    assert_eq!(problem.place, "prod");
    assert_eq!(
        problem.causes,
        ["it ended with exit code 3", "\u{1b}[2Jexpired"],
        "raw, for whoever shows it to make it safe"
    );
    assert!(problem.hints.contains(&"Install it with brew.".to_owned()));
    assert!(!format!("{problem:?}").contains("secret-on-stdout"));
}

#[test]
fn a_token_that_a_plugin_prints_is_not_told() {
    for (line, told) in [
        ("token=abc-SECRETTOK", "token=++++++++"),
        ("{\"access_token\": \"abc\"}", "{\"access_token\": ++++++++"),
        (
            "Authorization: Bearer abc",
            "Authorization: ++++++++ ++++++++",
        ),
        ("got eyJhbGciOiJSUzI1NiIs.eyJpc3M.sig", "got ++++++++"),
        ("cannot reach https://me:pw@host/x", "cannot reach ++++++++"),
        (
            "the SSO session has expired: run `aws sso login`",
            "the SSO session has expired: run `aws sso login`",
        ),
    ] {
        assert_eq!(super::without_secrets(line), told);
    }
}

#[tokio::test]
async fn a_plugin_that_is_not_there_brings_its_hint() {
    let mut entry = script("");
    entry.command = "/nonexistent/plugin".into();
    entry.install_hint = "Get it.".into();
    let problem = plugin(entry).run("prod").await.err().unwrap();
    assert!(problem.summary.contains("cannot be started"));
    assert_eq!(problem.hints.last().unwrap(), "Get it.");
}

#[tokio::test]
async fn a_prompt_gets_no_answer() {
    let entry = script("echo 'Password:' >&2; read answer || { echo 'no input' >&2; exit 1; }");
    let problem = plugin(entry).run("prod").await.err().unwrap();
    assert_eq!(problem.causes[1..], ["no input"]);
}

#[tokio::test]
async fn one_that_hangs_is_ended_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let entry = script(&format!(
        "sleep 1000 & echo $! > {0}.tmp; mv {0}.tmp {0}; echo 'open a browser' >&2; wait",
        file.display()
    ));
    let mut plugin = plugin(entry);
    // Long enough for the shell to start, however busy the machine is: the script is waited for, not the clock.
    plugin.deadline = Duration::from_secs(2);
    let problem = plugin.run("prod").await.err().unwrap();
    assert!(
        problem.summary.contains("did not finish within 2 s"),
        "{problem:?}"
    );
    if let Ok(pid) = std::fs::read_to_string(&file) {
        assert_eq!(problem.causes, ["open a browser"]);
        // It ends soon; one that nobody has waited for yet is a zombie and runs no more. If it lived on, this would hang.
        let runs = || {
            std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
                .is_ok_and(|stat| !stat.contains(") Z "))
        };
        while runs() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn garbage_is_named_and_not_quoted() {
    let other = json!({ "apiVersion": VERSIONS[1], "kind": "ExecCredential", "status": { "token": "s3cret" } });
    let table = [
        ("echo s3cret".to_owned(), "not an ExecCredential"),
        (
            "echo '{\"kind\":\"Pod\",\"token\":\"s3cret\"}'".to_owned(),
            "kind",
        ),
        ("yes s3cret".to_owned(), "far more"),
        (String::new(), "nothing"),
        (format!("echo '{other}'"), "another version"),
        (
            format!(
                "echo '{}'",
                json!({"apiVersion": V1, "kind": "ExecCredential"})
            ),
            "no status",
        ),
        (format!("echo '{}'", credential(json!({}))), "neither"),
        (
            format!(
                "echo '{}'",
                credential(json!({ "token": "s3cret", "clientKeyData": "s3cret" }))
            ),
            "not both",
        ),
        (
            format!(
                "echo '{}'",
                credential(json!({ "token": "s3cret", "expirationTimestamp": "soon" }))
            ),
            "not a time",
        ),
        (
            format!("echo '{}'", credential(json!({ "token": ["s3cret"] }))),
            "not an ExecCredential",
        ),
    ];
    for (text, expected) in table {
        let problem = plugin(script(&text)).run("prod").await.err().unwrap();
        assert!(problem.causes[0].contains(expected), "{text}: {problem:?}");
        assert!(
            !format!("{problem:?}").contains("s3cret"),
            "{text}: {problem:?}"
        );
    }
}

#[test]
fn entries_that_cannot_work_are_refused_at_once() {
    let refused = |entry| {
        Plugin::new(entry, Value::Null, Duration::from_secs(1))
            .err()
            .unwrap()
    };
    let mut entry = script("");
    entry.api_version = "client.authentication.k8s.io/v1alpha1".into();
    assert_eq!(refused(entry).kind, ProblemKind::Config);
    let mut entry = script("");
    entry.command.clear();
    assert_eq!(refused(entry).kind, ProblemKind::Config);
}

#[tokio::test]
async fn a_plugin_that_must_have_a_terminal_gets_none_in_the_background() {
    let mut entry = prints(&credential(json!({ "token": "t" })));
    entry.interactive_mode = Some(InteractiveMode::Always);
    let plugin = plugin(entry);
    assert!(plugin.may_ask());
    let problem = plugin.run("prod").await.err().unwrap();
    assert_eq!(problem.kind, ProblemKind::Unauthenticated);
    assert!(problem.summary.contains("wants a terminal"), "{problem:?}");
    // Where it is lent, the same plugin is run, and told so.
    let got = plugin.ask("prod", std::future::pending()).await.unwrap();
    assert_eq!(got.token.as_deref(), Some("t"));
    assert_eq!(plugin.info(true)["spec"]["interactive"], true);
}

#[tokio::test]
async fn a_plugin_that_asks_is_stopped_when_the_person_gives_up() {
    let plugin = plugin(script("exec sleep 600"));
    let problem = plugin.ask("prod", std::future::ready(())).await;
    assert_eq!(problem.err().unwrap().kind, ProblemKind::Cancelled);
}
