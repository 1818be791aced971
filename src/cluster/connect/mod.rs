//! From a kubeconfig context to a connection: addresses, certificates, proxies, credentials. Nothing is sent yet, and
//! no plugin is run: both happen with the first request.

pub(super) mod environment;
pub(super) mod kubeconfig;
pub(super) mod origin;
mod own_authority;
mod proxy;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, AuthProviderConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use super::access::exec::Plugin;
use super::access::{Access, Source, bearer, secret_header};
use super::connection::backoff::{Jitter, machine_jitter};
use super::connection::transport::{AuthKind, Endpoint};
use super::{Connection, Environment, Kubeconfigs};
use crate::domain::{Clock, Problem, ProblemKind, Result, SystemClock, Value};
use kubeconfig::{AuthProvider, ClusterEntry, Secret, UserEntry};
use origin::Origin;

/// How to connect.
#[derive(Clone)]
pub struct ConnectOptions {
    /// How long a request may take, watches aside.
    pub timeout: Duration,
    /// How long a credential plugin may take.
    pub exec_deadline: Duration,
    /// Proxies.
    pub environment: Environment,
    /// For the expiry of credentials and for latencies.
    pub clock: Arc<dyn Clock>,
    /// For spreading retries.
    pub jitter: Jitter,
}

impl Default for ConnectOptions {
    /// 30 s each, with this process's environment, clock and randomness.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            exec_deadline: Duration::from_secs(30),
            environment: Environment::of_process(),
            clock: Arc::new(SystemClock),
            jitter: machine_jitter(),
        }
    }
}

/// The longest wait for a TCP or TLS connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Connection {
    /// Prepares a connection to a context. Must be called inside a Tokio runtime. A server that cannot be reached, or
    /// a plugin that fails, shows with the first request.
    ///
    /// # Errors
    /// No such context, or one that cannot be used: certificates that cannot be read, an address or a proxy that is
    /// none, a kind of login that is not supported.
    pub async fn open(
        kubeconfigs: &Kubeconfigs,
        context: &str,
        options: &ConnectOptions,
    ) -> Result<Self> {
        let entry = kubeconfigs.entry(context)?;
        let options = options.clone();
        // Files are read, the system's certificates among them: off the async threads.
        let opened = tokio::task::spawn_blocking(move || {
            let place = entry.info.name.clone();
            prepare(entry, &options).map_err(|p| if p.place.is_empty() { p.at(place) } else { p })
        });
        opened.await.map_err(|error| {
            Problem::new(
                ProblemKind::Internal,
                "the connection could not be prepared",
            )
            .because_of(&error)
        })?
    }
}

fn prepare(entry: kubeconfig::Entry, options: &ConnectOptions) -> Result<Connection> {
    // Before the files are used: one that changes meanwhile counts as changed.
    let origin = Origin::of(entry.clone());
    let kubeconfig::Entry {
        info,
        cluster,
        user,
    } = entry;
    let server = server(&cluster)?;
    let mut config = Config::new(server.clone());
    config.default_namespace.clone_from(&info.namespace);
    // Mutations must never be sent twice (docs of kube's RetryPolicy: it retries every verb).
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT.min(options.timeout));
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify;
    config.disable_compression = cluster.disable_compression;
    config.tls_server_name = filled(&cluster.tls_server_name);
    config.root_cert = authority(&cluster)?;
    config.proxy_url = proxy::choose(&server, cluster.proxy_url.as_deref(), &options.environment)?;

    let (source, auth) = credentials(&cluster, &user, &mut config.auth_info, options)?;
    let endpoint = Endpoint {
        server: kubeconfig::shown_server(&info.server),
        context: info.name,
        user: info.user,
        namespace: info.namespace,
        proxy: config.proxy_url.as_ref().map(proxy::shown),
        auth,
    };
    let client = client(config.clone(), &endpoint)?;
    let access = Access::new(source, client, Some(config), options.clock.clone());
    let connection = Connection::assemble(
        endpoint,
        access,
        options.timeout,
        options.clock.clone(),
        options.jitter.clone(),
    );
    Ok(connection.made_from(origin))
}

