//! One question to the server about one object, and what its answer makes of the object.

use std::sync::Arc;

use crate::cluster::{Connection, Live, Prediction, Refusal, RefusalKind, Resource};
use crate::domain::{
    App, AppId, Gvk, IgnoreRule, Manifest, ObjectDrift, ObjectKey, Problem, ProblemKind,
    TrackingId, Value, Verdict,
};
use crate::drift::{self, Comparison};
use crate::sync::facts::is_container;
use crate::sync::options::{OPTIONS_ANNOTATION, ObjectOptions};
use crate::sync::{LiveFacts, adopt};

use crate::engine::world::{Home, Inputs};

/// How often an object that moves while it is asked about is read again.
const TIMES_READ_AGAIN: usize = 5;

/// What came of asking about one object.
pub(in crate::engine) struct Answer {
    pub id: AppId,
    pub key: ObjectKey,
    pub inputs: Inputs,
    pub drift: Result<ObjectDrift, Problem>,
    /// Whether the server said that this user may not patch it.
    pub forbidden: bool,
    /// What the server said of the namespace that it would be made in.
    pub home: Home,
    pub n_requests: u32,
}

/// One question to the server.
#[derive(Clone)]
pub(in crate::engine) struct Question {
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
    /// How a sync would write it.
    pub writes: Writes,
    /// Whether `live` is as an adoption would leave it, while the server still has it as it is.
    pub adopted: bool,
    pub inputs: Inputs,
}

/// How a sync writes an object that is there.
#[derive(Clone, Copy, Default)]
pub(in crate::engine) struct Writes {
    /// By a PUT of the whole object rather than an apply.
    pub replace: bool,
    /// By deleting and creating it, where an update is refused; with `replace` wherever it differs.
    pub force: bool,
}

impl Writes {
    /// What the options of an App and of an object say.
    pub fn of(app: &App, desired: &Manifest) -> Self {
        let stated = desired.annotation(OPTIONS_ANNOTATION);
        let options = ObjectOptions::merge(&app.sync, stated, None);
        Self {
            replace: options.replace,
            force: options.force,
        }
    }
}

/// An answer with all that a Plan wants to know of it.
pub(in crate::engine) struct Asked {
    pub drift: ObjectDrift,
    /// What a sync would send: Desired, but for ignored differences that are to be respected.
    pub sent: Arc<Manifest>,
    pub prediction: Option<Prediction>,
    pub live: Option<Value>,
    pub forbidden: bool,
    /// Whether the server would take the object anew once the old one is deleted; only [`Question::prove`] says so.
    pub recreatable: bool,
    pub n_requests: u32,
}

impl Asked {
    /// Whether the object stood still between the moment that it was read and its dry run.
    fn is_of_one_moment(&self) -> bool {
        let version = |live: &Value| live.pointer("/metadata/resourceVersion").cloned();
        self.prediction.as_ref().is_none_or(|p| {
            p.resource_version.is_empty()
                || self.live.as_ref().and_then(version) == Some(p.resource_version.as_str().into())
        })
    }
}

impl Question {
    /// A question about an object of an App that is managed, for a step: it has no base, and nobody keeps its answer.
    pub fn of_step(
        app: &App,
        connection: Connection,
        resource: Resource,
        key: &ObjectKey,
        desired: Arc<Manifest>,
        live: Option<Arc<Live>>,
    ) -> Self {
        Self {
            connection,
            id: app.id.clone(),
            key: key.clone(),
            resource,
            writes: Writes::of(app, &desired),
            desired,
            live,
            base: None,
            ignore: app.ignore.clone(),
            respect: app.sync.respect_ignore,
            may_patch: true,
            adopted: false,
            inputs: Inputs {
                managed: true,
                ..Inputs::NEVER
            },
        }
    }

    /// The same after an adoption of `live`. `None`: nothing has to be moved, or it cannot be.
    pub fn adopted(&self, live: &Value) -> Option<Self> {
        let is_adoptable = LiveFacts::of(live).is_adoptable();
        let adopted = is_adoptable.then(|| adopt::adopted(live).ok().flatten())??;
        let live = Live::from_value(&self.resource, adopted).ok()?;
        Some(Self {
            live: Some(Arc::new(live)),
            adopted: true,
            inputs: Inputs {
                managed: true,
                ..Inputs::NEVER
            },
            ..self.clone()
        })
    }

