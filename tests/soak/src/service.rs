//! Calls of the sample contract, served so that the ledger knows what handlers were given.

use std::sync::Arc;

use portcullis::codec::Blob;
use portcullis::{Call, Error, Sink, Source, TypedArray};
use sample_contract::{
    Blobs, BlobsError, Echo, EchoError, EchoReply, EchoRequest, Samples, Scan, Who,
};

use crate::bench::{EchoService, World};
use crate::ledger::Ledger;

/// Answers as the bench does, and writes down numbers of `call` and `tell`.
pub(crate) struct Noted {
    echo: EchoService,
    ledger: Arc<Ledger>,
}

impl Noted {
    pub(crate) fn new(world: &Arc<World>, ledger: &Arc<Ledger>) -> Self {
        Self { echo: EchoService::new(world), ledger: Arc::clone(ledger) }
    }
}

/// What a notification says: its row, and its number in it.
pub(crate) fn telling(row: u32, number: u32) -> String {
    format!("{row} {number}")
}

/// Writes down what a notification says.
fn note(ledger: &Ledger, text: &str) {
    let told = text.split_once(' ').and_then(|(row, number)| {
        let number = number.parse().ok()?;
        Some((row.parse().ok()?, number))
    });
    match told {
        Some((row, number)) => ledger.in_row(row, number),
        None => ledger.broken(format!("a notification says {text:?}")),
    }
}

impl Echo for Noted {
    async fn call(&self, cx: &Call, request: EchoRequest) -> EchoReply {
        self.ledger.handled(request.number);
        self.echo.call(cx, request).await
    }

    async fn bytes(&self, cx: &Call, bytes: Vec<u8>) -> Vec<u8> {
        self.echo.bytes(cx, bytes).await
    }

    async fn join(&self, cx: &Call, left: String, right: Option<String>, times: u8) -> String {
        self.echo.join(cx, left, right, times).await
    }

    async fn nothing(&self, cx: &Call) {
        self.echo.nothing(cx).await;
    }

    async fn fail(&self, cx: &Call, number: u64, reasons: Vec<String>) -> Result<u64, EchoError> {
        self.echo.fail(cx, number, reasons).await
    }

    async fn refuse(&self, cx: &Call, message: String) -> Result<(), Error> {
        self.echo.refuse(cx, message).await
    }

    async fn panic(&self, cx: &Call, message: String) {
        self.echo.panic(cx, message).await;
    }

    async fn later(&self, cx: &Call, ms: u32) -> u32 {
        self.echo.later(cx, ms).await
    }

    async fn never(&self, cx: &Call) {
        self.echo.never(cx).await;
    }

    async fn block(&self, cx: &Call, ms: u32) -> u32 {
        self.echo.block(cx, ms).await
    }

    async fn inline(&self, cx: &Call, number: u32) -> u32 {
        self.echo.inline(cx, number).await
    }

    async fn who(&self, cx: &Call) -> Who {
        self.echo.who(cx).await
    }

    async fn tell(&self, cx: &Call, text: String) {
        note(&self.ledger, &text);
        self.echo.tell(cx, text).await;
    }

    async fn told(&self, cx: &Call) -> u32 {
        self.echo.told(cx).await
    }
}

/// Most blobs of a stream, whoever asks.
const FRAMES_MAX: u32 = 100;

/// Sends blobs back, and writes down those that were handed over.
pub(crate) struct Scanning(Arc<Ledger>);

impl Scanning {
    pub(crate) fn new(ledger: &Arc<Ledger>) -> Self {
        Self(Arc::clone(ledger))
    }
}

impl Blobs for Scanning {
    async fn echo(&self, _: &Call, scan: Scan) -> Result<Scan, BlobsError> {
        if scan.name.is_empty() {
            return Err(BlobsError::Rejected { seen: scan.points });
        }
        Ok(scan)
    }

    async fn small(&self, _: &Call, number: u32) -> u32 {
        number
    }

    async fn hand_over(&self, _: &Call, scan: Scan) {
        note(&self.0, &scan.name);
    }

    async fn frames(&self, _: &Call, count: u32, bytes: u32, mut out: Sink<Blob>) {
        for number in 0..count.min(FRAMES_MAX) {
            let frame = Blob::from(vec![number as u8; bytes as usize]);
            if out.send(&frame).await.is_err() {
                return;
            }
        }
    }

    async fn mirror(&self, _: &Call, samples: Samples) -> Samples {
        samples
    }

    async fn waves(&self, _: &Call, count: u32, length: u32, mut out: Sink<TypedArray<f32>>) {
        for number in 0..count.min(FRAMES_MAX) {
            if out.send(&vec![number as f32; length as usize].into()).await.is_err() {
                return;
            }
        }
    }

    async fn total(&self, _: &Call, mut input: Source<Blob>) -> u64 {
        let mut total = 0;
        while let Ok(Some(blob)) = input.next().await {
            total += blob.len() as u64;
        }
        total
    }
}
