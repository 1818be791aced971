//! One manifest file: its documents, sorted into objects, trouble, and what Argo CD ignores.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::domain::{
    Gvk, Manifest, Notice, Origin, Places, PlacesBuilder, Position, Problem, ProblemKind, RepoPath,
    Value,
};
use crate::yaml::{self, Document, Duplicate, Limits, LoadError};

use super::Rendered;

/// What a file's name says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Yml,
    Json,
    Jsonnet,
}

impl Format {
    /// The formats that Argo CD looks for.
    pub const ALL: [Self; 4] = [Self::Yaml, Self::Yml, Self::Json, Self::Jsonnet];

    /// The format of a file, by its name; `None`: not a manifest.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|f| name.ends_with(f.extension()))
    }

    /// The end of the names of its files, with the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Yaml => ".yaml",
            Self::Yml => ".yml",
            Self::Json => ".json",
            Self::Jsonnet => ".jsonnet",
        }
    }
}

/// A file that holds this text anywhere is passed over.
const SKIP_MARKER: &str = "+argocd:skip-file-rendering";

/// How every Git LFS pointer starts.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/";

/// How many faults or repetitions are told one by one.
const MAX_TOLD: usize = 20;

/// Reads one file into `rendered`.
pub fn read(bytes: &[u8], path: &RepoPath, format: Format, rendered: &mut Rendered) {
    let mut file = File {
        path,
        rendered,
        faults: Vec::new(),
        duplicates: Vec::new(),
        n_objects: 0,
    };
    let text = match yaml::decode(bytes) {
        Ok(text) => text,
        Err(error) => {
            let problem = error.problem(path.as_str());
            return file.rendered.problems.push(problem);
        }
    };
    if text.contains(SKIP_MARKER) {
        return;
    }
    if text.starts_with(LFS_POINTER) {
        return file.rendered.problems.push(lfs(path));
    }
    match format {
        Format::Yaml | Format::Yml => file.yaml(&text),
        Format::Json => file.json(&text),
        Format::Jsonnet => file.rendered.problems.push(jsonnet(path)),
    }
}

fn lfs(path: &RepoPath) -> Problem {
    Problem::new(ProblemKind::Unsupported, "the file is in Git LFS")
        .at(path.to_string())
        .because("the repository holds a pointer in its place, not its content")
        .hint("Keep manifests out of Git LFS: `git lfs untrack` the file and commit its content.")
}

fn jsonnet(path: &RepoPath) -> Problem {
    Problem::new(ProblemKind::Unsupported, "trueup does not evaluate Jsonnet")
        .at(path.to_string())
        .hint("Exclude the file, or commit what it evaluates to as YAML or JSON.")
}

struct File<'r> {
    path: &'r RepoPath,
    rendered: &'r mut Rendered,
    /// Why documents are not objects; whether that is a Problem shows at the end of the file.
    faults: Vec<Fault>,
    /// Keys given more than once, in all documents of the file.
    duplicates: Vec<Duplicate>,
    n_objects: usize,
}

impl File<'_> {
    fn yaml(&mut self, text: &str) {
        let (documents, error) = yaml::load_until_error(text, &Limits::default());
        for document in documents {
            self.document(document);
        }
        self.faults.extend(error.map(Fault::Syntax));
        self.tell_duplicates();
        // Argo CD ignores YAML that is something else, such as values of a chart next door.
        let matters = self.n_objects > 0 || looks_like_manifest(text);
        if matters {
            self.faults_are_problems();
        } else if let Some(fault) = self.faults.first() {
            self.rendered.notices.push(fault.notice(self.path));
        }
    }

    fn json(&mut self, text: &str) {
        match yaml::load_json(text, &Limits::default()) {
            Ok(document) => self.document(document),
            Err(error) => {
                let one = error.message.starts_with("trailing");
                let mut problem = error.problem(self.path.as_str());
                problem.summary = "the JSON cannot be read".to_owned();
                let problem = match one {
                    true => problem.hint("A JSON file holds exactly one object."),
                    false => problem,
                };
                self.rendered.problems.push(problem);
            }
        }
        self.tell_duplicates();
        self.faults_are_problems();
    }

    fn faults_are_problems(&mut self) {
        let n_more = self.faults.len().saturating_sub(MAX_TOLD);
        for fault in self.faults.drain(..).take(MAX_TOLD) {
            self.rendered.problems.push(fault.problem(self.path));
        }
        if n_more > 0 {
            let summary = format!("{n_more} more documents cannot be used");
            let problem = Problem::new(ProblemKind::Invalid, summary);
            self.rendered
                .problems
                .push(problem.at(self.path.to_string()));
        }
    }

    fn document(&mut self, document: Document) {
        self.duplicates.extend(document.duplicates);
        let Document {
            value,
            index,
            start,
            places,
            ..
        } = document;
        let places = Arc::new(places);
        match gvk(&value) {
            Err(reason) => self.fault(reason, start),
            Ok(gvk) if is_list(&value) => {
                self.n_objects += 1;
                drop(gvk);
                self.list(value, &places, &mut String::new(), index);
            }
            Ok(_) if is_null_list(&value) => self.n_objects += 1,
            Ok(gvk) => self.object(gvk, value, index, start, places),
        }
    }

    fn tell_duplicates(&mut self) {
        let n_more = self.duplicates.len().saturating_sub(MAX_TOLD);
        for duplicate in self.duplicates.drain(..).take(MAX_TOLD) {
            self.rendered.notices.push(Notice {
                place: place(self.path, Some(duplicate.at)),
                text: format!(
                    "{} is given more than once, the last one holds",
                    duplicate.pointer
                ),
            });
        }
        if n_more > 0 {
            self.rendered.notices.push(Notice {
                place: self.path.to_string(),
                text: format!("{n_more} more keys are given more than once"),
            });
        }
    }

    /// Puts the items of a list in its place, those of lists within it too.
    fn list(&mut self, list: Value, places: &Places, pointer: &mut String, index: usize) {
        let Value::Object(mut fields) = list else {
            return;
        };
        let Some(Value::Array(items)) = fields.remove("items") else {
            return;
        };
        let above = pointer.len();
        for (i, item) in items.into_iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(pointer, "/items/{i}");
            let start = places.at(pointer).unwrap_or_default();
            match gvk(&item) {
                Err(reason) => self.fault(reason, start),
                Ok(_) if is_list(&item) => self.list(item, places, pointer, index),
                Ok(_) if is_null_list(&item) => {}
                Ok(gvk) => {
                    let own = rebased(places, pointer, &item);
                    self.object(gvk, item, index, start, Arc::new(own));
                }
            }
            pointer.truncate(above);
        }
    }

    fn object(
        &mut self,
        gvk: Gvk,
        value: Value,
        document: usize,
        start: Position,
        places: Arc<Places>,
    ) {
        self.n_objects += 1;
        self.rendered.manifests.push(Manifest {
            gvk,
            value: Arc::new(value),
            origin: Origin {
                file: self.path.clone(),
                document,
                start,
                places,
            },
        });
    }

    fn fault(&mut self, reason: &'static str, at: Position) {
        self.faults.push(Fault::NoObject { reason, at });
    }
}

