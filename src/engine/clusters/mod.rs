//! One task for each cluster: connects, tells what is there, watches what the Apps want. One that hangs or refuses
//! delays nobody but itself.

mod heard;
pub(super) mod listed;
mod streams;
pub(super) mod wanted;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::cluster::{Connection, Discovery, Identity, WatchEvent};
use crate::domain::{Clock, GroupKind, Problem, ProblemKind};

use crate::engine::core::{Event, Events};
use crate::engine::loan::Lender;
use crate::engine::world::Seen;
use wanted::Wanted;

/// Makes connections: the one door to clusters, real or simulated.
pub trait Connector: Send + Sync {
    /// Connects through a kubeconfig context.
    fn connect(&self, context: &str) -> BoxFuture<'static, Result<Connection, Problem>>;

    /// Whether a connection would be made in another way by now, or not at all.
    fn is_outdated(&self, _: &Connection) -> BoxFuture<'static, bool> {
        futures::future::ready(false).boxed()
    }
}

/// What a cluster's task is told.
pub(super) enum ClusterOrder {
    Want(Arc<Wanted>),
    /// Discover again.
    Discover,
    /// Discover again, and retry at once what is waiting.
    Refresh,
    /// Something went wrong, or nothing was heard for long: see whether the cluster answers at all.
    Check,
    /// It answers again: watches that wait for their turn try at once.
    Wake,
    /// The kubeconfig may say something else by now.
    Reread,
}

/// What a cluster's task saw.
pub(super) enum ClusterEvent {
    Up {
        connection: Connection,
        identity: Identity,
        discovery: Arc<Discovery>,
    },
    /// The kubeconfig says something else than what it was connected by, which is not used any more.
    Outdated,
    Discovered(Arc<Discovery>),
    /// It answers.
    Alive,
    Down {
        problem: Problem,
        retry_at: Option<Timestamp>,
    },
    Watch {
        kind: GroupKind,
        namespace: Option<String>,
        round: u64,
        event: WatchEvent,
        /// The objects that the event brings, looked at already: reading thousands would hold everybody up in the core.
        seen: Vec<Arc<Seen>>,
    },
    /// Neither the cluster nor this namespace may be listed.
    Unreadable {
        kind: GroupKind,
        namespace: Option<String>,
        round: u64,
        problem: Problem,
    },
}

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// A server that is well answers a plain question within this.
const CHECK_WITHIN: Duration = Duration::from_secs(8);

/// Starts the task of one cluster.
pub(super) fn start(
    context: String,
    connector: Arc<dyn Connector>,
    clock: Arc<dyn Clock>,
    events: Events,
    lender: Lender,
) -> mpsc::UnboundedSender<ClusterOrder> {
    let (sender, orders) = mpsc::unbounded_channel();
    let task = Task {
        context,
        events,
        lender,
        connector,
        clock,
        orders: sender.downgrade(),
        wanted: Arc::default(),
        streams: HashMap::new(),
        checking: None,
    };
    tokio::spawn(task.run(orders));
    sender
}

type StreamKey = (GroupKind, Option<String>);

struct Task {
    context: String,
    events: Events,
    lender: Lender,
    connector: Arc<dyn Connector>,
    clock: Arc<dyn Clock>,
    /// Where its own questions order something of it.
    orders: mpsc::WeakUnboundedSender<ClusterOrder>,
    wanted: Arc<RwLock<Arc<Wanted>>>,
    streams: HashMap<StreamKey, AbortHandle>,
    checking: Option<AbortHandle>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Task {
    async fn tell(&self, event: ClusterEvent) -> bool {
        self.events
            .send(Event::Cluster(self.context.clone(), event))
            .await
            .is_ok()
    }

    /// Ends all that goes through the connection.
    fn let_go(&mut self) {
        let streams = self.streams.drain().map(|(_, stream)| stream);
        streams
            .chain(self.checking.take())
            .for_each(|task| task.abort());
    }

    fn wanted(&self) -> Arc<Wanted> {
        self.wanted.read().map(|w| w.clone()).unwrap_or_default()
    }

    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<ClusterOrder>) {
        let mut may_ask = self.lender.at_once;
        while let Some(connection) = self.connected(&mut orders, may_ask).await {
            self.want(&connection, self.wanted());
            let Some(asked) = self.attend(&connection, &mut orders).await else {
                return;
            };
            may_ask = asked;
            self.let_go();
            if !self.tell(ClusterEvent::Outdated).await {
                return;
            }
        }
    }

