//! Config files, variables and flags laid over each other, and every mistake in them.

use super::effective::{Base, Origin, layered};
use super::explain::explain;
use super::file::ConfigFile;
use super::*;
use crate::domain::{Problem, ProblemKind, Value};

fn base() -> Base {
    Base {
        directory: "/cfg".into(),
        home: Some("/home/ada".into()),
    }
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    pairs.iter().map(own).collect()
}

fn read(text: &str, env: &[(&str, &str)], flags: &[Flag]) -> Result<Loaded, Vec<Problem>> {
    let path = "/cfg/config.yaml";
    let file = ConfigFile::parse(path, text).map_err(|p| vec![p])?;
    layered(Some(file), path.into(), &base(), &environment(env), flags)
}

fn mistakes(text: &str) -> Vec<String> {
    let problems = read(text, &[], &[]).expect_err(text);
    let line = |p: &Problem| {
        assert_eq!(p.kind, ProblemKind::Config);
        format!("{}: {} | {}", p.place, p.summary, p.hints.join(" "))
    };
    problems.iter().map(line).collect()
}

const WHOLE: &str = "
repositories: [https://git.example.com/shop.git@main, ~/src/infra, ./near, git@host:acme/x]
apps: apps
bindings:
- directory: clusters/prod
  context: prod-eu
  namespace: shop
- repository: ~/src/infra
  directory: '**/dev'
  context: dev
kubeconfig: ~/.kube/other
contexts: {prod-eu: normal, prod-*: guarded, '*-audit': read-only}
keys: {sync: [s, ctrl-s], refresh: r}
intervals: {fetch: 2m, request: 10}
color: never
glyphs: ascii
log: debug
";

#[test]
fn a_whole_file_is_read() {
    let settings = read(WHOLE, &[], &[]).unwrap().settings;
    assert_eq!(
        settings.repositories,
        [
            "https://git.example.com/shop.git@main",
            "/home/ada/src/infra",
            "/cfg/near",
            "git@host:acme/x"
        ]
    );
    assert_eq!(settings.apps, [PathBuf::from("/cfg/apps")]);
    assert_eq!(settings.bindings[0].context.as_deref(), Some("prod-eu"));
    assert_eq!(settings.bindings[0].repository, None);
    assert_eq!(
        settings.bindings[1].repository.as_deref(),
        Some("/home/ada/src/infra")
    );
    assert_eq!(settings.kubeconfig, Some("/home/ada/.kube/other".into()));
    assert_eq!(settings.keys["sync"], ["s", "ctrl-s"]);
    assert_eq!(settings.keys["refresh"], ["r"]);
    assert_eq!(settings.intervals.fetch, Duration::from_secs(120));
    assert_eq!(settings.intervals.verify, Duration::from_secs(600));
    assert_eq!(settings.intervals.request, Duration::from_secs(10));
    assert_eq!(
        (settings.color, settings.glyphs),
        (ColorWhen::Never, Glyphs::Ascii)
    );
    assert!(!settings.read_only);
}

#[test]
fn the_most_careful_pattern_holds_but_a_name_comes_first() {
    let settings = read(WHOLE, &[], &[]).unwrap().settings;
    for (context, mode) in [
        ("prod-eu", Mode::Normal),
        ("prod-us", Mode::Guarded),
        ("prod-audit", Mode::ReadOnly),
        ("dev", Mode::Normal),
    ] {
        assert_eq!(settings.mode(context), mode, "{context}");
    }
}

#[test]
fn nothing_set_is_fine() {
    for text in ["", "# nothing\n", "{}", "repositories:\nkeys:\n"] {
        let settings = read(text, &[], &[]).unwrap().settings;
        assert!(settings.repositories.is_empty());
        assert_eq!(settings.intervals.fetch, Duration::from_secs(60));
    }
    let none = layered(None, String::new(), &base(), &Environment::new(), &[]).unwrap();
    assert_eq!(none.settings, read("", &[], &[]).unwrap().settings);
}

#[test]
fn later_layers_win_and_say_so() {
    let flag = Flag {
        setting: "color",
        value: Value::String("always".into()),
        flag: "--color".into(),
    };
    let env = [
        ("TRUEUP_COLOR", "auto"),
        ("TRUEUP_CONTEXT", "a, b"),
        ("TRUEUP_READ_ONLY", "1"),
    ];
    let loaded = read("color: never\nintervals: {fetch: 5s}", &env, &[flag]).unwrap();
    assert_eq!(loaded.settings.color, ColorWhen::Always);
    assert_eq!(loaded.settings.context, ["a", "b"]);
    assert!(loaded.settings.read_only);
    assert_eq!(loaded.origins["color"], Origin::Flag("--color".into()));
    assert_eq!(
        loaded.origins["read-only"],
        Origin::Variable("TRUEUP_READ_ONLY".into())
    );
    assert_eq!(loaded.origins["intervals.verify"], Origin::Default);
    assert!(matches!(
        &loaded.origins["intervals.fetch"],
        Origin::File(_)
    ));
}

#[test]
fn no_color_is_never_unless_trueup_is_told() {
    let color = |env: &[(&str, &str)]| read("color: always", env, &[]).unwrap().settings.color;
    assert_eq!(color(&[("NO_COLOR", "1")]), ColorWhen::Never);
    assert_eq!(color(&[("NO_COLOR", "")]), ColorWhen::Always);
    assert_eq!(
        color(&[("NO_COLOR", "1"), ("TRUEUP_COLOR", "auto")]),
        ColorWhen::Auto
    );
}

/// One mistake each: what is wrong, and where.
#[test]
fn every_mistake_is_named() {
    for (text, expected) in [
        ("a: [", "the config file is not valid YAML"),
        ("a: 1\na: 2", "the config file is not valid YAML"),
        ("{}\n---\n{}", "the config file is not valid YAML"),
        ("a: &a [x]\nb: *z", "the config file is not valid YAML"),
        ("- a", "the config file is not a map of settings"),
        (
            "colour: never",
            "unknown setting `colour` | Did you mean `color`?",
        ),
        (
            "ponies: 3",
            "unknown setting `ponies` | Known here are repositories, apps,",
        ),
        (
            "repositories: {a: b}",
            "`repositories`: a path or URL is expected, not a map",
        ),
        (
            "repositories: [1]",
            "`repositories[0]`: a path or URL is expected, not a number",
        ),
        (
            "repositories: ['']",
            "`repositories[0]`: a path or URL is expected, not an empty text",
        ),
        (
            "read-only: maybe",
            "`read-only`: true or false is expected, not text",
        ),
        (
            "contexts: {prod: gaurded}",
            "`contexts.prod`: normal, guarded or read-only is expected, not `gaurded` | Did you mean `guarded`?",
        ),
        (
            "contexts: [prod]",
            "`contexts`: a map is expected, not a list",
        ),
        (
            "intervals: {fetch: soon}",
            "`intervals.fetch`: `soon` is not a span of time",
        ),
        (
            "intervals: {fetch: -1}",
            "`intervals.fetch`: a span of time such as 30s or 10m is expected, not a number",
        ),
        (
            "intervals: {fech: 1m}",
            "unknown setting `intervals.fech` | Did you mean `fetch`?",
        ),
        (
            "bindings: [{context: a}]",
            "`bindings[0]` lacks `directory`",
        ),
        (
            "bindings: [{directory: a, cluster: x}]",
            "unknown setting `bindings[0].cluster`",
        ),
        (
            "bindings: {directory: a}",
            "`bindings`: a list is expected, not a map",
        ),
        (
            "keys: {sync: [1]}",
            "`keys.sync[0]`: text is expected, not a number",
        ),
        (
            "keys: {accept: [Y]}",
            "`keys.accept[0]`: text is expected, not true or false | It is text in quotes",
        ),
        (
            "context: prod",
            "`context` cannot be set in the file | It holds for one call: use --context or TRUEUP_CONTEXT.",
        ),
        (
            "glyphs: emoji",
            "`glyphs`: unicode or ascii is expected, not `emoji`",
        ),
    ] {
        let found = mistakes(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(expected), "{text}: {found:?}");
        assert!(found[0].starts_with("/cfg/config.yaml"), "{found:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = mistakes("colour: never\nread-only: 3\ncontexts:\n  a: b\n");
    let places: Vec<_> = found.iter().filter_map(|f| f.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "/cfg/config.yaml:1:1",
            "/cfg/config.yaml:2:1",
            "/cfg/config.yaml:4:3"
        ],
        "{found:?}"
    );
}

#[test]
fn a_misplaced_secret_is_not_repeated() {
    let found = mistakes("repositories: {password: hunter2}");
    assert!(!found[0].contains("hunter2"), "{found:?}");
}

#[test]
fn mistyped_variables_are_not_ignored() {
    let wrong = |pair| read("", &[pair], &[]).map(|_| ()).map_err(|p| p[0].clone());
    let problem = wrong(("TRUEUP_READONLY", "1")).unwrap_err();
    assert_eq!(problem.hints, ["Did you mean TRUEUP_READ_ONLY?"]);
    assert_eq!(wrong(("TRUEUP_VERSION", "1")), Ok(()));
    let problem = wrong(("TRUEUP_READ_ONLY", "perhaps")).unwrap_err();
    assert_eq!(problem.place, "TRUEUP_READ_ONLY");
    assert!(problem.summary.contains("true or false is expected"));
}

#[test]
fn the_effective_settings_are_a_config_file() {
    let loaded = read(WHOLE, &[("TRUEUP_CONTEXT", "prod-eu")], &[]).unwrap();
    let text = explain(&loaded);
    let again = read(&text, &[("TRUEUP_CONTEXT", "prod-eu")], &[]).unwrap();
    assert_eq!(again.settings, loaded.settings, "{text}");
}

#[test]
fn passwords_in_urls_are_not_printed() {
    let loaded = read("repositories: 'https://bob:hunter2@h/x'", &[], &[]).unwrap();
    assert_eq!(loaded.settings.repositories, ["https://bob:hunter2@h/x"]);
    assert!(!explain(&loaded).contains("hunter2"));
}

#[test]
fn the_effective_settings_look_like_this() {
    let flag = Flag {
        setting: "read-only",
        value: Value::Bool(true),
        flag: "--read-only".into(),
    };
    let loaded = read("", &[("TRUEUP_CONTEXT", "prod")], &[flag]).unwrap();
    insta::assert_snapshot!(explain(&loaded), @r##"
    # /cfg/config.yaml
    # repositories:  # not set
    # apps:          # not set
    # bindings:      # not set
    # context:       # environment TRUEUP_CONTEXT
    #   - prod
    # namespace:     # not set
    # kubeconfig:    # not set
    # contexts:      # not set
    read-only: true  # flag --read-only
    # keys:          # not set
    intervals:
      fetch: 1m      # default
      verify: 10m    # default
      request: 30s   # default
    color: auto      # default
    glyphs: unicode  # default
    log: info        # default
    "##);
}

#[test]
fn places_can_be_named() {
    let env = environment(&[
        ("TRUEUP_CACHE_DIR", "/c"),
        ("TRUEUP_STATE_DIR", "/s"),
        ("TRUEUP_CONFIG", "/x"),
    ]);
    let places = Places::find(&env, None).unwrap();
    assert_eq!(places.config_file, PathBuf::from("/x"));
    assert_eq!(places.log_file, PathBuf::from("/s/trueup.log"));
    assert!(places.config_named);
    let flagged = Places::find(&env, Some("/y".into())).unwrap();
    assert_eq!(flagged.config_file, PathBuf::from("/y"));
}

#[test]
fn a_named_file_must_exist_and_another_need_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut places = Places {
        config_file: directory.path().join("config.yaml"),
        config_named: false,
        cache_dir: PathBuf::new(),
        state_dir: PathBuf::new(),
        log_file: PathBuf::new(),
        home: None,
    };
    assert!(load(&places, &Environment::new(), &[]).is_ok());
    places.config_named = true;
    let problems = load(&places, &Environment::new(), &[]).unwrap_err();
    assert_eq!(problems[0].summary, "there is no such config file");
    std::fs::write(&places.config_file, "read-only: true").unwrap();
    assert!(
        load(&places, &Environment::new(), &[])
            .unwrap()
            .settings
            .read_only
    );
    places.config_file = directory.path().to_owned();
    assert!(load(&places, &Environment::new(), &[]).is_err());
}

const DOCS: &str = include_str!("../../docs/configuration.md");

#[test]
fn every_setting_is_documented_as_it_is() {
    for (name, field) in super::effective::leaves() {
        let row = DOCS
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("{name} is not documented"));
        for word in [field.default, field.env, field.flag] {
            let is_there = word.is_empty() || row.contains(&format!("`{word}`"));
            assert!(is_there, "{name}: {word} is not in {row}");
        }
    }
}

#[test]
fn the_documented_example_is_a_config_file() {
    let (_, example) = DOCS.split_once("```yaml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let settings = read(example, &[], &[]).unwrap().settings;
    assert_eq!(settings.bindings.len(), 2);
    assert_eq!(settings.mode("prod-eu"), Mode::Guarded);
}