/// Why a document, or the rest of a file, gives no object.
enum Fault {
    Syntax(LoadError),
    NoObject { reason: &'static str, at: Position },
}

impl Fault {
    fn problem(&self, path: &RepoPath) -> Problem {
        match self {
            Self::Syntax(error) => error.problem(path.as_str()),
            Self::NoObject { reason, at } => {
                Problem::new(ProblemKind::Invalid, "the manifest cannot be used")
                    .at(place(path, Some(*at)))
                    .because(*reason)
                    .hint("A manifest is an object with apiVersion, kind and metadata.name.")
            }
        }
    }

    fn notice(&self, path: &RepoPath) -> Notice {
        let (reason, at) = match self {
            Self::Syntax(error) => (error.message.as_str(), error.at),
            Self::NoObject { reason, at } => (*reason, Some(*at)),
        };
        Notice {
            place: place(path, at),
            text: format!("the file was ignored, it holds no manifest: {reason}"),
        }
    }
}

/// `file:line:column`.
fn place(path: &RepoPath, at: Option<Position>) -> String {
    match at {
        Some(at) => format!("{path}:{at}"),
        None => path.to_string(),
    }
}

/// The kind of an object.
///
/// # Errors
/// Says why the value is not an object that a cluster could take.
fn gvk(value: &Value) -> Result<Gvk, &'static str> {
    let Value::Object(fields) = value else {
        return Err("the document is not an object");
    };
    for (field, missing, wrong) in [
        ("kind", "the object has no kind", "the kind is not text"),
        (
            "apiVersion",
            "the object has no apiVersion",
            "the apiVersion is not text",
        ),
    ] {
        match fields.get(field) {
            None | Some(Value::Null) => return Err(missing),
            Some(Value::String(text)) if text.is_empty() => return Err(missing),
            Some(Value::String(_)) => {}
            Some(_) => return Err(wrong),
        }
    }
    Gvk::of(value).ok_or("the object has no kind")
}

/// Whether Argo CD puts the items in the object's place: whenever there are any, whatever the kind.
fn is_list(value: &Value) -> bool {
    value.get("items").is_some_and(Value::is_array)
}

/// A list whose items are null is nothing (`isNullList` of Argo CD's repo server).
fn is_null_list(value: &Value) -> bool {
    value.get("items").is_some_and(Value::is_null)
        && value.get("spec").is_none()
        && value.get("status").is_none()
}

/// Whether a text that is no manifest was meant as one: Argo CD looks for these three fields.
fn looks_like_manifest(text: &str) -> bool {
    ["apiVersion", "kind", "metadata"]
        .iter()
        .all(|field| names(text, field))
}

/// Whether a text has a field of this name, quoted or not.
fn names(text: &str, field: &str) -> bool {
    text.match_indices(field).any(|(i, _)| {
        let rest = &text[i + field.len()..];
        rest.strip_prefix(['"', '\''])
            .unwrap_or(rest)
            .starts_with(':')
    })
}

/// The places of a part of a document, as if it were one itself.
fn rebased(places: &Places, prefix: &str, part: &Value) -> Places {
    let mut builder = PlacesBuilder::default();
    let mut pointer = prefix.to_owned();
    note(places, &mut pointer, prefix.len(), part, &mut builder);
    builder.build()
}

fn note(
    places: &Places,
    pointer: &mut String,
    prefix: usize,
    value: &Value,
    builder: &mut PlacesBuilder,
) {
    if let Some(at) = places.at(pointer) {
        builder.note(&pointer[prefix..], at);
    }
    if let Some(at) = places.text_at(pointer) {
        builder.note_text(&pointer[prefix..], Some(at));
    }
    let above = pointer.len();
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                yaml::push_token(pointer, key);
                note(places, pointer, prefix, value, builder);
                pointer.truncate(above);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let _ = write!(pointer, "/{i}");
                note(places, pointer, prefix, item, builder);
                pointer.truncate(above);
            }
        }
        _ => {}
    }
}
