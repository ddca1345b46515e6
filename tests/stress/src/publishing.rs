//! Publishing on the topics of one instance, by main and by processes alike: values count up without a gap, so that whoever
//! reads them knows what is missing.

use std::time::Duration;

use portcullis::Status;
use portcullis::peer::{DeliveryReport, Why};

use crate::contract::{Load, WorkPublisher};
use crate::fact::{Fact, Fate, How, Name, Topic, Value, What};
use crate::journal::Journal;
use crate::rng::Rng;

/// Most values of one go.
const VALUES_MAX: u64 = 40;
/// How long reports may take, in milliseconds.
const WITHIN_MS: [u64; 3] = [20, 300, 2_000];

/// Who publishes.
pub(crate) struct Publishing {
    pub(crate) serial: u32,
    pub(crate) publisher: WorkPublisher,
    pub(crate) journal: Journal,
    /// The value published last on each topic.
    pub(crate) last: [u32; Name::ALL.len()],
    /// Topics of which nobody can say what was published last.
    spoiled: [bool; Name::ALL.len()],
    pub(crate) pool: portcullis::BlobPool,
}

impl Publishing {
    /// Publishes on the topics of the instance that `serial` serves.
    pub(crate) fn new(
        serial: u32,
        publisher: WorkPublisher,
        journal: &Journal,
        #[cfg(target_os = "linux")] pool: portcullis::BlobPool,
    ) -> Self {
        let journal = journal.clone();
        Self {
            serial,
            publisher,
            journal,
            last: Default::default(),
            spoiled: Default::default(),
            pool,
        }
    }

    /// Writes down what was published last, for a journal that was not there then.
    pub(crate) fn note_last(&self) {
        for name in Name::ALL {
            self.journal.note(Fact::Stood { value: self.value(*name, 0) });
        }
    }

    fn value(&self, name: Name, further: u32) -> Value {
        let topic = Topic { serial: self.serial, name };
        Value { topic, place: self.last[name as usize] + further }
    }

    /// Publishes some values on some topics, some with a report. Ends early when the connection has.
    pub(crate) async fn go(&mut self, rng: &mut Rng, mut number: impl FnMut() -> u64) {
        for _ in 0..=rng.below(VALUES_MAX) {
            let name = Name::ALL[rng.index(Name::ALL.len())];
            let bytes = match name {
                // The last one stays at the hub, and must not keep memory that is lent.
                Name::Level => rng.below(2_000),
                _ => [rng.below(500), rng.below(20_000), rng.below(150_000)][rng.index(3)],
            };
            let reported = name != Name::Level && rng.one_in(5);
            let within = WITHIN_MS[rng.index(WITHIN_MS.len())];
            if self.spoiled[name as usize] {
                continue;
            }
            let value = self.value(name, 1);
            self.journal.note(Fact::Published { value });
            let load = self.load(value.number(), bytes as u32);
            let went = if reported {
                let within = Duration::from_millis(within);
                self.reported(name, value, &load, within, number()).await
            } else {
                self.plain(name, &load)
            };
            if went.is_err() {
                return;
            }
        }
    }

    fn load(&self, number: u64, bytes: u32) -> Load {
        Load::in_place(number, bytes, &self.pool)
    }

    fn plain(&mut self, name: Name, load: &Load) -> Result<(), Status> {
        let publisher = &self.publisher;
        let published = match name {
            Name::Ticked => publisher.ticked(load),
            Name::Kept => publisher.kept(load),
            Name::Strict => publisher.strict(load),
            Name::Level => publisher.level(load),
        };
        match published.map_err(|error| error.status()) {
            Ok(()) => {
                self.last[name as usize] += 1;
                Ok(())
            }
            // It never left: the next value has its number.
            Err(Status::ResourceExhausted) => Ok(()),
            Err(status) => {
                if status != Status::Unavailable {
                    self.journal.broken(&format!("publishing ended with {}", status.name()));
                }
                Err(status)
            }
        }
    }

    async fn reported(
        &mut self,
        name: Name,
        value: Value,
        load: &Load,
        within: Duration,
        number: u64,
    ) -> Result<(), Status> {
        self.journal.note(Fact::Begun { number, what: What::Report });
        let reporting = match name {
            Name::Kept => self.publisher.kept_reported(load, within),
            Name::Strict => self.publisher.strict_reported(load, within),
            Name::Ticked | Name::Level => self.publisher.ticked_reported(load, within),
        };
        match reporting.await {
            Ok(report) => {
                self.last[name as usize] += 1;
                self.note_report(number, value, &report);
                self.journal.note(Fact::Ended { number, how: How::Told(Status::Ok) });
                Ok(())
            }
            Err(error) => {
                // Nobody knows whether it was published.
                self.spoiled[name as usize] = true;
                let how = How::Told(error.status());
                self.journal.note(Fact::Ended { number, how });
                Err(error.status())
            }
        }
    }

    fn note_report(&self, number: u64, value: Value, report: &DeliveryReport) {
        self.journal.note(Fact::Reported { number, value });
        let delivered = report.delivered.iter().map(|one| (&one.label, Fate::Delivered));
        let missed = report.missed.iter().map(|one| {
            let fate = match one.why {
                Why::Dropped => Fate::Dropped,
                Why::Left => Fate::Left,
                Why::TimedOut => Fate::Late,
            };
            (&one.label, fate)
        });
        for (label, fate) in delivered.chain(missed) {
            match serial_of(label) {
                Some(serial) => self.journal.note(Fact::Named { number, serial, fate }),
                None => self.journal.broken(&format!("a report names {label:?}")),
            }
        }
    }
}

/// The label and the instance of a process.
pub(crate) fn label_of(serial: u32) -> String {
    format!("p{serial}")
}

/// The process of a label or an instance; that of main has no name.
pub(crate) fn serial_of(label: &str) -> Option<u32> {
    if label.is_empty() { Some(0) } else { label.strip_prefix('p')?.parse().ok() }
}
