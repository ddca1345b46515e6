//! Handles on the memory of blobs, which are used again: where a blob has gone, the next one allocates nothing.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_proto::codec::{Blob, Keep};

/// Handles that one home keeps. At most so many blobs of it are mostly there at the same time (a message has 16, a topic's pool
/// as many slots); more than these allocate, and what is kept here for nothing is a few kilobytes.
const HANDLES_KEPT: usize = 32;

/// What keeps the memory of a blob, for as long as the blob is there.
pub(super) trait Hold: Send + Sync + Sized + 'static {
    fn bytes(&self) -> &[u8];

    fn is_lent(&self) -> bool {
        false
    }

    /// Where handles on such memory are kept.
    fn home(&self) -> &Handles<Self>;
}

/// What all clones of one blob share. It holds something while a blob is there, and nothing while it waits for the next one: so
/// what waits in a home does not keep that home alive.
pub(super) struct Handle<H>(Option<H>);

impl<H> Handle<H> {
    /// What it holds.
    pub(super) fn held(&self) -> Option<&H> {
        self.0.as_ref()
    }
}

impl<H: Hold> Keep for Handle<H> {
    fn bytes(&self) -> &[u8] {
        self.held().map_or(&[], H::bytes)
    }

    fn is_lent(&self) -> bool {
        self.held().is_some_and(H::is_lent)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn released(mut self: Arc<Self>) {
        let held = Arc::get_mut(&mut self).and_then(|handle| handle.0.take());
        if let Some(held) = held {
            // Before its memory is free: whoever waits for that finds a handle, too.
            held.home().keep(self);
        }
    }
}

/// Handles that hold nothing now.
pub(super) struct Handles<H>(Mutex<Vec<Arc<Handle<H>>>>);

impl<H: Hold> Handles<H> {
    fn take(&self) -> Option<Arc<Handle<H>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, handle: Arc<Handle<H>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < HANDLES_KEPT {
            kept.push(handle);
        }
    }
}

impl<H> Default for Handles<H> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

/// A blob of what is held, in a handle that was used before if there is one.
pub(super) fn blob<H: Hold>(held: H) -> Blob {
    let spare = held.home().take();
    if let Some(mut handle) = spare
        && let Some(place) = Arc::get_mut(&mut handle)
    {
        place.0 = Some(held);
        return Blob::kept(handle);
    }
    Blob::kept(Arc::new(Handle(Some(held))))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Held(Arc<Handles<Held>>);

    impl Hold for Held {
        fn bytes(&self) -> &[u8] {
            b"held"
        }

        fn home(&self) -> &Handles<Self> {
            &self.0
        }
    }

    #[test]
    fn a_home_keeps_few_handles_and_they_keep_nothing() {
        let home: Arc<Handles<Held>> = Arc::default();
        let held = || blob(Held(Arc::clone(&home)));
        let blobs: Vec<Blob> = (0..2 * HANDLES_KEPT).map(|_| held()).collect();
        assert_eq!(Arc::strong_count(&home), 1 + blobs.len());
        drop(blobs);
        assert_eq!(home.0.lock().expect("no panic").len(), HANDLES_KEPT);
        assert_eq!(Arc::strong_count(&home), 1);
        assert_eq!(&*held(), b"held");
    }

    #[test]
    fn what_is_held_ends_with_its_blob_when_its_home_is_gone() {
        let home: Arc<Handles<Held>> = Arc::default();
        let (last, weak) = (blob(Held(Arc::clone(&home))), Arc::downgrade(&home));
        drop(home);
        assert_eq!(&*last, b"held");
        drop(last);
        assert!(weak.upgrade().is_none());
    }
}
