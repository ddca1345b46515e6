//! What the hub keeps for calls: who works on each, and what of it waits.

use portcullis_proto::rpc::{Call, LocalCall, Locals, stop_local};
use portcullis_proto::time::Time;

use crate::account::{Charge, Over};
use crate::budget::Resource;
use crate::catalog::InterfaceIndex;
use crate::instance::InstanceId;
use crate::peer::PeerId;
use crate::subscriber::Subscriber;
use crate::waiting::Waiting;
use crate::{Hub, Turn};

/// What a call is about, for whoever observes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub(crate) interface: InterfaceIndex,
    pub(crate) instance: InstanceId,
    pub(crate) ordinal: u32,
    pub(crate) started: Time,
    pub(crate) bytes_in: u32,
    pub(crate) correlation: u64,
    pub(crate) callee: Option<PeerId>,
}

/// What the hub keeps for a call that a peer has opened.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    pub(crate) meta: Option<Meta>,
    pub(crate) work: Work,
    /// What it takes of its peer's budget, until it ends.
    pub(crate) charge: Option<Charge>,
}

/// Who works on a call.
#[derive(Debug, Default)]
pub(crate) enum Work {
    /// Nobody yet.
    #[default]
    None,
    /// A handler in main, of a call without streams.
    Handler(Call),
    /// A handler in main, and its flows.
    Local(Box<LocalCall>),
    /// Another peer.
    Relay(RelayIn),
    /// A topic.
    Subscription(Box<Subscriber>),
    /// A published value: the token of its report.
    Report(u32),
}

/// A call that another peer serves, seen from its caller.
#[derive(Debug)]
pub(crate) struct RelayIn {
    pub(crate) callee: PeerId,
    /// The id at the callee; `None` once it has ended there, because it then may become another call's.
    pub(crate) callee_id: Option<u32>,
    /// What the callee has sent, and the caller has given no credit for.
    pub(crate) waiting: Waiting,
}

/// A call that the hub makes on behalf of another peer.
#[derive(Debug)]
pub(crate) struct RelayOut {
    pub(crate) caller: PeerId,
    /// Whose share of the callee it takes.
    pub(crate) sharer: u64,
    /// The id at the caller; `None` once the call has ended there: then only its end is waited for.
    pub(crate) caller_id: Option<u32>,
    /// The instance, by the server's number for it.
    pub(crate) export: u32,
    /// What the caller has sent, and the callee has given no credit for.
    pub(crate) waiting: Waiting,
    /// The caller has sent its last item.
    pub(crate) finished: bool,
}

impl RelayIn {
    /// Whether it has ended at the callee, and nothing of it waits: most calls end so.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.callee_id.is_none() && self.waiting.is_unused()
    }
}

impl Locals for Inbound {
    fn local(&mut self) -> Option<&mut LocalCall> {
        match &mut self.work {
            Work::Local(local) => Some(local),
            _ => None,
        }
    }
}

impl Locals for RelayOut {
    fn local(&mut self) -> Option<&mut LocalCall> {
        None
    }
}

impl Work {
    /// Items that wait, with the answer behind them, and the peer that has sent them, or for which values of a topic wait; `caller` is whose call it is.
    pub(crate) fn queued(&self, caller: PeerId) -> (PeerId, usize) {
        match self {
            Self::Local(local) => (caller, local.queued_bytes()),
            Self::Relay(relay) => (relay.callee, relay.waiting.bytes()),
            Self::Subscription(subscriber) => (caller, subscriber.counted_bytes()),
            _ => (caller, 0),
        }
    }
}

impl Hub {
    /// Stops the work of a call that has ended or is about to: nobody waits for it any more.
    pub(crate) fn stop_work(&mut self, peer: PeerId, id: u32, work: Work, turn: &mut Turn) {
        let (sender, bytes) = work.queued(peer);
        self.unqueued(sender, bytes);
        match work {
            Work::None => {}
            Work::Handler(call) => call.token().cancel(&mut turn.retired.wakes),
            Work::Local(mut local) => stop_local(&mut local, &mut turn.retired.wakes),
            Work::Relay(relay) => {
                if let Some(callee_id) = relay.callee_id {
                    self.cancel_callee(relay.callee, callee_id, turn);
                }
            }
            Work::Subscription(subscriber) => self.unsubscribe(peer, id, &subscriber, turn),
            Work::Report(token) => self.drop_report(token),
        }
    }

    /// Whether a peer may have an item more waiting in the hub; then it is counted.
    pub(crate) fn may_queue(&mut self, sender: PeerId, bytes: usize) -> Result<(), Over> {
        let Some(state) = self.peers.get_mut(sender.0) else { return Ok(()) };
        state.account.take(Resource::QueuedBytes, bytes)
    }

    /// Items of a peer's wait no longer; it may be gone, and its user answers for them.
    pub(crate) fn unqueued(&mut self, sender: PeerId, bytes: usize) {
        if bytes > 0 {
            self.give_back(sender, &[(Resource::QueuedBytes, bytes)]);
        }
    }
}
