//! What went wrong between here and the API server, said so that a person can act on it.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::domain::{Problem, ProblemKind};

/// Whom a connection talks to, for texts and hints.
#[derive(Clone, Debug, Default)]
pub(in crate::cluster) struct Endpoint {
    /// Name of the context: the place of every Problem.
    pub context: String,
    /// The API server's URL.
    pub server: String,
    /// Name of the kubeconfig's user entry; may be empty.
    pub user: String,
    /// Namespace of the context.
    pub namespace: String,
    /// The proxy in between, without its credentials.
    pub proxy: Option<String>,
    /// How the user proves who they are.
    pub auth: AuthKind,
}

/// How a user of a kubeconfig proves who they are; decides the hint of a 401.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthKind {
    /// Nothing is sent.
    #[default]
    None,
    /// A token written in the kubeconfig.
    Token,
    /// A token in a file, read again as it changes.
    TokenFile,
    /// A client certificate.
    Certificate,
    /// User name and password.
    Basic,
    /// A credential plugin.
    Exec,
    /// OpenID Connect, by the kubeconfig's `auth-provider`.
    Oidc,
}

impl AuthKind {
    /// What to do when the server does not accept it.
    pub(in crate::cluster) fn hint(self) -> &'static str {
        match self {
            Self::None => {
                "The kubeconfig's user has no credentials: add a token, a client certificate or a credential plugin to it."
            }
            Self::Token => {
                "The token in the kubeconfig may have expired or been revoked: fetch a new kubeconfig or token."
            }
            Self::TokenFile => {
                "The token file may hold an expired token: check that whoever writes it still does."
            }
            Self::Certificate => {
                "The client certificate may have expired or come from another authority: fetch a new kubeconfig."
            }
            Self::Basic => {
                "Current API servers accept no passwords: use a token, a certificate or a credential plugin."
            }
            Self::Exec => {
                "The credential plugin's login may be over: log in again with its own command, then refresh."
            }
            Self::Oidc => {
                "The OpenID Connect login may be over: log in again with your provider's command, then refresh."
            }
        }
    }
}

/// No answer within the time allowed.
pub(in crate::cluster) fn timed_out(endpoint: &Endpoint, limit: Duration) -> Problem {
    let problem = Problem::new(
        ProblemKind::Unreachable,
        format!("the API server did not answer within {} s", limit.as_secs()),
    )
    .at(&endpoint.context)
    .hint(format!(
        "Check that {} is reachable from here: a VPN or a firewall may be in the way.",
        endpoint.server
    ));
    through_proxy(endpoint, problem)
}

