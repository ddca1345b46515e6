//! The module of one interface: descriptors of its channels, client, handlers, publisher, and the interface itself.

use std::collections::BTreeSet;

use portcullis_proto::schema::{
    Channel, ChannelKind, Field, Interface, Overflow, Type, channel_digest,
};

use super::docs::{channel_docs, documented, joined};
use super::layout::{Doc, block, concat, function, list, text};
use super::messages::{read_fields, write_fields};
use super::names;
use super::scope::Scope;

/// A channel with the names that were chosen for it.
struct Named<'a> {
    channel: &'a Channel,
    ordinal: usize,
    /// The property of handlers and publishers.
    method: String,
    /// The method of the client.
    client: String,
    /// The variable that holds its descriptor.
    variable: String,
}

/// All declarations of the module.
pub(super) fn interface(scope: &Scope<'_, '_>, interface: &Interface) -> Vec<Doc> {
    let code = scope.contract.names.interface(&interface.name).to_owned();
    let channels = named(&interface.channels);
    let mut items = Vec::new();
    for channel in &channels {
        items.extend(arguments_functions(scope, channel));
    }
    for channel in &channels {
        items.push(descriptor(scope, interface, channel));
    }
    items.push(client(scope, &code, &channels));
    items.push(handlers(scope, &code, &channels));
    let publishes = interface.channels.iter().any(|channel| channel.kind.is_topic());
    if publishes {
        items.push(publisher(scope, &code, &channels));
    }
    items.push(itself(scope, &code, interface, &channels, publishes));
    items
}

