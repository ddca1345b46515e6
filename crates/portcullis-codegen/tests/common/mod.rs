//! Schemas that are made by hand: what a contract in Rust cannot declare, or should not have to.

use std::collections::BTreeMap;

use portcullis_proto::schema::{
    Channel, ChannelKind, FORMAT, Field, Fields, Hash, Int, Interface, Overflow, Schema, Type,
    TypeBody, TypeDef, Variant,
};

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn u32() -> Type {
    Type::int(Int::U32)
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn string() -> Type {
    Type::String { min: None, max: None }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn named(name: &str) -> Type {
    Type::Named(name.to_owned())
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn option(inner: Type) -> Type {
    Type::Option(Box::new(inner))
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn list(item: Type) -> Type {
    Type::List { item: Box::new(item), min: None, max: None }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn field(name: &str, ty: Type) -> Field {
    Field { name: name.to_owned(), number: 0, docs: String::new(), secret: false, ty }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn variant(name: &str, tag: u32, fields: Fields) -> Variant {
    Variant { name: name.to_owned(), tag, docs: String::new(), fields }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn def(body: TypeBody) -> TypeDef {
    TypeDef { docs: String::new(), body }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn channel(name: &str, kind: ChannelKind, args: Vec<Field>) -> Channel {
    Channel {
        name: name.to_owned(),
        kind,
        docs: String::new(),
        args,
        reply: Type::Unit,
        error: None,
        up: None,
        down: None,
        deadline_ms: 1500,
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 0,
        capability: name.to_owned(),
    }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn interface(name: &str, trait_name: &str, channels: Vec<Channel>) -> Interface {
    Interface {
        name: name.to_owned(),
        version: 1,
        trait_name: trait_name.to_owned(),
        docs: String::new(),
        hash: Hash([0xab; 16]),
        earlier: Vec::new(),
        channels,
    }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) fn schema(interfaces: Vec<Interface>, types: Vec<(&str, TypeBody)>) -> Schema {
    Schema {
        format: FORMAT,
        contract: "hand".to_owned(),
        interfaces,
        types: types
            .into_iter()
            .map(|(name, body)| (name.to_owned(), def(body)))
            .collect::<BTreeMap<_, _>>(),
    }
}
