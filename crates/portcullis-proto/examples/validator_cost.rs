//! What it costs to check a message: nanoseconds by the validator and by the generated decoder, for a small request, a
//! list of records and a page of bytes. `cargo run --release -p portcullis-proto --example validator_cost`
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use portcullis_macros::message;
use portcullis_proto::codec::{Message, from_bytes, to_bytes};
use portcullis_proto::schema::validate::Plan;
use portcullis_proto::schema::{Channel, ChannelKind, Overflow, SchemaBuilder};

/// A small request: a number, a text of 16 bytes, a float.
#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug)]
struct Request {
    id: u64,
    name: String,
    value: f64,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug)]
struct Records {
    records: Vec<Record>,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug)]
struct Record {
    id: u32,
    #[limit(len <= 64)]
    name: String,
    kind: Kind,
    at: Option<(u16, u16)>,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug)]
enum Kind {
    Plain,
    Scaled { by: f32 },
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug)]
struct Page {
    bytes: Vec<u8>,
}

fn main() {
    let request = Request { id: 123_456, name: "sixteen bytes ok".into(), value: 0.5 };
    measure("request {u64, 16 bytes of text, f64}", &request);
    let record = |id| Record {
        id,
        name: format!("record {id}"),
        kind: if id % 2 == 0 { Kind::Plain } else { Kind::Scaled { by: 1.5 } },
        at: (id % 3 == 0).then_some((640, 480)),
    };
    measure("list of 100 records", &Records { records: (0..100).map(record).collect() });
    measure("64 KiB of bytes", &Page { bytes: vec![7; 64 * 1024] });
}

fn measure<T: Message>(what: &str, value: &T) {
    let mut builder = SchemaBuilder::new();
    let reply = T::describe(&mut builder);
    builder.interface("cost", 1, "Cost", "", vec![channel(reply)]);
    let schema = builder.finish("cost").expect("a contract");
    let plan = Plan::compile(&schema);
    let root = plan.interface("cost").and_then(|it| it.channel(0)).expect("the channel").reply;
    let body = to_bytes(value).expect("a valid value");
    let validator = median(|| plan.validate(root, black_box(&body)).is_ok());
    let decoder = median(|| from_bytes::<T>(black_box(&body)).is_ok());
    println!("{what} ({} bytes): validator {validator:.1} ns, decoder {decoder:.1} ns", body.len());
}

/// Nanoseconds of one `run`: the median of eleven samples of some 20 ms each.
fn median(run: impl Fn() -> bool) -> f64 {
    let sample = |rounds: u32| {
        let start = now();
        for _ in 0..rounds {
            assert!(black_box(run()));
        }
        start.elapsed()
    };
    let mut rounds = 1;
    while sample(rounds) < Duration::from_millis(20) && rounds < 1 << 24 {
        rounds *= 2;
    }
    let mut samples: Vec<f64> =
        (0..11).map(|_| sample(rounds).as_nanos() as f64 / f64::from(rounds)).collect();
    samples.sort_by(f64::total_cmp);
    samples[5]
}

#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn channel(reply: portcullis_proto::schema::Type) -> Channel {
    Channel {
        name: "get".into(),
        kind: ChannelKind::Call,
        docs: String::new(),
        args: Vec::new(),
        reply,
        error: None,
        up: None,
        down: None,
        deadline_ms: 1000,
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 1,
        capability: "get".into(),
    }
}