/// Builds a client around a configuration.
pub(super) fn client(config: Config, endpoint: &Endpoint) -> Result<kube::Client> {
    let made = own_authority::client(&config).unwrap_or_else(|| kube::Client::try_from(config));
    made.map_err(|error| {
        Problem::new(
            ProblemKind::Config,
            "the certificates or headers of the kubeconfig cannot be used",
        )
        .at(&endpoint.context)
        .because_of(&error)
    })
}

/// Puts a client certificate (both texts in PEM) in place of whatever the configuration has.
pub(super) fn set_identity(config: &mut Config, certificate: &str, key: &Secret) {
    config.auth_info.client_certificate = None;
    config.auth_info.client_key = None;
    config.auth_info.client_certificate_data = Some(BASE64.encode(certificate));
    config.auth_info.client_key_data = Some(BASE64.encode(&key.0).into());
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|t| !t.is_empty())
}

fn config_problem(summary: &str, why: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Config, summary).because(why)
}

fn server(cluster: &ClusterEntry) -> Result<Uri> {
    let text = cluster.server.trim();
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let wrong = |why: &str| {
        config_problem(
            "the server's address cannot be used",
            // The kubeconfig's text may hold a password.
            format!("{:?} {why}", kubeconfig::shown_server(text)),
        )
    };
    let uri: Uri = full.parse().map_err(|_| wrong("is not a URL"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong("names no host"));
    }
    if !kubeconfig::has_port(&uri) {
        return Err(wrong("has a port that is no number"));
    }
    match uri.scheme_str() {
        // Nobody below reads a password from it, but every request would be logged with it.
        Some("http" | "https") => kubeconfig::shown_server(&full)
            .parse()
            .map_err(|_| wrong("is not a URL")),
        _ => Err(wrong("is neither http nor https")),
    }
}

/// The certificates that may sign the server's; `None`: those of the system.
fn authority(cluster: &ClusterEntry) -> Result<Option<Vec<Vec<u8>>>> {
    const SUMMARY: &str = "the certificate authority of the kubeconfig cannot be used";
    let pem = if let Some(data) = filled(&cluster.certificate_authority_data) {
        BASE64.decode(data.trim()).map_err(|error| {
            config_problem(SUMMARY, format!("certificate-authority-data: {error}"))
        })?
    } else if let Some(path) = filled(&cluster.certificate_authority) {
        std::fs::read(&path).map_err(|error| config_problem(SUMMARY, format!("{path}: {error}")))?
    } else {
        return Ok(None);
    };
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| config_problem(SUMMARY, format!("{error:?}")))?;
        certificates.push(certificate.to_vec());
    }
    if certificates.is_empty() {
        return Err(config_problem(SUMMARY, "it holds no certificate in PEM"));
    }
    Ok(Some(certificates))
}

