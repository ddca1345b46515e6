//! TSDoc comments from the documentation of the contract, and from what the types of TypeScript cannot say.

use portcullis_proto::schema::{Channel, ChannelKind, Field, Type};

use super::layout::{Doc, lines, text};
use super::types::{TUPLE_LEN_MAX, is_byte};

/// The longest comment that stands on one line, without the indent of members.
const ONE_LINE_MAX: usize = 90;

/// A comment, and the code below it.
pub(super) fn documented(docs: &str, code: Doc) -> Doc {
    match comment(docs) {
        Some(comment) => lines(vec![comment, code]),
        None => code,
    }
}

/// A comment; `None` where there is nothing to say.
pub(super) fn comment(docs: &str) -> Option<Doc> {
    let docs = docs.trim().replace("*/", "*\\/");
    if docs.is_empty() {
        return None;
    }
    let mut rows = docs.lines().map(str::trim_end);
    match (rows.next(), rows.next()) {
        (Some(row), None) if row.chars().count() <= ONE_LINE_MAX => {
            Some(text(format!("/** {row} */")))
        }
        _ => {
            let mut all = vec![text("/**")];
            all.extend(docs.lines().map(|row| text(format!(" * {}", row.trim_end()).trim_end())));
            all.push(text(" */"));
            Some(lines(all))
        }
    }
}

/// Two texts, one below the other, with an empty line between.
pub(super) fn joined(docs: &str, more: &str) -> String {
    let docs = docs.trim();
    match (docs.is_empty(), more.is_empty()) {
        (true, _) => more.to_owned(),
        (_, true) => docs.to_owned(),
        _ => format!("{docs}\n\n{more}"),
    }
}

/// What is documented of a field: its own text, its limits, and whether it is secret.
pub(super) fn field_docs(field: &Field) -> String {
    let mut more = limits(&field.ty);
    if field.secret {
        more.push("Secret: tools that show values hide it.".to_owned());
    }
    joined(&field.docs, &more.join(" "))
}

/// The limits of a type, as sentences.
pub(super) fn limits(ty: &Type) -> Vec<String> {
    match ty {
        Type::Option(inner) => limits(inner),
        Type::Int { min, max, .. } => {
            range(min.map(|min| min.to_string()), max.map(|max| max.to_string()))
        }
        Type::Float { min, max, .. } => {
            range(min.map(|min| min.to_string()), max.map(|max| max.to_string()))
        }
        Type::String { min, max } => count(*min, *max, "bytes of UTF-8"),
        Type::Bytes { min, max } => count(*min, *max, "bytes"),
        Type::List { item, min, max } => {
            let mut all = count(*min, *max, "items");
            all.extend(limits(item).into_iter().map(|limit| format!("Each: {limit}")));
            all
        }
        Type::Map { min, max, .. } => count(*min, *max, "entries"),
        Type::Array { item, len } if is_byte(item) => vec![format!("Exactly {len} bytes.")],
        Type::Array { len, .. } if *len > TUPLE_LEN_MAX => vec![format!("Exactly {len} items.")],
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

/// What is documented of a channel, as a caller sees it.
pub(super) fn channel_docs(channel: &Channel) -> String {
    let deadline = milliseconds(channel.deadline_ms);
    let idempotent = if channel.idempotent { " Idempotent: it may be made again." } else { "" };
    let policy = match channel.kind {
        ChannelKind::Call => format!("Deadline {deadline}.{idempotent}"),
        ChannelKind::Stream => format!("First item within {deadline}.{idempotent}"),
        ChannelKind::Notify | ChannelKind::Event | ChannelKind::State => String::new(),
    };
    let mut docs = joined(&channel.docs, &policy);
    let arguments: Vec<String> = channel
        .args
        .iter()
        .filter_map(|field| {
            let docs = field_docs(field).replace('\n', " ");
            (!docs.is_empty()).then(|| {
                format!(
                    "@param {} - {docs}",
                    super::names::parameter(&field.name, &["items", "options"])
                )
            })
        })
        .collect();
    if !arguments.is_empty() && !channel.kind.is_topic() {
        docs = joined(&docs, &arguments.join("\n"));
    }
    docs
}

fn milliseconds(ms: u32) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}
