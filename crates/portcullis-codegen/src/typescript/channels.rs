//! What a module says of each channel: the functions for its arguments, and its descriptor.

use std::collections::BTreeSet;

use portcullis_proto::schema::{Channel, ChannelKind, Interface, Overflow, Type, channel_digest};

use super::layout::{Doc, block, concat, function, list, text};
use super::messages::{read_fields, write_fields};
use super::names;
use super::scope::Scope;

/// A channel with the names that were chosen for it.
pub(super) struct Named<'a> {
    /// The channel.
    pub(super) channel: &'a Channel,
    /// Its position in the interface.
    pub(super) ordinal: usize,
    /// The property of handlers and publishers.
    pub(super) method: String,
    /// The method of the client.
    pub(super) client: String,
    /// The variable that holds its descriptor.
    pub(super) variable: String,
}

/// Chooses the names of all channels of an interface.
pub(super) fn named(channels: &[Channel]) -> Vec<Named<'_>> {
    let (mut methods, mut clients) = (BTreeSet::new(), BTreeSet::new());
    channels
        .iter()
        .enumerate()
        .map(|(ordinal, channel)| {
            let plain = names::camel(&channel.name);
            let method = method_name(plain.clone(), channel.kind.is_topic(), &mut methods);
            let client = match channel.kind {
                ChannelKind::Event | ChannelKind::State => format!("on{}", names::pascal(&plain)),
                _ => plain,
            };
            let client = names::member(client, &mut clients);
            let variable = format!("{method}Channel");
            Named { channel, ordinal, method, client, variable }
        })
        .collect()
}

/// The property of a channel; a publisher has one more for a topic, ending in `Reported`.
fn method_name(plain: String, topic: bool, taken: &mut BTreeSet<String>) -> String {
    if !topic {
        return names::member(plain, taken);
    }
    let reported: BTreeSet<String> =
        taken.iter().filter_map(|name| name.strip_suffix("Reported")).map(str::to_owned).collect();
    let mut either = &*taken | &reported;
    let method = names::member(plain, &mut either);
    taken.extend([method.clone(), format!("{method}Reported")]);
    method
}

/// The type of the arguments of a channel, as a tuple with names.
fn arguments_type(scope: &Scope<'_, '_>, channel: &Channel) -> String {
    let variables = argument_names(channel, &[]);
    let items: Vec<String> = channel
        .args
        .iter()
        .zip(&variables)
        .map(|(field, variable)| format!("{variable}: {}", scope.type_of(&field.ty)))
        .collect();
    format!("readonly [{}]", items.join(", "))
}

/// The arguments as constants of the functions that write and read them.
fn argument_locals(channel: &Channel) -> Vec<String> {
    names::locals(channel.args.iter().map(|field| field.name.as_str()), &[])
}

/// The arguments as parameters of a method that has `others` as well.
pub(super) fn argument_names(channel: &Channel, others: &[&str]) -> Vec<String> {
    names::parameters(channel.args.iter().map(|field| field.name.as_str()), others)
}

/// The functions that write and read the arguments of a channel.
pub(super) fn arguments_functions(scope: &Scope<'_, '_>, named: &Named<'_>) -> Vec<Doc> {
    let channel = named.channel;
    if channel.args.is_empty() {
        return Vec::new();
    }
    let name = names::pascal(&named.method);
    let ty = arguments_type(scope, channel);
    let variables = argument_locals(channel);
    let fields: Vec<(String, &Type, String)> = channel
        .args
        .iter()
        .zip(&variables)
        .map(|(field, variable)| (field.name.clone(), &field.ty, variable.clone()))
        .collect();
    let built = list("[", variables.iter().map(|name| text(name.clone())).collect(), "]", false);
    let writes = write_fields(scope, &fields, false);
    let reads = read_fields(scope, &fields, built, false);
    let parameters = vec![
        text(format!("out: {}", scope.ty("Writer"))),
        text(format!("[{}]: {ty}", variables.join(", "))),
    ];
    let input = vec![text(format!("input: {}", scope.ty("Reader")))];
    vec![
        function(&format!("function encode{name}Arguments"), parameters, "void", writes),
        function(&format!("function decode{name}Arguments"), input, &ty, reads),
    ]
}

/// The parameters of the type `ChannelDescriptor`.
fn descriptor_type(scope: &Scope<'_, '_>, channel: &Channel) -> Doc {
    let mut parameters =
        vec![text(arguments_type(scope, channel)), text(scope.reply_type(&channel.reply))];
    for part in [&channel.error, &channel.up, &channel.down] {
        parameters.push(text(flow_type(scope, part.as_ref())));
    }
    concat(vec![text(scope.ty("ChannelDescriptor")), list("<", parameters, ">", false)])
}

fn flow_type(scope: &Scope<'_, '_>, part: Option<&Type>) -> String {
    part.map_or_else(|| "never".to_owned(), |ty| scope.type_of(ty))
}

/// The descriptor of a channel.
pub(super) fn descriptor(scope: &Scope<'_, '_>, interface: &Interface, named: &Named<'_>) -> Doc {
    let Named { channel, method, variable, .. } = named;
    let arguments = if channel.args.is_empty() {
        text(scope.value("noArguments").to_owned())
    } else {
        let name = names::pascal(method);
        pair(text(format!("encode{name}Arguments")), text(format!("decode{name}Arguments")))
    };
    let optional = |part: &Option<Type>| match part {
        Some(ty) => codec(scope, ty),
        None => text("null"),
    };
    let digest = channel_digest(scope.contract.schema, channel);
    let property =
        |name: &str, value: Doc| concat(vec![text(format!("{name}: ")), value, text(",")]);
    let properties = vec![
        property("name", text(format!("'{}.{}'", interface.name, channel.name))),
        property("method", text(format!("'{method}'"))),
        property("ordinal", text(named.ordinal.to_string())),
        property("kind", text(format!("'{}'", channel.kind.name()))),
        property("deadlineMs", text(channel.deadline_ms.to_string())),
        property("idempotent", text(channel.idempotent.to_string())),
        property("overflow", text(format!("'{}'", overflow(channel.overflow)))),
        property("depth", text(channel.depth.to_string())),
        property("digest", text(format!("0x{digest:08x}"))),
        property("args", arguments),
        property("reply", codec(scope, &channel.reply)),
        property("error", optional(&channel.error)),
        property("up", optional(&channel.up)),
        property("down", optional(&channel.down)),
    ];
    concat(vec![
        text(format!("const {variable}: ")),
        descriptor_type(scope, channel),
        text(" = "),
        block("", properties, ";"),
    ])
}

/// `{ encode: a, decode: b }`.
fn pair(write: Doc, read: Doc) -> Doc {
    let members = vec![concat(vec![text("encode: "), write]), concat(vec![text("decode: "), read])];
    list("{", members, "}", true)
}

/// A codec of a type.
fn codec(scope: &Scope<'_, '_>, ty: &Type) -> Doc {
    match ty {
        Type::Unit => text(scope.value("unitCodec").to_owned()),
        Type::Named(name) => text(scope.codec_part("", name, "Codec")),
        _ => pair(scope.writer(ty), scope.reader(ty)),
    }
}

fn overflow(overflow: Overflow) -> &'static str {
    match overflow {
        Overflow::Wait => "wait",
        Overflow::DropOldest => "dropOldest",
        Overflow::DropNewest => "dropNewest",
        Overflow::Conflate => "conflate",
        Overflow::Disconnect => "disconnect",
    }
}
