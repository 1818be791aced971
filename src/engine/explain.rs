//! Why an object is not healthy: what its pods wait for, and what the events say.

use std::sync::Arc;

use crate::cluster::{Connection, Live};
use crate::domain::{AppId, ObjectKey, Problem, ProblemKind};

use super::core::Core;
use super::report::{Reason, Report};
use super::request::Ticket;

/// Starts looking; the answer goes out as a Report.
pub(super) fn start(core: &Core, ticket: Ticket, id: &AppId, key: &ObjectKey) {
    let cluster = core.world.clusters.get(&id.context);
    let found = cluster.and_then(|c| Some((c.connection.clone()?, c.live.get(key)?.live.clone())));
    let (reports, key) = (core.reports.clone(), key.clone());
    tokio::spawn(async move {
        let reasons = match found {
            Some((connection, live)) => reasons(&connection, &live).await,
            None => Err(
                Problem::new(ProblemKind::NotFound, "it is not in the cluster").at(key.to_string()),
            ),
        };
        let _ = reports.send(Report::Reasons(ticket, reasons)).await;
    });
}

/// What the object's pods wait for, then the events of the object and of its pods, oldest first.
async fn reasons(connection: &Connection, live: &Arc<Live>) -> Result<Vec<Reason>, Problem> {
    let mut present = Vec::new();
    let mut events = Vec::new();
    let about = format!("{} {}", live.key.kind, live.key.name);
    events.extend(events_about(connection, &live.key, &live.uid, &about).await?);
    for pod in connection.pods_of(live).await? {
        let Some(key) = pod_key(&pod) else {
            continue;
        };
        let about = format!("Pod {}", key.name);
        let waiting = crate::health::waiting_reasons(&pod);
        let healthy = waiting.is_empty();
        present.extend(waiting.into_iter().map(|waiting| Reason {
            time: waiting.since,
            present: true,
            warning: true,
            about: about.clone(),
            text: waiting.text,
        }));
        if !healthy {
            let uid = pod
                .pointer("/metadata/uid")
                .and_then(|u| u.as_str())
                .unwrap_or_default();
            events.extend(events_about(connection, &key, uid, &about).await?);
        }
    }
    events.sort_by_key(|e: &Reason| e.time);
    Ok(told_once(present, events))
}

/// What holds, then what happened, each text once: of events that say the same the newest, and none that repeats what
/// holds. Pods of one workload wait for the same.
fn told_once(present: Vec<Reason>, events: Vec<Reason>) -> Vec<Reason> {
    let mut told: Vec<(Reason, Vec<String>)> = Vec::new();
    for reason in present {
        match told.iter_mut().find(|(r, _)| r.text == reason.text) {
            Some((_, others)) => others.push(reason.about),
            None => told.push((reason, Vec::new())),
        }
    }
    let n_present = told.len();
    for event in events.into_iter().rev() {
        let (_, message) = event.text.split_once(": ").unwrap_or(("", &event.text));
        let repeats = |r: &Reason| !message.is_empty() && r.text.ends_with(message);
        if told[..n_present].iter().any(|(r, _)| repeats(r)) {
            continue;
        }
        match told[n_present..]
            .iter_mut()
            .find(|(r, _)| r.text == event.text)
        {
            Some((first, others))
                if first.about == event.about || others.contains(&event.about) => {}
            Some((_, others)) => others.push(event.about),
            None => told.insert(n_present, (event, Vec::new())),
        }
    }
    let named = |(reason, others): (Reason, Vec<String>)| match others.len() {
        0 => reason,
        more => Reason {
            about: format!("{} and {more} more", reason.about),
            ..reason
        },
    };
    told.into_iter().map(named).collect()
}

/// The key of a Pod out of a list, whose items say neither `kind` nor `apiVersion`.
fn pod_key(pod: &serde_json::Value) -> Option<ObjectKey> {
    let at = |pointer: &str| pod.pointer(pointer).and_then(|v| v.as_str());
    let (namespace, name) = (at("/metadata/namespace")?, at("/metadata/name")?);
    Some(ObjectKey::new("", "Pod", namespace, name))
}

async fn events_about(
    connection: &Connection,
    key: &ObjectKey,
    uid: &str,
    about: &str,
) -> Result<Vec<Reason>, Problem> {
    let events = connection.events_of(key, uid).await?;
    Ok(events
        .into_iter()
        .map(|e| Reason {
            time: e.time,
            present: false,
            warning: e.kind == crate::cluster::EventKind::Warning,
            about: about.to_owned(),
            text: format!("{}: {}", e.reason, e.message),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_not_told_twice() {
        let reason = |present, about: &str, text: &str| Reason {
            time: None,
            present,
            warning: true,
            about: about.into(),
            text: text.into(),
        };
        let told = told_once(
            vec![
                reason(true, "Pod a", "not scheduled: Unschedulable: no node"),
                reason(true, "Pod b", "not scheduled: Unschedulable: no node"),
            ],
            vec![
                reason(false, "Pod a", "Created: pod"),
                reason(false, "Pod a", "FailedScheduling: no node"),
                reason(false, "Pod a", "Pulled: image"),
                reason(false, "Pod a", "Pulled: image"),
                reason(false, "Pod b", "Pulled: image"),
            ],
        );
        let told: Vec<_> = told
            .iter()
            .map(|r| format!("{} {}", r.about, r.text))
            .collect();
        assert_eq!(
            told,
            [
                "Pod a and 1 more not scheduled: Unschedulable: no node",
                "Pod a Created: pod",
                "Pod b and 1 more Pulled: image",
            ]
        );
    }

    #[test]
    fn a_pod_out_of_a_list_is_not_passed_over() {
        let pod = serde_json::json!({"metadata": {"namespace": "shop", "name": "web-1"}});
        let key = ObjectKey::new("", "Pod", "shop", "web-1");
        assert_eq!(pod_key(&pod), Some(key));
        assert_eq!(pod_key(&serde_json::json!({})), None);
    }
}
