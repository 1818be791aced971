//! One question to the server about one object, and what its answer makes of the object.

use std::sync::Arc;

use crate::cluster::{Connection, Live, Prediction, RefusalKind, Resource};
use crate::domain::{
    AppId, Gvk, IgnoreRule, Manifest, ObjectDrift, ObjectKey, Problem, TrackingId, Value,
};
use crate::drift::{self, Comparison};

use super::world::Inputs;

/// What came of asking about one object.
pub(super) struct Answer {
    pub id: AppId,
    pub key: ObjectKey,
    pub inputs: Inputs,
    pub drift: Result<ObjectDrift, Problem>,
    /// Whether the server said that this user may not patch it.
    pub forbidden: bool,
    pub n_requests: u32,
}

/// One question to the server.
#[derive(Clone)]
pub(super) struct Question {
    pub connection: Connection,
    pub id: AppId,
    pub key: ObjectKey,
    pub resource: Resource,
    pub desired: Arc<Manifest>,
    pub live: Option<Arc<Live>>,
    pub base: Option<Arc<Manifest>>,
    pub ignore: Vec<IgnoreRule>,
    /// Whether ignored fields stay as the cluster has them (`RespectIgnoreDifferences`).
    pub respect: bool,
    pub may_patch: bool,
    /// Whether a sync would replace it whole rather than apply it.
    pub replace: bool,
    pub inputs: Inputs,
}

/// Whether the options of an App and of an object say that the object is replaced.
pub(super) fn replaces(app: &crate::domain::App, desired: &Manifest) -> bool {
    let stated = desired.annotation(crate::sync::options::OPTIONS_ANNOTATION);
    crate::sync::options::ObjectOptions::merge(&app.sync, stated, None).replace
}

/// An answer with all that a Plan wants to know of it.
pub(super) struct Asked {
    pub drift: ObjectDrift,
    /// What a sync would send: Desired, but for ignored differences that are to be respected.
    pub sent: Arc<Manifest>,
    pub prediction: Option<Prediction>,
    pub live: Option<Value>,
    pub forbidden: bool,
    pub n_requests: u32,
}

impl Question {
    /// Asks for a verdict.
    pub async fn ask(self) -> Answer {
        let asked = self.put().await;
        let (drift, forbidden, n_requests) = match asked {
            Ok(asked) => (Ok(asked.drift), asked.forbidden, asked.n_requests),
            Err(problem) => (Err(problem), false, 1),
        };
        Answer {
            id: self.id,
            key: self.key,
            inputs: self.inputs,
            drift,
            forbidden,
            n_requests,
        }
    }

    /// Puts the question, and compares.
    pub async fn put(&self) -> Result<Asked, Problem> {
        let mut live = self.live.as_ref().map(|l| l.value());
        // Watched at another version than Git states it: only one version of both can be compared.
        if let Some(other) = self.live.as_ref().filter(|l| l.gvk != self.desired.gvk) {
            let (namespace, name) = (&other.key.namespace, &other.key.name);
            let found = self
                .connection
                .get_object(&self.resource, namespace, name)
                .await?;
            live = found.map(|l| l.value());
        }
        let respected = live.as_ref().filter(|_| self.respect).and_then(|live| {
            drift::respected(&self.desired, live, &self.ignore, &self.key, self.replace)
        });
        let sent = respected.map_or_else(|| self.desired.clone(), Arc::new);
        let comparison = |predicted, conflicts| Comparison {
            key: &self.key,
            gvk: &self.desired.gvk,
            desired: Some(&*sent),
            live: live.as_ref(),
            predicted,
            base: self.base.as_ref().map(|b| &*b.value),
            conflicts,
            ignore: &self.ignore,
            adopted: self.inputs.managed,
            schema: None,
        };
        if !self.may_patch {
            let drift = drift::local(&comparison(None, Vec::new()), None);
            return Ok(Asked {
                drift,
                sent: sent.clone(),
                prediction: None,
                live,
                forbidden: true,
                n_requests: 0,
            });
        }
        let (resource, desired) = (&self.resource, &sent.value);
        let prediction = match &live {
            Some(live) if self.replace => {
                let replaced = self.connection.predict_replace(resource, desired, live);
                replaced.await?
            }
            live => {
                let applied = self.connection.predict(resource, desired, live.as_ref());
                applied.await?
            }
        };
        let n_requests = prediction.n_requests;
        let drift = match &prediction.refusal {
            Some(refusal) if refusal.kind == RefusalKind::Forbidden => {
                // Who may only look sees the same drift, told by the object alone; that it is so stands at the App.
                let drift = drift::local(&comparison(None, Vec::new()), None);
                return Ok(Asked {
                    drift,
                    sent: sent.clone(),
                    prediction: Some(prediction),
                    live,
                    forbidden: true,
                    n_requests,
                });
            }
            // Asking would have changed it: the object alone tells.
            Some(refusal) if refusal.kind == RefusalKind::NotAsked => {
                drift::local(&comparison(None, Vec::new()), None)
            }
            // An absent namespace makes the object Missing, not wrong.
            Some(refusal) if refusal.kind == RefusalKind::NamespaceAbsent => {
                missing(&self.key, &self.desired)
            }
            Some(refusal) => drift::refused(&comparison(None, Vec::new()), refusal.problem.clone()),
            None if live.is_none() => missing(&self.key, &self.desired),
            None => drift::compare(&comparison(
                prediction.object.as_ref(),
                prediction.conflicts.clone(),
            )),
        };
        Ok(Asked {
            drift,
            sent,
            prediction: Some(prediction),
            live,
            forbidden: false,
            n_requests,
        })
    }
}

/// Whether a live object says of itself that it is this App's. A copy that carries another object's id does not.
pub(super) fn tracked_by(live: &Live, app: &str) -> bool {
    live.tracking
        .as_deref()
        .and_then(TrackingId::parse)
        .is_some_and(|id| id.instance == app && id.is_for(&live.key))
}

/// A comparison in which one side may be absent and nothing was predicted.
pub(super) fn one_side<'a>(
    key: &'a ObjectKey,
    gvk: &'a Gvk,
    desired: Option<&'a Manifest>,
    live: Option<&'a Value>,
) -> Comparison<'a> {
    Comparison {
        key,
        gvk,
        desired,
        live,
        predicted: None,
        base: None,
        conflicts: Vec::new(),
        ignore: &[],
        adopted: true,
        schema: None,
    }
}

/// In Git and not in the cluster.
pub(super) fn missing(key: &ObjectKey, desired: &Manifest) -> ObjectDrift {
    drift::compare(&one_side(key, &desired.gvk, Some(desired), None))
}

/// Held and no longer in Git.
pub(super) fn extra(key: &ObjectKey, gvk: &Gvk, live: &Value) -> ObjectDrift {
    drift::compare(&one_side(key, gvk, None, Some(live)))
}
