//! Schema to plan: every named type becomes one node whose children stand in a run of their own, so types may hold
//! each other in a circle and nothing here follows a name.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::flat::flatten;
use super::node::{Label, NAMELESS, Node};
use super::{ChannelPlan, InterfacePlan, Plan, Root};
use crate::codec::SAFE_INT_MAX;
use crate::schema::builder::TYPE_DEPTH_MAX;
use crate::schema::sizes::Sizes;
use crate::schema::{Channel, Field, Fields, Float, Int, Interface, Schema, Type, TypeBody};

/// The plan under construction.
struct Compiler<'a> {
    sizes: Sizes<'a>,
    /// Each named type's node; its children may still be missing.
    named: HashMap<&'a str, Node>,
    names: Vec<Box<str>>,
    interned: HashMap<Cow<'a, str>, u32>,
    nodes: Vec<Node>,
    labels: Vec<Label>,
}

/// One child of a run: how it is labelled, and what it is.
struct Child<'a> {
    /// `None` for the field of a newtype, which no path shows.
    name: Option<Cow<'a, str>>,
    key: u32,
    content: Content<'a>,
}

enum Content<'a> {
    Type(&'a Type),
    Variant(&'a Fields),
}

/// The plan of a schema.
pub(super) fn compile(schema: &Schema) -> Plan {
    let mut compiler = Compiler {
        sizes: Sizes::new(schema),
        named: HashMap::new(),
        names: Vec::new(),
        interned: HashMap::new(),
        nodes: Vec::new(),
        labels: Vec::new(),
    };
    // First a place for each named type, so that every mention finds it.
    let mut bodies = Vec::new();
    for (name, def) in &schema.types {
        let children = children(&def.body);
        let (first, len) = compiler.reserve(children.len());
        let node = match &def.body {
            TypeBody::Struct(_) | TypeBody::Tuple(_) => Node::Struct { first, len },
            TypeBody::Table(_) => Node::Table { first, len },
            TypeBody::Enum(_) => Node::Enum { first, len, flexible: false },
            TypeBody::FlexibleEnum(_) => Node::Enum { first, len, flexible: true },
        };
        compiler.named.insert(name, node);
        bodies.push((first, children));
    }
    for (first, children) in bodies {
        compiler.fill(first, children);
    }
    let mut interfaces: Vec<InterfacePlan> =
        schema.interfaces.iter().map(|interface| compiler.interface(interface)).collect();
    interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    let mut types = BTreeMap::new();
    for name in schema.types.keys() {
        let node = compiler.mention(name);
        types.insert(name.clone(), compiler.root_of(node));
    }
    let Compiler { names, nodes, labels, .. } = compiler;
    Plan { names, nodes, labels, interfaces, types }
}

/// What a named type holds; tables and enums in the order of their numbers, by which they are searched.
fn children(body: &TypeBody) -> Vec<Child<'_>> {
    let mut children = match body {
        TypeBody::Struct(fields) => return named_fields(fields),
        TypeBody::Tuple(types) => {
            let mut children = numbered_fields(types);
            if let [newtype] = children.as_mut_slice() {
                newtype.name = None;
            }
            return children;
        }
        TypeBody::Table(fields) => named_fields(fields),
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => variants
            .iter()
            .map(|variant| Child {
                name: Some(Cow::Borrowed(&variant.name)),
                key: variant.tag,
                content: Content::Variant(&variant.fields),
            })
            .collect(),
    };
    children.sort_by_key(|child| child.key);
    children
}

fn named_fields(fields: &[Field]) -> Vec<Child<'_>> {
    fields
        .iter()
        .map(|field| Child {
            name: Some(Cow::Borrowed(&field.name)),
            key: field.number,
            content: Content::Type(&field.ty),
        })
        .collect()
}

fn numbered_fields(types: &[Type]) -> Vec<Child<'_>> {
    types
        .iter()
        .enumerate()
        .map(|(position, ty)| Child {
            name: Some(Cow::Owned(position.to_string())),
            key: 0,
            content: Content::Type(ty),
        })
        .collect()
}

impl<'a> Compiler<'a> {
    /// A place for `count` nodes in a row, until [`Self::fill`] fills it.
    fn reserve(&mut self, count: usize) -> (u32, u32) {
        let first = self.nodes.len();
        let end = first.saturating_add(count);
        self.nodes.resize(end, Node::Never);
        self.labels.resize(end, Label::default());
        (index(first), index(count))
    }

