//! The lock of an App: a Lease beside its record that says who runs.
//!
//! Each write is guarded by the resource version, so of two that reach for a free lock one gets it. Whether a lock has
//! expired is not decided here: clocks of different machines disagree, so it is judged by how long a resource version
//! has not moved, on the judge's own monotonic clock.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::record::LOCK_SECONDS;
use crate::domain::{Gvk, Problem, ProblemKind, Result, Value};

use super::{Failure, Writer};
use crate::cluster::predict::meta;
use crate::cluster::resource::target::Target;
use crate::cluster::{Connection, Resource};

/// A lock as it was read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Namespace of the App's record.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who runs; empty: nobody.
    pub holder: String,
    /// When the holder took it, by its own clock.
    pub acquired: Option<Timestamp>,
    /// When the holder last renewed it, by its own clock.
    pub renewed: Option<Timestamp>,
    /// Moves with every renewal.
    pub resource_version: String,
    /// UID.
    pub uid: String,
    /// How often it has changed hands.
    pub transitions: i64,
}

/// What reaching for a lock came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// It is ours.
    Ours(Lease),
    /// Somebody has it.
    Held(Lease),
}

impl Connection {
    /// Reads a lock. `None` where there is none.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn read_lease(&self, namespace: &str, name: &str) -> Result<Option<Lease>> {
        let target = Target::named(&leases(), namespace, name)?;
        Ok(self.read(&leases(), &target).await?.as_ref().map(Lease::of))
    }
}

impl Writer {
    /// Takes a lock that is free; one that somebody holds, expired or not, is left alone. `holder` must be unique to
    /// the Run.
    ///
    /// # Errors
    /// [`Failure::Changed`] where another took it at the same moment.
    pub async fn acquire(
        &self,
        namespace: &str,
        name: &str,
        holder: &str,
        now: Timestamp,
    ) -> Result<LeaseState, Failure> {
        let seen = self
            .connection
            .read_lease(namespace, name)
            .await
            .map_err(|problem| Failure::NotDone(problem.hint("The lock was not taken.")))?;
        let next = match seen {
            Some(lease) if !lease.holder.is_empty() && lease.holder != holder => {
                return Ok(LeaseState::Held(lease));
            }
            Some(free) => free.taken_by(holder, now),
            None => Lease {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                holder: holder.to_owned(),
                acquired: Some(now),
                renewed: Some(now),
                resource_version: String::new(),
                uid: String::new(),
                transitions: 0,
            },
        };
        self.write_lease(&next).await.map(LeaseState::Ours)
    }

    /// Takes a lock from its holder, exactly as it was seen.
    ///
    /// # Errors
    /// [`Failure::Changed`] where the holder has renewed it since, or it is gone.
    pub async fn takeover(
        &self,
        seen: &Lease,
        holder: &str,
        now: Timestamp,
    ) -> Result<Lease, Failure> {
        self.write_lease(&seen.taken_by(holder, now)).await
    }

    /// Renews a lock that is ours.
    ///
    /// # Errors
    /// [`Failure::Changed`]: it is no longer ours, and the Run must stop before its next step.
    pub async fn renew(&self, ours: &Lease, now: Timestamp) -> Result<Lease, Failure> {
        let renewed = Lease {
            renewed: Some(now),
            ..ours.clone()
        };
        self.write_lease(&renewed).await
    }

    /// Lets go of a lock that is ours. The Lease stays, with no holder.
    ///
    /// # Errors
    /// [`Failure::Changed`] where it is no longer ours.
    pub async fn release(&self, ours: &Lease, now: Timestamp) -> Result<(), Failure> {
        let free = Lease {
            holder: String::new(),
            renewed: Some(now),
            ..ours.clone()
        };
        self.write_lease(&free).await.map(|_| ())
    }

    async fn write_lease(&self, lease: &Lease) -> Result<Lease, Failure> {
        let version = Some(lease.resource_version.as_str()).filter(|v| !v.is_empty());
        if version.is_some() && lease.uid.is_empty() {
            return Err(Failure::unsendable(Problem::new(
                ProblemKind::Internal,
                "a lock that was read has a uid",
            )));
        }
        self.put(&leases(), &lease.body(), version)
            .await
            .map(|object| Lease::of(&object))
    }
}

impl Lease {
    /// Reads a Lease; what it lacks is empty.
    pub fn of(object: &Value) -> Self {
        let spec = |field: &str| object.get("spec").and_then(|spec| spec.get(field));
        let time = |field| {
            spec(field)
                .and_then(Value::as_str)
                .and_then(|t| t.parse().ok())
        };
        Self {
            namespace: meta(object, "namespace"),
            name: meta(object, "name"),
            holder: spec("holderIdentity")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            acquired: time("acquireTime"),
            renewed: time("renewTime"),
            resource_version: meta(object, "resourceVersion"),
            uid: meta(object, "uid"),
            transitions: spec("leaseTransitions")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
        }
    }

    fn taken_by(&self, holder: &str, now: Timestamp) -> Self {
        Self {
            holder: holder.to_owned(),
            acquired: Some(now),
            renewed: Some(now),
            transitions: self.transitions.saturating_add(1),
            ..self.clone()
        }
    }

    fn body(&self) -> Value {
        let micro = |time: Option<Timestamp>| time.map(|t| format!("{t:.6}"));
        let mut meta = json!({"namespace": self.namespace, "name": self.name});
        if !self.uid.is_empty() {
            // With the uid a Lease that was deleted is not made anew: this kind creates on update.
            meta["uid"] = json!(self.uid);
        }
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": meta,
            "spec": {
                "holderIdentity": self.holder,
                "acquireTime": micro(self.acquired),
                "renewTime": micro(self.renewed),
                "leaseDurationSeconds": LOCK_SECONDS,
                "leaseTransitions": self.transitions,
            },
        })
    }
}

pub(in crate::cluster) fn leases() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("coordination.k8s.io/v1", "Lease"),
        plural: "leases".to_owned(),
        namespaced: true,
        verbs: Vec::new(),
    }
}
