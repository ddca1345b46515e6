//! What was done and what came of it, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portcullis_proto::goodbye::Reason;
use portcullis_proto::status::Status;

use crate::play::Outcome;

/// The most failures that are told in full.
const FAILURES_TOLD_MAX: usize = 20;

/// Counts, shared by all attackers.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

/// See [`Tally`].
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// How often each case was played, by name.
    pub(super) cases: BTreeMap<String, u64>,
    /// Bodies made from the contract: those that keep it, and those that break it.
    pub(super) bodies: (u64, u64),
    /// Connections that were ended, by reason.
    pub(super) killed: BTreeMap<Reason, u64>,
    /// Calls that ended, by the name of their status.
    pub(super) statuses: BTreeMap<&'static str, u64>,
    /// What the gate answered.
    pub(super) answers: BTreeMap<u16, u64>,
    /// Connections that were not let in: too many at once, or too many tickets.
    pub(super) turned_away: u64,
    /// What did not go as it should.
    pub(super) failed: u64,
    /// The first of them.
    pub(super) failures: Vec<String>,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts so far.
    pub(super) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// A case went as it should.
    pub(super) fn case(&self, name: &str, outcome: &Outcome) {
        let mut counts = self.lock();
        *counts.cases.entry(name.to_owned()).or_default() += 1;
        for (_, goodbye) in &outcome.ended {
            *counts.killed.entry(goodbye.reason).or_default() += 1;
        }
        for status in &outcome.statuses {
            *counts.statuses.entry(status.name()).or_default() += 1;
        }
        for answer in &outcome.answers {
            *counts.answers.entry(*answer).or_default() += 1;
        }
    }

    /// A body was sent, and came to this.
    pub(super) fn body(&self, valid: bool, ended: Option<Status>, killed: Option<Reason>) {
        let mut counts = self.lock();
        let (kept, broke) = counts.bodies;
        counts.bodies = if valid { (kept + 1, broke) } else { (kept, broke + 1) };
        if let Some(status) = ended {
            *counts.statuses.entry(status.name()).or_default() += 1;
        }
        if let Some(reason) = killed {
            *counts.killed.entry(reason).or_default() += 1;
        }
    }

    /// A connection was not let in.
    pub(super) fn turned_away(&self) {
        self.lock().turned_away += 1;
    }

    /// Something did not go as it should.
    pub(super) fn failed(&self, why: String) {
        let mut counts = self.lock();
        counts.failed += 1;
        if counts.failures.len() < FAILURES_TOLD_MAX {
            counts.failures.push(why);
        }
    }
}
