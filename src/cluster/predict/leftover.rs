//! Live fields that Git does not have and that make an apply invalid: `value` beside `valueFrom`, two ports of one name,
//! `rollingUpdate` beside `Recreate`. Nobody wants them, or somebody's hand put them there: then they are a conflict like
//! any other, and the sync takes them.
//!
//! The causes of a 422 tell where to look. What claim and apply would make together is asked of the server as well, by
//! a dry-run JSON patch that is never sent for real; only what it needs gone is claimed. (An apply with explicit nulls
//! would do for scalars alone: a null does not take the parts of a map away from their holders.)

use http::Method;

use crate::domain::{Problem, ProblemKind, Result, Value};

use super::foreseen::{foreseen, patch};
use super::held::{Held, path, pointer};
use super::suspects::{Path, named, near, parts};
use super::{JSON_PATCH, Prediction, QUERY, bytes};
use crate::cluster::resource::target::Target;
use crate::cluster::writer::{Done, Failure, Writer};
use crate::cluster::{Connection, Reply, Resource, Status, StatusCause};

/// Claiming one leftover can uncover the next; an object with more layers than this is refused.
const MAX_ROUNDS: usize = 3;

impl Connection {
    /// Tries to explain a 422 by leftovers. Found: the prediction becomes what claim and apply would make together, and
    /// those that somebody holds become conflicts. Otherwise the prediction stays as it is.
    pub(super) async fn predict_leftovers(
        &self,
        resource: &Resource,
        target: &Target,
        object: &Value,
        live: &Value,
        status: &Status,
        prediction: &mut Prediction,
    ) -> Result<()> {
        let mut trials = Trials {
            connection: self,
            resource,
            target,
            live,
            object,
            n_requests: 0,
            causes: status.causes.clone(),
            taken: None,
        };
        let found = trials.search(&status.causes).await;
        prediction.n_requests += trials.n_requests;
        let Some(leftovers) = found? else {
            return Ok(());
        };
        let Some((_, reply)) = trials.taken.filter(|(paths, _)| *paths == leftovers) else {
            return Ok(());
        };
        prediction.take(&reply, resource, target)?;
        prediction.leftovers = leftovers.iter().map(|path| pointer(path)).collect();
        let held = Held::of(live);
        prediction
            .conflicts
            .extend(leftovers.iter().flat_map(|path| held.conflicts(path)));
        Ok(())
    }
}

/// Dry runs of claim and apply, with one set of leftovers after the other.
struct Trials<'t> {
    connection: &'t Connection,
    resource: &'t Resource,
    target: &'t Target,
    live: &'t Value,
    object: &'t Value,
    n_requests: u32,
    /// Why the last one was refused.
    causes: Vec<StatusCause>,
    /// The last one that the server took.
    taken: Option<(Vec<Path>, Reply)>,
}

