//! The loop, with a stream of events and an engine made of channels.

use std::sync::Mutex;

use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use tokio::sync::mpsc;

use super::*;
use crate::domain::record::RunKind;
use crate::domain::{App, AppId, Plan, SystemClock};
use crate::engine::{AppView, Counts, Ticket};
use crate::tui::keymap::Press;

#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Request>>>);

struct Link {
    sent: Sent,
    snapshot: Arc<Snapshot>,
    reports: mpsc::UnboundedReceiver<Report>,
}

impl EngineLink for Link {
    fn send(&self, request: Request) {
        self.sent.0.lock().unwrap().push(request);
    }
    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }
    async fn next_report(&mut self) -> Option<Report> {
        self.reports.recv().await
    }
}

fn world() -> Snapshot {
    let app = App {
        id: AppId {
            name: "shop".into(),
            ..AppId::default()
        },
        discovered: true,
        ..App::sample()
    };
    let view = AppView {
        app: Arc::new(app),
        state: Default::default(),
        unresolved: None,
        target: None,
        sync: Default::default(),
        counts: Counts::default(),
        health: None,
        objects: vec![],
        rendered: Arc::default(),
        record: None,
        deleted: Default::default(),
        distance: None,
        pinned: None,
        problems: vec![],
        notices: vec![],
        old_since: None,
        changed_at: Timestamp::UNIX_EPOCH,
    };
    Snapshot {
        apps: vec![Arc::new(view)],
        asked: Default::default(),
        settled: true,
        ..Snapshot::default()
    }
}

struct Harness {
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    reports: mpsc::UnboundedSender<Report>,
    sent: Sent,
    counters: Counters,
}

impl Harness {
    fn key(&self, key: &str) {
        let event = Event::Key(Press::parse(key).unwrap().event());
        self.keys.send(Ok(event)).unwrap();
    }

    /// Lets the loop do all that it can.
    async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    fn draw_ticket(&self) -> Ticket {
        let sent = self.sent.0.lock().unwrap();
        let found = sent.iter().rev().find_map(|r| match r {
            Request::Draw(ticket, _) => Some(*ticket),
            _ => None,
        });
        found.unwrap()
    }

    fn has_run(&self) -> bool {
        let sent = self.sent.0.lock().unwrap();
        sent.iter().any(|r| matches!(r, Request::Run(..)))
    }
}

async fn with_console<F: Future<Output = ()>>(script: impl FnOnce(Harness) -> F) -> Result<Exit> {
    let (keys, mut events) = mpsc::unbounded_channel();
    let (reports, receiver) = mpsc::unbounded_channel();
    let sent = Sent::default();
    let options = Options::from_environment(Arc::new(SystemClock), |_| None);
    let counters = options.counters.clone();
    let link = Link {
        sent: sent.clone(),
        snapshot: Arc::new(world()),
        reports: receiver,
    };
    let screen = Screen::new(io::sink(), counters.clone());
    let viewport = Viewport::Fixed(Rect::new(0, 0, 100, 30));
    let terminal = Terminal::with_options(screen, TerminalOptions { viewport }).unwrap();
    let console = Console::new(link, terminal, &options).unwrap();
    let mut events = Some(futures::stream::poll_fn(move |cx| events.poll_recv(cx)));
    let open = move || events.take().unwrap();
    let harness = Harness {
        keys,
        reports,
        sent,
        counters,
    };
    let (exit, ()) = tokio::join!(console.run(open), script(harness));
    exit
}

fn plan() -> Arc<Plan> {
    use crate::domain::plan::Guard;
    use crate::domain::{Action, Gvk, ObjectDrift, ObjectKey, PlanStep, Verdict};
    let key = ObjectKey::new("", "ConfigMap", "shop", "shop");
    let drift = ObjectDrift::new(key.clone(), Gvk::default(), Verdict::Missing);
    Arc::new(Plan {
        kind: RunKind::Sync,
        apps: vec![],
        steps: vec![PlanStep {
            app: AppId::default(),
            key,
            action: Action::Create,
            wave: 0,
            manifest: None,
            drift: Arc::new(drift),
            guard: Guard::default(),
            leftovers: vec![],
            propagation: Default::default(),
            unpredicted: false,
        }],
        prune: false,
        selective: false,
        estimate: None,
    })
}

