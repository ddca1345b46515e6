//! Calls and notifications: many at once, with time and without, waited for and given up.

use portcullis::Status;
use portcullis::rpc::Failure;
use tokio::task::JoinSet;

use std::sync::Arc;

use super::Ticket;
use crate::contract::{Load, WorkClient, WorkError, mixed};
use crate::fact::What;
use crate::peer::Member;
use crate::rng::Rng;

/// Most calls at once, and most rounds of a program.
const CALLS_MAX: u64 = 32;
const ROUNDS_MAX: u64 = 12;

/// Bytes of a load: few as a rule.
pub(super) fn bytes(rng: &mut Rng) -> u32 {
    let most = [0, 30, 30, 400, 8_000, 20_000, 120_000, 400_000][rng.index(8)];
    rng.below(most + 1) as u32
}

impl Member {
    /// One call, whose answer must be its own. Whoever insists must get one.
    pub(super) async fn ask(
        &self,
        work: &WorkClient,
        ticket: Ticket<'_>,
        len: u32,
        ms: u32,
        insists: bool,
    ) {
        let number = ticket.number;
        let answer = self.outcome(ticket, work.ask(Load::new(number, len), ms)).await;
        match answer {
            Ok(load) if load.is_of(!number) && load.len == len => {}
            Ok(load) => {
                self.broken(&format!("{number:#x} was answered with {:#x}", load.number));
            }
            Err(error) if insists => self.broken(&format!("a witness was told {error}")),
            Err(_) => {}
        }
    }

    /// Many calls at once; some are given up.
    pub(super) async fn asks(self: &Arc<Self>, work: &WorkClient, rng: &mut Rng) {
        let mut asking = JoinSet::new();
        for _ in 0..=rng.below(CALLS_MAX) {
            let (member, work) = (Arc::clone(self), work.clone());
            let (len, ms) = (bytes(rng), [0, 0, 0, rng.below(100) as u32][rng.index(4)]);
            asking.spawn(async move {
                let ticket = member.begin(What::Ask);
                member.ask(&work, ticket, len, ms, false).await;
            });
        }
        if rng.one_in(5) {
            // What is open then is given up.
            self.pause(rng.below(20)).await;
            asking.abort_all();
        }
        while asking.join_next().await.is_some() {}
    }

    /// One of each kind, in any order.
    pub(super) async fn mixed(&self, work: &WorkClient, rng: &mut Rng) {
        for _ in 0..=rng.below(ROUNDS_MAX) {
            let wrong = match rng.below(4) {
                0 => {
                    let ticket = self.begin(What::Hurry);
                    let number = ticket.number;
                    let hurry = work.hurry(number, rng.below(300) as u32);
                    self.outcome(ticket, hurry).await.is_ok_and(|answer| answer != !number)
                }
                1 => {
                    let ticket = self.begin(What::Block);
                    let number = ticket.number;
                    let block = work.block(number, rng.below(30) as u32);
                    self.outcome(ticket, block).await.is_ok_and(|answer| answer != !number)
                }
                _ => {
                    let ticket = self.begin(What::Fail);
                    let number = ticket.number;
                    match self.outcome(ticket, work.fail(number)).await {
                        Ok(answer) => answer != !number || number % 2 == 1,
                        Err(Failure::App(error)) => {
                            error != WorkError::Asked { number } || number.is_multiple_of(2)
                        }
                        Err(Failure::Error(_)) => false,
                    }
                }
            };
            if wrong {
                self.broken("a call was answered with another's answer");
            }
        }
    }

    /// Notifications in a row.
    pub(super) async fn tells(&self, work: &WorkClient, rng: &mut Rng) {
        let row = self.number();
        for place in 1..=rng.below(40) as u32 {
            match work.tell(row, place, Load::new(mixed(row, place), bytes(rng))) {
                Ok(()) => {}
                Err(error)
                    if matches!(
                        error.status(),
                        Status::Unavailable | Status::ResourceExhausted
                    ) =>
                {
                    return;
                }
                Err(error) => self.broken(&format!("a notification: {error}")),
            }
            if rng.one_in(8) {
                self.pause(rng.below(20)).await;
            }
        }
    }
}
