//! The time of embedded connections: one timer for all of them, on the hub's runtime, and none while nothing of theirs
//! can run out.

use std::sync::{Arc, Weak};

use portcullis_hub::PeerId;
use portcullis_proto::time::Time;
use tokio::sync::Notify;

use super::shared::{Shared, State, Wake};

/// What the timer waits for; stands under the hub's lock.
#[derive(Debug, Default)]
pub(super) struct EmbeddedTimer {
    running: bool,
    armed: Option<Time>,
}

/// What is to be done about the timer once the lock is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// It waits for something earlier, or there is nothing to wait for.
    AsItIs,
    /// It has to be started.
    Start,
    /// It has to look again.
    Move,
}

impl EmbeddedTimer {
    /// Something runs out at `due`. A timer that fires too early costs one look; moving it for each call would cost more.
    pub(super) fn expect(&mut self, due: Option<Time>) -> Timing {
        let Some(due) = due else { return Timing::AsItIs };
        if self.armed.is_some_and(|armed| armed <= due) {
            return Timing::AsItIs;
        }
        self.armed = Some(due);
        if std::mem::replace(&mut self.running, true) { Timing::Move } else { Timing::Start }
    }

    /// The timer waits for `due` from here on, or ends.
    fn rearm(&mut self, due: Option<Time>) -> Option<Time> {
        self.armed = due;
        self.running = due.is_some();
        due
    }
}

impl State {
    fn embedded(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.wakes
            .iter()
            .filter_map(|(peer, wake)| matches!(wake, Wake::Embedded(_)).then_some(*peer))
    }
}

impl Shared {
    /// Acts on what [`EmbeddedTimer::expect`] has said.
    pub(super) fn keep_time(self: &Arc<Self>, timing: Timing) {
        match timing {
            Timing::AsItIs => {}
            Timing::Move => self.timer_moved.notify_one(),
            Timing::Start => {
                let moved = Arc::clone(&self.timer_moved);
                self.runtime.spawn(run(self.weak(), moved));
            }
        }
    }

    /// Deals with what has run out, and says when the next is due.
    fn expire_embedded(self: &Arc<Self>) -> Option<Time> {
        let now = self.clock.now();
        let due: Vec<PeerId> = {
            let state = self.lock();
            let is_due = |peer: &PeerId| state.core.next_timeout(*peer).is_some_and(|at| at <= now);
            state.embedded().filter(is_due).collect()
        };
        for peer in due {
            self.turn(|core, now, turn| core.handle_timeout(peer, now, turn));
        }
        let mut state = self.lock();
        let next = state.embedded().filter_map(|peer| state.core.next_timeout(peer)).min();
        state.timer.rearm(next)
    }
}

/// Waits for the earliest time-out, until there is none. The hub is not kept alive by it.
async fn run(hub: Weak<Shared>, moved: Arc<Notify>) {
    // Every turn waits for a time-out, or for one that is earlier.
    loop {
        let Some(shared) = hub.upgrade() else { return };
        let Some(due) = shared.expire_embedded() else { return };
        let at = shared.clock.at(due);
        drop(shared);
        let _ = tokio::time::timeout_at(at, moved.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_is_earlier_moves_it() {
        let mut timer = EmbeddedTimer::default();
        let at = |seconds| Some(Time::ZERO + Duration::from_secs(seconds));
        assert_eq!(timer.expect(None), Timing::AsItIs);
        assert_eq!(timer.expect(at(5)), Timing::Start);
        assert_eq!(timer.expect(at(6)), Timing::AsItIs);
        assert_eq!(timer.expect(at(4)), Timing::Move);
        assert_eq!(timer.rearm(None), None);
        assert_eq!(timer.expect(at(9)), Timing::Start);
    }
}
