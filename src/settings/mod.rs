//! The config file and the places of trueup's own files: read, checked with line numbers, and explained.
//!
//! Defaults give way to the file, the file to the environment, the environment to flags. The environment is a map that
//! is passed in; the process is asked only where its user keeps such files. One mistake in the file and nothing of it is
//! used: a guard that was mistyped must not be a guard that is off.

mod check;
pub mod duration;
pub mod effective;
pub mod explain;
mod file;
pub mod pattern;
mod places;
mod schema;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use effective::{Flag, Loaded, load};
pub use places::Places;

/// Environment variables, as the process was given them.
pub type Environment = BTreeMap<String, String>;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Repositories to look at: paths and URLs, with `@revision` or without.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Files and directories of `Application` manifests.
    #[serde(default)]
    pub apps: Vec<PathBuf>,
    /// Which directories go to which cluster and namespace; the first that matches holds.
    #[serde(default)]
    pub bindings: Vec<Binding>,
    /// Contexts given for this call, in order.
    #[serde(default)]
    pub context: Vec<String>,
    /// Namespace of discovered Apps that no binding gives one.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Kubeconfig file in place of `KUBECONFIG` and `~/.kube/config`.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// What may be done in contexts, by name or pattern. Ask [`Settings::mode`].
    #[serde(default)]
    pub contexts: BTreeMap<String, Mode>,
    /// Nothing can be changed anywhere.
    pub read_only: bool,
    /// Keys of the console, by command. The key table knows which commands there are.
    #[serde(default)]
    pub keys: BTreeMap<String, Vec<String>>,
    /// How often and how long.
    pub intervals: Intervals,
    /// When to colour.
    pub color: ColorWhen,
    /// Which marks and lines to draw with.
    pub glyphs: Glyphs,
    /// A tracing filter for the log file.
    pub log: String,
}

impl Settings {
    /// What may be done in a context: what stands for its very name, else the most careful of the patterns that match.
    pub fn mode(&self, context: &str) -> Mode {
        if let Some(mode) = self.contexts.get(context) {
            return *mode;
        }
        self.contexts
            .iter()
            .filter(|(pattern, _)| {
                pattern::is_glob(pattern) && pattern::matches_name(pattern, context)
            })
            .map(|(_, mode)| *mode)
            .max()
            .unwrap_or_default()
    }
}

/// Binds directories of a repository to a cluster and a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Binding {
    /// Path or URL of the repository; `None`: any.
    #[serde(default)]
    pub repository: Option<String>,
    /// Directory, or pattern. See [`pattern::matches_directory`].
    pub directory: String,
    /// Kubeconfig context.
    #[serde(default)]
    pub context: Option<String>,
    /// Namespace.
    #[serde(default)]
    pub namespace: Option<String>,
}

/// What may be done in a context; the more careful is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It may be changed.
    #[default]
    Normal,
    /// Its name is typed before anything is changed.
    Guarded,
    /// Nothing can be changed there.
    ReadOnly,
}

/// How often and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Intervals {
    /// Between two fetches of a remote repository; zero: only when asked.
    #[serde(deserialize_with = "span")]
    pub fetch: Duration,
    /// After which an unchanged object is verified again; zero: only when asked.
    #[serde(deserialize_with = "span")]
    pub verify: Duration,
    /// How long one request to a cluster may take.
    #[serde(deserialize_with = "span")]
    pub request: Duration,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorWhen {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which marks and lines to draw with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Glyphs {
    /// Box drawing and arrows.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    duration::parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
