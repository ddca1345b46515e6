//! The hub's own interface, on binding 0: bind, release, serve, withdraw (`docs/protocol.md`, section 4).

use std::sync::Arc;

use portcullis_proto::codec::{Message, Parts, from_parts, to_bytes};
use portcullis_proto::error::FailureBody;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Bind, Bound, Serve, Served, Target, hub_ordinal};
use portcullis_proto::session::{Offer, Shape};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::account::Over;
use crate::audit::{DenyReason, Subject};
use crate::budget::Resource;
use crate::calls::Refusal;
use crate::catalog::InterfaceIndex;
use crate::greet::mismatch;
use crate::handles::Handle;
use crate::instance::{InstanceId, Server};
use crate::peer::PeerId;
use crate::policy::rights::{PUBLISH, SERVE, USE};
use crate::policy::roles::RoleIndex;
use crate::users::RETRY_AFTER_MS;
use crate::{Hub, Turn};

/// How a call of the hub's own interface ends.
type Answer = Result<Vec<u8>, Refused>;

/// Why a call of the hub's own interface fails.
enum Refused {
    /// With the constant answer.
    Denied(Subject, DenyReason),
    /// A budget is used up.
    Over(Over),
    Failed(Status, String),
}

impl From<Over> for Refused {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

impl From<(Status, String)> for Refused {
    fn from((status, text): (Status, String)) -> Self {
        Self::Failed(status, text)
    }
}

impl Hub {
    pub(crate) fn control(
        &mut self,
        peer: PeerId,
        id: u32,
        ordinal: u32,
        body: Parts<'_>,
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
            _ => Err(unknown()),
        };
        match answer {
            Ok(body) => self.end_call(peer, id, Status::Ok, (&body).into(), now, turn),
            Err(Refused::Denied(subject, reason)) => {
                self.refuse(peer, id, Refusal::Denied(subject, reason), now, turn);
            }
            Err(Refused::Over(over)) => {
                self.refuse_over(peer, id, over, RETRY_AFTER_MS, now, turn);
            }
            Err(Refused::Failed(status, text)) => {
                self.fail_call(peer, id, status, FailureBody::new(text), now, turn);
            }
        }
        Ok(())
    }

    fn bind(&mut self, peer: PeerId, bind: &Bind) -> Answer {
        let state = self.peers.get(peer.0).ok_or_else(gone)?;
        let interface = self.catalog.find(&bind.interface).ok_or_else(unknown)?;
        if !state.standing.rights().may_bind(interface) {
            return Err(self.not_held(peer, interface, USE | PUBLISH));
        }
        let (role, label) = (state.role, &state.caller.label);
        self.check_shape(interface, &bind.shape, label)?;
        let Some(id) = self.find_instance(role, interface, &bind.target) else {
            if self.is_out_of_reach(role, &bind.target) {
                return Err(Refused::Denied(
                    Subject::Interface(interface),
                    DenyReason::NotAddressed,
                ));
            }
            let text = format!("nobody serves `{}` now ({})", bind.interface, wanted(&bind.target));
            return Err((Status::Unavailable, text).into());
        };
        let Some(instance) = self.instances.get(id.0) else { return Err(gone().into()) };
        let (label, name) = (instance.label.clone(), instance.name.clone());
        let full = || {
            let text = "as many bindings are open as a peer may have".to_owned();
            (Status::ResourceExhausted, text)
        };
        let state = self.peers.get_mut(peer.0).ok_or_else(gone)?;
        let charge = state.account.charge(Resource::Bindings)?;
        let handle = Handle::Bound { instance: id, interface };
        let binding = state.handles.add(handle, Some(charge)).ok_or_else(full)?;
        if let Some(instance) = self.instances.get_mut(id.0) {
            instance.bound.push((peer, binding));
        }
        Ok(to_bytes(&Bound { binding, label, instance: name }).unwrap_or_default())
    }

    /// The oldest instance that a role may address: who comes later cannot take its callers.
    fn find_instance(
        &self,
        role: RoleIndex,
        interface: InterfaceIndex,
        target: &Target,
    ) -> Option<InstanceId> {
        let reaches = |id: &InstanceId| {
            let Some(instance) = self.instances.get(id.0) else { return false };
            let server = match instance.server {
                Server::Peer { peer, .. } => self.peers.get(peer.0).map(|state| state.role),
                Server::Main(_) => None,
            };
            self.roles.may_address(role, instance, server)
        };
        match target {
            Target::Any => self.directory.all(interface).find(reaches),
            Target::Label(label) => self.directory.of_label(interface, label).find(reaches),
            Target::Instance(name) => self.directory.of_name(interface, name).find(reaches),
        }
    }

