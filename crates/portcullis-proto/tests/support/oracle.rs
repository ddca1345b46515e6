//! Judges a body by `docs/protocol.md`, section 2, with nothing of the codec's own code: slow, plain, and written down
//! a second time, so that a slip in the codec does not hide itself.

use std::sync::LazyLock;

use portcullis_proto::codec::Parts;
use portcullis_proto::schema::{Field, Fields, Float, Int, Number, Schema, Type, TypeBody};

use super::Verdict;

type Fault = (&'static str, Vec<String>);

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
    depth: u32,
    /// The lengths of the body's blobs.
    blobs: Vec<usize>,
    /// How many were referred to.
    blobs_used: usize,
}

/// Whether `body` is one value of `ty`.
pub fn judge<'a>(schema: &Schema, ty: &Type, body: impl Into<Parts<'a>>) -> Verdict {
    let Parts { bytes: body, blobs } = body.into();
    let blobs = blobs.iter().map(|blob| blob.len()).collect();
    let mut reader = Reader { body, at: 0, end: body.len(), depth: 0, blobs, blobs_used: 0 };
    let fault = match value(schema, ty, &mut reader) {
        Ok(()) if reader.at < reader.end => ("trailing_bytes", Vec::new()),
        Ok(()) if reader.blobs_used < reader.blobs.len() => ("bad_blob", Vec::new()),
        Ok(()) => return Ok(()),
        Err(fault) => fault,
    };
    let mut path = String::new();
    for part in fault.1.iter().rev() {
        if !path.is_empty() && !part.starts_with(['[', '{']) {
            path.push('.');
        }
        path.push_str(part);
    }
    Err((fault.0, path))
}

fn fault<T>(kind: &'static str) -> Result<T, Fault> {
    Err((kind, Vec::new()))
}

trait At<T> {
    fn at(self, part: impl FnOnce() -> String) -> Result<T, Fault>;
}

impl<T> At<T> for Result<T, Fault> {
    fn at(self, part: impl FnOnce() -> String) -> Self {
        self.map_err(|(kind, mut path)| {
            path.push(part());
            (kind, path)
        })
    }
}

impl<'a> Reader<'a> {
    fn left(&self) -> usize {
        self.end - self.at
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        if count > self.left() {
            return fault("truncated");
        }
        self.at += count;
        Ok(&self.body[self.at - count..self.at])
    }

    /// Number `n` of a varint's bytes holds bits from `7 n` on: one that lies wholly beyond the width, or any bit
    /// beyond 64, overflows at once; then comes the shortest form, then the width.
    fn varint(&mut self, bits: u32) -> Result<u64, Fault> {
        let mut value: u128 = 0;
        for n in 0.. {
            let byte = self.take(1)?[0];
            let part = u128::from(byte & 0x7f) << (7 * n);
            if (n > 0 && 7 * n >= bits) || part >> 64 != 0 {
                return fault("integer_overflow");
            }
            value |= part;
            if byte & 0x80 == 0 {
                if n > 0 && byte == 0 {
                    return fault("overlong_varint");
                }
                break;
            }
        }
        if value >> bits != 0 { fault("integer_overflow") } else { Ok(value as u64) }
    }

    fn count(&mut self, each: u128) -> Result<usize, Fault> {
        let count = self.varint(64)?;
        if u128::from(count) * each > self.left() as u128 {
            return fault("truncated");
        }
        Ok(count as usize)
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        match self.take(1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => fault("bad_bool"),
        }
    }

