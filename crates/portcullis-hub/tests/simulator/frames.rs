//! Frames as text: what a script sends and expects, a line for each.
//!
//! `request binding=1 ordinal=0 id=0x10001 body=u7+"text"`: a kind by its name in the protocol (or `kind:130`), then
//! fields. Other fields are 0; `length` and `attachments` override what is right. `parcels=1,2` are the numbers of parcels
//! behind the body. `status` and `reason` are the `ordinal` of `end` and `goodbye`, by name. A body is hexadecimal, or terms with `+` between them: `u5` a varint,
//! `"text"` a string, `shape(interface)` its shape, `f1.5` a float, `zeros(9)` so many zero bytes, `nested(9)` so many `Preferences` inside each
//! other, and `bind(interface)`, `bind(interface,instance)`, `serve(interface,instance)` whole arguments.

use portcullis_proto::codec::{Encoder, Message, to_bytes};
use portcullis_proto::frame::{Kind, Parsed, parse};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Bind, Serve, Target};
use portcullis_proto::schema::Schema;
use portcullis_proto::session::{Hello, Limits, Offer, PROTOCOL, Shape, Welcome};
use portcullis_proto::status::Status;
use sample_contract::contract;

/// A frame that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) binding: u32,
    pub(crate) ordinal: u32,
    pub(crate) id: u32,
    pub(crate) budget: u32,
    pub(crate) body: Vec<u8>,
}

/// Takes whole frames from the front of `bytes`.
pub(crate) fn take_frames(bytes: &mut Vec<u8>) -> Vec<Seen> {
    let mut frames = Vec::new();
    loop {
        let parsed = parse(bytes, u32::MAX).expect("what is received is well-formed");
        let Parsed::Frame { frame, length } = parsed else { return frames };
        let head = frame.head;
        frames.push(Seen {
            kind: head.kind,
            flags: head.flags,
            binding: head.binding,
            ordinal: head.ordinal,
            id: head.id,
            budget: head.budget,
            body: frame.body.to_vec(),
        });
        bytes.drain(..length);
    }
}

pub(crate) fn reason(name: &str) -> Reason {
    let found = Reason::ALL.iter().find(|reason| reason.name() == name);
    *found.unwrap_or_else(|| panic!("`{name}` is no reason"))
}

fn status(name: &str) -> Status {
    let found = Status::ALL.iter().find(|status| status.name() == name);
    *found.unwrap_or_else(|| panic!("`{name}` is no status"))
}

fn number(text: &str) -> u32 {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// One line, taken apart.
struct Line<'a> {
    kind: u8,
    fields: Vec<(&'a str, &'a str)>,
}

fn take_apart(line: &str) -> Line<'_> {
    let mut words = line.split_whitespace();
    let name = words.next().expect("a line names a kind");
    let kind = match name.strip_prefix("kind:") {
        Some(code) => code.parse().expect("a kind is a byte"),
        None => {
            let found = Kind::ALL.iter().find(|kind| kind.name() == name);
            *found.unwrap_or_else(|| panic!("`{name}` is no kind of frame")) as u8
        }
    };
    let field = |word| str::split_once(word, '=').unwrap_or_else(|| panic!("`{word}` in `{line}`"));
    Line { kind, fields: words.map(field).collect() }
}

/// The bytes of a line, about the sample contract.
pub(crate) fn frame(line: &str) -> Vec<u8> {
    frame_of(contract(), line)
}

