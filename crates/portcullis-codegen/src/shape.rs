//! Types of a contract in words, for reports and for the reference. How a named type is shown is the caller's choice.

use portcullis_proto::schema::{Float, Int, Type};

/// `ty` as a reader of the contract would call it: `list of u32 (at most 16)`.
pub(crate) fn type_text(ty: &Type, named: &dyn Fn(&str) -> String) -> String {
    let inner = |ty: &Type| type_text(ty, named);
    match ty {
        Type::Unit => "nothing".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int { int, min, max } => {
            let (min, max) = (min.map(|min| min.to_string()), max.map(|max| max.to_string()));
            with_range(int_name(*int), min, max)
        }
        Type::Float { float, min, max } => {
            let (min, max) = (min.map(|min| min.to_string()), max.map(|max| max.to_string()));
            with_range(float_name(*float), min, max)
        }
        Type::String { min, max } => sized("string".to_owned(), *min, *max, " bytes"),
        Type::Bytes { min, max } => sized("bytes".to_owned(), *min, *max, ""),
        Type::Blob { min, max } => sized("blob".to_owned(), *min, *max, " bytes"),
        Type::Option(ty) => format!("optional {}", inner(ty)),
        Type::List { item, min, max } => sized(format!("list of {}", inner(item)), *min, *max, ""),
        Type::Array { item, len } => format!("{len} times {}", inner(item)),
        Type::Map { key, value, min, max } => {
            sized(format!("map from {} to {}", inner(key), inner(value)), *min, *max, "")
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

fn with_range(name: &str, min: Option<String>, max: Option<String>) -> String {
    match (min, max) {
        (None, None) => name.to_owned(),
        (Some(min), None) => format!("{name} (at least {min})"),
        (None, Some(max)) => format!("{name} (at most {max})"),
        (Some(min), Some(max)) => format!("{name} ({min} to {max})"),
    }
}

fn sized(name: String, min: Option<u32>, max: Option<u32>, unit: &str) -> String {
    match (min.filter(|&min| min > 0), max) {
        (None, None) => name,
        (Some(min), None) => format!("{name} (at least {min}{unit})"),
        (None, Some(max)) => format!("{name} (at most {max}{unit})"),
        (Some(min), Some(max)) if min == max => format!("{name} (exactly {max}{unit})"),
        (Some(min), Some(max)) => format!("{name} ({min} to {max}{unit})"),
    }
}
