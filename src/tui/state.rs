//! Everything that the console remembers: what it was told, where the cursor stands, what is open.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Size;

use crate::domain::{AppId, ObjectKey};
use crate::engine::{AppView, ClusterView, Snapshot, Ticket};

use super::command_line::History;
use super::detail::{Detail, Tab};
use super::dialogs::{Dialog, Running};
use super::field::Field;
use super::glyphs::{self, Glyphs};
use super::keymap::{Command, Context, Keymap};
use super::layout::{self, Areas};
use super::list::List;
use super::screens::apps::{self, AppRow};
use super::screens::clusters::ClusterRow;
use super::theme::Theme;

/// Which pane has the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The list of Apps.
    #[default]
    Apps,
    /// The list of clusters.
    Clusters,
    /// The detail of the selected App.
    Detail,
}

/// A line being typed at the bottom.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// The filter of the pane in focus; what it was before stands beside it.
    Filter(Field, String),
    /// A command.
    Command(Field),
}

/// How long something said in passing stays, where no key comes.
const MOMENT: SignedDuration = SignedDuration::from_secs(8);

/// How long it stays at most that everything is looked at anew: what of that takes longer says so itself.
const SHORT_MOMENT: SignedDuration = SignedDuration::from_secs(2);

/// Something said in passing, in the place of the keys: until the next key, or for a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The text.
    pub text: String,
    /// Whether something could not be done.
    pub refusal: bool,
    /// Whether it is over as soon as nothing is fetched or compared any more.
    pub of_work: bool,
    /// When it gives way by itself.
    pub until: Timestamp,
}

/// See the module.
#[derive(Debug)]
pub struct State {
    /// What is known.
    pub data: Arc<Snapshot>,
    /// The present.
    pub now: Timestamp,
    /// The terminal's size.
    pub size: Size,
    /// Which pane has the focus.
    pub focus: Pane,
    /// The list of Apps.
    pub apps: List<AppId>,
    /// Its rows.
    pub app_rows: Vec<AppRow>,
    /// Whether only Apps that differ or are not well are listed.
    pub only_drift: bool,
    /// The only context that Apps are listed of.
    pub only_context: Option<String>,
    /// The list of clusters.
    pub clusters: List<String>,
    /// Its rows.
    pub cluster_rows: Vec<ClusterRow>,
    /// The selected App in detail.
    pub detail: Detail,
    /// Marked Apps.
    pub marked: BTreeSet<AppId>,
    /// Marked objects.
    pub marked_objects: BTreeSet<(AppId, ObjectKey)>,
    /// Open dialogs, the uppermost last.
    pub dialogs: Vec<Dialog>,
    /// The Run that is under way, or the last one.
    pub run: Option<Running>,
    /// A line being typed.
    pub prompt: Option<Prompt>,
    /// Commands that were typed.
    pub commands: History,
    /// Something said in passing.
    pub remark: Option<Remark>,
    /// The keys.
    pub keymap: Keymap,
    /// The styles.
    pub theme: Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// When the first complete picture was there: only what changed since is marked as changed.
    pub settled_at: Option<Timestamp>,
    /// Whether a key was pressed: until then what is selected is whatever comes first.
    pub is_used: bool,
    tickets: u64,
    dirty: bool,
}

impl State {
    /// The console at its start.
    pub fn new(
        data: Arc<Snapshot>,
        size: Size,
        now: Timestamp,
        keymap: Keymap,
        theme: Theme,
        ascii: bool,
    ) -> Self {
        let mut state = Self {
            data: Arc::default(),
            now,
            size,
            focus: Pane::Apps,
            apps: List::default(),
            app_rows: Vec::new(),
            only_drift: false,
            only_context: None,
            clusters: List::default(),
            cluster_rows: Vec::new(),
            detail: Detail::default(),
            marked: BTreeSet::new(),
            marked_objects: BTreeSet::new(),
            dialogs: Vec::new(),
            run: None,
            prompt: None,
            commands: History::default(),
            remark: None,
            keymap,
            theme,
            glyphs: if ascii {
                glyphs::ASCII
            } else {
                glyphs::UNICODE
            },
            settled_at: None,
            is_used: false,
            tickets: 0,
            dirty: true,
        };
        state.set_data(data);
        state
    }

    /// The areas of the screen as it is.
    pub fn areas(&self) -> Areas {
        layout::areas(
            self.size,
            self.data.clusters.len(),
            self.focus == Pane::Detail,
        )
    }

    /// Lines of the detail's content.
    pub fn content_height(&self) -> usize {
        usize::from(self.areas().content.height)
    }

    /// A ticket never given before.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Notes that the screen is not what it should be.
    pub fn touch(&mut self) {
        self.dirty = true;
    }

    /// Whether the screen is not what it should be; asking makes it so.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Says something in passing.
    pub fn say(&mut self, text: impl Into<String>) {
        self.remark = Some(Remark {
            text: text.into(),
            refusal: false,
            of_work: false,
            until: self.now + MOMENT,
        });
    }

    /// Says in passing what was begun, until it is done.
    pub fn say_begun(&mut self, text: impl Into<String>) {
        self.remark = Some(Remark {
            text: text.into(),
            refusal: false,
            of_work: true,
            until: self.now + SHORT_MOMENT,
        });
    }

