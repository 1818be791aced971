//! The user's own ssh as the transport, on a leash: it can be killed, and what it says is kept rather than printed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gix::bstr::ByteSlice;
use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::blocking_io::ssh::{ProgramKind, connect::Options};
use gix::protocol::transport::client::git::{ConnectMode, blocking_io::Connection};
use gix::url::ArgumentSafety;

use crate::domain::{Problem, ProblemKind, Result};

use super::Lent;

/// How long the last words of ssh are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Lines of ssh's own messages that are kept.
const KEPT_LINES: usize = 20;
/// Longer ones are cut.
const MAX_LINE_BYTES: u64 = 4096;

/// What can be stopped about a running fetch, and what was heard of it.
#[derive(Default)]
pub(super) struct Leash {
    stopped: AtomicBool,
    child: Mutex<Option<Child>>,
    said: Mutex<VecDeque<String>>,
    /// Ends when ssh can say nothing more.
    silence: Mutex<Option<Receiver<Infallible>>>,
}

impl Leash {
    /// Stops the fetch: gix at its next look, ssh at once.
    pub(super) fn pull(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.end_child();
    }

    /// What gix looks at.
    pub(super) fn stopped(&self) -> &AtomicBool {
        &self.stopped
    }

    /// What ssh said, as far as it was kept. Its last words may come after the connection has ended: they are waited
    /// for, but not for long, since a shared connection of ssh keeps the line open.
    pub(super) fn said(&self) -> Vec<String> {
        if let Some(silence) = lock(&self.silence).take() {
            let _ = silence.recv_timeout(LAST_WORDS);
        }
        lock(&self.said).iter().cloned().collect()
    }

    /// Ends ssh, which has nothing more to do or is to stop.
    pub(super) fn end_child(&self) {
        if let Some(mut child) = lock(&self.child).take() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn hold(&self, child: Child) {
        *lock(&self.child) = Some(child);
        // The leash may have been pulled while ssh was starting.
        if self.stopped.load(Ordering::SeqCst) {
            self.end_child();
        }
    }

    fn hear(&self, line: String) {
        let mut said = lock(&self.said);
        if said.len() == KEPT_LINES {
            said.pop_front();
        }
        said.push_back(line);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts ssh to a host and has it run the remote's side of a fetch.
///
/// # Errors
/// The address could be taken for an option; there is no ssh.
pub(super) fn connect(
    url: &gix::Url,
    options: &Options,
    lent: Option<&Lent>,
    leash: &Arc<Leash>,
) -> Result<Connection<ChildStdout, ChildStdin>> {
    let mut command = command(url, options, lent.is_some())?;
    tracing::debug!(target: "git", ?command, "starting ssh");
    let mut child = command.spawn().map_err(|e| {
        Problem::new(ProblemKind::Local, "cannot start ssh")
            .because(format!("{}: {e}", options.ssh_command().to_string_lossy()))
            .hint("Install ssh, or name yours in GIT_SSH_COMMAND or core.sshCommand.")
    })?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    leash.hold(child);
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(Problem::new(
            ProblemKind::Internal,
            "ssh was started without pipes",
        ));
    };
    let (listening, silence) = mpsc::channel();
    *lock(&leash.silence) = Some(silence);
    let (listener, lent) = (leash.clone(), lent.cloned());
    std::thread::Builder::new()
        .name("git-ssh".to_owned())
        .spawn(move || {
            listen(stderr, lent.as_ref(), &listener);
            drop(listening);
        })
        .map_err(|e| {
            Problem::new(ProblemKind::Local, "cannot start a thread").because(e.to_string())
        })?;
    Ok(Connection::new(
        stdout,
        stdin,
        Protocol::V2,
        url.path.clone(),
        None::<(String, Option<u16>)>,
        ConnectMode::Process,
        false,
    )
    .custom_url(Some(url.to_bstring())))
}

/// Keeps what ssh says. While the terminal is lent it goes there too: it may ask for a touch of a key.
fn listen(stderr: impl Read, lent: Option<&Lent>, leash: &Leash) {
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        match (&mut stderr)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if lent.is_some_and(Lent::is_out) {
            // The terminal is a courtesy.
            let _ = std::io::stderr().write_all(&line);
        }
        let text = line.trim().to_str_lossy().into_owned();
        if !text.is_empty() {
            leash.hear(text);
        }
    }
}

fn command(url: &gix::Url, options: &Options, interactive: bool) -> Result<Command> {
    let host = destination(url)?;
    let kind = options
        .kind
        .unwrap_or_else(|| kind_of(&options.ssh_command().to_string_lossy()));
    let mut prepared = gix::command::prepare(options.ssh_command())
        .command_may_be_shell_script_allow_manual_argument_splitting()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Its messages are read, in English.
        .env("LANG", "C")
        .env("LC_ALL", "C")
        .env("GIT_PROTOCOL", "version=2");
    if options.disallow_shell {
        prepared.use_shell = false;
    }
    prepared = prepared.args(program_arguments(kind, url.port, interactive)?);
    let path = gix::url::expand_path::for_shell(url.path.clone());
    if path.trim_start().starts_with(b"-") {
        return Err(dangerous("path"));
    }
    let path = gix::quote::single(path.as_ref());
    let remote = format!("git-upload-pack {}", path.to_str_lossy());
    let mut command = Command::try_from(prepared.arg(host).arg(remote))
        .map_err(|e| super::super::trouble::problem(&e, "cannot prepare the ssh command"))?;
    for name in INHERITED_BUT_UNFIT {
        command.env_remove(name);
    }
    if !interactive {
        command.env("SSH_ASKPASS_REQUIRE", "never");
        command.env_remove("SSH_ASKPASS");
        background(&mut command);
    }
    Ok(command)
}

/// Variables that point at the repository in which trueup runs.
const INHERITED_BUT_UNFIT: [&str; 9] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
];

