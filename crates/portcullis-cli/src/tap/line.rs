//! One message as one line: for people, or as JSON.

use portcullis_tap::{TapBody, TapExtent, TapKind, TapMessage};

/// The line for people: time (UTC), ends, channel, size, duration, outcome, body; at most `width` characters, 0 for all.
pub(super) fn text(message: &TapMessage, width: usize) -> String {
    let TapMessage { at, kind, channel, from, to, bytes, correlation, body } = message;
    let subscribers = match kind {
        TapKind::Value { subscribers: 1, .. } => "1 subscriber".to_owned(),
        TapKind::Value { subscribers, .. } => format!("{subscribers} subscribers"),
        _ => "?".to_owned(),
    };
    let to = to.as_deref().unwrap_or(&subscribers);
    let mut line = format!("{} {from} → {to}  {channel}  {bytes} B", time(at.as_micros()));
    match kind {
        TapKind::Request => {}
        TapKind::Outcome { status, duration } => {
            line.push_str(&format!("  {:.3} ms  {status}", duration.as_secs_f64() * 1e3));
        }
        TapKind::Notification => line.push_str("  notification"),
        TapKind::ItemUp | TapKind::ItemDown => line.push_str("  item"),
        TapKind::Value { missed: 0, .. } => line.push_str("  value"),
        TapKind::Value { missed, .. } => line.push_str(&format!("  value, {missed} too slow")),
        TapKind::Denied => line = line.replacen(" → ?  ", "  ", 1) + "  denied",
    }
    if *correlation > 0 {
        line.push_str(&format!("  [{correlation:x}]"));
    }
    if let Some(TapBody { json, extent }) = body {
        line.push_str("  ");
        line.push_str(json.as_str());
        match extent {
            TapExtent::Whole => {}
            TapExtent::Cut => line.push_str(" (cut)"),
            TapExtent::Malformed { error } => line.push_str(&format!(" ({error})")),
        }
    }
    cut(line, width)
}

/// The line as JSON: an object, with times in microseconds.
pub(super) fn json(message: &TapMessage) -> String {
    let TapMessage { at, kind, channel, from, to, bytes, correlation, body } = message;
    let mut fields = Fields::default();
    fields.add("at_us", at.as_micros());
    let name = match kind {
        TapKind::Request => "request",
        TapKind::Outcome { .. } => "outcome",
        TapKind::Notification => "notification",
        TapKind::ItemUp => "item_up",
        TapKind::ItemDown => "item_down",
        TapKind::Value { .. } => "value",
        TapKind::Denied => "denied",
    };
    fields.text("kind", name);
    fields.text("channel", channel);
    fields.text("from", from);
    if let Some(to) = to {
        fields.text("to", to);
    }
    fields.add("bytes", bytes);
    if *correlation > 0 {
        // As errors and logs write it.
        fields.text("correlation", &format!("{correlation:x}"));
    }
    match kind {
        TapKind::Outcome { status, duration } => {
            fields.text("status", status);
            fields.add("duration_us", duration.as_micros());
        }
        TapKind::Value { subscribers, missed } => {
            fields.add("subscribers", subscribers);
            fields.add("missed", missed);
        }
        _ => {}
    }
    if let Some(TapBody { json, extent }) = body {
        fields.add("body", json.as_str());
        match extent {
            TapExtent::Whole => fields.text("extent", "whole"),
            TapExtent::Cut => fields.text("extent", "cut"),
            TapExtent::Malformed { error } => {
                fields.text("extent", "malformed");
                fields.text("error", error);
            }
        }
    }
    fields.close()
}

/// The line that messages are missing before the next.
pub(super) fn missed(count: u64, json: bool) -> String {
    if json {
        return format!("{{\"kind\":\"gap\",\"missed\":{count}}}");
    }
    match count {
        1 => "… 1 message is missing: this reader was too slow".to_owned(),
        count => format!("… {count} messages are missing: this reader was too slow"),
    }
}

#[derive(Default)]
struct Fields(String);

impl Fields {
    /// A field whose value is JSON already.
    fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&format!("\"{name}\":{value}"));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.add(name, serde_json::Value::from(text));
    }

    fn close(self) -> String {
        self.0 + "}"
    }
}

/// The time of day, to the millisecond.
fn time(micros: i64) -> String {
    let ms = micros.rem_euclid(86_400_000_000) / 1000;
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn cut(line: String, width: usize) -> String {
    match line.char_indices().nth(width) {
        Some((end, _)) if width > 0 => {
            let shorter = line.char_indices().nth(width - 1).map_or(end, |(at, _)| at);
            format!("{}…", line.get(..shorter).unwrap_or_default())
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis::{Json, Timestamp};

    use super::*;

    fn message(kind: TapKind, to: Option<&str>, body: Option<&str>) -> TapMessage {
        TapMessage {
            at: Timestamp::from_micros(1_795_713_247_891_234).expect("in range"),
            kind,
            channel: "app.door.enter".to_owned(),
            from: "page".to_owned(),
            to: to.map(str::to_owned),
            bytes: 12,
            correlation: 42,
            body: body.map(|text| TapBody {
                json: Json::new(text).expect("JSON"),
                extent: TapExtent::Whole,
            }),
        }
    }

    #[track_caller]
    fn check(message: &TapMessage, people: &str, json: &str) {
        assert_eq!((text(message, 0).as_str(), super::json(message).as_str()), (people, json));
        let read: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert!(read.is_object());
    }

    #[test]
    fn each_kind_has_its_line() {
        check(
            &message(TapKind::Request, Some("main"), Some("{\"a\":1}")),
            "17:14:07.891 page → main  app.door.enter  12 B  [2a]  {\"a\":1}",
            r#"{"at_us":1795713247891234,"kind":"request","channel":"app.door.enter","from":"page","to":"main","bytes":12,"correlation":"2a","body":{"a":1},"extent":"whole"}"#,
        );
        let kind = TapKind::Outcome { status: "ok".into(), duration: Duration::from_micros(1234) };
        check(
            &message(kind, Some("main"), None),
            "17:14:07.891 page → main  app.door.enter  12 B  1.234 ms  ok  [2a]",
            r#"{"at_us":1795713247891234,"kind":"outcome","channel":"app.door.enter","from":"page","to":"main","bytes":12,"correlation":"2a","status":"ok","duration_us":1234}"#,
        );
        let mut value = message(TapKind::Value { subscribers: 3, missed: 1 }, None, Some("[]"));
        value.correlation = 0;
        value.body.as_mut().expect("one").extent =
            TapExtent::Malformed { error: "truncated".into() };
        check(
            &value,
            "17:14:07.891 page → 3 subscribers  app.door.enter  12 B  value, 1 too slow  [] (truncated)",
            r#"{"at_us":1795713247891234,"kind":"value","channel":"app.door.enter","from":"page","bytes":12,"subscribers":3,"missed":1,"body":[],"extent":"malformed","error":"truncated"}"#,
        );
        value.kind = TapKind::Denied;
        value.body = None;
        assert_eq!(text(&value, 0), "17:14:07.891 page  app.door.enter  12 B  denied");
    }

    #[test]
    fn lines_are_cut_between_characters() {
        for (width, expected) in [(0, "aé🦀d"), (4, "aé🦀d"), (3, "aé…"), (1, "…")] {
            assert_eq!(cut("aé🦀d".to_owned(), width), expected, "{width}");
        }
    }

    #[test]
    fn what_is_missing_has_a_line() {
        assert_eq!(missed(1, false), "… 1 message is missing: this reader was too slow");
        assert_eq!(missed(7, true), "{\"kind\":\"gap\",\"missed\":7}");
    }
}
