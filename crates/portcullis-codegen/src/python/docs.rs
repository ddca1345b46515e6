//! Docstrings from the documentation of the contract, and from what annotations cannot say.

use portcullis_proto::schema::{Channel, ChannelKind, Field, Type};

use crate::prose::{self, joined, milliseconds};

/// A docstring at an indent; nothing where there is nothing to say.
pub(super) fn docstring(docs: &str, indent: &str) -> String {
    let docs = docs.trim().replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    if docs.is_empty() {
        return String::new();
    }
    let docs = match docs.strip_suffix('"') {
        Some(rest) => format!("{rest}\\\""),
        None => docs,
    };
    let mut rows = docs.lines();
    let first = rows.next().unwrap_or_default().trim_end().to_owned();
    let rest: Vec<&str> = rows.collect();
    if rest.is_empty() {
        return format!("{indent}\"\"\"{first}\"\"\"\n");
    }
    let mut out = format!("{indent}\"\"\"{first}\n");
    for row in rest {
        out.push_str(format!("{indent}{row}").trim_end());
        out.push('\n');
    }
    out.push_str(&format!("{indent}\"\"\"\n"));
    out
}

/// What is documented of a field: its own text, its limits, and whether it is secret.
pub(super) fn field_docs(field: &Field) -> String {
    prose::field_docs(field, 0)
}

/// The limits of a type, as sentences.
pub(super) fn limits(ty: &Type) -> Vec<String> {
    prose::limits(ty, 0)
}

/// What is documented of a channel, as a caller sees it.
pub(super) fn channel_docs(channel: &Channel, names: &[String]) -> String {
    let deadline = milliseconds(channel.deadline_ms);
    let idempotent = if channel.idempotent { " Idempotent: it may be made again." } else { "" };
    let policy = match channel.kind {
        ChannelKind::Call => format!("Deadline {deadline}.{idempotent}"),
        ChannelKind::Stream => format!("First item within {deadline}.{idempotent}"),
        ChannelKind::Event => "Values that are published from now on come.".to_owned(),
        ChannelKind::State => {
            "The last value comes at once, then each that follows; a slow reader gets the newest."
                .to_owned()
        }
        ChannelKind::Notify => String::new(),
    };
    let mut docs = joined(&channel.docs, &policy);
    let arguments: Vec<String> = channel
        .args
        .iter()
        .zip(names)
        .filter_map(|(field, name)| {
            let docs = field_docs(field).replace('\n', " ");
            (!docs.is_empty()).then(|| format!("`{name}`: {docs}"))
        })
        .collect();
    if !arguments.is_empty() && !channel.kind.is_topic() {
        docs = joined(&docs, &arguments.join("\n"));
    }
    docs
}
