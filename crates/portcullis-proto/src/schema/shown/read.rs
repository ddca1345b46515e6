//! Walks a body along the schema's own types. Every loop uses up bytes or ends. What values without parts are written as is
//! left to [`super::leaf`].

use crate::codec::{CodecError, DEPTH_MAX, Decoder, ErrorKind, Uuid};
use crate::schema::{Field, Fields, Float, Int, Schema, Type, TypeBody, Variant};
use crate::text::beginning;

use super::write::Out;
use super::{Excerpt, SHOWN_TEXT_BYTES_MAX};

/// How deep types are followed, those without a level of nesting of their own (options, lists) included: what bounds the
/// stack. What is deeper ends the text.
const LEVELS_MAX: u32 = DEPTH_MAX.saturating_mul(3);
/// Named types that stand for one another, at most: what a key is comes from the schema alone.
const NEWTYPES_MAX: u32 = 16;

/// Why nothing more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text is as long as it may be.
    Full,
    /// The body is no value of its type.
    Broken(ErrorKind),
}

impl From<CodecError> for Stop {
    fn from(error: CodecError) -> Self {
        Self::Broken(error.kind())
    }
}

const SCHEMA: Stop = Stop::Broken(ErrorKind::BadValue);

/// Bytes of the body that have a length.
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    /// How many there should be.
    pub(super) length: u64,
}

impl Part<'_> {
    /// Fails unless all of it is there.
    pub(super) fn whole(&self) -> Result<(), Stop> {
        if self.bytes.len() as u64 == self.length {
            return Ok(());
        }
        Err(Stop::Broken(ErrorKind::Truncated))
    }
}

/// Reads one body.
pub(super) struct Reader<'a, 'o> {
    schema: &'a Schema,
    pub(super) input: Decoder<'a>,
    /// The lengths of the blobs that nothing has referred to yet.
    pub(super) blobs: &'a [u32],
    pub(super) blobs_used: u64,
    depth: u32,
    levels: u32,
    pub(super) out: &'o mut Out,
}

impl<'a, 'o> Reader<'a, 'o> {
    pub(super) fn new(schema: &'a Schema, body: Excerpt<'a>, out: &'o mut Out) -> Self {
        let input = Decoder::new(body.bytes);
        Self { schema, input, blobs: body.blobs, blobs_used: 0, depth: 0, levels: 0, out }
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), Stop> {
        if self.input.remaining() > 0 {
            return Err(Stop::Broken(ErrorKind::TrailingBytes));
        }
        if self.blobs.is_empty() { Ok(()) } else { Err(Stop::Broken(ErrorKind::BadBlob)) }
    }

    /// A value of `ty`.
    pub(super) fn value(&mut self, ty: &'a Type) -> Result<(), Stop> {
        if self.levels >= LEVELS_MAX {
            return Err(Stop::Full);
        }
        self.levels = self.levels.saturating_add(1);
        let read = self.typed(ty);
        self.levels = self.levels.saturating_sub(1);
        read
    }

