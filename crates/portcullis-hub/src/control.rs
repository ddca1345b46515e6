//! The hub's own interface, on binding 0: bind, release, serve, withdraw (`docs/protocol.md`, section 4).

use std::sync::Arc;

use portcullis_proto::codec::{Message, from_bytes, to_bytes};
use portcullis_proto::error::FailureBody;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Bind, Bound, Serve, Served, Target, hub_ordinal};
use portcullis_proto::session::Offer;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::calls::DENIED;
use crate::catalog::InterfaceIndex;
use crate::greet::mismatch;
use crate::handles::Handle;
use crate::instance::{Instance, InstanceId, Server};
use crate::peer::PeerId;
use crate::{Hub, Turn};

/// How a call of the hub's own interface ends.
type Answer = Result<Vec<u8>, (Status, String)>;

impl Hub {
    pub(crate) fn control(
        &mut self,
        peer: PeerId,
        id: u32,
        ordinal: u32,
        body: &[u8],
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let answer = match ordinal {
            hub_ordinal::BIND => self.bind(peer, &arguments("bind", body)?),
            hub_ordinal::RELEASE => self.release(peer, arguments("release", body)?)?,
            hub_ordinal::SERVE => self.serve_peer(peer, &arguments("serve", body)?, turn),
            hub_ordinal::WITHDRAW => {
                self.withdraw(peer, arguments("withdraw", body)?, now, turn)?
            }
            _ => Err(denied()),
        };
        match answer {
            Ok(body) => self.end_call(peer, id, Status::Ok, &body, now, turn),
            Err((status, text)) => {
                if status == Status::PermissionDenied {
                    self.denied(peer, None, &mut turn.events);
                }
                self.fail_call(peer, id, status, FailureBody::new(text), now, turn);
            }
        }
        Ok(())
    }

    fn bind(&mut self, peer: PeerId, bind: &Bind) -> Answer {
        let state = self.peers.get(peer.0).ok_or_else(gone)?;
        let interface = self.catalog.find(&bind.interface).ok_or_else(denied)?;
        if !self.catalog.may_bind(state.role, interface) {
            return Err(denied());
        }
        self.check_hash(interface, bind.hash, &state.caller.label)?;
        let fits = |instance: &Instance| {
            instance.interface == interface
                && match &bind.target {
                    Target::Any => true,
                    Target::Label(label) => instance.label == *label,
                    Target::Instance(name) => instance.name == *name,
                }
        };
        // The oldest: who comes later cannot take its callers.
        let fitting = self.instances.iter().filter(|(_, instance)| fits(instance));
        let found = fitting.min_by_key(|(_, instance)| instance.serial);
        let Some((key, instance)) = found else {
            let text = format!("nobody serves `{}` now ({})", bind.interface, wanted(&bind.target));
            return Err((Status::Unavailable, text));
        };
        let (label, name) = (instance.label.clone(), instance.name.clone());
        let instance = InstanceId(key);
        let full = || {
            let text = "as many bindings are open as a peer may have".to_owned();
            (Status::ResourceExhausted, text)
        };
        let state = self.peers.get_mut(peer.0).ok_or_else(gone)?;
        if state.handles.bound() >= self.config.bindings_max {
            return Err(full());
        }
        let handle = Handle::Bound { instance, interface };
        let binding = state.handles.add(handle).ok_or_else(full)?;
        if let Some(instance) = self.instances.get_mut(key) {
            instance.bound.push((peer, binding));
        }
        Ok(to_bytes(&Bound { binding, label, instance: name }).unwrap_or_default())
    }

    fn check_hash(
        &self,
        interface: InterfaceIndex,
        hash: [u8; 16],
        label: &str,
    ) -> Result<(), (Status, String)> {
        let entry = self.catalog.interface(interface).ok_or_else(gone)?;
        if entry.hash.0 == hash {
            return Ok(());
        }
        let offer = Offer {
            name: entry.name.to_string(),
            version: entry.version,
            hash,
            channels: entry.digests.clone(),
        };
        Err((Status::ContractMismatch, mismatch(entry, label, &offer)))
    }

    fn release(&mut self, peer: PeerId, binding: u32) -> Result<Answer, Goodbye> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(Err(gone())) };
        match state.handles.get(binding) {
            Some(Handle::Bound { instance, .. }) => {
                state.handles.remove(binding);
                if let Some(instance) = self.instances.get_mut(instance.0) {
                    instance.bound.retain(|each| *each != (peer, binding));
                }
            }
            Some(Handle::Gone) => {
                state.handles.remove(binding);
            }
            Some(Handle::Export { .. }) | None => {
                return Err(crate::calls::unknown_binding(binding));
            }
        }
        Ok(Ok(Vec::new()))
    }

    fn serve_peer(&mut self, peer: PeerId, serve: &Serve, turn: &mut Turn) -> Answer {
        let state = self.peers.get(peer.0).ok_or_else(gone)?;
        let interface = self.catalog.find(&serve.interface).ok_or_else(denied)?;
        if !self.catalog.may_serve(state.role, interface) {
            return Err(denied());
        }
        let caller = Arc::clone(&state.caller);
        self.check_hash(interface, serve.hash, &caller.label)?;
        if state.handles.exports() >= self.config.exports_max {
            let text = "as many interfaces are served as a peer may serve".to_owned();
            return Err((Status::ResourceExhausted, text));
        }
        // The number comes first: the server has to know it before requests can carry it.
        let server = Server::Peer { peer, export: 0 };
        let label = caller.label.clone();
        if self.is_served(interface, &serve.instance, &label) {
            let text = format!("`{}` is served under this name already", serve.interface);
            return Err((Status::AlreadyExists, text));
        }
        let Some(instance) = self.add_instance(interface, &serve.instance, label, server, turn)
        else {
            let text = "as many interfaces are served as the hub takes".to_owned();
            return Err((Status::ResourceExhausted, text));
        };
        let state = self.peers.get_mut(peer.0).ok_or_else(gone)?;
        let handle = Handle::Export { instance, interface };
        let Some(export) = state.handles.add(handle) else {
            self.instances.remove(instance.0);
            return Err((Status::ResourceExhausted, "no number is free".to_owned()));
        };
        if let Some(instance) = self.instances.get_mut(instance.0) {
            instance.server = Server::Peer { peer, export };
        }
        Ok(to_bytes(&Served { export }).unwrap_or_default())
    }

    fn withdraw(
        &mut self,
        peer: PeerId,
        export: u32,
        now: Time,
        turn: &mut Turn,
    ) -> Result<Answer, Goodbye> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(Err(gone())) };
        let Some(Handle::Export { instance, .. }) = state.handles.get(export) else {
            return Err(crate::calls::unknown_binding(export));
        };
        state.handles.remove(export);
        self.instance_left(instance, now, turn);
        Ok(Ok(Vec::new()))
    }
}

fn arguments<T: Message>(call: &str, body: &[u8]) -> Result<T, Goodbye> {
    from_bytes(body).map_err(|error| {
        let text = format!("the arguments of `portcullis.hub.{call}`: {error}");
        Goodbye::because(Reason::MalformedPayload, text)
    })
}

fn denied() -> (Status, String) {
    (Status::PermissionDenied, DENIED.to_owned())
}

fn gone() -> (Status, String) {
    (Status::Unavailable, "the connection has ended".to_owned())
}

fn wanted(target: &Target) -> String {
    match target {
        Target::Any => "any instance".to_owned(),
        Target::Label(label) => format!("by `{label}`"),
        Target::Instance(name) => format!("as `{name}`"),
    }
}
