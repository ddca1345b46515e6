//! Closes descriptors that a peer has made, on a thread of its own: the last close of a socket, or of a file that some process
//! serves, may take as long as that process likes.

use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};

static CLOSER: LazyLock<Option<Mutex<Sender<OwnedFd>>>> = LazyLock::new(|| {
    let (sender, descriptors) = channel::<OwnedFd>();
    let closing = move || descriptors.into_iter().for_each(drop);
    let thread = std::thread::Builder::new().name("closer".to_owned()).spawn(closing);
    thread.ok().map(|_| Mutex::new(sender))
});

/// Closes a descriptor, some time soon.
pub(crate) fn close(descriptor: OwnedFd) {
    if let Some(closer) = &*CLOSER {
        // The thread lives as long as the process.
        let _ = closer.lock().unwrap_or_else(PoisonError::into_inner).send(descriptor);
    }
}
