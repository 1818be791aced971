//! From the health of objects to that of their App (Argo CD `controller/health.go`).

use crate::domain::{Health, HealthStatus, ObjectKey};

/// One object of an App, hooks left out.
#[derive(Clone, Copy, Debug)]
pub struct AppObject<'a> {
    /// Which object.
    pub key: &'a ObjectKey,
    /// Its health; `None`: its kind has none.
    pub health: Option<&'a Health>,
    /// Whether it is in the cluster.
    pub presence: Live,
    /// Whether it asks to be left out (see [`ignored`](super::ignored)).
    pub ignored: bool,
}

/// Whether an object is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// It is.
    There,
    /// It is not.
    Missing,
    /// Nobody can tell: it may not be read.
    Unknown,
}

/// How many objects a message names.
const NAMED: usize = 3;

/// The worst health among the objects, naming up to three that have it. A missing object makes its App drift, not ill;
/// an App of which nothing lives is Missing; where something cannot be read, nothing is known of it.
pub fn roll_up<'a>(objects: impl IntoIterator<Item = AppObject<'a>>) -> Health {
    let mut worst = HealthStatus::Healthy;
    let mut causes: Vec<(&ObjectKey, &Health)> = Vec::new();
    let (mut live, mut missing, mut unknown) = (0usize, 0usize, 0usize);
    for object in objects {
        match object.presence {
            Live::There => live += 1,
            Live::Missing => missing += 1,
            Live::Unknown => unknown += 1,
        }
        if object.presence != Live::There {
            continue;
        }
        let Some(health) = object.health.filter(|_| !object.ignored) else {
            continue;
        };
        // A child App that is not assessed is its own matter.
        let child = object.key.group == "argoproj.io" && object.key.kind == "Application";
        if child && matches!(health.status, HealthStatus::Missing | HealthStatus::Unknown) {
            continue;
        }
        if health.status > worst {
            worst = health.status;
            causes.clear();
        }
        if health.status == worst && worst != HealthStatus::Healthy {
            causes.push((object.key, health));
        }
    }
    if live == 0 && unknown > 0 {
        let message = match unknown {
            1 => "an object of it cannot be read".to_owned(),
            _ => format!("{unknown} objects of it cannot be read"),
        };
        return Health::new(HealthStatus::Unknown, message);
    }
    if live == 0 && missing > 0 {
        let message = match missing {
            1 => "its only object is not in the cluster".to_owned(),
            _ => format!("none of its {missing} objects is in the cluster"),
        };
        return Health::new(HealthStatus::Missing, message);
    }
    Health::new(worst, describe(&causes))
}

fn describe(causes: &[(&ObjectKey, &Health)]) -> String {
    let mut parts: Vec<String> = causes
        .iter()
        .take(NAMED)
        .map(|(key, health)| match health.message.as_str() {
            "" => key.to_string(),
            message => format!("{key}: {message}"),
        })
        .collect();
    if causes.len() > NAMED {
        parts.push(format!("and {} more", causes.len() - NAMED));
    }
    parts.join("; ")
}
