//! The credentials of a connection: what a request carries, and how that is renewed.
//!
//! kube's own way runs credential plugins in the foreground, with the terminal's stdin and stderr; so tokens are kept
//! here, and kube sees certificates alone.

pub(super) mod exec;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::connection::transport::Endpoint;
use crate::domain::{Clock, Problem, ProblemKind, Result};
use exec::{Credential, Plugin};

/// How often a token file is read again, as client-go does.
const REREAD: SignedDuration = SignedDuration::from_secs(60);
/// How early a credential that will expire is renewed, at most.
const EARLY: SignedDuration = SignedDuration::from_secs(60);
/// How long it is remembered that there is nothing better to be had, so that many waiting requests run a plugin once.
const HOLDS_FOR: Duration = Duration::from_secs(5);

/// Where the secret comes from.
pub(super) enum Source {
    /// It does not change: a token or password, or none. A client certificate is the client's own matter.
    Fixed(Option<HeaderValue>),
    /// A file that somebody renews.
    TokenFile(PathBuf),
    /// A program.
    Exec(Box<Plugin>),
}

/// What one request is sent with.
#[derive(Clone)]
pub(super) struct Grant {
    pub client: kube::Client,
    pub authorization: Option<HeaderValue>,
    /// Counts renewals: a refusal of an older grant is no reason to renew again.
    generation: u64,
}

/// Makes and renews grants; one renewal at a time, however many wait for it.
pub(super) struct Access {
    source: Source,
    /// For rebuilding the client around a new certificate; absent where the client was given.
    config: Option<kube::Config>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    grant: Grant,
    /// When to renew; `None`: never by itself. Starts in the past where a first credential is still to come.
    renew_at: Option<Timestamp>,
    failed: Option<(Instant, Problem)>,
    /// When a credential that was refused came back unchanged: it is not asked for again at once.
    unchanged: Option<Instant>,
}

impl Access {
    pub(super) fn new(
        source: Source,
        client: kube::Client,
        config: Option<kube::Config>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (authorization, renew_at) = match &source {
            Source::Fixed(header) => (header.clone(), None),
            Source::TokenFile(_) | Source::Exec(_) => (None, Some(Timestamp::MIN)),
        };
        let grant = Grant {
            client,
            authorization,
            generation: 0,
        };
        Self {
            source,
            config,
            clock,
            state: Mutex::new(State {
                grant,
                renew_at,
                failed: None,
                unchanged: None,
            }),
        }
    }

    /// Whether a refused credential can be followed by a newer one.
    pub(super) fn is_renewable(&self) -> bool {
        !matches!(self.source, Source::Fixed(_))
    }

    /// Whether a person at a terminal could be asked for a newer credential.
    pub(super) fn may_ask(&self) -> bool {
        matches!(&self.source, Source::Exec(plugin) if plugin.may_ask())
    }

    /// Has the plugin ask the person at the terminal, which is lent to it until `stop` ends. Whoever needs the
    /// credential meanwhile waits.
    ///
    /// # Errors
    /// The plugin gave nothing, or was stopped.
    pub(super) async fn ask(
        &self,
        endpoint: &Endpoint,
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        let Source::Exec(plugin) = &self.source else {
            return Ok(());
        };
        let mut state = self.state.lock().await;
        let credential = plugin.ask(&endpoint.context, stop).await?;
        state.failed = None;
        let now = self.clock.now();
        state.renew_at = credential.expires.map(|at| renewal(now, at));
        self.adopt(&mut state, &credential, endpoint)
    }

    /// What to send the next request with.
    ///
    /// # Errors
    /// A plugin or a token file gave nothing.
    pub(super) async fn grant(&self, endpoint: &Endpoint) -> Result<Grant> {
        let mut state = self.state.lock().await;
        if state.renew_at.is_some_and(|at| self.clock.now() >= at) {
            self.renew(&mut state, endpoint).await?;
        }
        Ok(state.grant.clone())
    }

