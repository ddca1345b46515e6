//! Which Python type stands for a type of the contract, and the codec object that writes and reads it.

use portcullis_proto::schema::{Float, Int, Type, TypeBody};

use super::Contract;
use super::names::{BUILTINS, unit_only};
use crate::newtypes::unwrapped;
use crate::prose::is_byte;

/// How a module mentions types.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What stands before a message type: nothing in the module that declares it.
    pub(super) prefix: &'static str,
    /// Whether members of the class hide built-in types.
    pub(super) hidden: bool,
}

impl Place {
    /// The module of the messages.
    pub(super) const TYPES: Self = Self { prefix: "", hidden: false };

    /// The same for a class with these members.
    pub(super) fn inside<'n>(self, mut members: impl Iterator<Item = &'n str>) -> Self {
        Self { hidden: members.any(|name| BUILTINS.contains(&name)), ..self }
    }

    fn builtin(self, name: &str) -> String {
        if self.hidden { format!("_builtins.{name}") } else { name.to_owned() }
    }
}

impl Contract<'_> {
    /// The annotation of a type.
    pub(super) fn type_of(&self, ty: &Type, place: Place) -> String {
        match ty {
            Type::Unit => "None".to_owned(),
            Type::Bool => place.builtin("bool"),
            Type::Int { .. } => place.builtin("int"),
            Type::Float { .. } => place.builtin("float"),
            Type::String { .. } | Type::Url => place.builtin("str"),
            Type::Bytes { .. } | Type::Blob { .. } => place.builtin("bytes"),
            Type::TypedArray { .. } => place.builtin("memoryview"),
            Type::Array { item, .. } if is_byte(item) => place.builtin("bytes"),
            Type::List { item, .. } | Type::Array { item, .. } => {
                format!("_Sequence[{}]", self.type_of(item, place))
            }
            Type::Map { key, value, .. } => {
                format!("_Mapping[{}, {}]", self.type_of(key, place), self.type_of(value, place))
            }
            Type::Tuple(types) => self.tuple_of(types, place),
            Type::Option(inner) if self.nullable(inner) => {
                format!("_codec.Some[{}] | None", self.type_of(inner, place))
            }
            Type::Option(inner) => format!("{} | None", self.type_of(inner, place)),
            Type::Timestamp => "_datetime.datetime".to_owned(),
            Type::Duration => "_datetime.timedelta".to_owned(),
            Type::Uuid => "_uuid.UUID".to_owned(),
            Type::Json => place.builtin("object"),
            Type::Named(name) => {
                let code = format!("{}{}", place.prefix, self.names.ty(name));
                match self.body(name) {
                    // The class alone has no member for what this build does not know.
                    Some(TypeBody::FlexibleEnum(variants)) if unit_only(variants) => {
                        format!("{code} | _codec.Unknown")
                    }
                    _ => code,
                }
            }
        }
    }

    /// The annotation of several values.
    pub(super) fn tuple_of(&self, types: &[Type], place: Place) -> String {
        let items: Vec<String> = types.iter().map(|ty| self.type_of(ty, place)).collect();
        let items = if items.is_empty() { "()".to_owned() } else { items.join(", ") };
        format!("{}[{items}]", place.builtin("tuple"))
    }

    /// The expression that makes the codec of a type.
    pub(super) fn codec_of(&self, ty: &Type, place: Place) -> String {
        match ty {
            Type::Unit => "_codec.Unit()".to_owned(),
            Type::Bool => "_codec.Bool()".to_owned(),
            Type::Int { int, min, max } => int_codec(*int, *min, *max),
            Type::Float { float, min, max } => float_codec(*float, *min, *max),
            Type::String { min, max } => {
                format!("_codec.String({})", lengths(*min, *max).join(", "))
            }
            Type::Bytes { min, max } => format!("_codec.Bytes({})", lengths(*min, *max).join(", ")),
            Type::Blob { min, max } => format!("_codec.Blob({})", lengths(*min, *max).join(", ")),
            Type::TypedArray { item, min, max } => {
                let mut arguments = vec![format!("\"{}\"", item.name())];
                arguments.extend(lengths(*min, *max));
                format!("_codec.TypedArray({})", arguments.join(", "))
            }
            Type::Array { item, len } if is_byte(item) => format!("_codec.FixedBytes({len})"),
            Type::List { item, min, max } => {
                let mut arguments =
                    vec![self.codec_of(item, place), self.sizes.of(item).to_string()];
                arguments.extend(lengths(*min, *max));
                format!("_codec.List({})", arguments.join(", "))
            }
            Type::Array { item, len } => {
                format!(
                    "_codec.Array({}, {len}, {})",
                    self.codec_of(item, place),
                    self.sizes.of(ty)
                )
            }
            Type::Map { key, value, min, max } => {
                let size = self.sizes.of(key).saturating_add(self.sizes.of(value));
                let mut arguments =
                    vec![self.codec_of(key, place), self.codec_of(value, place), size.to_string()];
                arguments.extend(lengths(*min, *max));
                format!("_codec.Map({})", arguments.join(", "))
            }
            Type::Tuple(types) => {
                let parts: Vec<String> = types.iter().map(|ty| self.codec_of(ty, place)).collect();
                format!("_codec.Tuple({})", parts.join(", "))
            }
            Type::Option(inner) => {
                let name = if self.nullable(inner) { "NestedOption" } else { "Option" };
                format!("_codec.{name}({})", self.codec_of(inner, place))
            }
            Type::Timestamp => "_codec.Timestamp()".to_owned(),
            Type::Duration => "_codec.Duration()".to_owned(),
            Type::Uuid => "_codec.Uuid()".to_owned(),
            Type::Json => "_codec.Json()".to_owned(),
            Type::Url => "_codec.Url()".to_owned(),
            Type::Named(name) => {
                let code = format!("{}{}Codec", place.prefix, self.names.ty(name));
                // Types may hold themselves, and stand in any order.
                if place.prefix.is_empty() {
                    format!("_codec.Reference(lambda: {code})")
                } else {
                    code
                }
            }
        }
    }

    /// Whether a value of a type may be `None` by itself; an option of it then stands in a `Some`.
    pub(super) fn nullable(&self, ty: &Type) -> bool {
        let inner = unwrapped(self.schema, ty);
        matches!(inner, Some(Type::Option(_) | Type::Json | Type::Unit))
    }

    /// The built-in class of a newtype's values, if they have one: then it is a type of its own.
    pub(super) fn primitive(&self, ty: &Type) -> Option<String> {
        match unwrapped(self.schema, ty)? {
            ty @ (Type::Bool
            | Type::Int { .. }
            | Type::Float { .. }
            | Type::String { .. }
            | Type::Bytes { .. }
            | Type::Blob { .. }
            | Type::Timestamp
            | Type::Duration
            | Type::Uuid
            | Type::Url) => Some(self.type_of(ty, Place::TYPES)),
            _ => None,
        }
    }
}