    fn fill(&mut self, first: u32, children: Vec<Child<'a>>) {
        for (place, child) in (first as usize..).zip(children) {
            let node = match child.content {
                Content::Type(ty) => self.node(ty, 0),
                Content::Variant(fields) => self.variant(fields),
            };
            let name = child.name.map_or(NAMELESS, |name| self.intern(name));
            let label = Label { name, key: child.key };
            if let Some(slot) = self.nodes.get_mut(place) {
                *slot = node;
            }
            if let Some(slot) = self.labels.get_mut(place) {
                *slot = label;
            }
        }
    }

    fn run(&mut self, children: Vec<Child<'a>>) -> (u32, u32) {
        let (first, len) = self.reserve(children.len());
        self.fill(first, children);
        (first, len)
    }

    fn push(&mut self, node: Node) -> u32 {
        let (place, _) = self.reserve(1);
        if let Some(slot) = self.nodes.get_mut(place as usize) {
            *slot = node;
        }
        place
    }

    fn intern(&mut self, name: Cow<'a, str>) -> u32 {
        if let Some(&known) = self.interned.get(&name) {
            return known;
        }
        let place = index(self.names.len());
        self.names.push(name.as_ref().into());
        self.interned.insert(name, place);
        place
    }

    fn mention(&self, name: &str) -> Node {
        self.named.get(name).copied().unwrap_or(Node::Never)
    }

    fn variant(&mut self, fields: &'a Fields) -> Node {
        let children = match fields {
            Fields::Unit => return Node::Unit,
            Fields::Tuple(types) => numbered_fields(types),
            Fields::Struct(fields) => named_fields(fields),
        };
        let (first, len) = self.run(children);
        Node::Struct { first, len }
    }

    /// The node of a type that stands in `depth` others.
    fn node(&mut self, ty: &'a Type, depth: usize) -> Node {
        if depth > TYPE_DEPTH_MAX {
            return Node::Never;
        }
        let within = depth.saturating_add(1);
        match ty {
            Type::Unit => Node::Unit,
            Type::Bool => Node::Bool,
            Type::Int { int, min, max } => integer(*int, *min, *max),
            Type::Float { float, min, max } => {
                let limited = min.is_some() || max.is_some();
                let min = min.unwrap_or(f64::NEG_INFINITY);
                let max = max.unwrap_or(f64::INFINITY);
                match float {
                    Float::F32 => Node::F32 { limited, min, max },
                    Float::F64 => Node::F64 { limited, min, max },
                }
            }
            Type::String { min, max } => Node::Text { min: low(*min), max: high(*max) },
            Type::Bytes { min, max } => Node::Bytes { min: low(*min), max: high(*max) },
            Type::Blob { min, max } => Node::Blob { min: low(*min), max: high(*max) },
            Type::TypedArray { item, min, max } => {
                Node::TypedArray { size: item.size(), min: low(*min), max: high(*max) }
            }
            Type::Option(inner) => {
                let inner = self.node(inner, within);
                Node::Option { inner: self.push(inner) }
            }
            Type::List { item, min, max } => self.list(item, low(*min), high(*max), within),
            Type::Array { item, len } => self.array(item, *len, within),
            Type::Map { key, value, min, max } => {
                let key_bytes_min = self.sizes.of(key);
                let bytes_min = key_bytes_min.saturating_add(self.sizes.of(value));
                if key_bytes_min == 0 {
                    return Node::Never;
                }
                let (key, value) = (self.node(key, within), self.node(value, within));
                let pair = self.push(key);
                self.push(value);
                Node::Map { pair, min: low(*min), max: high(*max), bytes_min }
            }
            Type::Tuple(types) => {
                let (first, len) = self.reserve(types.len());
                for (position, ty) in types.iter().enumerate() {
                    let node = self.node(ty, within);
                    let name = self.intern(Cow::Owned(position.to_string()));
                    let place = (first as usize).saturating_add(position);
                    if let Some(slot) = self.nodes.get_mut(place) {
                        *slot = node;
                    }
                    if let Some(slot) = self.labels.get_mut(place) {
                        *slot = Label { name, key: 0 };
                    }
                }
                Node::Sequence { first, len }
            }
            Type::Timestamp => Node::Signed { bits: 64, min: -SAFE_INT_MAX, max: SAFE_INT_MAX },
            Type::Duration => Node::Unsigned { bits: 64, min: 0, max: SAFE_INT_MAX.unsigned_abs() },
            Type::Uuid => Node::Raw { len: 16 },
            Type::Json => Node::Json,
            Type::Url => Node::Url,
            Type::Named(name) => self.mention(name),
        }
    }

