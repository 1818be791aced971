//! A server that plays prepared answers in order, in this process, for tests.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use kube::client::Body;

use super::Connection;
use super::access::{Access, Source};
use super::connection::transport::Endpoint;
use crate::domain::{Clock, SystemClock};

/// One piece of a body.
#[derive(Clone)]
pub enum Piece {
    Data(String),
    /// The connection breaks.
    Cut,
    /// Nothing comes any more.
    Silence,
    /// What follows comes so much later.
    Later(Duration),
}

/// One prepared answer.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    pieces: Vec<Piece>,
    /// No answer at all, but this error.
    error: Option<io::ErrorKind>,
    hangs: bool,
}

pub fn answer(status: u16, body: impl Into<String>) -> Answer {
    pieces(status, vec![Piece::Data(body.into())])
}

pub fn pieces(status: u16, pieces: Vec<Piece>) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        pieces,
        error: None,
        hangs: false,
    }
}

pub fn hangs() -> Answer {
    Answer {
        hangs: true,
        ..answer(0, "")
    }
}

pub fn fails(kind: io::ErrorKind) -> Answer {
    Answer {
        error: Some(kind),
        ..answer(0, "")
    }
}

impl Answer {
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What was asked of the server.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<(String, String)>>>);

impl Asked {
    /// Path and query of each request so far.
    pub fn paths(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        seen.iter().map(|s| s.0.clone()).collect()
    }

    /// The `Authorization` of each request so far.
    pub fn credentials(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        seen.iter().map(|s| s.1.clone()).collect()
    }
}

/// A connection to a server that gives these answers, one a request, and after the last hangs.
pub fn connection(answers: Vec<Answer>) -> (Connection, Asked) {
    connection_as(Source::Fixed(None), Arc::new(SystemClock), answers)
}

/// [`connection`] with credentials.
pub(super) fn connection_as(
    source: Source,
    clock: Arc<dyn Clock>,
    answers: Vec<Answer>,
) -> (Connection, Asked) {
    let asked = Asked::default();
    let seen = asked.clone();
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let service = tower::service_fn(move |request: Request<Body>| {
        let path = request.uri().path_and_query().unwrap().to_string();
        let authorization = request.headers().get("authorization");
        let authorization = authorization.map_or("", |value| value.to_str().unwrap());
        let seen = &mut seen.0.lock().unwrap();
        seen.push((path, authorization.to_owned()));
        let answer = answers.lock().unwrap().pop_front().unwrap_or_else(hangs);
        play(answer)
    });
    let client = kube::Client::new(service, "default");
    (over(client, source, clock, Duration::from_secs(30)), asked)
}

/// A connection through a client of one's own.
pub(super) fn over(
    client: kube::Client,
    source: Source,
    clock: Arc<dyn Clock>,
    timeout: Duration,
) -> Connection {
    let endpoint = Endpoint {
        context: "prod".to_owned(),
        server: "https://api.example".to_owned(),
        ..Endpoint::default()
    };
    let access = Access::new(source, client, None, clock.clone());
    // Without spread, so that waits are what they say.
    Connection::assemble(endpoint, access, timeout, clock, Arc::new(|| 1.0))
}

async fn play(
    answer: Answer,
) -> Result<Response<impl http_body::Body<Data = Bytes, Error = io::Error>>, io::Error> {
    if answer.hangs {
        std::future::pending::<()>().await;
    }
    if let Some(kind) = answer.error {
        return Err(kind.into());
    }
    let stream = futures::stream::unfold(VecDeque::from(answer.pieces), |mut rest| async move {
        loop {
            let item = match rest.pop_front()? {
                Piece::Data(text) => Ok(Frame::data(Bytes::from(text))),
                Piece::Cut => Err(io::ErrorKind::UnexpectedEof.into()),
                Piece::Silence => std::future::pending().await,
                Piece::Later(time) => {
                    tokio::time::sleep(time).await;
                    continue;
                }
            };
            return Some((item, rest));
        }
    });
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    Ok(response
        .body(StreamBody::new(stream).boxed_unsync())
        .unwrap())
}
