//! What documentation says in every language that is generated: limits and times as sentences.

use portcullis_proto::schema::{Int, Type};

/// Whether an array of these is bytes, as a list of them is.
pub(crate) fn is_byte(item: &Type) -> bool {
    matches!(item, Type::Int { int: Int::U8, min: None, max: None })
}

/// Two texts, one below the other, with an empty line between.
pub(crate) fn joined(docs: &str, more: &str) -> String {
    let docs = docs.trim();
    match (docs.is_empty(), more.is_empty()) {
        (true, _) => more.to_owned(),
        (_, true) => docs.to_owned(),
        _ => format!("{docs}\n\n{more}"),
    }
}

/// The limits of a type, as sentences. The length of an array is told where it is beyond `told_by_type`.
pub(crate) fn limits(ty: &Type, told_by_type: u32) -> Vec<String> {
    match ty {
        Type::Option(inner) => limits(inner, told_by_type),
        Type::Int { min, max, .. } => {
            range(min.map(|min| min.to_string()), max.map(|max| max.to_string()))
        }
        Type::Float { min, max, .. } => {
            range(min.map(|min| min.to_string()), max.map(|max| max.to_string()))
        }
        Type::String { min, max } => count(*min, *max, "bytes of UTF-8"),
        Type::Bytes { min, max } | Type::Blob { min, max } => count(*min, *max, "bytes"),
        Type::List { item, min, max } => {
            let mut all = count(*min, *max, "items");
            all.extend(
                limits(item, told_by_type).into_iter().map(|limit| format!("Each: {limit}")),
            );
            all
        }
        Type::Map { min, max, .. } => count(*min, *max, "entries"),
        Type::Array { item, len } if is_byte(item) => vec![format!("Exactly {len} bytes.")],
        Type::Array { len, .. } if *len > told_by_type => vec![format!("Exactly {len} items.")],
        _ => Vec::new(),
    }
}

fn range(min: Option<String>, max: Option<String>) -> Vec<String> {
    match (min, max) {
        (None, None) => Vec::new(),
        (Some(min), None) => vec![format!("At least {min}.")],
        (None, Some(max)) => vec![format!("At most {max}.")],
        (Some(min), Some(max)) => vec![format!("From {min} to {max}.")],
    }
}

fn count(min: Option<u32>, max: Option<u32>, what: &str) -> Vec<String> {
    match (min.filter(|&min| min > 0), max) {
        (None, None) => Vec::new(),
        (Some(min), None) => vec![format!("At least {min} {what}.")],
        (None, Some(max)) => vec![format!("At most {max} {what}.")],
        (Some(min), Some(max)) if min == max => vec![format!("Exactly {max} {what}.")],
        (Some(min), Some(max)) => vec![format!("From {min} to {max} {what}.")],
    }
}

/// A time with its unit.
pub(crate) fn milliseconds(ms: u32) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}
