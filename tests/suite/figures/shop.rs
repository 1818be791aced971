//! Many Apps in one Git repository, and `trueup` at work on them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::controlplane::ControlPlane;

/// The namespace that everything lives in.
pub const NAMESPACE: &str = "load";

/// A Git repository with a directory for each App, and places of trueup's own.
pub struct Shop {
    dir: tempfile::TempDir,
}

impl Shop {
    /// `n_apps` directories, each with `n_objects`: two ConfigMaps and two Services for each Deployment.
    pub fn new(n_apps: usize, n_objects: usize) -> Self {
        Self::of(n_apps, n_objects, manifest)
    }

    /// `n_apps` directories, each with `n_objects` that a function makes of their number and name.
    pub fn of(n_apps: usize, n_objects: usize, manifest: impl Fn(usize, &str) -> String) -> Self {
        let shop = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for app in 0..n_apps {
            let dir = shop.files().join(format!("app-{app:03}"));
            fs::create_dir_all(&dir).unwrap();
            for i in 0..n_objects {
                let name = format!("app-{app:03}-{i:02}");
                fs::write(dir.join(format!("{i:02}.yaml")), manifest(i, &name)).unwrap();
            }
        }
        fs::write(shop.dir.path().join("config.yaml"), "{}\n").unwrap();
        git(&shop.files(), &["init", "-q", "-b", "main"]);
        shop.commit("a hundred Apps");
        shop
    }

    /// The checkout.
    pub fn files(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    pub fn commit(&self, message: &str) {
        self.stage();
        self.commit_staged(message);
    }

    pub fn stage(&self) {
        git(&self.files(), &["add", "-A"]);
    }

    pub fn commit_staged(&self, message: &str) {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        git(
            &self.files(),
            &[&identity[..], &["commit", "-q", "-m", message]].concat(),
        );
    }

    /// The environment of a trueup that touches nothing of the user's.
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        let place = |name| self.dir.path().join(name);
        [
            ("TRUEUP_CONFIG", place("config.yaml")),
            ("TRUEUP_CACHE_DIR", place("cache")),
            ("TRUEUP_STATE_DIR", place("state")),
        ]
    }

    /// Runs trueup to its end.
    pub fn trueup(&self, plane: &ControlPlane, args: &[&str]) -> (Output, Duration) {
        let began = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
            .args(args)
            .args(["--namespace", NAMESPACE])
            .current_dir(self.files())
            .env("KUBECONFIG", plane.kubeconfig())
            .envs(self.environment())
            .output()
            .unwrap();
        (output, began.elapsed())
    }

    /// Brings all of it into the cluster, and says how long that took.
    pub fn sync(&self, plane: &ControlPlane) -> Duration {
        plane.kubectl(&["create", "namespace", NAMESPACE]);
        let (output, took) = self.trueup(plane, &["sync", "--all", "--available", "--yes"]);
        let tail = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
        };
        assert!(
            output.status.success(),
            "{}\n{}",
            tail(&output.stdout),
            tail(&output.stderr)
        );
        took
    }
}

/// Requests that the API server has answered so far, its own aside as far as it tells them apart.
pub fn n_requests(plane: &ControlPlane) -> u64 {
    let metrics = plane.kubectl(&["get", "--raw", "/metrics"]);
    metrics
        .lines()
        .filter(|line| line.starts_with("apiserver_request_total{"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum::<f64>() as u64
}

fn manifest(i: usize, name: &str) -> String {
    let mut text = String::new();
    match i % 5 {
        0 | 1 => {
            let _ = write!(
                text,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{team: shop, part: settings}}\ndata:\n  LOG_LEVEL: info\n  REGION: eu-west-1\n  app.properties: |\n    server.port=8080\n    server.name={name}\n    pool.size=16\n    pool.timeout=30s\n",
            );
        }
        2 | 3 => {
            let _ = write!(
                text,
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  labels: {{team: shop}}\nspec:\n  clusterIP: None\n  selector: {{app: {name}}}\n  ports:\n  - {{name: http, port: 80, targetPort: 8080}}\n  - {{name: metrics, port: 9090}}\n",
            );
        }
        _ => {
            let _ = write!(
                text,
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{team: shop}}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}, team: shop}}\n    spec:\n      containers:\n      - name: web\n        image: registry.example.com/shop/{name}:1.8.2\n        ports:\n        - {{name: http, containerPort: 8080}}\n        env:\n        - {{name: LOG_LEVEL, value: info}}\n        - {{name: REGION, value: eu-west-1}}\n        resources:\n          requests: {{cpu: 100m, memory: 128Mi}}\n          limits: {{memory: 256Mi}}\n        readinessProbe:\n          httpGet: {{path: /ready, port: http}}\n      - name: proxy\n        image: registry.example.com/proxy:3.1\n        args: [--listen, ':9090']\n",
            );
        }
    }
    text
}

fn git(dir: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(args)
        .current_dir(dir)
        .status()
        .expect("git runs");
    assert!(done.success(), "git {args:?}");
}
