//! Discovery documents as the server sends them: aggregated (apidiscovery.k8s.io) and old (meta/v1).

use serde::Deserialize;

use crate::cluster::{Reply, Resource};
use crate::domain::Gvk;

#[derive(Deserialize)]
pub(super) struct Aggregated {
    kind: String,
    pub items: Vec<AggregatedGroup>,
}

impl Aggregated {
    /// `None` where the server answered in the old form.
    pub fn of(reply: &Reply) -> Option<Self> {
        let list: Self = serde_json::from_slice(&reply.body).ok()?;
        (list.kind == "APIGroupDiscoveryList").then_some(list)
    }
}

#[derive(Deserialize)]
pub(super) struct AggregatedGroup {
    #[serde(default)]
    pub metadata: GroupMeta,
    #[serde(default)]
    pub versions: Vec<AggregatedVersion>,
}

#[derive(Deserialize, Default)]
pub(super) struct GroupMeta {
    /// Absent for the core group.
    #[serde(default)]
    pub name: String,
}

#[derive(Deserialize)]
pub(super) struct AggregatedVersion {
    pub version: String,
    #[serde(default)]
    freshness: String,
    #[serde(default)]
    pub resources: Vec<AggregatedResource>,
}

impl AggregatedVersion {
    pub fn is_stale(&self) -> bool {
        self.freshness == "Stale"
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AggregatedResource {
    resource: String,
    response_kind: Option<ResponseKind>,
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResponseKind {
    group: String,
    version: String,
    kind: String,
}

impl AggregatedResource {
    /// `None` for a resource without a kind: it exists for its subresources alone.
    pub fn served(self, group: &str, version: &str) -> Option<Resource> {
        let named = self.response_kind.unwrap_or_default();
        if named.kind.is_empty() {
            return None;
        }
        // An empty version in responseKind means that of the path.
        let gvk = if named.version.is_empty() {
            gvk(group, version, named.kind)
        } else {
            gvk(&named.group, &named.version, named.kind)
        };
        Some(Resource {
            gvk,
            plural: self.resource,
            namespaced: self.scope == "Namespaced",
            verbs: self.verbs,
        })
    }
}

fn gvk(group: &str, version: &str, kind: String) -> Gvk {
    Gvk {
        group: group.to_owned(),
        version: version.to_owned(),
        kind,
    }
}

/// `APIVersions`: the old answer of `/api`.
#[derive(Deserialize)]
pub(super) struct Versions {
    pub versions: Vec<String>,
}

/// `APIGroupList`: the old answer of `/apis`.
#[derive(Deserialize)]
pub(super) struct GroupList {
    pub groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    name: String,
    versions: Vec<GroupVersion>,
    #[serde(default)]
    preferred_version: GroupVersion,
}

#[derive(Deserialize, Default)]
struct GroupVersion {
    version: String,
}

impl Group {
    /// Its versions with its name, the preferred one first.
    pub fn versions(self) -> Vec<(String, String)> {
        let preferred = self.preferred_version.version;
        let mut versions: Vec<String> = self.versions.into_iter().map(|v| v.version).collect();
        versions.sort_by_key(|version| *version != preferred);
        let name = self.name;
        versions.into_iter().map(|v| (name.clone(), v)).collect()
    }
}

/// `APIResourceList`: what one group version serves.
#[derive(Deserialize, Default)]
pub(super) struct ResourceList {
    #[serde(default)]
    resources: Vec<ListedResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedResource {
    name: String,
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: Vec<String>,
}

impl ResourceList {
    /// Its kinds, subresources left out.
    pub fn served(self, group: &str, version: &str) -> Vec<Resource> {
        let whole = self.resources.into_iter().filter(|r| !r.name.contains('/'));
        whole
            .map(|listed| Resource {
                gvk: gvk(group, version, listed.kind),
                plural: listed.name,
                namespaced: listed.namespaced,
                verbs: listed.verbs,
            })
            .collect()
    }
}
