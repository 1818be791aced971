//! Errors fit to show: what happened, where, why, and what to do.

use std::fmt;

/// What sort of trouble a [`Problem`] is; decides wording, colour and whether waiting may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A setting, argument or file of trueup's own is wrong.
    Config,
    /// A manifest, Application or repository content is wrong.
    Invalid,
    /// Something named does not exist.
    NotFound,
    /// The far end did not answer, answered garbage, or the connection broke. Waiting may help.
    Unreachable,
    /// Who we are was not accepted.
    Unauthenticated,
    /// Who we are is known and may not.
    Forbidden,
    /// Somebody else changed it first, or holds it.
    Conflict,
    /// Understood and refused: trueup or the server cannot do this faithfully.
    Unsupported,
    /// The server looked at it and said no (validation, immutable field, admission).
    Rejected,
    /// Larger or deeper than the limits allow.
    TooLarge,
    /// The local machine failed: disk, permissions, terminal.
    Local,
    /// Stopped on request.
    Cancelled,
    /// A mistake in trueup itself.
    Internal,
}

/// An error fit to show. Text from outside (a server, a file) is kept raw here; whoever displays it passes it through
/// [`super::text::visible`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The sort of trouble.
    pub kind: ProblemKind,
    /// One line, lower case, without a full stop: what could not be done.
    pub summary: String,
    /// What it is about: a file with line, a field, an object, a cluster. May be empty.
    pub place: String,
    /// Why, outermost first, each said once.
    pub causes: Vec<String>,
    /// What a person can do about it, as full sentences.
    pub hints: Vec<String>,
}

impl Problem {
    /// The kubeconfig has no context of this name; these are there. Whoever misses it says so in the same words, so that
    /// it is told once.
    pub fn no_context(name: &str, known: &[&str]) -> Self {
        let summary = format!("the kubeconfig has no context {name}");
        let problem = Self::new(ProblemKind::NotFound, summary);
        match super::near::nearest(name, known.iter().copied()) {
            Some(near) => problem.hint(format!("Did you mean {near}?")),
            None if known.is_empty() => problem,
            None => problem.hint(format!("The contexts are: {}.", known.join(", "))),
        }
    }

    /// Whether one Problem tells what another does: the same in all but the place, which one of them may lack.
    pub fn tells(&self, other: &Self) -> bool {
        let is_there = self.place.is_empty() || self.place == other.place;
        is_there
            && self.kind == other.kind
            && self.summary == other.summary
            && self.causes == other.causes
            && self.hints == other.hints
    }

    /// A problem with nothing but its summary.
    pub fn new(kind: ProblemKind, summary: impl Into<String>) -> Self {
        Self {
            kind,
            summary: summary.into(),
            place: String::new(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Says what it is about.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Adds a cause, below those given already.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds the text of an error and of its sources, each once.
    #[must_use]
    pub fn because_of(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Some crates repeat the source's text in their own.
            if !self.causes.iter().any(|c| c.contains(&text)) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// One line that begins with what it is about: a part of something larger, which is named once.
    pub fn about(&self, part: &str) -> String {
        let rest = self.place.strip_prefix(part);
        match rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' '])) {
            true => self.to_string(),
            false => format!("{part}: {self}"),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    /// One line: place, summary and the innermost cause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.summary)?;
        match self.causes.last() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
