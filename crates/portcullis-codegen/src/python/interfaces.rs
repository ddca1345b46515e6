//! The module of one interface: its channels, what an application sees of them, and the interface itself.

use portcullis_proto::schema::{Channel, ChannelKind, Interface};

use super::channels::{Named, PLACE, argument_names, descriptor, named};
use super::docs::{channel_docs, docstring};
use super::types::Place;
use super::{Contract, PYTHON_HEADER};
use crate::prose::joined;

/// What every module of an interface imports, under names that no channel can have.
const IMPORTS: &str = "from __future__ import annotations

import abc as _abc
import builtins as _builtins
import datetime as _datetime
import uuid as _uuid
from collections.abc import Mapping as _Mapping, Sequence as _Sequence

import portcullis as _portcullis
from portcullis import codec as _codec

from . import types as _types

";

/// Parameters of a client's methods besides the arguments.
const CLIENT_PARAMETERS: &[&str] = &["self", "items", "timeout", "parent"];

/// The text of the module.
pub(super) fn module(contract: &Contract<'_>, interface: &Interface) -> String {
    let code = contract.names.interface(&interface.name);
    let channels = named(&interface.channels);
    let place = PLACE.inside(channels.iter().map(|named| named.method.as_str()));
    let docs = joined(
        &interface.docs,
        &format!("The interface `{}`, version {}.", interface.name, interface.version),
    );
    let mut out = format!("{PYTHON_HEADER}\n{}\n{IMPORTS}", docstring(&docs, ""));
    for channel in &channels {
        out.push_str(&descriptor(contract, interface, channel));
    }
    client(contract, place, code, &channels, &mut out);
    server(contract, place, code, &channels, &mut out);
    let publishes = channels.iter().any(|named| named.channel.kind.is_topic());
    if publishes {
        publisher(contract, place, code, &channels, &mut out);
    }
    let publisher = if publishes { format!("{code}Publisher") } else { "None".to_owned() };
    let maker = if publishes { publisher.clone() } else { "_portcullis.no_publisher".to_owned() };
    let variables: Vec<String> =
        channels.iter().map(|named| format!("{},", named.variable)).collect();
    out.push_str(&format!(
        "\n\n{code}: _portcullis.Interface[{code}Client, {code}Server, {publisher}] = _portcullis.Interface(\n    \
         name=\"{}\",\n    version={},\n    hash=bytes.fromhex(\"{}\"),\n{}    channels=({}),\n    \
         client={code}Client,\n    publisher={maker},\n)\n{}",
        interface.name,
        interface.version,
        interface.hash,
        earlier(interface),
        variables.join(" "),
        docstring(&docs, ""),
    ));
    let mut exports = vec![code.to_owned(), format!("{code}Client"), format!("{code}Server")];
    if publishes {
        exports.push(publisher);
    }
    exports.sort();
    let exports: Vec<String> = exports.into_iter().map(|name| format!("\"{name}\"")).collect();
    out.push_str(&format!("\n__all__ = [{}]\n", exports.join(", ")));
    out
}

/// The line that names the earlier shapes, where there are some.
fn earlier(interface: &Interface) -> String {
    if interface.earlier.is_empty() {
        return String::new();
    }
    let each = |hash| format!("bytes.fromhex(\"{hash}\"),");
    let hashes: Vec<String> = interface.earlier.iter().map(each).collect();
    format!("    earlier=({}),\n", hashes.join(" "))
}

/// `, name: type` for each argument.
fn parameters(
    contract: &Contract<'_>,
    place: Place,
    channel: &Channel,
    names: &[String],
) -> String {
    let one = |(field, name): (&portcullis_proto::schema::Field, &String)| {
        format!(", {name}: {}", contract.type_of(&field.ty, place))
    };
    channel.args.iter().zip(names).map(one).collect()
}

/// The arguments as a tuple.
fn tuple(names: &[String]) -> String {
    match names {
        [one] => format!("({one},)"),
        _ => format!("({})", names.join(", ")),
    }
}

const OPTIONS: &str =
    ", *, timeout: _builtins.float | None = None, parent: _portcullis.CallContext | None = None";