/// The bytes of a line, about the interfaces of a contract.
pub(crate) fn frame_of(schema: &Schema, line: &str) -> Vec<u8> {
    let Line { kind, fields } = take_apart(line);
    let [mut binding, mut ordinal, mut id, mut budget] = [0u32; 4];
    let (mut flags, mut attachments, mut length) = (0u8, None, None);
    let (mut body, mut parcels) = (None, Vec::new());
    let mut hello = Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        client: "script".into(),
        limits: Limits::DEFAULT,
        interfaces: Vec::new(),
    };
    for (name, value) in fields {
        match name {
            "binding" => binding = number(value),
            "ordinal" => ordinal = number(value),
            "status" => ordinal = status(value).code(),
            "reason" => ordinal = reason(value).code(),
            "id" => id = number(value),
            "budget" => budget = number(value),
            "flags" => flags = number(value) as u8,
            "attachments" => attachments = Some(number(value) as u16),
            "parcels" => parcels = value.split(',').map(number).collect(),
            "length" => length = Some(number(value)),
            "body" => body = Some(bytes(schema, value)),
            "min" => hello.protocol_min = number(value) as u16,
            "max" => hello.protocol_max = number(value) as u16,
            "frame" => hello.limits.frame_bytes = number(value),
            "window" => hello.limits.window_bytes = number(value),
            "calls" => hello.limits.calls = number(value) as u16,
            "items" => hello.limits.stream_items = number(value),
            "bytes" => hello.limits.stream_bytes = number(value),
            "offer" => hello.interfaces.push(offer(schema, value)),
            _ => panic!("`{name}` is no field of a frame"),
        }
    }
    let default = || match kind {
        code if code == Kind::Hello as u8 => to_bytes(&hello).expect("a hello"),
        code if code == Kind::Welcome as u8 => to_bytes(&welcome(hello.limits)).expect("a welcome"),
        _ => Vec::new(),
    };
    let mut body = body.unwrap_or_else(default);
    body.extend(parcels.iter().flat_map(|parcel| parcel.to_le_bytes()));
    let length = length.unwrap_or(body.len() as u32 + 24);
    let mut out = length.to_le_bytes().to_vec();
    out.extend([kind, flags]);
    out.extend(attachments.unwrap_or(parcels.len() as u16).to_le_bytes());
    for word in [binding, ordinal, id, budget] {
        out.extend(word.to_le_bytes());
    }
    out.extend(body);
    out
}

fn welcome(limits: Limits) -> Welcome {
    Welcome { protocol: PROTOCOL, limits, peer: 7, label: "script".into(), role: "all".into() }
}

/// `interface`, or `interface:other` for one that was built differently.
fn offer(schema: &Schema, text: &str) -> Offer {
    let (name, other) = match text.split_once(':') {
        Some((name, _)) => (name, true),
        None => (text, false),
    };
    let mut shape = schema.interface(name).map(|found| found.shape()).unwrap_or_default();
    if other {
        shape.hash = [7; 16];
    }
    Offer { name: name.into(), version: 1, shape, channels: Vec::new() }
}

fn shape(schema: &Schema, name: &str) -> Shape {
    schema.interface(name).unwrap_or_else(|| panic!("no interface `{name}`")).shape()
}

/// The bytes of a body.
pub(crate) fn bytes(schema: &Schema, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = term_end(rest);
        let (term, more) = rest.split_at(end);
        one_term(schema, term, &mut out);
        rest = more.strip_prefix('+').unwrap_or(more);
    }
    out
}

/// `Preferences` inside each other, so many.
fn nested(depth: u32) -> Vec<u8> {
    let mut value = vec![0];
    for _ in 1..depth {
        let mut outer = vec![1, 4];
        Encoder::new(&mut outer).varint(value.len() as u64);
        outer.extend(value);
        value = outer;
    }
    value
}

/// Where the first term ends: at a `+` outside of quotes and parentheses.
fn term_end(text: &str) -> usize {
    let (mut quoted, mut deep) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' => deep = true,
            ')' => deep = false,
            '+' if !quoted && !deep => return at,
            _ => {}
        }
    }
    text.len()
}

