//! Where trueup keeps its own files.

use std::path::PathBuf;

use crate::domain::{Problem, ProblemKind, Result};

use super::Environment;

/// Where trueup keeps its own files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The config file.
    pub config_file: PathBuf,
    /// Whether the config file was named by a flag or variable, so that it must exist.
    pub config_named: bool,
    /// Mirrors of repositories and other things that can be made again.
    pub cache_dir: PathBuf,
    /// What is remembered between calls, and the log.
    pub state_dir: PathBuf,
    /// The log file.
    pub log_file: PathBuf,
    /// The user's home directory, for `~` in paths.
    pub home: Option<PathBuf>,
}

impl Places {
    /// Finds the places: as the platform has them, or where `--config`, `TRUEUP_CONFIG`, `TRUEUP_CACHE_DIR` and
    /// `TRUEUP_STATE_DIR` say.
    ///
    /// # Errors
    /// There is no home directory and not all places are named.
    pub fn find(environment: &Environment, config_flag: Option<PathBuf>) -> Result<Self> {
        let variable = |name: &str| {
            environment
                .get(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        let named = config_flag.or_else(|| variable("TRUEUP_CONFIG"));
        let config_named = named.is_some();
        let dirs = directories::ProjectDirs::from("", "", "trueup");
        let place = |named: Option<PathBuf>, own: Option<PathBuf>, name: &str| {
            named.or(own).ok_or_else(|| {
                Problem::new(ProblemKind::Local, "there is no home directory")
                    .hint(format!("Set HOME, or {name}."))
            })
        };
        let config_file = place(
            named,
            dirs.as_ref().map(|d| d.config_dir().join("config.yaml")),
            "TRUEUP_CONFIG",
        )?;
        let cache_dir = place(
            variable("TRUEUP_CACHE_DIR"),
            dirs.as_ref().map(|d| d.cache_dir().to_owned()),
            "TRUEUP_CACHE_DIR",
        )?;
        let state_dir = place(
            variable("TRUEUP_STATE_DIR"),
            dirs.as_ref()
                .map(|d| d.state_dir().unwrap_or(d.data_local_dir()).to_owned()),
            "TRUEUP_STATE_DIR",
        )?;
        Ok(Self {
            config_file,
            config_named,
            cache_dir,
            log_file: state_dir.join("trueup.log"),
            state_dir,
            home: directories::BaseDirs::new().map(|d| d.home_dir().to_owned()),
        })
    }
}