#[tokio::test]
async fn the_first_app_is_selected_and_control_c_leaves() {
    let exit = with_console(|h| async move {
        h.settle().await;
        assert_eq!(h.counters.frames(), 1);
        assert!(matches!(
            h.sent.0.lock().unwrap().as_slice(),
            [Request::Select(Some(id))] if id.name == "shop"
        ));
        h.key("ctrl-c");
        h.settle().await;
    })
    .await;
    assert_eq!(exit, Ok(Exit::Quit));
}

#[tokio::test]
async fn idle_sends_nothing() {
    let exit = with_console(|h| async move {
        h.settle().await;
        let before = (h.counters.frames(), h.counters.bytes());
        h.reports.send(Report::Changed).unwrap();
        h.key("f12");
        h.settle().await;
        assert_eq!((h.counters.frames(), h.counters.bytes()), before);
        drop(h);
    })
    .await;
    assert!(matches!(exit, Ok(Exit::Closed | Exit::Engine)));
}

#[tokio::test]
async fn keys_pressed_before_a_plan_is_on_screen_do_not_run_it() {
    let exit = with_console(|h| async move {
        h.settle().await;
        h.key("s");
        h.settle().await;
        // Both wait for the loop at once.
        let drawn = Report::Drawn(h.draw_ticket(), Ok(plan()));
        h.reports.send(drawn).unwrap();
        h.key("y");
        h.settle().await;
        assert!(!h.has_run());
        h.key("y");
        h.settle().await;
        assert!(h.has_run());
        drop(h);
    })
    .await;
    assert!(exit.is_ok());
}

#[tokio::test]
async fn who_leaves_during_a_run_waits_until_it_has_let_go() {
    let exit = with_console(|h| async move {
        h.settle().await;
        h.key("s");
        h.settle().await;
        h.reports
            .send(Report::Drawn(h.draw_ticket(), Ok(plan())))
            .unwrap();
        h.settle().await;
        h.key("y");
        h.settle().await;
        let Harness {
            keys,
            reports,
            sent,
            ..
        } = h;
        // The terminal is closed.
        drop(keys);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let ticket = sent.0.lock().unwrap().iter().find_map(|r| match r {
            Request::StopRun(ticket) => Some(*ticket),
            _ => None,
        });
        let ended = crate::engine::RunView {
            plan: plan(),
            steps: vec![],
            waiting: String::new(),
            outcome: Some(crate::domain::record::Outcome::Stopped),
            problem: None,
            health: None,
        };
        let ticket = ticket.expect("the Run is asked to stop");
        reports.send(Report::Run(ticket, Arc::new(ended))).unwrap();
        // It is this report that ends the waiting, not the end of the engine.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert!(reports.is_closed());
    })
    .await;
    assert_eq!(exit, Ok(Exit::Closed));
}

#[test]
fn colours_of_terminals() {
    let depth = |pairs: &[(&str, &str)]| {
        let get = |name: &str| {
            let found = pairs.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| (*v).to_owned())
        };
        let options = Options::from_environment(Arc::new(SystemClock), get);
        (options.depth, options.background, options.ascii)
    };
    use {Background as B, Depth as D};
    for (variables, want) in [
        (
            &[("TERM", "xterm-256color")][..],
            (D::Indexed, B::Unknown, false),
        ),
        (
            &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
            (D::True, B::Unknown, false),
        ),
        (
            &[("TERM", "screen-256color"), ("COLORTERM", "truecolor")],
            (D::Indexed, B::Unknown, false),
        ),
        (
            &[("TERM", "tmux-256color"), ("COLORTERM", "24bit")],
            (D::True, B::Unknown, false),
        ),
        (&[("TERM", "linux")], (D::Basic, B::Unknown, true)),
        (
            &[("TERM", "xterm"), ("LANG", "C")],
            (D::Basic, B::Unknown, true),
        ),
        (
            &[("TERM", "xterm-direct"), ("NO_COLOR", "1")],
            (D::Mono, B::Unknown, false),
        ),
        (
            &[("TERM", "xterm-256color"), ("COLORFGBG", "15;0")],
            (D::Indexed, B::Dark, false),
        ),
        (
            &[("TERM", "xterm-256color"), ("COLORFGBG", "0;default;15")],
            (D::Indexed, B::Light, false),
        ),
    ] {
        assert_eq!(depth(variables), want, "{variables:?}");
    }
}
