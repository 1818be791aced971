//! The console on a real engine, with the looks and keys that the settings ask for.

use std::sync::Arc;

use crate::domain::{Clock, Result};
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
    /// Keys that the key table cannot take.
    pub fn from_settings(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut options = Self::from_environment(clock, variable);
        options.keymap = Keymap::with(&settings.keys)?;
        options.ascii |= settings.glyphs == Glyphs::Ascii;
        options.depth = options.depth.with(settings.color);
        Ok(options)
    }
}
