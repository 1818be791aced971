//! Live fields that Git does not have, that nobody wants, and that make an apply fail: `value` beside `valueFrom`,
//! two ports of one name, `rollingUpdate` beside `Recreate`.
//!
//! They are found from the causes of a 422. What claim and apply would make together is asked of the server as well, by
//! a dry-run JSON patch that is never sent for real. (An apply with explicit nulls would do for scalars alone: a null
//! does not take the parts of a map away from their holders.)

use http::Method;

use crate::domain::{Problem, ProblemKind, Result, Value};

use super::foreseen::{foreseen, patch, same_item};
use super::held::{Held, Hop, path, pointer};
use super::predict::{JSON_PATCH, Prediction, QUERY, bytes};
use super::refusal::{Refusal, RefusalKind};
use super::status::{Status, StatusCause};
use super::target::Target;
use super::writer::{Done, Failure, Writer};
use super::{Connection, Resource};

/// Claiming one leftover can uncover the next; an object with more layers than this is refused.
const MAX_ROUNDS: usize = 3;

/// A live field or list item that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leftover {
    /// Where it is in the live object.
    path: Vec<Hop>,
    /// Managers that want it.
    foreign: Vec<String>,
}

impl Connection {
    /// Tries to explain a 422 by leftovers. Found and nobody's: the prediction becomes what claim and apply would make
    /// together. Found and somebody's: the refusal says whose. Otherwise the prediction stays as it is.
    pub(super) async fn predict_leftovers(
        &self,
        resource: &Resource,
        target: &Target,
        object: &Value,
        live: &Value,
        status: &Status,
        prediction: &mut Prediction,
    ) -> Result<()> {
        let mut found: Vec<Leftover> = Vec::new();
        let mut causes = status.causes.clone();
        for _ in 0..MAX_ROUNDS {
            let before = found.len();
            for leftover in find(live, object, &causes) {
                if !found.iter().any(|f| f.path == leftover.path) {
                    found.push(leftover);
                }
            }
            if found.len() == before {
                return Ok(());
            }
            if let Some(refusal) = held_by_others(&found, target) {
                prediction.refusal = Some(refusal);
                return Ok(());
            }
            let paths: Vec<_> = found.iter().map(|l| l.path.as_slice()).collect();
            let Some(wanted) = foreseen(live, object, &paths) else {
                return Ok(());
            };
            prediction.n_requests += 1;
            let query = target.with(&format!("dryRun=All&{QUERY}"));
            let body = bytes(&patch(live, &wanted));
            let reply = self
                .request(Method::PATCH, &query, Some(JSON_PATCH), body)
                .await?;
            if reply.is_success() {
                prediction.take(&reply, resource, target)?;
                prediction.leftovers = found.iter().map(|l| pointer(&l.path)).collect();
                return Ok(());
            }
            let status = Status::of(&reply);
            if status.refusal(resource, &target.key).is_none() {
                return Err(status.weather(reply.retry_after).at(target.key.to_string()));
            }
            causes = status.causes;
        }
        Ok(())
    }
}

