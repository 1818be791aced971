//! Sync options: an App's `syncPolicy.syncOptions` and an object's `argocd.argoproj.io/sync-options` annotation, with
//! Argo CD's meaning (`docs/user-guide/sync-options.md`). Nothing here decides what is done with them.

use crate::domain::app::Propagation;
use crate::domain::{Notice, SyncOptions};

/// Annotation with an object's own options, a comma list.
pub const OPTIONS_ANNOTATION: &str = "argocd.argoproj.io/sync-options";

/// Options that trueup understands and that change nothing here, with the reason.
const INEFFECTIVE: [(&str, &str); 9] = [
    (
        "Validate=false",
        "the API server validates every server-side apply",
    ),
    (
        "SkipDryRunOnMissingResource=true",
        "trueup plans objects of kinds that are not there yet without being told",
    ),
    ("ServerSideApply=false", "trueup always applies server-side"),
    (
        "ClientSideApplyMigration=true",
        "trueup moves ownership only when an adoption is asked for",
    ),
    (
        "ClientSideApplyMigration=false",
        "trueup moves ownership only when an adoption is asked for",
    ),
    ("Delete=false", "trueup does not delete Apps"),
    ("Delete=confirm", "trueup does not delete Apps"),
    ("Delete=true", "trueup does not delete Apps"),
    (
        "Prune=confirm",
        "trueup does not wait for the approval annotation: treated as Prune=false",
    ),
];

/// Options that state the default, or what trueup does anyway.
const DEFAULTS: [&str; 4] = [
    "Validate=true",
    "SkipDryRunOnMissingResource=false",
    "ServerSideApply=true",
    "Prune=true",
];

/// Reads an App's options. What is unknown, or known and without effect, is a notice.
pub fn parse_app_options(options: &[String]) -> (SyncOptions, Vec<Notice>) {
    let mut parsed = SyncOptions::default();
    let mut notices = Vec::new();
    for option in options {
        let option = option.trim();
        if let Some(text) = read_app_option(option, &mut parsed) {
            notices.push(Notice {
                place: "spec.syncPolicy.syncOptions".to_owned(),
                text: format!("`{option}` {text}"),
            });
        }
    }
    (parsed, notices)
}

fn read_app_option(option: &str, into: &mut SyncOptions) -> Option<String> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let switch = match name {
        "Replace" => Some(&mut into.replace),
        "Force" => Some(&mut into.force),
        "ApplyOutOfSyncOnly" => Some(&mut into.out_of_sync_only),
        "CreateNamespace" => Some(&mut into.create_namespace),
        "PruneLast" => Some(&mut into.prune_last),
        "RespectIgnoreDifferences" => Some(&mut into.respect_ignore),
        "FailOnSharedResource" => Some(&mut into.fail_on_shared),
        _ => None,
    };
    if let Some(switch) = switch {
        // Argo CD asks whether `Name=true` is anywhere in the list.
        match value {
            "true" => *switch = true,
            "false" => {}
            _ => return Some("is neither true nor false and has no effect".to_owned()),
        }
        return None;
    }
    match (name, value) {
        ("Prune", "false") => into.no_prune = true,
        ("Prune", "confirm") => {
            into.no_prune = true;
            return ineffective(option);
        }
        ("PrunePropagationPolicy", policy) => match propagation(policy) {
            Some(policy) => into.propagation = policy,
            None => {
                return Some(
                    "is none of foreground, background, orphan: foreground is used".to_owned(),
                );
            }
        },
        _ if DEFAULTS.contains(&option) => {}
        _ => {
            return ineffective(option)
                .or_else(|| Some("is not known to trueup and has no effect".to_owned()));
        }
    }
    None
}

fn ineffective(option: &str) -> Option<String> {
    let (_, why) = INEFFECTIVE.iter().find(|(name, _)| *name == option)?;
    Some(format!("has no effect of its own: {why}"))
}

fn propagation(policy: &str) -> Option<Propagation> {
    Some(match policy {
        "foreground" => Propagation::Foreground,
        "background" => Propagation::Background,
        "orphan" => Propagation::Orphan,
        _ => return None,
    })
}

/// The options that hold for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectOptions {
    /// Whether it may be pruned.
    pub prune: bool,
    /// Replace instead of apply.
    pub replace: bool,
    /// Delete and create again where nothing else works.
    pub force: bool,
    /// Pruned after everything else.
    pub prune_last: bool,
    /// Leave it alone when in sync, whatever else is asked.
    pub out_of_sync_only: bool,
}

