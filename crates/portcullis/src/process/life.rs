//! A connection ends with the process that it belongs to, whoever else may hold its socket by then. The process is known
//! by a descriptor of the kernel's, which stays its own when its number is given to another.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use rustix::net::Shutdown;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;

use crate::hub::Connection;
use crate::link::watch;

/// The descriptor of a child that was not waited for yet, so that its number is still its own. `None` where the kernel
/// gives none.
pub(super) fn of_child(id: Option<u32>) -> Option<Arc<OwnedFd>> {
    let id = Pid::from_raw(id?.cast_signed())?;
    match pidfd_open(id, PidfdFlags::empty()) {
        Ok(process) => Some(Arc::new(process)),
        Err(error) => {
            tracing::debug!(%error, "no descriptor for a process: its end is seen by its socket");
            None
        }
    }
}

/// Signals a process, and never another that has got its number.
pub(super) fn signal(process: &OwnedFd, signal: Signal) -> io::Result<()> {
    Ok(pidfd_send_signal(process, signal)?)
}

/// Ends `connection` when `process` has ended. `socket` is main's end of it.
///
/// What the process has sent is still taken in, since the kernel has it; whoever else holds the socket can add nothing.
///
/// # Errors
///
/// When the system has no descriptors left, or tokio cannot watch one.
pub(crate) fn end_with(
    process: Arc<OwnedFd>,
    socket: UnixStream,
    connection: Connection,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let watched = watch(process, Interest::READABLE)?;
    Ok(async move {
        let (closed, ended) = (connection.closed(), watched.readable());
        let (mut closed, mut ended) = (pin!(closed), pin!(ended));
        let process_ended = poll_fn(|context| {
            if closed.as_mut().poll(context).is_ready() {
                // The socket is let go then, so that the other side sees its end.
                return Poll::Ready(false);
            }
            // A process that cannot be watched is seen by its socket.
            ended.as_mut().poll(context).map(|ended| ended.is_ok())
        });
        if process_ended.await {
            // It has been closed otherwise.
            let _ = rustix::net::shutdown(&socket, Shutdown::Read);
        }
    })
}
