//! The hub's half of the handshake: versions, and contracts that must agree (`docs/protocol.md`, section 3).

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::schema::Hash;
use portcullis_proto::session::{Hello, Offer, PROTOCOL, Welcome};

use crate::catalog::{Catalog, Entry};
use crate::observe::HubEvent;
use crate::peer::PeerId;
use crate::policy::rights::Rights;
use crate::{Hub, Turn};

impl Hub {
    pub(crate) fn greet(
        &mut self,
        peer: PeerId,
        hello: &Hello,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
            return Err(Goodbye::because(
                Reason::VersionMismatch,
                format!(
                    "the hub speaks protocol version {PROTOCOL}; `{}` speaks {} to {}",
                    hello.client, hello.protocol_min, hello.protocol_max
                ),
            ));
        }
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(()) };
        for offer in &hello.interfaces {
            check_offer(&self.catalog, state.standing.rights(), &hello.client, offer)?;
        }
        state.hello_due = None;
        state.half_open = None;
        let welcome = Welcome {
            protocol: PROTOCOL,
            limits: *state.session.our_limits(),
            peer: peer.0,
            label: state.caller.label.clone(),
            role: state.caller.role.clone(),
        };
        // Labels and roles were checked when they were given.
        let _ = state.session.welcome(&welcome);
        let info = state.info(peer);
        turn.events.push(HubEvent::Joined(info));
        Ok(())
    }
}

/// Compares one interface of a client with the hub's own. What the role is not granted stays unmentioned.
fn check_offer(
    catalog: &Catalog,
    rights: &Rights,
    client: &str,
    offer: &Offer,
) -> Result<(), Goodbye> {
    let Some(index) = catalog.find(&offer.name) else { return Ok(()) };
    let Some(entry) = catalog.interface(index) else { return Ok(()) };
    if entry.shape.fits(&offer.shape) || !rights.knows(index) {
        return Ok(());
    }
    Err(Goodbye::because(Reason::ContractMismatch, mismatch(entry, client, offer)))
}

/// One sentence that names both sides and what differs.
pub(crate) fn mismatch(entry: &Entry, client: &str, offer: &Offer) -> String {
    let (ours, theirs) = (Hash(entry.shape.hash), Hash(offer.shape.hash));
    let mut text = format!(
        "`{}` differs: the hub has version {} ({ours}), `{client}` was built with version {} ({theirs})",
        entry.name, entry.version, offer.version
    );
    let names = entry.channels.iter().map(|channel| channel.name.as_str());
    let differing: Vec<&str> = names
        .zip(&entry.digests)
        .enumerate()
        .filter(|(index, (_, digest))| offer.channels.get(*index) != Some(*digest))
        .map(|(_, (name, _))| name)
        .take(NAMED_MAX)
        .collect();
    if !differing.is_empty() {
        text.push_str(&format!("; channels that differ: {}", differing.join(", ")));
    }
    if offer.channels.len() > entry.digests.len() {
        let more = offer.channels.len() - entry.digests.len();
        text.push_str(&format!("; `{client}` has {more} more"));
    }
    text.push_str("; build both from the same contract");
    text
}

/// Most channels that a mismatch names.
const NAMED_MAX: usize = 8;
