//! A body that comes in pieces, cut into lines.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;

/// The largest line: more than any object that etcd takes, by far.
const MAX_LINE: usize = 64 << 20;

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A whole line, without its end.
    Text(Vec<u8>),
    /// The body ended or was cut off; a line that was begun is lost.
    End,
    /// A line larger than [`MAX_LINE`].
    TooLong,
    /// Nothing came for a while, not even a part of a line.
    Silent,
}

/// Reads lines from a body.
pub(super) struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Where the next line starts in `buffer`.
    start: usize,
    /// Up to where no line end was found.
    seen: usize,
}

impl Lines {
    pub fn new(body: Body) -> Self {
        Self {
            body,
            buffer: Vec::new(),
            start: 0,
            seen: 0,
        }
    }

    /// The next line that is not empty. `count` is told of the bytes that arrive, `idle` is how long nothing may. Nothing
    /// is lost when the future is dropped.
    pub async fn next(&mut self, idle: Duration, count: impl Fn(usize)) -> Line {
        loop {
            if let Some(line) = self.split() {
                if line.is_empty() {
                    continue;
                }
                return Line::Text(line);
            }
            if self.buffer.len() > MAX_LINE {
                return Line::TooLong;
            }
            let Ok(frame) = tokio::time::timeout(idle, self.body.frame()).await else {
                return Line::Silent;
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        count(data.len());
                        self.buffer.extend_from_slice(data);
                    }
                }
                // Servers, proxies and networks end watches as they like; what matters is told by the next request.
                Some(Err(_)) | None => return Line::End,
            }
        }
    }

    fn split(&mut self) -> Option<Vec<u8>> {
        match self.buffer[self.seen..].iter().position(|&b| b == b'\n') {
            Some(at) => {
                let end = self.seen + at;
                let line = self.buffer[self.start..end].trim_ascii().to_vec();
                self.start = end + 1;
                self.seen = self.start;
                Some(line)
            }
            None => {
                self.buffer.drain(..self.start);
                self.start = 0;
                self.seen = self.buffer.len();
                // A burst must not hold its memory for ever.
                if self.buffer.is_empty() && self.buffer.capacity() > 1 << 20 {
                    self.buffer = Vec::new();
                }
                None
            }
        }
    }
}
