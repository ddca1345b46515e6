//! What is to be done, and how much of it: the works, and the tasks of a run, which are works with sizes.

use clap::{Args, ValueEnum};

/// What the two sides do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Work {
    /// One call at a time.
    #[value(name = "call")]
    Call,
    /// Calls kept in flight: as one is answered, the next is made.
    #[value(name = "inflight")]
    InFlight,
    /// Small items, one way, as many as will go.
    #[value(name = "stream")]
    Stream,
    /// Bytes to each receiver, until each has answered with the sum of all of them.
    #[value(name = "deliver")]
    Deliver,
    /// Receivers that have had one delivery, and then nothing.
    #[value(name = "idle")]
    Idle,
}

/// How many calls the work [`Work::InFlight`] keeps in flight.
pub(crate) const IN_FLIGHT: usize = 64;

/// Some work, sized.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Load {
    #[arg(long)]
    pub(crate) work: Work,
    /// Bytes of what is delivered; other works have sizes of their own.
    #[arg(long)]
    pub(crate) bytes: usize,
    /// Processes at the other end.
    #[arg(long)]
    pub(crate) peers: usize,
}

/// A load with its name in `--only` and in the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) load: Load,
    /// What grows from this task to the next of its family, for a plot; a plain run leaves such tasks out.
    pub(crate) grows: Option<Grows>,
}

/// The families of tasks that show growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grows {
    Payload,
    Peers,
    Idle,
}

/// A frame: a picture of some two million pixels.
pub(crate) const FRAME_BYTES: usize = 8 << 20;

const fn task(name: &'static str, work: Work, bytes: usize, peers: usize) -> Task {
    Task { name, load: Load { work, bytes, peers }, grows: None }
}

const fn growing(grows: Grows, name: &'static str, bytes: usize, peers: usize) -> Task {
    let work = if matches!(grows, Grows::Idle) { Work::Idle } else { Work::Deliver };
    Task { name, load: Load { work, bytes, peers }, grows: Some(grows) }
}

/// All tasks, in the order of the tables.
pub(crate) const TASKS: &[Task] = &[
    task("call", Work::Call, 0, 1),
    task("inflight64", Work::InFlight, 0, 1),
    task("stream", Work::Stream, 0, 1),
    task("fanout64", Work::Deliver, 64, 8),
    task("frame8m", Work::Deliver, FRAME_BYTES, 1),
    task("frame8m-to-8", Work::Deliver, FRAME_BYTES, 8),
    growing(Grows::Payload, "payload-64", 64, 1),
    growing(Grows::Payload, "payload-1k", 1 << 10, 1),
    growing(Grows::Payload, "payload-16k", 16 << 10, 1),
    growing(Grows::Payload, "payload-256k", 256 << 10, 1),
    growing(Grows::Payload, "payload-1m", 1 << 20, 1),
    growing(Grows::Payload, "payload-8m", 8 << 20, 1),
    growing(Grows::Payload, "payload-64m", 64 << 20, 1),
    growing(Grows::Peers, "peers-1", 64, 1),
    growing(Grows::Peers, "peers-4", 64, 4),
    growing(Grows::Peers, "peers-16", 64, 16),
    growing(Grows::Peers, "peers-64", 64, 64),
    growing(Grows::Peers, "peers-256", 64, 256),
    growing(Grows::Idle, "idle-32", 64, 32),
];
