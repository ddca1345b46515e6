//! What topics owe their subscribers: values in order with every gap told, and reports that say who really has a value. Each
//! instance has one publisher, which counts up, so that a gap is a number.

use std::collections::BTreeMap;

use portcullis_proto::peer::{DeliveryReport, Why};

/// An instance's name and a topic of it.
pub(crate) type Key = (String, &'static str);

#[derive(Default)]
pub(crate) struct Topics {
    topics: BTreeMap<Key, Topic>,
    next: u64,
    broken: Vec<String>,
}

#[derive(Default)]
struct Topic {
    published: u64,
    subscribers: BTreeMap<u64, Subscriber>,
    reports: Vec<Report>,
}

struct Subscriber {
    peer: u32,
    label: String,
    reads: bool,
    values: Vec<u64>,
}

/// A report, and who had subscribed before its value was published.
struct Report {
    value: u64,
    report: DeliveryReport,
    before: Vec<u64>,
}

impl Topics {
    pub(crate) fn take_broken(&mut self) -> Vec<String> {
        std::mem::take(&mut self.broken)
    }

    /// The next value of a topic.
    pub(crate) fn publish(&mut self, key: &Key) -> u64 {
        let topic = self.topics.entry(key.clone()).or_default();
        topic.published += 1;
        topic.published
    }

    /// The last value never left.
    pub(crate) fn take_back(&mut self, key: &Key) {
        let topic = self.topics.entry(key.clone()).or_default();
        topic.published -= 1;
    }

    /// Those who are known to be subscribed: they have read something.
    pub(crate) fn subscribed(&self, key: &Key) -> Vec<u64> {
        let subscribers = self.topics.get(key).map(|topic| &topic.subscribers);
        let mut found = Vec::new();
        for (number, subscriber) in subscribers.into_iter().flatten() {
            if subscriber.reads && !subscriber.values.is_empty() {
                found.push(*number);
            }
        }
        found
    }

    /// A peer subscribes.
    pub(crate) fn subscribe(&mut self, key: &Key, peer: u32, label: &str) -> u64 {
        self.next += 1;
        let subscriber =
            Subscriber { peer, label: label.to_owned(), reads: true, values: Vec::new() };
        let topic = self.topics.entry(key.clone()).or_default();
        topic.subscribers.insert(self.next, subscriber);
        self.next
    }

    /// A subscriber has read a value, and was told how many it missed before.
    pub(crate) fn read(&mut self, key: &Key, subscriber: u64, value: u64, missed: u32) {
        let Some(topic) = self.topics.get_mut(key) else { return };
        let Some(found) = topic.subscribers.get_mut(&subscriber) else { return };
        let (label, before) = (&found.label, found.values.last().copied());
        let said = format!("{label} read {value} of {key:?} behind {before:?}, {missed} missed");
        if value > topic.published {
            self.broken.push(format!("{said}: only {} were published", topic.published));
        } else if before.is_some_and(|before| before + 1 + u64::from(missed) != value) {
            self.broken.push(said);
        }
        found.values.push(value);
    }

    /// A subscriber reads no more.
    pub(crate) fn leave(&mut self, key: &Key, subscriber: u64) {
        let found = self.topics.get_mut(key);
        if let Some(found) = found.and_then(|topic| topic.subscribers.get_mut(&subscriber)) {
            found.reads = false;
        }
    }

    /// The report of a value has come; `before` had subscribed when it was published.
    pub(crate) fn report(
        &mut self,
        key: &Key,
        value: u64,
        report: DeliveryReport,
        before: Vec<u64>,
    ) {
        let topic = self.topics.entry(key.clone()).or_default();
        topic.reports.push(Report { value, report, before });
    }

    /// Holds all reports against what was read, now that everybody who still reads has read everything. Returns how many.
    pub(crate) fn check_reports(&mut self) -> u64 {
        let mut checked = 0;
        for (key, topic) in &mut self.topics {
            let reports = std::mem::take(&mut topic.reports);
            checked += reports.len() as u64;
            for Report { value, report, before } in reports {
                for text in topic.untrue(value, &report, &before) {
                    self.broken.push(format!("the report of {value} of {key:?}: {text}"));
                }
            }
        }
        checked
    }
}

impl Topic {
    /// The one subscription that a peer ever had, if it still reads: of others nothing can be said.
    fn only(&self, peer: u32) -> Option<&Subscriber> {
        let mut of_peer = self.subscribers.values().filter(|found| found.peer == peer);
        of_peer.next().filter(|found| found.reads && of_peer.next().is_none())
    }

    fn untrue(&self, value: u64, report: &DeliveryReport, before: &[u64]) -> Vec<String> {
        let mut found = Vec::new();
        let delivered = report.delivered.iter().map(|one| (one.peer, &one.label, None));
        let missed = report.missed.iter().map(|one| (one.peer, &one.label, Some(one.why)));
        let told: Vec<_> = delivered.chain(missed).collect();
        for (peer, label, why) in &told {
            if !self.subscribers.values().any(|one| one.peer == *peer && one.label == **label) {
                found.push(format!("names {label} ({peer}), who never subscribed"));
            }
            let Some(subscriber) = self.only(*peer) else { continue };
            match (why, subscriber.values.contains(&value)) {
                (None, false) => found.push(format!("{label} has it, it says; it has not")),
                (Some(Why::Dropped), true) => {
                    found.push(format!("{label} lost it, it says; it has it"))
                }
                _ => {}
            }
            if told.iter().filter(|(other, ..)| other == peer).count() > 1 {
                found.push(format!("names {label} twice"));
            }
        }
        for number in before {
            let Some(subscriber) = self.subscribers.get(number) else { continue };
            let known = self.only(subscriber.peer).is_some();
            if known && !told.iter().any(|(peer, ..)| *peer == subscriber.peer) {
                found.push(format!("does not name {}", subscriber.label));
            }
        }
        found
    }
}
