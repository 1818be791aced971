//! A real Kubernetes API server on loopback, started by `tests/controlplane/run` and gone with the test process.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A running control plane. It ends when this is dropped, or when the test process dies.
#[allow(dead_code)]
pub struct ControlPlane {
    child: Child,
    stdin: Option<ChildStdin>,
    dir: PathBuf,
}

impl ControlPlane {
    /// API server and etcd alone: nothing rolls out, nothing is garbage collected.
    pub fn bare() -> Self {
        Self::start(&["--bare"])
    }

    /// With controllers and one fake node: Deployments roll out.
    pub fn full() -> Self {
        Self::start(&[])
    }

    fn start(args: &[&str]) -> Self {
        static N: AtomicU32 = AtomicU32::new(0);
        let n = N.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("trueup-cp-{}-{n}", std::process::id()));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/controlplane/run");
        let mut child = Command::new(script)
            .arg(&dir)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/controlplane/run starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let ready = lines.any(|line| line.is_ok_and(|l| l == "ready"));
        assert!(
            ready,
            "the control plane did not start; see its own message"
        );
        Self { child, stdin, dir }
    }

    /// Kubeconfig with the contexts `admin`, `viewer`, `editor` and `dead`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    /// Runs kubectl as `admin`, and returns what it printed.
    pub fn kubectl(&self, args: &[&str]) -> String {
        kubectl_with(&self.kubeconfig(), args)
    }

    /// Ends the API server at once, as a crash would.
    pub fn kill_apiserver(&self) {
        self.signal_apiserver("-9");
    }

    /// Sends the API server a signal: `-STOP` makes it hang with its connections open, `-CONT` ends that.
    pub fn signal_apiserver(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.dir.join("kube-apiserver.pid")).expect("pid file");
        let sent = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(sent.is_ok_and(|s| s.success()));
    }

    /// Makes etcd forget everything before a revision.
    pub fn compact(&self, revision: &str) {
        use std::io::{Read as _, Write as _};
        let command =
            std::fs::read_to_string(self.dir.join("kube-apiserver.command")).expect("command file");
        let address = command
            .split("--etcd-servers=http://")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
            .expect("an address");
        let body = format!("{{\"revision\":\"{revision}\",\"physical\":true}}");
        let mut stream = std::net::TcpStream::connect(address).expect("etcd");
        write!(
            stream,
            "POST /v3/kv/compaction HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains(" 200 "), "{answer}");
    }

    /// Starts the API server again on the same port with the same data.
    pub fn restart_apiserver(&self) {
        let command =
            std::fs::read_to_string(self.dir.join("kube-apiserver.command")).expect("command file");
        let script = format!(
            "cd {0}; {command} >>kube-apiserver.log 2>&1 </dev/null & echo $! >{0}/kube-apiserver.pid",
            self.dir.display()
        );
        let started = Command::new("setsid")
            .args(["bash", "-c", &script])
            .status();
        assert!(started.is_ok_and(|s| s.success()));
        for _ in 0..240 {
            let ready = Command::new(kubectl())
                .env("KUBECONFIG", self.kubeconfig())
                .args(["get", "--raw", "/readyz"])
                .output();
            if ready.is_ok_and(|o| o.status.success()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
        panic!("the API server did not come back");
    }
}

/// Runs kubectl with a kubeconfig, as its current context, and returns what it printed.
pub fn kubectl_with(kubeconfig: &Path, args: &[&str]) -> String {
    let output = Command::new(kubectl())
        .env("KUBECONFIG", kubeconfig)
        .args(args)
        .output()
        .expect("kubectl runs");
    assert!(
        output.status.success(),
        "kubectl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// kubectl of the assets, else the one on the PATH.
pub fn kubectl() -> PathBuf {
    std::env::var_os("KUBEBUILDER_ASSETS")
        .map(|dir| Path::new(&dir).join("kubectl"))
        .filter(|path| path.exists())
        .unwrap_or_else(|| "kubectl".into())
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // A restarted API server is not among the script's own children.
        if let Ok(pid) = std::fs::read_to_string(self.dir.join("kube-apiserver.pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
