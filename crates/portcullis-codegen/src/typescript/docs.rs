//! TSDoc comments from the documentation of the contract, and from what the types of TypeScript cannot say.

use portcullis_proto::schema::{Channel, ChannelKind, Field, Type};

use super::layout::{Doc, lines, text};
use super::types::TUPLE_LEN_MAX;
pub(super) use crate::prose::joined;
use crate::prose::{self, milliseconds};

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

/// What is documented of a field: its own text, its limits, and whether it is secret.
pub(super) fn field_docs(field: &Field) -> String {
    prose::field_docs(field, TUPLE_LEN_MAX)
}

/// The limits of a type, as sentences.
pub(super) fn limits(ty: &Type) -> Vec<String> {
    prose::limits(ty, TUPLE_LEN_MAX)
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
