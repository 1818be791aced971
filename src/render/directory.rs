//! A directory of plain manifests, read as Argo CD reads one (`findManifests` of its repo server): which files, in which
//! order, and what is left out.

use crate::domain::{
    DirectoryOptions, Entry, EntryKind, Notice, Problem, ProblemKind, RepoPath, Result, Tree,
};

use super::Rendered;
use super::file::{self, Format};
use super::glob::Glob;
use super::tool::Tool;

/// The largest manifest file that is read.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The most bytes that the manifest files of one source may hold together.
const MAX_TOTAL_BYTES: u64 = 64 << 20;

/// Reads the manifests of a directory. All trouble is in the result; one bad file does not hide the next.
pub fn directory(tree: &dyn Tree, path: &RepoPath, options: &DirectoryOptions) -> Rendered {
    let mut walk = match Walk::new(tree, path, options) {
        Ok(walk) => walk,
        Err(problem) => {
            return Rendered {
                problems: vec![problem],
                ..Rendered::default()
            };
        }
    };
    let base = walk.base.clone();
    match tree.list(&base) {
        Ok(entries) => {
            // Argo CD looks for other tools only where `directory` is not set.
            let tool = Tool::of(&entries).filter(|_| *options == DirectoryOptions::default());
            match tool {
                Some((tool, name)) => {
                    let problem = tool.unsupported(&base.entry(name));
                    walk.rendered.problems.push(problem);
                }
                None => walk.entries(&base, &entries),
            }
        }
        Err(problem) => walk.rendered.problems.push(placed(problem, &base)),
    }
    walk.rendered
}

/// Reads the manifests that a directory directly holds, whatever tool it is written for. `entries` are its own.
pub fn plain(tree: &dyn Tree, dir: &RepoPath, entries: &[Entry]) -> Rendered {
    let mut walk = Walk {
        tree,
        base: dir.clone(),
        recurse: false,
        include: None,
        exclude: None,
        bytes_left: MAX_TOTAL_BYTES,
        rendered: Rendered::default(),
    };
    walk.entries(dir, entries);
    walk.rendered
}

/// The directory that a source's path means, links followed.
///
/// # Errors
/// There is none, or its files are in another repository.
pub fn resolve(tree: &dyn Tree, path: &RepoPath) -> Result<RepoPath> {
    let base = tree.resolve(path)?;
    let mut above = Some(base.clone());
    while let Some(dir) = above {
        let kind = tree.kind(&dir)?;
        let summary = match kind {
            Some(EntryKind::Submodule) => return Err(in_submodule(&dir)),
            Some(EntryKind::Directory) if dir == base => return Ok(base),
            Some(EntryKind::Directory) | None => "there is no such directory",
            Some(EntryKind::File | EntryKind::Symlink) => "this is not a directory",
        };
        if kind.is_some() {
            return Err(Problem::new(ProblemKind::NotFound, summary)
                .at(path.to_string())
                .because(format!("looked for in {}", tree.label())));
        }
        above = dir.parent();
    }
    Err(Problem::new(ProblemKind::NotFound, "there is no such directory").at(path.to_string()))
}

fn in_submodule(path: &RepoPath) -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "the manifests are in a Git submodule",
    )
    .at(path.to_string())
    .because("a submodule holds a commit of another repository, whose files are not in this one")
    .hint("Make the other repository a source of its own, or exclude the submodule.")
}

/// A problem that says where it is, if it did not.
pub fn placed(problem: Problem, path: &RepoPath) -> Problem {
    if problem.place.is_empty() {
        problem.at(path.to_string())
    } else {
        problem
    }
}

struct Walk<'t> {
    tree: &'t dyn Tree,
    base: RepoPath,
    recurse: bool,
    include: Option<Glob>,
    exclude: Option<Glob>,
    bytes_left: u64,
    rendered: Rendered,
}

impl<'t> Walk<'t> {
    fn new(tree: &'t dyn Tree, path: &RepoPath, options: &DirectoryOptions) -> Result<Self> {
        Ok(Self {
            tree,
            base: resolve(tree, path)?,
            recurse: options.recurse,
            include: glob("directory.include", &options.include)?,
            exclude: glob("directory.exclude", &options.exclude)?,
            bytes_left: MAX_TOTAL_BYTES,
            rendered: Rendered::default(),
        })
    }

