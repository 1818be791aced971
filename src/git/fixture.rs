//! Makes repositories: for tests, and for showing the program without one's own. Commits get fixed authors and times,
//! so that the same steps give the same ids. Needs no `git`; reads no settings of the user.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gix::objs::tree::EntryKind as Mode;
use gix::refs::transaction::PreviousValue;

use crate::domain::{CommitId, Problem, ProblemKind, Result};

use super::revision::{commit_id, object_id};
use super::trouble::{io_problem, problem};

/// When the first commit is made: 2026-01-01, in seconds since 1970. Each further one comes a minute later.
const EPOCH: i64 = 1_767_225_600;
const MINUTE: i64 = 60;

/// A repository under construction: what is written is staged, [`Fixture::commit`] commits it to the current branch
/// and, with a work tree, puts it on disk too.
pub struct Fixture {
    repo: gix::Repository,
    path: PathBuf,
    /// What the next commit holds, by path.
    staged: BTreeMap<String, (Mode, gix::ObjectId)>,
    author: String,
    now: i64,
}

impl Fixture {
    /// An empty repository with a work tree, on the unborn branch `main`.
    ///
    /// # Errors
    /// The directory cannot be written, or is a repository already.
    pub fn init(dir: &Path) -> Result<Self> {
        Self::create(dir, gix::create::Kind::WithWorktree)
    }

    /// An empty bare repository, on the unborn branch `main`.
    ///
    /// # Errors
    /// The directory cannot be written, or is not empty.
    pub fn init_bare(dir: &Path) -> Result<Self> {
        Self::create(dir, gix::create::Kind::Bare)
    }

    fn create(dir: &Path, kind: gix::create::Kind) -> Result<Self> {
        let failed =
            |e: gix::Error| problem(&e, "cannot make a repository").at(dir.display().to_string());
        fs::create_dir_all(dir).map_err(|e| io_problem(&e, "cannot make a directory", dir))?;
        let isolated = gix::open::Options::isolated();
        let options = isolated.config_overrides(["init.defaultBranch=main"]);
        let repo = gix::ThreadSafeRepository::init_opts(dir, kind, Default::default(), options)
            .map_err(failed)?;
        let mut repo = repo.to_thread_local();
        repo.committer_or_set_generic_fallback().map_err(failed)?;
        Ok(Self {
            repo,
            path: dir.to_owned(),
            staged: BTreeMap::new(),
            author: "Ada".to_owned(),
            now: EPOCH,
        })
    }

    /// The work tree, or the bare directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who makes the commits from now on; Ada until then.
    pub fn author(&mut self, name: &str) -> &mut Self {
        self.author = name.to_owned();
        self
    }

    /// When the next commit is made, in seconds since 1970; further ones come a minute later each.
    pub fn at(&mut self, seconds: i64) -> &mut Self {
        self.now = seconds;
        self
    }