    /// Connects, however long that takes. `None` when nobody listens any more.
    async fn connected(
        &self,
        orders: &mut mpsc::UnboundedReceiver<ClusterOrder>,
        mut may_ask: bool,
    ) -> Option<Connection> {
        let mut pause = FIRST_RETRY;
        loop {
            let problem = match self.reach(std::mem::take(&mut may_ask)).await {
                Ok((connection, identity, discovery)) => {
                    let up = ClusterEvent::Up {
                        connection: connection.clone(),
                        identity,
                        discovery: Arc::new(discovery),
                    };
                    return self.tell(up).await.then_some(connection);
                }
                Err(problem) => problem,
            };
            let retry_at = self.clock.now().checked_add(pause).ok();
            if !self.tell(ClusterEvent::Down { problem, retry_at }).await {
                return None;
            }
            let sleep = tokio::time::sleep(pause);
            tokio::pin!(sleep);
            loop {
                tokio::select! {
                    () = &mut sleep => break,
                    order = orders.recv() => match order? {
                        ClusterOrder::Want(want) => {
                            if let Ok(mut wanted) = self.wanted.write() {
                                *wanted = want;
                            }
                        }
                        // The kubeconfig is read at each attempt.
                        ClusterOrder::Check
                        | ClusterOrder::Discover
                        | ClusterOrder::Wake
                        | ClusterOrder::Reread => {}
                        ClusterOrder::Refresh => {
                            pause = FIRST_RETRY;
                            may_ask = true;
                            break
                        }
                    },
                }
            }
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    /// Does as it is told until the connection is outdated; then whether the person asked for a look. `None` when
    /// nobody listens any more.
    async fn attend(
        &mut self,
        connection: &Connection,
        orders: &mut mpsc::UnboundedReceiver<ClusterOrder>,
    ) -> Option<bool> {
        loop {
            match orders.recv().await? {
                ClusterOrder::Want(want) => self.want(connection, want),
                ClusterOrder::Check => self.check(connection),
                ClusterOrder::Wake => connection.wake(),
                ClusterOrder::Discover => {
                    if !self.discover(connection, false).await {
                        return None;
                    }
                }
                ClusterOrder::Reread => {
                    if self.connector.is_outdated(connection).await {
                        return Some(false);
                    }
                }
                ClusterOrder::Refresh => {
                    if self.connector.is_outdated(connection).await {
                        return Some(true);
                    }
                    if !self.discover(connection, true).await {
                        return None;
                    }
                    // A watch that waits for its back-off starts over at once.
                    self.streams.drain().for_each(|(_, stream)| stream.abort());
                    self.want(connection, self.wanted());
                }
            }
        }
    }

    /// Asks for the kinds anew. False when nobody listens any more.
    async fn discover(&mut self, connection: &Connection, may_ask: bool) -> bool {
        let mut found = connection.discover().await;
        if may_ask
            && let Err(problem) = &found
            && let Some(refused) = self.log_in(connection, problem, true).await
        {
            found = match refused {
                Some(problem) => Err(problem),
                None => connection.discover().await,
            };
        }
        let event = match found {
            Ok(found) => ClusterEvent::Discovered(Arc::new(found)),
            Err(problem) => ClusterEvent::Down {
                problem,
                retry_at: None,
            },
        };
        let is_down = matches!(event, ClusterEvent::Down { .. });
        let is_told = self.tell(event).await;
        if is_down {
            // Nothing else would say that it is back where no watch is broken.
            self.check(connection);
        }
        is_told
    }

    /// Asks a plain question until it is answered, unless one is being asked.
    fn check(&mut self, connection: &Connection) {
        if self.checking.as_ref().is_some_and(|c| !c.is_finished()) {
            return;
        }
        let (connection, context, events) = (
            connection.clone(),
            self.context.clone(),
            self.events.clone(),
        );
        let (orders, clock) = (self.orders.clone(), self.clock.clone());
        let checking = tokio::spawn(async move {
            let mut pause = FIRST_RETRY;
            loop {
                let event = match answers(&connection).await {
                    Ok(()) => ClusterEvent::Alive,
                    Err(problem) => ClusterEvent::Down {
                        problem,
                        retry_at: clock.now().checked_add(pause).ok(),
                    },
                };
                let is_over = matches!(event, ClusterEvent::Alive);
                let told = events.send(Event::Cluster(context.clone(), event)).await;
                if is_over || told.is_err() {
                    return;
                }
                // A new token or another address may be in the kubeconfig already.
                if let Some(orders) = orders.upgrade() {
                    let _ = orders.send(ClusterOrder::Reread);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST_RETRY);
            }
        });
        self.checking = Some(checking.abort_handle());
    }

    async fn reach(&self, may_ask: bool) -> Result<(Connection, Identity, Discovery), Problem> {
        let connection = self.connector.connect(&self.context).await?;
        let look = async || tokio::try_join!(connection.identify(), connection.discover());
        let mut found = look().await;
        if let Err(problem) = &found
            && let Some(refused) = self.log_in(&connection, problem, may_ask).await
        {
            found = match refused {
                Some(problem) => Err(problem),
                None => look().await,
            };
        }
        let (identity, discovery) = found?;
        Ok((connection, identity, discovery))
    }

    /// Lends the terminal to the credential plugin, where that may help. `None`: it would not; else what is wrong
    /// after it, if something is.
    async fn log_in(
        &self,
        connection: &Connection,
        problem: &Problem,
        may_ask: bool,
    ) -> Option<Option<Problem>> {
        if !connection.asking_may_help(problem) {
            return None;
        }
        let refused = self.lender.hint(problem.clone());
        let turn = match if may_ask {
            self.lender.turn().await
        } else {
            None
        } {
            Some(turn) => turn,
            None => return Some(Some(refused)),
        };
        let why = format!("{} wants a login", self.context);
        let Some(borrowed) = self.lender.borrow(turn, why).await else {
            return Some(Some(refused));
        };
        match connection.log_in(borrowed.given_up()).await {
            Ok(()) => Some(None),
            Err(_) if borrowed.is_cancelled() => Some(Some(refused)),
            Err(problem) => Some(Some(self.lender.hint(problem))),
        }
    }
}

/// Whether the API server answers a plain question in time.
async fn answers(connection: &Connection) -> Result<(), Problem> {
    let reply = tokio::time::timeout(CHECK_WITHIN, connection.get("/version")).await;
    let reply = reply.unwrap_or_else(|_| {
        let text = format!(
            "the API server does not answer within {} s",
            CHECK_WITHIN.as_secs()
        );
        Err(Problem::new(ProblemKind::Unreachable, text).at(connection.context().to_owned()))
    })?;
    if reply.is_success() {
        reply.value().map(|_| ())
    } else {
        Err(connection.refused(&reply, "read its version"))
    }
}