    /// Says in passing why something is not done.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.remark = Some(Remark {
            text: text.into(),
            refusal: true,
            of_work: false,
            until: self.now + MOMENT,
        });
    }

    /// The selected App.
    pub fn app(&self) -> Option<&Arc<AppView>> {
        let id = self.apps.selected.as_ref()?;
        match self.app_rows.get(self.apps.line()) {
            Some(AppRow::App(view)) if view.app.id == *id => Some(view),
            _ => self.data.app(id),
        }
    }

    /// The Apps that a sync is of now: those of the marked objects, else the marked ones, else the selected one.
    pub fn to_sync(&self) -> Vec<&AppId> {
        let mut apps: Vec<_> = self.marked_objects.iter().map(|(app, _)| app).collect();
        apps.dedup();
        if apps.is_empty() {
            apps.extend(&self.marked);
        }
        if apps.is_empty() {
            apps.extend(&self.apps.selected);
        }
        apps
    }

    /// The cluster under the cursor.
    pub fn cluster(&self) -> Option<&Arc<ClusterView>> {
        self.data.cluster(self.clusters.selected.as_ref()?)
    }

    /// Whether the pane in focus has a list or a text that a filter narrows.
    pub fn has_filter(&self) -> bool {
        match self.focus {
            Pane::Apps => true,
            Pane::Clusters => false,
            Pane::Detail => self.detail.tab != Tab::History,
        }
    }

    /// Which keys hold.
    pub fn context(&self) -> Context {
        let dialog = self.dialogs.last().map(Dialog::context);
        dialog.unwrap_or_else(|| self.context_of_panes())
    }

    /// The key of a command in the panes, for a text that stands there.
    pub fn key(&self, command: Command) -> String {
        self.keymap.key(self.context_of_panes(), command)
    }

    fn context_of_panes(&self) -> Context {
        match self.focus {
            Pane::Apps => Context::Apps,
            Pane::Clusters => Context::Clusters,
            Pane::Detail => match self.detail.tab {
                Tab::Diff => Context::Diff,
                Tab::Resources => Context::Resources,
                Tab::History => Context::History,
                Tab::Source => Context::Source,
            },
        }
    }

    /// Takes a new snapshot: cursor, marks and scroll positions stay with what they were on.
    pub fn set_data(&mut self, data: Arc<Snapshot>) {
        if data.settled && self.settled_at.is_none() {
            self.settled_at = Some(self.now);
        }
        // Before the work is seen, a snapshot without any is no answer.
        self.remark
            .take_if(|remark| remark.of_work && self.data.is_at_work() && !data.is_at_work());
        self.data = data;
        let data = self.data.clone();
        self.marked.retain(|id| data.app(id).is_some());
        self.marked_objects.retain(|(id, key)| {
            data.app(id)
                .is_some_and(|a| a.objects.iter().any(|o| o.drift.key == *key))
        });
        if !self.is_used {
            self.apps.restart();
            self.clusters.restart();
            self.detail.objects.restart();
            self.detail.records.restart();
        }
        self.cluster_rows = data.clusters.iter().cloned().map(ClusterRow).collect();
        self.clusters.keep(&self.cluster_rows);
        self.list_apps();
    }

    /// Makes the rows of the Apps list anew, after data or filters have changed.
    pub fn list_apps(&mut self) {
        let narrowed = apps::Narrowed {
            filter: &self.apps.filter,
            only_drift: self.only_drift,
            only_context: self.only_context.as_deref(),
        };
        self.app_rows = apps::rows(&self.data, narrowed, &self.marked);
        self.apps.keep(&self.app_rows);
        self.settle();
    }

    /// Brings everything that hangs on cursor and size up to date.
    pub fn settle(&mut self) {
        let areas = self.areas();
        self.apps
            .show(self.app_rows.len(), layout::inner_height(areas.apps));
        self.clusters.show(
            self.cluster_rows.len(),
            layout::inner_height(areas.clusters) / usize::from(areas.cluster_lines.max(1)),
        );
        let app = self.app().cloned();
        // Texts are broken at this width also while one column shows the list.
        let width = if areas.content.width > 0 {
            areas.content.width
        } else {
            self.size.width.saturating_sub(2)
        };
        let height = usize::from(areas.content.height).max(1);
        self.detail.git_is_old = app.as_ref().is_some_and(|view| {
            let cluster = self.data.cluster(&view.app.id.context);
            view.old_since.is_some() && !cluster.is_some_and(|c| c.is_down())
        });
        self.detail
            .follow(app, width, height, &self.glyphs, &self.keymap);
    }

    /// Whether a Run is under way.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(Running::is_under_way)
    }

    /// Whether the Run that is under way is of this App.
    pub fn is_changing(&self, id: &AppId) -> bool {
        self.run.as_ref().is_some_and(|run| run.is_changing(id))
    }

    /// Whether something that changed then is still marked as just changed, and until when.
    pub fn marked_changed_until(&self, changed: Timestamp) -> Option<Timestamp> {
        let since = self.settled_at?;
        let until = changed + jiff::SignedDuration::from_secs(4);
        (changed > since && until > self.now).then_some(until)
    }
}