    /// Stages a file.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn write(&mut self, path: &str, content: impl AsRef<[u8]>) -> Result<&mut Self> {
        self.stage(path, Mode::Blob, content.as_ref())
    }

    /// Stages a symbolic link.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn link(&mut self, path: &str, target: &str) -> Result<&mut Self> {
        self.stage(path, Mode::Link, target.as_bytes())
    }

    /// Stages a submodule at some commit of another repository, without a `.gitmodules` for it.
    ///
    /// # Errors
    /// The id is none.
    pub fn submodule(&mut self, path: &str, at: &CommitId) -> Result<&mut Self> {
        let id = object_id(&self.repo, at)?;
        self.staged.insert(path.to_owned(), (Mode::Commit, id));
        Ok(self)
    }

    /// Stages the removal of a file, link or submodule.
    pub fn remove(&mut self, path: &str) -> &mut Self {
        self.staged.remove(path);
        self
    }

    fn stage(&mut self, path: &str, mode: Mode, content: &[u8]) -> Result<&mut Self> {
        let id = self
            .repo
            .write_blob(content)
            .map_err(|e| problem(&e, "cannot write a file").at(path.to_owned()))?
            .detach();
        self.staged.insert(path.to_owned(), (mode, id));
        Ok(self)
    }

    /// Stages files by path and content, and commits all that is staged to the current branch.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn commit(&mut self, message: &str, files: &[(&str, &str)]) -> Result<CommitId> {
        self.commit_with_parents(message, files, &[])
    }

    /// As [`Fixture::commit`], with further parents: a merge whose result is what is staged.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn commit_with_parents(
        &mut self,
        message: &str,
        files: &[(&str, &str)],
        others: &[&CommitId],
    ) -> Result<CommitId> {
        for (path, content) in files {
            self.write(path, content)?;
        }
        let failed = |e: gix::Error| problem(&e, "cannot commit");
        let tree = self.write_tree().map_err(failed)?;
        let head = self.repo.head().map_err(failed)?.id().map(gix::Id::detach);
        let mut parents = Vec::from_iter(head);
        for other in others {
            parents.push(object_id(&self.repo, other)?);
        }
        let email = format!("{}@example.com", self.author.to_lowercase());
        let time = format!("{} +0000", self.now);
        let signature = gix::actor::SignatureRef {
            name: self.author.as_str().into(),
            email: email.as_str().into(),
            time: &time,
        };
        let id = self
            .repo
            .commit_as(signature, signature, "HEAD", message, tree, parents)
            .map_err(failed)?
            .detach();
        self.now += MINUTE;
        self.check_out(tree)?;
        Ok(commit_id(id))
    }

    fn write_tree(&self) -> gix::Result<gix::ObjectId> {
        let mut editor = self.repo.empty_tree().edit()?;
        for (path, (mode, id)) in &self.staged {
            editor.upsert(path.as_str(), *mode, *id)?;
        }
        Ok(editor.write()?.detach())
    }

    /// Makes a branch at `HEAD`, or moves it there.
    ///
    /// # Errors
    /// There is no commit yet, or the name is none for a branch.
    pub fn branch(&mut self, name: &str) -> Result<&mut Self> {
        let head = self.head()?;
        self.point(&format!("refs/heads/{name}"), &head)
    }

    /// Makes a lightweight tag at `HEAD`, or moves it there.
    ///
    /// # Errors
    /// There is no commit yet, or the name is none for a tag.
    pub fn tag(&mut self, name: &str) -> Result<&mut Self> {
        let head = self.head()?;
        self.point(&format!("refs/tags/{name}"), &head)
    }

    /// Makes an annotated tag at `HEAD`, or moves it there.
    ///
    /// # Errors
    /// There is no commit yet, or the name is none for a tag.
    pub fn annotated_tag(&mut self, name: &str, message: &str) -> Result<&mut Self> {
        let target = object_id(&self.repo, &self.head()?)?;
        let tag = gix::objs::Tag {
            target,
            target_kind: gix::objs::Kind::Commit,
            name: name.into(),
            tagger: None,
            message: message.into(),
            signature: None,
        };
        let id = self
            .repo
            .write_object(&tag)
            .map_err(|e| problem(&e, "cannot write a tag").at(name.to_owned()))?;
        let id = commit_id(id.detach());
        self.point(&format!("refs/tags/{name}"), &id)
    }

    /// Points a reference, by its full name, to an object.
    ///
    /// # Errors
    /// The name or the id is none.
    pub fn point(&mut self, reference: &str, to: &CommitId) -> Result<&mut Self> {
        let id = object_id(&self.repo, to)?;
        self.repo
            .reference(reference, id, PreviousValue::Any, "made")
            .map_err(|e| problem(&e, "cannot write a reference").at(reference.to_owned()))?;
        Ok(self)
    }

    /// Removes a reference by its full name.
    ///
    /// # Errors
    /// There is none.
    pub fn unpoint(&mut self, reference: &str) -> Result<&mut Self> {
        self.repo
            .find_reference(reference)
            .and_then(|found| found.delete())
            .map_err(|e| problem(&e, "cannot remove a reference").at(reference.to_owned()))?;
        Ok(self)
    }

    /// Puts a branch in `HEAD` and, where it has commits, its files in the work tree; without commits the next one
    /// starts it, from nothing.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn switch(&mut self, branch: &str) -> Result<&mut Self> {
        let failed = |e: gix::Error| problem(&e, "cannot switch").at(branch.to_owned());
        let name = gix::refs::FullName::try_from(format!("refs/heads/{branch}"))
            .map_err(|e| Problem::new(ProblemKind::Invalid, "not a branch").because_of(&e))?;
        self.set_head(gix::refs::Target::Symbolic(name))?;
        self.staged.clear();
        let is_unborn = self.repo.head().map_err(failed)?.is_unborn();
        if !is_unborn {
            let tree = self.repo.head_tree_id().map_err(failed)?.detach();
            self.restage(tree)?;
            self.check_out(tree)?;
        }
        Ok(self)
    }

    /// Puts a commit itself in `HEAD`.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn detach(&mut self, at: &CommitId) -> Result<&mut Self> {
        let failed = |e: gix::Error| problem(&e, "cannot detach").at(at.0.clone());
        let id = object_id(&self.repo, at)?;
        self.set_head(gix::refs::Target::Object(id))?;
        let tree = self.repo.head_tree_id().map_err(failed)?.detach();
        self.restage(tree)?;
        self.check_out(tree)?;
        Ok(self)
    }

    /// Moves the current branch to a commit, as a force-push would.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn reset(&mut self, to: &CommitId) -> Result<&mut Self> {
        let failed = |e: gix::Error| problem(&e, "cannot reset").at(to.0.clone());
        let branch = self.repo.head_name().map_err(failed)?;
        let branch = branch.map_or_else(|| "HEAD".to_owned(), |name| name.as_bstr().to_string());
        self.point(&branch, to)?;
        let tree = self.repo.head_tree_id().map_err(failed)?.detach();
        self.restage(tree)?;
        self.check_out(tree)?;
        Ok(self)
    }

    /// Sets a value in the repository's own configuration file, as in `set_config("remote.origin.url", "…")`.
    ///
    /// # Errors
    /// The key is none, or the file cannot be written.
    pub fn set_config(&mut self, key: &str, value: &str) -> Result<&mut Self> {
        let path = self.repo.common_dir().join("config");
        let failed = |e: std::io::Error| io_problem(&e, "cannot write the configuration", &path);
        let (section, name) = key.rsplit_once('.').unwrap_or(("core", key));
        let header = match section.split_once('.') {
            Some((section, subsection)) => format!("[{section} \"{subsection}\"]"),
            None => format!("[{section}]"),
        };
        let mut text = fs::read_to_string(&path).map_err(failed)?;
        text.push_str(&format!("{header}\n\t{name} = {value}\n"));
        fs::write(&path, text).map_err(failed)?;
        self.repo.reload().map_err(|e| {
            problem(&e, "cannot read the configuration").at(path.display().to_string())
        })?;
        self.repo
            .committer_or_set_generic_fallback()
            .map_err(|e| problem(&e, "cannot set an author"))?;
        Ok(self)
    }

    /// The commit of `HEAD`.
    ///
    /// # Errors
    /// There is none yet.
    pub fn head(&self) -> Result<CommitId> {
        self.repo
            .head_id()
            .map(|id| commit_id(id.detach()))
            .map_err(|e| problem(&e, "there is no commit yet"))
    }

    fn set_head(&self, to: gix::refs::Target) -> Result<()> {
        let head = gix::refs::FullName::try_from("HEAD")
            .map_err(|e| Problem::new(ProblemKind::Internal, "no HEAD").because_of(&e))?;
        let edit =
            gix::refs::transaction::RefEdit::update(head, to, PreviousValue::Any, "switched");
        self.repo
            .edit_reference(edit)
            .map(drop)
            .map_err(|e| problem(&e, "cannot write HEAD"))
    }

    fn restage(&mut self, tree: gix::ObjectId) -> Result<()> {
        let index = self
            .repo
            .index_from_tree(&tree)
            .map_err(|e| problem(&e, "cannot read the tree"))?;
        self.staged = index
            .entries()
            .iter()
            .filter_map(|entry| {
                let mode = entry.mode.to_tree_entry_mode()?.kind();
                Some((entry.path(&index).to_string(), (mode, entry.id)))
            })
            .collect();
        Ok(())
    }

    /// Makes work tree and index what a tree holds. What is untracked stays.
    fn check_out(&mut self, tree: gix::ObjectId) -> Result<()> {
        let Some(root) = self.repo.workdir().map(Path::to_owned) else {
            return Ok(());
        };
        let failed = |e: gix::Error| problem(&e, "cannot check out");
        let before = self.repo.index_or_empty().map_err(failed)?;
        for entry in before.entries() {
            let path = entry.path(&before).to_string();
            if !self.staged.contains_key(&path) {
                let gone = root.join(&path);
                if gone.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                    fs::remove_file(&gone).map_err(|e| io_problem(&e, "cannot remove", &gone))?;
                }
            }
        }
        let mut index = self.repo.index_from_tree(&tree).map_err(failed)?;
        for (path, (mode, id)) in &self.staged {
            self.put(&root.join(path), *mode, *id)?;
        }
        for (entry, path) in index.entries_mut_with_paths() {
            let on_disk = root.join(path.to_string());
            let seen = gix::index::fs::Metadata::from_path_no_follow(&on_disk)
                .and_then(|found| {
                    gix::index::entry::Stat::from_fs(&found).map_err(std::io::Error::other)
                })
                .map_err(|e| io_problem(&e, "cannot look at", &on_disk))?;
            entry.stat = seen;
        }
        index.write(Default::default()).map_err(failed)
    }

    fn put(&self, path: &Path, mode: Mode, id: gix::ObjectId) -> Result<()> {
        let failed = |e: std::io::Error| io_problem(&e, "cannot check out", path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        if mode == Mode::Commit {
            return fs::create_dir_all(path).map_err(failed);
        }
        let blob = self
            .repo
            .find_blob(id)
            .map_err(|e| problem(&e, "cannot check out").at(path.display().to_string()))?;
        if path.symlink_metadata().is_ok() {
            fs::remove_file(path).map_err(failed)?;
        }
        if mode == Mode::Link {
            return symlink(&String::from_utf8_lossy(&blob.data), path).map_err(failed);
        }
        fs::write(path, &blob.data).map_err(failed)
    }
}

#[cfg(unix)]
fn symlink(target: &str, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Where links need rights, Git itself writes their target into a file.
#[cfg(not(unix))]
fn symlink(target: &str, path: &Path) -> std::io::Result<()> {
    fs::write(path, target)
}
