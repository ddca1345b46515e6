//! Valid bodies of any type of a schema, with their blobs, from a seed.

use portcullis_proto::codec::{BLOBS_MAX, Blob, Body, Encoder, SAFE_INT_MAX};
use portcullis_proto::schema::{Fields, Float, Int, Schema, Type, TypeBody};

use super::Rng;

/// Below this many types in one another, values grow at random; beyond, they take their smallest form.
const LEVELS: usize = 7;
/// After this many values, those that are left take their smallest form too.
const FUEL: usize = 300;

const TEXTS: &[&str] =
    &["", "a", "left", "Ünïcödé", "\u{0}", "日本語", "a longer text of 36 bytes, in ASCII", "🦀"];
const JSONS: &[&str] =
    &["null", "[1,2,{\"a\":[]}]", "{\"k\":\"\\u00e9\"}", " -0.5e+10 ", "\"x\"", "[[[[true]]]]"];
const URLS: &[&str] =
    &["http://localhost/", "https://example.org/a?b=c#d", "file:///tmp/x", "data:text/plain,x"];

/// Appends a valid value of `ty`. The bytes of its blobs are lost.
pub fn value(schema: &Schema, ty: &Type, rng: &mut Rng, out: &mut Vec<u8>) {
    Valid { schema, rng, fuel: FUEL, unknown: true, blobs: Vec::new() }.value(ty, 0, out);
}

/// Appends a valid value of `ty`, and its blobs to those that stand before it in the body.
pub fn value_with_blobs(
    schema: &Schema,
    ty: &Type,
    rng: &mut Rng,
    blobs: &mut Vec<Blob>,
    out: &mut Vec<u8>,
) {
    let mut valid = Valid { schema, rng, fuel: FUEL, unknown: true, blobs: std::mem::take(blobs) };
    valid.value(ty, 0, out);
    *blobs = valid.blobs;
}

/// The body of a valid value of `ty`.
pub fn body(schema: &Schema, ty: &Type, rng: &mut Rng) -> Body {
    Valid { schema, rng, fuel: FUEL, unknown: true, blobs: Vec::new() }.whole(ty)
}

/// The same without unknown fields and variants: what a program of this very schema can write.
pub fn own_body(schema: &Schema, ty: &Type, rng: &mut Rng) -> Body {
    Valid { schema, rng, fuel: FUEL, unknown: false, blobs: Vec::new() }.whole(ty)
}

struct Valid<'a> {
    schema: &'a Schema,
    rng: &'a mut Rng,
    fuel: usize,
    /// Whether there may be parts that only a later version of the schema would know.
    unknown: bool,
    /// The blobs so far.
    blobs: Vec<Blob>,
}

