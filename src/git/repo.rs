//! A repository on this machine, opened for reading.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{CommitId, Problem, ProblemKind, Result, Tree};

use super::object_tree::ObjectTree;
use super::trouble::problem;
use super::worktree::Worktree;

/// A checkout or bare repository, read in place: never written, never fetched into. Cheap to clone. Settings are those
/// of the moment it was opened; references, index and objects are read afresh.
#[derive(Clone)]
pub struct Repo {
    inner: Arc<gix::ThreadSafeRepository>,
    root: PathBuf,
    /// What to call it in Problems.
    name: String,
    is_mirror: bool,
}

impl Repo {
    /// Finds the repository that holds a path, upwards from it as Git does.
    ///
    /// # Errors
    /// There is none, or it cannot be read faithfully.
    pub fn discover(start: &Path) -> Result<Self> {
        if !start.exists() {
            return Err(
                Problem::new(ProblemKind::NotFound, "no such file or directory")
                    .at(start.display().to_string()),
            );
        }
        let dir = if start.is_dir() {
            start
        } else {
            start.parent().unwrap_or(start)
        };
        // `Path::parent` of a bare file name is the empty path.
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        let trust = gix::sec::trust::Mapping {
            full: options(gix::sec::Trust::Full),
            reduced: options(gix::sec::Trust::Reduced),
        };
        gix::ThreadSafeRepository::discover_opts(dir, Default::default(), trust)
            .map_err(|e| not_opened(&e, start))
            .and_then(|inner| Self::new(inner, start))
    }

    /// Opens the repository whose work tree or bare directory this is.
    ///
    /// # Errors
    /// It is none, or it cannot be read faithfully.
    pub fn open(root: &Path) -> Result<Self> {
        gix::ThreadSafeRepository::open_opts(root, options_by_owner(root))
            .map_err(|e| not_opened(&e, root))
            .and_then(|inner| Self::new(inner, root))
    }

    fn new(inner: gix::ThreadSafeRepository, asked: &Path) -> Result<Self> {
        let local = inner.to_thread_local();
        if local
            .config_snapshot()
            .string("extensions.refStorage")
            .is_some_and(|format| !format.eq_ignore_ascii_case(b"files"))
        {
            return Err(unsupported("its references are not kept as files", asked));
        }
        let root = local.workdir().unwrap_or_else(|| local.git_dir());
        let root = root
            .canonicalize()
            .or_else(|_| std::path::absolute(root))
            .unwrap_or_else(|_| root.to_owned());
        Ok(Self {
            inner: Arc::new(inner),
            name: root.display().to_string(),
            root,
            is_mirror: false,
        })
    }

    /// The mirror of a remote, under that one's name: its own path means nothing to anybody.
    pub(super) fn mirror_of(self, name: String) -> Self {
        let is_mirror = true;
        Self {
            name,
            is_mirror,
            ..self
        }
    }

    /// Whether it holds what was fetched of a remote, and nothing else.
    pub(super) fn is_mirror(&self) -> bool {
        self.is_mirror
    }

    /// What to call it in Problems.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// gix's own handle, for one thread.
    pub(super) fn gix(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// The root of the work tree, or the bare directory: absolute, with symbolic links resolved.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is no work tree.
    pub fn is_bare(&self) -> bool {
        self.gix().workdir().is_none()
    }

    /// The URL to fetch the remote `origin` from, after `url.*.insteadOf`. It may carry a password: see
    /// [`super::normalise_url`] and [`crate::domain::source::without_password`].
    pub fn origin(&self) -> Option<String> {
        let repo = self.gix();
        let remote = repo.try_find_remote("origin")?.ok()?;
        Some(
            remote
                .url(gix::remote::Direction::Fetch)?
                .to_bstring()
                .to_string(),
        )
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// No such commit here.
    pub fn tree(&self, commit: &CommitId) -> Result<Arc<dyn Tree>> {
        Ok(Arc::new(ObjectTree::new(self.gix(), commit)?))
    }

    /// The files on disk, whether committed or not.
    ///
    /// # Errors
    /// The repository is bare.
    pub fn worktree(&self) -> Result<Arc<dyn Tree>> {
        if self.is_bare() {
            return Err(Problem::new(
                ProblemKind::Unsupported,
                "a bare repository has no files on disk",
            )
            .at(self.root.display().to_string())
            .hint("Name a branch, tag or commit instead of `worktree`."));
        }
        Ok(Arc::new(Worktree::new(&self.gix(), &self.root)?))
    }

    /// The files and directories in which Git records moves of `HEAD`, of references and of the index. Git replaces
    /// most of them by renaming, so a watcher watches their parents; some may not exist (yet).
    pub fn watch_paths(&self) -> Vec<PathBuf> {
        let repo = self.gix();
        let absolute = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let (own, common) = (absolute(repo.git_dir()), absolute(repo.common_dir()));
        let mut paths = vec![
            own.join("HEAD"),
            own.join("index"),
            common.join("refs"),
            common.join("packed-refs"),
        ];
        if own != common {
            paths.push(own.join("refs"));
        }
        paths
    }
}

/// Packs arrive while we look (the user fetches, `git gc` runs), and each needs a slot.
const MIN_PACK_SLOTS: usize = 256;

fn options(trust: gix::sec::Trust) -> gix::open::Options {
    use gix::sec::trust::DefaultForLevel;
    gix::open::Options::default_for_level(trust).object_store_slots(
        gix::odb::store::init::Slots::AsNeededByDiskState {
            multiplier: 2.0,
            minimum: MIN_PACK_SLOTS,
        },
    )
}

/// Settings of a repository that belongs to someone else are read with less trust, as `discover` does.
fn options_by_owner(root: &Path) -> gix::open::Options {
    let trust = gix::sec::Trust::from_path_ownership(root).unwrap_or(gix::sec::Trust::Reduced);
    options(trust).with(trust)
}

fn unsupported(why: &str, asked: &Path) -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "this Git repository cannot be read",
    )
    .at(asked.display().to_string())
    .because(why)
    .hint("trueup reads repositories with SHA-1 object names and references kept as files.")
}

fn not_opened(error: &gix::Error, asked: &Path) -> Problem {
    let all = super::trouble::texts(error).join("\n").to_lowercase();
    if all.contains("sha256") || all.contains("objectformat") || all.contains("object format") {
        return unsupported("its object names are not SHA-1", asked);
    }
    if all.contains("refstorage") {
        return unsupported("its references are not kept as files", asked);
    }
    let absent = error.is_not_found()
        || all.contains("could not find a git repository")
        || all.contains("not a git repository")
        || all.contains("does not appear to be a git repository");
    if absent {
        return Problem::new(ProblemKind::NotFound, "no Git repository here")
            .at(asked.display().to_string())
            .hint("Go to a checkout, or name one: trueup PATH_OR_URL.");
    }
    problem(error, "cannot open the Git repository").at(asked.display().to_string())
}