    /// Whether a target that was not found is to be denied. That depends on the role and on what was asked alone, never on
    /// who is there: else the answer would tell.
    fn is_out_of_reach(&self, role: RoleIndex, target: &Target) -> bool {
        self.roles.is_bounded(role)
            && match target {
                Target::Any => false,
                Target::Label(label) => !self.roles.names_label(role, label),
                Target::Instance(_) => true,
            }
    }

    /// That nothing of an interface may be used so, and why.
    #[cold]
    fn not_held(&self, peer: PeerId, interface: InterfaceIndex, bits: u8) -> Refused {
        let subject = Subject::Interface(interface);
        Refused::Denied(subject, self.why_denied(peer, subject, bits))
    }

    fn check_shape(
        &self,
        interface: InterfaceIndex,
        shape: &Shape,
        label: &str,
    ) -> Result<(), (Status, String)> {
        let entry = self.catalog.interface(interface).ok_or_else(gone)?;
        if entry.shape.fits(shape) {
            return Ok(());
        }
        let offer = Offer {
            name: entry.name.to_string(),
            version: entry.version,
            shape: shape.clone(),
            channels: entry.digests.clone(),
        };
        Err((Status::ContractMismatch, mismatch(entry, label, &offer)))
    }

    fn release(&mut self, peer: PeerId, binding: u32) -> Result<Answer, Goodbye> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(Err(gone().into())) };
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
            Some(Handle::Export { .. } | Handle::Withdrawn) | None => {
                return Err(crate::calls::unknown_binding(binding));
            }
        }
        Ok(Ok(Vec::new()))
    }

    fn serve_peer(&mut self, peer: PeerId, serve: &Serve, turn: &mut Turn) -> Answer {
        let state = self.peers.get(peer.0).ok_or_else(gone)?;
        let interface = self.catalog.find(&serve.interface).ok_or_else(unknown)?;
        if !state.standing.rights().may_serve(interface) {
            return Err(self.not_held(peer, interface, SERVE));
        }
        let caller = Arc::clone(&state.caller);
        self.check_shape(interface, &serve.shape, &caller.label)?;
        let charge = state.account.charge(Resource::Exports)?;
        // The number comes first: the server has to know it before requests can carry it.
        let server = Server::Peer { peer, export: 0 };
        let label = caller.label.clone();
        if self.is_served(interface, &serve.instance, &label) {
            let text = format!("`{}` is served under this name already", serve.interface);
            return Err((Status::AlreadyExists, text).into());
        }
        let Some(instance) = self.add_instance(interface, &serve.instance, label, server, turn)
        else {
            let text = "as many interfaces are served as the hub takes".to_owned();
            return Err((Status::ResourceExhausted, text).into());
        };
        let state = self.peers.get_mut(peer.0).ok_or_else(gone)?;
        let handle = Handle::Export { instance, interface };
        let Some(export) = state.handles.add(handle, Some(charge)) else {
            if let Some(instance) = self.instances.remove(instance.0) {
                self.directory.remove(&instance);
            }
            return Err((Status::ResourceExhausted, "no number is free".to_owned()).into());
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
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(Err(gone().into())) };
        match state.handles.get(export) {
            Some(Handle::Export { instance, .. }) => {
                state.handles.remove(export);
                self.instance_left(instance, now, turn);
            }
            // The hub has done so before.
            Some(Handle::Withdrawn) => {
                state.handles.remove(export);
            }
            _ => return Err(crate::calls::unknown_binding(export)),
        }
        Ok(Ok(Vec::new()))
    }
}

fn arguments<T: Message>(call: &str, body: Parts<'_>) -> Result<T, Goodbye> {
    from_parts(body.bytes, body.blobs).map_err(|error| {
        let text = format!("the arguments of `portcullis.hub.{call}`: {error}");
        Goodbye::because(Reason::MalformedPayload, text)
    })
}

fn unknown() -> Refused {
    Refused::Denied(Subject::Nothing, DenyReason::Unknown)
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
