//! `trueup clusters`: which clusters there are, and what may be done there.

use serde_json::json;

use crate::domain::{Value, age};
use crate::engine::{ClusterMode, ClusterView, Reach, Snapshot, words};

use super::table::{Cell, Table};
use super::{Ink, Style, inks, json, problem};

/// A table of clusters, and why those that are down are.
pub fn text(snapshot: &Snapshot, style: &Style) -> String {
    if snapshot.clusters.is_empty() && snapshot.problems.is_empty() {
        return "No clusters are in use.\n".to_owned();
    }
    let mut table = Table::new(&[
        "CONTEXT", "STATE", "SINCE", "VERSION", ">LATENCY", ">APPS", "USER", "RIGHTS", "MODE",
        "SERVER", "",
    ]);
    for cluster in &snapshot.clusters {
        let (word, ink) = inks::reach(&cluster.reach);
        let latency = match &cluster.reach {
            Reach::Up { latency } => age::latency(*latency),
            _ => String::new(),
        };
        let mode = match cluster.mode {
            ClusterMode::Normal => "",
            mode => words::mode(mode),
        };
        table.row([
            (&cluster.context).into(),
            Cell::new(ink, word),
            Cell::new(Ink::Dim, age::age(cluster.since, style.now).0),
            (&cluster.version).into(),
            latency.into(),
            cluster.n_apps.to_string().into(),
            (&cluster.user).into(),
            words::rights(cluster.rights).into(),
            Cell::new(Ink::Yellow, mode),
            (&cluster.server).into(),
            Cell::new(Ink::Dim, same_as(cluster)),
        ]);
    }
    let mut out = if snapshot.clusters.is_empty() {
        String::new()
    } else {
        table.text(style)
    };
    for cluster in &snapshot.clusters {
        for one in cluster.all_problems() {
            let mut named = one.clone();
            named.place = super::apps::within(&cluster.context, &one.place);
            out.push_str(&problem::text(&named, style));
        }
    }
    out.push_str(&problem::all(&snapshot.problems, style));
    out
}

fn same_as(cluster: &ClusterView) -> String {
    cluster
        .same_as
        .as_ref()
        .map_or_else(String::new, |other| format!("the same cluster as {other}"))
}

/// The same for programs.
pub fn json(snapshot: &Snapshot) -> Value {
    let clusters: Vec<Value> = snapshot
        .clusters
        .iter()
        .map(|cluster| {
            let (latency, retry_at) = match &cluster.reach {
                Reach::Up { latency } => (Some(latency.as_secs_f64() * 1000.0), None),
                Reach::Down { retry_at, .. } => (None, *retry_at),
                Reach::Connecting => (None, None),
            };
            json!({
                "context": cluster.context,
                "server": cluster.server,
                "uid": cluster.uid,
                "version": cluster.version,
                "user": cluster.user,
                "rights": words::rights(cluster.rights),
                "mode": words::mode(cluster.mode),
                "state": words::reach(&cluster.reach),
                "latencyMilliseconds": latency,
                "retryAt": retry_at,
                "since": cluster.since,
                "apps": cluster.n_apps,
                "sameAs": cluster.same_as,
                "problems": cluster.all_problems().map(json::problem).collect::<Vec<_>>(),
            })
        })
        .collect();
    json::document(
        "ClusterList",
        json!({
            "clusters": clusters,
            "problems": snapshot.problems.iter().map(json::problem).collect::<Vec<_>>(),
        }),
    )
}
