//! The hash of an interface's shape: two builds may talk when theirs are equal (`docs/protocol.md`, section 12).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Channel, Field, Fields, Interface, Schema, Type, TypeBody};

/// 128 bits of BLAKE3 over the canonical shape of an interface.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 16]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 16];
        let digits = text.as_bytes();
        if digits.len() != 32 || !text.is_ascii() {
            return Err(serde::de::Error::custom("a hash has 32 hexadecimal digits"));
        }
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).map_err(serde::de::Error::custom)?;
        }
        Ok(Self(hash))
    }
}

/// The hash of an interface.
pub fn interface_hash(schema: &Schema, interface: &Interface) -> Hash {
    let mut shape = Shape::new(schema);
    shape.text(&interface.name);
    shape.number(u64::from(interface.version));
    shape.number(interface.channels.len() as u64);
    for channel in &interface.channels {
        shape.channel(channel);
    }
    let mut hash = [0; 16];
    hash.copy_from_slice(&shape.digest()[..16]);
    Hash(hash)
}

/// Four bytes that tell which channel of an interface differs, when the hashes do.
pub fn channel_digest(schema: &Schema, channel: &Channel) -> u32 {
    let mut shape = Shape::new(schema);
    shape.channel(channel);
    let digest = shape.digest();
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// Writes a shape without ambiguity: numbers have eight bytes, texts their length before them.
struct Shape<'a> {
    schema: &'a Schema,
    /// Named types in the order of their first mention.
    seen: Vec<&'a str>,
    hasher: blake3::Hasher,
}

impl<'a> Shape<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self { schema, seen: Vec::new(), hasher: blake3::Hasher::new() }
    }

    fn digest(self) -> [u8; 32] {
        *self.hasher.finalize().as_bytes()
    }

    fn number(&mut self, value: u64) {
        self.hasher.update(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.hasher.update(text.as_bytes());
    }

    fn bound(&mut self, bound: Option<String>) {
        self.text(bound.as_deref().unwrap_or("-"));
    }

    fn channel(&mut self, channel: &'a Channel) {
        self.text(&channel.name);
        self.number(channel.kind as u64);
        self.number(channel.overflow as u64);
        self.number(u64::from(channel.idempotent));
        self.fields(&channel.args);
        self.ty(&channel.reply);
        for part in [&channel.error, &channel.up, &channel.down] {
            self.number(u64::from(part.is_some()));
            if let Some(part) = part {
                self.ty(part);
            }
        }
    }

    fn fields(&mut self, fields: &'a [Field]) {
        self.number(fields.len() as u64);
        for field in fields {
            self.text(&field.name);
            self.number(u64::from(field.number));
            self.ty(&field.ty);
        }
    }

    fn types(&mut self, types: &'a [Type]) {
        self.number(types.len() as u64);
        types.iter().for_each(|ty| self.ty(ty));
    }

    fn ty(&mut self, ty: &'a Type) {
        match ty {
            Type::Unit => self.text("unit"),
            Type::Bool => self.text("bool"),
            Type::Int { int, min, max } => {
                self.text("int");
                self.number(*int as u64);
                self.bound(min.map(|bound| bound.to_string()));
                self.bound(max.map(|bound| bound.to_string()));
            }
            Type::Float { float, min, max } => {
                self.text("float");
                self.number(*float as u64);
                // Bits, since the text of a float is a choice.
                self.bound(min.map(|bound| bound.to_bits().to_string()));
                self.bound(max.map(|bound| bound.to_bits().to_string()));
            }
            Type::String { min, max } => self.sized("string", *min, *max),
            Type::Bytes { min, max } => self.sized("bytes", *min, *max),
            Type::Blob { min, max } => self.sized("blob", *min, *max),
            Type::TypedArray { item, min, max } => {
                self.sized("typed_array", *min, *max);
                self.text(item.name());
            }
            Type::Option(inner) => {
                self.text("option");
                self.ty(inner);
            }
            Type::List { item, min, max } => {
                self.sized("list", *min, *max);
                self.ty(item);
            }
            Type::Array { item, len } => {
                self.text("array");
                self.number(u64::from(*len));
                self.ty(item);
            }
            Type::Map { key, value, min, max } => {
                self.sized("map", *min, *max);
                self.ty(key);
                self.ty(value);
            }
            Type::Tuple(types) => {
                self.text("tuple");
                self.types(types);
            }
            Type::Timestamp => self.text("timestamp"),
            Type::Duration => self.text("duration"),
            Type::Uuid => self.text("uuid"),
            Type::Json => self.text("json"),
            Type::Url => self.text("url"),
            Type::Named(name) => self.named(name),
        }
    }

    fn sized(&mut self, name: &str, min: Option<u32>, max: Option<u32>) {
        self.text(name);
        self.bound(min.map(|bound| bound.to_string()));
        self.bound(max.map(|bound| bound.to_string()));
    }

    fn named(&mut self, name: &'a str) {
        if let Some(index) = self.seen.iter().position(|seen| *seen == name) {
            self.text("seen");
            self.number(index as u64);
            return;
        }
        self.seen.push(name);
        self.text("named");
        self.text(name);
        let schema = self.schema;
        let Some(def) = schema.types.get(name) else { return };
        match &def.body {
            TypeBody::Struct(fields) => {
                self.text("struct");
                self.fields(fields);
            }
            TypeBody::Tuple(types) => {
                self.text("tuple_struct");
                self.types(types);
            }
            TypeBody::Table(fields) => {
                self.text("table");
                self.fields(fields);
            }
            TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
                let flexible = matches!(def.body, TypeBody::FlexibleEnum(_));
                self.text(if flexible { "flexible_enum" } else { "enum" });
                self.number(variants.len() as u64);
                for variant in variants {
                    self.text(&variant.name);
                    self.number(u64::from(variant.tag));
                    match &variant.fields {
                        Fields::Unit => self.text("unit"),
                        Fields::Tuple(types) => self.types(types),
                        Fields::Struct(fields) => self.fields(fields),
                    }
                }
            }
        }
    }
}