impl Trials<'_> {
    /// The leftovers that must go, and no more than must; the last trial taken is of these. `None`: no leftovers are why.
    async fn search(&mut self, first: &[StatusCause]) -> Result<Option<Vec<Path>>> {
        let mut found: Vec<Path> = Vec::new();
        let mut explained = false;
        for _ in 0..MAX_ROUNDS {
            let before = found.len();
            for path in named(self.live, self.object, &self.causes) {
                if !found.contains(&path) {
                    found.push(path);
                }
            }
            if found.len() == before {
                break;
            }
            explained = self.is_taken(&found).await?;
            if explained {
                break;
            }
        }
        if !explained {
            let causes: Vec<_> = self.causes.iter().chain(first).cloned().collect();
            for ring in near(self.live, self.object, &causes) {
                let more = ring.iter().filter(|path| !found.contains(path));
                let wider: Vec<_> = found.iter().chain(more).cloned().collect();
                if wider.len() > found.len() {
                    explained = self.is_taken(&wider).await?;
                }
                if explained {
                    found = wider;
                    break;
                }
            }
        }
        if !explained {
            return Ok(None);
        }
        let found = self.fewest(found, &[]).await?;
        let found = self.narrowed(found).await?;
        if self.taken.as_ref().is_none_or(|(paths, _)| *paths != found) {
            self.is_taken(&found).await?;
        }
        Ok(Some(found))
    }

    /// Of paths that together are enough, beside `always`, as few as are.
    async fn fewest(&mut self, paths: Vec<Path>, always: &[Path]) -> Result<Vec<Path>> {
        let mut needed = paths;
        let mut chunk = needed.len() / 2;
        while chunk > 0 {
            let mut i = 0;
            while i < needed.len() && needed.len() > 1 {
                let mut fewer = needed.clone();
                fewer.drain(i..(i + chunk).min(needed.len()));
                let all: Vec<_> = always.iter().chain(&fewer).cloned().collect();
                if !fewer.is_empty() && self.is_taken(&all).await? {
                    needed = fewer;
                } else {
                    i += chunk;
                }
            }
            chunk /= 2;
        }
        Ok(needed)
    }

    /// Of what somebody holds, only the parts that must go: a limit of CPU, and not that of memory beside it.
    async fn narrowed(&mut self, paths: Vec<Path>) -> Result<Vec<Path>> {
        let mut todo = paths;
        let mut done: Vec<Path> = Vec::new();
        while let Some(path) = todo.pop() {
            let parts = parts(self.live, &path);
            if parts.len() > 1 && !Held::of(self.live).conflicts(&path).is_empty() {
                let rest: Vec<_> = done.iter().chain(&todo).cloned().collect();
                let all: Vec<_> = rest.iter().chain(&parts).cloned().collect();
                if self.is_taken(&all).await? {
                    let n_parts = parts.len();
                    let needed = self.fewest(parts, &rest).await?;
                    if needed.len() < n_parts {
                        todo.extend(needed);
                        continue;
                    }
                }
            }
            done.push(path);
        }
        done.reverse();
        Ok(done)
    }

    /// Whether the server would take the apply once these were claimed.
    async fn is_taken(&mut self, paths: &[Path]) -> Result<bool> {
        let claimed: Vec<_> = paths.iter().map(Vec::as_slice).collect();
        let Some(wanted) = foreseen(self.live, self.object, &claimed) else {
            return Ok(false);
        };
        self.n_requests += 1;
        let query = self.target.with(&format!("dryRun=All&{QUERY}"));
        let body = bytes(&patch(self.live, &wanted));
        let reply = self
            .connection
            .request(Method::PATCH, &query, Some(JSON_PATCH), body)
            .await?;
        if reply.is_success() {
            self.taken = Some((paths.to_vec(), reply));
            return Ok(true);
        }
        let status = Status::of(&reply);
        if status.refusal(self.resource, &self.target.key).is_none() {
            let weather = status.weather(reply.retry_after);
            return Err(weather.at(self.target.key.to_string()));
        }
        self.causes = status.causes;
        Ok(false)
    }
}

impl Writer {
    /// Makes trueup's apply the only holder of the leftovers of a [`Prediction`], so that the apply after it removes
    /// them. Changes no value. `live` is the object that the pointers lead into, as it was then, with its managedFields.
    ///
    /// # Errors
    /// [`Failure::Changed`] where the object changed since.
    pub async fn claim_leftovers(
        &self,
        resource: &Resource,
        live: &Value,
        leftovers: &[String],
    ) -> Result<Done, Failure> {
        let target = Target::of(resource, live).map_err(Failure::unsendable)?;
        let patch = claim_patch(resource, live, leftovers).ok_or_else(|| {
            Failure::Changed(
                Problem::new(
                    ProblemKind::Conflict,
                    "what stood in the way is no longer there",
                )
                .at(target.key.to_string()),
            )
        })?;
        self.patch_ownership(resource, &target.key.namespace, &target.key.name, &patch)
            .await
    }
}

fn claim_patch(resource: &Resource, live: &Value, leftovers: &[String]) -> Option<Value> {
    let paths = leftovers
        .iter()
        .map(|l| path(live, l))
        .collect::<Option<Vec<_>>>()?;
    let entries = Held::of(live).claimed(&paths, &resource.gvk.api_version())?;
    let version = live.pointer("/metadata/resourceVersion")?;
    Some(serde_json::json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
    ]))
}
