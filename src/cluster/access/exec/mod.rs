//! Credential plugins: programs named in a kubeconfig that print a token or a certificate.
//!
//! They run off the screen: no stdin, stderr captured, a process group of their own, and a deadline after which the
//! whole group is ended. What they print is never logged; of stderr the last line goes into the Problem. Only while the
//! terminal is lent to one ([`Plugin::ask`]) has it stdin and stderr, and the time that a person takes.

mod group;
#[cfg(test)]
mod tests;

pub use group::end_plugins;

use std::future::Future;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::cluster::connect::kubeconfig::{ExecEntry, InteractiveMode, Secret};
use crate::domain::{Problem, ProblemKind, Result, Value};
use group::Running;

/// The versions of the protocol (KEP-541); the plugin must answer in the one that it was asked in.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];
/// More than any credential; a plugin that prints more is broken.
const MAX_STDOUT: u64 = 1 << 20;
const MAX_STDERR: usize = 64 << 10;

/// A plugin, ready to run.
pub(in crate::cluster) struct Plugin {
    entry: ExecEntry,
    cluster: Value,
    deadline: Duration,
}

/// What a plugin gave.
#[derive(Default)]
pub(in crate::cluster) struct Credential {
    pub token: Option<String>,
    /// Certificate chain and key, both in PEM.
    pub certificate: Option<(String, Secret)>,
    pub expires: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    api_version: String,
    kind: String,
    status: Option<AnswerStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AnswerStatus {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Plugin {
    /// Checks an entry. `cluster` is what a plugin with `provideClusterInfo` is told.
    ///
    /// # Errors
    /// An entry that kubectl would refuse as well.
    pub(in crate::cluster) fn new(
        entry: ExecEntry,
        cluster: Value,
        deadline: Duration,
    ) -> Result<Self> {
        let version = entry.api_version.as_str();
        if entry.command.is_empty() {
            return Err(config("the credential plugin has no command"));
        }
        if !VERSIONS.contains(&version) {
            return Err(config(
                "the credential plugin speaks a version of the protocol that is not known",
            )
            .because(format!("apiVersion is {version:?}"))
            .hint(format!("Set exec.apiVersion to {}.", VERSIONS[0])));
        }
        Ok(Self {
            entry,
            cluster,
            deadline,
        })
    }

    /// Whether it may use a terminal, where there is one (client-go's `interactiveMode`; without one it is
    /// `IfAvailable`).
    pub(in crate::cluster) fn may_ask(&self) -> bool {
        self.entry.interactive_mode != Some(InteractiveMode::Never)
    }

    /// Runs it once, without a terminal.
    ///
    /// # Errors
    /// It gave nothing, or cannot do without a terminal.
    pub(in crate::cluster) async fn run(&self, context: &str) -> Result<Credential> {
        if self.entry.interactive_mode == Some(InteractiveMode::Always) {
            let problem = failed(format!(
                "the credential plugin {} wants a terminal",
                self.entry.command
            ));
            return Err(self.described(problem.because("its interactiveMode is Always"), context));
        }
        let result = self.attempt().await;
        result.map_err(|problem| self.described(problem, context))
    }

    /// Runs it once with the terminal of this process, which is lent to it until `stop` ends.
    ///
    /// # Errors
    /// It gave nothing, or was stopped.
    pub(in crate::cluster) async fn ask(
        &self,
        context: &str,
        stop: impl Future<Output = ()>,
    ) -> Result<Credential> {
        let result = self.attempt_at_terminal(stop).await;
        result.map_err(|problem| self.described(problem, context))
    }

    fn described(&self, problem: Problem, context: &str) -> Problem {
        let problem = problem.at(context);
        match self.entry.install_hint.trim() {
            "" => problem,
            hint => problem.hint(hint),
        }
    }

    fn start(&self, interactive: bool) -> Result<Running> {
        let name = &self.entry.command;
        Running::start(self.command(interactive), !interactive).map_err(|error| {
            config(&format!("the credential plugin {name} cannot be started"))
                .because(error.to_string())
        })
    }

    async fn attempt_at_terminal(&self, stop: impl Future<Output = ()>) -> Result<Credential> {
        let mut running = self.start(true)?;
        let out = running.child.stdout.take();
        let stdout = {
            let work = all(out);
            tokio::select! {
                stdout = work => Some(stdout),
                () = stop => None,
            }
        };
        let Some(stdout) = stdout.filter(|out| (out.len() as u64) < MAX_STDOUT) else {
            // It shares the terminal's interrupt, and may have ended by itself.
            running.end().await;
            return Err(Problem::new(
                ProblemKind::Cancelled,
                "the credential plugin was stopped",
            ));
        };
        let status = running.ended().await;
        self.finished(status, &stdout, &[])
    }

    async fn attempt(&self) -> Result<Credential> {
        let name = &self.entry.command;
        let mut running = self.start(false)?;
        let mut stderr = Vec::new();
        let finished = {
            let (out, err) = (running.child.stdout.take(), running.child.stderr.take());
            let work = async {
                let (out, ()) = tokio::join!(all(out), tail(err, &mut stderr));
                (out, running.ended().await)
            };
            tokio::time::timeout(self.deadline, work).await
        };
        let Ok((stdout, status)) = finished else {
            running.end().await;
            return Err(said(
                failed(format!(
                    "the credential plugin {name} did not finish within {} s",
                    self.deadline.as_secs()
                )),
                &stderr,
            )
            .hint(format!(
                "It may be waiting for an answer or a browser: run it in another terminal to log in ({}).",
                self.shown()
            )));
        };
        if stdout.len() as u64 >= MAX_STDOUT {
            running.end().await;
            return Err(failed(format!(
                "the credential plugin {name} did not print a credential"
            ))
            .because("it printed far more than one"));
        }
        self.finished(status, &stdout, &stderr)
    }

    fn finished(
        &self,
        status: std::io::Result<ExitStatus>,
        stdout: &[u8],
        stderr: &[u8],
    ) -> Result<Credential> {
        let name = &self.entry.command;
        let status =
            status.map_err(|error| failed("the credential plugin was lost").because_of(&error))?;
        if !status.success() {
            return Err(said(
                failed(format!("the credential plugin {name} failed")).because(ended(status)),
                stderr,
            )
            .hint(format!(
                "Run it in another terminal to see more: {}",
                self.shown()
            )));
        }
        self.read(stdout).map_err(|problem| said(problem, stderr))
    }

    /// `KUBERNETES_EXEC_INFO`.
    fn info(&self, interactive: bool) -> Value {
        let mut spec = json!({ "interactive": interactive });
        if self.entry.provide_cluster_info {
            spec["cluster"] = self.cluster.clone();
        }
        json!({ "apiVersion": self.entry.api_version, "kind": "ExecCredential", "spec": spec })
    }

    fn command(&self, interactive: bool) -> Command {
        let mut command = Command::new(&self.entry.command);
        command
            .args(&self.entry.args)
            .envs(self.entry.env.iter().map(|e| (&e.name, &e.value)))
            .env("KUBERNETES_EXEC_INFO", self.info(interactive).to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if interactive {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
            return command;
        }
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        // In a group of its own, so that what it started ends with it, and so that it cannot read the terminal.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    /// The command line, for a person to try; arguments can hold secrets, so only the program and its first word.
    fn shown(&self) -> String {
        match self.entry.args.first() {
            Some(first) if !first.starts_with('-') => format!("{} {first}", self.entry.command),
            _ => self.entry.command.clone(),
        }
    }

    fn read(&self, stdout: &[u8]) -> Result<Credential> {
        let name = &self.entry.command;
        let garbage = |why: &str| {
            failed(format!(
                "the credential plugin {name} did not print a credential"
            ))
            .because(why)
        };
        if stdout.trim_ascii().is_empty() {
            return Err(garbage("it printed nothing"));
        }
        // client-go's decoder takes YAML as well. Neither parser's error is told: it can quote the token.
        let answer: Answer = serde_json::from_slice(stdout)
            .ok()
            .or_else(|| serde_yaml::from_slice(stdout).ok())
            .ok_or_else(|| garbage("its output is not an ExecCredential"))?;
        if answer.kind != "ExecCredential" {
            return Err(garbage("the kind of its output is not ExecCredential"));
        }
        if answer.api_version != self.entry.api_version {
            return Err(
                garbage("its output has another version than it was asked for").because(format!(
                    "the kubeconfig asks for {}, the plugin answers in {:?}",
                    self.entry.api_version, answer.api_version
                )),
            );
        }
        let status = answer
            .status
            .ok_or_else(|| garbage("its output has no status"))?;
        let expires = match &status.expiration_timestamp {
            Some(text) => Some(
                text.parse()
                    .map_err(|_| garbage("expirationTimestamp is not a time"))?,
            ),
            None => None,
        };
        let filled = |text: Option<String>| text.filter(|t| !t.is_empty());
        let token = filled(status.token);
        let certificate = match (
            filled(status.client_certificate_data),
            filled(status.client_key_data),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, Secret(key))),
            (None, None) => None,
            _ => return Err(garbage("it gave a certificate or a key, but not both")),
        };
        if token.is_none() && certificate.is_none() {
            return Err(garbage("it gave neither token nor certificate"));
        }
        Ok(Credential {
            token,
            certificate,
            expires,
        })
    }
}

fn config(summary: &str) -> Problem {
    Problem::new(ProblemKind::Config, summary)
}

fn failed(summary: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, summary)
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with exit code {code}"),
        None => "a signal ended it".to_owned(),
    }
}

