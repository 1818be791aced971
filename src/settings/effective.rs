//! Defaults, file, environment and flags laid over each other, and what came from where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::{Problem, ProblemKind, Value};

use super::check::Check;
use super::file::ConfigFile;
use super::schema::{Field, SETTINGS, Shape};
use super::{Environment, Places, Settings};
use crate::domain::near;

/// A setting that was given on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// The setting's name (`read-only`).
    pub setting: &'static str,
    /// Its value, as the file would have it.
    pub value: Value,
    /// The flag as typed (`--read-only`).
    pub flag: String,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The config file, at `file:line:column`.
    File(String),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

/// The settings that hold, with their origins.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Their values in the form of the file, by dotted name (`intervals.fetch`); unset ones are not there.
    pub values: BTreeMap<String, Value>,
    /// Where each comes from, by dotted name; all are there.
    pub origins: BTreeMap<String, Origin>,
    /// The config file, where there is one.
    pub file: Option<ConfigFile>,
    /// Its path, whether or not it exists.
    pub path: String,
}

/// Reads the config file and lays the layers over each other.
///
/// # Errors
/// Everything that is wrong in the file, the environment and the flags.
pub fn load(
    places: &Places,
    environment: &Environment,
    flags: &[Flag],
) -> Result<Loaded, Vec<Problem>> {
    let path = places.config_file.display().to_string();
    let file = ConfigFile::read(&places.config_file).map_err(|problem| vec![problem])?;
    if file.is_none() && places.config_named {
        return Err(vec![
            Problem::new(ProblemKind::Config, "there is no such config file")
                .at(path)
                .hint("It was named by --config or TRUEUP_CONFIG; without them it may be missing."),
        ]);
    }
    let base = places.config_file.parent().map(Path::to_owned);
    let at = Base {
        directory: base.unwrap_or_default(),
        home: places.home.clone(),
    };
    layered(file, path, &at, environment, flags)
}

/// What paths in the config file are relative to.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The directory of the config file.
    pub directory: PathBuf,
    /// The home directory, for `~`.
    pub home: Option<PathBuf>,
}

