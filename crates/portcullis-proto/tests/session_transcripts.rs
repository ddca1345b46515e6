//! Replays the committed transcripts of a peer's session (`tests/vectors/transcripts`), which the sessions in TypeScript
//! and Python replay, too: all read `docs/protocol.md` in the same way. Each is replayed twice, the second time with what comes
//! in delivered byte by byte.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter;
use std::path::Path;

use portcullis_proto::codec::{Blob, Blobs, CodecError, Encoder, Parts};
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::{
    Config, Ended, Event, Expired, Hello, Leg, Limits, Offer, Opening, PROTOCOL, SendError,
    Session, Shape, Side,
};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use serde_json::{Value, json};

fn hex(text: &str) -> Vec<u8> {
    let digit = |place| u8::from_str_radix(&text[place..place + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(value: &Value, name: &str) -> u32 {
    let field = value.get(name).and_then(Value::as_u64).unwrap_or(0);
    u32::try_from(field).expect("32 bits")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn status(name: &str) -> Status {
    *Status::ALL.iter().find(|status| status.name() == name).expect("a status")
}

fn reason(name: &str) -> Reason {
    *Reason::ALL.iter().find(|reason| reason.name() == name).expect("a reason")
}

/// The blobs of a step.
fn blobs(step: &Value) -> Vec<Blob> {
    let list = step.get("blobs").and_then(Value::as_array).into_iter().flatten();
    list.map(|blob| Blob::from(hex(blob.as_str().expect("hexadecimal")))).collect()
}

/// What an event says, with the blobs of its message.
fn with_blobs(mut event: Value, blobs: &[Blob]) -> Value {
    if !blobs.is_empty() {
        event["blobs"] = blobs.iter().map(|blob| to_hex(blob)).collect();
    }
    event
}

/// Writes the body of a step as it stands there, with its blobs.
fn body(
    step: &Value,
    name: &str,
) -> impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError> + use<> {
    let (bytes, blobs) = (hex(text(step, name)), blobs(step));
    move |out| out.body(Parts { bytes: &bytes, blobs: &blobs })
}

fn limits(transcript: &Value) -> Limits {
    let mut limits = Limits::DEFAULT;
    let Some(given) = transcript.get("limits") else { return limits };
    for (name, value) in given.as_object().expect("an object") {
        let value = u32::try_from(value.as_u64().expect("a number")).expect("32 bits");
        match name.as_str() {
            "frame_bytes" => limits.frame_bytes = value,
            "window_bytes" => limits.window_bytes = value,
            "calls" => limits.calls = value as u16,
            "stream_items" => limits.stream_items = value,
            "stream_bytes" => limits.stream_bytes = value,
            "blob_bytes" => limits.blob_bytes = value,
            "pools" => limits.pools = value as u16,
            other => panic!("`{other}` is no limit"),
        }
    }
    limits
}

fn offer(interface: &Value) -> Offer {
    let channels = interface["channels"].as_array().expect("a list").iter();
    let earlier = interface["earlier"].as_array().into_iter().flatten();
    Offer {
        name: text(interface, "name").to_owned(),
        version: number(interface, "version") as u16,
        shape: Shape {
            hash: hex(text(interface, "hash")).try_into().expect("16 bytes"),
            earlier: earlier
                .map(|each| hex(each.as_str().expect("a hash")).try_into().expect("16 bytes"))
                .collect(),
        },
        channels: channels.map(|each| each.as_u64().expect("a number") as u32).collect(),
    }
}

/// Cuts bytes into frames: control, and data.
fn frames(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut control, mut data) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().expect("4 bytes")) as usize;
        let (frame, more) = rest.split_at(length);
        let is_data = Kind::ALL.iter().any(|kind| *kind as u8 == frame[4] && kind.is_data());
        if is_data {
            data.push(to_hex(frame))
        } else {
            control.push(to_hex(frame))
        }
        rest = more;
    }
    (control, data)
}

/// Whether a frame is the one that is expected: `…*` leaves length and body free.
fn same_frame(expected: &str, sent: &str) -> bool {
    match expected.strip_suffix('*') {
        Some(head) => head.get(8..48) == sent.get(8..48),
        None => expected == sent,
    }
}

struct Replay {
    session: Session<(), String>,
    now: Time,
    /// Ids by name, of both directions.
    made: BTreeMap<String, u32>,
    served: BTreeMap<String, u32>,
    /// What was caused and not expected yet.
    caused: VecDeque<Value>,
    messages: bool,
    received: Vec<u8>,
    /// The name that the next request gets.
    names: VecDeque<String>,
}

impl Replay {
    fn new(transcript: &Value) -> Self {
        let limits = limits(transcript);
        let config =
            Config { limits, keepalive: flag(transcript, "keepalive"), ..Config::default() };
        let mut session = Session::new(Side::Peer, config, Time::ZERO);
        let interfaces = transcript["interfaces"].as_array().expect("a list");
        session
            .hello(&Hello {
                protocol_min: PROTOCOL,
                protocol_max: PROTOCOL,
                client: text(transcript, "client").to_owned(),
                limits,
                interfaces: interfaces.iter().map(offer).collect(),
            })
            .expect("a hello");
        let steps = transcript["steps"].as_array().expect("steps").iter();
        let names = steps.filter(|step| text(step, "event") == "request");
        Self {
            session,
            now: Time::ZERO,
            made: BTreeMap::new(),
            served: BTreeMap::new(),
            caused: VecDeque::new(),
            messages: flag(transcript, "messages"),
            received: Vec::new(),
            names: names.map(|step| text(step, "as").to_owned()).collect(),
        }
    }

    fn name_of(&self, leg: Leg) -> String {
        let (names, id) = match leg {
            Leg::Inbound(id) => (&self.served, id),
            Leg::Outbound(id) => (&self.made, id),
        };
        let found = names.iter().find(|(_, each)| **each == id);
        found.map(|(name, _)| name.clone()).expect("a call with a name")
    }

    fn leg(&self, name: &str) -> Leg {
        match self.made.get(name) {
            Some(id) => Leg::Outbound(*id),
            None => Leg::Inbound(self.served[name]),
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        let input = std::mem::take(&mut self.received);
        let mut consumed = 0;
        loop {
            let received = match self.session.receive(&input[consumed..], self.now) {
                Ok(received) => received,
                Err(goodbye) => return self.close(&goodbye),
            };
            consumed += received.consumed;
            let Some(event) = received.event else {
                if received.needed == 0 {
                    continue;
                }
                break;
            };
            self.event(event);
        }
        if consumed < input.len() && self.messages && !self.session.is_closed() {
            return self.close(&Goodbye::new(Reason::PartialMessage));
        }
        self.received = input[consumed..].to_vec();
    }

    fn close(&mut self, goodbye: &Goodbye) {
        let ended = self.session.close(goodbye);
        self.closed(goodbye.reason, ended);
    }

    fn closed(&mut self, reason: Reason, ended: Ended<(), String>) {
        let calls: BTreeSet<String> = ended.outbound.into_iter().map(|(_, name)| name).collect();
        let served = ended.inbound.iter().map(|(id, ())| self.name_of(Leg::Inbound(*id)));
        let served: BTreeSet<String> = served.collect();
        let caused = json!({ "closed": reason.name(), "calls": calls, "served": served });
        self.caused.push_back(caused);
    }

    fn event(&mut self, event: Event<'_, String>) {
        let named = |event, id| json!({ "event": event, "as": self.name_of(Leg::Inbound(id)) });
        let caused = match event {
            Event::Welcome(welcome) => {
                self.caused.push_back(json!({
                    "event": "welcome", "peer": welcome.peer, "label": welcome.label, "role": welcome.role,
                }));
                let refused = self.session.take_refused().into_iter();
                self.caused.extend(refused.map(|each| {
                    json!({ "event": "refused", "as": each.data, "bytes": each.bytes, "room": each.room })
                }));
                // The welcome itself says that streams have credit now.
                let session = &mut self.session;
                let mut may_send = |id| session.may_send(Leg::Outbound(id)) == Some(true);
                let waiting = self.made.iter().filter(|(_, id)| may_send(**id));
                self.caused
                    .extend(waiting.map(|(name, _)| json!({ "event": "credit", "as": name })));
                return;
            }
            Event::Goodbye(goodbye) => {
                let ended = self.session.abort();
                return self.closed(goodbye.reason, ended);
            }
            Event::Request { id, binding, ordinal, budget_ms, body, blobs } => {
                let name = self.names.pop_front().expect("a request that is expected");
                self.served.insert(name.clone(), id);
                let event = json!({
                    "event": "request", "as": name, "binding": binding, "ordinal": ordinal,
                    "budgetMs": budget_ms, "args": to_hex(body),
                });
                with_blobs(event, &blobs)
            }
            Event::Notify { binding, ordinal, body, blobs } => with_blobs(
                json!({ "event": "notify", "binding": binding, "ordinal": ordinal, "args": to_hex(body) }),
                &blobs,
            ),
            Event::Item { leg, missed, token, body, blobs } => {
                let mut item =
                    json!({ "event": "item", "as": self.name_of(leg), "value": to_hex(body) });
                if let Leg::Outbound(_) = leg {
                    item["missed"] = json!(missed);
                }
                if let Some(token) = token {
                    item["token"] = json!(token);
                }
                with_blobs(item, &blobs)
            }
            Event::Row { leg, missed, row } => {
                let (token, missed) = (None, iter::once(missed).chain(iter::repeat(0)));
                return row.bodies().zip(missed).for_each(|(body, missed)| {
                    self.event(Event::Item { leg, missed, token, body, blobs: Blobs::new() });
                });
            }
            Event::Credit { leg, .. } => json!({ "event": "credit", "as": self.name_of(leg) }),
            Event::Finish { id } => named("finish", id),
            Event::Cancel { id } => named("cancel", id),
            Event::End { status, body, data, blobs, .. } => {
                let event = json!({
                    "event": "end", "as": data, "status": status.name(), "body": to_hex(body),
                });
                with_blobs(event, &blobs)
            }
            Event::Caller { peer, told } => json!({
                "event": "caller", "peer": peer, "label": told.label, "role": told.role,
            }),
            Event::Unbound { binding } => json!({ "event": "unbound", "binding": binding }),
            Event::Hello(_)
            | Event::Shed(_)
            | Event::Subscribe { .. }
            | Event::Publish { .. }
            | Event::Ack { .. } => unreachable!("only a hub hears this"),
        };
        self.caused.push_back(caused);
    }

    fn advance(&mut self, ms: u32) {
        self.now = self.now.after_ms(ms);
        let due = self.session.next_timeout().is_some_and(|due| due <= self.now);
        let mut expired = Vec::new();
        self.session.handle_timeout(self.now, &mut expired);
        assert!(due || expired.is_empty(), "the time-out was announced too late");
        for expired in expired {
            self.caused.push_back(match expired {
                Expired::Outbound { id, .. } => {
                    json!({ "event": "expired", "as": self.name_of(Leg::Outbound(id)) })
                }
                Expired::Inbound { id } => {
                    json!({ "event": "expired", "as": self.name_of(Leg::Inbound(id)) })
                }
                Expired::Silent => json!({ "event": "silent" }),
            });
        }
    }

    /// What the application does; false when it fails or does nothing.
    fn act(&mut self, step: &Value) -> bool {
        let name = text(step, "as");
        match text(step, "do") {
            "call" => self.open(step, Kind::Request, "args"),
            "subscribe" => self.open(step, Kind::Subscribe, "args"),
            "publish" if !name.is_empty() => self.open(step, Kind::Publish, "value"),
            kind @ ("publish" | "notify") => {
                let (kind, value) = match kind {
                    "publish" => (Kind::Publish, "value"),
                    _ => (Kind::Notify, "args"),
                };
                let (binding, ordinal) = (number(step, "binding"), number(step, "ordinal"));
                self.session.one_way(kind, binding, ordinal, body(step, value)).is_ok()
            }
            "accept" => {
                self.session.accept(self.served[name], flag(step, "up"), flag(step, "down"));
                true
            }
            "item" => {
                let missed = number(step, "missed");
                self.session.item(self.leg(name), missed, None, body(step, "value")).is_ok()
            }
            "credit" => {
                self.session.credit(self.leg(name), number(step, "items"), number(step, "bytes"));
                // It is silent where there is no flow.
                !flag(step, "refused")
            }
            "ack" => {
                self.session.ack(self.made[name], number(step, "token"));
                true
            }
            "finish" => self.session.finish(self.made[name]).is_ok(),
            "cancel" => self.session.cancel(self.made[name]).is_some(),
            "end" => {
                let status = status(text(step, "status"));
                self.session.reply(self.served[name], status, body(step, "body")).is_ok()
            }
            "close" => {
                let open = !self.session.is_closed();
                if open {
                    let message = text(step, "message").to_owned();
                    let reason = reason(text(step, "reason"));
                    self.close(&Goodbye { reason, message });
                }
                open
            }
            other => panic!("`{other}` cannot be done"),
        }
    }

    fn open(&mut self, step: &Value, kind: Kind, value: &str) -> bool {
        let deadline = step.get("timeoutMs").map(|_| self.now.after_ms(number(step, "timeoutMs")));
        let opening = Opening {
            kind,
            binding: number(step, "binding"),
            ordinal: number(step, "ordinal"),
            deadline,
            slack_ms: 0,
            up: flag(step, "up"),
            down: flag(step, "down") || kind == Kind::Subscribe,
        };
        let name = text(step, "as").to_owned();
        let opened: Result<u32, SendError> =
            self.session.open(opening, self.now, name, body(step, value));
        if let Ok(id) = opened {
            self.made.insert(text(step, "as").to_owned(), id);
        }
        opened.is_ok()
    }

    /// Everything that was caused must be among what is expected, and the other way round.
    fn settle(&mut self, expected: &[&Value]) -> Result<(), String> {
        let mut sent = Vec::new();
        while self.session.transmit(&mut sent) {}
        let (control, data) = frames(&sent);
        let expected_frames: Vec<&str> = expected
            .iter()
            .filter_map(|step| step.get("send"))
            .flat_map(|send| send.as_array().expect("a list"))
            .map(|frame| frame.as_str().expect("a frame"))
            .collect();
        let is_data = |frame: &&&str| {
            Kind::ALL.iter().any(|kind| *kind as u8 == hex(&frame[8..10])[0] && kind.is_data())
        };
        let same = |expected: Vec<&&str>, sent: &[String]| {
            expected.len() == sent.len()
                && expected.iter().zip(sent).all(|(expected, sent)| same_frame(expected, sent))
        };
        let (of_data, of_control) = expected_frames.iter().partition(is_data);
        if !same(of_control, &control) || !same(of_data, &data) {
            return Err(format!("expected {expected_frames:?} to leave, not {control:?} {data:?}"));
        }
        let events: Vec<Value> = expected
            .iter()
            .filter(|step| step.get("send").is_none())
            .map(|step| {
                let mut step = (*step).clone();
                for name in ["calls", "served"] {
                    if let Some(list) = step.get_mut(name).and_then(Value::as_array_mut) {
                        list.sort_by_key(ToString::to_string);
                    }
                }
                step
            })
            .collect();
        let caused: Vec<Value> = self.caused.drain(..).collect();
        if events != caused {
            return Err(format!("expected {events:?}, not {caused:?}"));
        }
        Ok(())
    }
}

fn replay(transcript: &Value, by_byte: bool) -> Result<(), String> {
    let mut replay = Replay::new(transcript);
    let steps = transcript["steps"].as_array().expect("steps");
    let acts =
        |step: &Value| ["do", "receive", "advance"].iter().any(|name| step.get(name).is_some());
    let mut rest = steps.as_slice();
    while !rest.is_empty() {
        let before = rest.len();
        let mut refused = false;
        if acts(&rest[0]) {
            let step = &rest[0];
            rest = &rest[1..];
            if let Some(bytes) = step.get("receive") {
                let bytes: String =
                    bytes.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
                let bytes = hex(&bytes);
                let pieces = if by_byte { 1 } else { bytes.len().max(1) };
                bytes.chunks(pieces).for_each(|piece| replay.receive(piece));
            } else if step.get("advance").is_some() {
                replay.advance(number(step, "advance"));
            } else if replay.act(step) == flag(step, "refused") {
                return Err(format!("`{step}` was refused, or should have been"));
            }
            refused = flag(step, "refused");
        }
        let end = rest.iter().position(acts).unwrap_or(rest.len());
        let expected: Vec<&Value> = if refused { Vec::new() } else { rest[..end].iter().collect() };
        replay.settle(&expected).map_err(|why| format!("step {}: {why}", steps.len() - before))?;
        rest = &rest[end..];
    }
    Ok(())
}

#[test]
fn transcripts_are_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/transcripts");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of the transcripts") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let file = std::fs::read_to_string(&path).expect("a file");
        let transcript: Value = serde_json::from_str(&file).expect("JSON");
        for by_byte in [false, true] {
            if by_byte && flag(&transcript, "messages") {
                continue;
            }
            if let Err(why) = replay(&transcript, by_byte) {
                failures.push(format!(
                    "{} (byte by byte: {by_byte}): {why}",
                    text(&transcript, "name")
                ));
            }
        }
    }
    assert!(count > 50, "{count} transcripts were found");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
