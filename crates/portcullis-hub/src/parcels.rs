//! Parcels whose messages have not come: counted on their peer's account, and what becomes of a message whose blobs were not
//! kept for it.

use std::any::Any;
use std::sync::Arc;

use portcullis_proto::error::{FailureBody, Retry};
use portcullis_proto::session::{Leg, ParcelRoom, Shed};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::account::Account;
use crate::budget::Resource;
use crate::peer::PeerId;
use crate::users::RETRY_AFTER_MS;
use crate::work::RelayOut;
use crate::{Hub, Turn};

/// A peer's account, for its session.
#[derive(Debug)]
pub(crate) struct Room(pub(crate) Arc<Account>);

impl ParcelRoom for Room {
    fn hold(&self, bytes: usize) -> Option<Box<dyn Any + Send>> {
        let charge = self.0.hold(Resource::ParcelBytes, bytes).ok()?;
        Some(Box::new(charge))
    }
}

impl Hub {
    /// A message came whose blobs were not kept. That is no violation: whoever waits for something is told.
    pub(crate) fn shed(&mut self, peer: PeerId, shed: Shed<RelayOut>, now: Time, turn: &mut Turn) {
        let what = Resource::ParcelBytes.name();
        let failure =
            || FailureBody { retry: Retry::After(RETRY_AFTER_MS), ..FailureBody::new(NOT_KEPT) };
        let exhausted = Status::ResourceExhausted;
        match shed {
            Shed::OneWay => self.drop_notification(peer, what, turn),
            Shed::Call(id) => {
                self.refused(peer, what, turn);
                self.fail_call(peer, id, exhausted, failure(), now, turn);
            }
            Shed::Item(leg) => {
                self.refused(peer, what, turn);
                let call = match leg {
                    Leg::Inbound(id) => Some((peer, id)),
                    Leg::Outbound(id) => self.peers.get_mut(peer.0).and_then(|state| {
                        let relay = state.session.outbound_mut(id)?;
                        Some((relay.caller, relay.caller_id?))
                    }),
                };
                if let Some((caller, id)) = call {
                    self.cancelled(caller, id, exhausted, NOT_KEPT, now, turn);
                }
            }
            Shed::End(relay) => {
                self.refused(peer, what, turn);
                if self.relay_over(peer, &relay).is_some()
                    && let Some(id) = relay.caller_id
                {
                    self.fail_call(relay.caller, id, exhausted, failure(), now, turn);
                }
            }
        }
    }
}

const NOT_KEPT: &str = "budget `parcel_bytes`: there was no room for its blobs until it came";
