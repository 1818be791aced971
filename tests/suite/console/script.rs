//! Drives the console by scripts of keys and looks at its screen.

use std::sync::Arc;

use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Color;
use trueup::domain::{AppId, Plan, Problem};
use trueup::engine::{Report, Request, RunView, Snapshot, Takeover, Ticket};
use trueup::tui::keymap::{Keymap, Press};
use trueup::tui::theme::LABELS;
use trueup::tui::{Effect, Message, State, Theme, update, view};

use super::scene;

/// A console with everything that it asked for.
pub struct Console {
    pub state: State,
    pub asked: Vec<Request>,
    pub has_quit: bool,
    pub has_slept: bool,
    pub frames: usize,
    terminal: Terminal<TestBackend>,
}

impl Console {
    /// A console of a size that looks at a world.
    pub fn new(width: u16, height: u16, data: Snapshot) -> Self {
        Self::themed(width, height, data, Theme::labelled(), false)
    }

    pub fn themed(width: u16, height: u16, data: Snapshot, theme: Theme, ascii: bool) -> Self {
        let state = State::new(
            Arc::new(data),
            Size::new(width, height),
            scene::now(),
            Keymap::default(),
            theme,
            ascii,
        );
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut console = Self {
            state,
            asked: vec![],
            has_quit: false,
            has_slept: false,
            frames: 0,
            terminal,
        };
        console.draw();
        console
    }

    /// Draws if there is something to draw, and says that it is on screen, as the loop does.
    pub fn draw(&mut self) {
        while self.state.take_dirty() {
            self.frames += 1;
            let state = &self.state;
            self.terminal
                .draw(|frame| {
                    view::view(state, frame);
                })
                .unwrap();
            self.send(Message::Shown);
        }
    }

    /// The terminal gets another size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
        self.send(Message::Resize(width, height));
        self.draw();
    }

    /// Takes a message without drawing.
    pub fn send(&mut self, message: Message) {
        for effect in update(&mut self.state, message) {
            match effect {
                Effect::Ask(request) => self.asked.push(request),
                Effect::Suspend => self.has_slept = true,
                Effect::Quit => self.has_quit = true,
            }
        }
    }

    /// Presses keys, drawing after each: `j j enter s y`; `"text"` types it.
    pub fn keys(&mut self, script: &str) -> &mut Self {
        for word in script.split_whitespace() {
            if let Some(text) = word.strip_prefix('"') {
                for c in text.trim_end_matches('"').chars() {
                    self.press(&c.to_string());
                }
            } else {
                self.press(word);
            }
            self.draw();
        }
        self
    }

    /// Presses one key without drawing.
    pub fn press(&mut self, key: &str) {
        let press = Press::parse(key).unwrap_or_else(|| panic!("{key} is not a key"));
        self.send(Message::Key(press.event()));
    }

    pub fn data(&mut self, mut data: Snapshot) -> &mut Self {
        data.revision = self.state.data.revision + 1;
        self.send(Message::Data(Arc::new(data)));
        self.draw();
        self
    }

    pub fn pass(&mut self, seconds: i64) -> &mut Self {
        self.state.now += SignedDuration::from_secs(seconds);
        self.send(Message::Tick);
        self.draw();
        self
    }

    /// The ticket of the last Plan asked for.
    pub fn draw_ticket(&self) -> Ticket {
        let found = self.asked.iter().rev().find_map(|r| match r {
            Request::Draw(ticket, _) => Some(*ticket),
            _ => None,
        });
        found.expect("a Plan was asked for")
    }

    pub fn run_ticket(&self) -> Option<Ticket> {
        self.asked.iter().rev().find_map(|r| match r {
            Request::Run(ticket, _) => Some(*ticket),
            _ => None,
        })
    }

    pub fn drawn(&mut self, plan: Result<Plan, Problem>) -> &mut Self {
        let report = Report::Drawn(self.draw_ticket(), plan.map(Arc::new));
        self.send(Message::Report(report));
        self.draw();
        self
    }

    pub fn ran(&mut self, view: RunView) -> &mut Self {
        let ticket = self.run_ticket().expect("a Run was asked for");
        self.send(Message::Report(Report::Run(ticket, Arc::new(view))));
        self.draw();
        self
    }

    /// A Run has come upon the lock of somebody who does not renew it.
    pub fn meets_lock(&mut self, app: AppId, holder: &str) -> &mut Self {
        let ticket = self.run_ticket().expect("a Run was asked for");
        let holder = holder.to_owned();
        let report = Report::Takeover(ticket, Takeover { app, holder });
        self.send(Message::Report(report));
        self.draw();
        self
    }

    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += (trueup::tui::fit::width(symbol) as u16).max(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The labels of the screen: for each line, runs of `text colour/fill` with the columns where they begin.
    pub fn labels(&self) -> String {
        let buffer = self.buffer();
        let name = |color: Color| match color {
            Color::Indexed(i) => format!("{:?}", LABELS[usize::from(i)]),
            _ => String::new(),
        };
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut before = String::new();
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                // The colour of a blank cannot be seen.
                let fg = if cell.symbol() == " " {
                    String::new()
                } else {
                    name(cell.fg)
                };
                let bg = name(cell.bg);
                let run = match (fg.as_str(), bg.as_str()) {
                    ("", "") => String::new(),
                    (fg, "") => fg.to_owned(),
                    (fg, bg) => format!("{fg}/{bg}"),
                };
                if run != before && !(cell.symbol() == " " && bg.is_empty()) {
                    if !run.is_empty() {
                        text.push_str(&format!("{x}:{run} "));
                    }
                    before = run;
                }
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    /// Whether a text is on screen.
    pub fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }
}
