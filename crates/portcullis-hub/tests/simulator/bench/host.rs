//! The hub as its drivers share it, and how handlers in main reach their sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use portcullis_hub::{Hub, HubEvent, PeerId, Turn};
use portcullis_proto::peer::DeliveryReport;
use portcullis_proto::rpc::{Complete, Host, Job, Outcome, Replies, Taken, WriteBody};
use portcullis_proto::session::{Leg, SendError};
use portcullis_proto::time::Time;

use super::world::World;

/// What came of turns and was not acted on yet.
#[derive(Default)]
pub(crate) struct Left {
    pub(crate) touched: BTreeSet<PeerId>,
    pub(crate) events: Vec<HubEvent>,
    pub(crate) reports: BTreeMap<u32, DeliveryReport>,
}

pub(crate) struct SharedHub {
    hub: Mutex<Hub>,
    left: Mutex<Left>,
    pub(crate) world: Arc<World>,
}

impl SharedHub {
    pub(crate) fn new(hub: Hub, world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { hub: Mutex::new(hub), left: Mutex::default(), world })
    }

    pub(crate) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().expect("the hub does not panic")
    }

    pub(crate) fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().expect("nothing panics under this lock")
    }

    /// Works on the hub, and keeps what came of it but the jobs.
    pub(crate) fn turn<R>(
        &self,
        work: impl FnOnce(&mut Hub, Time, &mut Turn) -> R,
    ) -> (R, Vec<Job>) {
        let now = self.world.now();
        let mut turn = Turn::default();
        let mut hub = self.hub();
        let result = work(&mut hub, now, &mut turn);
        drop(hub);
        let mut left = self.left();
        left.touched.append(&mut turn.touched.drain(..).collect());
        left.events.append(&mut turn.events);
        left.reports.extend(turn.reports.drain(..));
        (result, std::mem::take(&mut turn.jobs))
    }
}

/// The hub's side of one connection.
pub(crate) struct PeerHost {
    pub(crate) hub: Arc<SharedHub>,
    pub(crate) peer: PeerId,
}

impl Host for PeerHost {
    fn now(&self) -> Time {
        self.hub.world.now()
    }

    fn poll_send(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        body: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        self.hub.turn(|hub, _, turn| hub.poll_send(self.peer, leg, keep, context, body, turn)).0
    }

    fn poll_take(&self, leg: Leg, context: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.hub.turn(|hub, _, turn| hub.poll_take(self.peer, leg, context, turn)).0
    }

    fn finish(&self, _: Leg) {
        // A handler's flow ends with its reply.
    }
}

impl Complete for PeerHost {
    fn complete(&self, replies: &mut Replies) {
        for entry in &replies.entries {
            if let Ok(Outcome::Panicked(text)) = &entry.outcome {
                self.hub.world.note_panic(format!("{}: {text}", entry.channel));
            }
        }
        self.hub.turn(|hub, now, turn| hub.complete(self.peer, replies, now, turn));
    }
}
