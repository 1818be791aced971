//! What places define Apps: searched off the async threads, and again only where something changed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::domain::{
    App, AppId, DirectoryOptions, EntryKind, Manifest, Notice, Origin, Places, Problem,
    ProblemKind, ReadRecord, Recorder, RepoPath, Repository, Revision, Tree, Value,
    tree::reads_unchanged,
};
use crate::git::Repo;
use crate::providers::native::discovery::{Surroundings, is_named};
use crate::providers::native::{Home, RepositoryRef, discover, written};
use crate::render::{Rendered, is_application};

use super::orphans::{self, RecordedSource};
use super::{blocking, locate};
use crate::engine::EngineOptions;
use crate::engine::core::{Core, Event};
use crate::engine::world::{Definer, Definition};

/// What a search found in each directory, kept so that a commit makes only the directories that it touched be read.
pub(in crate::engine) type Looks = Arc<Mutex<HashMap<RepoPath, (Vec<ReadRecord>, Rendered)>>>;

impl Core {
    /// Places whose definitions are waited for before the first verdict can be complete.
    pub(in crate::engine) fn expected_definers(&self) -> impl Iterator<Item = Definer> + '_ {
        let repositories = self
            .options
            .sources
            .iter()
            .map(|s| Definer::Repository(s.repository.clone()));
        repositories.chain(self.options.apps.iter().map(|p| Definer::Files(p.clone())))
    }
}

/// Searches a repository that was given as a source.
pub(in crate::engine) fn start_repository(core: &mut Core, repository: &Repository) {
    let Some(repo) = core
        .world
        .repos
        .get(repository)
        .and_then(|r| r.repo.clone())
    else {
        return;
    };
    // Files that define Apps say what is not to be discovered besides: they are read first.
    let files = |path: &PathBuf| Definer::Files(path.clone());
    let mut awaited = core.options.apps.iter().map(files);
    if awaited.any(|definer| !core.world.definitions.contains_key(&definer)) {
        return;
    }
    let looks = core.looks.entry(repository.clone()).or_default().clone();
    let known: Vec<App> = core
        .world
        .definitions
        .iter()
        .filter(|(definer, _)| matches!(definer, Definer::Files(_)))
        .flat_map(|(_, d)| d.apps.iter().cloned())
        .collect();
    let records = core.records();
    let (options, events, repository) = (
        core.options.clone(),
        core.events.clone(),
        repository.clone(),
    );
    let ticket = core.ticket();
    core.world.searches.begin(&repository, ticket);
    tokio::spawn(async move {
        let at = repository.clone();
        let known = Known {
            apps: known,
            records,
        };
        let found = blocking(move || search(&options, &at, &repo, &looks, &known)).await;
        let _ = events
            .send(Event::Searched(repository, ticket, found))
            .await;
    });
}

/// The newest search of each repository, while it is under way.
#[derive(Default)]
pub(in crate::engine) struct Searches(BTreeMap<Repository, u64>);

impl Searches {
    fn begin(&mut self, repository: &Repository, ticket: u64) {
        self.0.insert(repository.clone(), ticket);
    }