impl ObjectOptions {
    /// Merges an App's options with the annotation of the desired and of the live object: what an object states wins
    /// over its App, and what Git states over what the cluster has.
    pub fn merge(app: &SyncOptions, desired: Option<&str>, live: Option<&str>) -> Self {
        let stated = |name: &str| {
            [desired, live]
                .into_iter()
                .flatten()
                .find_map(|list| value_of(list, name))
        };
        let switch = |name, default| match stated(name) {
            Some("true") => true,
            Some("false") => false,
            _ => default,
        };
        Self {
            prune: match stated("Prune") {
                Some("false" | "confirm") => false,
                Some("true") => true,
                _ => !app.no_prune,
            },
            replace: switch("Replace", app.replace),
            force: switch("Force", app.force),
            // Argo CD has no way for one object of an App with PruneLast to leave it (`getSyncTasks`).
            prune_last: app.prune_last || stated("PruneLast") == Some("true"),
            out_of_sync_only: switch("ApplyOutOfSyncOnly", app.out_of_sync_only),
        }
    }
}

fn value_of<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    split(list).find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|o| !o.is_empty())
}

/// What a person should know about the options that an object states: unknown ones, and those without effect.
pub fn object_notices(annotation: &str) -> Vec<String> {
    split(annotation)
        .filter_map(|option| {
            let why = read_app_option(option, &mut SyncOptions::default())?;
            Some(format!("sync option `{option}` {why}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> (SyncOptions, Vec<String>) {
        let owned: Vec<_> = options.iter().map(|s| (*s).to_owned()).collect();
        let (parsed, notices) = parse_app_options(&owned);
        (parsed, notices.into_iter().map(|n| n.text).collect())
    }

    #[test]
    fn every_option_is_read() {
        let (parsed, notices) = parse(&[
            "Prune=false",
            "Replace=true",
            "Force=true",
            "ApplyOutOfSyncOnly=true",
            "CreateNamespace=true",
            "PruneLast=true",
            "PrunePropagationPolicy=orphan",
            "RespectIgnoreDifferences=true",
            "FailOnSharedResource=true",
            "ServerSideApply=true",
            "Validate=true",
        ]);
        assert_eq!(notices, Vec::<String>::new());
        assert_eq!(
            parsed,
            SyncOptions {
                no_prune: true,
                replace: true,
                force: true,
                out_of_sync_only: true,
                create_namespace: true,
                prune_last: true,
                propagation: Propagation::Orphan,
                respect_ignore: true,
                fail_on_shared: true,
            }
        );
    }

    #[test]
    fn what_has_no_effect_is_said() {
        for (option, word) in [
            ("Validate=false", "validates every"),
            ("ServerSideApply=false", "always applies server-side"),
            ("SkipDryRunOnMissingResource=true", "without being told"),
            ("Prune=confirm", "treated as Prune=false"),
            ("Delete=false", "does not delete Apps"),
            ("Replace=yes", "neither true nor false"),
            ("PrunePropagationPolicy=Foreground", "foreground is used"),
            ("CreateNamespac=true", "not known to trueup"),
            ("", "not known to trueup"),
        ] {
            let (_, notices) = parse(&[option]);
            assert_eq!(notices.len(), 1, "{option}");
            assert!(notices[0].contains(word), "{option}: {}", notices[0]);
        }
        assert!(parse(&["Prune=confirm"]).0.no_prune);
    }

    #[test]
    fn an_object_wins_over_its_app_and_git_over_the_cluster() {
        let app = SyncOptions {
            no_prune: true,
            replace: true,
            ..SyncOptions::default()
        };
        let merged = ObjectOptions::merge(&app, None, None);
        assert!(!merged.prune && merged.replace && !merged.force);
        let merged = ObjectOptions::merge(
            &app,
            Some(" Replace=false , Force=true"),
            Some("Replace=true,Force=false,Prune=true"),
        );
        assert!(merged.prune && !merged.replace && merged.force);
        assert!(!ObjectOptions::merge(&SyncOptions::default(), None, Some("Prune=confirm")).prune);
    }

    #[test]
    fn an_object_of_an_app_with_prune_last_was_pruned_before_it() {
        for (app, object, last) in [
            (true, "PruneLast=false", true),
            (true, "", true),
            (false, "PruneLast=true", true),
            (false, "PruneLast=false", false),
        ] {
            let options = SyncOptions {
                prune_last: app,
                ..SyncOptions::default()
            };
            let merged = ObjectOptions::merge(&options, None, Some(object));
            assert_eq!(merged.prune_last, last, "{app} {object}");
        }
    }

    #[test]
    fn an_objects_unknown_options_are_named() {
        assert_eq!(object_notices("Prune=false,Force=true").len(), 0);
        assert!(object_notices("Prune=false, Foo=1")[0].contains("`Foo=1`"));
    }
}
