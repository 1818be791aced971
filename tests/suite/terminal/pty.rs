//! A terminal with the program in it: keys in, and the screen that a person would see.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

/// How long anything may take. It is long because it is no measure: a busy machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kubeconfig with one context, `far-away`, at whose server nobody listens: its port is none that can be given away.
pub fn kubeconfig(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- {{name: c, cluster: {{server: 'http://127.0.0.1:1'}}}}\nusers:\n- name: u\n  user: {user}\ncontexts:\n- {{name: far-away, context: {{cluster: c, user: u}}}}\ncurrent-context: far-away\n"
    )
}

/// What kind of terminal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 16 colours.
    Sixteen,
    /// 24-bit colours.
    True,
}

struct Shared {
    screen: Mutex<vt100::Parser>,
    changed: Condvar,
    /// The reader lets go of the terminal after what it reads next.
    let_go: AtomicBool,
    has_let_go: AtomicBool,
}

/// A terminal and the program in it.
pub struct Terminal {
    shared: Arc<Shared>,
    // Held so that its modes can be looked at after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts trueup in a directory, with nothing of the tester's own environment. Its home is `home`.
    pub fn start(
        (width, height): (u16, u16),
        kind: Kind,
        directory: &Path,
        home: &Path,
        kubeconfig: &Path,
        arguments: &[&str],
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(arguments);
        command.cwd(directory);
        command.env_clear();
        let config = home.join("config.yaml");
        if !config.exists() {
            std::fs::write(&config, "").unwrap();
        }
        let (term, colors) = match kind {
            Kind::Sixteen => ("xterm-16color", ""),
            Kind::True => ("xterm-256color", "truecolor"),
        };
        for (name, value) in [
            ("HOME", home),
            ("TRUEUP_CONFIG", &config),
            ("TRUEUP_CACHE_DIR", &home.join("cache")),
            ("TRUEUP_STATE_DIR", &home.join("state")),
            ("KUBECONFIG", kubeconfig),
            ("TERM", Path::new(term)),
            ("COLORTERM", Path::new(colors)),
            ("LANG", Path::new("C.UTF-8")),
        ] {
            command.env(name, value);
        }
        Self::run((width, height), command)
    }

    /// Runs one test of this very program in a terminal, with the variable `IN_A_TERMINAL` set.
    pub fn test(name: &str) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]);
        command.env("IN_A_TERMINAL", "1");
        Self::run((80, 24), command)
    }

    fn run((width, height): (u16, u16), command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(size(width, height)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let shared = Arc::new(Shared {
            screen: Mutex::new(vt100::Parser::new(
                height.try_into().unwrap(),
                width.try_into().unwrap(),
                0,
            )),
            changed: Condvar::new(),
            let_go: AtomicBool::new(false),
            has_let_go: AtomicBool::new(false),
        });
        let mut reader = pair.master.try_clone_reader().unwrap();
        let told = shared.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 16 << 10];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                told.screen.lock().unwrap().process(&bytes[..n]);
                told.changed.notify_all();
                if told.let_go.load(Ordering::SeqCst) {
                    break;
                }
            }
            drop(reader);
            told.has_let_go.store(true, Ordering::SeqCst);
            let _held = told.screen.lock().unwrap();
            told.changed.notify_all();
        });
        let writer = pair.master.take_writer().unwrap();
        Self {
            shared,
            slave: Some(pair.slave),
            master: Some(pair.master),
            writer: Some(writer),
            child,
        }
    }

    /// Types keys. Words name special keys: `<enter>`, `<esc>`, `<tab>`, `<ctrl-c>`, `<ctrl-z>`.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let text = keys
            .replace("<enter>", "\r")
            .replace("<esc>", "\x1b")
            .replace("<tab>", "\t")
            .replace("<ctrl-c>", "\x03")
            .replace("<ctrl-z>", "\x1a");
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
        self
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.shared.screen.lock().unwrap().screen().contents()
    }

    /// Looks at the screen through a function.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shared.screen.lock().unwrap().screen())
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        let shared = self.shared.clone();
        let mut screen = shared.screen.lock().unwrap();
        while !is_so(screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let contents = screen.screen().contents();
                drop(screen);
                panic!("waited for {what}; the screen is:\n{contents}");
            }
            screen = shared.changed.wait_timeout(screen, left).unwrap().0;
        }
        self
    }

    /// Waits until a text is on screen.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        self.until(text, |screen| screen.contents().contains(text))
    }

    /// Waits until a text is on screen no more.
    #[track_caller]
    pub fn sees_no_more(&mut self, text: &str) -> &mut Self {
        self.until(&format!("no {text}"), |screen| {
            !screen.contents().contains(text)
        })
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        let mut screen = self.shared.screen.lock().unwrap();
        let (rows, columns) = (height.try_into().unwrap(), width.try_into().unwrap());
        screen.screen_mut().set_size(rows, columns);
        drop(screen);
        let master = self.master.as_ref().unwrap();
        master.resize(size(width, height)).unwrap();
        self
    }

    /// Sends a signal by its name.
    pub fn signal(&mut self, name: &str) -> &mut Self {
        let id = self.child.process_id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.is_ok_and(|s| s.success()));
        self
    }

    /// Closes the terminal, as a window that is closed or a connection that is lost.
    pub fn close(&mut self) {
        self.shared.let_go.store(true, Ordering::SeqCst);
        // The reader looks up at the next bytes; help opens and gives some.
        self.keys("?");
        let shared = self.shared.clone();
        self.until("the reader to let go", |_| {
            shared.has_let_go.load(Ordering::SeqCst)
        });
        self.writer = None;
        self.slave = None;
        self.master = None;
    }

    /// Waits until the program has ended; returns whether it says that all went well.
    #[track_caller]
    pub fn ends(&mut self) -> bool {
        self.code() == 0
    }

    /// Whether the program ends within a time.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Waits for the end, and says how it ended.
    pub fn code(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                Instant::now() < deadline,
                "it does not end; the screen is:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the terminal takes lines and shows what is typed, as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        let modes = self.master.as_ref().unwrap().get_termios().unwrap();
        let text = format!("{:?}", modes.local_flags);
        text.contains("ICANON") && text.contains("ECHO")
    }

    /// Waits until the screen is as the program found it, and the modes too.
    #[track_caller]
    pub fn is_given_back(&mut self) {
        self.until("the screen to be given back", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        assert!(self.is_cooked(), "the terminal is still in raw mode");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(width: u16, height: u16) -> PtySize {
    PtySize {
        rows: height,
        cols: width,
        pixel_width: 0,
        pixel_height: 0,
    }
}
