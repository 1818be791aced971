//! The tables: commands with their names and words, and the keys that they are on.

/// Where a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// In all lists, texts and dialogs.
    Anywhere,
    /// In the panes, while no dialog is open.
    Panes,
    /// The list of Apps.
    Apps,
    /// The list of clusters.
    Clusters,
    /// The Diff tab.
    Diff,
    /// The Resources tab.
    Resources,
    /// The History tab.
    History,
    /// The Source tab.
    Source,
    /// A Plan that waits for an answer.
    Plan,
    /// A Run.
    Run,
    /// A question.
    Question,
    /// A text to read: help, a Problem.
    Text,
}

impl Context {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Panes,
        Self::Apps,
        Self::Clusters,
        Self::Diff,
        Self::Resources,
        Self::History,
        Self::Source,
        Self::Plan,
        Self::Run,
        Self::Question,
        Self::Text,
        Self::Anywhere,
    ];

    /// Itself and those around it, innermost first.
    pub fn chain(self) -> &'static [Self] {
        use Context::*;
        match self {
            Anywhere => &[Anywhere],
            Panes => &[Panes, Anywhere],
            Apps => &[Apps, Panes, Anywhere],
            Clusters => &[Clusters, Panes, Anywhere],
            Diff => &[Diff, Panes, Anywhere],
            Resources => &[Resources, Panes, Anywhere],
            History => &[History, Panes, Anywhere],
            Source => &[Source, Panes, Anywhere],
            Plan => &[Plan, Anywhere],
            Run => &[Run, Anywhere],
            Question => &[Question, Anywhere],
            Text => &[Text, Anywhere],
        }
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Everywhere",
            Self::Panes => "In the panes",
            Self::Apps => "Apps",
            Self::Clusters => "Clusters",
            Self::Diff => "Diff",
            Self::Resources => "Resources",
            Self::History => "History",
            Self::Source => "Source",
            Self::Plan => "A Plan",
            Self::Run => "A Run",
            Self::Question => "A question",
            Self::Text => "A text",
        }
    }
}

/// What follows a command on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A revision, or `worktree`.
    Revision,
    /// An App's name; optional.
    App,
    /// A context's name; optional.
    Context,
    /// The number of a record; optional.
    Record,
    /// `all`; optional.
    All,
}

impl Argument {
    /// How the documentation writes it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Revision => " [REVISION|worktree]",
            Self::App => " [APP]",
            Self::Context => " [CONTEXT]",
            Self::Record => " [ID]",
            Self::All => " [all]",
        }
    }
}

/// A command as a person meets it.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// The command.
    pub command: Command,
    /// Its name in the configuration and on the command line.
    pub name: &'static str,
    /// Whether it can be typed on the command line.
    pub typed: bool,
    /// What may follow it there.
    pub argument: Argument,
    /// What it does.
    pub help: &'static str,
}

macro_rules! commands {
    ($($command:ident $name:literal $typed:literal $argument:ident $help:literal),* $(,)?) => {
        /// Everything that a key or the command line can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command { $(#[doc = $help] $command),* }
        /// All commands.
        pub const COMMANDS: &[CommandSpec] = &[
            $(CommandSpec {
                command: Command::$command,
                name: $name,
                typed: $typed,
                argument: Argument::$argument,
                help: $help,
            }),*
        ];
    };
}

