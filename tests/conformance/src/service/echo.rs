//! Calls of every kind.

use std::time::Duration;

use portcullis::{Call, Error, Status};
use sample_contract::{Echo, EchoClient, EchoError, EchoReply, EchoRequest, Who};

use crate::contract::Chain;
use crate::seen::Seen;

/// Answers with what it was sent.
#[derive(Debug, Default)]
pub struct EchoService {
    seen: Seen,
}

impl EchoService {
    /// A service that leaves its traces in `seen`.
    pub fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone() }
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
        (left + right.as_deref().unwrap_or("")).repeat(usize::from(times))
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
        panic!("{message}");
    }

    async fn later(&self, cx: &Call, ms: u32) -> u32 {
        let _running = self.seen.running();
        self.seen.note_remaining(cx.remaining());
        tokio::time::sleep(Duration::from_millis(u64::from(ms))).await;
        ms
    }

    async fn never(&self, _: &Call) {
        let _running = self.seen.running();
        std::future::pending().await
    }

    async fn block(&self, cx: &Call, ms: u32) -> u32 {
        let _running = self.seen.running();
        for _ in 0..ms {
            if cx.is_cancelled() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        ms
    }

    async fn inline(&self, _: &Call, number: u32) -> u32 {
        number
    }

    async fn who(&self, cx: &Call) -> Who {
        let caller = cx.caller().cloned();
        caller.map(|caller| Who { label: caller.label, role: caller.role }).unwrap_or_default()
    }

    async fn tell(&self, _: &Call, _: String) {
        self.seen.told.add();
    }

    async fn told(&self, _: &Call) -> u32 {
        self.seen.told.get()
    }
}

/// Calls onward.
#[derive(Debug)]
pub struct ChainService {
    /// Whom it calls.
    pub echo: EchoClient,
}

impl Chain for ChainService {
    async fn later(&self, cx: &Call, ms: u32) -> Result<u32, Error> {
        self.echo.within(cx).later(ms).await
    }
}
