//! What a Plan must know of a live object, and who claims it. Read from the object itself; no I/O.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::adopt::{adoption, former_appliers};
use super::order::is_definition;
use crate::domain::tracking::{self, TrackingId};
use crate::domain::{Health, ObjectKey, Owner, Problem, Value};
use crate::health::assess;
use crate::merge::{LAST_APPLIED, MANAGER};

/// What a Plan must know of a live object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveFacts {
    /// Its UID.
    pub uid: String,
    /// The resource version that the comparison was made from.
    pub resource_version: String,
    /// Value of the tracking annotation.
    pub tracking_id: Option<String>,
    /// `Kind/name` of its first owner reference: something else makes and unmakes it.
    pub owner: Option<String>,
    /// Who holds fields of it.
    pub managers: Vec<Owner>,
    /// Field managers of former appliers that hold fields of it.
    pub former_appliers: Vec<String>,
    /// Why an adoption could not move what they hold.
    pub unmovable: Option<Problem>,
    /// Whether it is being deleted.
    pub deletion_pending: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, without the large last-applied one.
    pub annotations: BTreeMap<String, String>,
    /// Its health; `None`: it has none.
    pub health: Option<Health>,
    /// What would go with it. `of` does not know; whoever has looked says so.
    pub contents: Contents,
}

/// What goes with an object when it is deleted: all that is in a namespace, all objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Contents {
    /// It is no container.
    #[default]
    None,
    /// Nobody has looked, or could.
    Unknown,
    /// These, without what depends on them and what every namespace has.
    Known(Vec<ObjectKey>),
}

impl LiveFacts {
    /// Reads the facts from a live object.
    pub fn of(live: &Value) -> Self {
        let text = |pointer| {
            live.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let mut annotations = strings(live, "/metadata/annotations");
        annotations.remove(LAST_APPLIED);
        let owner = live.pointer("/metadata/ownerReferences/0").map(|owner| {
            let text = |field| owner.get(field).and_then(Value::as_str).unwrap_or("?");
            format!("{}/{}", text("kind"), text("name"))
        });
        let kind = ObjectKey::of(live).unwrap_or_else(|| ObjectKey::new("", "", "", ""));
        let former_appliers = former_appliers(live);
        Self {
            uid: text("/metadata/uid"),
            resource_version: text("/metadata/resourceVersion"),
            tracking_id: annotations.get(tracking::ANNOTATION).cloned(),
            owner,
            managers: managers(live),
            unmovable: match former_appliers.is_empty() {
                true => None,
                false => adoption(live).err(),
            },
            former_appliers,
            deletion_pending: live.pointer("/metadata/deletionTimestamp").is_some(),
            labels: strings(live, "/metadata/labels"),
            annotations,
            health: assess(live),
            contents: if is_container(&kind) {
                Contents::Unknown
            } else {
                Contents::None
            },
        }
    }

    /// Whether trueup applied it.
    pub fn applied_by_trueup(&self) -> bool {
        self.managers
            .iter()
            .any(|m| m.manager == MANAGER && m.apply && m.subresource.is_empty())
    }

    /// Whether an adoption has something to move: former appliers hold fields of it, and trueup does not apply it yet.
    pub fn is_adoptable(&self) -> bool {
        !self.applied_by_trueup() && !self.former_appliers.is_empty()
    }

    /// Whether its tracking-id says that it is this very object of the App.
    pub fn tracked_by(&self, app: &str, key: &ObjectKey) -> bool {
        self.tracking_id
            .as_deref()
            .and_then(TrackingId::parse)
            .is_some_and(|id| id.instance == app && id.is_for(key))
    }

    /// Who else claims the object. A copy that carries another object's tracking-id is claimed by nobody through it.
    pub fn claim(&self, app: &str, key: &ObjectKey) -> Option<Claim> {
        let ours = self.tracked_by(app, key);
        // Controllers may put owner references on what an App applied; that does not make it theirs.
        if ours && self.applied_by_trueup() {
            return None;
        }
        if let Some(owner) = &self.owner {
            return Some(Claim::Owner(owner.clone()));
        }
        let tracked = self.tracking_id.as_deref().and_then(TrackingId::parse);
        if let Some(id) = tracked
            && id.is_for(key)
            && !ours
        {
            return Some(Claim::App(id.instance));
        }
        if ours {
            return None;
        }
        let label = |name: &str| self.labels.get(name).cloned();
        for (tool, prefix) in FLUX {
            if let Some(name) = label(&format!("{prefix}/name")) {
                let namespace = label(&format!("{prefix}/namespace")).unwrap_or_default();
                return Some(Claim::Flux(format!("{tool} {namespace}/{name}")));
            }
        }
        let release = self.annotations.get("meta.helm.sh/release-name")?;
        (label("app.kubernetes.io/managed-by").as_deref() == Some("Helm"))
            .then(|| Claim::Helm(release.clone()))
    }
}

/// The labels by which Flux's controllers mark what they hold.
const FLUX: [(&str, &str); 2] = [
    ("Kustomization", "kustomize.toolkit.fluxcd.io"),
    ("HelmRelease", "helm.toolkit.fluxcd.io"),
];

/// Kinds whose deletion takes other objects along.
pub fn is_container(key: &ObjectKey) -> bool {
    (key.group.is_empty() && key.kind == "Namespace") || is_definition(&key.group_kind())
}

fn strings(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    object
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
        .collect()
}

fn managers(live: &Value) -> Vec<Owner> {
    let entries = live
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let text = |field| entry.get(field).and_then(Value::as_str).unwrap_or_default();
            Owner {
                manager: text("manager").to_owned(),
                apply: text("operation") == "Apply",
                subresource: text("subresource").to_owned(),
                time: text("time").parse::<Timestamp>().ok(),
            }
        })
        .collect()
}

/// Who claims a live object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Another App, by its tracking-id.
    App(String),
    /// A Helm release.
    Helm(String),
    /// A Flux resource: kind, namespace and name.
    Flux(String),
    /// Its owner reference: kind and name.
    Owner(String),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(name) => write!(f, "App {name}"),
            Self::Helm(name) => write!(f, "Helm release {name}"),
            Self::Flux(name) => write!(f, "Flux {name}"),
            Self::Owner(name) => write!(f, "its owner {name}"),
        }
    }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