commands! {
    Sync "sync" true App "show the Plan of a sync of what is marked, or else selected",
    Rollback "rollback" true Record "go back to an earlier Run: choose it in the history",
    Refresh "refresh" true All "fetch, render and compare the App again",
    Revision "rev" true Revision "compare the App with another revision, or its own again",
    Drift "drift" true None "list only Apps that differ or are not well, or all again",
    ContextOnly "ctx" true Context "list only the Apps of one context, or all again",
    Go "app" true App "go to an App",
    Reveal "reveal" true None "show the secret values of the App, after asking",
    Foreign "foreign" true None "show or hide what others added",
    WatchRun "run" true None "show the Run that is under way, or the last one",
    Problems "problems" true None "show all that is wrong, and what was noticed",
    Details "details" false None "show what is known of the cluster",
    Help "help" true None "show the keys that hold here, and what the signs mean",
    Quit "quit" true None "one pane back; leave trueup, after asking",
    Back "back" false None "one step back: a filter first, then marks, then the pane",
    Open "open" false None "go into what is under the cursor",
    Mark "mark" false None "mark or unmark what is under the cursor",
    Filter "filter" false None "filter the list by words; `!word` leaves out",
    CommandLine "command" false None "type a command",
    ShowDiff "diff" false None "go to the diff",
    NextPane "next-pane" false None "go to the next pane",
    PreviousPane "previous-pane" false None "go to the pane before",
    NextTab "next-tab" false None "show the next tab",
    PreviousTab "previous-tab" false None "show the tab before",
    NextDifference "next-difference" false None "go to the next App or object that differs",
    PreviousDifference "previous-difference" false None "go to the one before that differs",
    LessContext "less-context" false None "show fewer unchanged lines around a change",
    MoreContext "more-context" false None "show more unchanged lines around a change",
    Fold "fold" false None "fold or unfold the object under the cursor",
    FoldAll "fold-all" false None "fold or unfold all objects",
    ScrollUp "scroll-up" false None "scroll the text half a page up, wherever the cursor is",
    ScrollDown "scroll-down" false None "scroll the text half a page down, wherever the cursor is",
    LineUp "line-up" false None "scroll the text one line up, wherever the cursor is",
    LineDown "line-down" false None "scroll the text one line down, wherever the cursor is",
    Accept "accept" false None "yes",
    Prune "prune" false None "with or without what is to be pruned",
    Adopt "adopt" false None "take over what is managed otherwise",
    Stop "stop" false None "stop the Run before its next step",
    Up "up" false None "one up",
    Down "down" false None "one down",
    Left "left" false None "to the left",
    Right "right" false None "to the right",
    LineStart "line-start" false None "the text from the start of its lines again",
    PageUp "page-up" false None "one page up",
    PageDown "page-down" false None "one page down",
    Top "top" false None "to the top",
    Bottom "bottom" false None "to the bottom",
    Suspend "suspend" false None "go back to the shell; `fg` comes back here",
    Interrupt "interrupt" false None "leave at once; asks while a Run is under way",
}

impl Command {
    /// Its row.
    pub fn spec(self) -> &'static CommandSpec {
        &COMMANDS[self as usize]
    }

    /// What it does in a context.
    pub fn help(self, context: Context) -> &'static str {
        let here = HERE
            .iter()
            .find(|(c, command, _)| (*c, *command) == (context, self));
        here.map_or(self.spec().help, |(_, _, help)| help)
    }

    /// What it does when it is typed on the command line.
    pub fn typed_help(self) -> &'static str {
        let typed = TYPED.iter().find(|(command, _)| *command == self);
        typed.map_or(self.spec().help, |(_, help)| help)
    }

    /// Whether it is of use only where a cluster can be changed: trueup may run read-only.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::Sync
                | Self::Rollback
                | Self::Mark
                | Self::Accept
                | Self::Prune
                | Self::Adopt
                | Self::Stop
        )
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }
}

