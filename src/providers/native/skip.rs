//! Directories that discovery does not enter.

/// Names of directories that hold other people's files or fixtures, with the reason.
const SKIPPED: &[(&str, &str)] = &[
    ("vendor", "vendored code"),
    ("node_modules", "vendored code"),
    ("bower_components", "vendored code"),
    ("third_party", "vendored code"),
    ("testdata", "test fixtures, by Go's convention"),
    ("__pycache__", "compiled code"),
];

/// API groups whose documents configure programs and are not objects of a cluster.
pub const CONFIG_GROUPS: &[&str] = &[
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "backstage.io",
    "client.authentication.k8s.io",
    "config.kubernetes.io",
    "eksctl.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kubescheduler.config.k8s.io",
    "kustomize.config.k8s.io",
    "skaffold",
];

/// Whether a directory is not entered, for its name alone. Hidden ones (`.git`, `.github`, `.terraform`) are among
/// them.
pub fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || SKIPPED.iter().any(|(skipped, _)| *skipped == name)
}

/// Whether a file makes its directory a chart, as Argo CD tells (a name that ends in `Chart.yaml`).
pub fn is_chart(file: &str) -> bool {
    file.ends_with("Chart.yaml")
}
