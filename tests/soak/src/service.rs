//! Calls of the sample contract, served so that the ledger knows what handlers were given.

use std::sync::Arc;

use portcullis::{Call, Error};
use sample_contract::{Echo, EchoError, EchoReply, EchoRequest, Who};

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

fn told(text: &str) -> Option<(u32, u32)> {
    let (row, number) = text.split_once(' ')?;
    Some((row.parse().ok()?, number.parse().ok()?))
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
        match told(&text) {
            Some((row, number)) => self.ledger.in_row(row, number),
            None => self.ledger.broken(format!("a notification says {text:?}")),
        }
        self.echo.tell(cx, text).await;
    }

    async fn told(&self, cx: &Call) -> u32 {
        self.echo.told(cx).await
    }
}
