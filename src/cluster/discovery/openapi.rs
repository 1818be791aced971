//! The OpenAPI v3 documents of a cluster, one for each group and version. Reads only.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{Problem, ProblemKind, Result, Value};

use crate::cluster::{Connection, Reply, Resource};

/// Where each group and version has its document: `api/v1` or `apis/GROUP/VERSION`, and the URL relative to the server.
/// The URL carries a hash of the content, so an unchanged URL means an unchanged document.
pub type OpenApiIndex = BTreeMap<String, String>;

impl Connection {
    /// The list of documents.
    ///
    /// # Errors
    /// Where the server can't be reached, may not be asked, or is older than Kubernetes 1.24.
    pub async fn openapi_index(&self) -> Result<OpenApiIndex> {
        #[derive(Deserialize)]
        struct Index {
            paths: BTreeMap<String, Entry>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Entry {
            #[serde(rename = "serverRelativeURL")]
            server_relative_url: String,
        }
        let reply = self.get("/openapi/v3").await?;
        let index: Index = readable(&reply, "the list of OpenAPI documents")?.json()?;
        Ok(index
            .paths
            .into_iter()
            .map(|(path, entry)| (path, entry.server_relative_url))
            .collect())
    }

    /// The document of a group and version (`apps/v1`, or `v1` for the core group), read from the place that the index
    /// names.
    ///
    /// # Errors
    /// As for [`Connection::openapi_index`], and where the index has no such document.
    pub async fn openapi(&self, group_version: &str) -> Result<Value> {
        let index = self.openapi_index().await?;
        self.openapi_of(&index, group_version).await
    }

    /// As [`Connection::openapi`], through an index that was read before.
    ///
    /// # Errors
    /// As for [`Connection::openapi`].
    pub async fn openapi_of(&self, index: &OpenApiIndex, group_version: &str) -> Result<Value> {
        let url = index
            .get(&document_path(group_version))
            .filter(|url| url.starts_with("/openapi/"))
            .ok_or_else(|| {
                Problem::new(
                    ProblemKind::NotFound,
                    format!("the server has no OpenAPI document for {group_version}"),
                )
            })?;
        let reply = self.get(url).await?;
        readable(&reply, "an OpenAPI document")?.value()
    }

    /// Whether the server says that a patch of this kind honours `dryRun`. An aggregated API that does not know the
    /// parameter would ignore it and change the object, so it must be asked for before the first dry run.
    ///
    /// # Errors
    /// Where the server can't be reached. A document that is not there means no.
    pub async fn patch_supports_dry_run(&self, resource: &Resource) -> Result<bool> {
        match self.openapi(&resource.gvk.api_version()).await {
            Ok(document) => Ok(patch_has_dry_run(&document, resource)),
            Err(problem) if problem.kind == ProblemKind::NotFound => Ok(false),
            Err(problem) => Err(problem),
        }
    }
}

/// Whether an OpenAPI document gives the patch of a kind a `dryRun` parameter.
pub fn patch_has_dry_run(document: &Value, resource: &Resource) -> bool {
    // The document's own placeholders, which a path made for requests would encode.
    let all = resource.collection("");
    let path = match all
        .strip_suffix(&resource.plural)
        .filter(|_| resource.namespaced)
    {
        Some(root) => format!(
            "{root}namespaces/{{namespace}}/{}/{{name}}",
            resource.plural
        ),
        None => format!("{all}/{{name}}"),
    };
    let Some(item) = document.get("paths").and_then(|paths| paths.get(&path)) else {
        return false;
    };
    [item.pointer("/patch/parameters"), item.get("parameters")]
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .any(|parameter| {
            let parameter = match parameter.get("$ref").and_then(Value::as_str) {
                Some(reference) => document.pointer(reference.trim_start_matches('#')),
                None => Some(parameter),
            };
            parameter
                .and_then(|p| p.get("name"))
                .and_then(Value::as_str)
                == Some("dryRun")
        })
}

fn document_path(group_version: &str) -> String {
    if group_version.contains('/') {
        format!("apis/{group_version}")
    } else {
        format!("api/{group_version}")
    }
}

fn readable<'r>(reply: &'r Reply, what: &str) -> Result<&'r Reply> {
    if reply.is_success() {
        return Ok(reply);
    }
    let kind = match reply.status {
        401 => ProblemKind::Unauthenticated,
        403 => ProblemKind::Forbidden,
        404 => ProblemKind::NotFound,
        _ => ProblemKind::Unreachable,
    };
    Err(Problem::new(kind, format!("{what} could not be read"))
        .because(format!("the server answered {}", reply.status)))
}
