//! What every flow stands on: a namespace and a Git repository of its own, the built binary, and a shared control plane.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde_json::Value;
use trueup::git::fixture::Fixture;

use crate::controlplane::{ControlPlane, kubectl_with};

/// How long anything may take that is waited for. Never reached unless something is broken.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// The control plane of all flows that leave it running. It ends with the test process.
pub fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    CLUSTER.get_or_init(ControlPlane::full)
}

/// One flow's own namespace name, repository and directories.
pub struct Ground {
    /// The namespace: its name is unlike any other's. It is not made here.
    pub ns: String,
    /// The repository.
    pub git: Fixture,
    /// The kubeconfig of its cluster.
    pub kubeconfig: PathBuf,
    dir: tempfile::TempDir,
}

impl Ground {
    /// On the shared control plane.
    pub fn new(name: &str) -> Self {
        Self::on(cluster(), name)
    }

    /// On a control plane of its own.
    pub fn on(cluster: &ControlPlane, name: &str) -> Self {
        static N: AtomicU32 = AtomicU32::new(0);
        let n = N.fetch_add(1, Ordering::Relaxed);
        let dir = tempfile::tempdir().expect("a directory");
        let git = Fixture::init(&dir.path().join("repo")).expect("a repository");
        Self {
            ns: format!("{name}-{n}"),
            git,
            kubeconfig: cluster.kubeconfig(),
            dir,
        }
    }

    /// As [`Ground::new`], with its namespace in the cluster.
    pub fn with_namespace(name: &str) -> Self {
        let ground = Self::new(name);
        ground.kubectl(&["create", "namespace", &ground.ns]);
        ground
    }

    /// A path beside the repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Commits files, with `@NS@` in them as the namespace.
    pub fn commit(&mut self, message: &str, files: &[(&str, &str)]) -> String {
        let filled: Vec<(String, String)> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.replace("@NS@", &self.ns)))
            .collect();
        let files: Vec<(&str, &str)> = filled
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        self.git.commit(message, &files).expect("a commit").0
    }

    /// Commits the removal of files.
    pub fn remove(&mut self, message: &str, paths: &[&str]) -> String {
        for path in paths {
            self.git.remove(path);
        }
        self.commit(message, &[])
    }

    /// kubectl as `admin`; what it prints. Words that are `@NS@` are the namespace.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|a| a.replace("@NS@", &self.ns)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        kubectl_with(&self.kubeconfig, &args)
    }

    /// kubectl in the flow's namespace.
    pub fn k(&self, line: &str) -> String {
        let mut args = vec!["-n", self.ns.as_str()];
        args.extend(line.split_whitespace());
        self.kubectl(&args)
    }

    /// Edits an object by a JSON merge patch.
    pub fn patch(&self, what: &str, patch: &str) {
        let mut args = vec!["-n", self.ns.as_str(), "patch"];
        args.extend(what.split_whitespace());
        args.extend(["--type=merge", "-p", patch]);
        self.kubectl(&args);
    }

    /// kubectl with a manifest on standard input.
    pub fn feed(&self, line: &str, manifest: &str) -> String {
        let file = self.path("fed.yaml");
        std::fs::write(&file, manifest.replace("@NS@", &self.ns)).expect("a file");
        self.k(&format!("{line} -f {}", file.display()))
    }

    /// An object of the cluster.
    pub fn get(&self, what: &str) -> Value {
        let text = self.k(&format!("get {what} -o json --show-managed-fields"));
        serde_json::from_str(&text).expect("JSON")
    }

    /// One field of an object, by JSON pointer.
    pub fn field(&self, what: &str, pointer: &str) -> Value {
        self.get(what).pointer(pointer).cloned().unwrap_or_default()
    }

    /// Whether an object is in the cluster.
    pub fn exists(&self, what: &str) -> bool {
        !self
            .k(&format!("get {what} --ignore-not-found -o name"))
            .trim()
            .is_empty()
    }

    /// The binary, in the repository, with nothing of the machine's own settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command
            .current_dir(self.git.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("TRUEUP_CACHE_DIR", self.path("cache"))
            .env("TRUEUP_STATE_DIR", self.path("state"))
            .args(args.iter().map(|a| a.replace("@NS@", &self.ns)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary with the flow's namespace as destination.
    pub fn trueup(&self, line: &str) -> Ran {
        self.run(&format!("--namespace {} {line}", self.ns))
    }

    /// Runs the binary with these words alone.
    pub fn run(&self, line: &str) -> Ran {
        let args: Vec<&str> = line.split_whitespace().collect();
        let child = self.command(&args).spawn().expect("trueup starts");
        Ran::wait(line, child)
    }

    /// Writes an Application of a directory of the repository, with more of its `spec`; the flag that names it.
    pub fn application(&self, name: &str, path: &str, spec: &str) -> String {
        let file = self.path(&format!("{name}.yaml"));
        let manifest = application(name, &url(self.git.path()), path, &self.ns, spec);
        std::fs::write(&file, manifest).expect("a file");
        format!("--apps {}", file.display())
    }

    /// What `trueup diff -o json` says, each thing as one line: see [`told`].
    pub fn drift(&self, line: &str) -> Vec<String> {
        told(&self.trueup(&format!("diff {line} -o json")).json())
    }
}

/// A process that has ended.
pub struct Ran {
    line: String,
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Waits for the end of a process.
    pub fn wait(line: &str, mut child: Child) -> Self {
        let id = child.id();
        let (done, ended) = std::sync::mpsc::channel::<()>();
        // A hang must become a failure with the words that were said until then.
        let watchdog = std::thread::spawn(move || {
            if ended.recv_timeout(DEADLINE + DEADLINE / 2) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            }
        });
        child.stdin.take();
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("output");
        drop(done);
        let _ = watchdog.join();
        Self {
            line: line.to_owned(),
            code: status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Fails unless it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Fails unless it said this, on either stream.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "nowhere {words:?} in {self}"
        );
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`trueup {}` = {}\n--- out\n{}--- err\n{}",
            self.line, self.code, self.out, self.err
        )
    }
}

