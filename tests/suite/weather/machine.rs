//! A machine of one's own for the built program: no environment but what is given, and its own home.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use trueup::git::fixture::Fixture;

/// A home directory with a repository in it.
pub struct Machine {
    home: tempfile::TempDir,
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

impl Machine {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config.yaml"), "").unwrap();
        std::fs::create_dir(home.path().join("empty")).unwrap();
        Self { home }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Commits files to the repository `shop`, which is made when it is not there.
    pub fn shop(&self, files: &[(&str, &str)]) -> Fixture {
        let mut shop = Fixture::init(&self.path("shop")).unwrap();
        shop.commit("first", files).unwrap();
        shop
    }

    /// Writes the kubeconfig: one context, whose server is this one.
    pub fn cluster(&self, server: &str) -> &Self {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod\n\
             clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
             users: [{{name: u, user: {{token: TOKEN-VALUE}}}}]\n\
             contexts: [{{name: prod, context: {{cluster: c, user: u, namespace: shop}}}}]\n"
        );
        std::fs::write(self.path("kubeconfig"), text).unwrap();
        self
    }

    /// The program, ready to run in a directory of this machine.
    pub fn command(&self, directory: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("TRUEUP_CONFIG", self.path("config.yaml"))
            .env("TRUEUP_CACHE_DIR", self.path("cache"))
            .env("TRUEUP_STATE_DIR", self.path("state"))
            .env("TRUEUP_LOG", "debug")
            .current_dir(self.path(directory))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end in a directory of this machine.
    pub fn run(&self, directory: &str, args: &[&str]) -> Said {
        let output = self.command(directory, args).output().unwrap();
        Said {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// All that the program has written into its own files: log, records, caches.
    pub fn left_behind(&self) -> String {
        fn gather(directory: &Path, text: &mut String) {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    gather(&entry.path(), text);
                } else if let Ok(bytes) = std::fs::read(entry.path()) {
                    text.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
        }
        let mut text = String::new();
        gather(&self.path("state"), &mut text);
        gather(&self.path("cache"), &mut text);
        text
    }
}

impl Said {
    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// That it failed, saying each of these.
    #[track_caller]
    pub fn fails_with(&self, texts: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        let all = self.all();
        for text in texts {
            assert!(all.contains(text), "{text:?} is not in:\n{all}");
        }
        self.sends_nothing_to_the_terminal();
    }

    /// That no control character but the newline is in it.
    #[track_caller]
    pub fn sends_nothing_to_the_terminal(&self) {
        let all = self.all();
        let sent = all.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(sent, None, "{all:?}");
    }
}
