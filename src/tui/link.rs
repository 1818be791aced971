//! The console on a real engine, with the looks and keys that the settings ask for.

use std::sync::Arc;

use crate::domain::{Clock, Problem, ProblemKind, Result};
use crate::engine::{Engine, Report, Request, Snapshot};
use crate::settings::{Glyphs, Settings};

use super::{EngineLink, Keymap, Options};

impl EngineLink for Engine {
    fn send(&self, request: Request) {
        Engine::send(self, request);
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Engine::snapshot(self)
    }

    async fn next_report(&mut self) -> Option<Report> {
        self.report().await
    }
}

impl Options {
    /// The looks that the environment asks for, and over them what the settings say.
    ///
    /// # Errors
    /// A terminal on which nothing can be drawn, keys that the key table cannot take.
    pub fn from_settings(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        // Terminfo's name for one that cannot move its cursor, as within Emacs.
        if variable("TERM").as_deref() == Some("dumb") {
            return Err(
                Problem::new(ProblemKind::Local, "this terminal cannot show the console")
                    .because("TERM is dumb: it can only write one line after the other")
                    .hint("The commands do without: `trueup apps`, `trueup diff` and the others of `trueup --help`."),
            );
        }
        let mut options = Self::from_environment(clock, variable);
        options.keymap = Keymap::with(&settings.keys)?;
        options.ascii |= settings.glyphs == Glyphs::Ascii;
        options.depth = options.depth.with(settings.color);
        Ok(options)
    }
}
