//! The one door through which the environment reaches this room.

use std::path::PathBuf;

/// What the environment says about clusters and proxies. Empty texts count as unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `HTTPS_PROXY`, then `https_proxy`.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY`, then `http_proxy`; for API servers reached by plain HTTP.
    pub http_proxy: Option<String>,
    /// `NO_PROXY`, then `no_proxy`.
    pub no_proxy: Option<String>,
    /// `KUBERNETES_SERVICE_HOST`: set inside a pod.
    pub service_host: Option<String>,
    /// `KUBERNETES_SERVICE_PORT`: set inside a pod.
    pub service_port: Option<String>,
    /// Where a pod's service account is mounted.
    pub service_account: PathBuf,
}

impl Environment {
    /// Reads the process's own environment.
    pub fn of_process() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads an environment through a function.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| get(name))
                .find(|value| !value.is_empty())
        };
        Self {
            https_proxy: first(&["HTTPS_PROXY", "https_proxy"]),
            http_proxy: first(&["HTTP_PROXY", "http_proxy"]),
            no_proxy: first(&["NO_PROXY", "no_proxy"]),
            service_host: first(&["KUBERNETES_SERVICE_HOST"]),
            service_port: first(&["KUBERNETES_SERVICE_PORT"]),
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
        }
    }
}
