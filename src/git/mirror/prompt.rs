//! Asks the person at the terminal, which whoever holds it has lent: a line, with echo or without.
//!
//! gix has a prompt, too; it cannot be stopped, and would go on reading a terminal that is ours again.

use std::sync::atomic::AtomicBool;

/// Asks on the terminal of this process. `None`: there is none, the input ended, or `stopped` was set meanwhile.
#[cfg(unix)]
pub(super) fn ask(question: &str, hidden: bool, stopped: &AtomicBool) -> Option<String> {
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::sync::atomic::Ordering;

    let open = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty");
    let mut terminal = open.ok()?;
    let _echo = hidden.then(|| unix::Silence::new(&terminal));
    terminal
        .write_all(crate::domain::text::visible(question).as_bytes())
        .ok()?;
    // Of this open file alone: nobody else's reads change.
    rustix::io::ioctl_fionbio(&terminal, true).ok()?;
    let mut line = Vec::new();
    let mut bytes = [0; 256];
    loop {
        if stopped.load(Ordering::SeqCst) {
            let _ = terminal.write_all(b"\n");
            return None;
        }
        match terminal.read(&mut bytes) {
            Ok(0) => return None,
            Ok(n) => line.extend_from_slice(&bytes[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(unix::LOOK);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if let Some(text) = line.strip_suffix(b"\n") {
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            return String::from_utf8(text.to_vec()).ok();
        }
        if line.len() > unix::MAX_LINE {
            return None;
        }
    }
}

/// Elsewhere credential helpers have windows of their own.
#[cfg(not(unix))]
pub(super) fn ask(_question: &str, _hidden: bool, _stopped: &AtomicBool) -> Option<String> {
    None
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::time::Duration;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// How often it is looked whether there is an answer, or a stop.
    pub(super) const LOOK: Duration = Duration::from_millis(20);
    /// No answer is longer.
    pub(super) const MAX_LINE: usize = 16 << 10;

    /// The terminal shows nothing of what is typed but its end, until this is dropped.
    pub(super) struct Silence(Option<(File, Termios)>);

    impl Silence {
        pub(super) fn new(terminal: &File) -> Self {
            let kept = terminal.try_clone().ok().zip(tcgetattr(terminal).ok());
            if let Some((terminal, before)) = &kept {
                let mut modes = before.clone();
                modes.local_modes.remove(LocalModes::ECHO);
                modes.local_modes.insert(LocalModes::ECHONL);
                let _ = tcsetattr(terminal, OptionalActions::Flush, &modes);
            }
            Self(kept)
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            if let Some((terminal, before)) = &self.0 {
                let _ = tcsetattr(terminal, OptionalActions::Now, before);
            }
        }
    }
}
