//! What a value can be: the types of the schema.

use serde::{Deserialize, Deserializer, Serialize};

use crate::codec::{Limit, SAFE_INT_MAX};

/// The type of a field, an argument or an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Nothing at all.
    Unit,
    /// `true` or `false`.
    Bool,
    /// An integer, with a declared range if it has one (both ends inclusive).
    Int {
        /// Width and sign.
        int: Int,
        /// Least value allowed, where declared.
        #[serde(default, deserialize_with = "bound", skip_serializing_if = "Option::is_none")]
        min: Option<i128>,
        /// Greatest value allowed, where declared.
        #[serde(default, deserialize_with = "bound", skip_serializing_if = "Option::is_none")]
        max: Option<i128>,
    },
    /// A float, with a declared range if it has one (both ends inclusive; NaN is then refused).
    Float {
        /// Width.
        float: Float,
        /// Least value allowed, where declared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Greatest value allowed, where declared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// UTF-8 text; limits count bytes.
    String {
        /// Least length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Raw bytes.
    Bytes {
        /// Least length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Large bytes beside the body.
    Blob {
        /// Least length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest length.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Many numbers of one kind; their bytes are a blob.
    TypedArray {
        /// What each number is.
        item: Number,
        /// Least count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// A value that may be absent.
    Option(Box<Type>),
    /// Any number of items.
    List {
        /// What each item is.
        item: Box<Type>,
        /// Least count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Exactly `len` items.
    Array {
        /// What each item is.
        item: Box<Type>,
        /// How many.
        len: u32,
    },
    /// Keys with values.
    Map {
        /// What each key is.
        key: Box<Type>,
        /// What each value is.
        value: Box<Type>,
        /// Least count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Two to four values.
    Tuple(Vec<Type>),
    /// Microseconds since the Unix epoch.
    Timestamp,
    /// Microseconds.
    Duration,
    /// 16 bytes.
    Uuid,
    /// A JSON text.
    Json,
    /// An absolute URL.
    Url,
    /// A type that the contract declares: a key of [`super::Schema::types`].
    Named(String),
}

impl Type {
    /// An integer without a declared range.
    pub fn int(int: Int) -> Self {
        Self::Int { int, min: None, max: None }
    }

    /// The types that an unnamed type is made of.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Option(inner) => vec![inner],
            Self::List { item, .. } | Self::Array { item, .. } => vec![item],
            Self::Map { key, value, .. } => vec![key, value],
            Self::Tuple(types) => types.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The same type with the limits of a field. Where a limit says nothing, or does not apply, nothing changes.
    #[must_use]
    pub fn limited(self, limit: &Limit) -> Self {
        let len = |min: Option<u32>, max: Option<u32>| match limit.len {
            Some((low, high)) => (
                if low == 0 { min } else { Some(low) },
                if high == u32::MAX { max } else { Some(high) },
            ),
            None => (min, max),
        };
        match self {
            Self::Int { int, min, max } => match limit.int {
                Some((low, high)) => Self::Int { int, min: Some(low), max: Some(high) },
                None => Self::Int { int, min, max },
            },
            Self::Float { float, min, max } => match limit.float {
                Some((low, high)) => Self::Float { float, min: Some(low), max: Some(high) },
                None => Self::Float { float, min, max },
            },
            Self::String { min, max } => {
                let (min, max) = len(min, max);
                Self::String { min, max }
            }
            Self::Bytes { min, max } => {
                let (min, max) = len(min, max);
                Self::Bytes { min, max }
            }
            Self::Blob { min, max } => {
                let (min, max) = len(min, max);
                Self::Blob { min, max }
            }
            Self::TypedArray { item, min, max } => {
                let (min, max) = len(min, max);
                Self::TypedArray { item, min, max }
            }
            Self::List { item, min, max } => {
                let (min, max) = len(min, max);
                let item = match limit.each {
                    Some(each) => Box::new(item.limited(each)),
                    None => item,
                };
                Self::List { item, min, max }
            }
            Self::Map { key, value, min, max } => {
                let (min, max) = len(min, max);
                Self::Map { key, value, min, max }
            }
            Self::Option(inner) => Self::Option(Box::new(inner.limited(limit))),
            other => other,
        }
    }
}

/// The integers of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Int {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    /// Within ±(2^53 − 1), zig-zag.
    Safe,
}

impl Int {
    /// The least and the greatest value.
    pub fn range(self) -> (i128, i128) {
        let safe = i128::from(SAFE_INT_MAX);
        match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
            Self::Safe => (-safe, safe),
        }
    }
}

/// The floats of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Float {
    F32,
    F64,
}

/// The numbers of typed arrays: of fixed size, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Number {
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Number {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::I8,
        Self::I16,
        Self::U16,
        Self::I32,
        Self::U32,
        Self::I64,
        Self::U64,
        Self::F32,
        Self::F64,
    ];

    /// What a contract calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Bytes that each occupies.
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

/// A named type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeDef {
    /// Its documentation, as Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// What it is made of.
    #[serde(flatten)]
    pub body: TypeBody,
}

/// What a named type is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeBody {
    /// Named fields, frozen.
    Struct(Vec<Field>),
    /// Numbered fields; one alone is a newtype.
    Tuple(Vec<Type>),
    /// Named optional fields with numbers, to which more may be added. Each field's type is what stands inside the option.
    Table(Vec<Field>),
    /// One of several variants, frozen.
    Enum(Vec<Variant>),
    /// One of several variants, to which more may be added.
    FlexibleEnum(Vec<Variant>),
}

impl TypeBody {
    /// The types of all its fields.
    pub fn types(&self) -> Vec<&Type> {
        match self {
            Self::Struct(fields) | Self::Table(fields) => {
                fields.iter().map(|field| &field.ty).collect()
            }
            Self::Tuple(types) => types.iter().collect(),
            Self::Enum(variants) | Self::FlexibleEnum(variants) => variants
                .iter()
                .flat_map(|variant| match &variant.fields {
                    Fields::Unit => Vec::new(),
                    Fields::Tuple(types) => types.iter().collect(),
                    Fields::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
                })
                .collect(),
        }
    }
}

/// A named field or argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The name, in snake case.
    pub name: String,
    /// The number, in a table; 0 elsewhere.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub number: u32,
    /// Documentation, as Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Tools that show values must hide this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// Its type, with its limits.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// The name, as declared.
    pub name: String,
    /// The number on the wire.
    pub tag: u32,
    /// Documentation, as Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// What it carries.
    #[serde(default)]
    pub fields: Fields,
}

/// What a variant carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// Nothing.
    #[default]
    Unit,
    /// Numbered fields.
    Tuple(Vec<Type>),
    /// Named fields.
    Struct(Vec<Field>),
}

/// A bound of an integer, by way of the integers of JSON: serde's flattened forms know none of 128 bits.
fn bound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i128>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Bound {
        Unsigned(u64),
        Signed(i64),
    }
    Ok(match Option::<Bound>::deserialize(deserializer)? {
        Some(Bound::Unsigned(bound)) => Some(bound.into()),
        Some(Bound::Signed(bound)) => Some(bound.into()),
        None => None,
    })
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
