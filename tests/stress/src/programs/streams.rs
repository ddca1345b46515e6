//! Streams in each direction, read quickly or slowly, to the end or not.

use portcullis::Status;

use super::Ending;
use super::calls::bytes;
use crate::contract::{Load, WorkClient, mixed};
use crate::fact::{How, What};
use crate::peer::Member;
use crate::rng::Rng;

/// Most items of a stream.
const ITEMS_MAX: u64 = 60;

/// Longest pause behind an item, in milliseconds.
fn slowness(rng: &mut Rng) -> u64 {
    [0, 0, 2, 30][rng.index(4)]
}

impl Member {
    /// Loads that come down, each the next, or a part of them.
    pub(super) async fn down(&self, work: &WorkClient, rng: &mut Rng) {
        let (count, len) = (rng.below(ITEMS_MAX) as u32, bytes(rng));
        let leaves_after = rng.one_in(4).then(|| rng.below(ITEMS_MAX) as u32);
        let slowness = slowness(rng);
        let ticket = self.begin(What::Down);
        let mut loads = work.down(ticket.number, count, len);
        let mut due = 0;
        let how = loop {
            if leaves_after == Some(due) {
                return;
            }
            match loads.next().await {
                Ok(Some(load)) => {
                    if load.len != len || !load.is_of(mixed(ticket.number, due)) {
                        self.broken(&format!("down: another load came where {due} was due"));
                    }
                    due += 1;
                }
                Ok(None) => break Status::Ok,
                Err(error) => break Ending::status(&error),
            }
            self.pause(rng.below(slowness + 1)).await;
        };
        if how == Status::Ok {
            match loads.reply().await {
                Ok(sent) if sent == count && due == count => {}
                Ok(sent) => self.broken(&format!("down: {due} of {count} came, {sent} were sent")),
                Err(error) => self.broken(&format!("down ended twice: {error}")),
            }
        }
        ticket.end(How::Told(how));
    }

    /// Loads that go up.
    pub(super) async fn up(&self, work: &WorkClient, rng: &mut Rng) {
        let (count, len, slowness) = (rng.below(ITEMS_MAX) as u32, bytes(rng), slowness(rng));
        let ticket = self.begin(What::Up);
        let number = ticket.number;
        let (mut sink, counting) = work.up(number);
        let mut sent = 0;
        while sent < count {
            if sink.send(&Load::new(mixed(number, sent), len)).await.is_err() {
                break;
            }
            sent += 1;
            self.pause(rng.below(slowness + 1)).await;
        }
        drop(sink);
        match self.outcome(ticket, counting).await {
            Ok(came) if came == count && sent == count => {}
            Ok(came) => self.broken(&format!("up: {came} came of {sent}, {count} were to")),
            Err(_) => {}
        }
    }

    /// Loads that come back.
    pub(super) async fn both(&self, work: &WorkClient, rng: &mut Rng) {
        let (count, len, slowness) = (rng.below(ITEMS_MAX) as u32, bytes(rng), slowness(rng));
        let ticket = self.begin(What::Both);
        let number = ticket.number;
        let (mut sink, mut loads) = work.both(number);
        let mut due = 0;
        // One ahead, so that credit for one item does not hold both ends up.
        let how = loop {
            if due == count {
                break None;
            }
            // What is not taken any more has an end, which says why.
            let _ = sink.send(&Load::new(mixed(number, due), len)).await;
            match loads.next().await {
                Ok(Some(load)) if load.is_of(mixed(number, due)) => due += 1,
                Ok(Some(_)) => {
                    self.broken(&format!("both: another load came where {due} was due"));
                    due += 1;
                }
                Ok(None) => {
                    self.broken(&format!("both: ended after {due} of {count}"));
                    break Some(Status::Ok);
                }
                Err(error) => break Some(Ending::status(&error)),
            }
            self.pause(rng.below(slowness + 1)).await;
        };
        drop(sink);
        let how = match how {
            Some(how) => how,
            None => match loads.reply().await {
                Ok(came) if came == count => Status::Ok,
                Ok(came) => {
                    self.broken(&format!("both: {came} of {count}"));
                    Status::Ok
                }
                Err(error) => Ending::status(&error),
            },
        };
        ticket.end(How::Told(how));
    }

    /// Loads of which old ones go while this side is slow: every gap must be told.
    pub(super) async fn skim(&self, work: &WorkClient, rng: &mut Rng) {
        let (count, len, slowness) = (rng.below(ITEMS_MAX) as u32, bytes(rng), slowness(rng));
        let ticket = self.begin(What::Skim);
        let mut loads = work.skim(ticket.number, count, len);
        let mut due = 0;
        let how = loop {
            match loads.next().await {
                Ok(Some(load)) => {
                    due += loads.missed();
                    if !load.is_of(mixed(ticket.number, due)) {
                        self.broken(&format!("skim: another load came where {due} was due"));
                    }
                    due += 1;
                }
                Ok(None) => break Status::Ok,
                Err(error) => break Ending::status(&error),
            }
            self.pause(rng.below(slowness + 1)).await;
        };
        if how == Status::Ok && due != count {
            self.broken(&format!("skim: the last load is {due} of {count}"));
        }
        ticket.end(How::Told(how));
    }
}
