//! What can be set: one table, from which the file is checked, the environment read, the defaults taken, and
//! `trueup config` printed.

/// What a setting holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// A path on this machine: `~` is the home directory, relative to the config file.
    Path,
    /// A path, or a URL, with `@revision` or without.
    Source,
    /// `true` or `false`.
    Switch,
    /// A span of time (`30s`, `10m`).
    Duration,
    /// A span of time that is more than none.
    Limit,
    /// A directory of a repository, or a pattern for some.
    Directory,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// A list; a single item may stand alone.
    List(&'static Shape),
    /// A map from names that the user chooses.
    Map(&'static Shape),
    /// A map of these fields.
    Fields(&'static [Field]),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// Its default, written as in the file; empty: none.
    pub default: &'static str,
    /// The environment variable that sets it; empty: none. Items of a list stand between commas.
    pub env: &'static str,
    /// The flag that sets it; empty: none.
    pub flag: &'static str,
    /// Whether the file can set it. What holds for one call only cannot be.
    pub in_file: bool,
    /// What it is for.
    pub about: &'static str,
}

const FIELD: Field = Field {
    name: "",
    shape: Shape::Text,
    required: false,
    default: "",
    env: "",
    flag: "",
    in_file: true,
    about: "",
};

/// Words for what may be done in a context.
const MODES: &[&str] = &["normal", "guarded", "read-only"];
/// Words for colour.
const COLORS: &[&str] = &["auto", "always", "never"];
/// Words for glyphs.
const GLYPHS: &[&str] = &["unicode", "ascii"];

/// All settings, in the order in which they are documented and printed.
pub const SETTINGS: &[Field] = &[
    Field {
        name: "repositories",
        shape: Shape::List(&Shape::Source),
        env: "TRUEUP_SOURCE",
        flag: "--source",
        about: "Repositories to look at: paths and URLs, with @revision or without",
        ..FIELD
    },
    Field {
        name: "apps",
        shape: Shape::List(&Shape::Path),
        env: "TRUEUP_APPS",
        flag: "--apps",
        about: "Files and directories of Argo CD Application manifests",
        ..FIELD
    },
    Field {
        name: "bindings",
        shape: Shape::List(&Shape::Fields(BINDING)),
        about: "Which directories are deployed to which cluster and namespace; the first that matches holds",
        ..FIELD
    },
    Field {
        name: "context",
        shape: Shape::List(&Shape::Text),
        env: "TRUEUP_CONTEXT",
        flag: "--context",
        in_file: false,
        about: "Kubeconfig contexts to use",
        ..FIELD
    },
    Field {
        name: "namespace",
        env: "TRUEUP_NAMESPACE",
        flag: "--namespace",
        in_file: false,
        about: "Namespace of discovered Apps that no binding gives one",
        ..FIELD
    },
    Field {
        name: "kubeconfig",
        shape: Shape::Path,
        env: "TRUEUP_KUBECONFIG",
        flag: "--kubeconfig",
        about: "Kubeconfig file, in place of KUBECONFIG and ~/.kube/config",
        ..FIELD
    },
    Field {
        name: "contexts",
        shape: Shape::Map(&Shape::OneOf(MODES)),
        about: "What may be done in a context, by its name or a pattern: normal, guarded (its name is typed before a change) or read-only",
        ..FIELD
    },
    Field {
        name: "read-only",
        shape: Shape::Switch,
        default: "false",
        env: "TRUEUP_READ_ONLY",
        flag: "--read-only",
        about: "Nothing can be changed anywhere",
        ..FIELD
    },
    Field {
        name: "keys",
        shape: Shape::Map(&Shape::List(&Shape::Text)),
        about: "Keys of the console, by command",
        ..FIELD
    },
    Field {
        name: "intervals",
        shape: Shape::Fields(INTERVALS),
        about: "How often and how long",
        ..FIELD
    },
    Field {
        name: "color",
        shape: Shape::OneOf(COLORS),
        default: "auto",
        env: "TRUEUP_COLOR",
        flag: "--color",
        about: "Colours: auto (on a terminal, unless NO_COLOR is set), always or never",
        ..FIELD
    },
    Field {
        name: "glyphs",
        shape: Shape::OneOf(GLYPHS),
        default: "unicode",
        env: "TRUEUP_GLYPHS",
        about: "Marks and lines: unicode or ascii",
        ..FIELD
    },
    Field {
        name: "log",
        default: "info",
        env: "TRUEUP_LOG",
        flag: "--debug",
        about: "What goes to the log file: error, warn, info, debug, trace, or a tracing filter",
        ..FIELD
    },
];

const BINDING: &[Field] = &[
    Field {
        name: "repository",
        shape: Shape::Source,
        about: "Path or URL of the repository; every repository where none is given",
        ..FIELD
    },
    Field {
        name: "directory",
        shape: Shape::Directory,
        required: true,
        about: "Directory, with all below it, or a pattern with *, ? and **",
        ..FIELD
    },
    Field {
        name: "context",
        about: "Kubeconfig context",
        ..FIELD
    },
    Field {
        name: "namespace",
        about: "Namespace",
        ..FIELD
    },
];

const INTERVALS: &[Field] = &[
    Field {
        name: "fetch",
        shape: Shape::Duration,
        default: "1m",
        env: "TRUEUP_FETCH_INTERVAL",
        about: "Between two fetches of a remote repository; 0s: only when asked",
        ..FIELD
    },
    Field {
        name: "verify",
        shape: Shape::Duration,
        default: "10m",
        env: "TRUEUP_VERIFY_INTERVAL",
        about: "After which an unchanged object is verified again; 0s: only when asked",
        ..FIELD
    },
    Field {
        name: "request",
        shape: Shape::Limit,
        default: "30s",
        env: "TRUEUP_REQUEST_TIMEOUT",
        about: "How long one request to a cluster may take",
        ..FIELD
    },
];

impl Shape {
    /// What it is called in a message.
    pub fn name(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Source => "a path or URL".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Duration | Self::Limit => "a span of time such as 30s or 10m".to_owned(),
            Self::Directory => "a directory of the repository".to_owned(),
            Self::OneOf(words) => match words {
                [rest @ .., last] if !rest.is_empty() => {
                    format!("{} or {last}", rest.join(", "))
                }
                _ => words.join(""),
            },
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) | Self::Fields(_) => "a map".to_owned(),
        }
    }
}