/// Adds the last line of stderr, without what looks like a secret: a plugin may print one on its way.
fn said(problem: Problem, stderr: &[u8]) -> Problem {
    let text = String::from_utf8_lossy(stderr);
    match text.lines().rfind(|l| !l.trim().is_empty()) {
        Some(line) => problem.because(without_secrets(line)),
        None => problem,
    }
}

/// Names after which a secret stands.
const SECRET_NAMES: [&str; 9] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "key",
    "credential",
    "bearer",
    "auth",
    "cookie",
];
/// A word that is as long as this, with letters and digits, is no word.
const SECRET_LENGTH: usize = 20;

/// The line with every word masked that follows a telling name (`token=...`, `Bearer ...`, `"password": "..."`), that
/// looks like a token, or that stands in a URL before `@`.
fn without_secrets(line: &str) -> String {
    let mut out = String::new();
    let mut is_next = false;
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let lower = bare.to_lowercase();
        let named = SECRET_NAMES
            .iter()
            .filter_map(|name| Some(lower.find(name)? + name.len()))
            .min();
        // Case folding can move places in text that is not ASCII.
        let value = named.filter(|_| lower.is_ascii()).and_then(|from| {
            let at = bare.get(from..)?.find(['=', ':'])? + from + 1;
            Some((at, bare.get(at..)?.trim_matches(['"', '\'']).is_empty()))
        });
        let looks = bare
            .split(|c: char| !(c.is_ascii_alphanumeric() || "-_.+/=~".contains(c)))
            .any(|part| {
                part.len() >= SECRET_LENGTH
                    && part.contains(|c: char| c.is_ascii_digit())
                    && part.contains(|c: char| c.is_ascii_alphabetic())
            });
        let in_url = bare.contains("://") && bare.contains('@');
        match value {
            _ if is_next || looks || in_url => out.push_str("++++++++"),
            Some((at, false)) => {
                out.push_str(&bare[..at]);
                out.push_str("++++++++");
            }
            _ => out.push_str(bare),
        }
        is_next = matches!(value, Some((_, true)))
            || lower.ends_with("bearer")
            || lower.ends_with("basic");
        out.push_str(&word[bare.len()..]);
    }
    out
}

async fn all(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A read error ends the text; what is missing shows when it is parsed.
        let _ = pipe.take(MAX_STDOUT).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Reads to the end, keeping the last of it.
async fn tail(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = pipe.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..n]);
        if kept.len() > MAX_STDERR {
            kept.drain(..kept.len() - MAX_STDERR / 2);
        }
    }
}
