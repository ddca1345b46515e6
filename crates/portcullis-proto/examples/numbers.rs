//! What a list of numbers costs, and what the same numbers cost as a typed array:
//! `cargo run --release -p portcullis-proto --example numbers`. 100,000 floats are written, read by a receiver that adds them
//! up, and checked by the hub's validator. Rounds are interleaved; figures are medians with quartiles, in microseconds.

use std::hint::black_box;
use std::time::Instant;

use portcullis_proto::codec::{Body, Message, TypedArray};
use portcullis_proto::schema::validate::{Plan, Root};
use portcullis_proto::schema::{Channel, ChannelKind, Overflow, SchemaBuilder};

const NUMBERS: u32 = 100_000;
const ROUNDS: usize = 501;
/// Runs whose mean is one figure of a round: few, so that most are over before somebody else gets the core.
const RUNS: u32 = 2;

/// Mean microseconds of one run.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn time(mut work: impl FnMut()) -> f64 {
    let started = Instant::now();
    for _ in 0..RUNS {
        work();
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS)
}

fn body(value: &impl Message) -> Body {
    Body::write(|out| value.encode(out)).expect("a value within its limits")
}

/// The validator's plan of a contract that has nothing but `T`.
fn plan<T: Message>() -> (Plan, Root) {
    let mut schema = SchemaBuilder::new();
    let ty = T::describe(&mut schema);
    let channel = Channel {
        name: "send".into(),
        kind: ChannelKind::Call,
        docs: String::new(),
        args: Vec::new(),
        reply: ty,
        error: None,
        up: None,
        down: None,
        deadline_ms: 1000,
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 0,
        capability: "send".into(),
    };
    schema.interface("numbers", 1, "Numbers", "", vec![channel]);
    let plan = Plan::compile(&schema.finish("numbers").expect("a contract"));
    let root = plan.interface("numbers").and_then(|it| it.channel(0)).expect("the channel").reply;
    (plan, root)
}

struct Case {
    name: String,
    work: Box<dyn FnMut()>,
    times: Vec<f64>,
}

/// Numbers as a `T`: made by `make` and written, read and added up by `sum`, and checked.
fn cases<T: Message>(name: &str, make: fn(&[f32]) -> T, sum: fn(&T) -> f32) -> Vec<Case> {
    let numbers: Vec<f32> = (0..NUMBERS).map(|number| number as f32 / 2.0).collect();
    let read = body(&make(&numbers));
    let (checked, (plan, root)) = (read.clone(), plan::<T>());
    let case = |does: &str, work: Box<dyn FnMut()>| Case {
        name: format!("{name}, {does}"),
        work,
        times: Vec::new(),
    };
    vec![
        case("write", Box::new(move || drop(black_box(body(&make(&numbers)))))),
        case(
            "read",
            Box::new(move || {
                black_box(sum(&read.read::<T>().expect("a value")));
            }),
        ),
        case(
            "validate",
            Box::new(move || {
                plan.validate_parts(root, black_box(&checked.bytes), &checked.blobs)
                    .expect("valid");
            }),
        ),
    ]
}

fn main() {
    let mut all = cases("list", |numbers| numbers.to_vec(), |list| list.iter().sum());
    all.extend(cases::<TypedArray<f32>>(
        "array",
        |numbers| numbers.into(),
        |array| array.as_slice().map_or_else(|| array.iter().sum(), |slice| slice.iter().sum()),
    ));
    for _ in 0..ROUNDS {
        for Case { work, times, .. } in &mut all {
            times.push(time(work));
        }
    }
    for Case { name, times, .. } in &mut all {
        times.sort_by(f64::total_cmp);
        let quartile = |quarter: usize| times[times.len() * quarter / 4];
        println!("{name:16} {:8.2} us ({:.2} to {:.2})", quartile(2), quartile(1), quartile(3));
    }
}