fn int_codec(int: Int, min: Option<i128>, max: Option<i128>) -> String {
    let (bits, signed) = match int {
        Int::U8 => (8, false),
        Int::U16 => (16, false),
        Int::U32 => (32, false),
        Int::U64 => (64, false),
        Int::I8 => (8, true),
        Int::I16 => (16, true),
        Int::I32 => (32, true),
        Int::I64 => (64, true),
        Int::Safe => (53, true),
    };
    let signed = if signed { "True" } else { "False" };
    let bound = |bound: Option<i128>| bound.map_or_else(|| "None".to_owned(), |n| n.to_string());
    match (min, max) {
        (None, None) => format!("_codec.Int({bits}, {signed})"),
        _ => format!("_codec.Int({bits}, {signed}, {}, {})", bound(min), bound(max)),
    }
}

fn float_codec(float: Float, min: Option<f64>, max: Option<f64>) -> String {
    let bits = match float {
        Float::F32 => 32,
        Float::F64 => 64,
    };
    // The shortest digits that give the same float back, which Python reads as the same.
    let bound = |bound: Option<f64>| bound.map_or_else(|| "None".to_owned(), |n| format!("{n:?}"));
    match (min, max) {
        (None, None) => format!("_codec.Float({bits})"),
        _ => format!("_codec.Float({bits}, {}, {})", bound(min), bound(max)),
    }
}

/// The arguments for limits of a length: none, the least, or both.
fn lengths(min: Option<u32>, max: Option<u32>) -> Vec<String> {
    match (min.filter(|&min| min > 0), max) {
        (None, None) => Vec::new(),
        (Some(min), None) => vec![min.to_string()],
        (min, Some(max)) => vec![min.unwrap_or(0).to_string(), max.to_string()],
    }
}