impl Valid<'_> {
    /// A body whose blobs fit into one message.
    fn whole(mut self, ty: &Type) -> Body {
        for _ in 0..1000 {
            let mut bytes = Vec::new();
            self.value(ty, 0, &mut bytes);
            if self.blobs.len() <= BLOBS_MAX {
                return Body { bytes, blobs: self.blobs };
            }
            (self.fuel, self.blobs) = (FUEL, Vec::new());
        }
        panic!("every value has more than {BLOBS_MAX} blobs");
    }

    /// The place of a blob of so many bytes.
    fn blob(&mut self, bytes: usize, out: &mut Vec<u8>) {
        Encoder::new(out).count(self.blobs.len());
        self.blobs.push(self.rng.bytes(bytes).into());
    }

    fn value(&mut self, ty: &Type, level: usize, out: &mut Vec<u8>) {
        self.fuel = self.fuel.saturating_sub(1);
        let level = if self.fuel == 0 { level.max(LEVELS) } else { level };
        match ty {
            Type::Unit => {}
            Type::Bool => out.push(self.rng.below(2) as u8),
            Type::Int { int, min, max } => self.int(*int, *min, *max, out),
            Type::Float { float, min, max } => self.float(*float, *min, *max, out),
            Type::String { min, max } => {
                let text = self.text(*min, *max);
                Encoder::new(out).string(&text);
            }
            Type::Bytes { min, max } => {
                let count = self.count(*min, *max, level);
                let bytes = self.rng.bytes(count);
                Encoder::new(out).bytes(&bytes);
            }
            Type::Blob { min, max } => {
                let count = self.count(*min, *max, level);
                self.blob(count, out);
            }
            Type::TypedArray { item, min, max } => {
                let count = self.count(*min, *max, level);
                self.blob(count * item.size(), out);
            }
            Type::Option(inner) => {
                let some = level < LEVELS && !self.rng.one_in(3);
                out.push(u8::from(some));
                if some {
                    self.value(inner, level + 1, out);
                }
            }
            Type::List { item, min, max } => {
                let count = self.count(*min, *max, level);
                Encoder::new(out).count(count);
                (0..count).for_each(|_| self.value(item, level + 1, out));
            }
            Type::Array { item, len } => {
                (0..*len).for_each(|_| self.value(item, level + 1, out));
            }
            Type::Map { key, value, min, max } => {
                let count = self.count(*min, *max, level);
                let mut entries = std::collections::BTreeMap::new();
                // Few values of a small key type differ: a map may stay shorter than was drawn.
                for _ in 0..count.saturating_mul(8) {
                    if entries.len() == count {
                        break;
                    }
                    let (mut k, mut v) = (Vec::new(), Vec::new());
                    self.value(key, level + 1, &mut k);
                    self.value(value, level + 1, &mut v);
                    entries.insert(k, v);
                }
                Encoder::new(out).count(entries.len());
                entries.into_iter().for_each(|(k, v)| out.extend([k, v].concat()));
            }
            Type::Tuple(types) => types.iter().for_each(|ty| self.value(ty, level + 1, out)),
            Type::Timestamp => self.int(Int::Safe, None, None, out),
            Type::Duration => {
                let max = i128::from(SAFE_INT_MAX);
                self.int(Int::U64, Some(0), Some(max), out);
            }
            Type::Uuid => out.extend(self.rng.bytes(16)),
            Type::Json => Encoder::new(out).string(JSONS[self.rng.below(JSONS.len())]),
            Type::Url => Encoder::new(out).string(URLS[self.rng.below(URLS.len())]),
            Type::Named(name) => {
                let schema = self.schema;
                self.body(&schema.types[name].body, level + 1, out);
            }
        }
    }

    fn body(&mut self, body: &TypeBody, level: usize, out: &mut Vec<u8>) {
        match body {
            TypeBody::Struct(fields) => {
                fields.iter().for_each(|field| self.value(&field.ty, level, out));
            }
            TypeBody::Tuple(types) => types.iter().for_each(|ty| self.value(ty, level, out)),
            TypeBody::Table(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_by_key(|field| field.number);
                let mut parts = Vec::new();
                let mut next = 1;
                for field in sorted {
                    self.unknown_fields(next..field.number, level, &mut parts);
                    next = field.number.saturating_add(1);
                    if level < LEVELS && !self.rng.one_in(3) {
                        let mut part = Vec::new();
                        self.value(&field.ty, level + 1, &mut part);
                        parts.push((field.number, part));
                    }
                }
                self.unknown_fields(next..next.saturating_add(2), level, &mut parts);
                let mut encoder = Encoder::new(out);
                encoder.count(parts.len());
                for (number, part) in parts {
                    encoder.varint(u64::from(number));
                    encoder.bytes(&part);
                }
            }
            TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
                let flexible = matches!(body, TypeBody::FlexibleEnum(_));
                let mut encoder = Encoder::new(out);
                if self.unknown && flexible && self.rng.one_in(8) {
                    let most = variants.iter().map(|variant| variant.tag).max().unwrap_or(0);
                    if let Some(tag) = most.checked_add(1) {
                        let count = self.rng.below(5);
                        encoder.varint(u64::from(tag));
                        encoder.bytes(&self.rng.bytes(count));
                        return;
                    }
                }
                let plain = variants.iter().find(|variant| variant.fields == Fields::Unit);
                let variant = match plain {
                    Some(plain) if level >= LEVELS => plain,
                    // By agreement of all test types, the first variant does not recurse.
                    _ if level >= LEVELS => &variants[0],
                    _ => self.rng.pick(variants),
                };
                encoder.varint(u64::from(variant.tag));
                let mut part = Vec::new();
                match &variant.fields {
                    Fields::Unit => {}
                    Fields::Tuple(types) => {
                        types.iter().for_each(|ty| self.value(ty, level + 1, &mut part));
                    }
                    Fields::Struct(fields) => {
                        fields.iter().for_each(|field| self.value(&field.ty, level + 1, &mut part));
                    }
                }
                if flexible {
                    encoder.bytes(&part);
                } else {
                    encoder.raw(&part);
                }
            }
        }
    }

    fn unknown_fields(
        &mut self,
        free: std::ops::Range<u32>,
        level: usize,
        parts: &mut Vec<(u32, Vec<u8>)>,
    ) {
        if self.unknown && level < LEVELS && !free.is_empty() && self.rng.one_in(8) {
            let count = self.rng.below(4);
            parts.push((free.start, self.rng.bytes(count)));
        }
    }

    fn count(&mut self, min: Option<u32>, max: Option<u32>, level: usize) -> usize {
        let min = min.unwrap_or(0) as usize;
        let most = if level < LEVELS { min.saturating_add(5 - level.min(4)) } else { min };
        let max = most.min(max.map_or(usize::MAX, |max| max as usize)).max(min);
        min + self.rng.below(max - min + 1)
    }

    fn text(&mut self, min: Option<u32>, max: Option<u32>) -> String {
        let (min, max) = (min.unwrap_or(0) as usize, max.map_or(usize::MAX, |max| max as usize));
        let text = *self.rng.pick(TEXTS);
        if (min..=max).contains(&text.len()) {
            return text.to_owned();
        }
        let most = max.min(min.saturating_add(20));
        "x".repeat(min + self.rng.below(most - min + 1))
    }

    fn int(&mut self, int: Int, min: Option<i128>, max: Option<i128>, out: &mut Vec<u8>) {
        let (least, most) = int.range();
        let (min, max) = (min.unwrap_or(least), max.unwrap_or(most));
        let value = match self.rng.below(6) {
            0 => min,
            1 => max,
            2 => min + (max - min).min(1),
            3 if (min..=max).contains(&0) => 0,
            4 => min + (max - min).min(self.rng.below(300) as i128),
            _ => min + i128::from(self.rng.draw()) % (max - min + 1),
        };
        let mut encoder = Encoder::new(out);
        match int {
            Int::U8 | Int::I8 => encoder.byte(value as u8),
            Int::U16 | Int::U32 | Int::U64 => encoder.varint(value as u64),
            _ => encoder.signed(value as i64),
        }
    }

    fn float(&mut self, float: Float, min: Option<f64>, max: Option<f64>, out: &mut Vec<u8>) {
        let value = match (min, max) {
            (None, None) => {
                *self.rng.pick(&[0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, -1e300, 5e-324])
            }
            (min, max) => {
                let (min, max) = (min.unwrap_or(-1e30), max.unwrap_or(1e30));
                *self.rng.pick(&[min, max, min / 2.0 + max / 2.0])
            }
        };
        match float {
            Float::F32 if value.is_nan() => out.extend(0x7fc0_0000_u32.to_le_bytes()),
            Float::F32 => out.extend((value as f32).to_le_bytes()),
            Float::F64 if value.is_nan() => out.extend(0x7ff8_0000_0000_0000_u64.to_le_bytes()),
            Float::F64 => out.extend(value.to_le_bytes()),
        }
    }
}
