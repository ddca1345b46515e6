//! Judges a parsed `#[interface]`: every diagnostic that the tokens alone allow, each at the token that is to change.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{ReturnType, TypeParamBound};

use super::channel::{Channel, Param, Receiver};
use super::options::Kind;
use super::parse::{Interface, VERSION};
use crate::errors::Errors;
use crate::{names, types};

/// Methods that every generated client or publisher has, in Rust or in TypeScript.
const RESERVED: &[(&str, &str)] = &[
    ("with_timeout", "every client has a method of this name"),
    ("within", "every client has a method of this name"),
    ("publisher", "every client has a method of this name"),
    ("binding", "every client has a method of this name"),
    ("from_binding", "every client has a function of this name"),
    ("from_publisher", "every publisher has a function of this name"),
    ("clone", "every client has a method of this name"),
    ("then", "`await` would take an object with a method `then` for a promise"),
    ("constructor", "every object of JavaScript has a property of this name"),
];

/// Notes all that is wrong with `interface`.
pub(crate) fn check(interface: &Interface, errors: &mut Errors) {
    let (args, item) = (&interface.args, &interface.item);
    names::check(&item.ident, errors);
    match &args.name {
        Some(name) => names::check_wire(&name.value(), name.span(), "the name of an interface", errors),
        None if args.broken => {}
        None => errors.at_span(
            Span::call_site(),
            "an interface has a name on the wire: `#[interface(name = \"studio.cameras\", version = 1)]`",
        ),
    }
    match (&args.version, args.number()) {
        (Some(_), Some(1..)) => {}
        (Some(version), _) => errors.at(version, VERSION),
        (None, _) if args.broken => {}
        (None, _) => errors.at_span(
            Span::call_site(),
            "an interface has a version: `#[interface(name = \"studio.cameras\", version = 1)]`",
        ),
    }
    check_trait(interface, errors);
    for channel in &interface.channels {
        names::check(&channel.ident, errors);
        check_channel(channel, errors);
    }
    check_generated(&interface.channels, errors);
}

fn check_trait(interface: &Interface, errors: &mut Errors) {
    let item = &interface.item;
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "an interface is one concrete thing in every language: remove the generics",
        );
    } else if let Some(clause) = &item.generics.where_clause {
        errors.at(clause, "an interface has no generics to constrain: remove the clause");
    }
    if let Some(token) = &item.unsafety {
        errors.at(token, "a trait of a contract is safe: remove `unsafe`");
    }
    for bound in &item.supertraits {
        let known = matches!(bound, TypeParamBound::Lifetime(_))
            || matches!(bound, TypeParamBound::Trait(bound)
                if bound.path.is_ident("Send") || bound.path.is_ident("Sync"));
        if !known {
            errors.at(bound, "an interface stands alone: `Send + Sync + 'static` is added anyway");
        }
    }
}

fn check_channel(channel: &Channel, errors: &mut Errors) {
    let signature = &channel.signature;
    if let Some(body) = channel.body {
        errors.at_span(body, "the contract only declares: the body belongs to the implementation");
    }
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics,
            "a channel is one concrete thing in every language: remove the generics",
        );
    }
    let odd = [
        signature.unsafety.map(|token| token.span()),
        signature.constness.map(|token| token.span()),
        signature.abi.as_ref().map(Spanned::span),
    ];
    for span in odd.into_iter().flatten() {
        errors.at_span(span, "a channel is a plain function: remove this");
    }
    if channel.kind().is_topic() {
        check_topic(channel, errors);
    } else {
        check_method(channel, errors);
    }
    for field in channel.args() {
        field.check(&field.ty, errors);
        field.check_no_number(errors);
    }
    names::check_distinct(
        channel.args().filter_map(|field| field.ident.as_ref()),
        "arguments",
        errors,
    );
    if let Some((_, why)) = RESERVED.iter().find(|(name, _)| *name == channel.name) {
        errors.at(&channel.ident, format!("{why}: choose another name"));
    }
}

