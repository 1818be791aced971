//! What the cluster itself says about an object: its events, and the pods behind a workload.

use jiff::Timestamp;
use serde::Deserialize;

use super::resource::query;
use super::{Connection, Live};
use crate::domain::{ObjectKey, Result, Value};

/// Whether an event is good or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Something happened as it should.
    Normal,
    /// Something did not.
    Warning,
}

/// One event about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventText {
    /// When it happened last; `None` where it does not say.
    pub time: Option<Timestamp>,
    /// Good or bad news.
    pub kind: EventKind,
    /// One word, as in `FailedScheduling`.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// How often it happened, 1 or more.
    pub count: u32,
    /// Who says so.
    pub source: String,
}

#[derive(Deserialize)]
struct EventList {
    items: Vec<Event>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    metadata: EventMeta,
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    count: Option<u32>,
    event_time: Option<Timestamp>,
    last_timestamp: Option<Timestamp>,
    first_timestamp: Option<Timestamp>,
    series: Option<Series>,
    source: Option<Source>,
    reporting_component: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct EventMeta {
    creation_timestamp: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    count: Option<u32>,
    last_observed_time: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    component: Option<String>,
}

impl From<Event> for EventText {
    fn from(event: Event) -> Self {
        let series = event.series.unwrap_or_default();
        let said = |text: Option<String>| text.filter(|t| !t.is_empty());
        Self {
            time: series
                .last_observed_time
                .or(event.last_timestamp)
                .or(event.event_time)
                .or(event.first_timestamp)
                .or(event.metadata.creation_timestamp),
            kind: match event.kind.as_deref() {
                Some("Normal") | None => EventKind::Normal,
                Some(_) => EventKind::Warning,
            },
            reason: event.reason.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
            count: series.count.or(event.count).unwrap_or(1).max(1),
            source: said(event.source.unwrap_or_default().component)
                .or(said(event.reporting_component))
                .unwrap_or_default(),
        }
    }
}

impl Connection {
    /// The events about an object, newest last. An empty `uid` takes those of earlier objects of that name as well.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn events_of(&self, key: &ObjectKey, uid: &str) -> Result<Vec<EventText>> {
        let mut selector = format!(
            "involvedObject.kind={},involvedObject.name={}",
            query::field_value(&key.kind),
            query::field_value(&key.name)
        );
        if !uid.is_empty() {
            selector.push_str(&format!(",involvedObject.uid={}", query::field_value(uid)));
        }
        // Events about cluster-scoped objects are kept in the namespace `default`.
        let namespace = if key.namespace.is_empty() {
            "default"
        } else {
            &key.namespace
        };
        let path = format!("/api/v1/namespaces/{}/events", query::segment(namespace));
        let path = query::with(&path, &[("fieldSelector", &selector), ("limit", "500")]);
        let reply = self.get(&path).await?;
        if !reply.is_success() {
            return Err(self.refused(&reply, "list events"));
        }
        let list: EventList = reply.json().map_err(|p| p.at(self.context()))?;
        let mut events: Vec<EventText> = list.items.into_iter().map(EventText::from).collect();
        events.sort_by_key(|event| event.time);
        Ok(events)
    }

    /// The pods that a workload's selector names: those behind a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job.
    /// None where it has no selector, or one for something else.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn pods_of(&self, workload: &Live) -> Result<Vec<Value>> {
        let object = workload.value();
        let Some(selector) = pod_selector(&object) else {
            return Ok(Vec::new());
        };
        let namespace = query::segment(&workload.key.namespace);
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let reply = self
            .get(&query::with(
                &path,
                &[("labelSelector", &selector), ("limit", "500")],
            ))
            .await?;
        if !reply.is_success() {
            return Err(self.refused(&reply, "list pods"));
        }
        let list: Pods = reply.json().map_err(|p| p.at(self.context()))?;
        Ok(list.items)
    }
}

#[derive(Deserialize)]
struct Pods {
    items: Vec<Value>,
}

/// The selector of whatever makes pods from a template. A claim selects volumes, and a monitor Services.
fn pod_selector(object: &Value) -> Option<String> {
    object.pointer("/spec/template").filter(|t| t.is_object())?;
    label_selector(object.pointer("/spec/selector")?)
}

/// A `LabelSelector`, or the plain map of a ReplicationController, as a query. An empty one would mean every pod:
/// `None`, as for one that is not understood.
fn label_selector(selector: &Value) -> Option<String> {
    let mut terms = Vec::new();
    let structured =
        selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if structured {
        selector.get("matchLabels")
    } else {
        Some(selector)
    };
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        terms.push(format!("{key}={}", value.as_str()?));
    }
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    for expression in expressions.into_iter().flatten() {
        let key = expression.get("key")?.as_str()?;
        let values = expression.get("values").and_then(Value::as_array);
        let values: Vec<&str> = values
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        terms.push(match expression.get("operator")?.as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_become_queries() {
        let table = [
            (
                json!({"matchLabels": {"app": "web", "tier": "x"}}),
                Some("app=web,tier=x"),
            ),
            (
                json!({"matchLabels": {"a": "b"}, "matchExpressions": [
                    {"key": "t", "operator": "In", "values": ["x", "y"]},
                    {"key": "u", "operator": "NotIn", "values": ["z"]},
                    {"key": "v", "operator": "Exists"},
                    {"key": "w", "operator": "DoesNotExist"}]}),
                Some("a=b,t in (x,y),u notin (z),v,!w"),
            ),
            (json!({"app": "old"}), Some("app=old")),
            (json!({}), None),
            (json!({"matchLabels": {}}), None),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Near"}]}),
                None,
            ),
        ];
        for (selector, query) in table {
            assert_eq!(label_selector(&selector).as_deref(), query, "{selector}");
        }
    }

    #[test]
    fn what_a_claim_selects_are_no_pods() {
        let selector = json!({"matchLabels": {"app": "web"}});
        let workload = json!({"spec": {"selector": selector, "template": {"spec": {}}}});
        assert_eq!(pod_selector(&workload).as_deref(), Some("app=web"));
        assert_eq!(pod_selector(&json!({"spec": {"selector": selector}})), None);
    }

    #[test]
    fn events_tell_when_and_how_often() {
        let event = |json: Value| EventText::from(serde_json::from_value::<Event>(json).unwrap());
        let old = event(json!({
            "type": "Warning", "reason": "Failed", "message": "m", "count": 7,
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-02T00:00:00Z",
            "eventTime": null, "source": {"component": "kubelet"}, "reportingComponent": "other",
        }));
        assert_eq!(
            (old.count, old.kind, old.source.as_str()),
            (7, EventKind::Warning, "kubelet")
        );
        assert_eq!(old.time.unwrap().to_string(), "2026-01-02T00:00:00Z");
        let new = event(json!({
            "type": "Normal", "eventTime": "2026-01-01T00:00:00.123456Z", "reportingComponent": "scheduler",
            "series": {"count": 3, "lastObservedTime": "2026-01-03T00:00:00.000000Z"}, "source": {},
        }));
        assert_eq!((new.count, new.source.as_str()), (3, "scheduler"));
        assert_eq!(new.time.unwrap().to_string(), "2026-01-03T00:00:00Z");
        assert_eq!(event(json!({})).count, 1);
    }
}