/// A process group of its own: it gets no interrupt meant for trueup, and cannot read the terminal.
#[cfg(unix)]
fn background(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn background(_command: &mut Command) {}

fn destination(url: &gix::Url) -> Result<String> {
    match (url.user_as_argument(), url.host_as_argument()) {
        (ArgumentSafety::Dangerous(_), _) => Err(dangerous("user name")),
        (_, ArgumentSafety::Dangerous(_)) => Err(dangerous("host name")),
        (_, ArgumentSafety::Absent) => {
            Err(Problem::new(ProblemKind::Config, "the URL names no host"))
        }
        (ArgumentSafety::Usable(user), ArgumentSafety::Usable(host)) => {
            Ok(format!("{user}@{host}"))
        }
        (ArgumentSafety::Absent, ArgumentSafety::Usable(host)) => Ok(host.to_owned()),
    }
}

fn dangerous(what: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        format!("the URL's {what} could be taken for an option of ssh"),
    )
}

/// Which program a command runs, by its first word; one that is not known is treated as OpenSSH's.
fn kind_of(command: &str) -> ProgramKind {
    let program = command.split_whitespace().next().unwrap_or_default();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
    match program
        .trim_end_matches(".exe")
        .to_ascii_lowercase()
        .as_str()
    {
        "plink" => ProgramKind::Plink,
        "putty" => ProgramKind::Putty,
        "tortoiseplink" => ProgramKind::TortoisePlink,
        _ => ProgramKind::Ssh,
    }
}

fn program_arguments(
    kind: ProgramKind,
    port: Option<u16>,
    interactive: bool,
) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    match kind {
        ProgramKind::Ssh => {
            arguments.extend(["-o", "SendEnv=GIT_PROTOCOL"].map(str::to_owned));
            if !interactive {
                arguments.extend(["-o", "BatchMode=yes"].map(str::to_owned));
            }
            arguments.extend(port.map(|port| format!("-p{port}")));
        }
        ProgramKind::Plink | ProgramKind::Putty | ProgramKind::TortoisePlink => {
            if !interactive {
                arguments.push("-batch".to_owned());
            }
            if let Some(port) = port {
                arguments.extend(["-P".to_owned(), port.to_string()]);
            }
        }
        ProgramKind::Simple => {
            if port.is_some() {
                return Err(Problem::new(
                    ProblemKind::Config,
                    "the ssh command cannot be given a port (ssh.variant is simple)",
                ));
            }
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::{Options, command, kind_of};
    use gix::protocol::transport::client::blocking_io::ssh::ProgramKind;

    fn arguments(url: &str, interactive: bool) -> Vec<String> {
        let url = gix::url::parse(url).unwrap();
        let command = command(&url, &Options::default(), interactive).unwrap();
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        words.map(|a| a.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_background_fetch_never_asks() {
        let quiet = ["ssh", "-o", "SendEnv=GIT_PROTOCOL", "-o", "BatchMode=yes"];
        let asked = arguments("git@host:org/x.git", false);
        assert_eq!(
            asked,
            [&quiet[..], &["git@host", "git-upload-pack 'org/x.git'"]].concat()
        );
        let asked = arguments("ssh://host:2222/it's", false);
        assert_eq!(
            asked,
            [
                &quiet[..],
                &["-p2222", "host", "git-upload-pack '/it'\\''s'"]
            ]
            .concat()
        );
        assert!(!arguments("git@host:x", true).contains(&"BatchMode=yes".to_owned()));
    }

    #[test]
    fn options_in_disguise_are_refused() {
        for url in ["ssh://-oProxyCommand=x/y", "ssh://-l@host/x", "host:-x"] {
            let Ok(url) = gix::url::parse(url) else {
                continue;
            };
            assert!(
                command(&url, &Options::default(), false).is_err(),
                "{url:?}"
            );
        }
    }

    #[test]
    fn programs_are_known_by_their_first_word() {
        assert_eq!(kind_of("/usr/bin/ssh -i key"), ProgramKind::Ssh);
        assert_eq!(kind_of("C:\\PuTTY\\plink.exe"), ProgramKind::Plink);
        assert_eq!(kind_of("my-wrapper"), ProgramKind::Ssh);
    }
}
