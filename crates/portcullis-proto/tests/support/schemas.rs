//! Random schemas, from a seed: every kind of type, limits, recursion, gaps between numbers.

use portcullis_proto::schema::{
    Field, Fields, Float, Hash, Int, Interface, Number, Schema, SchemaError, Type, TypeBody,
    TypeDef, Variant, interface_hash,
};

use super::{Rng, reply_channel};

/// Most named types in a schema.
const TYPES_MAX: usize = 5;
/// How deep type expressions go.
const LEVELS: usize = 3;

/// A schema whose one channel replies with any type, checked as one that is read from a file.
pub fn schema(rng: &mut Rng) -> Schema {
    // Some draws have lists of nothing, or blobs where a reader may pass over them, which the check refuses.
    for _ in 0..1000 {
        let drawn = draw(rng);
        match Schema::from_json(&drawn.to_json()) {
            Ok(read) => {
                assert_eq!(read, drawn, "the file form keeps everything");
                return read;
            }
            Err(SchemaError::EmptyItems(_) | SchemaError::BlobPlace(_)) => {}
            Err(error) => panic!("{error}\n{}", drawn.to_json()),
        }
    }
    panic!("no schema in a thousand draws");
}

/// The type that the one channel of [`schema`] replies with.
pub fn reply(schema: &Schema) -> &Type {
    &schema.interfaces[0].channels[0].reply
}

fn draw(rng: &mut Rng) -> Schema {
    let count = 1 + rng.below(TYPES_MAX);
    let mut draw = Draw { rng, count };
    let types = (0..count).map(|own| (name(own), draw.def(own))).collect();
    let reply = draw.ty(None, 0, true);
    let mut schema = Schema {
        format: portcullis_proto::schema::FORMAT,
        contract: "drawn".into(),
        interfaces: vec![Interface {
            name: "test".into(),
            version: 1,
            trait_name: "Test".into(),
            docs: String::new(),
            hash: Hash::default(),
            earlier: Vec::new(),
            channels: vec![reply_channel(reply)],
        }],
        types,
    };
    schema.interfaces[0].hash = interface_hash(&schema, &schema.interfaces[0]);
    schema
}

fn name(index: usize) -> String {
    format!("T{index}")
}

struct Draw<'a> {
    rng: &'a mut Rng,
    count: usize,
}

