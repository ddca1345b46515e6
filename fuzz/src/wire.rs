//! Frames out of a fuzzer's decisions: well-formed as a rule, with numbers so small that they meet what is open; and a
//! check of frames that a session sends.

use portcullis_proto::frame::{self, FLAG_ROW, HEADER_BYTES, Head, Kind, Parsed};

use super::input::Input;
use super::lines;

/// Longest body that is made out of input, in bytes.
const BODY_BYTES_MAX: usize = 64;

/// Budgets, credits, windows.
const WORDS: &[u32] = &[0, 1, 2, 16, 100, 500, 5_000, 1_000_000, u32::MAX];

/// Bodies that mean something on some channel, as the simulator's scripts write them.
const BODIES: &[&str] = &[
    "",
    "u0",
    "u1",
    "u2",
    "u7",
    "u300",
    "\"\"",
    "\"later\"",
    "u1+\"text\"+f0.5",
    "u3+00",
    "u5+01+u2",
    "u3+u100",
    "u1+\"\"+\"\"",
    "bind(sample.echo)",
    "bind(sample.flows)",
    "bind(sample.topics)",
    "bind(sample.echo,raw)",
    "bind(sample.flows,raw)",
    "bind(sample.topics,raw)",
    "serve(sample.echo,raw)",
    "serve(sample.flows,two)",
    "serve(sample.topics,three)",
    "nested(9)",
    "zeros(40)",
    "zeros(2000)",
];

/// A number by which something may be known, or one that is too large for anything.
fn number(input: &mut Input<'_>, bound: u8) -> u32 {
    match input.byte() {
        255 => u32::MAX,
        byte => u32::from(byte % bound),
    }
}

/// An id: slots and generations as reference peers use them.
pub fn id(input: &mut Input<'_>) -> u32 {
    let byte = u32::from(input.byte());
    match byte {
        0 => 0,
        255 => u32::MAX,
        _ => (byte >> 4) << 16 | (byte & 15),
    }
}

fn body(input: &mut Input<'_>, kind: Kind) -> Vec<u8> {
    match (input.byte(), kind) {
        (byte, Kind::Hello) if byte < 224 => whole("hello"),
        (byte, Kind::Welcome) if byte < 224 => whole("welcome"),
        (byte, Kind::Caller) if byte < 224 => sample_bytes("\"label\"+\"role\""),
        // Most kinds have no body, and end a connection that sends one.
        (byte, Kind::Request | Kind::Notify | Kind::Publish | Kind::Item | Kind::End) => {
            match usize::from(byte).checked_sub(BODY_BYTES_MAX) {
                None => input.bytes(byte.into()).to_vec(),
                Some(number) => sample_bytes(BODIES[number % BODIES.len()]),
            }
        }
        (250.., _) => vec![0],
        _ => Vec::new(),
    }
}

/// The bytes of a body of the sample contract.
fn sample_bytes(text: &str) -> Vec<u8> {
    lines::bytes(sample_contract::contract(), text)
}

/// The body of a frame that a line of the simulator's scripts stands for.
fn whole(line: &str) -> Vec<u8> {
    lines::frame(line).split_off(HEADER_BYTES)
}

/// Appends some items; now and then the last one is not whole, or there is none.
fn row(input: &mut Input<'_>, kind: Kind, out: &mut Vec<u8>) {
    for _ in 0..input.below(6) {
        let item = body(input, kind);
        out.extend((item.len() as u16).to_le_bytes());
        out.extend(item);
    }
    if input.below(16) == 0 {
        out.pop();
    }
}

/// Appends a frame of one of `kinds`.
pub fn write(input: &mut Input<'_>, kinds: &[Kind], out: &mut Vec<u8>) {
    let choice = input.byte();
    let kind = kinds[usize::from(choice) % kinds.len()];
    let mut head = Head::new(kind);
    head.flags = input.byte() & if choice < 240 { 11 } else { 0xff };
    if !matches!(kind, Kind::Item | Kind::Credit) && choice < 240 {
        head.flags = 0;
    }
    head.binding = number(input, 12);
    head.ordinal = number(input, 20);
    head.id = id(input);
    head.budget = input.pick(WORDS);
    let start = frame::begin(out, head);
    if head.flags & FLAG_ROW == 0 {
        out.extend(body(input, kind));
    } else {
        row(input, kind, out);
    }
    frame::finish(out, start);
    match choice {
        255 => out[start + 4] = input.byte(),
        254 => out[start + 6] = input.byte(),
        253 => out[start] = input.byte(),
        252 => out[start + 3] = input.byte(),
        _ => {}
    }
}

/// Looks at whole frames that a side has sent: each can be parsed, is of a kind that this side sends, and no larger than
/// the other one takes.
pub fn check_sent(bytes: &[u8], from_hub: bool, frame_bytes_max: u32) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let Ok(Parsed::Frame { frame, length }) = frame::parse(rest, frame_bytes_max) else {
            panic!("a session sent what is no frame: {rest:02x?}");
        };
        let wrong: &[Kind] = if from_hub {
            &[Kind::Hello, Kind::Subscribe, Kind::Publish, Kind::Ack]
        } else {
            &[Kind::Welcome, Kind::Unbound, Kind::Caller]
        };
        assert!(!wrong.contains(&frame.head.kind), "{} is not this side's", frame.head.kind.name());
        rest = &rest[length..];
    }
}
