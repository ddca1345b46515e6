//! Subscriptions: read quickly or slowly, given up, or read to the end of the round.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use portcullis::{Status, Subscription};
use tokio::task::JoinSet;

use crate::contract::{Load, WorkClient};
use crate::fact::{Fact, Name, Topic, Value};
use crate::peer::{Member, Phase};
use crate::publishing::serial_of;
use crate::rng::Rng;

/// Most subscriptions of a process at once.
const SEATS_MAX: usize = 8;

/// The subscriptions of a process.
#[derive(Clone, Default)]
pub(crate) struct Seats(Arc<Mutex<JoinSet<()>>>);

impl Seats {
    /// Waits until each is over: when all are to leave, or because its connection or its instance has ended.
    pub(crate) async fn all_over(&self) {
        let mut seats = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while seats.join_next().await.is_some() {}
    }
}

impl Member {
    /// Subscribes to a topic of the instance.
    pub(super) fn subscribe(self: &Arc<Self>, work: &WorkClient, rng: &mut Rng, seats: &Seats) {
        // The one that is kept running publishes nothing.
        let Some(serial) = serial_of(work.binding().instance()) else { return };
        let mut seats = seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        while seats.try_join_next().is_some() {}
        if seats.len() >= SEATS_MAX {
            return;
        }
        let topic = Topic { serial, name: Name::ALL[rng.index(Name::ALL.len())] };
        let seat = self.number();
        self.journal.note(Fact::Subscribed { seat, topic });
        let values = match topic.name {
            Name::Ticked => work.subscribe_ticked(),
            Name::Kept => work.subscribe_kept(),
            Name::Strict => work.subscribe_strict(),
            Name::Level => work.watch_level(),
        };
        seats.spawn(Arc::clone(self).sit(topic, seat, values, Rng::new(rng.next())));
    }

    async fn sit(
        self: Arc<Self>,
        topic: Topic,
        seat: u64,
        mut values: Subscription<Load>,
        mut rng: Rng,
    ) {
        let slowness = [0, 0, 5, 60][rng.index(4)];
        let reads = rng.one_in(3).then(|| rng.below(60));
        let mut read = 0;
        loop {
            if Some(read) == reads {
                break;
            }
            let next = tokio::select! {
                next = values.next() => next,
                // All that was delivered is here by now.
                () = self.until(Phase::Leave) => {
                    return self.drain(topic, seat, &mut values).await;
                }
            };
            match next {
                Ok(Some(load)) => self.note_value(topic, seat, &values, &load),
                Ok(None) => {
                    self.broken(&format!("{topic:?} ended well"));
                    break;
                }
                Err(error) => {
                    let put_off = (topic.name, error.status());
                    let expected = error.status() == Status::Unavailable
                        || put_off == (Name::Strict, Status::ResourceExhausted);
                    if !expected {
                        self.broken(&format!("{topic:?} ended with {error}"));
                    }
                    break;
                }
            }
            read += 1;
            self.pause(rng.below(slowness + 1)).await;
        }
        self.journal.note(Fact::Unsubscribed { seat });
    }

    fn note_value(&self, topic: Topic, seat: u64, values: &Subscription<Load>, load: &Load) {
        match Value::of(load.number).filter(|value| value.topic == topic) {
            Some(value) if load.is_whole() => {
                self.journal.note(Fact::Read { seat, value, missed: values.missed() });
            }
            _ => self.broken(&format!(
                "{topic:?}: {:#x} came, whole: {}",
                load.number,
                load.is_whole()
            )),
        }
    }

    /// Reads what is there, and waits for nothing.
    async fn drain(&self, topic: Topic, seat: u64, values: &mut Subscription<Load>) {
        // Ends with the last value that has come; nobody publishes any more.
        loop {
            let next = poll_fn(|context| match values.poll_next(context) {
                Poll::Ready(Ok(Some(load))) => Poll::Ready(Some(load)),
                _ => Poll::Ready(None),
            });
            let Some(load) = next.await else { return };
            self.note_value(topic, seat, values, &load);
        }
    }
}
