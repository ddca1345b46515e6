//! Instances of interfaces that are served now, and the topics of each.

use std::fmt;
use std::sync::Arc;

use portcullis_proto::codec::Body;
use portcullis_proto::rpc::Service;

use crate::account::Charge;
use crate::catalog::InterfaceIndex;
use crate::peer::PeerId;
use crate::{Hub, Turn};

/// Names an instance of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) u32);

/// Who serves an instance.
#[derive(Clone)]
pub(crate) enum Server {
    /// A service of main. `None`: topics only.
    Main(Option<Arc<dyn Service>>),
    /// A peer, which knows the instance by this number.
    Peer { peer: PeerId, export: u32 },
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main(service) => {
                f.debug_struct("Main").field("service", &service.is_some()).finish()
            }
            Self::Peer { peer, export } => {
                f.debug_struct("Peer").field("peer", peer).field("export", export).finish()
            }
        }
    }
}

/// A topic of an instance.
#[derive(Debug, Default)]
pub(crate) struct Topic {
    /// The last value of a state topic.
    pub(crate) retained: Option<Arc<Body>>,
    /// What that takes of its publisher's budget, where that is no other than a peer.
    pub(crate) charge: Option<Charge>,
    /// In the order in which they subscribed; each with the id of its subscription.
    pub(crate) subscribers: Vec<(PeerId, u32)>,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) interface: InterfaceIndex,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) server: Server,
    /// One for each channel, so that the ordinal finds it; calls have an empty one.
    pub(crate) topics: Vec<Topic>,
    /// Peers with a binding on it, and their numbers for it.
    pub(crate) bound: Vec<(PeerId, u32)>,
    /// Counts the instances: a lower one is older.
    pub(crate) serial: u64,
}

impl Hub {
    /// Whether the contract has an interface of that name.
    pub fn has_interface(&self, interface: &str) -> bool {
        self.catalog.find(interface).is_some()
    }

    /// Whether `peer` serves the interface of that name now.
    pub fn is_served_by(&self, peer: PeerId, interface: &str) -> bool {
        let Some(index) = self.catalog.find(interface) else { return false };
        self.directory.all(index).filter_map(|id| self.instances.get(id.0)).any(|instance| {
            matches!(instance.server, Server::Peer { peer: server, .. } if server == peer)
        })
    }

    /// Serves an interface in main: calls go to `service`, or, without one, the instance has topics only.
    ///
    /// Returns `None` when the contract has no such interface, when it was built with another shape of it, or when main
    /// serves it under this name already.
    pub fn serve(
        &mut self,
        interface: &str,
        instance: &str,
        service: Option<Arc<dyn Service>>,
        turn: &mut Turn,
    ) -> Option<InstanceId> {
        let index = self.catalog.find(interface)?;
        let entry = self.catalog.interface(index)?;
        if let Some(service) = &service
            && service.descriptor().shape.hash != entry.shape.hash
        {
            return None;
        }
        self.add_instance(index, instance, String::new(), Server::Main(service), turn)
    }

    /// Whether a server of that label serves an interface under that name.
    pub(crate) fn is_served(&self, interface: InterfaceIndex, name: &str, label: &str) -> bool {
        let is_named =
            |id: InstanceId| self.instances.get(id.0).is_some_and(|other| other.name == name);
        self.directory.of_label(interface, label).any(is_named)
    }

    pub(crate) fn add_instance(
        &mut self,
        interface: InterfaceIndex,
        name: &str,
        label: String,
        server: Server,
        turn: &mut Turn,
    ) -> Option<InstanceId> {
        if self.is_served(interface, name, &label) {
            return None;
        }
        let channels = self.catalog.interface(interface)?.channels.len();
        let topics = std::iter::repeat_with(Topic::default).take(channels).collect();
        let serial = self.next_serial;
        self.next_serial += 1;
        let name = name.to_owned();
        let bound = Vec::new();
        let instance = Instance { interface, name, label, server, topics, bound, serial };
        let event = self.instance_event(&instance, true);
        let id = InstanceId(self.instances.insert(instance)?);
        if let Some(instance) = self.instances.get(id.0) {
            self.directory.add(id, instance);
        }
        turn.events.extend(event);
        Some(id)
    }
}
