//! The module of one interface: its channels, what an application sees of them, and the interface itself.

use portcullis_proto::schema::Interface;

use super::channels::{Named, arguments_functions, descriptor, named};
use super::docs::{documented, joined};
use super::layout::{Doc, block, concat, list, text};
use super::members::{client, handlers, publisher};
use super::scope::Scope;

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

/// The descriptor of the interface, which is what `bind` and `serve` take.
fn itself(
    scope: &Scope<'_, '_>,
    code: &str,
    interface: &Interface,
    channels: &[Named<'_>],
    publishes: bool,
) -> Doc {
    let publisher_type = if publishes { format!("{code}Publisher") } else { "null".to_owned() };
    let variables = channels.iter().map(|named| text(named.variable.clone())).collect();
    let parameters =
        vec![text(format!("{code}Client")), text(format!("{code}Handlers")), text(publisher_type)];
    let mut properties = vec![
        text(format!("name: '{}',", interface.name)),
        text(format!("version: {},", interface.version)),
        text(format!("hash: '{}',", interface.hash)),
    ];
    if !interface.earlier.is_empty() {
        let earlier = interface.earlier.iter().map(|hash| text(format!("'{hash}'"))).collect();
        properties.push(concat(vec![text("earlier: "), list("[", earlier, "]", false), text(",")]));
    }
    properties.extend([
        concat(vec![text("channels: "), list("[", variables, "]", false), text(",")]),
        text(format!("client: (binding) => new {code}Client(binding),")),
    ]);
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
