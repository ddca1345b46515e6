//! One fault at one place of a value: everything around it is valid, so that it is found by the rule that it breaks. What
//! the validator says of it decides; a fault may land where nobody looks (an unknown field), and is none then.

use portcullis_proto::codec::{Blob, Body, Encoder, SAFE_INT_MAX};
use portcullis_proto::schema::{Fields, Float, Int, Schema, Type, TypeBody};

use crate::support::{Rng, valid};

/// Below this many types in one another a fault may stand deeper.
const LEVELS: usize = 12;

/// The longest text, list or blob that is made to be too long.
const TOO_LONG_MAX: u32 = 70_000;

/// Appends values of `types`, one of them with a fault, and their blobs.
pub(super) fn sequence(schema: &Schema, types: &[&Type], rng: &mut Rng, out: &mut Body) {
    Faulty { schema, rng, blobs: &mut out.blobs }.sequence(types, 0, &mut out.bytes);
}

struct Faulty<'a> {
    schema: &'a Schema,
    rng: &'a mut Rng,
    blobs: &'a mut Vec<Blob>,
}

impl Faulty<'_> {
    fn valid(&mut self, ty: &Type, out: &mut Vec<u8>) {
        valid::value_with_blobs(self.schema, ty, self.rng, self.blobs, out);
    }

    fn value(&mut self, ty: &Type, level: usize, out: &mut Vec<u8>) {
        let deeper = level < LEVELS && !self.rng.one_in(4);
        match ty {
            Type::Unit => out.push(0),
            Type::Bool => out.push(self.rng.below(254) as u8 + 2),
            Type::Int { int, min, max } => self.int(*int, *min, *max, out),
            Type::Float { float, max, .. } => self.float(*float, *max, out),
            Type::String { min, max } => self.text(*min, *max, out),
            Type::Bytes { min, max } => self.counted(*min, *max, out, |_, out| out.push(7)),
            Type::Blob { min, max } => self.blob(*min, *max, out),
            Type::TypedArray { item, min, max } => {
                let bytes = |items: &Option<u32>| items.map(|items| items * item.size() as u32);
                self.blob(bytes(min), bytes(max), out);
            }
            Type::Option(inner) if deeper => {
                out.push(1);
                self.value(inner, level + 1, out);
            }
            Type::Option(_) => out.push(self.rng.below(254) as u8 + 2),
            Type::List { item, min, .. } if deeper => {
                let count = min.unwrap_or(0).clamp(1, 64) as usize;
                Encoder::new(out).count(count);
                self.among(&vec![item.as_ref(); count], level, out);
            }
            Type::List { item, min, max } => {
                self.counted(*min, *max, out, |this, out| this.valid(item, out));
            }
            Type::Array { item, len } => {
                let items = vec![item.as_ref(); *len as usize];
                self.sequence(&items, level, out);
            }
            Type::Map { key, value, .. } if deeper => {
                Encoder::new(out).count(1);
                self.among(&[key, value], level, out);
            }
            Type::Map { key, value, .. } => {
                // The same key twice, or two that do not ascend.
                let (mut one, mut two) = (Vec::new(), Vec::new());
                self.valid(key, &mut one);
                self.valid(key, &mut two);
                let second = if self.rng.one_in(2) { one.clone() } else { two.clone() };
                let (first, second) = if one < second { (second, one) } else { (one, second) };
                Encoder::new(out).count(2);
                out.extend(first);
                self.valid(value, out);
                out.extend(second);
                self.valid(value, out);
            }
            Type::Tuple(types) => self.sequence(&types.iter().collect::<Vec<_>>(), level, out),
            Type::Timestamp => Encoder::new(out).signed(SAFE_INT_MAX + 1),
            Type::Duration => Encoder::new(out).varint(SAFE_INT_MAX as u64 + 1),
            Type::Uuid => out.extend(self.rng.bytes(15)),
            Type::Json => {
                let deep = "[".repeat(65) + &"]".repeat(65);
                let text = *self.rng.pick(&["", "{", "[1,]", "nul", "\"\u{1}\"", "01", &deep]);
                Encoder::new(out).string(text);
            }
            Type::Url => {
                let text = *self.rng.pick(&["", "/path", "no url", "http://", ":"]);
                Encoder::new(out).string(text);
            }
            Type::Named(name) => {
                let schema = self.schema;
                match schema.types.get(name) {
                    Some(named) => self.body(&named.body, level + 1, out),
                    None => out.push(0),
                }
            }
        }
    }

    /// A fault in one of them.
    fn among(&mut self, types: &[&Type], level: usize, out: &mut Vec<u8>) {
        let at = self.rng.below(types.len().max(1));
        for (place, ty) in types.iter().enumerate() {
            if place == at { self.value(ty, level + 1, out) } else { self.valid(ty, out) }
        }
    }

    /// A fault in one of them, or one too few or too many.
    fn sequence(&mut self, types: &[&Type], level: usize, out: &mut Vec<u8>) {
        if types.is_empty() || self.rng.one_in(6) {
            types.iter().for_each(|ty| self.valid(ty, out));
            if self.rng.one_in(2) || out.is_empty() {
                out.push(self.rng.draw() as u8);
            } else {
                out.pop();
            }
            return;
        }
        self.among(types, level, out);
    }

    fn body(&mut self, body: &TypeBody, level: usize, out: &mut Vec<u8>) {
        match body {
            TypeBody::Struct(fields) => {
                let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
                self.sequence(&types, level, out);
            }
            TypeBody::Tuple(types) => self.sequence(&types.iter().collect::<Vec<_>>(), level, out),
            TypeBody::Table(fields) => {
                let Some(first) = fields.first() else { return out.push(1) };
                let field = if self.rng.one_in(2) { self.rng.pick(fields) } else { first };
                let mut part = Vec::new();
                let fault = self.rng.below(5);
                if fault == 0 {
                    self.value(&field.ty, level, &mut part);
                } else {
                    self.valid(&field.ty, &mut part);
                }
                let mut encoder = Encoder::new(out);
                encoder.count(if fault == 1 { 2 } else { 1 });
                // Numbers begin with 1.
                encoder.varint(if fault == 2 { 0 } else { field.number.into() });
                match fault {
                    3 => encoder.count(part.len() + 1),
                    4 => encoder.count(part.len().saturating_sub(1)),
                    _ => encoder.count(part.len()),
                }
                encoder.raw(&part);
                if fault == 1 {
                    // The same number again.
                    encoder.varint(field.number.into());
                    encoder.bytes(&part);
                }
            }
            TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
                let flexible = matches!(body, TypeBody::FlexibleEnum(_));
                if variants.is_empty() || self.rng.one_in(3) {
                    let most = variants.iter().map(|variant| variant.tag).max().unwrap_or(0);
                    Encoder::new(out).varint(u64::from(most) + 1 + self.rng.below(9) as u64);
                    if flexible {
                        // More bytes than there are.
                        Encoder::new(out).count(9);
                    }
                    return;
                }
                let variant = self.rng.pick(variants);
                let mut part = Vec::new();
                let types: Vec<&Type> = match &variant.fields {
                    Fields::Unit => Vec::new(),
                    Fields::Tuple(types) => types.iter().collect(),
                    Fields::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
                };
                self.sequence(&types, level, &mut part);
                let mut encoder = Encoder::new(out);
                encoder.varint(variant.tag.into());
                if flexible {
                    encoder.bytes(&part);
                } else {
                    encoder.raw(&part);
                }
            }
        }
    }

    fn int(&mut self, int: Int, min: Option<i128>, max: Option<i128>, out: &mut Vec<u8>) {
        let (least, most) = int.range();
        let beyond = match (min, max) {
            (_, Some(max)) if max < most && self.rng.one_in(2) => Some(max + 1),
            (Some(min), _) if min > least => Some(min - 1),
            _ => None,
        };
        match (int, beyond) {
            (Int::U8 | Int::I8, Some(value)) => out.push(value as u8),
            // Every byte is one: there must be none.
            (Int::U8 | Int::I8, None) => {}
            (Int::U16 | Int::U32 | Int::U64, Some(value)) if self.rng.one_in(2) => {
                Encoder::new(out).varint(value as u64);
            }
            (Int::I16 | Int::I32 | Int::I64 | Int::Safe, Some(value)) if self.rng.one_in(2) => {
                Encoder::new(out).signed(value as i64);
            }
            _ => match self.rng.below(4) {
                // Overlong, wider than its type, without an end.
                0 => out.extend([0x80, 0]),
                1 => out.extend([0xff; 9].into_iter().chain([0x7f])),
                2 => out.extend([0x80; 12]),
                _ => out.push(0x80),
            },
        }
    }

    fn float(&mut self, float: Float, max: Option<f64>, out: &mut Vec<u8>) {
        let value = match max {
            Some(max) if self.rng.one_in(2) => max * 2.0 + 1.0,
            Some(_) if self.rng.one_in(2) => f64::INFINITY,
            _ => f64::from_bits(0x7ff8_0000_0000_0001),
        };
        match float {
            Float::F32 if value.is_nan() => out.extend(0xffc0_0001_u32.to_le_bytes()),
            Float::F32 => out.extend((value as f32).to_le_bytes()),
            Float::F64 => out.extend(value.to_bits().to_le_bytes()),
        }
    }

    /// A place that is not the next one, a blob that does not come, or one of a length that may not be.
    fn blob(&mut self, min: Option<u32>, max: Option<u32>, out: &mut Vec<u8>) {
        let next = self.blobs.len();
        let length = match (min, max) {
            (_, Some(max)) if max < TOO_LONG_MAX && self.rng.one_in(2) => Some(max + 1),
            (Some(min @ 1..), _) if self.rng.one_in(2) => Some(min - 1),
            _ => None,
        };
        if let Some(length) = length {
            Encoder::new(out).count(next);
            self.blobs.push(vec![7; length as usize].into());
            return;
        }
        let place = match self.rng.below(5) {
            0 => u64::from(u32::MAX),
            // Before it, behind it, and the right one, whose bytes do not come.
            1 => next.saturating_sub(1) as u64,
            2 => next as u64 + 1,
            3 => return Encoder::new(out).count(next),
            _ => u64::MAX,
        };
        self.blobs.push(Blob::from(vec![7]));
        Encoder::new(out).varint(place);
    }

    fn text(&mut self, min: Option<u32>, max: Option<u32>, out: &mut Vec<u8>) {
        if self.rng.one_in(2) {
            let bad: [&[u8]; 5] =
                [b"\xc3(", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"];
            let bytes = *self.rng.pick(&bad[..]);
            return Encoder::new(out).bytes(bytes);
        }
        self.counted(min, max, out, |_, out| out.push(b'x'));
    }

    /// A count that cannot be, or that is beyond what is declared.
    fn counted(
        &mut self,
        min: Option<u32>,
        max: Option<u32>,
        out: &mut Vec<u8>,
        mut item: impl FnMut(&mut Self, &mut Vec<u8>),
    ) {
        let count = match (min, max) {
            (_, Some(max)) if max < TOO_LONG_MAX && self.rng.one_in(2) => max + 1,
            (Some(min @ 1..), _) if self.rng.one_in(2) => min - 1,
            _ => {
                let count = *self.rng.pick(&[u64::from(u32::MAX), u64::MAX, 1 << 40, 1000]);
                return Encoder::new(out).varint(count);
            }
        };
        Encoder::new(out).count(count as usize);
        for _ in 0..count {
            item(self, out);
        }
    }
}
