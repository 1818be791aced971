//! The watches of a cluster: one for each kind, or one for each namespace where the whole may not be listed.

use std::sync::Arc;

use futures::StreamExt as _;
use tokio::task::AbortHandle;

use crate::cluster::{Connection, Keep, Resource, WatchEvent};
use crate::domain::{Problem, ProblemKind};
use crate::engine::core::{Event, Events};
use crate::engine::world::Seen;
use crate::sync::order::is_definition;

use super::wanted::{Wanted, WantedKind, keep};
use super::{ClusterEvent, Task};

impl Task {
    /// Watches what is wanted: starts new kinds, starts kinds over that want more than before, ends the rest.
    pub(super) fn want(&mut self, connection: &Connection, wanted: Arc<Wanted>) {
        let before = self.wanted.read().map(|w| w.clone()).unwrap_or_default();
        if let Ok(mut now) = self.wanted.write() {
            *now = wanted.clone();
        }
        let same_instances = wanted.instances.is_subset(&before.instances);
        let same_groups = wanted.unknown_groups.is_subset(&before.unknown_groups);
        self.streams.retain(|(kind, _), stream| {
            let keep = match (before.kinds.get(kind), wanted.kinds.get(kind)) {
                (Some(before), Some(now)) => {
                    same_instances
                        && (same_groups || !is_definition(kind))
                        && before.resource == now.resource
                        && now.keys.is_subset(&before.keys)
                }
                _ => false,
            };
            if !keep {
                stream.abort();
            }
            keep
        });
        for (kind, want) in &wanted.kinds {
            if self.streams.keys().any(|(k, _)| k == kind) {
                continue;
            }
            let stream = self.follow(connection.clone(), want, wanted.round);
            self.streams.insert((kind.clone(), None), stream);
        }
    }

    /// Watches one kind, over the whole cluster or, where that is forbidden, in each namespace that matters.
    fn follow(&self, connection: Connection, want: &WantedKind, round: u64) -> AbortHandle {
        let (context, events) = (self.context.clone(), self.events.clone());
        let (resource, namespaces) = (want.resource.clone(), want.namespaces.clone());
        let keep = keep(self.wanted.clone());
        tokio::spawn(async move {
            let kind = resource.group_kind();
            let forbidden = forward(
                &connection,
                &context,
                &resource,
                (None, round),
                keep.clone(),
                &events,
            )
            .await;
            let Some(problem) = forbidden else { return };
            if !resource.namespaced || namespaces.is_empty() {
                let event = ClusterEvent::Unreadable {
                    kind,
                    namespace: None,
                    round,
                    problem,
                };
                let _ = events.send(Event::Cluster(context, event)).await;
                return;
            }
            let each = namespaces.iter().map(|namespace| {
                let (connection, context, events, keep) = (
                    connection.clone(),
                    context.clone(),
                    events.clone(),
                    keep.clone(),
                );
                let (resource, kind) = (resource.clone(), kind.clone());
                async move {
                    let name = (Some(namespace.as_str()), round);
                    let forbidden =
                        forward(&connection, &context, &resource, name, keep, &events).await;
                    if let Some(problem) = forbidden {
                        let namespace = Some(namespace.clone());
                        let event = ClusterEvent::Unreadable {
                            kind,
                            namespace,
                            round,
                            problem,
                        };
                        let _ = events.send(Event::Cluster(context, event)).await;
                    }
                }
            });
            futures::future::join_all(each).await;
        })
        .abort_handle()
    }
}

/// Passes on what a watch sees, until it is forbidden (then says why) or nobody listens.
async fn forward(
    connection: &Connection,
    context: &str,
    resource: &Resource,
    (namespace, round): (Option<&str>, u64),
    keep: Keep,
    events: &Events,
) -> Option<Problem> {
    let mut stream = Box::pin(connection.watch(resource, namespace, keep));
    while let Some(event) = stream.next().await {
        if let WatchEvent::Trouble(problem) = &event
            && matches!(problem.kind, ProblemKind::Forbidden | ProblemKind::NotFound)
        {
            return Some(problem.clone());
        }
        let brought = match &event {
            WatchEvent::Listed(objects) => objects.as_slice(),
            WatchEvent::Applied(object) => std::slice::from_ref(object),
            _ => &[],
        };
        let event = ClusterEvent::Watch {
            kind: resource.group_kind(),
            namespace: namespace.map(str::to_owned),
            round,
            seen: brought
                .iter()
                .cloned()
                .map(Seen::of)
                .map(Arc::new)
                .collect(),
            event,
        };
        if events
            .send(Event::Cluster(context.to_owned(), event))
            .await
            .is_err()
        {
            return None;
        }
    }
    None
}