/// Lays the layers over each other. Pure.
///
/// # Errors
/// Everything that is wrong in them.
pub fn layered(
    file: Option<ConfigFile>,
    path: String,
    base: &Base,
    environment: &Environment,
    flags: &[Flag],
) -> Result<Loaded, Vec<Problem>> {
    let mut values = BTreeMap::new();
    let mut origins = BTreeMap::new();
    let mut problems = Vec::new();
    let file_value = file.as_ref().map(|file| {
        let place = |pointer: &str| file.place(pointer);
        let mut check = Check::new(&place);
        let value = check.value(&file.value, &Shape::Fields(SETTINGS), "", "");
        let mut found = check.problems;
        found.sort_by_key(|(pointer, _)| file.position(pointer));
        problems.extend(found.into_iter().map(|(_, problem)| problem));
        value
    });
    problems.extend(unknown_variables(environment));
    for (name, field) in leaves() {
        let mut value = default(field);
        let mut origin = Origin::Default;
        let pointer = format!("/{}", name.replace('.', "/"));
        if let (Some(file), Some(found)) =
            (&file, file_value.as_ref().and_then(|v| v.pointer(&pointer)))
        {
            value = Some(absolute(found, &field.shape, base));
            origin = Origin::File(file.place(&pointer));
        }
        if let Some((variable, text)) = variable(field, environment) {
            let typed = typed(&text, &field.shape);
            let place = |_: &str| variable.clone();
            let mut check = Check::new(&place);
            let typed = check.value(&typed, &field.shape, "", "");
            problems.extend(check.problems.into_iter().map(|(_, problem)| problem));
            value = Some(absolute(&typed, &field.shape, &here(base)));
            origin = Origin::Variable(variable);
        }
        if let Some(flag) = flags.iter().find(|f| f.setting == name) {
            let place = |_: &str| flag.flag.clone();
            let mut check = Check::new(&place);
            let typed = check.value(&flag.value, &field.shape, "", "");
            problems.extend(check.problems.into_iter().map(|(_, problem)| problem));
            value = Some(typed);
            origin = Origin::Flag(flag.flag.clone());
        }
        if let Some(value) = value {
            values.insert(name.clone(), value);
        }
        origins.insert(name, origin);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let settings = assemble(&values).map_err(|problem| vec![problem])?;
    Ok(Loaded {
        settings,
        values,
        origins,
        file,
        path,
    })
}

/// The settings that hold a value of their own, with their dotted names.
pub fn leaves() -> Vec<(String, &'static Field)> {
    let mut out = Vec::new();
    for field in SETTINGS {
        match field.shape {
            Shape::Fields(inner) => out.extend(
                inner
                    .iter()
                    .map(|f| (format!("{}.{}", field.name, f.name), f)),
            ),
            _ => out.push((field.name.to_owned(), field)),
        }
    }
    out
}

fn default(field: &Field) -> Option<Value> {
    (!field.default.is_empty()).then(|| typed(field.default, &field.shape))
}

/// The variable that sets a field. `NO_COLOR` (no-color.org) stands for a colour of `never` below trueup's own.
fn variable(field: &Field, environment: &Environment) -> Option<(String, String)> {
    let set = |name: &str| environment.get(name).filter(|v| !v.is_empty());
    if let Some(value) = set(field.env) {
        return Some((field.env.to_owned(), value.clone()));
    }
    if field.name == "color" && set("NO_COLOR").is_some() {
        return Some(("NO_COLOR".to_owned(), "never".to_owned()));
    }
    None
}

/// The text of a variable or a default as the value that the file would have.
fn typed(text: &str, shape: &Shape) -> Value {
    match (shape, text) {
        (Shape::Switch, "1" | "true" | "yes") => Value::Bool(true),
        (Shape::Switch, "0" | "false" | "no") => Value::Bool(false),
        (Shape::List(item), _) => text
            .split(',')
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(|t| typed(t, item))
            .collect(),
        _ => Value::String(text.to_owned()),
    }
}

/// A variable that is nearly one of ours was meant to be one: `TRUEUP_READONLY` must not be ignored.
fn unknown_variables(environment: &Environment) -> Vec<Problem> {
    let own = ["TRUEUP_CONFIG", "TRUEUP_CACHE_DIR", "TRUEUP_STATE_DIR"];
    let known: Vec<&str> = leaves()
        .iter()
        .map(|(_, f)| f.env)
        .filter(|e| !e.is_empty())
        .chain(own)
        .collect();
    environment
        .keys()
        .filter(|name| name.starts_with("TRUEUP_") && !known.contains(&name.as_str()))
        .filter_map(|name| {
            let near = known.iter().find(|k| near::distance(name, k) <= 2)?;
            Some(
                Problem::new(ProblemKind::Config, "unknown environment variable")
                    .at(name.clone())
                    .hint(format!("Did you mean {near}?")),
            )
        })
        .collect()
}

/// Values of variables are relative to where trueup was started, which is where relative paths lead anyhow.
fn here(base: &Base) -> Base {
    Base {
        directory: PathBuf::new(),
        home: base.home.clone(),
    }
}

/// Paths made independent of the config file's place.
fn absolute(value: &Value, shape: &Shape, base: &Base) -> Value {
    match (shape, value) {
        (Shape::Path, Value::String(text)) => on_disk(text, base),
        (Shape::Source, Value::String(text)) if !is_url(text) => on_disk(text, base),
        (Shape::List(item), Value::Array(items)) => {
            items.iter().map(|v| absolute(v, item, base)).collect()
        }
        (Shape::Fields(fields), Value::Object(map)) => map
            .iter()
            .map(|(key, v)| {
                let field = fields.iter().find(|f| f.name == key);
                let v = field.map_or_else(|| v.clone(), |f| absolute(v, &f.shape, base));
                (key.clone(), v)
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => value.clone(),
    }
}

fn on_disk(text: &str, base: &Base) -> Value {
    let path = match (text.strip_prefix('~'), &base.home) {
        (Some(""), Some(home)) => home.clone(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => base.directory.join(text.strip_prefix("./").unwrap_or(text)),
    };
    Value::String(path.to_string_lossy().into_owned())
}

/// A URL with a scheme, or the scp-like `host:path`.
fn is_url(text: &str) -> bool {
    if text.contains("://") {
        return true;
    }
    match (text.find(':'), text.find('/')) {
        (Some(colon), Some(slash)) => colon < slash,
        (Some(_), None) => true,
        _ => false,
    }
}

fn assemble(values: &BTreeMap<String, Value>) -> Result<Settings, Problem> {
    let mut root = serde_json::Map::new();
    for (name, value) in values {
        match name.split_once('.') {
            Some((outer, inner)) => {
                let map = root
                    .entry(outer.to_owned())
                    .or_insert_with(|| Value::Object(serde_json::Map::new()));
                if let Some(map) = map.as_object_mut() {
                    map.insert(inner.to_owned(), value.clone());
                }
            }
            None => {
                root.insert(name.clone(), value.clone());
            }
        }
    }
    serde_json::from_value(Value::Object(root)).map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            "the settings passed their check and cannot be read",
        )
        .because_of(&error)
    })
}