fn one_term(schema: &Schema, term: &str, out: &mut Vec<u8>) {
    if let Some(call) = term.strip_suffix(')') {
        let (name, arguments) = call.split_once('(').expect("a term with arguments");
        let (first, second) = arguments.split_once(',').unwrap_or((arguments, ""));
        let of = |target| Bind { interface: first.into(), shape: shape(schema, first), target };
        match name {
            "shape" => out.extend(to_bytes(&shape(schema, first)).expect("fits")),
            "zeros" => out.extend(vec![0; number(first) as usize]),
            "nested" => out.extend(nested(number(first))),
            "bind" if second.is_empty() => out.extend(to_bytes(&of(Target::Any)).expect("fits")),
            "bind" => out.extend(to_bytes(&of(Target::Instance(second.into()))).expect("fits")),
            "serve" => {
                let instance = second.to_owned();
                let serve =
                    Serve { interface: first.into(), shape: shape(schema, first), instance };
                out.extend(to_bytes(&serve).expect("fits"));
            }
            _ => panic!("`{name}` is no term"),
        }
        return;
    }
    let mut encoder = Encoder::new(out);
    match term.split_at(1) {
        ("u", value) => encoder.varint(u64::from(number(value))),
        ("\"", value) => {
            let text = value.strip_suffix('"').expect("a quote at the end").to_owned();
            text.encode(&mut encoder).expect("a string");
        }
        ("f", value) if value.contains('.') => {
            value.parse::<f64>().expect("a float").encode(&mut encoder).expect("a float");
        }
        _ => {
            for place in (0..term.len()).step_by(2) {
                let byte = u8::from_str_radix(&term[place..place + 2], 16);
                out.push(byte.unwrap_or_else(|error| panic!("`{term}`: {error}")));
            }
        }
    }
}

/// Whether a frame is what a line about the sample contract says; `Err` names what differs.
pub(crate) fn compare(seen: &Seen, line: &str) -> Result<(), String> {
    compare_of(contract(), seen, line)
}

/// Whether a frame is what a line about the interfaces of a contract says; `Err` names what differs.
pub(crate) fn compare_of(schema: &Schema, seen: &Seen, line: &str) -> Result<(), String> {
    let Line { kind, fields } = take_apart(line);
    let mut differs = (seen.kind as u8 != kind).then_some("kind");
    for (name, value) in fields {
        let same = match name {
            "binding" => seen.binding == number(value),
            "ordinal" => seen.ordinal == number(value),
            "status" => seen.ordinal == status(value).code(),
            "reason" => seen.ordinal == reason(value).code(),
            "id" => seen.id == number(value),
            "budget" => seen.budget == number(value),
            "flags" => u32::from(seen.flags) == number(value),
            "body" => seen.body == bytes(schema, value),
            _ => panic!("`{name}` cannot be expected"),
        };
        if !same {
            differs = differs.or(Some(name));
        }
    }
    match differs {
        None => Ok(()),
        Some(name) => Err(format!("expected `{line}`, got {} ({name} differs)", show(seen))),
    }
}

/// A frame as a line.
pub(crate) fn show(seen: &Seen) -> String {
    let mut text = seen.kind.name().to_owned();
    let mut field = |name: &str, value: String| text.push_str(&format!(" {name}={value}"));
    match seen.kind {
        Kind::End => {
            let name = Status::from_code(seen.ordinal).map(Status::name);
            field("status", name.map_or_else(|| seen.ordinal.to_string(), str::to_owned));
        }
        Kind::Goodbye => {
            let name = Reason::from_code(seen.ordinal).map(Reason::name);
            field("reason", name.map_or_else(|| seen.ordinal.to_string(), str::to_owned));
        }
        _ if seen.ordinal != 0 => field("ordinal", seen.ordinal.to_string()),
        _ => {}
    }
    for (name, value) in [("flags", u32::from(seen.flags)), ("binding", seen.binding)] {
        if value != 0 {
            field(name, value.to_string());
        }
    }
    if seen.id != 0 {
        field("id", format!("{:#x}", seen.id));
    }
    if seen.budget != 0 {
        field("budget", seen.budget.to_string());
    }
    if !seen.body.is_empty() {
        let printable =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { *byte } else { b'.' };
        let body: Vec<u8> = seen.body.iter().take(120).map(printable).collect();
        field("body", format!("[{}] `{}`", seen.body.len(), String::from_utf8_lossy(&body)));
    }
    text
}
