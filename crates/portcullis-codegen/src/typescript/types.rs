//! The mapping of types: what a value of the schema is in TypeScript. Normative; `docs/typescript-mapping.md` has it
//! as a table, and the snapshots of the tests as code.

use portcullis_proto::schema::{Int, Number, Type};

use super::scope::Scope;
use crate::newtypes::unwrapped;
use crate::prose::is_byte;

/// Arrays up to this length are tuples.
pub(super) const TUPLE_LEN_MAX: u32 = 16;

impl Scope<'_, '_> {
    /// A type.
    pub(super) fn type_of(&self, ty: &Type) -> String {
        match ty {
            Type::Unit => "undefined".to_owned(),
            Type::Bool => "boolean".to_owned(),
            Type::Int { int: Int::U64 | Int::I64, .. } => "bigint".to_owned(),
            Type::Int { .. } | Type::Float { .. } | Type::Timestamp | Type::Duration => {
                "number".to_owned()
            }
            Type::String { .. } | Type::Uuid | Type::Url => "string".to_owned(),
            Type::Json => "unknown".to_owned(),
            Type::Bytes { .. } | Type::Blob { .. } => BYTES.to_owned(),
            Type::TypedArray { item, .. } => format!("{}<ArrayBuffer>", array_class(*item)),
            Type::Array { item, .. } if is_byte(item) => BYTES.to_owned(),
            Type::Array { item, len } if *len <= TUPLE_LEN_MAX => {
                let items = vec![self.type_of(item); *len as usize];
                format!("readonly [{}]", items.join(", "))
            }
            Type::List { item, .. } | Type::Array { item, .. } => {
                format!("readonly {}[]", parenthesized(self.type_of(item)))
            }
            Type::Map { key, value, .. } => {
                format!("ReadonlyMap<{}, {}>", self.type_of(key), self.type_of(value))
            }
            Type::Tuple(types) => {
                let types: Vec<String> = types.iter().map(|ty| self.type_of(ty)).collect();
                format!("readonly [{}]", types.join(", "))
            }
            Type::Option(inner) if self.nullable(inner) => {
                format!("{{ readonly value: {} }} | null", self.type_of(inner))
            }
            Type::Option(inner) => format!("{} | null", self.type_of(inner)),
            Type::Named(name) => self.message(name),
        }
    }

    /// The type of a reply, where nothing is `void`.
    pub(super) fn reply_type(&self, ty: &Type) -> String {
        if *ty == Type::Unit { "void".to_owned() } else { self.type_of(ty) }
    }

    /// Whether a value of a type may be `null` by itself; an option of it then stands in an object.
    pub(super) fn nullable(&self, ty: &Type) -> bool {
        matches!(unwrapped(self.contract.schema, ty), Some(Type::Option(_) | Type::Json))
    }

    /// Whether a newtype over a type carries a brand: if its values are primitive.
    pub(super) fn branded(&self, ty: &Type) -> bool {
        matches!(
            unwrapped(self.contract.schema, ty),
            Some(
                Type::Bool
                    | Type::Int { .. }
                    | Type::Float { .. }
                    | Type::String { .. }
                    | Type::Timestamp
                    | Type::Duration
                    | Type::Uuid
                    | Type::Url
            )
        )
    }
}

/// Bytes that own their memory, or a view of memory that is not shared.
const BYTES: &str = "Uint8Array<ArrayBuffer>";

/// The class of JavaScript whose arrays hold such numbers.
pub(super) fn array_class(item: Number) -> &'static str {
    match item {
        Number::I8 => "Int8Array",
        Number::I16 => "Int16Array",
        Number::U16 => "Uint16Array",
        Number::I32 => "Int32Array",
        Number::U32 => "Uint32Array",
        Number::I64 => "BigInt64Array",
        Number::U64 => "BigUint64Array",
        Number::F32 => "Float32Array",
        Number::F64 => "Float64Array",
    }
}

/// For the item of an array.
fn parenthesized(ty: String) -> String {
    let compound = ty.starts_with("readonly ") || ty.contains(" | ");
    if compound && !wrapped(&ty) { format!("({ty})") } else { ty }
}

/// Whether what makes a type compound stands inside brackets of one generic type or tuple.
fn wrapped(ty: &str) -> bool {
    if ty.starts_with("readonly ") {
        return false;
    }
    let mut depth = 0i32;
    for (index, c) in ty.char_indices() {
        match c {
            '<' | '[' | '{' => depth += 1,
            '>' | ']' | '}' => depth -= 1,
            '|' if depth == 0 && index > 0 => return false,
            _ => {}
        }
    }
    true
}
