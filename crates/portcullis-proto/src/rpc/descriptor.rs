//! What a generated interface says of itself.

use std::time::Duration;

use crate::peer::{Binding, Publisher};
use crate::schema::{Channel, Hash, Overflow, Schema, SchemaBuilder, channel_digest};
use crate::session::{Offer, Shape};

/// An interface of a contract; implemented by the marker that `#[portcullis::interface]` generates.
pub trait Interface: 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// The version that its author declares.
    const VERSION: u16;

    /// Adds the interface and all its types to a schema.
    fn describe(schema: &mut SchemaBuilder);

    /// The interface with its hash, made once.
    fn descriptor() -> &'static Descriptor;
}

/// A typed client of an interface.
pub trait Client: Sized + Send + Sync + 'static {
    /// The interface.
    type Interface: Interface;

    /// A client over a binding that the hub has given out for this interface.
    fn from_binding(binding: Binding) -> Self;
}

/// A typed publisher of an interface's topics.
pub trait Publish: Sized + Send + Sync + 'static {
    /// The interface.
    type Interface: Interface;

    /// A publisher over an instance of this interface.
    fn from_publisher(publisher: Publisher) -> Self;
}

/// An interface as this build knows it.
#[derive(Debug)]
pub struct Descriptor {
    /// The name on the wire.
    pub name: &'static str,
    /// The version that its author declares.
    pub version: u16,
    /// Its shape.
    pub shape: Shape,
    /// The digest of each channel.
    pub digests: Vec<u32>,
    /// `interface.channel` for each channel, for errors and logs.
    pub channels: Vec<String>,
}

impl Descriptor {
    /// Describes `I`.
    ///
    /// # Panics
    ///
    /// When the interface breaks a rule that only its whole shape shows (two types of one name, say): a mistake of the
    /// contract's author, found by the test that `contract!` generates.
    pub fn of<I: Interface>() -> Self {
        let mut builder = SchemaBuilder::new();
        I::describe(&mut builder);
        let schema = match builder.finish(I::NAME) {
            Ok(schema) => schema,
            Err(error) => panic!("the interface `{}` is not valid: {error}", I::NAME),
        };
        Self::from_schema(&schema, I::NAME, I::VERSION)
    }

    fn from_schema(schema: &Schema, name: &'static str, version: u16) -> Self {
        let interface = schema.interface(name);
        let shape = interface.map(|interface| interface.shape()).unwrap_or_default();
        let channels = interface.map(|interface| interface.channels.as_slice()).unwrap_or_default();
        let digests = channels.iter().map(|channel| channel_digest(schema, channel)).collect();
        let full = |channel: &Channel| format!("{name}.{}", channel.name);
        let names = channels.iter().map(full).collect();
        Self { name, version, shape, digests, channels: names }
    }

    /// The hash of its shape.
    pub fn hash(&self) -> Hash {
        Hash(self.shape.hash)
    }

    /// The name of a channel, as errors and logs show it; the interface's own for one that it does not have.
    pub fn channel(&self, ordinal: u32) -> &str {
        self.channels.get(ordinal as usize).map_or(self.name, String::as_str)
    }

    /// What a client's hello says of the interface.
    pub fn offer(&self) -> Offer {
        Offer {
            name: self.name.to_owned(),
            version: self.version,
            shape: self.shape.clone(),
            channels: self.digests.clone(),
        }
    }
}

/// What generated code knows of a channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelInfo {
    /// Its place in the interface.
    pub ordinal: u32,
    /// `interface.channel`, for errors and logs.
    pub name: &'static str,
    /// How long a call takes at most, unless the caller says otherwise.
    pub deadline: Duration,
    /// Whether a call that was lost may be made again.
    pub idempotent: bool,
    /// What happens to a receiver that is too slow.
    pub overflow: Overflow,
    /// Values kept for a slow receiver.
    pub depth: u32,
}