/// A diff in lines: `Kind/name: Missing`, `Kind/name path: live -> predicted (cause, managers)`,
/// `Kind/name path foreign: value (manager)`, `Kind/name path overridden: desired -> predicted`.
pub fn told(diff: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    for object in list(&diff["apps"]).iter().flat_map(|a| list(&a["objects"])) {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let name = format!(
            "{}/{}",
            text(&object["key"]["kind"]),
            text(&object["key"]["name"])
        );
        let verdict = text(&object["verdict"]);
        if !matches!(verdict.as_str(), "in-sync" | "drifted") {
            lines.push(format!("{name}: {verdict}"));
        }
        if object["confirmed"] == false {
            lines.push(format!("{name}: not confirmed"));
        }
        let side = |v: &Value| {
            if v.is_null() {
                "-".to_owned()
            } else {
                v.to_string()
            }
        };
        let managers = |v: &Value| {
            let names: Vec<_> = list(v).iter().map(|o| text(&o["manager"])).collect();
            names.join(", ")
        };
        for field in list(&object["fields"])
            .iter()
            .filter(|_| verdict == "drifted")
        {
            lines.push(format!(
                "{name} {}: {} -> {} ({}, {})",
                text(&field["path"]),
                side(&field["live"]),
                side(&field["predicted"]),
                text(&field["cause"]),
                managers(&field["owners"]),
            ));
        }
        for foreign in list(&object["foreign"]) {
            lines.push(format!(
                "{name} {} foreign: {} ({})",
                text(&foreign["path"]),
                foreign["value"],
                text(&foreign["owner"]["manager"]),
            ));
        }
        for field in list(&object["overridden"]) {
            lines.push(format!(
                "{name} {} overridden: {} -> {}",
                text(&field["path"]),
                side(&field["desired"]),
                side(&field["predicted"]),
            ));
        }
    }
    lines
}

/// Waits until something is so.
#[track_caller]
pub fn until<T>(what: &str, mut so: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = so() {
            return value;
        }
        assert!(began.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A `file://` URL of a path.
pub fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// An Application manifest; `spec` is what it has besides, indented by two.
pub fn application(
    name: &str,
    repository: &str,
    path: &str,
    namespace: &str,
    spec: &str,
) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  project: default\n  source: {{repoURL: \"{repository}\", targetRevision: HEAD, path: {path}}}\n  destination: {{name: admin, namespace: {namespace}}}\n{spec}"
    )
}

/// `syncPolicy` with these options.
pub fn sync_options(options: &[&str]) -> String {
    format!("  syncPolicy: {{syncOptions: [{}]}}\n", options.join(", "))
}
