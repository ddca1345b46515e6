//! What a peer without a runtime is told of the world, and when that was.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_proto::peer::Driver;
use portcullis_proto::time::Time;

use crate::client::World;

/// What the peer is told of the world, and the time that it was told last.
pub(super) struct LastTold {
    pub(super) world: World,
    pub(super) last_us: AtomicU64,
}

impl LastTold {
    pub(super) fn last(&self) -> Time {
        Time::from_micros(self.last_us.load(Ordering::Relaxed))
    }
}

impl Driver for LastTold {
    fn now(&self) -> Time {
        let now = self.world.now();
        self.last_us.store(now.as_micros(), Ordering::Relaxed);
        now
    }

    fn panicked(&self, channel: &str, correlation: u64, text: &str) {
        self.world.panicked(channel, correlation, text);
    }
}