/// What a command does in a context, where that is not what it does in the others.
pub const HERE: &[(Context, Command, &str)] = {
    use Command as C;
    use Context::*;
    &[
        (Apps, C::Open, "go to its detail"),
        (
            Clusters,
            C::Open,
            "list its Apps alone; show what is wrong where it does not answer",
        ),
        (Diff, C::Open, "fold or unfold the object under the cursor"),
        (
            Source,
            C::Open,
            "fold or unfold the object under the cursor",
        ),
        (Resources, C::Open, "show why the object is as it is"),
        (
            History,
            C::Open,
            "show the Plan of going back to the Run under the cursor",
        ),
        (Plan, C::Accept, "run the Plan as shown"),
        (Plan, C::Refresh, "draw the Plan again"),
        (Plan, C::Back, "cancel"),
        (Plan, C::Quit, "cancel"),
        (Plan, C::Open, "do what the chosen button says"),
        (
            Plan,
            C::Reveal,
            "show the secret values of the Plan, after asking",
        ),
        (Plan, C::NextPane, "choose the other button"),
        (Plan, C::Fold, "fold or unfold the step under the cursor"),
        (Plan, C::FoldAll, "fold or unfold all steps"),
        (Plan, C::NextDifference, "go to the next step"),
        (Plan, C::PreviousDifference, "go to the step before"),
        (Plan, C::ScrollUp, "scroll half a page up"),
        (Plan, C::ScrollDown, "scroll half a page down"),
        (
            Run,
            C::Open,
            "draw the sync that follows an adoption; else close",
        ),
        (
            Run,
            C::Refresh,
            "draw the Plan again, where the Run failed or was stopped",
        ),
        (Run, C::ScrollUp, "scroll half a page up"),
        (Run, C::ScrollDown, "scroll half a page down"),
        (Run, C::Quit, "close; the Run goes on"),
        (Question, C::Open, "do what the chosen button says"),
        (Question, C::Back, "no"),
        (Question, C::NextPane, "choose the other button"),
        (Question, C::Quit, "no"),
        (Text, C::Help, "show these keys; close them"),
        (Text, C::Quit, "close"),
        (Text, C::Open, "close"),
        (Text, C::ScrollUp, "scroll half a page up"),
        (Text, C::ScrollDown, "scroll half a page down"),
        (
            Anywhere,
            C::Back,
            "one step back: a filter first, then marks, then the pane; closes a dialog",
        ),
    ]
};

/// What a command does on the command line, where its key does something else.
const TYPED: &[(Command, &str)] = &[
    (
        Command::Sync,
        "show the Plan of a sync: of the App that is named, or else as the key does",
    ),
    (
        Command::Rollback,
        "show the Plan of going back to the Run of that number, or go to the history",
    ),
    (
        Command::Refresh,
        "fetch, render and compare the App again, or all of them",
    ),
    (
        Command::Quit,
        "leave trueup, after asking; `:q!` leaves at once, but asks while a Run is under way",
    ),
];

/// Commands that go opposite ways: where the second is in the footer, the keys of both stand there.
pub const PAIRS: &[(Command, Command)] = &[
    (Command::PreviousTab, Command::NextTab),
    (Command::LessContext, Command::MoreContext),
    (Command::ScrollUp, Command::ScrollDown),
];

