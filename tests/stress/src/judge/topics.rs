//! What topics owe their subscribers: values in order, with every gap told; and reports that say who really has a value.

use std::collections::BTreeMap;

use super::Fate;
use crate::fact::{Fact, Fate as Told, Name, Topic, Value};
use crate::figures::Figures;
use crate::journal::Journals;

struct Seat {
    serial: u32,
    topic: Topic,
    /// It was read until all were to leave.
    reads: bool,
    places: Vec<u32>,
}

impl Seat {
    fn has(&self, value: Value) -> bool {
        self.places.binary_search(&value.place).is_ok()
    }
}

struct Report {
    value: Value,
    named: Vec<(u32, Told)>,
}

pub(super) fn judge(
    journals: &Journals,
    fate: &impl Fn(u32) -> Fate,
    broken: &mut Vec<String>,
    figures: &mut Figures,
) {
    let mut seats = BTreeMap::<u64, Seat>::new();
    let mut published = BTreeMap::<Topic, u32>::new();
    let mut reports = BTreeMap::<u64, Report>::new();
    for (serial, facts) in &journals.facts {
        for fact in facts {
            match *fact {
                Fact::Subscribed { seat, topic } => {
                    let reads = fate(*serial).stayed;
                    let places = Vec::new();
                    seats.insert(seat, Seat { serial: *serial, topic, reads, places });
                    figures.subscriptions += 1;
                }
                Fact::Read { seat, value, missed } => {
                    let Some(seat) = seats.get_mut(&seat) else { continue };
                    let before = seat.places.last().copied();
                    let due = before.map(|before| u64::from(before) + 1 + u64::from(missed));
                    let place = value.place;
                    if due.is_some_and(|due| due != u64::from(place)) {
                        broken.push(format!(
                            "process {serial} read {value:?} behind {before:?}, {missed} missed"
                        ));
                    }
                    seat.places.push(place);
                    figures.values += 1;
                    figures.missed += u64::from(missed);
                }
                Fact::Unsubscribed { seat } => {
                    if let Some(seat) = seats.get_mut(&seat) {
                        seat.reads = false;
                    }
                }
                Fact::Published { value } | Fact::Stood { value } => {
                    let last = published.entry(value.topic).or_default();
                    *last = (*last).max(value.place);
                    figures.published += u64::from(matches!(fact, Fact::Published { .. }));
                }
                Fact::Reported { number, value } => {
                    reports.insert(number, Report { value, named: Vec::new() });
                    figures.reports += 1;
                }
                Fact::Named { number, serial, fate } => {
                    if let Some(report) = reports.get_mut(&number) {
                        report.named.push((serial, fate));
                    }
                    figures.add_named(fate);
                }
                _ => {}
            }
        }
    }
    let mut of_topics = BTreeMap::<Topic, Vec<&Seat>>::new();
    for seat in seats.values() {
        let last = seat.places.last().copied().unwrap_or_default();
        let most = published.get(&seat.topic).copied().unwrap_or_default();
        if last > most {
            let serial = seat.serial;
            broken.push(format!("process {serial} read {last} of {:?}, of {most}", seat.topic));
        }
        of_topics.entry(seat.topic).or_default().push(seat);
    }
    for (number, report) in &reports {
        let seats = of_topics.get(&report.value.topic).map(Vec::as_slice).unwrap_or_default();
        for text in report.untrue(seats) {
            broken.push(format!("the report {number:#x} of {:?}: {text}", report.value));
        }
    }
}

impl Report {
    fn untrue(&self, seats: &[&Seat]) -> Vec<String> {
        let mut found = Vec::new();
        for (serial, told) in &self.named {
            let of_process: Vec<_> = seats.iter().filter(|seat| seat.serial == *serial).collect();
            let named = self.named.iter().filter(|(other, _)| other == serial).count();
            if named > of_process.len() {
                let count = of_process.len();
                found.push(format!(
                    "names process {serial} {named} times, which subscribed {count} times"
                ));
            }
            // Of several subscriptions nobody can say which is meant.
            let [seat] = &of_process[..] else { continue };
            match (told, seat.has(self.value)) {
                (Told::Delivered, false) if seat.reads => {
                    found.push(format!("process {serial} has it, it says; it has not"));
                }
                (Told::Dropped, true) => {
                    found.push(format!("process {serial} lost it, it says; it has it"));
                }
                _ => {}
            }
        }
        // Said once of whoever is named twice.
        found.dedup();
        for seat in seats.iter().filter(|seat| seat.reads) {
            let only = seats.iter().filter(|other| other.serial == seat.serial).count() == 1;
            let before = seat.places.first().is_some_and(|first| *first < self.value.place);
            // The last value of a state comes before any that is published later.
            let known = only && before && seat.topic.name != Name::Level;
            if known && !self.named.iter().any(|(serial, _)| *serial == seat.serial) {
                found.push(format!("does not name process {}", seat.serial));
            }
        }
        found
    }
}
