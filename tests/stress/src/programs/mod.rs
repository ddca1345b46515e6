//! What a process works at: one thing after the other, as its seed says. Every request is written down before it is made and
//! when it has its outcome.

mod calls;
mod streams;
mod topics;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portcullis::peer::Target;
use portcullis::rpc::Failure;
use portcullis::{Error, Status};

use crate::contract::WorkClient;
use crate::fact::{Fact, How, What};
use crate::house::KEPT;
use crate::peer::Member;
use crate::publishing::label_of;
use crate::rng::Rng;

pub(crate) use topics::Seats;

/// Longest pause between two things, in milliseconds.
const PAUSE_MS_MAX: u64 = 8;
/// Longest time that a process does nothing at all, or does not read, in milliseconds.
const STALL_MS_MAX: u64 = 900;

/// A request that has no outcome yet. Dropped without one, it was given up.
pub(crate) struct Ticket<'a> {
    member: &'a Member,
    pub(crate) number: u64,
    ended: bool,
}

impl<'a> Ticket<'a> {
    fn new(member: &'a Member, what: What, number: u64) -> Self {
        member.journal.note(Fact::Begun { number, what });
        Self { member, number, ended: false }
    }

    fn end(mut self, how: How) {
        self.ended = true;
        self.member.journal.note(Fact::Ended { number: self.number, how });
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let number = self.number;
            self.member.journal.note(Fact::Ended { number, how: How::GivenUp });
        }
    }
}

/// How something has ended.
trait Ending {
    fn status(&self) -> Status;
}

impl Ending for Error {
    fn status(&self) -> Status {
        Self::status(self)
    }
}

impl<E> Ending for Failure<E> {
    fn status(&self) -> Status {
        Self::status(self)
    }
}

impl Member {
    pub(crate) fn begin(&self, what: What) -> Ticket<'_> {
        Ticket::new(self, what, self.number())
    }

    pub(crate) fn broken(&self, text: &str) {
        self.journal.broken(text);
    }

    /// Waits for the one outcome of a request.
    async fn outcome<T, E: Ending>(
        &self,
        ticket: Ticket<'_>,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let result = future.await;
        ticket.end(How::Told(result.as_ref().map_or_else(Ending::status, |_| Status::Ok)));
        result
    }

    /// Whom to work with: main, one of the round, whoever is kept running, or anybody.
    async fn bind(&self, rng: &mut Rng) -> Option<WorkClient> {
        let target = match rng.below(6) {
            0 | 1 => Target::Instance(String::new()),
            2 => Target::Instance(KEPT.to_owned()),
            3 => Target::Any,
            _ => {
                let others = u64::from(self.serial.saturating_sub(self.first)) + 3;
                Target::Instance(label_of(self.first + rng.below(others) as u32))
            }
        };
        let ticket = self.begin(What::Bind);
        self.outcome(ticket, self.peer.bind(target)).await.ok()
    }

    /// Works until it is to rest, or the connection has ended.
    pub(crate) async fn toil(self: Arc<Self>, mut rng: Rng, seats: Seats) {
        while !self.is_to_rest() && !self.peer.has_ended() {
            self.one_thing(&mut rng, &seats).await;
            self.pause(rng.below(PAUSE_MS_MAX)).await;
        }
    }

    async fn one_thing(self: &Arc<Self>, rng: &mut Rng, seats: &Seats) {
        match rng.below(1_000) {
            0..=5 => {
                // The whole process does nothing, as one that is busy with something else.
                std::thread::sleep(Duration::from_millis(rng.below(STALL_MS_MAX)));
                return;
            }
            6..=17 => {
                self.ear.set_deaf(true);
                self.pause(rng.below(STALL_MS_MAX)).await;
                self.ear.set_deaf(false);
                return;
            }
            18 => std::process::abort(),
            19 => return self.peer.close(),
            20..=109 => return self.publish(rng).await,
            _ => {}
        }
        let Some(work) = self.bind(rng).await else { return };
        match rng.below(20) {
            0..=4 => self.asks(&work, rng).await,
            5..=7 => self.mixed(&work, rng).await,
            8 | 9 => self.tells(&work, rng).await,
            10 | 11 => self.down(&work, rng).await,
            12 | 13 => self.up(&work, rng).await,
            14 | 15 => self.both(&work, rng).await,
            16 => self.skim(&work, rng).await,
            _ => self.subscribe(&work, rng, seats),
        }
    }

    async fn publish(&self, rng: &mut Rng) {
        let mut publishing = self.publishing.lock().await;
        publishing.go(rng, || self.number()).await;
    }

    /// Asks main again and again. Nothing that others do may keep it from its answer.
    pub(crate) async fn watch(self: Arc<Self>, mut rng: Rng) {
        let bound = self.peer.bind::<WorkClient>(Target::Instance(String::new())).await;
        let work = match bound {
            Ok(work) => work,
            Err(error) => return self.broken(&format!("the witness binds: {error}")),
        };
        while !self.is_to_rest() && !self.peer.has_ended() {
            let ticket = self.begin(What::Ask);
            let len = [rng.below(200), rng.below(50_000)][rng.index(2)] as u32;
            self.ask(&work, ticket, len, 0, true).await;
            self.pause(5).await;
        }
    }
}
