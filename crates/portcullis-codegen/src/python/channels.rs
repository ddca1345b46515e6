//! What a module says of each channel: its names, and its descriptor.

use portcullis_proto::schema::{Channel, Interface, Overflow, Type, channel_digest};

use super::Contract;
use super::names::distinct;
use super::types::Place;

/// How modules of interfaces mention messages.
pub(super) const PLACE: Place = Place { prefix: "_types.", hidden: false };

/// A channel with the names that were chosen for it.
pub(super) struct Named<'a> {
    pub(super) channel: &'a Channel,
    /// Its position in the interface.
    pub(super) ordinal: usize,
    /// The method of clients, servers and publishers.
    pub(super) method: String,
    /// The variable that holds its descriptor.
    pub(super) variable: String,
}

/// Chooses the names of all channels of an interface.
pub(super) fn named(channels: &[Channel]) -> Vec<Named<'_>> {
    let methods = distinct(channels.iter().map(|channel| channel.name.as_str()), &[]);
    channels
        .iter()
        .zip(methods)
        .enumerate()
        .map(|(ordinal, (channel, method))| {
            let variable = format!("_{}", method.to_uppercase());
            Named { channel, ordinal, method, variable }
        })
        .collect()
}

/// The names of the arguments, apart from `others`.
pub(super) fn argument_names(channel: &Channel, others: &[&str]) -> Vec<String> {
    distinct(channel.args.iter().map(|field| field.name.as_str()), others)
}

/// The descriptor of a channel.
pub(super) fn descriptor(
    contract: &Contract<'_>,
    interface: &Interface,
    named: &Named<'_>,
) -> String {
    let Named { channel, ordinal, method, variable } = named;
    let optional = |part: &Option<Type>| {
        part.as_ref().map_or_else(|| "None".to_owned(), |ty| contract.codec_of(ty, PLACE))
    };
    let arguments: Vec<String> = channel
        .args
        .iter()
        .map(|field| format!("(\"{}\", {})", field.name, contract.codec_of(&field.ty, PLACE)))
        .collect();
    let idempotent = if channel.idempotent { "True" } else { "False" };
    let reply = contract.type_of(&channel.reply, PLACE);
    format!(
        "\n{variable}: _portcullis.Channel[{reply}] = _portcullis.Channel(\n    \
         name=\"{}.{}\",\n    method=\"{method}\",\n    ordinal={ordinal},\n    kind=\"{}\",\n    \
         deadline_ms={},\n    idempotent={idempotent},\n    overflow=\"{}\",\n    depth={},\n    \
         digest=0x{:08X},\n    args=_codec.Arguments({}),\n    reply={},\n    error={},\n    \
         up={},\n    down={},\n)\n",
        interface.name,
        channel.name,
        channel.kind.name(),
        channel.deadline_ms,
        overflow(channel.overflow),
        channel.depth,
        channel_digest(contract.schema, channel),
        arguments.join(", "),
        contract.codec_of(&channel.reply, PLACE),
        optional(&channel.error),
        optional(&channel.up),
        optional(&channel.down),
    )
}

fn overflow(overflow: Overflow) -> &'static str {
    match overflow {
        Overflow::Wait => "wait",
        Overflow::DropOldest => "drop_oldest",
        Overflow::DropNewest => "drop_newest",
        Overflow::Conflate => "conflate",
        Overflow::Disconnect => "disconnect",
    }
}