    /// Asks for a verdict.
    pub async fn ask(self) -> Answer {
        let asked = match self.put().await {
            // What is in sync now was so a moment ago, or its news is on the way.
            Ok(asked) if asked.drift.is_drift() => Box::pin(self.at_one_moment(asked)).await,
            other => other,
        };
        let refusal = |asked: &Asked| Some(asked.prediction.as_ref()?.refusal.as_ref()?.kind);
        let home = match asked.as_ref().ok().and_then(refusal) {
            Some(RefusalKind::NamespaceTerminating) => Home::Ends,
            Some(RefusalKind::NamespaceAbsent) => Home::Absent,
            _ => Home::There,
        };
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
            home,
            n_requests,
        }
    }

    /// Puts the question so that what is there and what would come of it are of one moment.
    pub async fn put_at_one_moment(&self) -> Result<Asked, Problem> {
        let asked = Box::pin(self.put()).await?;
        self.at_one_moment(asked).await
    }

    /// Reads an object again that somebody moved between the moment that it was read and its dry run, and puts the
    /// question anew: that change would look like one that a sync makes.
    async fn at_one_moment(&self, mut asked: Asked) -> Result<Asked, Problem> {
        // What an adoption would leave is of the moment that it was foretold from.
        for _ in 0..TIMES_READ_AGAIN {
            if self.adopted || asked.is_of_one_moment() {
                break;
            }
            let (namespace, name) = (&self.key.namespace, &self.key.name);
            let live = self
                .connection
                .get_object(&self.resource, namespace, name)
                .await?;
            let now = Self {
                live: live.map(Arc::new),
                ..self.clone()
            };
            let n_requests = asked.n_requests + 1;
            asked = Box::pin(now.put()).await?;
            asked.n_requests += n_requests;
        }
        Ok(asked)
    }

    /// Puts the question, and compares. What the server says of a Secret is masked before it goes anywhere.
    pub async fn put(&self) -> Result<Asked, Problem> {
        let seen = self.live.as_ref().map(|l| l.value());
        let asked = Box::pin(self.put_plainly()).await;
        asked.map_err(|mut problem| {
            drift::mask_problem(&mut problem, &[Some(&self.desired.value), seen.as_ref()]);
            problem
        })
    }

    async fn put_plainly(&self) -> Result<Asked, Problem> {
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
            let whole = self.writes.replace;
            drift::respected(&self.desired, live, &self.ignore, &self.key, whole)
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
        };
        let (resource, desired) = (&self.resource, &sent.value);
        let prediction = match live.as_ref().filter(|_| self.adopted) {
            _ if !self.may_patch => None,
            // Boxed, like all that is asked at times only: many of these wait inside each other on one stack.
            Some(live) => {
                let applied = self.connection.predict_adopted(resource, desired, live);
                Box::pin(applied).await?
            }
            None => {
                let applied = self.connection.predict(resource, desired, live.as_ref());
                Some(Box::pin(applied).await?)
            }
        };
        let Some(mut prediction) = prediction else {
            let drift = drift::local(&comparison(None, Vec::new()), None);
            return Ok(Asked {
                drift,
                sent: sent.clone(),
                prediction: None,
                live,
                forbidden: !self.may_patch,
                recreatable: false,
                n_requests: 0,
            });
        };
        // Whether it is in sync, an apply tells: a PUT drops what controllers keep on the object, again and again. What
        // a sync would make of one that differs, the PUT tells.
        if let Some(live) = live.as_ref().filter(|_| self.puts()) {
            let differs = match &prediction.refusal {
                Some(refusal) => is_about_the_update(refusal),
                None => drift::compare(&Comparison {
                    predicted: prediction.object.as_ref(),
                    ..comparison(None, Vec::new())
                })
                .is_drift(),
            };
            if differs {
                let put = self.connection.predict_replace(resource, desired, live);
                let mut put = Box::pin(put).await?;
                put.n_requests += prediction.n_requests;
                if let Some(object) = &mut put.object {
                    drift::keep_own_work(live, object);
                }
                prediction = put;
            }
        }
        let versions = [
            Some(&*sent.value),
            Some(&*self.desired.value),
            live.as_ref(),
        ];
        drift::mask_texts(&mut prediction.warnings, &versions);
        if let Some(refusal) = &mut prediction.refusal {
            drift::say_where(&mut refusal.problem, &refusal.fields, &sent);
            drift::mask_problem(&mut refusal.problem, &versions);
        }
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
                    recreatable: false,
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
        let going = live.as_ref().and_then(crate::domain::deletion::of);
        let going = going.map(|going| going.problem(&self.key));
        let claim = || claimed(self.live.as_ref()?, &self.id.name);
        let drift = match going.or_else(claim).filter(|_| drift.problem.is_none()) {
            Some(problem) => drift.with_problem(problem),
            None => drift,
        };
        Ok(Asked {
            drift,
            sent,
            prediction: Some(prediction),
            live,
            forbidden: false,
            recreatable: false,
            n_requests,
        })
    }

    /// Whether a sync writes it by a PUT. Namespaces and CRDs are never deleted to be made anew.
    fn puts(&self) -> bool {
        self.writes.replace && (!self.writes.force || is_container(&self.key))
    }

    /// Finds out whether a step may delete the object to make it anew, where its options ask for that: only when the
    /// server would take the new one. Where it would not, the object is refused like any other.
    pub async fn prove(&self, asked: &mut Asked) -> Result<(), Problem> {
        let refusal = asked.prediction.as_ref().and_then(|p| p.refusal.as_ref());
        let wanted = match refusal {
            Some(refusal) => !asked.forbidden && is_about_the_update(refusal),
            None => self.writes.replace && asked.drift.verdict == Verdict::Drifted,
        };
        if !self.writes.force || !wanted || asked.live.is_none() || is_container(&self.key) {
            return Ok(());
        }
        let is_immutable = refusal.is_none_or(|r| r.kind == RefusalKind::Immutable);
        let versions = [Some(&*asked.sent.value), asked.live.as_ref()];
        let anew = self
            .connection
            .predict_anew(&self.resource, &asked.sent.value);
        let mut anew = Box::pin(anew).await.map_err(|mut problem| {
            drift::mask_problem(&mut problem, &versions);
            problem
        })?;
        if let Some(refusal) = &mut anew {
            drift::say_where(&mut refusal.problem, &refusal.fields, &asked.sent);
            drift::mask_problem(&mut refusal.problem, &versions);
        }
        match anew {
            None => asked.recreatable = true,
            // Otherwise what was said of the update says it best.
            Some(refusal) if is_immutable => {
                asked.drift.verdict = Verdict::Refused;
                asked.drift.problem = Some(not_anew(&self.key, &refusal));
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// Whether the server minds how the new object follows from the old one, or may: then making it anew can help.
fn is_about_the_update(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind,
        RefusalKind::Immutable | RefusalKind::Invalid | RefusalKind::Duplicate
    )
}

/// What stands in the way of deleting the object and making it anew.
pub(in crate::engine) fn not_anew(key: &ObjectKey, refusal: &Refusal) -> Problem {
    let Problem {
        summary,
        causes,
        hints,
        ..
    } = refusal.problem.clone();
    let mut problem = Problem::new(
        ProblemKind::Rejected,
        "it is not deleted to be made anew, because the server would not take the new one",
    )
    .at(key.to_string())
    .because(summary);
    problem.causes.extend(causes);
    problem.hints = hints;
    problem
}

/// Whether a live object says of itself that it is this App's. A copy that carries another object's id does not.
pub(in crate::engine) fn tracked_by(live: &Live, app: &str) -> bool {
    live.tracking
        .as_deref()
        .and_then(TrackingId::parse)
        .is_some_and(|id| id.instance == app && id.is_for(&live.key))
}

/// A comparison in which one side may be absent and nothing was predicted.
pub(in crate::engine) fn one_side<'a>(
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
    }
}

