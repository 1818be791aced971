//! Programs that want to ask the person something: in the background they may not, after `r` they get the terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trueup::git::fixture::Fixture;

use super::https;
use super::pty::{self, Kind, Terminal};

struct Place {
    _dir: TempDir,
    home: PathBuf,
    kubeconfig: PathBuf,
}

impl Place {
    /// A home whose ssh refuses whoever may not be asked, asks the others for a passphrase at the terminal, and then
    /// does what `then` says.
    fn with_ssh(then: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let ssh = home.join("fake-ssh");
        script(
            &ssh,
            &format!(
                r#"refuse() {{ echo 'git@host: Permission denied (publickey).' >&2; exit 255; }}
for word; do [ "$word" = BatchMode=yes ] && refuse; done
trap 'stty echo < /dev/tty' EXIT
stty -echo < /dev/tty
printf 'Enter passphrase for the key: ' > /dev/tty
read -r answer < /dev/tty
stty echo < /dev/tty
echo > /dev/tty
[ "$answer" = sesame ] || refuse
for last; do :; done
{then}
"#
            ),
        );
        let config = format!("[core]\n\tsshCommand = {}\n", ssh.display());
        fs::write(home.join(".gitconfig"), config).unwrap();
        let kubeconfig = dir.path().join("kubeconfig");
        fs::write(&kubeconfig, pty::kubeconfig("{}")).unwrap();
        Self {
            _dir: dir,
            home,
            kubeconfig,
        }
    }

    fn open(&self, arguments: &[&str]) -> Terminal {
        let size = (100, 30);
        Terminal::start(
            size,
            Kind::True,
            &self.home,
            &self.home,
            &self.kubeconfig,
            arguments,
        )
    }
}

fn script(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Waits until something is asked for the n-th time: what was asked before is still on the shell's own screen.
#[track_caller]
fn asks<'t>(terminal: &'t mut Terminal, question: &str, n: usize) -> &'t mut Terminal {
    terminal.until(&format!("{question} ({n})"), |screen| {
        !screen.alternate_screen() && screen.contents().matches(question).count() == n
    })
}

fn leave(mut terminal: Terminal) {
    terminal.keys("<ctrl-c>");
    assert!(terminal.ends());
    terminal.is_given_back();
}

const PASSPHRASE: &str = "Enter passphrase for the key:";
const NOT_FOUND: &str = "echo 'ERROR: Repository not found.' >&2; exit 1";

#[test]
fn a_fetch_asks_only_when_the_person_wants_to_be_asked() {
    let place = Place::with_ssh(NOT_FOUND);
    let mut terminal = place.open(&["git@host:org/shop"]);
    // By itself nothing asks.
    terminal
        .sees("1 problem")
        .keys("!")
        .sees("the ssh login was refused")
        .sees("Refresh it to be asked.");
    terminal
        .keys("q")
        .sees_no_more("Refresh it to be asked.")
        .keys("r")
        .sees("wants a login")
        .sees("Enter passphrase for the key:");
    terminal.until("the shell's own screen", |s| !s.alternate_screen());
    // The answer is not shown, and goes to ssh alone.
    terminal
        .keys("sesame<enter>")
        .until("the console", |s| s.alternate_screen());
    terminal.keys("!").sees("no such repository");
    terminal.keys("q").sees_no_more("no such repository");
    assert!(!terminal.is_cooked());
    assert!(!terminal.text().contains("sesame"));
    terminal.keys("?").sees("Keys: Apps");
    terminal.keys("q").sees_no_more("Keys: Apps");
    leave(terminal);
}

#[test]
fn control_c_ends_the_question_and_not_the_console() {
    let place = Place::with_ssh(NOT_FOUND);
    let mut terminal = place.open(&["git@host:org/shop"]);
    terminal.sees("1 problem");
    for n in 1..=2 {
        terminal.keys("r");
        asks(&mut terminal, PASSPHRASE, n)
            .keys("<ctrl-c>")
            .until("the console", |s| s.alternate_screen());
        terminal.sees("1 problem");
    }
    // A wrong answer is told, and asked again only on request.
    terminal.keys("r");
    asks(&mut terminal, PASSPHRASE, 3)
        .keys("wrong<enter>")
        .until("the console", |s| s.alternate_screen());
    terminal.keys("!").sees("the ssh login was refused");
    terminal.keys("q").sees_no_more("the ssh login was refused");
    leave(terminal);
}

#[test]
fn a_console_that_is_ended_while_somebody_asks_leaves_the_terminal_in_order() {
    let place = Place::with_ssh(NOT_FOUND);
    let mut terminal = place.open(&["git@host:org/shop"]);
    terminal.sees("1 problem");
    terminal.keys("r").sees("Enter passphrase for the key:");
    terminal.signal("TERM");
    assert_eq!(terminal.code(), 143);
    assert!(terminal.look(|s| !s.alternate_screen()));
}

#[test]
fn a_command_at_a_terminal_asks_at_once() {
    let place = Place::with_ssh(NOT_FOUND);
    let mut terminal = place.open(&["apps", "--source", "git@host:org/shop"]);
    terminal
        .sees("Enter passphrase for the key:")
        .keys("sesame<enter>")
        .sees("no such repository");
    assert!(!terminal.ends(), "a Problem is no success");
}