/// Context, command, keys, and what the footer calls it (empty: not in the footer). The order is the footer's.
pub const BINDINGS: &[(Context, Command, &str, &str)] = {
    use Command as C;
    use Context::*;
    &[
        (Apps, C::Open, "enter", "open"),
        (Clusters, C::Open, "enter", "its Apps"),
        (Clusters, C::Details, "i", "details"),
        (Diff, C::Open, "enter", "fold"),
        (Resources, C::Open, "enter", "why"),
        (History, C::Open, "enter", "go back to it"),
        (Source, C::Open, "enter", "fold"),
        (Apps, C::Mark, "space", "mark"),
        (Resources, C::Mark, "space", "mark"),
        (Diff, C::LessContext, "{", ""),
        (Diff, C::MoreContext, "}", "context"),
        (Panes, C::Sync, "s", "sync"),
        (Panes, C::Rollback, "R", "rollback"),
        (Panes, C::Refresh, "r", "refresh"),
        (Panes, C::ShowDiff, "d", "diff"),
        (Panes, C::PreviousTab, "[", ""),
        (Panes, C::NextTab, "]", "tab"),
        (Panes, C::NextPane, "tab", "pane"),
        (Panes, C::PreviousPane, "shift-tab", ""),
        (Panes, C::Filter, "/", "filter"),
        (Panes, C::CommandLine, ":", "command"),
        (Panes, C::NextDifference, "n", "next"),
        (Panes, C::PreviousDifference, "N", ""),
        (Panes, C::Foreign, "f", "foreign"),
        (Panes, C::Problems, "!", "problems"),
        (Panes, C::Quit, "q", "back"),
        (Panes, C::Help, "? f1", "help"),
        (Diff, C::Fold, "-", ""),
        (Source, C::Fold, "-", ""),
        (Panes, C::FoldAll, "_", ""),
        (Panes, C::Reveal, "x", ""),
        (Panes, C::WatchRun, "w", ""),
        (Panes, C::LineStart, "0", ""),
        (Apps, C::LessContext, "{", ""),
        (Apps, C::MoreContext, "}", ""),
        (Panes, C::ScrollUp, "ctrl-u", ""),
        (Panes, C::ScrollDown, "ctrl-d", ""),
        (Panes, C::LineUp, "K", ""),
        (Panes, C::LineDown, "J", ""),
        (Plan, C::Accept, "y", "yes, run it"),
        (Plan, C::Prune, "p", "prune"),
        (Plan, C::Adopt, "A", "adopt"),
        (Plan, C::Refresh, "r", "draw again"),
        (Plan, C::Back, "esc", "cancel"),
        (Plan, C::Open, "enter", "choose"),
        (Plan, C::NextPane, "tab", ""),
        (Plan, C::Fold, "- space", "fold"),
        (Plan, C::FoldAll, "_", ""),
        (Plan, C::NextDifference, "n", "next"),
        (Plan, C::PreviousDifference, "N", ""),
        (Plan, C::LessContext, "{", ""),
        (Plan, C::MoreContext, "}", "context"),
        (Plan, C::ScrollUp, "ctrl-u", ""),
        (Plan, C::ScrollDown, "ctrl-d", ""),
        (Plan, C::Reveal, "x", "reveal"),
        (Plan, C::Quit, "q", ""),
        (Plan, C::Problems, "!", ""),
        (Plan, C::Help, "? f1", "help"),
        (Run, C::Open, "enter", "draw the sync"),
        (Run, C::Stop, "x", "stop"),
        (Run, C::Refresh, "r", "draw again"),
        (Run, C::ScrollUp, "ctrl-u", ""),
        (Run, C::ScrollDown, "ctrl-d", "scroll"),
        (Run, C::Quit, "q", "close"),
        (Run, C::Problems, "!", ""),
        (Run, C::Help, "? f1", "help"),
        (Question, C::Open, "enter", "choose"),
        (Question, C::Back, "esc", "cancel"),
        (Question, C::Accept, "y", "yes"),
        (Question, C::NextPane, "tab", ""),
        (Question, C::Quit, "n q", "no"),
        (Question, C::Help, "? f1", "help"),
        (Text, C::Quit, "q", "close"),
        (Text, C::Help, "? f1", ""),
        (Text, C::Open, "enter", ""),
        (Text, C::ScrollUp, "ctrl-u", ""),
        (Text, C::ScrollDown, "ctrl-d", "scroll"),
        (Anywhere, C::Back, "esc", ""),
        (Anywhere, C::Up, "k up", ""),
        (Anywhere, C::Down, "j down", ""),
        (Anywhere, C::Left, "h left", ""),
        (Anywhere, C::Right, "l right", ""),
        (Anywhere, C::PageUp, "pgup ctrl-b", ""),
        (Anywhere, C::PageDown, "pgdn ctrl-f", ""),
        (Anywhere, C::Top, "g home", ""),
        (Anywhere, C::Bottom, "G end", ""),
        (Anywhere, C::Suspend, "ctrl-z", ""),
        (Anywhere, C::Interrupt, "ctrl-c", ""),
    ]
};
