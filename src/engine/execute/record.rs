//! The lock and the record of an App around its steps: taken and written ahead, written again and let go.

use crate::engine::sources::blocking;

use super::Driver;
use super::driver::names;
use super::lock::{Lock, Reached};
use super::step::Place;
use super::wait::{Wait, Waited};
use crate::cluster::Failure;
use crate::domain::record::{AppRecord, Outcome, SyncRecord};
use crate::domain::{AppId, ObjectKey, PlanStep, Problem, ProblemKind};
use crate::engine::apps::records::record_key;
use crate::engine::core::Event;
use crate::engine::draw::Drawn;
use crate::engine::report::Report;
use crate::engine::request::Takeover;
use crate::sync::inventory;
use crate::sync::run::DRAW_AGAIN;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the end of a Run waits for what it deleted to be gone; what takes longer stays in the inventory.
const LINGER: Duration = Duration::from_secs(5);

impl Driver {
    /// Takes the App's lock and writes its record ahead.
    pub(super) async fn begin(&mut self, id: &AppId) -> Result<(), Problem> {
        let place = self.place(id)?.clone();
        let drawn = self.drawn.get(id).cloned().ok_or_else(|| {
            Problem::new(
                ProblemKind::Internal,
                "the Plan does not say what it was drawn from",
            )
        })?;
        let holder = format!("{} ({})", place.who, std::process::id());
        let access = (&place.connection, &place.writer);
        let said = AtomicBool::new(false);
        let waiting = |waiting| {
            // Once: the words stay the same.
            if !said.load(Ordering::Relaxed) {
                said.store(self.say(waiting), Ordering::Relaxed);
            }
            !self.stop.is_stopped()
        };
        let reached = Lock::take(access, &drawn.app, &holder, &self.clock, &waiting).await?;
        let lock = match reached {
            Reached::Ours(lock) => lock,
            Reached::Expired(lease) => {
                self.may_take_over(id, &lease.holder).await?;
                Lock::take_over(access, &lease, &holder, &self.clock).await?
            }
        };
        match self.write_ahead(id, &place, &drawn).await {
            Ok(written) => {
                self.records.insert(id.clone(), written);
                self.locks.insert(id.clone(), lock);
                Ok(())
            }
            Err(problem) => {
                lock.release().await;
                Err(problem)
            }
        }
    }

    /// Asks whether the lock of somebody who does not renew it is taken over.
    async fn may_take_over(&self, id: &AppId, holder: &str) -> Result<(), Problem> {
        let takeover = Takeover {
            app: id.clone(),
            holder: holder.to_owned(),
        };
        // The question itself says what is waited for.
        self.say(String::new());
        let report = Report::Takeover(self.ticket, takeover.clone());
        let is_heard = self.reports.send(report).await.is_ok();
        match is_heard && self.stop.answered().await {
            true => Ok(()),
            false => Err(Problem::new(
                ProblemKind::Cancelled,
                format!("{takeover}, and it was not taken over"),
            )
            .hint("Sync again, and take it over, once that run is known to be dead.")),
        }
    }

