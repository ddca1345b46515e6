//! What is called: a desk that writes down what it was asked, over all hubs that it served.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::{Call, Error, Sink, Status};

pub(crate) use contract::{
    Desk, DeskClient, DeskInterface, DeskPublisher, DeskServer, ForbiddenClient, contract,
};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract for the tests beside it")]
    use portcullis::{Call, Error, Sink};

    #[portcullis::interface(name = "test.desk", version = 1)]
    pub trait Desk {
        #[call(deadline = "2s")]
        async fn add(&self, cx: &Call, token: u64) -> u64;
        #[call(deadline = "2s", idempotent)]
        async fn get(&self, cx: &Call, token: u64) -> u64;
        #[call(deadline = "1m", idempotent)]
        async fn long(&self, cx: &Call) -> u64;
        #[call(deadline = "1m")]
        async fn never(&self, cx: &Call) -> u64;
        #[call(deadline = "1m", idempotent)]
        async fn stuck(&self, cx: &Call, token: u64) -> u64;
        #[call(deadline = "1m", idempotent)]
        async fn busy(&self, cx: &Call, token: u64) -> Result<u64, Error>;
        #[call(deadline = "1m")]
        async fn busy_once(&self, cx: &Call, token: u64) -> Result<u64, Error>;
        #[notify]
        async fn tell(&self, cx: &Call, token: u64);
        #[stream]
        async fn count(&self, cx: &Call, out: Sink<u64>);
        #[event]
        fn ticked(number: u64);
        #[event(overflow = "disconnect", depth = 1)]
        fn strict(number: u64);
        #[state]
        fn level(value: u64);
    }

    #[portcullis::interface(name = "test.forbidden", version = 1)]
    pub trait Forbidden {
        #[call]
        async fn ask(&self, cx: &Call);
        #[event]
        fn heard(number: u64);
    }

    portcullis::contract! { name = "desk", interfaces = [Desk, Forbidden] }
}

/// How often each token was carried out.
#[derive(Debug, Default)]
pub(crate) struct Book {
    done: Mutex<BTreeMap<u64, usize>>,
}

impl Book {
    pub(crate) fn done(&self, token: u64) -> usize {
        self.done.lock().expect("whole").get(&token).copied().unwrap_or(0)
    }

    fn write(&self, token: u64) -> usize {
        let mut done = self.done.lock().expect("whole");
        let count = done.entry(token).or_default();
        *count += 1;
        *count
    }
}

/// How often a desk that is busy says so.
pub(crate) const BUSY_TIMES: usize = 3;
/// After so many milliseconds a desk that is busy is to be asked again.
pub(crate) const BUSY_MS: u32 = 700;
/// The token of [`Desk::long`] and [`Desk::never`].
pub(crate) const LONG: u64 = 1_000_000;

#[derive(Clone, Debug)]
pub(crate) struct DeskService(pub(crate) Arc<Book>);

impl DeskService {
    fn busy(&self, token: u64) -> Result<u64, Error> {
        if self.0.write(token) <= BUSY_TIMES {
            let error = Error::new(Status::ResourceExhausted, "the desk is busy");
            return Err(error.retrying(portcullis::Retry::After(BUSY_MS)));
        }
        Ok(token)
    }
}

impl Desk for DeskService {
    async fn add(&self, _: &Call, token: u64) -> u64 {
        self.0.write(token);
        token
    }

    async fn get(&self, _: &Call, token: u64) -> u64 {
        self.0.write(token);
        token
    }

    /// The first time it takes for ever.
    async fn long(&self, _: &Call) -> u64 {
        if self.0.write(LONG) == 1 {
            std::future::pending::<()>().await;
        }
        LONG
    }

    async fn never(&self, _: &Call) -> u64 {
        self.0.write(LONG);
        std::future::pending().await
    }

    async fn stuck(&self, _: &Call, token: u64) -> u64 {
        self.0.write(token);
        std::future::pending().await
    }

    async fn busy(&self, _: &Call, token: u64) -> Result<u64, Error> {
        self.busy(token)
    }

    async fn busy_once(&self, _: &Call, token: u64) -> Result<u64, Error> {
        self.busy(token)
    }

    async fn tell(&self, _: &Call, token: u64) {
        self.0.write(token);
    }

    async fn count(&self, _: &Call, mut out: Sink<u64>) {
        for number in 0.. {
            if out.send(&number).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