/// What proves the user: part of it goes into kube's own configuration (certificates, impersonation, OpenID Connect),
/// the rest is a source of headers. The precedence is client-go's.
fn credentials(
    cluster: &ClusterEntry,
    user: &UserEntry,
    info: &mut AuthInfo,
    options: &ConnectOptions,
) -> Result<(Source, AuthKind)> {
    for path in [&user.client_certificate, &user.client_key] {
        if let Some(path) = filled(path) {
            std::fs::File::open(&path).map_err(|error| {
                config_problem(
                    "the client certificate of the kubeconfig cannot be read",
                    format!("{path}: {error}"),
                )
            })?;
        }
    }
    info.client_certificate = filled(&user.client_certificate);
    info.client_certificate_data = filled(&user.client_certificate_data);
    info.client_key = filled(&user.client_key);
    info.client_key_data = secret(&user.client_key_data).map(|key| key.to_owned().into());
    info.impersonate = filled(&user.impersonate);
    info.impersonate_uid = filled(&user.as_uid);
    info.impersonate_groups.clone_from(&user.as_groups);
    info.impersonate_user_extra = user
        .as_user_extra
        .clone()
        .map(|extra| extra.into_iter().collect());
    if info.impersonate.is_none()
        && (info.impersonate_uid.is_some()
            || info
                .impersonate_groups
                .as_ref()
                .is_some_and(|g| !g.is_empty())
            || info
                .impersonate_user_extra
                .as_ref()
                .is_some_and(|e| !e.is_empty()))
    {
        return Err(config_problem(
            "the user entry of the kubeconfig cannot be used",
            "as-groups, as-uid and as-user-extra need a user in \"as\"",
        ));
    }
    let has_certificate =
        info.client_certificate.is_some() || info.client_certificate_data.is_some();

    if let Some(path) = filled(&user.token_file) {
        return Ok((Source::TokenFile(path.into()), AuthKind::TokenFile));
    }
    if let Some(token) = secret(&user.token) {
        return Ok((Source::Fixed(Some(bearer(token.trim())?)), AuthKind::Token));
    }
    if let Some(name) = filled(&user.username) {
        let pair = BASE64.encode(format!("{name}:{}", secret(&user.password).unwrap_or("")));
        let header = secret_header(&format!("Basic {pair}"))?;
        return Ok((Source::Fixed(Some(header)), AuthKind::Basic));
    }
    if let Some(exec) = &user.exec {
        let told = if exec.provide_cluster_info {
            told_to_plugins(cluster)?
        } else {
            Value::Null
        };
        let plugin = Plugin::new(exec.clone(), told, options.exec_deadline)?;
        return Ok((Source::Exec(Box::new(plugin)), AuthKind::Exec));
    }
    if let Some(provider) = &user.auth_provider {
        info.auth_provider = Some(open_id(provider)?);
        return Ok((Source::Fixed(None), AuthKind::Oidc));
    }
    let kind = if has_certificate {
        AuthKind::Certificate
    } else {
        AuthKind::None
    };
    Ok((Source::Fixed(None), kind))
}

fn secret(text: &Option<Secret>) -> Option<&str> {
    text.as_ref()
        .map(|s| s.0.as_str())
        .filter(|s| !s.is_empty())
}

/// The one built-in provider that is left: Kubernetes removed the others in 1.26.
fn open_id(provider: &AuthProvider) -> Result<AuthProviderConfig> {
    if provider.name != "oidc" {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            "the kubeconfig logs in by a provider that Kubernetes has removed",
        )
        .because(format!("auth-provider {:?}", provider.name))
        .hint(
            "Use the credential plugin (exec) of your cloud instead, as kubectl needs it, too.",
        ));
    }
    let config = provider.config.iter();
    Ok(AuthProviderConfig {
        name: provider.name.clone(),
        config: config.map(|(k, v)| (k.clone(), v.0.clone())).collect(),
        ..AuthProviderConfig::default()
    })
}

/// `spec.cluster` of what a plugin with `provideClusterInfo` gets (client-go `clientauthentication` types).
fn told_to_plugins(cluster: &ClusterEntry) -> Result<Value> {
    let mut told = json!({ "server": cluster.server });
    if cluster.insecure_skip_tls_verify {
        told["insecure-skip-tls-verify"] = true.into();
    }
    if let Some(data) = filled(&cluster.certificate_authority_data) {
        told["certificate-authority-data"] = data.into();
    } else if let Some(path) = filled(&cluster.certificate_authority) {
        let pem = std::fs::read(&path).map_err(|error| {
            config_problem(
                "the certificate authority of the kubeconfig cannot be read",
                format!("{path}: {error}"),
            )
        })?;
        told["certificate-authority-data"] = BASE64.encode(pem).into();
    }
    if let Some(name) = filled(&cluster.tls_server_name) {
        told["tls-server-name"] = name.into();
    }
    if let Some(proxy) = filled(&cluster.proxy_url) {
        told["proxy-url"] = proxy.into();
    }
    let extension = cluster
        .extensions
        .iter()
        .find(|e| e.name == "client.authentication.k8s.io/exec");
    if let Some(extension) = extension {
        told["config"] = extension.extension.clone();
    }
    Ok(told)
}