/// Whether a live object asks not to be counted where Git does not have it.
pub(in crate::engine) fn ignores_extra(live: &Value) -> bool {
    let options = live.pointer("/metadata/annotations/argocd.argoproj.io~1compare-options");
    let options = options.and_then(Value::as_str).unwrap_or_default();
    options.split(',').any(|o| o.trim() == "IgnoreExtraneous")
}

/// What is wrong with an object that another App marks as its own.
fn claimed(live: &Live, app: &str) -> Option<Problem> {
    let id = live.tracking.as_deref().and_then(TrackingId::parse)?;
    (id.instance != app && id.is_for(&live.key)).then(|| {
        Problem::new(
            ProblemKind::Conflict,
            format!("claimed by App {}", id.instance),
        )
        .at(live.key.to_string())
        .hint(
            "Two Apps that have one object undo each other's changes: take it out of one of them.",
        )
    })
}

/// In Git and not in the cluster.
pub(in crate::engine) fn missing(key: &ObjectKey, desired: &Manifest) -> ObjectDrift {
    drift::compare(&one_side(key, &desired.gvk, Some(desired), None))
}

/// Held and no longer in Git.
pub(in crate::engine) fn extra(key: &ObjectKey, gvk: &Gvk, live: &Value) -> ObjectDrift {
    let drift = drift::compare(&one_side(key, gvk, None, Some(live)));
    match crate::domain::deletion::of(live) {
        Some(going) => drift.with_problem(going.problem(key)),
        None => drift,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::scripted;
    use crate::domain::Origin;
    use serde_json::json;

    #[test]
    fn an_extra_object_may_ask_not_to_be_counted() {
        for (options, ignored) in [
            (json!("IgnoreExtraneous"), true),
            (json!("ServerSideDiff=true, IgnoreExtraneous"), true),
            (json!("IgnoreExtraneousThings"), false),
            (json!(true), false),
            (json!(null), false),
        ] {
            let live = json!({"metadata": {"annotations": {"argocd.argoproj.io/compare-options": options}}});
            assert_eq!(ignores_extra(&live), ignored, "{live}");
        }
    }

    #[tokio::test]
    async fn what_a_controller_did_between_read_and_dry_run_looked_like_the_work_of_a_sync() {
        let resource = Resource {
            gvk: Gvk::from_api_version("v1", "ConfigMap"),
            plural: "configmaps".into(),
            namespaced: true,
            verbs: Vec::new(),
        };
        let object = |version: &str, revision: &str| {
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "namespace": "x", "resourceVersion": version,
                    "annotations": {"revision": revision}},
                "data": {"k": "hand"},
            })
        };
        let healed = |version, revision| {
            let mut object = object(version, revision);
            object["data"]["k"] = json!("git");
            object.to_string()
        };
        let desired = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "x"}, "data": {"k": "git"},
        });
        let manifest = Manifest {
            gvk: resource.gvk.clone(),
            value: Arc::new(desired),
            origin: Origin::default(),
        };
        let (connection, requests) = scripted::connection(vec![
            scripted::answer(200, healed("8", "2")),
            scripted::answer(200, object("8", "2").to_string()),
            scripted::answer(200, healed("8", "2")),
        ]);
        let question = Question {
            connection,
            id: AppId::default(),
            key: ObjectKey::new("", "ConfigMap", "x", "a"),
            live: Live::from_value(&resource, object("7", "1"))
                .ok()
                .map(Arc::new),
            resource,
            desired: Arc::new(manifest),
            base: None,
            ignore: Vec::new(),
            respect: false,
            may_patch: true,
            writes: Writes::default(),
            adopted: false,
            inputs: Inputs::NEVER,
        };
        let drift = question.put_at_one_moment().await.unwrap().drift;
        let fields: Vec<String> = drift.fields.iter().map(|f| f.path.to_string()).collect();
        assert_eq!(fields, ["data.k"]);
        assert_eq!(requests.paths().len(), 3);
    }

    #[test]
    fn what_another_app_claims_is_told() {
        let resource = Resource {
            gvk: Gvk::from_api_version("v1", "ConfigMap"),
            plural: "configmaps".into(),
            namespaced: true,
            verbs: Vec::new(),
        };
        let live = |id: &str| {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "namespace": "x", "annotations": {"argocd.argoproj.io/tracking-id": id}},
            });
            Live::from_value(&resource, object).unwrap()
        };
        let told = |id: &str| claimed(&live(id), "web").map(|problem| problem.summary);
        assert_eq!(
            told("tools:/ConfigMap:x/a").as_deref(),
            Some("claimed by App tools")
        );
        assert_eq!(told("web:/ConfigMap:x/a"), None);
        // A copy of another object claims nothing.
        assert_eq!(told("tools:/ConfigMap:x/b"), None);
    }
}
