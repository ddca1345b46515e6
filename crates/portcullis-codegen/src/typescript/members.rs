//! What an application sees of an interface: client, handlers, publisher.

use portcullis_proto::schema::{Channel, ChannelKind, Field, Type};

use super::channels::{Named, argument_names};
use super::docs::{channel_docs, documented, joined};
use super::layout::{Doc, block, concat, function, list, text};
use super::names;
use super::scope::Scope;

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

/// Results that a call or stream may have beside its reply: `, CameraError`.
fn error_parameter(scope: &Scope<'_, '_>, channel: &Channel) -> String {
    channel.error.as_ref().map_or_else(String::new, |ty| format!(", {}", scope.type_of(ty)))
}

/// The class that calls and listens.
pub(super) fn client(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
    let binding = scope.ty("Binding");
    let mut members = vec![
        text(format!("readonly #binding: {binding};")),
        block(
            format!("constructor(binding: {binding}) "),
            vec![text("this.#binding = binding;")],
            "",
        ),
    ];
    members.extend(channels.iter().map(|named| client_method(scope, named)));
    let docs = format!("Calls and listens to one instance of `{code}`.");
    documented(&docs, block(format!("export class {code}Client "), apart(members), ""))
}

fn client_method(scope: &Scope<'_, '_>, named: &Named<'_>) -> Doc {
    let Named { channel, client, variable, .. } = named;
    let reply = scope.reply_type(&channel.reply);
    let error = error_parameter(scope, channel);
    let variables = argument_names(channel, &["options", "items"]);
    let array = list("[", variables.iter().map(|name| text(name.clone())).collect(), "]", false);
    let mut parameters = parameters(scope, &channel.args, &variables);
    let mut arguments = vec![text(variable.clone()), array];
    // Only what every page has is a method of the binding; a bundler leaves out functions that nobody calls.
    let on_binding = |arguments: &mut Vec<Doc>| arguments.insert(0, text("this.#binding"));
    let options = |scope: &Scope<'_, '_>| text(format!("options?: {}", scope.ty("CallOptions")));
    let items = |scope: &Scope<'_, '_>, up: &Type| {
        text(format!("items: {}<{}>", scope.ty("Items"), scope.type_of(up)))
    };
    let (name, result) = match (channel.kind, &channel.up, &channel.down) {
        (ChannelKind::Notify, ..) => ("this.#binding.notify", "void".to_owned()),
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
            on_binding(&mut arguments);
            (
                scope.value("openStream"),
                format!("{}<{down}, {reply}{error}>", scope.ty("Streaming")),
            )
        }
        (ChannelKind::Stream, Some(up), None) => {
            parameters.extend([items(scope, up), options(scope)]);
            arguments.extend([text("items"), text("options")]);
            on_binding(&mut arguments);
            (scope.value("sendItems"), format!("{}<{reply}{error}>", scope.ty("Calling")))
        }
        (ChannelKind::Call | ChannelKind::Stream, ..) => {
            parameters.push(options(scope));
            arguments.push(text("options"));
            ("this.#binding.call", format!("{}<{reply}{error}>", scope.ty("Calling")))
        }
    };
    let returns = if channel.kind == ChannelKind::Notify { "" } else { "return " };
    let body =
        concat(vec![text(format!("{returns}{name}")), list("(", arguments, ")", false), text(";")]);
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
    let subscribe = scope.value("subscribeTo");
    let body = text(format!("return {subscribe}(this.#binding, {variable}, listener, options);"));
    let more = match channel.kind {
        ChannelKind::State => "The last value comes first, then every change.",
        _ => "Nothing is retained: only values that are published from now on come.",
    };
    let docs = joined(&channel.docs, more);
    documented(&docs, method(client, parameters, scope.ty("Unsubscribe"), Some(vec![body])))
}

/// The interface that an application implements.
pub(super) fn handlers(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
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

/// What publishes; the runtime makes it from the channels, so that a page without it carries none of it.
pub(super) fn publisher(scope: &Scope<'_, '_>, code: &str, channels: &[Named<'_>]) -> Doc {
    let mut methods = Vec::new();
    for named in channels.iter().filter(|named| named.channel.kind.is_topic()) {
        let Named { channel, method: name, .. } = named;
        let (argument, ty) = topic_value(channel);
        let argument = names::parameter(argument, &["withinMs"]);
        let parameter = text(format!("{argument}: {}", scope.type_of(ty)));
        methods
            .push(documented(&channel.docs, method(name, vec![parameter.clone()], "void", None)));
        let result = format!("{}<{}>", scope.ty("Calling"), scope.ty("DeliveryReport"));
        methods.push(documented(
            &format!(
                "The same as `{name}`, and tells who got it within `withinMs` and who did not."
            ),
            method(
                &format!("{name}Reported"),
                vec![parameter, text("withinMs: number")],
                &result,
                None,
            ),
        ));
    }
    let docs = format!("Publishes the topics of one instance of `{code}`.");
    documented(&docs, block(format!("export interface {code}Publisher "), apart(methods), ""))
}