    fn typed(&mut self, ty: &'a Type) -> Result<(), Stop> {
        match ty {
            Type::Unit => self.out.raw("null"),
            Type::Bool => {
                let value = self.input.flag()?;
                self.out.raw(value)
            }
            Type::Int { int, .. } => self.int(*int),
            Type::Float { float: Float::F32, .. } => {
                let value = self.input.f32()?;
                self.float(value.is_finite(), format_args!("{value:?}"), value.into())
            }
            Type::Float { float: Float::F64, .. } => {
                let value = self.input.f64()?;
                self.float(value.is_finite(), format_args!("{value:?}"), value)
            }
            Type::String { .. } | Type::Url => {
                let (text, part) = self.text()?;
                self.string(text, part.length)?;
                part.whole()
            }
            Type::Json => self.json(),
            Type::Bytes { .. } => {
                let length = self.length()?;
                self.bytes(length)
            }
            Type::Blob { .. } => self.blob(),
            Type::TypedArray { item, .. } => self.typed_array(*item),
            Type::Option(inner) => {
                if self.input.flag()? {
                    self.value(inner)
                } else {
                    self.out.raw("null")
                }
            }
            Type::List { item, .. } => {
                let count = self.length()?;
                if is_byte(item) { self.bytes(count) } else { self.items(item, count) }
            }
            Type::Array { item, len } => {
                if is_byte(item) {
                    self.bytes(u64::from(*len))
                } else {
                    self.items(item, u64::from(*len))
                }
            }
            Type::Map { key, value, .. } => self.map(key, value),
            Type::Tuple(types) => self.tuple(types),
            Type::Timestamp => {
                let micros = self.input.signed(64)?;
                self.out.raw(micros)
            }
            Type::Duration => {
                let micros = self.input.varint(64)?;
                self.out.raw(micros)
            }
            Type::Uuid => {
                let uuid = Uuid(self.input.array()?);
                self.out.raw(format_args!("\"{uuid}\""))
            }
            Type::Named(name) => {
                let schema = self.schema;
                let def = schema.types.get(name).ok_or(SCHEMA)?;
                self.named(&def.body)
            }
        }
    }

    fn named(&mut self, body: &'a TypeBody) -> Result<(), Stop> {
        match body {
            TypeBody::Struct(fields) => self.level(|it| it.fields(fields)),
            TypeBody::Tuple(types) => self.level(|it| match types.as_slice() {
                [newtype] => it.value(newtype),
                types => it.tuple(types),
            }),
            TypeBody::Table(fields) => self.level(|it| it.table(fields)),
            TypeBody::Enum(variants) => {
                let tag = self.input.varint(32)?;
                let variant = variants.iter().find(|each| u64::from(each.tag) == tag);
                let variant = variant.ok_or(Stop::Broken(ErrorKind::UnknownTag))?;
                self.variant(variant)
            }
            TypeBody::FlexibleEnum(variants) => {
                let tag = self.input.varint(32)?;
                match variants.iter().find(|each| u64::from(each.tag) == tag) {
                    Some(variant) => self.sized(|it| it.variant(variant)),
                    None => self.unknown_variant(tag),
                }
            }
        }
    }

    /// A level of nesting, as the codec counts them.
    fn level(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.depth >= DEPTH_MAX {
            return Err(Stop::Broken(ErrorKind::TooDeep));
        }
        self.depth = self.depth.saturating_add(1);
        let done = read(self);
        self.depth = self.depth.saturating_sub(1);
        done
    }

    /// An object or an array. Where it would be too deep it is read and not told.
    fn container(
        &mut self,
        with: char,
        read: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.out.has_depth() {
            self.out.open(with)?;
            read(self)?;
            self.out.close();
            return Ok(());
        }
        self.out.raw("{\"$deep\":true}")?;
        self.unseen(read)
    }

    /// Reads what nobody is to see.
    fn unseen(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        self.out.mute();
        let done = read(self);
        self.out.unmute();
        done
    }

    pub(super) fn fields(&mut self, fields: &'a [Field]) -> Result<(), Stop> {
        self.container('{', |it| fields.iter().try_for_each(|field| it.field(field)))
    }

    fn field(&mut self, field: &'a Field) -> Result<(), Stop> {
        self.out.key(&field.name)?;
        if field.secret {
            self.out.raw("{\"$secret\":true}")?;
            return self.unseen(|it| it.value(&field.ty));
        }
        self.value(&field.ty)
    }

    fn tuple(&mut self, types: &'a [Type]) -> Result<(), Stop> {
        self.container('[', |it| types.iter().try_for_each(|ty| it.value(ty)))
    }

    fn table(&mut self, fields: &'a [Field]) -> Result<(), Stop> {
        self.container('{', |it| {
            let (count, mut last, mut unknown) = (it.length()?, 0, 0u64);
            for _ in 0..count {
                let number = it.input.varint(32)?;
                if number <= last {
                    return Err(Stop::Broken(ErrorKind::TableOrder));
                }
                last = number;
                match fields.iter().find(|field| u64::from(field.number) == number) {
                    Some(field) => it.sized(|it| it.field(field))?,
                    None => {
                        // What it is, and whether it is secret, only a newer contract says.
                        unknown = unknown.saturating_add(1);
                        it.part()?.whole()?;
                    }
                }
            }
            if unknown > 0 {
                it.out.key("$unknown")?;
                it.out.raw(unknown)?;
            }
            Ok(())
        })
    }