#[test]
#[ignore = "needs git"]
fn what_was_asked_for_is_fetched() {
    let place = Place::with_ssh("PATH=/usr/bin:/bin eval \"exec $last\"");
    let served = place.home.join("served.git");
    let mut theirs = Fixture::init_bare(&served).unwrap();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cart\n";
    theirs
        .commit("The shop opens", &[("cart/settings.yaml", map)])
        .unwrap();
    let url = format!("git@host:{}", served.display());
    let mut terminal = place.open(&[&url]);
    terminal
        .sees("1 problem")
        .keys("r")
        .sees("Enter passphrase for the key:")
        .keys("sesame<enter>")
        .sees("cart")
        .sees_no_more("1 problem");
    leave(terminal);
}

#[test]
fn a_credential_plugin_gets_the_terminal_after_r() {
    let place = Place::with_ssh(NOT_FOUND);
    let plugin = place.home.join("log-in");
    script(
        &plugin,
        r#"case "$KUBERNETES_EXEC_INFO" in *'"interactive":true'*) ;; *) exit 9 ;; esac
printf 'One-time code: ' >&2
read -r code
[ "$code" = 123456 ] || { echo 'wrong code' >&2; exit 1; }
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
"#,
    );
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{}', interactiveMode: Always}}}}",
        plugin.display()
    );
    fs::write(&place.kubeconfig, pty::kubeconfig(&user)).unwrap();
    fs::create_dir(place.home.join("shop")).unwrap();
    let mut repo = Fixture::init(&place.home.join("shop")).unwrap();
    repo.commit("The shop opens", &[("notes.txt", "")]).unwrap();
    let mut terminal = place.open(&["shop"]);
    terminal.sees("the credential").keys("!");
    terminal
        .sees("wants a terminal")
        .sees("Refresh it to be asked.");
    terminal.keys("q").sees_no_more("wants a terminal");
    terminal.keys("r");
    asks(&mut terminal, "One-time code:", 1).keys("1<enter>");
    terminal.until("the console", |s| s.alternate_screen());
    terminal.sees("far-away").keys("r");
    // Logged in, what is left is a server that nobody listens at.
    asks(&mut terminal, "One-time code:", 2)
        .keys("123456<enter>")
        .until("the console", |s| s.alternate_screen());
    terminal.sees("the API server");
    leave(terminal);
}

#[test]
fn a_password_is_asked_for_without_echo_and_kept_by_the_helper_alone() {
    let place = Place::with_ssh(NOT_FOUND);
    let port = https::serve("bob", "s3cret");
    let told = place.home.join("told");
    let helper = place.home.join("helper");
    // Knows nothing, and notes what it is told to keep or to forget.
    script(
        &helper,
        &format!(
            "[ $1 = get ] || {{ echo $1; cat; }} >> '{}'\n",
            told.display()
        ),
    );
    let config = format!(
        "[credential]\n\thelper = {}\n[http]\n\tsslVerify = false\n",
        helper.display()
    );
    fs::write(place.home.join(".gitconfig"), config).unwrap();
    let url = format!("https://127.0.0.1:{port}/shop");
    let mut terminal = place.open(&[&url]);
    terminal.sees("1 problem").keys("!");
    terminal
        .sees("the server wants a login")
        .sees("Refresh it to be asked.");
    terminal.keys("q").sees_no_more("the server wants a login");
    let mut n = 0;
    let mut answer = |terminal: &mut Terminal, password: &str| {
        n += 1;
        terminal.keys("r");
        asks(terminal, "Username for https://127.0.0.1", n).keys("bob<enter>");
        asks(terminal, "Password for https://bob@127.0.0.1", n);
        terminal.keys(password).keys("<enter>");
        let shown = terminal.text();
        terminal.until("the console", |s| s.alternate_screen());
        assert!(
            shown.contains("bob") && !shown.contains(password),
            "{shown}"
        );
    };
    answer(&mut terminal, "wr0ng");
    terminal.keys("!").sees("the login was refused");
    terminal.keys("q").sees_no_more("the login was refused");
    answer(&mut terminal, "s3cret");
    terminal.keys("!").sees("has no commits");
    let told = fs::read_to_string(&told).unwrap();
    let (erased, stored) = told.split_once("store\n").unwrap();
    assert!(erased.starts_with("erase\n") && erased.contains("password=wr0ng"));
    assert!(stored.contains("username=bob") && stored.contains("password=s3cret"));
    // Its log and what it keeps say nothing of it.
    for file in ["state/trueup.log", "cache"] {
        let text = fs::read_to_string(place.home.join(file)).unwrap_or_default();
        assert!(
            !text.contains("s3cret") && !text.contains("wr0ng"),
            "{file}"
        );
    }
    terminal.keys("q").sees_no_more("has no commits");
    leave(terminal);
}

#[test]
fn only_what_neither_url_nor_helper_knows_is_asked_for() {
    for (helper, user) in [("[ $1 != get ] || echo username=bob\n", ""), ("", "bob@")] {
        let place = Place::with_ssh(NOT_FOUND);
        let program = place.home.join("helper");
        script(&program, helper);
        let config = format!(
            "[credential]\n\thelper = {}\n[http]\n\tsslVerify = false\n",
            program.display()
        );
        fs::write(place.home.join(".gitconfig"), config).unwrap();
        let port = https::serve("bob", "s3cret");
        let url = format!("https://{user}127.0.0.1:{port}/shop");
        let mut terminal = place.open(&[&url]);
        terminal.sees("1 problem").keys("r");
        asks(&mut terminal, "Password for https://bob@127.0.0.1", 1);
        assert!(!terminal.text().contains("Username"));
        terminal
            .keys("s3cret<enter>")
            .until("the console", |s| s.alternate_screen());
        terminal.keys("!").sees("has no commits");
        terminal.keys("q").sees_no_more("has no commits");
        leave(terminal);
    }
}
