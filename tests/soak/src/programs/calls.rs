//! Programs that call and tell.

use std::time::Duration;

use portcullis_proto::rpc::Failure;
use sample_contract::{EchoError, EchoRequest};

use super::{CALL_MS, Done, Program};
use crate::service::telling;

/// Most calls of a program.
const CALLS_MAX: u64 = 20;
/// Most calls that it waits for at once.
const AT_ONCE_MAX: u64 = 6;
/// The declared deadline of `call`, in milliseconds.
const ECHO_MS: u32 = 5_000;
/// That of `later`.
const LATER_MS: u32 = 500;
/// That of `never`.
const NEVER_MS: u32 = 200;
/// Most bytes of a call.
const BYTES_MAX: u64 = 100_000;

impl Program {
    /// Calls in a row, some at once, some with little time, some given up.
    pub(super) async fn calls(&mut self) -> Done {
        let echo = self.echo().await?;
        let row = self.ledger.row();
        let mut number = 0;
        for _ in 0..=self.rng.below(CALLS_MAX) {
            let limit_ms = [ECHO_MS, ECHO_MS, 1, 40, 700][self.rng.index(5)];
            let brief = echo.with_timeout(Duration::from_millis(limit_ms.into()));
            let mut open = Vec::new();
            for _ in 0..=self.rng.below(AT_ONCE_MAX) {
                number += 1;
                let full = u64::from(row) << 32 | number;
                let request = EchoRequest { number: full, text: "text".into(), value: 0.5 };
                open.push((full, self.begin("call", Some(limit_ms)), brief.call(request)));
            }
            let given_up = self.rng.one_in(8);
            for (full, ticket, calling) in open {
                if given_up && self.rng.one_in(2) {
                    continue;
                }
                match self.settle(ticket, "call", calling.await) {
                    Ok(reply) if reply.number == full + 1 => self.ledger.must_be_handled(full),
                    Ok(reply) => self.broken(&format!("call of {full:#x} got {:#x}", reply.number)),
                    Err(_) => {}
                }
            }
            self.pause(300).await;
        }
        Ok(())
    }

    /// One of each, in any order, with whatever it ends.
    pub(super) async fn mixed(&mut self) -> Done {
        let echo = self.echo().await?;
        for _ in 0..=self.rng.below(CALLS_MAX) {
            match self.rng.below(8) {
                0 => {
                    let ms = self.rng.below(800) as u32;
                    let result = self.outcome("later", LATER_MS, echo.later(ms)).await;
                    if result.is_ok_and(|slept| slept != ms || ms > LATER_MS) {
                        self.broken(&format!("later({ms}) ended well"));
                    }
                }
                1 if self.outcome("never", NEVER_MS, echo.never()).await.is_ok() => {
                    self.broken("never has ended");
                }
                2 => self.fail(&echo).await,
                3 if self.outcome("refuse", CALL_MS, echo.refuse("no".into())).await.is_ok() => {
                    self.broken("refuse has ended well");
                }
                4 if self.outcome("panic", CALL_MS, echo.panic("oh".into())).await.is_ok() => {
                    self.broken("panic has ended well");
                }
                5 => {
                    let bytes = vec![self.rng.next() as u8; self.rng.below(BYTES_MAX) as usize];
                    let same = self.outcome("bytes", CALL_MS, echo.bytes(bytes.clone())).await;
                    if same.is_ok_and(|same| same != bytes) {
                        self.broken("other bytes came back");
                    }
                }
                6 => drop(self.echo().await),
                _ => {
                    let number = self.rng.next() as u32;
                    let same = self.outcome("inline", CALL_MS, echo.inline(number)).await;
                    if same.is_ok_and(|same| same != number) {
                        self.broken("another number came back");
                    }
                }
            }
            self.pause(200).await;
        }
        Ok(())
    }

    async fn fail(&mut self, echo: &sample_contract::EchoClient) {
        let number = self.rng.next() >> 1;
        let ticket = self.begin("fail", Some(CALL_MS));
        let odd = number % 2 == 1;
        let wrong = match self.settle(ticket, "fail", echo.fail(number, Vec::new()).await) {
            Ok(same) => same != number || odd,
            Err(Failure::App(error)) => error != EchoError::Odd { number } || !odd,
            Err(Failure::Error(_)) => false,
        };
        if wrong {
            self.broken(&format!("fail({number}) ended wrongly"));
        }
    }

    /// Notifications in a row.
    pub(super) async fn tells(&mut self) -> Done {
        let echo = self.echo().await?;
        let row = self.ledger.row();
        for number in 1..=self.rng.below(50) as u32 {
            match echo.tell(telling(row, number)) {
                Ok(()) => {}
                Err(error) if self.is_expected("tell", error.status()) => return Ok(()),
                Err(error) => self.broken(&format!("tell: {error}")),
            }
            if self.rng.one_in(4) {
                self.pause(50).await;
            }
        }
        Ok(())
    }
}