fn check_topic(channel: &Channel, errors: &mut Errors) {
    let what = channel.kind().name();
    let example = format!("`#[{what}] fn {}(value: T);`", channel.name);
    if let Some(token) = &channel.signature.asyncness {
        errors.at(token, format!("a topic has no handler: write {example}"));
    }
    if !matches!(channel.receiver, Receiver::None) {
        errors.at(
            channel.signature.inputs.first(),
            format!("a topic has no handler, so no `self`: write {example}"),
        );
    }
    if let ReturnType::Type(_, ty) = &channel.signature.output {
        errors.at(ty, format!("nothing comes back from a topic: write {example}"));
    }
    for param in &channel.params {
        match param {
            Param::Out(flow) | Param::Input(flow) => {
                errors.at(
                    &flow.ident,
                    "a topic carries values, not streams of them: use `#[stream]`",
                );
            }
            Param::Arg(_) => {}
        }
    }
    for field in channel.args() {
        if let Some(module) = &field.with {
            errors.at(
                module,
                "a topic's value crosses as it is: convert the fields of a message instead",
            );
        }
    }
    if channel.args().count() != 1 && matches!(channel.receiver, Receiver::None) {
        errors.at(&channel.ident, format!("a topic has one value: write {example}"));
    }
}

fn check_method(channel: &Channel, errors: &mut Errors) {
    let what = channel.kind().name();
    let signature = &channel.signature;
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, "a handler may wait: write `async fn`");
    }
    match channel.receiver {
        Receiver::Shared => {
            if channel.context.is_none() {
                let second = signature.inputs.iter().nth(1);
                let text = "`cx: &Call` comes second: it tells the handler who asks and how long there is";
                match second {
                    Some(second) => errors.at(second, text),
                    None => errors.at(&signature.ident, text),
                }
            }
        }
        Receiver::None => errors.at(
            &signature.ident,
            format!("a handler takes `&self, cx: &Call` first; without a handler this is an `#[event]` or a `#[state]`, not a `#[{what}]`"),
        ),
        Receiver::Other(span) => {
            errors.at_span(span, "handlers of one server run at the same time: write `&self`");
        }
    }
    check_flows(channel, errors);
    match &signature.output {
        ReturnType::Type(_, ty) if channel.kind() == Kind::Notify => {
            errors.at(ty, "nothing comes back from a notification: use `#[call]`");
        }
        _ => {
            types::check(&channel.output.value, errors);
            if let Some(error) = &channel.output.error {
                types::check(error, errors);
            }
        }
    }
}

fn check_flows(channel: &Channel, errors: &mut Errors) {
    let stream = channel.kind() == Kind::Stream;
    let (mut out, mut input) = (0, 0);
    for param in &channel.params {
        let (flow, count) = match param {
            Param::Arg(_) => continue,
            Param::Out(flow) => (flow, &mut out),
            Param::Input(flow) => (flow, &mut input),
        };
        *count += 1;
        types::check(&flow.item, errors);
        if !stream {
            errors.at(&flow.ident, "only a stream has flows of items: write `#[stream]`");
        } else if *count > 1 {
            errors.at(
                &flow.ident,
                "a stream has one flow in each direction: send an enum, or use two streams",
            );
        }
    }
    if stream && out + input == 0 {
        errors.at(
            &channel.ident,
            "a stream has `out: Sink<T>` for items to the caller, `input: Source<T>` for items from it, or both",
        );
    }
}

/// Notes channels that would give a client or publisher two methods of one name.
fn check_generated(channels: &[Channel], errors: &mut Errors) {
    let mut client: HashMap<String, &str> = HashMap::new();
    let mut publisher: HashMap<String, &str> = HashMap::new();
    for channel in channels {
        let name = &channel.name;
        let mut taken = Vec::new();
        match channel.kind() {
            Kind::Event => taken.extend(client.insert(format!("subscribe_{name}"), name)),
            Kind::State => taken.extend(client.insert(format!("watch_{name}"), name)),
            _ => taken.extend(client.insert(name.clone(), name)),
        }
        if channel.kind().is_topic() {
            taken.extend(publisher.insert(name.clone(), name));
            taken.extend(publisher.insert(format!("{name}_reported"), name));
        }
        if let Some(other) = taken.into_iter().find(|other| other != name) {
            errors.at(
                &channel.ident,
                format!("`{other}` and `{name}` would give the client or publisher two methods of one name: rename one"),
            );
        }
    }
    names::check_distinct(channels.iter().map(|channel| &channel.ident), "channels", errors);
}