    /// Whether what it found counts: no newer one has begun.
    pub fn ended(&mut self, repository: &Repository, ticket: u64) -> bool {
        let is_newest = self.0.get(repository) == Some(&ticket);
        if is_newest {
            self.0.remove(repository);
        }
        is_newest
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is known besides what a repository itself says.
struct Known {
    /// Apps that files define.
    apps: Vec<App>,
    /// What the clusters' records tell.
    records: Vec<(AppId, RecordedSource)>,
}

fn search(
    options: &EngineOptions,
    repository: &Repository,
    repo: &Repo,
    looks: &Looks,
    known: &Known,
) -> Result<Definition, Problem> {
    let mut all = Definition::default();
    let origin = repo.origin();
    let reference = RepositoryRef::new(repository.clone(), origin.as_deref());
    let sources: Vec<_> = options
        .sources
        .iter()
        .filter(|s| s.repository == *repository)
        .collect();
    let prefix = match repository {
        Repository::Local(_) if options.sources.len() == 1 => String::new(),
        other => other.to_string(),
    };
    let looked = RefCell::new(HashSet::new());
    for source in sources {
        let asked = source.revision.clone().unwrap_or_default();
        let tree = match &asked {
            Revision::Worktree => repo.worktree()?,
            other => repo.tree(&repo.resolve(other)?.commit)?,
        };
        let ignores = if repo.is_bare() {
            None
        } else {
            Some(repo.ignores()?)
        };
        let ignored = |path: &RepoPath, is_dir: bool| {
            ignores
                .as_ref()
                .is_some_and(|i| i.is_ignored(path, is_dir).unwrap_or(false))
        };
        let look = |dir: &RepoPath| {
            looked.borrow_mut().insert(dir.clone());
            look(&*tree, dir, looks)
        };
        let surroundings = Surroundings {
            repository: &reference,
            prefix: &prefix,
            revision: &asked,
            contexts: &options.contexts,
            bindings: &options.bindings,
            known: &known.apps,
        };
        let mut found = discover(&*tree, &look, &ignored, &surroundings);
        let reads = |dir: &RepoPath| {
            let is_gone = tree.kind(dir).is_ok_and(|kind| kind.is_none());
            is_gone || look(dir).problems.is_empty()
        };
        let orphans = orphans::among(&known.records, &found, &surroundings, &reads);
        found.apps.extend(orphans);
        if !source.path.is_root() {
            // Only what lies there was asked for. Applications may point to anywhere.
            let inside = |app: &App| !app.discovered || app.source.path.is_within(&source.path);
            let defined_there = |app: &App| {
                app.discovered
                    || RepoPath::parse(app.defined_at.split(':').next().unwrap_or_default())
                        .is_ok_and(|p| p.is_within(&source.path))
            };
            found.apps.retain(|app| inside(app) && defined_there(app));
            found
                .notices
                .retain(|n| RepoPath::parse(&n.place).is_ok_and(|p| p.is_within(&source.path)));
        }
        all.apps.extend(found.apps);
        all.notices.extend(found.notices);
        all.problems.extend(found.problems);
    }
    // Directories that are gone are not remembered for ever.
    let looked = looked.into_inner();
    let mut remembered = looks.lock().unwrap_or_else(|e| e.into_inner());
    remembered.retain(|dir, _| looked.contains(dir));
    drop(remembered);
    // Applications that were given say what is deployed from here.
    let is_left_to_others = !known.apps.is_empty() || !options.apps.is_empty();
    if all.apps.is_empty() && all.problems.is_empty() && !is_left_to_others {
        all.problems.push(
            Problem::new(ProblemKind::NotFound, "there are no Kubernetes manifests to deploy in this repository")
                .at(repository.to_string())
                .hint("Manifests are YAML or JSON files with apiVersion and kind; hidden, vendored and ignored directories are not searched.")
                .hint("Write down what to deploy as Argo CD Application manifests, and give them with --apps."),
        );
    }
    Ok(all)
}

/// What a directory directly holds; read again only when it changed.
fn look(tree: &dyn Tree, dir: &RepoPath, known: &Looks) -> Rendered {
    let before = known
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .get(dir)
        .cloned();
    if let Some((reads, rendered)) = before
        && reads_unchanged(&reads, tree).unwrap_or(false)
    {
        return rendered;
    }
    let recorder = Recorder::new(tree);
    let mut rendered = crate::render::directory(&recorder, dir, &DirectoryOptions::default());
    let light = Light::default();
    let manifests = rendered.manifests.into_iter();
    rendered.manifests = manifests.map(|manifest| light.of(manifest)).collect();
    rendered.manifests.shrink_to_fit();
    let reads = recorder.finish();
    known
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .insert(dir.clone(), (reads, rendered.clone()));
    rendered
}

/// What a search must remember of a manifest: of an object only that it is there, and whether it has a name.
struct Light {
    named: Arc<Value>,
    unnamed: Arc<Value>,
    places: Arc<Places>,
}

impl Default for Light {
    fn default() -> Self {
        Self {
            named: Arc::new(serde_json::json!({ "metadata": { "name": "named" } })),
            unnamed: Arc::default(),
            places: Arc::default(),
        }
    }
}

impl Light {
    fn value(&self, whole: &Value) -> Arc<Value> {
        let kept = if is_named(whole) {
            &self.named
        } else {
            &self.unnamed
        };
        kept.clone()
    }

    fn of(&self, manifest: Manifest) -> Manifest {
        if is_application(&manifest) {
            return manifest;
        }
        Manifest {
            value: self.value(&manifest.value),
            gvk: manifest.gvk,
            origin: Origin {
                places: self.places.clone(),
                ..manifest.origin
            },
        }
    }
}

/// Reads the `Application` manifests of a file or directory given by `--apps` or the config.
pub(in crate::engine) fn start_files(core: &mut Core, path: PathBuf) {
    let (options, events) = (core.options.clone(), core.events.clone());
    let live = core.options.live;
    tokio::spawn(async move {
        let definer = Definer::Files(path.clone());
        let mut last = None;
        loop {
            let (options, at) = (options.clone(), path.clone());
            let found = blocking(move || Ok(applications(&options, &at))).await;
            let definition = found.unwrap_or_else(|problem| Definition {
                problems: vec![problem],
                ..Definition::default()
            });
            if last.as_ref() != Some(&definition) {
                last = Some(definition.clone());
                if events
                    .send(Event::Defined(definer.clone(), definition))
                    .await
                    .is_err()
                {
                    return;
                }
            }
            if !live {
                return;
            }
            // A handful of files at most: looking is cheaper than watching them.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    });
}

fn applications(options: &EngineOptions, named: &Path) -> Definition {
    let mut definition = Definition::default();
    // A link stands for its file, which is where places and bindings look.
    let real = named.canonicalize().ok().filter(|_| named.is_symlink());
    let path = real.as_deref().unwrap_or(named);
    match manifests(path) {
        Err(problem) => definition.problems.push(problem),
        Ok((manifests, problems, notices)) => {
            definition.problems.extend(problems);
            definition.notices.extend(notices);
            let located = locate(path).ok();
            let reference = located.map(|(repository, _)| {
                let origin = match &repository {
                    Repository::Local(root) => Repo::open(root).ok().and_then(|r| r.origin()),
                    Repository::Remote(_) => None,
                };
                RepositoryRef::new(repository, origin.as_deref())
            });
            let directory = if path.is_dir() {
                path
            } else {
                path.parent().unwrap_or(path)
            };
            let prefix = directory.display().to_string();
            let home = Home {
                prefix: &prefix,
                repository: reference.as_ref(),
                bindings: &options.bindings,
            };
            let found = written(&manifests, &options.contexts, &home);
            let n_applications = found.apps.len();
            definition.apps.extend(found.apps);
            definition.problems.extend(found.problems);
            definition.notices.extend(found.notices);
            if n_applications == 0 && definition.problems.is_empty() {
                definition.problems.push(
                    Problem::new(ProblemKind::NotFound, "there is no Application manifest in it")
                        .at(path.display().to_string())
                        .hint("--apps takes files and directories of Argo CD Application manifests (argoproj.io/v1alpha1)."),
                );
            }
        }
    }
    definition
}

/// The pattern that means one name alone.
fn glob_of(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        if "\\*?[]{}!,".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

type Manifests = (Vec<Manifest>, Vec<Problem>, Vec<Notice>);

fn manifests(path: &Path) -> Result<Manifests, Problem> {
    let (root, file) = if path.is_dir() {
        (path, None)
    } else {
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        (
            path.parent()
                .filter(|p| !p.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
            Some(name),
        )
    };
    let tree = crate::git::directory(root)?;
    let options = DirectoryOptions {
        recurse: file.is_none(),
        include: file.map(glob_of).unwrap_or_default(),
        exclude: String::new(),
    };
    if let Some(name) = file
        && tree.kind(&RepoPath::root().entry(name))? != Some(EntryKind::File)
    {
        return Err(Problem::new(ProblemKind::NotFound, "there is no such file")
            .at(path.display().to_string()));
    }
    let rendered = crate::render::directory(&*tree, &RepoPath::root(), &options);
    Ok((rendered.manifests, rendered.problems, rendered.notices))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_applications_is_meant_as_it_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n";
        for name in ["a[1].yaml", "{a,b}.yaml", "a*.yaml", "!a.yaml", "a\\b.yaml"] {
            let file = dir.path().join(name);
            std::fs::write(&file, text).unwrap();
            let (found, problems, _) = manifests(&file).unwrap();
            assert_eq!((found.len(), problems), (1, vec![]), "{name}");
        }
    }

    #[test]
    fn a_directory_vanished_because_the_name_in_its_only_manifest_is_a_number() {
        let light = Light::default();
        let named =
            |name: Value| is_named(&light.value(&serde_json::json!({"metadata": {"name": name}})));
        assert!(named("a".into()) && named(123.into()) && named(false.into()));
        assert!(!named("".into()) && !named(Value::Null));
    }

    #[test]
    fn an_older_search_that_comes_late_is_dropped() {
        let (one, two) = (
            Repository::Local("/one".into()),
            Repository::Local("/two".into()),
        );
        let mut searches = Searches::default();
        searches.begin(&one, 1);
        searches.begin(&two, 2);
        searches.begin(&one, 3);
        assert!(searches.ended(&one, 3), "the newest comes first");
        assert!(!searches.ended(&one, 1));
        assert!(!searches.is_empty());
        assert!(searches.ended(&two, 2) && searches.is_empty());
    }
}
