//! The floor of shared memory: a word for each direction that the other side sleeps on, and bytes beside it. Nothing is
//! checked, nobody is told apart, one message at a time. Large bytes lie in a pool of slots that all receivers map; each is
//! told by a word of its own, one after the other.

mod memory;

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};

use self::memory::{Memory, tell, wait};
use super::{Outgoing, System, descriptor};
use crate::frame::{self, Sums};
use crate::load::{Load, Work};
use crate::message::{RAW_LEN, raw_answer, raw_check, raw_request};
use crate::meter::{Meter, Sample};

/// Where bytes to be delivered come from, and whether anybody sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// They are in shared memory already, as whoever makes them may have put them there.
    InPlace,
    /// They are copied there from elsewhere.
    Copied,
    /// In place, and everybody looks and never sleeps.
    Spinning,
}

/// Shared memory and futexes.
pub(crate) struct RawFutex {
    pub(crate) how: How,
}

/// Slots of the pool.
const SLOTS: usize = 2;

/// The two words of a pair of processes, each with a message or a sum behind it, on cache lines of their own.
const ASK: usize = 0;
const ANSWER: usize = 256;
const BEHIND: usize = 64;
const PAGE: usize = 4096;

impl System for RawFutex {
    fn name(&self) -> &'static str {
        match self.how {
            How::InPlace => "raw-futex",
            How::Copied => "raw-futex-copy",
            How::Spinning => "raw-futex-spin",
        }
    }

    fn about(&self) -> &'static str {
        match self.how {
            How::InPlace => {
                "shared memory, a futex for each direction, no checks; a pooled memfd for bytes, in place"
            }
            How::Copied => "raw-futex, the bytes copied into the pool first",
            How::Spinning => "raw-futex, looking all the time",
        }
    }

    fn does(&self, load: Load) -> bool {
        match load.work {
            Work::Call => self.how != How::Copied,
            Work::Deliver => self.how != How::Spinning || load.peers == 1,
            Work::Idle => self.how == How::InPlace,
            Work::InFlight | Work::Stream => false,
        }
    }

    fn spins(&self) -> bool {
        self.how == How::Spinning
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let words = Memory::map(&descriptor::receive(&link)?, PAGE)?;
        for turn in 1_u32.. {
            wait(words.word(ASK), turn, self.spins());
            let mut message = *words.bytes(ASK + BEHIND, RAW_LEN).first_chunk().context("short")?;
            raw_answer(&mut message);
            words.bytes(ANSWER + BEHIND, RAW_LEN).copy_from_slice(&message);
            tell(words.word(ANSWER), turn, self.spins());
        }
        Ok(())
    }

    fn drive(&self, _work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let (descriptor, words) = Memory::create(PAGE)?;
        descriptor::send(&link, &descriptor)?;
        meter.one_at_a_time_blocking(|number| {
            let turn = number as u32 + 1;
            words.bytes(ASK + BEHIND, RAW_LEN).copy_from_slice(&raw_request(number));
            tell(words.word(ASK), turn, self.spins());
            wait(words.word(ANSWER), turn, self.spins());
            let reply = words.bytes(ANSWER + BEHIND, RAW_LEN).first_chunk().context("short")?;
            raw_check(reply, number)
        })
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        let words = Memory::map(&descriptor::receive(&link)?, PAGE)?;
        let pool = Memory::map(&descriptor::receive(&link)?, SLOTS * load.bytes)?;
        for turn in 1_u32.. {
            wait(words.word(ASK), turn, self.spins());
            let sum = frame::sum(pool.bytes(slot(turn, load.bytes), load.bytes));
            words.bytes(ANSWER + BEHIND, 8).copy_from_slice(&sum.to_le_bytes());
            tell(words.word(ANSWER), turn, self.spins());
        }
        Ok(())
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        let (pool_descriptor, pool) = Memory::create(SLOTS * load.bytes)?;
        for at in 0..SLOTS {
            frame::fill(pool.bytes(at * load.bytes, load.bytes));
        }
        let mut all = Vec::new();
        for link in &links {
            let (descriptor, words) = Memory::create(PAGE)?;
            descriptor::send(link, &descriptor)?;
            descriptor::send(link, &pool_descriptor)?;
            all.push(words);
        }
        let sums = Sums::of(load.bytes);
        let mut elsewhere = (self.how == How::Copied).then(|| Outgoing::new(load.bytes));
        meter.deliver_blocking(load.work, |number| {
            let turn = number as u32 + 1;
            let bytes = pool.bytes(slot(turn, load.bytes), load.bytes);
            match &mut elsewhere {
                Some(elsewhere) => bytes.copy_from_slice(elsewhere.numbered(number)),
                None => frame::stamp(bytes, number),
            }
            for words in &all {
                tell(words.word(ASK), turn, self.spins());
            }
            for words in &all {
                wait(words.word(ANSWER), turn, self.spins());
                let sum = words.bytes(ANSWER + BEHIND, 8).first_chunk().context("short")?;
                sums.check(number, u64::from_le_bytes(*sum))?;
            }
            Ok(())
        })
    }
}

/// Where the bytes of a turn are.
fn slot(turn: u32, len: usize) -> usize {
    turn as usize % SLOTS * len
}