    /// Writes down what the App will hold, before anything is done. Gives the record and its resource version.
    async fn write_ahead(
        &self,
        id: &AppId,
        place: &Place,
        drawn: &Drawn,
    ) -> Result<(AppRecord, String), Problem> {
        let key = record_key(&drawn.app);
        let found = place
            .connection
            .read_record(&key.namespace, &key.name)
            .await?;
        let (old, version) = match &found {
            Some((config_map, version)) => (
                crate::sync::record::decode(&id.name, config_map)?,
                Some(version.as_str()),
            ),
            None => (AppRecord::default(), None),
        };
        // Somebody else synced between the Plan and the lock: what was drawn no longer holds.
        if drawn.record.clone().unwrap_or_default() != old {
            let who = old.history.last().map(|r| r.who.as_str());
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!(
                    "the App was synced by {} since the Plan was drawn",
                    who.unwrap_or("somebody else")
                ),
            )
            .hint(DRAW_AGAIN));
        }
        let steps: Vec<PlanStep> = self
            .plan
            .steps
            .iter()
            .filter(|s| s.app == *id)
            .cloned()
            .collect();
        let run = self.record_of(drawn, &old, &place.who);
        let record = inventory::before(&old, &drawn.held, &steps, run, drawn.app.history_limit);
        let config_map = crate::sync::record::encode(&id.name, &key.namespace, &record)?;
        let written = place
            .writer
            .write_record(&key.namespace, &key.name, config_map, version)
            .await;
        let version = written.map_err(problem_of)?;
        Ok((record, version))
    }

    fn record_of(&self, drawn: &Drawn, old: &AppRecord, who: &str) -> SyncRecord {
        let source = &drawn.app.source;
        SyncRecord {
            id: inventory::next_id(old),
            kind: self.plan.kind,
            commit: drawn.commit.id.clone(),
            revision: drawn.revision.to_string(),
            repository: drawn.repository.identity(),
            path: source.path.to_string(),
            message: drawn.commit.summary.clone(),
            who: who.to_owned(),
            started: self.clock.now(),
            finished: None,
            outcome: Outcome::Running,
            reason: String::new(),
            applied: 0,
            pruned: 0,
            failed: 0,
            not_run: 0,
            selective: self.plan.selective,
        }
    }

    /// Writes what the App holds now and how it went, and lets the lock go.
    pub(super) async fn end(&mut self, id: &AppId) -> Result<(), Problem> {
        self.see_off(id).await;
        let lock = self.locks.remove(id);
        let result = self.write_end(id).await;
        if let Some(lock) = lock {
            lock.release().await;
        }
        if let (Ok(()), Some(drawn)) = (&result, self.drawn.get(id)) {
            let cluster = self.places.get(&id.context).map(|p| p.cluster.as_str());
            let cluster = cluster.unwrap_or_default().to_owned();
            let (memory, drawn) = (self.options.memory.clone(), drawn.clone());
            let remembered =
                blocking(move || memory.remember(&drawn.app, &drawn.repository, &cluster)).await;
            // What was done is done; the next sync will say where it goes.
            if let Err(problem) = remembered {
                let _ = self.events.send(Event::Forgetful(problem)).await;
            }
        }
        result
    }

    /// What a prune left to the garbage collector is gone a moment later: the record then need not name it any more.
    async fn see_off(&mut self, id: &AppId) {
        // What says why it stays was told already.
        let goes = |at: &usize| self.warnings.get(at).is_none_or(Vec::is_empty);
        let going: Vec<usize> = self.run.going(id).into_iter().filter(goes).collect();
        let key = |at: &usize| (id.clone(), self.plan.steps[*at].key.clone());
        let keys: Vec<(AppId, ObjectKey)> = going.iter().map(key).collect();
        if keys.is_empty() {
            return;
        }
        self.say(format!("{} to be gone", names(&keys)));
        if let Waited::Met = self.wait(&keys, LINGER, Wait::Gone).await {
            self.run.vanished(&going);
        }
    }

    async fn write_end(&mut self, id: &AppId) -> Result<(), Problem> {
        let place = self.place(id)?.clone();
        let (Some((ahead, version)), Some(drawn)) = (self.records.remove(id), self.drawn.get(id))
        else {
            return Ok(());
        };
        let summary = self.run.summary();
        let Some(of_app) = summary.of(id) else {
            return Ok(());
        };
        let record = inventory::after(
            &ahead,
            &drawn.held,
            id,
            &self.plan.steps,
            self.run.progress(),
            of_app,
            self.clock.now(),
        );
        let key = record_key(&drawn.app);
        let config_map = crate::sync::record::encode(&id.name, &key.namespace, &record)?;
        place
            .writer
            .write_record(&key.namespace, &key.name, config_map, Some(&version))
            .await
            .map(|_| ())
            .map_err(problem_of)
    }
}

fn problem_of(failure: Failure) -> Problem {
    failure.problem().clone()
}