/// The connection broke in the middle of an answer.
pub(in crate::cluster) fn cut(endpoint: &Endpoint, error: &(dyn Error + 'static)) -> Problem {
    Problem::new(ProblemKind::Unreachable, "the server's answer was cut off")
        .at(&endpoint.context)
        .because(innermost(error))
        .hint("The server may be restarting, or a proxy in between gave up.")
}

/// Whether no connection was made, so that nothing can have been sent.
pub(in crate::cluster) fn is_unconnected(error: &(dyn Error + 'static)) -> bool {
    // hyper's word for it, which is no type that can be named here.
    chain(error)
        .iter()
        .any(|error| error.to_string().starts_with("client error (Connect)"))
}

/// No answer came at all.
pub(in crate::cluster) fn broken(endpoint: &Endpoint, error: &(dyn Error + 'static)) -> Problem {
    if let Some(problem) = tls(endpoint, error) {
        return problem.at(&endpoint.context);
    }
    let reason = innermost(error);
    let io_kind = chain(error)
        .into_iter()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .next_back();
    let texts: Vec<String> = chain(error).iter().map(ToString::to_string).collect();
    let says = |needle: &str| texts.iter().any(|t| t.contains(needle));
    let server = if endpoint.server.is_empty() {
        "the API server"
    } else {
        &endpoint.server
    };
    let problem = |summary: &str| Problem::new(ProblemKind::Unreachable, summary).because(&reason);

    let problem = if says("proxy authorization required") {
        Problem::new(
            ProblemKind::Unauthenticated,
            "the proxy wants a user name and password",
        )
        .hint("Write them into the proxy's URL: http://user:password@host:port.")
    } else if says("tunnel error") || says("SOCKS error") {
        problem("the proxy cannot reach the API server").hint(
            "Check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY in the environment.",
        )
    } else if says("dns error") {
        problem("the API server's name cannot be resolved").hint(format!(
            "Check the name in {server}: a VPN may be needed to resolve it."
        ))
    } else if io_kind == Some(io::ErrorKind::ConnectionRefused) {
        problem("the API server refuses connections").hint(format!(
            "Nothing listens at {server} now: the server may be down or restarting, or the address is wrong."
        ))
    } else if io_kind == Some(io::ErrorKind::TimedOut) || says("deadline has elapsed") {
        problem("the API server cannot be connected to in time").hint(format!(
            "Check that {server} is reachable from here: a VPN or a firewall may be in the way."
        ))
    } else if matches!(
        io_kind,
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable)
    ) {
        problem("there is no route to the API server")
            .hint("Check the network connection of this machine.")
    } else if matches!(
        io_kind,
        Some(
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionAborted
        )
    ) || says("connection closed")
        || says("channel closed")
    {
        problem("the connection to the API server was cut off")
            .hint("The server may be restarting, or a proxy in between gave up.")
    } else if says("invalid HTTP") || says("parse") {
        problem("what answers is not an HTTP server")
            .hint(format!("Check the address {server} in the kubeconfig."))
    } else {
        problem("the API server cannot be reached")
    };
    through_proxy(endpoint, problem.at(&endpoint.context))
}

/// Trouble with TLS and certificates; `None` where the error is about something else.
fn tls(endpoint: &Endpoint, error: &(dyn Error + 'static)) -> Option<Problem> {
    use rustls::Error as Tls;
    let tls = chain(error)
        .into_iter()
        .find_map(|e| e.downcast_ref::<Tls>())?;
    let untrusted = |hint: String| {
        Problem::new(
            ProblemKind::Unreachable,
            "the API server's certificate is not trusted",
        )
        .because(tls.to_string())
        .hint(hint)
    };
    Some(match tls {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => untrusted(
            "Nobody known has signed it: set certificate-authority-data in the kubeconfig to the cluster's own authority, \
             or find out who answers in its place."
                .to_owned(),
        ),
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => untrusted(format!(
            "It was made for another name than the one in {}: correct the address, or set tls-server-name in the kubeconfig.",
            endpoint.server
        )),
        Tls::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => untrusted(
            "It has expired: whoever runs the cluster must renew it. Check this machine's clock, too.".to_owned(),
        ),
        Tls::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => untrusted("It is not valid yet: check this machine's clock.".to_owned()),
        error if is_authority_as_server(error) => untrusted(format!(
            "It is an authority's own (CA:TRUE). It is taken without a proxy, where the certificate-authority of the kubeconfig \
             is that same certificate and it is made for the name in {} (or tls-server-name); otherwise make one for the server.",
            endpoint.server
        )),
        Tls::InvalidCertificate(_) => untrusted(
            "Compare the certificate-authority of the kubeconfig with what the server presents.".to_owned(),
        ),
        Tls::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied),
        ) => Problem::new(
            ProblemKind::Unauthenticated,
            "the server does not accept the client certificate",
        )
        .because(format!("it says {alert:?}"))
        .hint(AuthKind::Certificate.hint()),
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => Problem::new(
            ProblemKind::Unreachable,
            "what answers does not speak TLS",
        )
        .because(tls.to_string())
        .hint(format!(
            "Check the address {}: the port may be one for plain HTTP, or a proxy may answer.",
            endpoint.server
        )),
        _ => Problem::new(ProblemKind::Unreachable, "no secure connection could be made")
            .because(tls.to_string()),
    })
}

/// Whether webpki refuses a certificate because it is an authority's. Its type cannot be named here, its text can.
pub(in crate::cluster) fn is_authority_as_server(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(why))
        if why.to_string() == "CaUsedAsEndEntity")
}

fn through_proxy(endpoint: &Endpoint, problem: Problem) -> Problem {
    match &endpoint.proxy {
        Some(proxy) => problem.because(format!("the way there leads through the proxy {proxy}")),
        None => problem,
    }
}

/// An error and all that are inside it, outermost first. `io::Error` hides what it wraps from `source`.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut at = error;
    loop {
        let wrapped = at
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        match wrapped.or_else(|| at.source()) {
            Some(next) if all.len() < 32 => {
                all.push(next);
                at = next;
            }
            _ => return all,
        }
    }
}

/// The text of the innermost error, which alone says the cause.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
