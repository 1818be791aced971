//! The lock of an App while it is synced: a Lease beside its record, renewed until it is let go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::cluster::{Connection, Failure, Lease, LeaseState, Writer};
use crate::domain::{App, Clock, Problem, ProblemKind};
use crate::sync::lock::{EXPIRES_AFTER, Observed, RENEW_EVERY, held_by, lease_name};

/// A lock that could not be renewed for this long is not counted on: somebody may take it over soon.
const GIVE_UP: Duration = EXPIRES_AFTER.saturating_sub(RENEW_EVERY);
/// A renewal that failed is tried again after this.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// A lock that is held.
pub(in crate::engine) struct Lock {
    access: Arc<Mutex<Access>>,
    clock: Arc<dyn Clock>,
    held: Arc<Mutex<Result<Lease, Problem>>>,
    renewing: AbortHandle,
}

/// The way to the cluster; another after a renewal of the connection.
type Access = (Connection, Writer);

/// What reaching for a lock came to.
pub(in crate::engine) enum Reached {
    /// It is held now.
    Ours(Lock),
    /// Somebody has it and did not renew it while it was watched: it can be taken over.
    Expired(Lease),
}

impl Lock {
    /// Takes the App's lock. One that somebody has is watched for a while: renewed, it is refused; let go, it is
    /// taken. `waiting` is told in words what is waited for, and says whether to go on.
    pub async fn take(
        (connection, writer): (&Connection, &Writer),
        app: &App,
        me: &str,
        clock: &Arc<dyn Clock>,
        waiting: &(dyn Fn(String) -> bool + Sync),
    ) -> Result<Reached, Problem> {
        let ours = |lease| Reached::Ours(Self::keep(connection, writer, lease, clock));
        let namespace = &app.destination.namespace;
        let name = lease_name(&app.id.name);
        let mut lease = match writer.acquire(namespace, &name, me, clock.now()).await {
            Ok(LeaseState::Ours(lease)) => return Ok(ours(lease)),
            Ok(LeaseState::Held(lease)) => lease,
            Err(Failure::Changed(_)) => {
                let seen = connection.read_lease(namespace, &name).await?;
                let holder = seen.map(|lease| lease.holder).filter(|h| !h.is_empty());
                return Err(held_by(
                    holder.as_deref().unwrap_or("somebody who was faster"),
                ));
            }
            Err(failure) => return Err(failure.problem().clone()),
        };
        let observed = Observed::new(lease.resource_version.clone(), clock.instant());
        loop {
            if lease.holder.is_empty() {
                return match writer.takeover(&lease, me, clock.now()).await {
                    Ok(lease) => Ok(ours(lease)),
                    Err(Failure::Changed(_)) => Err(held_by("somebody who was faster")),
                    Err(failure) => Err(failure.problem().clone()),
                };
            }
            if observed.expired(clock.instant()) {
                return Ok(Reached::Expired(lease));
            }
            let goes_on = waiting(format!(
                "the lock of {}, which {} holds; if it is not renewed within {} s, it can be taken over",
                app.id.name,
                lease.holder,
                EXPIRES_AFTER.as_secs()
            ));
            if !goes_on {
                return Err(held_by(&lease.holder));
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            match connection.read_lease(namespace, &name).await? {
                None => return Err(held_by(&lease.holder)),
                Some(seen) if seen.holder.is_empty() => lease = seen,
                Some(seen) if seen.resource_version != observed.resource_version => {
                    return Err(held_by(&seen.holder));
                }
                Some(seen) => lease = seen,
            }
        }
    }

    /// Takes an expired lock over, exactly as it was seen.
    pub async fn take_over(
        (connection, writer): (&Connection, &Writer),
        seen: &Lease,
        me: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Problem> {
        match writer.takeover(seen, me, clock.now()).await {
            Ok(lease) => Ok(Self::keep(connection, writer, lease, clock)),
            // It was renewed after all, or somebody else took it.
            Err(Failure::Changed(_)) => Err(held_by(&seen.holder)),
            Err(failure) => Err(failure.problem().clone()),
        }
    }

    fn keep(
        connection: &Connection,
        writer: &Writer,
        lease: Lease,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let held = Arc::new(Mutex::new(Ok(lease)));
        let access = Arc::new(Mutex::new((connection.clone(), writer.clone())));
        let renewing = {
            let (access, clock, held) = (access.clone(), clock.clone(), held.clone());
            tokio::spawn(async move {
                let mut renewed_at = clock.instant();
                let mut pause = RENEW_EVERY;
                loop {
                    tokio::time::sleep(pause).await;
                    let Some(lease) = read(&held) else { return };
                    let age = clock.instant().saturating_duration_since(renewed_at);
                    let (_, writer) = now(&access);
                    let renewed = match writer.renew(&lease, clock.now()).await {
                        Ok(lease) => {
                            (renewed_at, pause) = (clock.instant(), RENEW_EVERY);
                            Ok(lease)
                        }
                        // Weather: nobody may take it over yet.
                        Err(Failure::NotDone(_) | Failure::Weather(_)) if age < GIVE_UP => {
                            pause = RENEW_AGAIN;
                            continue;
                        }
                        Err(failure) => Err(Problem::new(
                            ProblemKind::Conflict,
                            "the lock could not be renewed",
                        )
                        .because(failure.problem().to_string())),
                    };
                    *held.lock().unwrap_or_else(|e| e.into_inner()) = renewed;
                }
            })
            .abort_handle()
        };
        Self {
            access,
            clock: clock.clone(),
            held,
            renewing,
        }
    }

    /// From now on it is renewed and let go by this connection.
    pub fn go_on_by(&self, connection: &Connection, writer: &Writer) {
        let access = (connection.clone(), writer.clone());
        *self.access.lock().unwrap_or_else(|e| e.into_inner()) = access;
    }

    /// Why the lock is not held any more.
    pub fn lost(&self) -> Option<Problem> {
        self.held
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .as_ref()
            .err()
            .cloned()
    }

    /// Lets the lock go. Where that fails it expires by itself.
    pub async fn release(self) {
        self.renewing.abort();
        let Some(lease) = read(&self.held) else {
            return;
        };
        let (connection, writer) = now(&self.access);
        let mut released = writer.release(&lease, self.clock.now()).await;
        if let Err(Failure::Changed(_)) = &released {
            // A renewal that was cut off may have come through.
            let seen = connection.read_lease(&lease.namespace, &lease.name).await;
            if let Ok(Some(seen)) = seen
                && seen.holder == lease.holder
            {
                released = writer.release(&seen, self.clock.now()).await;
            }
        }
        if let Err(failure) = released {
            tracing::warn!(problem = %failure.problem(), "a lock could not be let go");
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

fn now(access: &Mutex<Access>) -> Access {
    access.lock().unwrap_or_else(|e| e.into_inner()).clone()
}

fn read(held: &Mutex<Result<Lease, Problem>>) -> Option<Lease> {
    held.lock()
        .unwrap_or_else(|e| e.into_inner())
        .as_ref()
        .ok()
        .cloned()
}