impl Draw<'_> {
    fn def(&mut self, own: usize) -> TypeDef {
        let own = Some(own);
        let body = match self.rng.below(5) {
            0 => TypeBody::Struct(self.fields(own, false)),
            1 => TypeBody::Tuple(self.types(own, false)),
            2 => {
                let mut fields = self.fields(own, true);
                let mut number = 0;
                for field in &mut fields {
                    number += 1 + self.rng.below(3) as u32;
                    field.number = number;
                }
                if self.rng.one_in(2) {
                    fields.reverse();
                }
                TypeBody::Table(fields)
            }
            3 => TypeBody::Enum(self.variants(own)),
            _ => TypeBody::FlexibleEnum(self.variants(own)),
        };
        TypeDef { docs: String::new(), body }
    }

    fn fields(&mut self, own: Option<usize>, guarded: bool) -> Vec<Field> {
        let count = self.rng.below(4);
        (0..count)
            .map(|index| Field {
                name: format!("f{index}"),
                number: 0,
                docs: String::new(),
                secret: false,
                ty: self.ty(own, 0, guarded),
            })
            .collect()
    }

    fn types(&mut self, own: Option<usize>, guarded: bool) -> Vec<Type> {
        let count = 1 + self.rng.below(3);
        (0..count).map(|_| self.ty(own, 0, guarded)).collect()
    }

    fn variants(&mut self, own: Option<usize>) -> Vec<Variant> {
        let count = 1 + self.rng.below(4);
        let gaps = self.rng.one_in(2);
        let mut tag = if gaps { self.rng.below(3) as u32 } else { 0 };
        let mut variants: Vec<Variant> = (0..count)
            .map(|index| {
                // The first does not recurse, so that the type has small values.
                let fields = match if index == 0 { 0 } else { self.rng.below(3) } {
                    0 => Fields::Unit,
                    1 => Fields::Tuple(self.types(own, true)),
                    _ => match self.fields(own, true) {
                        fields if fields.is_empty() => Fields::Unit,
                        fields => Fields::Struct(fields),
                    },
                };
                let variant =
                    Variant { name: format!("V{index}"), tag, docs: String::new(), fields };
                tag += if gaps { 1 + self.rng.below(200) as u32 } else { 1 };
                variant
            })
            .collect();
        if self.rng.one_in(3) {
            variants.reverse();
        }
        variants
    }

    /// A type within the type `own`, under `level` others. Unless it is guarded by something that may be empty, it
    /// mentions only types behind `own`, so that values end.
    fn ty(&mut self, own: Option<usize>, level: usize, guarded: bool) -> Type {
        let kinds = if level < LEVELS { 20 } else { 12 };
        match self.rng.below(kinds) {
            0 => Type::Bool,
            1 | 2 => self.int(),
            3 => self.float(),
            4 => {
                let (min, max) = self.lengths();
                Type::String { min, max }
            }
            5 => {
                let (min, max) = self.lengths();
                Type::Bytes { min, max }
            }
            6 => Type::Timestamp,
            7 => Type::Duration,
            8 => self.rng.pick(&[Type::Uuid, Type::Json, Type::Url, Type::Unit]).clone(),
            9..=11 => {
                let from = if guarded { 0 } else { own.map_or(0, |own| own + 1) };
                if from >= self.count {
                    return self.int();
                }
                Type::Named(name(from + self.rng.below(self.count - from)))
            }
            12 => Type::Option(Box::new(self.ty(own, level + 1, true))),
            13 | 14 => {
                let (min, max) = self.lengths();
                let item = self.ty(own, level + 1, min.is_none());
                if item == Type::int(Int::U8) {
                    return Type::Bytes { min, max };
                }
                Type::List { item: Box::new(item), min, max }
            }
            15 => {
                let len = self.rng.below(4) as u32;
                Type::Array { item: Box::new(self.ty(own, level + 1, false)), len }
            }
            16 => {
                let max = if self.rng.one_in(2) { Some(self.rng.below(4) as u32) } else { None };
                let key = self.ty(own, level + 1, true);
                let value = self.ty(own, level + 1, true);
                Type::Map { key: Box::new(key), value: Box::new(value), min: None, max }
            }
            17 => {
                let (min, max) = self.lengths();
                match self.rng.below(4) {
                    0 => Type::Blob { min, max },
                    _ => Type::TypedArray { item: *self.rng.pick(&Number::ALL), min, max },
                }
            }
            _ => {
                let count = 2 + self.rng.below(3);
                Type::Tuple((0..count).map(|_| self.ty(own, level + 1, guarded)).collect())
            }
        }
    }

    fn lengths(&mut self) -> (Option<u32>, Option<u32>) {
        let min = if self.rng.one_in(3) { Some(self.rng.below(4) as u32) } else { None };
        let max = if self.rng.one_in(3) {
            Some(min.unwrap_or(0) + self.rng.below(5) as u32)
        } else {
            None
        };
        (min, max)
    }

    fn int(&mut self) -> Type {
        let int = *self.rng.pick(&[
            Int::U8,
            Int::U16,
            Int::U32,
            Int::U64,
            Int::I8,
            Int::I16,
            Int::I32,
            Int::I64,
            Int::Safe,
        ]);
        let (mut min, mut max) = (None, None);
        if self.rng.one_in(3) {
            let signed = matches!(int, Int::I8 | Int::I16 | Int::I32 | Int::I64 | Int::Safe);
            let low = self.rng.below(100) as i128 - if signed { 50 } else { 0 };
            min = Some(low);
            max = self.rng.one_in(2).then(|| low + self.rng.below(20) as i128);
            if self.rng.one_in(4) {
                (min, max) = (Some(int.range().0), Some(int.range().1));
            }
        }
        Type::Int { int, min, max }
    }

    fn float(&mut self) -> Type {
        let float = if self.rng.one_in(2) { Float::F32 } else { Float::F64 };
        let limited = self.rng.one_in(3);
        let min = limited.then_some(-1.5);
        Type::Float { float, min, max: (limited && self.rng.one_in(2)).then_some(2.5) }
    }
}
