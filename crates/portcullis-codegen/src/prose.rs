//! What documentation and reports say of limits and times, in words and as sentences. Types are left to `shape.rs`.

use std::fmt::Display;

use portcullis_proto::schema::{Field, Int, Type};

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

/// What is documented of a field: its own text, its limits as [`limits`] tells them, and whether it is secret.
pub(crate) fn field_docs(field: &Field, told_by_type: u32) -> String {
    let mut more = limits(&field.ty, told_by_type);
    if field.secret {
        more.push("Secret: tools that show values hide it.".to_owned());
    }
    joined(&field.docs, &more.join(" "))
}

/// The limits of a type, as sentences. The length of an array is told where it is beyond `told_by_type`.
pub(crate) fn limits(ty: &Type, told_by_type: u32) -> Vec<String> {
    match ty {
        Type::Option(inner) => limits(inner, told_by_type),
        Type::Int { min, max, .. } => sentence(range(*min, *max), ""),
        Type::Float { min, max, .. } => sentence(range(*min, *max), ""),
        Type::String { min, max } => sentence(count(*min, *max), " bytes of UTF-8"),
        Type::Bytes { min, max } | Type::Blob { min, max } => sentence(count(*min, *max), " bytes"),
        Type::TypedArray { min, max, .. } => sentence(count(*min, *max), " numbers"),
        Type::List { item, min, max } => {
            let mut all = sentence(count(*min, *max), " items");
            all.extend(
                limits(item, told_by_type).into_iter().map(|limit| format!("Each: {limit}")),
            );
            all
        }
        Type::Map { min, max, .. } => sentence(count(*min, *max), " entries"),
        Type::Array { item, len } if is_byte(item) => vec![format!("Exactly {len} bytes.")],
        Type::Array { len, .. } if *len > told_by_type => vec![format!("Exactly {len} items.")],
        _ => Vec::new(),
    }
}

/// A range of numbers in words, as they stand inside a sentence; `None` when there is none.
pub(crate) fn range(min: Option<impl Display>, max: Option<impl Display>) -> Option<String> {
    match (min, max) {
        (None, None) => None,
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
    }
}

/// The same for how many there may be: nobody needs to be told that there are at least none.
pub(crate) fn count(min: Option<u32>, max: Option<u32>) -> Option<String> {
    match (min.filter(|&min| min > 0), max) {
        (Some(min), Some(max)) if min == max => Some(format!("exactly {max}")),
        (min, max) => range(min, max),
    }
}

/// Such words and what they count as a sentence of their own.
fn sentence(words: Option<String>, what: &str) -> Vec<String> {
    let sentence = |words: String| {
        let mut rest = words.chars();
        match rest.next() {
            Some(first) if first.is_alphabetic() => {
                format!("{}{}{what}.", first.to_uppercase(), rest.as_str())
            }
            _ => format!("From {words}{what}."),
        }
    };
    words.map(sentence).into_iter().collect()
}

/// A time with its unit.
pub(crate) fn milliseconds(ms: u32) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}
