//! https as the transport: timeouts, the proxy and certificates that Git is configured with, and credentials from the
//! user's own helpers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gix::credentials::helper::{Action, Cascade};
use gix::credentials::protocol::{Context, Outcome};
use gix::prompt::Mode;
use gix::protocol::transport::client::blocking_io::http;
use gix::remote::AuthenticateFn;

use crate::domain::{Problem, ProblemKind, Result};

use super::super::trouble::{io_problem, problem};
use super::ssh::Leash;

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

/// Asks the credential helpers that Git is configured with, for the URL that wants credentials: `fetched`, or another
/// one that a redirect led to. Where the terminal is lent (`asking`, whose leash ends the question) and no helper knows,
/// the person at it is asked, as Git does. In the background helpers are told not to ask the user, and nobody else does.
pub(super) fn credentials(
    repo: gix::Repository,
    fetched: gix::Url,
    asking: Option<Arc<Leash>>,
) -> AuthenticateFn<'static> {
    let mut last = None;
    Box::new(move |action| {
        let Action::Get(mut context) = action else {
            // To keep or to forget what was got before.
            return match &mut last {
                Some(cascade) => Cascade::invoke(cascade, action, nobody()),
                None => Ok(None),
            };
        };
        let url = context.url.clone().or_else(|| context.to_url());
        let mut url = gix::url::parse(url.unwrap_or_default().as_slice())?;
        // The transport leaves out whom the URL names.
        if is_same_server(&url, &fetched) && url.user().is_none() && fetched.password().is_none() {
            url.set_user(fetched.user().map(str::to_owned));
        }
        let (mut cascade, stated, prompt) = repo.config_snapshot().credential_helpers(url)?;
        // With that user, or `credential.username`.
        if let Action::Get(stated) = stated
            && context.url.is_some()
        {
            context.url = stated.url;
        }
        if asking.is_none() {
            cascade.programs = cascade.programs.into_iter().map(quiet).collect();
            cascade.stderr = false;
        }
        let helped = cascade.invoke(Action::Get(context.clone()), nobody());
        let outcome = match (helped, &asking) {
            (Err(error), Some(leash)) if error.is_unauthenticated() => {
                match answered(context, &mut cascade, &prompt, leash) {
                    Some(outcome) => Ok(Some(outcome)),
                    None => Err(error),
                }
            }
            (helped, _) => helped,
        };
        last = Some(cascade);
        outcome
    })
}

fn is_same_server(a: &gix::Url, b: &gix::Url) -> bool {
    a.scheme == b.scheme && a.host() == b.host() && a.port_or_default() == b.port_or_default()
}

/// gix is to ask nobody by itself: its question could not be stopped.
fn nobody() -> gix::prompt::Options {
    gix::prompt::Options {
        askpass: None,
        mode: Mode::Disable,
    }
}

/// Asks for what is not known: the program that Git is configured with, else the person at the terminal. A helper may
/// know the user and leave the password to be asked for.
fn answered(
    mut context: Context,
    cascade: &mut Cascade,
    prompt: &gix::prompt::Options,
    leash: &Leash,
) -> Option<Outcome> {
    context
        .destructure_url_in_place(cascade.use_http_path)
        .ok()?;
    if context.username.is_none() {
        context.username = user_of(cascade, context.clone());
    }
    context.url = None;
    context.www_authenticate.clear();
    let ask = |context: &Context, field: &str, hidden: bool| {
        let question = context.to_prompt(field);
        let program = gix::prompt::Options {
            askpass: prompt.askpass.clone(),
            mode: Mode::Disable,
        };
        if let Ok(answer) = gix::prompt::ask(&question, &program) {
            return Some(answer);
        }
        if prompt.mode == Mode::Disable {
            return None;
        }
        super::prompt::ask(&question, hidden, leash.stopped())
    };
    if context.username.is_none() {
        context.username = Some(ask(&context, "Username", false)?);
    }
    if context.password.is_none() {
        context.password = Some(ask(&context, "Password", true)?);
    }
    // Helpers are told line by line: what would not fit one is no answer.
    context.write_to(std::io::sink()).ok()?;
    Some(Outcome {
        identity: gix::sec::identity::Account {
            username: context.username.clone()?,
            password: context.password.clone()?,
            oauth_refresh_token: None,
        },
        next: context.into(),
    })
}

/// Whom the helpers name, where they know no password.
fn user_of(cascade: &mut Cascade, context: Context) -> Option<String> {
    cascade.query_user_only = true;
    let found = cascade.invoke(Action::Get(context), nobody());
    cascade.query_user_only = false;
    let user = found.ok().flatten()?.identity.username;
    (!user.is_empty()).then_some(user)
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