fn client(
    contract: &Contract<'_>,
    place: Place,
    code: &str,
    channels: &[Named<'_>],
    out: &mut String,
) {
    out.push_str(&format!(
        "\n\nclass {code}Client:\n    \"\"\"Calls an instance of `{code}`. Times are seconds.\"\"\"\n\n    \
         def __init__(self, binding: _portcullis.Binding) -> None:\n        self._binding = binding\n"
    ));
    for Named { channel, method, variable, .. } in channels {
        let names = argument_names(channel, CLIENT_PARAMETERS);
        let parameters = parameters(contract, place, channel, &names);
        let arguments = tuple(&names);
        let docs = docstring(&channel_docs(channel, &names), "        ");
        let reply = contract.type_of(&channel.reply, place);
        let items = channel.up.as_ref().map_or_else(String::new, |up| {
            format!(", items: _portcullis.Items[{}]", contract.type_of(up, place))
        });
        let given = if channel.up.is_some() { "items" } else { "None" };
        let (head, body) = match (channel.kind, &channel.down) {
            (ChannelKind::Call, _) => (
                format!("async def {method}(self{parameters}{OPTIONS}) -> {reply}:"),
                format!(
                    "return await self._binding.call({variable}, {arguments}, timeout, parent)"
                ),
            ),
            (ChannelKind::Notify, _) => (
                format!("def {method}(self{parameters}) -> None:"),
                format!("self._binding.notify({variable}, {arguments})"),
            ),
            (ChannelKind::Stream, Some(down)) => (
                format!(
                    "def {method}(self{parameters}{items}{OPTIONS}) -> _portcullis.Stream[{}, {reply}]:",
                    contract.type_of(down, place)
                ),
                format!(
                    "return self._binding.stream({variable}, {arguments}, {given}, timeout, parent)"
                ),
            ),
            (ChannelKind::Stream, None) => (
                format!("async def {method}(self{parameters}{items}{OPTIONS}) -> {reply}:"),
                format!(
                    "return await self._binding.send({variable}, {arguments}, {given}, timeout, parent)"
                ),
            ),
            (ChannelKind::Event | ChannelKind::State, _) => (
                format!(
                    "def {method}(self) -> _portcullis.Subscription[{}]:",
                    topic_value(contract, place, channel)
                ),
                format!("return self._binding.subscribe({variable})"),
            ),
        };
        out.push_str(&format!("\n    {head}\n{docs}        {body}\n"));
    }
}

/// The type of what a topic carries.
fn topic_value(contract: &Contract<'_>, place: Place, channel: &Channel) -> String {
    channel
        .args
        .first()
        .map_or_else(|| "None".to_owned(), |field| contract.type_of(&field.ty, place))
}

fn server(
    contract: &Contract<'_>,
    place: Place,
    code: &str,
    channels: &[Named<'_>],
    out: &mut String,
) {
    out.push_str(&format!(
        "\n\nclass {code}Server(_abc.ABC):\n    \"\"\"Serves `{code}`: the application implements it.\"\"\"\n"
    ));
    for Named { channel, method, .. } in channels {
        if channel.kind.is_topic() {
            continue;
        }
        let names = argument_names(channel, &["self", "cx", "items", "out"]);
        let mut parameters = parameters(contract, place, channel, &names);
        if let Some(up) = &channel.up {
            let ty = contract.type_of(up, place);
            parameters.push_str(&format!(", items: _portcullis.Source[{ty}]"));
        }
        if let Some(down) = &channel.down {
            let ty = contract.type_of(down, place);
            parameters.push_str(&format!(", out: _portcullis.Sink[{ty}]"));
        }
        let reply = contract.type_of(&channel.reply, place);
        let docs = docstring(&channel.docs, "        ");
        let body = if docs.is_empty() { "        ...\n".to_owned() } else { docs };
        out.push_str(&format!(
            "\n    @_abc.abstractmethod\n    async def {method}(self, cx: _portcullis.CallContext{parameters}) -> {reply}:\n{body}"
        ));
    }
}

fn publisher(
    contract: &Contract<'_>,
    place: Place,
    code: &str,
    channels: &[Named<'_>],
    out: &mut String,
) {
    out.push_str(&format!(
        "\n\nclass {code}Publisher:\n    \"\"\"Publishes the topics of one instance of `{code}`.\"\"\"\n\n    \
         def __init__(self, binding: _portcullis.Binding) -> None:\n        self._binding = binding\n"
    ));
    for Named { channel, method, variable, .. } in channels {
        if !channel.kind.is_topic() {
            continue;
        }
        let names = argument_names(channel, &["self", "within"]);
        let parameters = parameters(contract, place, channel, &names);
        let arguments = tuple(&names);
        let docs = docstring(&channel.docs, "        ");
        out.push_str(&format!(
            "\n    def {method}(self{parameters}) -> None:\n{docs}        self._binding.publish({variable}, {arguments})\n\
             \n    async def {method}_reported(self{parameters}, within: _builtins.float) -> _portcullis.DeliveryReport:\n        \
             \"\"\"The same as `{method}`, and tells who got it within so many seconds and who did not.\"\"\"\n        \
             return await self._binding.publish_reported({variable}, {arguments}, within)\n"
        ));
    }
}