    fn entries(&mut self, dir: &RepoPath, entries: &[Entry]) {
        for Entry { name, kind } in entries {
            let path = dir.entry(name);
            match kind {
                EntryKind::Directory if self.recurse => match self.tree.list(&path) {
                    Ok(entries) => self.entries(&path, &entries),
                    Err(problem) => self.rendered.problems.push(placed(problem, &path)),
                },
                EntryKind::Directory => {}
                EntryKind::Submodule => self.submodule(&path),
                EntryKind::File | EntryKind::Symlink => {
                    if let Some(format) = Format::of(name) {
                        self.file(&path, *kind, format);
                    }
                }
            }
        }
    }

    /// A submodule is a directory to Argo CD, which checks it out.
    fn submodule(&mut self, path: &RepoPath) {
        if self.recurse && self.may_choose_below(path) {
            self.rendered.problems.push(in_submodule(path));
        }
    }

    /// Whether a file below a directory might be chosen: false only where the globs rule all of them out.
    fn may_choose_below(&self, dir: &RepoPath) -> bool {
        // A name that no pattern means, so that only a pattern for all files of the directory excludes it.
        let excluded = |format: &Format| {
            let relative = format!("{}/\u{1}{}", self.relative(dir), format.extension());
            self.exclude.as_ref().is_some_and(|g| g.matches(&relative))
        };
        !Format::ALL.iter().all(excluded)
    }

    fn file(&mut self, path: &RepoPath, kind: EntryKind, format: Format) {
        let real = match kind {
            EntryKind::Symlink => match self.follow(path) {
                Some(real) => real,
                None => return,
            },
            _ => path.clone(),
        };
        let relative = self.relative(path);
        let excluded = self.exclude.as_ref().is_some_and(|g| g.matches(relative));
        let included = self.include.as_ref().is_none_or(|g| g.matches(relative));
        if excluded || !included {
            return;
        }
        let limit = MAX_FILE_BYTES.min(self.bytes_left);
        match self.tree.read(&real, limit) {
            Ok(bytes) => {
                // A Jsonnet program bounds itself, as in Argo CD.
                if format != Format::Jsonnet {
                    self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
                }
                file::read(&bytes, &real, format, &mut self.rendered);
            }
            Err(problem) => {
                let mut problem = placed(problem, &real);
                if problem.kind == ProblemKind::TooLarge {
                    problem = problem.hint(format!(
                        "A manifest file may have {} MiB, those of one source {} MiB together.",
                        MAX_FILE_BYTES >> 20,
                        MAX_TOTAL_BYTES >> 20
                    ));
                }
                self.rendered.problems.push(problem);
            }
        }
    }

    /// The file that a link means. A link to nothing or to a directory is passed over, one that leaves the repository is
    /// a Problem.
    fn follow(&mut self, path: &RepoPath) -> Option<RepoPath> {
        let found = self
            .tree
            .resolve(path)
            .and_then(|real| Ok((self.tree.kind(&real)?, real)));
        let text = match found {
            Ok((Some(EntryKind::File), real)) => return Some(real),
            Ok((Some(EntryKind::Submodule), real)) => {
                self.rendered.problems.push(in_submodule(&real));
                return None;
            }
            Ok((None, real)) => format!("the symbolic link was ignored: there is no {real}"),
            Ok((Some(_), real)) => format!("the symbolic link was ignored: {real} is not a file"),
            Err(problem) => {
                self.rendered.problems.push(placed(problem, path));
                return None;
            }
        };
        self.rendered.notices.push(Notice {
            place: path.to_string(),
            text,
        });
        None
    }

    /// The path as globs see it: relative to the App's directory.
    fn relative<'p>(&self, path: &'p RepoPath) -> &'p str {
        let text = path.as_str();
        match text.strip_prefix(self.base.as_str()) {
            Some(rest) => rest.strip_prefix('/').unwrap_or(rest),
            None => text,
        }
    }
}

fn glob(field: &str, pattern: &str) -> Result<Option<Glob>> {
    if pattern.is_empty() {
        return Ok(None);
    }
    Glob::new(pattern).map(Some).map_err(|cause| {
        Problem::new(ProblemKind::Invalid, "the pattern cannot be read")
            .at(field)
            .because(format!("{pattern}: {cause}"))
    })
}