    fn level(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth == 64 {
            return fault("too_deep");
        }
        self.depth += 1;
        read(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// A part with its byte count, which must be used up.
    fn sized(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let count = self.count(1)?;
        let end = std::mem::replace(&mut self.end, self.at + count);
        read(self)?;
        if self.at != self.end {
            return fault("trailing_bytes");
        }
        self.end = end;
        Ok(())
    }

    /// The length of the next blob. Contracts have none in a part that may be passed over.
    fn blob(&mut self) -> Result<usize, Fault> {
        let place = self.varint(32)?;
        match self.blobs.get(self.blobs_used) {
            Some(length) if place == self.blobs_used as u64 => {
                self.blobs_used += 1;
                Ok(*length)
            }
            _ => fault("bad_blob"),
        }
    }

    fn text(&mut self, min: Option<u32>, max: Option<u32>) -> Result<&'a str, Fault> {
        let count = self.count(1)?;
        length(count, min, max)?;
        std::str::from_utf8(self.take(count)?).or(fault("bad_utf8"))
    }
}

fn length(count: usize, min: Option<u32>, max: Option<u32>) -> Result<(), Fault> {
    if min.is_some_and(|min| count < min as usize) {
        return fault("too_short");
    }
    if max.is_some_and(|max| count > max as usize) {
        return fault("too_long");
    }
    Ok(())
}

/// The fewest bytes of a value; far beyond any body stands for a type that holds itself.
pub fn least(schema: &Schema, ty: &Type, depth: u32) -> u128 {
    if depth > 200 {
        return 1 << 60;
    }
    let of = |ty: &Type| least(schema, ty, depth + 1);
    match ty {
        Type::Unit => 0,
        Type::Float { float: Float::F32, .. } => 4,
        Type::Float { float: Float::F64, .. } => 8,
        Type::Uuid => 16,
        Type::Array { item, len } => of(item) * u128::from(*len),
        Type::Tuple(types) => types.iter().map(of).sum(),
        Type::Named(name) => match &schema.types[name].body {
            TypeBody::Struct(fields) => fields.iter().map(|field| of(&field.ty)).sum(),
            TypeBody::Tuple(types) => types.iter().map(of).sum(),
            TypeBody::FlexibleEnum(_) => 2,
            TypeBody::Enum(_) | TypeBody::Table(_) => 1,
        },
        _ => 1,
    }
}

fn value(schema: &Schema, ty: &Type, input: &mut Reader<'_>) -> Result<(), Fault> {
    match ty {
        Type::Unit => Ok(()),
        Type::Bool => input.flag().map(drop),
        Type::Int { int, min, max } => {
            let value = integer(*int, input)?;
            let safe = i128::from((1_u64 << 53) - 1);
            let (least, most) =
                if *int == Int::Safe { (-safe, safe) } else { (i128::MIN, i128::MAX) };
            if value < min.unwrap_or(least).max(least) || value > max.unwrap_or(most).min(most) {
                return fault("out_of_range");
            }
            Ok(())
        }
        Type::Float { float, min, max } => {
            let (value, canonical) = match float {
                Float::F32 => {
                    let bytes = input.take(4)?;
                    let value = f32::from_le_bytes(bytes.try_into().expect("four"));
                    (f64::from(value), bytes == [0, 0, 0xc0, 0x7f])
                }
                Float::F64 => {
                    let bytes = input.take(8)?;
                    let value = f64::from_le_bytes(bytes.try_into().expect("eight"));
                    (value, bytes == [0, 0, 0, 0, 0, 0, 0xf8, 0x7f])
                }
            };
            if value.is_nan() && !canonical {
                return fault("bad_nan");
            }
            let limited = min.is_some() || max.is_some();
            let below = min.is_some_and(|min| value < min);
            if below || max.is_some_and(|max| value > max) || (limited && value.is_nan()) {
                return fault("out_of_range");
            }
            Ok(())
        }
        Type::String { min, max } => input.text(*min, *max).map(drop),
        Type::Bytes { min, max } => {
            let count = input.count(1)?;
            length(count, *min, *max)?;
            input.take(count).map(drop)
        }
        Type::Blob { min, max } => length(input.blob()?, *min, *max),
        Type::TypedArray { item, min, max } => {
            let bytes = input.blob()?;
            let size = match item {
                Number::I8 => 1,
                Number::I16 | Number::U16 => 2,
                Number::I32 | Number::U32 | Number::F32 => 4,
                Number::I64 | Number::U64 | Number::F64 => 8,
            };
            if !bytes.is_multiple_of(size) {
                return fault("truncated");
            }
            length(bytes / size, *min, *max)
        }
        Type::Option(inner) => {
            if input.flag()? {
                value(schema, inner, input)
            } else {
                Ok(())
            }
        }
        Type::List { item, min, max } => {
            let count = input.count(least(schema, item, 0))?;
            length(count, *min, *max)?;
            (0..count).try_for_each(|n| value(schema, item, input).at(|| format!("[{n}]")))
        }
        Type::Array { item, len } => {
            if (input.left() as u128) < least(schema, ty, 0) {
                return fault("truncated");
            }
            (0..*len).try_for_each(|n| value(schema, item, input).at(|| format!("[{n}]")))
        }
        Type::Map { key, value: entry, min, max } => {
            let count = input.count(least(schema, key, 0) + least(schema, entry, 0))?;
            length(count, *min, *max)?;
            let mut last: Option<Vec<u8>> = None;
            for n in 0..count {
                let start = input.at;
                value(schema, key, input).at(|| format!("{{key {n}}}"))?;
                let bytes = input.body[start..input.at].to_vec();
                if last.is_some_and(|last| last >= bytes) {
                    return fault("map_order").at(|| format!("{{key {n}}}"));
                }
                last = Some(bytes);
                value(schema, entry, input).at(|| format!("{{{n}}}"))?;
            }
            Ok(())
        }
        Type::Tuple(types) => numbered(schema, types, input),
        Type::Timestamp => value(schema, &Type::int(Int::Safe), input),
        Type::Duration => {
            if input.varint(64)? >= 1 << 53 {
                fault("out_of_range")
            } else {
                Ok(())
            }
        }
        Type::Uuid => input.take(16).map(drop),
        Type::Json => {
            let text = input.text(None, None)?;
            // Another implementation of JSON; its limit of nesting is higher, so that is counted here.
            let good = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            if good && json_depth(text) <= 64 { Ok(()) } else { fault("bad_json") }
        }
        Type::Url => {
            let text = input.text(None, None)?;
            if is_url(text) { Ok(()) } else { fault("bad_url") }
        }
        Type::Named(name) => named(schema, &schema.types[name].body, input),
    }
}

fn integer(int: Int, input: &mut Reader<'_>) -> Result<i128, Fault> {
    let mut signed = |bits| -> Result<i128, Fault> {
        let value = i128::from(input.varint(bits)?);
        Ok(if value % 2 == 0 { value / 2 } else { -(value + 1) / 2 })
    };
    match int {
        Int::I16 => signed(16),
        Int::I32 => signed(32),
        Int::I64 | Int::Safe => signed(64),
        Int::U8 => input.take(1).map(|bytes| bytes[0].into()),
        Int::I8 => input.take(1).map(|bytes| (bytes[0] as i8).into()),
        Int::U16 => input.varint(16).map(i128::from),
        Int::U32 => input.varint(32).map(i128::from),
        Int::U64 => input.varint(64).map(i128::from),
    }
}

fn named(schema: &Schema, body: &TypeBody, input: &mut Reader<'_>) -> Result<(), Fault> {
    match body {
        TypeBody::Struct(fields) => input.level(|input| all(schema, fields, input)),
        // A newtype is its field, in paths too, but a level of its own.
        TypeBody::Tuple(types) if types.len() == 1 => {
            input.level(|input| value(schema, &types[0], input))
        }
        TypeBody::Tuple(types) => input.level(|input| numbered(schema, types, input)),
        TypeBody::Table(fields) => input.level(|input| {
            let mut last = 0;
            for _ in 0..input.count(2)? {
                let number = input.varint(32)? as u32;
                if number <= last {
                    return fault("table_order");
                }
                last = number;
                match fields.iter().find(|field| field.number == number) {
                    Some(field) => input
                        .sized(|input| value(schema, &field.ty, input))
                        .at(|| field.name.clone())?,
                    None => {
                        let count = input.count(1)?;
                        input.take(count)?;
                    }
                }
            }
            Ok(())
        }),
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
            let flexible = matches!(body, TypeBody::FlexibleEnum(_));
            let tag = input.varint(32)? as u32;
            let Some(variant) = variants.iter().find(|variant| variant.tag == tag) else {
                if !flexible {
                    return fault("unknown_tag");
                }
                let count = input.count(1)?;
                return input.take(count).map(drop);
            };
            let fields = |input: &mut Reader<'_>| match &variant.fields {
                Fields::Unit => Ok(()),
                Fields::Tuple(types) => input.level(|input| numbered(schema, types, input)),
                Fields::Struct(fields) => input.level(|input| all(schema, fields, input)),
            };
            let read = if flexible { input.sized(fields) } else { fields(input) };
            read.at(|| variant.name.clone())
        }
    }
}

fn all(schema: &Schema, fields: &[Field], input: &mut Reader<'_>) -> Result<(), Fault> {
    fields.iter().try_for_each(|field| value(schema, &field.ty, input).at(|| field.name.clone()))
}

fn numbered(schema: &Schema, types: &[Type], input: &mut Reader<'_>) -> Result<(), Fault> {
    types.iter().enumerate().try_for_each(|(n, ty)| value(schema, ty, input).at(|| n.to_string()))
}

/// Whether this build parses URLs; one without a URL library promises less, and takes this text.
static PARSES_URLS: LazyLock<bool> = LazyLock::new(|| {
    let (plan, root) = super::plan_of(Type::Url, []);
    plan.validate(root, b"\x10http://localhost").is_err()
});

fn is_url(text: &str) -> bool {
    if *PARSES_URLS {
        return url::Url::parse(text).is_ok_and(|url| url.as_str() == text);
    }
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(inner)
        && text.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}

/// How deep brackets nest outside of strings, in a text that is JSON.
fn json_depth(text: &str) -> usize {
    let (mut depth, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => {
                depth += 1;
                most = most.max(depth);
            }
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    most
}
