//! Which kinds a cluster serves, at which versions, under which names.
//!
//! A group that did not answer is known to be unknown: it never counts as absent.

mod openapi;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeSet, HashMap};

use futures::StreamExt as _;
use http::Method;
use http::header::ACCEPT;

use super::{Connection, Reply, Resource, Status};
use crate::domain::{GroupKind, Gvk, Problem, ProblemKind, Result};
use wire::{Aggregated, Group, GroupList, ResourceList, Versions};

/// Asks for the aggregated form first (KEP-3352), and takes the old one.
const ACCEPT_AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
/// Requests of the old way that are under way at once.
const AT_ONCE: usize = 8;

/// All that a cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// In the server's order of groups, and in each group its preferred version first.
    served: Vec<Resource>,
    by_gvk: HashMap<Gvk, usize>,
    by_kind: HashMap<GroupKind, usize>,
    problems: Vec<Problem>,
    unsure: BTreeSet<String>,
}

impl Discovery {
    /// A kind at exactly this version.
    pub fn resource(&self, gvk: &Gvk) -> Option<&Resource> {
        self.by_gvk.get(gvk).map(|&i| &self.served[i])
    }

    /// A kind at the version that the server prefers among those that have it.
    pub fn preferred(&self, kind: &GroupKind) -> Option<&Resource> {
        self.by_kind.get(kind).map(|&i| &self.served[i])
    }

    /// Every kind at every version.
    pub fn all(&self) -> impl Iterator<Item = &Resource> {
        self.served.iter()
    }

    /// What could not be learned.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether a group did not answer, so that a kind of it that is not found may exist still.
    pub fn is_unsure(&self, group: &str) -> bool {
        self.unsure.contains(group)
    }

    fn add(&mut self, resource: Resource) {
        let index = self.served.len();
        let gvk = &resource.gvk;
        self.by_gvk.entry(gvk.clone()).or_insert(index);
        self.by_kind.entry(gvk.group_kind()).or_insert(index);
        self.served.push(resource);
    }

    fn doubt(&mut self, group: &str, problem: Problem) {
        self.unsure.insert(group.to_owned());
        self.problems.push(problem);
    }

    fn add_aggregated(&mut self, list: Aggregated, context: &str) {
        for group in list.items {
            let name = group.metadata.name;
            for version in group.versions {
                if version.is_stale() {
                    self.doubt(&name, stale(&name, &version.version, context));
                }
                for resource in version.resources {
                    if let Some(resource) = resource.served(&name, &version.version) {
                        self.add(resource);
                    }
                }
            }
        }
    }
}

/// An aggregated API whose own server does not answer.
fn stale(group: &str, version: &str, context: &str) -> Problem {
    Problem::new(
        ProblemKind::Unreachable,
        format!("the API {group}/{version} does not answer"),
    )
    .at(context)
    .because("the API server calls what it knows of it stale")
    .hint(format!(
        "See why with: kubectl describe apiservice {version}.{group}"
    ))
}

impl Connection {
    /// Asks which kinds are served: two requests where the server aggregates them (Kubernetes 1.27 and later), else one
    /// per group and version.
    ///
    /// # Errors
    /// No answer, or a refusal of the whole. What only part of the groups refuse is in [`Discovery::problems`].
    pub async fn discover(&self) -> Result<Discovery> {
        let (core, groups) = tokio::join!(self.index("/api"), self.index("/apis"));
        let mut discovery = Discovery::default();
        self.core(&mut discovery, &core?).await?;
        self.groups(&mut discovery, &groups?).await?;
        Ok(discovery)
    }

    async fn index(&self, path: &str) -> Result<Reply> {
        let headers = [(ACCEPT, ACCEPT_AGGREGATED)];
        let reply = self
            .request_with(Method::GET, path, &headers, Vec::new())
            .await
            .map_err(|lost| lost.problem)?;
        if reply.is_success() {
            Ok(reply)
        } else {
            Err(self.refused(&reply, "ask which kinds are served"))
        }
    }

    async fn core(&self, discovery: &mut Discovery, reply: &Reply) -> Result<()> {
        if let Some(list) = Aggregated::of(reply) {
            discovery.add_aggregated(list, self.context());
            return Ok(());
        }
        let index: Versions = self.index_of(reply)?;
        let versions = index
            .versions
            .into_iter()
            .map(|version| (String::new(), version));
        self.one_by_one(discovery, versions.collect()).await;
        Ok(())
    }

    async fn groups(&self, discovery: &mut Discovery, reply: &Reply) -> Result<()> {
        if let Some(list) = Aggregated::of(reply) {
            discovery.add_aggregated(list, self.context());
            return Ok(());
        }
        let index: GroupList = self.index_of(reply)?;
        let versions = index.groups.into_iter().flat_map(Group::versions);
        self.one_by_one(discovery, versions.collect()).await;
        Ok(())
    }

    fn index_of<T: serde::de::DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        reply.json().map_err(|p| p.at(self.context()))
    }

    async fn one_by_one(&self, discovery: &mut Discovery, versions: Vec<(String, String)>) {
        let asked =
            futures::stream::iter(versions.into_iter().map(|(group, version)| async move {
                let list = self.resources(&group, &version).await;
                (group, version, list)
            }));
        let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
        for (group, version, list) in answers {
            match list {
                Ok(list) => {
                    for resource in list.served(&group, &version) {
                        discovery.add(resource);
                    }
                }
                Err(problem) => discovery.doubt(&group, problem),
            }
        }
    }

    async fn resources(&self, group: &str, version: &str) -> Result<ResourceList> {
        let path = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        let reply = self.get(&path).await?;
        if !reply.is_success() {
            // A group version that vanished since it was named is just not there.
            if reply.status == 404 && Status::parse(&reply.body).is_some() {
                return Ok(ResourceList::default());
            }
            let doing = format!("ask which kinds {group}/{version} has");
            return Err(self.refused(&reply, &doing));
        }
        self.index_of(&reply)
    }
}
