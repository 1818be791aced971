//! Running plugins: each ends with all that it started when nobody waits for it any more, and with this program.

use std::io;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};

use tokio::process::{Child, Command};

/// What runs at the moment. Tasks that are dropped end theirs themselves, but a program that ends does not wait for
/// its tasks to be dropped.
static ALL: Mutex<All> = Mutex::new(All {
    over: false,
    running: Vec::new(),
});

struct All {
    over: bool,
    running: Vec<Group>,
}

/// The process of a plugin, with a group of its own or without one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Group {
    id: u32,
    whole: bool,
}

impl Group {
    #[cfg(unix)]
    fn end(self) {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let pid = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        let Some(pid) = pid else { return };
        // It may have ended by itself in this moment.
        let _ = if self.whole {
            kill_process_group(pid, Signal::KILL)
        } else {
            kill_process(pid, Signal::KILL)
        };
    }

    #[cfg(not(unix))]
    fn end(self) {}
}

/// Ends every plugin that runs, and has no other start: for the end of the program, however it comes.
pub fn end_plugins() {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.over = true;
    all.running.drain(..).for_each(Group::end);
}

/// A plugin that runs.
pub(super) struct Running {
    pub child: Child,
    /// `None` once it has ended by itself: what it left behind on purpose stays.
    group: Option<Group>,
}

impl Running {
    /// Starts it. `whole`: in a process group of its own.
    pub fn start(mut command: Command, whole: bool) -> io::Result<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if all.over {
            return Err(io::Error::other("the program is ending"));
        }
        let child = command.spawn()?;
        let group = child.id().map(|id| Group { id, whole });
        all.running.extend(group);
        Ok(Self { child, group })
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.forget();
        status
    }

    /// Ends it, and all that it started.
    pub async fn end(&mut self) {
        if let Some(group) = self.forget() {
            group.end();
        }
        let _ = self.child.kill().await;
    }

    fn forget(&mut self) -> Option<Group> {
        let group = self.group.take()?;
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.running.retain(|other| *other != group);
        Some(group)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.forget() {
            group.end();
        }
    }
}