fn named(channels: &[Channel]) -> Vec<Named<'_>> {
    let (mut methods, mut clients) = (BTreeSet::new(), BTreeSet::new());
    channels
        .iter()
        .enumerate()
        .map(|(ordinal, channel)| {
            let plain = names::camel(&channel.name);
            let method = names::member(plain.clone(), &mut methods);
            if channel.kind.is_topic() {
                methods.insert(format!("{method}Reported"));
            }
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
fn argument_names(channel: &Channel, others: &[&str]) -> Vec<String> {
    names::parameters(channel.args.iter().map(|field| field.name.as_str()), others)
}

/// The functions that write and read the arguments of a channel.
fn arguments_functions(scope: &Scope<'_, '_>, named: &Named<'_>) -> Vec<Doc> {
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

fn descriptor(scope: &Scope<'_, '_>, interface: &Interface, named: &Named<'_>) -> Doc {
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
        property("kind", text(format!("'{}'", kind(channel.kind)))),
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

fn kind(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Call => "call",
        ChannelKind::Notify => "notify",
        ChannelKind::Stream => "stream",
        ChannelKind::Event => "event",
        ChannelKind::State => "state",
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

/// A parameter for each argument.
fn parameters(scope: &Scope<'_, '_>, fields: &[Field], variables: &[String]) -> Vec<Doc> {
    fields
        .iter()
        .zip(variables)
        .map(|(field, variable)| text(format!("{variable}: {}", scope.type_of(&field.ty))))
        .collect()
}

/// A method: `name(parameters): result`, and a body where there is one.
fn method(name: &str, parameters: Vec<Doc>, result: &str, body: Option<Vec<Doc>>) -> Doc {
    match body {
        Some(body) => function(name, parameters, result, body),
        None => concat(vec![
            text(name),
            list("(", parameters, ")", false),
            text(format!(": {result};")),
        ]),
    }
}

/// Members with an empty line between.
fn apart(members: Vec<Doc>) -> Vec<Doc> {
    let mut all = Vec::new();
    for (index, member) in members.into_iter().enumerate() {
        if index > 0 {
            all.push(text(""));
        }
        all.push(member);
    }
    all
}

/// A class that keeps what it is bound to.
fn bound_class(docs: &str, name: &str, bound: &str, methods: Vec<Doc>) -> Doc {
    let mut members = vec![
        text(format!("readonly #binding: {bound};")),
        block(
            format!("constructor(binding: {bound}) "),
            vec![text("this.#binding = binding;")],
            "",
        ),
    ];
    members.extend(methods);
    documented(docs, block(format!("export class {name} "), apart(members), ""))
}

/// Results that a call or stream may have beside its reply: `, CameraError`.
fn error_parameter(scope: &Scope<'_, '_>, channel: &Channel) -> String {
    channel.error.as_ref().map_or_else(String::new, |ty| format!(", {}", scope.type_of(ty)))
}

fn client(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
    let methods = channels.iter().map(|named| client_method(scope, named)).collect();
    let docs = format!("Calls and listens to one instance of `{code}`.");
    bound_class(&docs, &format!("{code}Client"), scope.ty("Binding"), methods)
}

fn client_method(scope: &Scope<'_, '_>, named: &Named<'_>) -> Doc {
    let Named { channel, client, variable, .. } = named;
    let reply = scope.reply_type(&channel.reply);
    let error = error_parameter(scope, channel);
    let variables = argument_names(channel, &["options", "items"]);
    let array = list("[", variables.iter().map(|name| text(name.clone())).collect(), "]", false);
    let mut parameters = parameters(scope, &channel.args, &variables);
    let mut arguments = vec![text(variable.clone()), array];
    let options = |scope: &Scope<'_, '_>| text(format!("options?: {}", scope.ty("CallOptions")));
    let items = |scope: &Scope<'_, '_>, up: &Type| {
        text(format!("items: {}<{}>", scope.ty("Items"), scope.type_of(up)))
    };
    let (name, result) = match (channel.kind, &channel.up, &channel.down) {
        (ChannelKind::Notify, ..) => ("notify", "void".to_owned()),
        (ChannelKind::Event | ChannelKind::State, ..) => {
            return subscription(scope, named);
        }
        (ChannelKind::Stream, up, Some(down)) => {
            match up {
                Some(up) => {
                    parameters.push(items(scope, up));
                    arguments.push(text("items"));
                }
                None => arguments.push(text("undefined")),
            }
            parameters.push(options(scope));
            arguments.push(text("options"));
            let down = scope.type_of(down);
            ("stream", format!("{}<{down}, {reply}{error}>", scope.ty("Streaming")))
        }
        (ChannelKind::Stream, Some(up), None) => {
            parameters.extend([items(scope, up), options(scope)]);
            arguments.extend([text("items"), text("options")]);
            ("send", format!("{}<{reply}{error}>", scope.ty("Calling")))
        }
        (ChannelKind::Call | ChannelKind::Stream, ..) => {
            parameters.push(options(scope));
            arguments.push(text("options"));
            ("call", format!("{}<{reply}{error}>", scope.ty("Calling")))
        }
    };
    let returns = if channel.kind == ChannelKind::Notify { "" } else { "return " };
    let body = concat(vec![
        text(format!("{returns}this.#binding.{name}")),
        list("(", arguments, ")", false),
        text(";"),
    ]);
    documented(&channel_docs(channel), method(client, parameters, &result, Some(vec![body])))
}

/// The value of a topic.
fn topic_value(channel: &Channel) -> (&str, &Type) {
    channel.args.first().map_or(("value", &Type::Unit), |field| (&field.name, &field.ty))
}

fn subscription(scope: &Scope<'_, '_>, named: &Named<'_>) -> Doc {
    let Named { channel, client, variable, .. } = named;
    let (name, ty) = topic_value(channel);
    let listener = format!(
        "listener: ({}: {}, arrival: {}) => void",
        names::parameter(name, &["arrival"]),
        scope.type_of(ty),
        scope.ty("Arrival")
    );
    let parameters =
        vec![text(listener), text(format!("options?: {}", scope.ty("SubscribeOptions")))];
    let body = text(format!("return this.#binding.subscribe({variable}, listener, options);"));
    let more = match channel.kind {
        ChannelKind::State => "The last value comes first, then every change.",
        _ => "Nothing is retained: only values that are published from now on come.",
    };
    let docs = joined(&channel.docs, more);
    documented(&docs, method(client, parameters, scope.ty("Unsubscribe"), Some(vec![body])))
}

fn handlers(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
    let methods: Vec<Doc> = channels
        .iter()
        .filter(|named| !named.channel.kind.is_topic())
        .map(|named| {
            let channel = named.channel;
            let reply = scope.reply_type(&channel.reply);
            let variables = argument_names(channel, &["cx", "items"]);
            let mut parameters = parameters(scope, &channel.args, &variables);
            if let Some(up) = &channel.up {
                parameters.push(text(format!("items: AsyncIterable<{}>", scope.type_of(up))));
            }
            parameters.push(text(format!("cx: {}", scope.ty("CallContext"))));
            let result = match &channel.down {
                Some(down) => {
                    format!("{}<{}, {reply}>", scope.ty("ItemsOut"), scope.type_of(down))
                }
                None => format!("{}<{reply}>", scope.ty("Awaitable")),
            };
            documented(&channel.docs, method(&named.method, parameters, &result, None))
        })
        .collect();
    let docs = format!("Serves `{code}`: the application implements it.");
    let head = format!("export interface {code}Handlers ");
    if methods.is_empty() {
        return documented(&docs, text(format!("{head}{{}}")));
    }
    documented(&docs, block(head, apart(methods), ""))
}

fn publisher(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
    let mut methods = Vec::new();
    for named in channels.iter().filter(|named| named.channel.kind.is_topic()) {
        let Named { channel, method: name, variable, .. } = named;
        let (argument, ty) = topic_value(channel);
        let argument = names::parameter(argument, &["withinMs"]);
        let parameter = text(format!("{argument}: {}", scope.type_of(ty)));
        let body = text(format!("this.#binding.publish({variable}, {argument});"));
        methods.push(documented(
            &channel.docs,
            method(name, vec![parameter.clone()], "void", Some(vec![body])),
        ));
        let result = format!("{}<{}>", scope.ty("Calling"), scope.ty("DeliveryReport"));
        let body = text(format!(
            "return this.#binding.publishReported({variable}, {argument}, withinMs);"
        ));
        methods.push(documented(
            &format!(
                "The same as `{name}`, and tells who got it within `withinMs` and who did not."
            ),
            method(
                &format!("{name}Reported"),
                vec![parameter, text("withinMs: number")],
                &result,
                Some(vec![body]),
            ),
        ));
    }
    let docs = format!("Publishes the topics of one instance of `{code}`.");
    bound_class(&docs, &format!("{code}Publisher"), scope.ty("PublishBinding"), methods)
}

fn itself(
    scope: &Scope<'_, '_>,
    code: &str,
    interface: &Interface,
    channels: &[Named<'_>],
    publishes: bool,
) -> Doc {
    let publisher_type = if publishes { format!("{code}Publisher") } else { "null".to_owned() };
    let publisher = if publishes {
        format!("publisher: (binding) => new {code}Publisher(binding),")
    } else {
        "publisher: () => null,".to_owned()
    };
    let variables = channels.iter().map(|named| text(named.variable.clone())).collect();
    let parameters =
        vec![text(format!("{code}Client")), text(format!("{code}Handlers")), text(publisher_type)];
    let properties = vec![
        text(format!("name: '{}',", interface.name)),
        text(format!("version: {},", interface.version)),
        text(format!("hash: '{}',", interface.hash)),
        concat(vec![text("channels: "), list("[", variables, "]", false), text(",")]),
        text(format!("client: (binding) => new {code}Client(binding),")),
        text(publisher),
    ];
    let declaration = concat(vec![
        text(format!("export const {code}: {}", scope.ty("InterfaceDescriptor"))),
        list("<", parameters, ">", false),
        text(" = "),
        block("", properties, ";"),
    ]);
    let docs = joined(
        &interface.docs,
        &format!("The interface `{}`, version {}.", interface.name, interface.version),
    );
    documented(&docs, declaration)
}