impl Writer {
    /// Makes trueup's apply the holder of the leftovers of a [`Prediction`], so that the apply after it removes them.
    /// Changes no value. `live` is the object that the pointers lead into, as it was then, with its managedFields.
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

/// The leftovers that the causes of a 422 point at.
fn find(live: &Value, desired: &Value, causes: &[StatusCause]) -> Vec<Leftover> {
    let held = Held::of(live);
    let mut found = Vec::new();
    for cause in causes {
        let tokens: Vec<_> = cause
            .field
            .split(['.', '[', ']'])
            .filter(|t| !t.is_empty())
            .collect();
        Search {
            held: &held,
            cause,
            found: &mut found,
        }
        .walk(live, desired, &tokens, &mut Vec::new());
    }
    found
}

struct Search<'s, 'o> {
    held: &'s Held<'o>,
    cause: &'s StatusCause,
    found: &'s mut Vec<Leftover>,
}

impl Search<'_, '_> {
    /// Follows the field of a cause through both objects. Its list indices count in the merged object, which nobody
    /// has seen, so every pair of items with the same key is tried.
    fn walk(&mut self, live: &Value, desired: &Value, tokens: &[&str], path: &mut Vec<Hop>) {
        match (live, desired, tokens) {
            (Value::Array(old), Value::Array(new), [_, rest @ ..]) => {
                let Some(keys) = self.held.keys(path) else {
                    return;
                };
                for (index, item) in old.iter().enumerate() {
                    path.push(Hop::Item(index));
                    match (new.iter().find(|n| same_item(item, n, &keys)), rest) {
                        (Some(wanted), _) => self.walk(item, wanted, rest, path),
                        (None, [attribute]) if self.cause.reason == "FieldValueDuplicate" => {
                            let value = item.get(attribute).filter(|v| v.is_string());
                            if value
                                .is_some_and(|v| new.iter().any(|n| n.get(attribute) == Some(v)))
                            {
                                self.add(path);
                            }
                        }
                        _ => {}
                    }
                    path.pop();
                }
            }
            (Value::Object(old), Value::Object(new), [last]) => {
                if old.contains_key(*last) && !new.contains_key(*last) {
                    self.field(path, last);
                    return;
                }
                self.beside(old, new, path);
                // A cause may name the map whose parts do not go together (a PodDisruptionBudget's `spec`).
                if let (Some(Value::Object(old)), Some(Value::Object(new))) =
                    (old.get(*last), new.get(*last))
                {
                    path.push(Hop::Field((*last).to_owned()));
                    self.beside(old, new, path);
                    path.pop();
                }
            }
            (Value::Object(old), Value::Object(new), [first, rest @ ..]) => {
                match (old.get(*first), new.get(*first)) {
                    (Some(old), Some(new)) => {
                        path.push(Hop::Field((*first).to_owned()));
                        self.walk(old, new, rest, path);
                        path.pop();
                    }
                    // The cause points into something that only the cluster has.
                    (Some(_), None) => self.field(path, first),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Fields of a live map that Git lacks and that the message speaks of, by name or as "one too many".
    fn beside(
        &mut self,
        live: &serde_json::Map<String, Value>,
        desired: &serde_json::Map<String, Value>,
        path: &mut Vec<Hop>,
    ) {
        let message = self.cause.message.as_str();
        let one_of = [
            "more than 1 ",
            "more than one ",
            "exactly one",
            "only one of",
        ];
        let one_of = one_of.iter().any(|text| message.contains(text));
        let words: Vec<_> = message
            .split(|c: char| !c.is_ascii_alphanumeric())
            .collect();
        for name in live
            .keys()
            .filter(|name| !desired.contains_key(*name) && *name != "name")
        {
            if one_of || words.contains(&name.as_str()) {
                self.field(path, name);
            }
        }
    }

    fn field(&mut self, path: &mut Vec<Hop>, name: &str) {
        path.push(Hop::Field(name.to_owned()));
        self.add(path);
        path.pop();
    }

    fn add(&mut self, path: &[Hop]) {
        if self.found.iter().any(|f| f.path == path) {
            return;
        }
        self.found.push(Leftover {
            path: path.to_vec(),
            foreign: self.held.foreign(path),
        });
    }
}

fn held_by_others(found: &[Leftover], target: &Target) -> Option<Refusal> {
    let held: Vec<_> = found.iter().filter(|l| !l.foreign.is_empty()).collect();
    if held.is_empty() {
        return None;
    }
    let mut problem = Problem::new(
        ProblemKind::Rejected,
        "a field that Git does not have does not go with one that it has",
    )
    .at(target.key.to_string());
    for leftover in &held {
        problem = problem.because(format!(
            "{} is held by {}",
            pointer(&leftover.path),
            leftover.foreign.join(", ")
        ));
    }
    Some(Refusal {
        kind: RefusalKind::Leftovers,
        problem: problem
            .hint("Remove that field from the live object, or ask its holder to; then sync."),
        fields: held.iter().map(|l| pointer(&l.path)).collect(),
    })
}
