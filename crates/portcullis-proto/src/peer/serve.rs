//! Serving an interface from a peer.

use std::fmt;
use std::sync::Arc;

use super::binding::{Binding, Publisher};
use super::control::{Serve, Served, hub_ordinal};
use super::core::Export;
use super::shared::{Peer, Shared, hub_channel};
use crate::codec::Message;
use crate::error::Error;
use crate::rpc::{ChannelInfo, Publish, Service};

const SERVE: ChannelInfo = hub_channel(hub_ordinal::SERVE, "portcullis.hub.serve");

/// An interface that this peer serves, until this is dropped.
#[must_use = "the interface is withdrawn when this is dropped"]
pub struct Serving {
    peer: Arc<Shared>,
    export: u32,
}

impl Peer {
    /// Serves an interface under the name `instance` (which may be empty).
    ///
    /// # Errors
    ///
    /// `permission_denied` when this peer's role may not serve it, `contract_mismatch` when the hub was built with
    /// another shape of it, `already_exists` when this peer serves it under this name already.
    pub async fn serve(
        &self,
        service: impl Service,
        instance: impl Into<String>,
    ) -> Result<Serving, Error> {
        let service: Arc<dyn Service> = Arc::new(service);
        let descriptor = service.descriptor();
        let serve = Serve {
            interface: descriptor.name.to_owned(),
            shape: descriptor.shape.clone(),
            instance: instance.into(),
        };
        let export = Export { number: 0, service };
        let served: Served = Binding::hub(self)
            .serve::<Served, Error>(&SERVE, export, |out| serve.encode(out))
            .await
            .map_err(|error| error.on(descriptor.name))?;
        let export = served.export;
        Ok(Serving { peer: Arc::clone(self.shared()), export })
    }
}

impl Serving {
    /// The publisher of the interface's topics.
    pub fn publisher<P: Publish>(&self) -> P {
        P::from_publisher(Publisher::of_export(&self.peer, self.export))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let export = self.export;
        let mut core = self.peer.lock();
        let gone: Vec<Export> = core.exports.extract_if(.., |each| each.number == export).collect();
        drop(core);
        // Not under the lock: a service may hold clients of this very peer.
        drop(gone);
        let now = self.peer.now();
        self.peer.with(|core| core.give_back(hub_ordinal::WITHDRAW, export, now));
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("export", &self.export).finish()
    }
}
