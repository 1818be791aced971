//! https as the transport: timeouts, the proxy and certificates that Git is configured with, and credentials from the
//! user's own helpers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gix::credentials::helper::Action;
use gix::protocol::transport::client::blocking_io::http;
use gix::remote::AuthenticateFn;

use crate::domain::{Problem, ProblemKind, Result};

use super::super::trouble::{io_problem, problem};

/// A connection that brings nothing for so long is dead. Git servers send a sign of life every few seconds.
const STALL: Duration = Duration::from_secs(60);

/// What the transport is told, from Git's configuration for a URL.
///
/// # Errors
/// A configured certificate or proxy cannot be used.
pub(super) fn options(
    repo: &gix::Repository,
    url: &gix::Url,
    deadline: Option<Duration>,
) -> Result<Box<dyn std::any::Any>> {
    let configured = repo
        .transport_options(url.to_bstring().as_slice(), None)
        .map_err(|e| problem(&e, "Git's configuration for this URL cannot be used"))?;
    let mut options = configured
        .and_then(|found| found.downcast::<http::Options>().ok())
        .map_or_else(http::Options::default, |found| *found);
    let certificates = certificates(&options)?;
    let proxy = proxy(&options)?;
    let verify = options.ssl_verify;
    let stall = deadline.map_or(STALL, |deadline| deadline.min(STALL));
    let configure = move |mut client: reqwest::blocking::ClientBuilder| {
        client = client.timeout(stall);
        for certificate in &certificates {
            client = client.add_root_certificate(certificate.clone());
        }
        if let Some(proxy) = &proxy {
            client = client.proxy(proxy.clone());
        }
        Ok(client.danger_accept_invalid_certs(!verify))
    };
    options.backend = Some(Arc::new(Mutex::new(http::reqwest::Options {
        configure_client: Some(Box::new(configure)),
        configure_request: None,
    })));
    Ok(Box::new(options))
}

fn certificates(options: &http::Options) -> Result<Vec<reqwest::Certificate>> {
    let Some(path) = &options.ssl_ca_info else {
        return Ok(Vec::new());
    };
    let bundle =
        std::fs::read(path).map_err(|e| io_problem(&e, "cannot read http.sslCAInfo", path))?;
    reqwest::Certificate::from_pem_bundle(&bundle).map_err(|e| {
        Problem::new(ProblemKind::Config, "http.sslCAInfo holds no certificates")
            .at(path.display().to_string())
            .because(e.to_string())
    })
}

fn proxy(options: &http::Options) -> Result<Option<reqwest::Proxy>> {
    let Some(url) = options.proxy.as_deref().filter(|url| !url.is_empty()) else {
        return Ok(None);
    };
    let proxy = reqwest::Proxy::all(url).map_err(|e| {
        Problem::new(ProblemKind::Config, "http.proxy is not a URL").because(e.to_string())
    })?;
    let except = options.no_proxy.as_deref().unwrap_or_default();
    Ok(Some(proxy.no_proxy(reqwest::NoProxy::from_string(except))))
}

/// Asks the credential helpers that Git is configured with, for the URL that wants credentials (a redirect may have
/// changed it). In the background they are told not to ask the user, and nobody else does.
pub(super) fn credentials(repo: gix::Repository, interactive: bool) -> AuthenticateFn<'static> {
    let mut last = None;
    Box::new(move |action| {
        if let Action::Get(context) = &action {
            let url = context.url.clone().or_else(|| context.to_url());
            let url = gix::url::parse(url.unwrap_or_default().as_slice())?;
            let (mut cascade, _, mut prompt) = repo.config_snapshot().credential_helpers(url)?;
            if !interactive {
                cascade.programs = cascade.programs.into_iter().map(quiet).collect();
                cascade.stderr = false;
                prompt.askpass = None;
                prompt.mode = gix::prompt::Mode::Disable;
            }
            let outcome = cascade.invoke(action, prompt.clone());
            last = Some((cascade, prompt));
            return outcome;
        }
        // To keep or to forget what was got before.
        match &mut last {
            Some((cascade, prompt)) => cascade.invoke(action, prompt.clone()),
            None => Ok(None),
        }
    })
}

/// A helper that is told, in the ways that the usual ones know, to ask nobody.
fn quiet(program: gix::credentials::Program) -> gix::credentials::Program {
    use gix::credentials::program::Kind;
    const TELL: &str =
        "export GIT_TERMINAL_PROMPT=0 GCM_INTERACTIVE=never GIT_ASKPASS= SSH_ASKPASS=;";
    let script = match &program.kind {
        Kind::ExternalName { name_and_args } => format!("{TELL} git credential-{name_and_args}"),
        Kind::ExternalPath { path_and_args } => format!("{TELL} {path_and_args}"),
        Kind::ExternalShellScript(script) => format!("{TELL} {script}"),
        Kind::Builtin => return program,
    };
    if cfg!(windows) {
        return program;
    }
    gix::credentials::Program::from_kind(Kind::ExternalShellScript(script.into()))
}
