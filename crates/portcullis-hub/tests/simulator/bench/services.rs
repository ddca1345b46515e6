//! The sample contract, served without a runtime: time is the simulation's.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis::{Call, Error, Sink, Source, Status};
use sample_contract::{
    Echo, EchoError, EchoReply, EchoRequest, Flows, FlowsError, Picture, Summary, Topics,
    TopicsPublisher, Who,
};

use super::world::World;

/// Answers with what it was sent.
pub(crate) struct EchoService {
    pub(crate) world: Arc<World>,
    pub(crate) told: AtomicU32,
}

impl EchoService {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), told: AtomicU32::new(0) }
    }
}

impl Echo for EchoService {
    async fn call(&self, _: &Call, request: EchoRequest) -> EchoReply {
        let EchoRequest { number, text, value } = request;
        EchoReply { number: number.wrapping_add(1), text, value: value * 2.0 }
    }

    async fn bytes(&self, _: &Call, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    async fn join(&self, _: &Call, left: String, right: Option<String>, times: u8) -> String {
        format!("{left}{}", right.unwrap_or_default()).repeat(usize::from(times))
    }

    async fn nothing(&self, _: &Call) {}

    async fn fail(&self, _: &Call, number: u64, reasons: Vec<String>) -> Result<u64, EchoError> {
        if !reasons.is_empty() {
            return Err(EchoError::Reasons(reasons));
        }
        if number % 2 == 1 { Err(EchoError::Odd { number }) } else { Ok(number) }
    }

    async fn refuse(&self, _: &Call, message: String) -> Result<(), Error> {
        Err(Error::new(Status::FailedPrecondition, message).at("message"))
    }

    async fn panic(&self, _: &Call, message: String) {
        // Without the hook of the standard library, which would fill the output of the tests.
        std::panic::resume_unwind(Box::new(message));
    }

    async fn later(&self, _: &Call, ms: u32) -> u32 {
        self.world.sleep(ms).await;
        ms
    }

    async fn never(&self, _: &Call) {
        pending().await
    }

    async fn block(&self, _: &Call, ms: u32) -> u32 {
        self.world.sleep(ms).await;
        ms
    }

    async fn inline(&self, _: &Call, number: u32) -> u32 {
        number
    }

    async fn who(&self, cx: &Call) -> Who {
        let caller = cx.caller().cloned();
        caller.map(|caller| Who { label: caller.label, role: caller.role }).unwrap_or_default()
    }

    async fn tell(&self, _: &Call, text: String) {
        if text == "later" {
            self.world.sleep(100).await;
        }
        self.told.fetch_add(1, Ordering::Relaxed);
    }

    async fn told(&self, _: &Call) -> u32 {
        self.told.load(Ordering::Relaxed)
    }
}

/// Largest picture, in bytes: who asks for one may be a fuzzer.
const PICTURE_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// Most pictures, for the same reason: this stream never waits.
const PICTURES_MAX: u32 = 1000;

/// More numbers than this are counted in rows.
const ROWS_FROM: u32 = 20;
/// Items of such a row: not a divisor of the credit of a stream.
const ROW: u32 = 7;

/// Streams numbers, texts and pictures.
pub(crate) struct FlowsService;

impl Flows for FlowsService {
    async fn count(
        &self,
        _: &Call,
        count: u32,
        fail_after: Option<u32>,
        mut out: Sink<u32>,
    ) -> Result<Summary, FlowsError> {
        let mut summary = Summary::default();
        let end = fail_after.map_or(count, |after| after.min(count));
        // A few go one by one.
        let length = if count > ROWS_FROM { ROW } else { 1 };
        while summary.items < end {
            let first = summary.items;
            let row: Vec<u32> = (first..end.min(first.saturating_add(length))).collect();
            if out.send_all(&row).await.is_err() {
                return Ok(summary);
            }
            summary.items += row.len() as u32;
            summary.sum += row.iter().copied().map(u64::from).sum::<u64>();
        }
        match fail_after {
            Some(after) if after < count => Err(FlowsError::Broken { after }),
            _ => Ok(summary),
        }
    }

    async fn sum(&self, _: &Call, mut input: Source<u32>) -> Summary {
        let mut summary = Summary::default();
        while let Ok(Some(number)) = input.next().await {
            summary.items += 1;
            summary.sum += u64::from(number);
        }
        summary
    }

    async fn mirror(&self, _: &Call, mut input: Source<String>, mut out: Sink<String>) {
        while let Ok(Some(text)) = input.next().await {
            if out.send(&text).await.is_err() {
                return;
            }
        }
    }

    async fn pictures(&self, _: &Call, count: u32, bytes: u32, mut out: Sink<Picture>) -> Summary {
        let mut summary = Summary::default();
        for sequence in 0..count.min(PICTURES_MAX) {
            let bytes = bytes.min(PICTURE_BYTES_MAX) as usize;
            let picture = Picture { sequence, pixels: vec![0; bytes] };
            if out.send(&picture).await.is_err() {
                break;
            }
            summary.items += 1;
        }
        summary
    }

    async fn stall(&self, _: &Call, mut out: Sink<u8>) {
        if out.send(&1).await.is_ok() {
            pending().await
        }
    }
}

/// Publishes when it is told to.
pub(crate) struct TopicsService(pub(crate) Arc<std::sync::OnceLock<TopicsPublisher>>);

impl Topics for TopicsService {
    async fn emit(&self, _: &Call, number: u32, times: u32) {
        let Some(publisher) = self.0.get() else { return };
        for step in 0..times {
            let value = number.wrapping_add(step);
            // A publisher whose connection has ended has nobody to tell.
            let _ = publisher.ticked(&value);
            let _ = publisher.kept(&value);
            let _ = publisher.strict(&value);
        }
    }
}