    fn list(&mut self, item: &'a Type, min: u32, max: u32, depth: usize) -> Node {
        let bytes_min = self.sizes.of(item);
        match self.node(item, depth) {
            // A count of items that are nothing costs a peer nothing: the schema check refuses them.
            _ if bytes_min == 0 => Node::Never,
            Node::Byte { min: 0, max: u8::MAX } => Node::Bytes { min, max },
            node => Node::List { item: self.push(node), min, max, bytes_min },
        }
    }

    fn array(&mut self, item: &'a Type, len: u32, depth: usize) -> Node {
        let item_bytes_min = self.sizes.of(item);
        let bytes_min = item_bytes_min.saturating_mul(len as usize);
        match self.node(item, depth) {
            _ if item_bytes_min == 0 => Node::Never,
            Node::Byte { min: 0, max: u8::MAX } => Node::Raw { len: bytes_min },
            Node::Raw { .. } => Node::Raw { len: bytes_min },
            node => Node::Array { item: self.push(node), len, bytes_min },
        }
    }

    fn interface(&mut self, interface: &'a Interface) -> InterfacePlan {
        let channels = interface
            .channels
            .iter()
            .map(|channel| self.channel(&interface.name, channel))
            .collect();
        InterfacePlan {
            name: interface.name.clone(),
            version: interface.version,
            hash: interface.hash,
            channels,
        }
    }

    fn channel(&mut self, interface: &str, channel: &'a Channel) -> ChannelPlan {
        let (first, len) = self.run(named_fields(&channel.args));
        ChannelPlan {
            name: channel.name.clone(),
            full_name: format!("{interface}.{}", channel.name),
            capability: channel.capability.clone(),
            kind: channel.kind,
            args: self.root_of(Node::Sequence { first, len }),
            reply: self.root(&channel.reply),
            error: channel.error.as_ref().map(|ty| self.root(ty)),
            up: channel.up.as_ref().map(|ty| self.root(ty)),
            down: channel.down.as_ref().map(|ty| self.root(ty)),
            deadline: Duration::from_millis(u64::from(channel.deadline_ms)),
            idempotent: channel.idempotent,
            overflow: channel.overflow,
            depth: channel.depth,
        }
    }

    fn root(&mut self, ty: &'a Type) -> Root {
        let node = self.node(ty, 0);
        self.root_of(node)
    }

    /// A place to start from, when all types are filled in.
    fn root_of(&mut self, node: Node) -> Root {
        let row = flatten(&self.nodes, node).unwrap_or_default();
        let node = self.push(node);
        let (first, row_len) = self.reserve(row.len());
        for (place, node) in (first as usize..).zip(row) {
            if let Some(slot) = self.nodes.get_mut(place) {
                *slot = node;
            }
        }
        Root { node, row: first, row_len }
    }
}

/// A position in the plan. A schema with more than 2^32 of anything does not fit a machine's memory.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn low(min: Option<u32>) -> u32 {
    min.unwrap_or(0)
}

fn high(max: Option<u32>) -> u32 {
    max.unwrap_or(u32::MAX)
}

/// The declared range as far as the type reaches; where nothing is left, one that holds nothing.
fn integer(int: Int, min: Option<i128>, max: Option<i128>) -> Node {
    let (least, most) = int.range();
    let (min, max) = (min.unwrap_or(least).max(least), max.unwrap_or(most).min(most));
    let unsigned = |bits| match (u64::try_from(min), u64::try_from(max)) {
        (Ok(min), Ok(max)) => Node::Unsigned { bits, min, max },
        _ => Node::Unsigned { bits, min: 1, max: 0 },
    };
    let signed = |bits| match (i64::try_from(min), i64::try_from(max)) {
        (Ok(min), Ok(max)) => Node::Signed { bits, min, max },
        _ => Node::Signed { bits, min: 1, max: 0 },
    };
    match int {
        Int::U8 => match (u8::try_from(min), u8::try_from(max)) {
            (Ok(min), Ok(max)) => Node::Byte { min, max },
            _ => Node::Byte { min: 1, max: 0 },
        },
        Int::I8 => match (i8::try_from(min), i8::try_from(max)) {
            (Ok(min), Ok(max)) => Node::SignedByte { min, max },
            _ => Node::SignedByte { min: 1, max: 0 },
        },
        Int::U16 => unsigned(16),
        Int::U32 => unsigned(32),
        Int::U64 => unsigned(64),
        Int::I16 => signed(16),
        Int::I32 => signed(32),
        Int::I64 | Int::Safe => signed(64),
    }
}
