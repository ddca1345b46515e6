//! Processes that do not outlive main, however main ends. On Linux the kernel kills a process when the thread that has
//! started it is gone, if the process has asked for it; so these are started by a thread that stays as long as main does, and
//! ask for it when they take over their socket. Elsewhere their connection ends with main, as that of every peer does, and
//! what a process makes of that is its own.

use std::io;

use portcullis_hub::Admission;
use tokio::process::Command;

use super::{Process, SpawnError};
use crate::hub::Hub;

/// The variable that tells a process to end with main, whose number is its value.
#[cfg(target_os = "linux")]
const MAIN: &str = "PORTCULLIS_MAIN";

/// Starts that may wait for the thread that makes them; what comes beyond is an error, and tried again as any.
#[cfg(target_os = "linux")]
pub const STARTS_MAX: usize = 1_024;

/// Work for the thread that starts processes.
#[cfg(target_os = "linux")]
type Start = Box<dyn FnOnce() + Send>;

/// How a process is started: [`Hub::spawn`], or its like.
pub(crate) type Spawn = fn(&Hub, Command, &Admission) -> Result<Process, SpawnError>;

/// Starts `command` by `spawn`, as a process that does not outlive main.
pub(crate) async fn spawn_bound(
    hub: &Hub,
    spawn: Spawn,
    command: Command,
    admission: &Admission,
) -> Result<Process, SpawnError> {
    #[cfg(target_os = "linux")]
    if let Some(starter) = starter() {
        let (hub, admission) = (hub.clone(), admission.clone());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let start: Start = Box::new(move || {
            let runtime = hub.runtime().clone();
            let _entered = runtime.enter();
            let mut command = command;
            command.env(MAIN, std::process::id().to_string());
            // Whoever asked may be gone; the process is killed then.
            let _ = sender.send(spawn(&hub, command, &admission));
        });
        let lost =
            || SpawnError::Io(io::Error::other("too many processes are about to be started"));
        starter.try_send(start).map_err(|_| lost())?;
        return receiver.await.map_err(|_| lost())?;
    }
    spawn(hub, command, admission)
}

/// The thread that starts processes; it ends with main only. `None` when the system gives none.
#[cfg(target_os = "linux")]
fn starter() -> Option<&'static std::sync::mpsc::SyncSender<Start>> {
    use std::sync::OnceLock;
    use std::sync::mpsc::{SyncSender, sync_channel};

    static STARTER: OnceLock<Option<SyncSender<Start>>> = OnceLock::new();
    let start = || {
        let (sender, starts) = sync_channel::<Start>(STARTS_MAX);
        let thread = std::thread::Builder::new().name("portcullis-start".to_owned());
        let work = move || {
            for start in starts {
                // A fault of one start is that one's own: processes that run would end with this thread.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(start));
            }
        };
        match thread.spawn(work) {
            Ok(_) => Some(sender),
            Err(error) => {
                tracing::warn!(%error, "no thread that starts processes: they may outlive main");
                None
            }
        }
    };
    STARTER.get_or_init(start).as_ref()
}

/// In a process that was started so: from now on it ends with main.
///
/// # Errors
///
/// When main has ended already.
pub(super) fn end_with_main() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

        let main = std::env::var(MAIN).ok().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        // A process further down has the variable, too, and another parent.
        if main.is_some() && getppid() == main {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            if getppid() != main {
                return Err(io::Error::new(io::ErrorKind::NotConnected, "main has ended"));
            }
        }
    }
    Ok(())
}