    /// A newer grant after the server refused `refused` with 401; `None` where there is none to be had.
    pub(super) async fn after_refusal(
        &self,
        refused: &Grant,
        endpoint: &Endpoint,
    ) -> Result<Option<Grant>> {
        if !self.is_renewable() {
            return Ok(None);
        }
        let mut state = self.state.lock().await;
        if state.grant.generation == refused.generation && !self.is_recent(state.unchanged) {
            self.renew(&mut state, endpoint).await?;
            let same = state.grant.generation == refused.generation;
            state.unchanged = same.then(|| self.clock.instant());
        }
        let renewed = state.grant.generation != refused.generation;
        Ok(renewed.then(|| state.grant.clone()))
    }

    fn is_recent(&self, at: Option<Instant>) -> bool {
        at.is_some_and(|at| self.clock.instant().saturating_duration_since(at) < HOLDS_FOR)
    }

    async fn renew(&self, state: &mut State, endpoint: &Endpoint) -> Result<()> {
        if let Some((at, problem)) = &state.failed
            && self.is_recent(Some(*at))
        {
            return Err(problem.clone());
        }
        let now = self.clock.now();
        match self.fetch(now, endpoint).await {
            Ok((credential, renew_at)) => {
                state.failed = None;
                state.renew_at = renew_at;
                self.adopt(state, &credential, endpoint)
            }
            // A token file that is gone for a moment must not break what still works (kubernetes#68164).
            Err(_) if matches!(self.source, Source::TokenFile(_)) && state.grant.generation > 0 => {
                state.renew_at = now.checked_add(REREAD).ok();
                Ok(())
            }
            Err(problem) => {
                state.failed = Some((self.clock.instant(), problem.clone()));
                Err(problem)
            }
        }
    }

    async fn fetch(
        &self,
        now: Timestamp,
        endpoint: &Endpoint,
    ) -> Result<(Credential, Option<Timestamp>)> {
        match &self.source {
            Source::Fixed(_) => Ok((Credential::default(), None)),
            Source::TokenFile(path) => {
                let unusable = |why: &str| {
                    Problem::new(
                        ProblemKind::Unauthenticated,
                        "the token file cannot be read",
                    )
                    .at(&endpoint.context)
                    .because(format!("{}: {why}", path.display()))
                };
                let text = tokio::fs::read_to_string(path).await;
                let text = text.map_err(|error| unusable(&error.to_string()))?;
                // Whoever renews it may have emptied it and not written yet.
                if text.trim().is_empty() {
                    return Err(unusable("it is empty"));
                }
                let credential = Credential {
                    token: Some(text.trim().to_owned()),
                    ..Credential::default()
                };
                Ok((credential, now.checked_add(REREAD).ok()))
            }
            Source::Exec(plugin) => {
                let credential = plugin.run(&endpoint.context).await?;
                let renew_at = credential.expires.map(|at| renewal(now, at));
                Ok((credential, renew_at))
            }
        }
    }

    fn adopt(&self, state: &mut State, credential: &Credential, endpoint: &Endpoint) -> Result<()> {
        let authorization = match &credential.token {
            Some(token) => Some(bearer(token).map_err(|p| p.at(&endpoint.context))?),
            None => None,
        };
        if let (Some((certificate, key)), Some(config)) = (&credential.certificate, &self.config) {
            let mut config = config.clone();
            super::connect::set_identity(&mut config, certificate, key);
            state.grant.client = super::connect::client(config, endpoint)?;
        }
        let same = authorization == state.grant.authorization && credential.certificate.is_none();
        // An unchanged token is no news: sending the same again after a refusal would be refused again.
        if !same || state.grant.generation == 0 {
            state.grant.generation += 1;
        }
        state.grant.authorization = authorization;
        Ok(())
    }
}

/// When to renew what expires at `at`: a minute before, or in the last fifth of a short life.
fn renewal(now: Timestamp, at: Timestamp) -> Timestamp {
    let life = at.duration_since(now);
    let early = (life / 5).clamp(SignedDuration::ZERO, EARLY);
    at.checked_sub(early).unwrap_or(at)
}

/// A bearer token as a header that no log shows.
pub(super) fn bearer(token: &str) -> Result<HeaderValue> {
    secret_header(&format!("Bearer {token}"))
}

/// A header value that no log shows.
pub(super) fn secret_header(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Problem::new(
            ProblemKind::Unauthenticated,
            "the credentials hold characters that cannot be sent",
        )
        .hint("A token is one line of plain letters, digits and punctuation.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
