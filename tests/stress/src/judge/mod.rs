//! What must hold of a round, once everybody has left: requests here, topics and their reports in `topics.rs`. It knows nothing
//! but what the processes have written down.

mod topics;

use std::collections::{BTreeMap, HashMap};

use portcullis_proto::status::Status;

use crate::fact::{Fact, How, What};
use crate::figures::Figures;
use crate::journal::Journals;

/// Findings of one kind that are told; the others are counted.
const TOLD_MAX: usize = 12;

/// What has become of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// It has stayed until all were to leave, and its connection with it.
    pub(crate) stayed: bool,
    /// It was killed, or has crashed.
    pub(crate) crashed: bool,
}

/// Main is told of by nobody, and stays.
pub(crate) const MAIN: Fate = Fate { stayed: true, crashed: false };

#[derive(Default)]
struct Request {
    caller: u32,
    what: Option<What>,
    outcomes: Vec<How>,
    /// Who was given it, and whether it has answered, once that is over.
    handlers: Vec<(u32, Option<bool>)>,
}

/// Holds what all have written down against each other: what is broken, and the figures.
pub fn judge(journals: &Journals) -> (Vec<String>, Figures) {
    let mut broken = journals.broken.clone();
    let mut figures = Figures { rounds: 1, ..Figures::default() };
    let fates = fates(journals, &mut broken, &mut figures);
    let fate = |serial: u32| {
        if serial == 0 { MAIN } else { fates.get(&serial).copied().unwrap_or_default() }
    };
    let mut requests = HashMap::<u64, Request>::new();
    for (serial, facts) in &journals.facts {
        // Of which rows how much has come here.
        let mut rows = HashMap::new();
        for fact in facts {
            match *fact {
                Fact::Begun { number, what } => {
                    let request = requests.entry(number).or_default();
                    if request.what.replace(what).is_some() {
                        broken.push(format!("{number:#x} was begun twice"));
                    }
                    request.caller = *serial;
                }
                Fact::Ended { number, how } => {
                    requests.entry(number).or_default().outcomes.push(how);
                }
                Fact::Handling { number } => {
                    requests.entry(number).or_default().handlers.push((*serial, None));
                }
                Fact::Handled { number, answered } => {
                    let handlers = &mut requests.entry(number).or_default().handlers;
                    match handlers.iter_mut().find(|(by, done)| by == serial && done.is_none()) {
                        Some((_, done)) => *done = Some(answered),
                        None => broken.push(format!("{number:#x}: a handler was over twice")),
                    }
                }
                Fact::Told { row, place } => {
                    figures.notifications += 1;
                    let before = rows.insert(row, place);
                    if let Some(before) = before.filter(|before| *before >= place) {
                        broken.push(format!("row {row:#x}: {place} came behind {before}"));
                    }
                }
                _ => {}
            }
        }
    }
    let mut numbers: Vec<&u64> = requests.keys().collect();
    numbers.sort_unstable();
    for number in numbers {
        let Some(request) = requests.get(number) else { continue };
        if let Some(text) = request.untrue(fate) {
            broken.push(format!("{number:#x}, {}: {text}", request.name()));
        }
        figures.add_request(request.name(), request.outcomes.first().copied());
        figures.handled += request.handlers.len() as u64;
    }
    topics::judge(journals, &fate, &mut broken, &mut figures);
    if broken.len() > TOLD_MAX {
        let more = broken.len() - TOLD_MAX;
        broken.truncate(TOLD_MAX);
        broken.push(format!("and {more} more of these"));
    }
    (broken, figures)
}

/// What has become of everybody.
fn fates(
    journals: &Journals,
    broken: &mut Vec<String>,
    figures: &mut Figures,
) -> BTreeMap<u32, Fate> {
    let mut fates = BTreeMap::<u32, Fate>::new();
    let mut open = BTreeMap::<u32, bool>::new();
    for fact in journals.facts.values().flatten() {
        match *fact {
            Fact::Started { serial } => {
                figures.processes += 1;
                open.insert(serial, true);
            }
            Fact::Exited { serial, signal, code } => {
                open.insert(serial, false);
                fates.entry(serial).or_default().crashed = signal != 0;
                match (signal, code) {
                    (0, 0) => figures.left += 1,
                    (KILLED, _) => figures.killed += 1,
                    (ABORTED, _) => figures.aborted += 1,
                    _ => broken.push(format!(
                        "process {serial} has ended with code {code}, by signal {signal}"
                    )),
                }
            }
            _ => {}
        }
    }
    for (serial, facts) in &journals.facts {
        let stayed = facts.contains(&Fact::Stayed);
        fates.entry(*serial).or_default().stayed = stayed;
        figures.stayed += u64::from(stayed);
        figures.facts += facts.len() as u64;
    }
    for (serial, runs) in open {
        if runs {
            broken.push(format!("nobody knows what has become of process {serial}"));
        }
    }
    fates
}

/// The signals by which processes here may end.
const KILLED: u32 = 9;
const ABORTED: u32 = 6;

impl Request {
    fn name(&self) -> &'static str {
        self.what.map_or("unknown", What::name)
    }

    /// What does not hold of it.
    fn untrue(&self, fate: impl Fn(u32) -> Fate) -> Option<String> {
        let Some(what) = self.what else {
            return Some("was given to a handler, and nobody has asked for it".to_owned());
        };
        let caller = fate(self.caller);
        if self.outcomes.len() > 1 {
            return Some(format!("has {} outcomes", self.outcomes.len()));
        }
        if self.handlers.len() > 1 {
            return Some(format!("was given to {} handlers", self.handlers.len()));
        }
        let handler = self.handlers.first();
        if let Some((serial, None)) = handler
            && !fate(*serial).crashed
        {
            return Some(format!("its handler at process {serial} was never over"));
        }
        let Some(how) = self.outcomes.first() else {
            let told = !caller.crashed;
            return told.then(|| format!("process {} was told of no outcome", self.caller));
        };
        let needs_handler = how.is_an_answer() && !matches!(what, What::Bind | What::Report);
        if needs_handler && !matches!(handler, Some((_, Some(true)))) {
            return Some(format!("ended with {}, which no handler has said", how.name()));
        }
        // Whoever has little time may be told that it is over, whatever is on its way.
        let ran_out = *how == How::Told(Status::DeadlineExceeded);
        if ran_out && what != What::Hurry {
            return Some("ran out of its time".to_owned());
        }
        if let Some((serial, Some(true))) = handler
            && caller.stayed
            && fate(*serial).stayed
            && !(how.is_an_answer() || ran_out || *how == How::GivenUp)
        {
            return Some(format!("was answered by {serial}, and ended with {}", how.name()));
        }
        if let How::Told(status) = how
            && !may_end_with(what, *status)
        {
            return Some(format!("ended with {}", status.name()));
        }
        None
    }
}

/// Whether anything here may end so: nobody breaks a contract, or lacks a grant.
fn may_end_with(what: What, status: Status) -> bool {
    match status {
        Status::Ok | Status::Unavailable | Status::ResourceExhausted => true,
        Status::Application => what == What::Fail,
        Status::DeadlineExceeded => what == What::Hurry,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
