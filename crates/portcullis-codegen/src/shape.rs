//! Types of a contract in words, for reports and for the reference. How a named type is shown is the caller's choice.

use portcullis_proto::schema::{Float, Int, Type};

use crate::prose::{count, range};

/// `ty` as a reader of the contract would call it: `list of u32 (at most 16)`.
pub(crate) fn type_text(ty: &Type, named: &dyn Fn(&str) -> String) -> String {
    let inner = |ty: &Type| type_text(ty, named);
    match ty {
        Type::Unit => "nothing".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int { int, min, max } => limited(int_name(*int).to_owned(), range(*min, *max), ""),
        Type::Float { float, min, max } => {
            limited(float_name(*float).to_owned(), range(*min, *max), "")
        }
        Type::String { min, max } => limited("string".to_owned(), count(*min, *max), " bytes"),
        Type::Bytes { min, max } => limited("bytes".to_owned(), count(*min, *max), ""),
        Type::Blob { min, max } => limited("blob".to_owned(), count(*min, *max), " bytes"),
        Type::TypedArray { item, min, max } => {
            limited(format!("typed array of {}", item.name()), count(*min, *max), "")
        }
        Type::Option(ty) => format!("optional {}", inner(ty)),
        Type::List { item, min, max } => {
            limited(format!("list of {}", inner(item)), count(*min, *max), "")
        }
        Type::Array { item, len } => format!("{len} times {}", inner(item)),
        Type::Map { key, value, min, max } => {
            limited(format!("map from {} to {}", inner(key), inner(value)), count(*min, *max), "")
        }
        Type::Tuple(types) => {
            let types: Vec<String> = types.iter().map(inner).collect();
            format!("({})", types.join(", "))
        }
        Type::Timestamp => "timestamp".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Uuid => "uuid".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Url => "url".to_owned(),
        Type::Named(name) => named(name),
    }
}

fn int_name(int: Int) -> &'static str {
    match int {
        Int::U8 => "u8",
        Int::U16 => "u16",
        Int::U32 => "u32",
        Int::U64 => "u64",
        Int::I8 => "i8",
        Int::I16 => "i16",
        Int::I32 => "i32",
        Int::I64 => "i64",
        Int::Safe => "safe integer",
    }
}

fn float_name(float: Float) -> &'static str {
    match float {
        Float::F32 => "f32",
        Float::F64 => "f64",
    }
}

fn limited(name: String, words: Option<String>, unit: &str) -> String {
    match words {
        None => name,
        Some(words) => format!("{name} ({words}{unit})"),
    }
}