    fn variant(&mut self, variant: &'a Variant) -> Result<(), Stop> {
        let name = &variant.name;
        match &variant.fields {
            Fields::Unit => self.out.string(name),
            Fields::Tuple(types) => self.level(|it| {
                it.container('{', |it| {
                    it.out.key(name)?;
                    match types.as_slice() {
                        [one] => it.value(one),
                        types => it.tuple(types),
                    }
                })
            }),
            Fields::Struct(fields) => self.level(|it| {
                it.container('{', |it| {
                    it.out.key(name)?;
                    it.fields(fields)
                })
            }),
        }
    }

    fn unknown_variant(&mut self, tag: u64) -> Result<(), Stop> {
        let part = self.part()?;
        self.out.raw(format_args!("{{\"$variant\":{tag},\"$bytes\":{}}}", part.length))?;
        part.whole()
    }

    fn items(&mut self, item: &'a Type, count: u64) -> Result<(), Stop> {
        self.container('[', |it| {
            for _ in 0..count {
                let before = it.input.remaining();
                it.value(item)?;
                // Of items that are nothing there may be any number: the check of schemas refuses them.
                if it.input.remaining() == before {
                    return Err(SCHEMA);
                }
            }
            Ok(())
        })
    }

    fn map(&mut self, key: &'a Type, value: &'a Type) -> Result<(), Stop> {
        let count = self.length()?;
        let by_name = is_text(self.schema, key, 0);
        self.container(if by_name { '{' } else { '[' }, |it| {
            for _ in 0..count {
                let before = it.input.remaining();
                if by_name {
                    let (text, part) = it.text()?;
                    it.out.key(beginning(text, SHOWN_TEXT_BYTES_MAX))?;
                    part.whole()?;
                    it.value(value)?;
                } else {
                    it.container('[', |it| {
                        it.value(key)?;
                        it.value(value)
                    })?;
                }
                if it.input.remaining() == before {
                    return Err(SCHEMA);
                }
            }
            Ok(())
        })
    }

    pub(super) fn length(&mut self) -> Result<u64, Stop> {
        Ok(self.input.varint(64)?)
    }

    /// Bytes with their count, or as many of them as are there.
    pub(super) fn part(&mut self) -> Result<Part<'a>, Stop> {
        let length = self.length()?;
        self.take(length)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<Part<'a>, Stop> {
        let there = usize::try_from(length).unwrap_or(usize::MAX).min(self.input.remaining());
        Ok(Part { bytes: self.input.raw(there)?, length })
    }

    /// A part with its byte count, which `read` must use up.
    fn sized(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        let part = self.part()?;
        let after = std::mem::replace(&mut self.input, Decoder::new(part.bytes));
        // No blob stands in a part that others may pass over.
        let blobs = std::mem::take(&mut self.blobs);
        let read = read(self);
        let left = self.input.remaining();
        (self.input, self.blobs) = (after, blobs);
        read?;
        part.whole()?;
        if left == 0 { Ok(()) } else { Err(Stop::Broken(ErrorKind::TrailingBytes)) }
    }
}

fn is_byte(ty: &Type) -> bool {
    matches!(ty, Type::Int { int: Int::U8, min: None, max: None })
}

/// Whether a map's key is a text, by itself or as a newtype.
fn is_text(schema: &Schema, ty: &Type, newtypes: u32) -> bool {
    match ty {
        Type::String { .. } | Type::Url => true,
        Type::Named(name) if newtypes < NEWTYPES_MAX => {
            match schema.types.get(name).map(|def| &def.body) {
                Some(TypeBody::Tuple(types)) => {
                    matches!(types.as_slice(), [one] if is_text(schema, one, newtypes.saturating_add(1)))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
