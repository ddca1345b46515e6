//! Bodies made from a contract, and what is wrong with them: for every channel valid ones, and some with a fault of the
//! value (`fault.rs`), of the bytes or of the blobs beside them. What must come of each says the validator.

mod fault;
mod shoot;

use portcullis_proto::codec::{BLOBS_MAX, Blob, Body, Encoder};
use portcullis_proto::schema::validate::{InterfacePlan, Plan};
use portcullis_proto::schema::{ChannelKind, Interface, Schema, Type};

use crate::support::{Rng, mutate, valid};

pub use shoot::{Aim, Hit, shoot};

/// A contract, ready to be broken.
#[derive(Debug)]
pub struct Mutator<'a> {
    schema: &'a Schema,
    plan: Plan,
    /// The same seed makes the same shots.
    pub rng: Rng,
}

/// One thing to say about one channel.
#[derive(Clone, Debug)]
pub struct Shot {
    /// `interface.channel`.
    pub channel: String,
    /// Its place in its interface.
    pub ordinal: u32,
    /// What it is.
    pub kind: ChannelKind,
    /// Arguments, or the value to publish.
    pub body: Body,
    /// An item that follows, on a stream up.
    pub item: Option<Body>,
    /// What the contract says of the arguments.
    pub body_valid: bool,
    /// What it says of both.
    pub valid: bool,
}

impl<'a> Mutator<'a> {
    /// For a contract, from a seed.
    pub fn new(schema: &'a Schema, seed: u64) -> Self {
        Self { schema, plan: Plan::compile(schema), rng: Rng(seed) }
    }

    /// The interfaces there are.
    pub fn interfaces(&self) -> &'a [Interface] {
        &self.schema.interfaces
    }

    /// Something about one channel of `interface`; none when it has no channels.
    pub fn shot(&mut self, interface: &Interface) -> Option<Shot> {
        if interface.channels.is_empty() {
            return None;
        }
        let place = self.rng.below(interface.channels.len());
        let channel = interface.channels.get(place)?;
        let plan: &InterfacePlan = self.plan.interface(&interface.name)?;
        let roots = plan.channels.get(place)?;
        let args: Vec<&Type> = channel.args.iter().map(|field| &field.ty).collect();
        let with_item = channel.up.is_some() && self.rng.one_in(2);
        let body = body_of(self.schema, &args, &mut self.rng, !with_item);
        let item = channel.up.as_ref().filter(|_| with_item);
        let item = item.map(|up| body_of(self.schema, &[up], &mut self.rng, true));
        let keeps =
            |root, body: &Body| self.plan.validate_parts(root, &body.bytes, &body.blobs).is_ok();
        let body_valid = keeps(roots.args, &body);
        let item_valid = match (&item, roots.up) {
            (Some(item), Some(up)) => keeps(up, item),
            _ => true,
        };
        Some(Shot {
            channel: roots.full_name.clone(),
            ordinal: place as u32,
            kind: channel.kind,
            body,
            item,
            body_valid,
            valid: body_valid && item_valid,
        })
    }
}

/// A valid body, or (where `spoil` says so, three times of four) one with a fault.
fn body_of(schema: &Schema, types: &[&Type], rng: &mut Rng, spoil: bool) -> Body {
    let mut body = Body::default();
    let fault = if spoil { rng.below(8) } else { 0 };
    if fault >= 4 {
        fault::sequence(schema, types, rng, &mut body);
        // More of them no frame can bring; that is a fault of frames, and has its cases.
        body.blobs.truncate(BLOBS_MAX);
        return body;
    }
    let Body { bytes: out, blobs } = &mut body;
    types.iter().for_each(|ty| valid::value_with_blobs(schema, ty, rng, blobs, out));
    match fault {
        1 if !blobs.is_empty() && rng.one_in(2) => spoil_blobs(rng, blobs),
        1 => mutate::mutate(out, rng),
        2 => {
            let end = rng.below(out.len() + 1);
            out.truncate(end);
        }
        3 => Encoder::new(out).varint(rng.draw()),
        _ => {}
    }
    body
}

/// Other blobs beside a body than it refers to.
fn spoil_blobs(rng: &mut Rng, blobs: &mut Vec<Blob>) {
    match rng.below(3) {
        0 => blobs.push(Blob::default()),
        1 => drop(blobs.pop()),
        // That may be valid all the same: where they stand in the body does not change.
        _ => blobs.reverse(),
    }
}
