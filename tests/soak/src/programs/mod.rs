//! What applications are at: each program is a task of one peer, which does its work until it is done, its connection has
//! ended, or its process dies. Every operation has a ticket of the ledger.

mod blobs;
mod calls;
mod serving;
mod streams;
mod subscribing;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_proto::error::Error;
use portcullis_proto::peer::{Peer, Target};
use portcullis_proto::rpc::{Client, Failure};
use portcullis_proto::status::Status;
use sample_contract::{EchoClient, FlowsClient, TopicsClient};

use crate::bench::{Rng, World};
use crate::ledger::{Ledger, Ticket};

/// How long the hub has for an answer, when nobody says otherwise, in virtual milliseconds.
const HUB_MS: u32 = 10_000;
/// The deadline of the sample contract's calls that name none, in virtual milliseconds.
const CALL_MS: u32 = 30_000;

/// How much later than it comes a program hears of an end, that takes its time between two items; in virtual milliseconds.
const DAWDLING_MS: u32 = 150;
/// Longest time that an instance is served, in virtual milliseconds.
const SERVED_MS_MAX: u64 = 60_000;

/// What a program may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Calls,
    Mixed,
    Tells,
    Count,
    Sum,
    Mirror,
    Pictures,
    Stall,
    Subscribe,
    Scans,
    Frames,
    Total,
    ServeEcho,
    ServeFlows,
    ServeTopics,
    ServeBlobs,
}

impl Kind {
    /// The program that serves what this one calls.
    pub(crate) fn served_by(self) -> Self {
        match self {
            Self::Calls | Self::Mixed | Self::Tells | Self::ServeEcho => Self::ServeEcho,
            Self::Subscribe | Self::ServeTopics => Self::ServeTopics,
            Self::Scans | Self::Frames | Self::Total | Self::ServeBlobs => Self::ServeBlobs,
            _ => Self::ServeFlows,
        }
    }
}

/// What those who call do.
pub(crate) const CALLING: &[Kind] = &[
    Kind::Calls,
    Kind::Calls,
    Kind::Mixed,
    Kind::Mixed,
    Kind::Tells,
    Kind::Count,
    Kind::Sum,
    Kind::Mirror,
    Kind::Pictures,
    Kind::Stall,
    Kind::Subscribe,
    Kind::Subscribe,
    Kind::Subscribe,
    Kind::Scans,
    Kind::Scans,
    Kind::Frames,
    Kind::Total,
];

/// What those who serve do.
pub(crate) const SERVING: &[Kind] =
    &[Kind::ServeEcho, Kind::ServeFlows, Kind::ServeTopics, Kind::ServeBlobs];

/// What a program has at hand.
pub(crate) struct Program {
    pub(crate) peer: Peer,
    /// The peer's number and label, as the hub knows them.
    pub(crate) number: u32,
    pub(crate) label: String,
    /// Bytes of blobs that it takes.
    pub(crate) blob_bytes: u32,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) world: Arc<World>,
    pub(crate) rng: Rng,
    /// Raised when nobody is to take his time any more.
    pub(crate) hurry: Arc<AtomicBool>,
    /// Which instance: one that is called, or the name that is served.
    pub(crate) instance: String,
}

/// How something ended that was no success.
trait Ended {
    fn how(&self) -> Status;
}

impl Ended for Error {
    fn how(&self) -> Status {
        self.status()
    }
}

impl<E> Ended for Failure<E> {
    fn how(&self) -> Status {
        self.status()
    }
}

/// A program that is over; the error is for `?` alone.
type Done = Result<(), Status>;

impl Program {
    /// Does the work. How it ends is in the ledger.
    pub(crate) async fn run(mut self, kind: Kind) {
        let _done = match kind {
            Kind::Calls => self.calls().await,
            Kind::Mixed => self.mixed().await,
            Kind::Tells => self.tells().await,
            Kind::Count => self.count().await,
            Kind::Sum => self.sum().await,
            Kind::Mirror => self.mirror().await,
            Kind::Pictures => self.pictures().await,
            Kind::Stall => self.stall().await,
            Kind::Subscribe => self.subscribe().await,
            Kind::Scans => self.scans().await,
            Kind::Frames => self.frames().await,
            Kind::Total => self.total().await,
            Kind::ServeBlobs => self.serve_blobs().await,
            Kind::ServeEcho => self.serve_echo().await,
            Kind::ServeFlows => self.serve_flows().await,
            Kind::ServeTopics => self.serve_topics().await,
        };
    }

    fn begin(&self, what: &'static str, limit_ms: Option<u32>) -> Ticket {
        self.ledger.begin(what, &self.label, limit_ms)
    }

    /// Waits for the one outcome of an operation that may take so long.
    async fn outcome<T, E: Ended>(
        &self,
        what: &'static str,
        limit_ms: u32,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Status> {
        let ticket = self.begin(what, Some(limit_ms));
        let begun = self.world.now();
        let result = self.settle(ticket, what, future.await).map_err(|error| error.how());
        let took = self.world.now().since(begun).as_millis();
        if matches!(result, Err(Status::DeadlineExceeded)) && took + 1 < u128::from(limit_ms) {
            self.broken(&format!("{what} ran out of its {limit_ms} ms after {took} ms"));
        }
        result
    }

    /// The one outcome of an operation.
    fn settle<T, E: Ended>(
        &self,
        ticket: Ticket,
        what: &'static str,
        result: Result<T, E>,
    ) -> Result<T, E> {
        self.close(ticket, what, result.as_ref().map_or_else(Ended::how, |_| Status::Ok));
        result
    }

    /// The status that an operation ended with.
    fn close(&self, ticket: Ticket, what: &'static str, how: Status) {
        ticket.end(how);
        if how != Status::Ok && !self.is_expected(what, how) {
            self.broken(&format!("{what} ended with {}", how.name()));
        }
    }

    /// Whether an operation may end so: nothing here breaks its contract or lacks a grant.
    fn is_expected(&self, what: &str, how: Status) -> bool {
        match how {
            Status::DeadlineExceeded | Status::ResourceExhausted | Status::Unavailable => true,
            Status::Application => matches!(what, "fail" | "count" | "scan"),
            Status::FailedPrecondition => what == "refuse",
            Status::Internal => what == "panic",
            _ => false,
        }
    }

    fn broken(&self, what: &str) {
        self.ledger.broken(format!("{}: {what}", self.label));
    }

    /// Takes some time, unless everybody hurries.
    async fn pause(&mut self, ms_max: u64) {
        let ms = self.rng.below(ms_max + 1) as u32;
        if ms > 0 && !self.hurry.load(Ordering::Relaxed) {
            self.world.sleep(ms).await;
        }
    }

    async fn bind<C: Client>(&self) -> Result<C, Status> {
        let target = match self.instance.as_str() {
            "" => Target::Any,
            name => Target::Instance(name.to_owned()),
        };
        self.outcome("bind", HUB_MS, self.peer.bind::<C>(target)).await
    }

    async fn echo(&self) -> Result<EchoClient, Status> {
        self.bind().await
    }

    async fn flows(&self) -> Result<FlowsClient, Status> {
        self.bind().await
    }

    async fn topics(&self) -> Result<TopicsClient, Status> {
        self.bind().await
    }
}
