//! A bell: how a side is told that an index has moved when it does not sleep on it. It is a descriptor, which a process watches
//! among others, so that one thread serves any number of rings. Who has marked that it waits is told; nobody else.

#[cfg(loom)]
pub use model::Bell;
#[cfg(not(loom))]
pub use system::Bell;

#[cfg(not(loom))]
mod system {
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
    use std::sync::Arc;

    use rustix::event::{EventfdFlags, eventfd};

    /// The other side's bell. A clone is the same.
    #[derive(Clone, Debug)]
    pub struct Bell(Arc<OwnedFd>);

    impl Bell {
        /// Makes one. Whoever is to be told watches it for becoming readable, edge by edge, and need not read it: each ring is
        /// an edge. The other side gets a copy of the descriptor, with which it can do no more than ring, or fail to.
        ///
        /// # Errors
        /// What the system says: there are no descriptors left.
        pub fn create() -> io::Result<Self> {
            let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
            Ok(Self::from(eventfd(0, flags)?))
        }

        /// Tells the other side.
        pub(in crate::ring) fn ring(&self) {
            // It fails only where the descriptor is no bell, or was filled by somebody else who holds it: then the other side
            // does not want to be told.
            let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
        }
    }

    impl From<OwnedFd> for Bell {
        fn from(descriptor: OwnedFd) -> Self {
            Self(Arc::new(descriptor))
        }
    }

    impl AsFd for Bell {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl std::os::fd::AsRawFd for Bell {
        fn as_raw_fd(&self) -> std::os::fd::RawFd {
            self.0.as_raw_fd()
        }
    }
}

#[cfg(loom)]
mod model {
    use std::sync::Arc;

    use loom::sync::{Condvar, Mutex};

    /// A bell in a model: rings are kept until somebody waits.
    #[derive(Clone, Debug)]
    pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

    impl Bell {
        pub(in crate::ring) fn model() -> Self {
            Self(Arc::new((Mutex::new(false), Condvar::new())))
        }

        pub(in crate::ring) fn ring(&self) {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_all();
        }

        /// Waits until it has rung since the last time.
        pub(in crate::ring) fn wait(&self) {
            let mut rung = self.0.0.lock().unwrap();
            while !std::mem::take(&mut *rung) {
                rung = self.0.1.wait(rung).unwrap();
            }
        }
    }
}
