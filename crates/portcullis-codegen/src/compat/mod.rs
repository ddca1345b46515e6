//! The compatibility checker: what a new version of a contract changes, and whether builds of both versions can talk.
//! It compares two schemas; reading files and exit codes are left to the command.
//!
//! Each body is judged by who writes it and who reads it. Requests and items upwards are written by the caller; replies,
//! errors, items downwards and the values of topics by the server. A value that only new builds can write is refused by
//! old readers: in a request that breaks new callers with old servers, in a reply old callers with new servers.

mod channels;
mod messages;
mod report;
mod values;

use portcullis_proto::schema::{Hash, Schema};

/// What a change does to builds of the other version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Something that worked is refused, or means something else.
    Breaking {
        /// Callers built with the old contract fail with servers built with the new one.
        old_callers: bool,
        /// Callers built with the new contract fail with servers built with the old one.
        new_callers: bool,
    },
    /// New builds can say more, and old builds get along with it.
    Additive,
    /// The bytes and what is allowed are the same.
    Harmless,
}

impl Verdict {
    /// Whether builds of the two versions fail with each other, in either way.
    pub fn is_breaking(self) -> bool {
        matches!(self, Self::Breaking { .. })
    }

    /// Whether these callers fail with servers of the other version.
    pub fn breaks(self, callers: Callers) -> bool {
        match self {
            Self::Breaking { old_callers, new_callers } => match callers {
                Callers::Old => old_callers,
                Callers::New => new_callers,
                Callers::Both => old_callers || new_callers,
            },
            Self::Additive | Self::Harmless => false,
        }
    }
}

/// Which callers meet servers of the other version: what must go on to work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Callers {
    /// Old callers, new servers: servers are always updated first.
    Old,
    /// New callers, old servers.
    New,
    /// Any mixture.
    #[default]
    Both,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: a channel with its interface (`studio.cameras.open`), a part of it (`studio.cameras.open(width)`), or a
    /// named type and its field (`Format.width`).
    pub path: String,
    /// What it is that changed, as a half sentence.
    pub what: String,
    /// What it does.
    pub verdict: Verdict,
    /// Why, and what can be done instead, in sentences.
    pub why: String,
}

/// The changes of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceReport {
    /// Its name.
    pub name: String,
    /// Version and hash in the old contract; `None` if it was not there.
    pub old: Option<(u16, Hash)>,
    /// Version and hash in the new contract; `None` if it is not there any more.
    pub new: Option<(u16, Hash)>,
    /// Its changes and those of the types it uses: breaking ones first, then in the order of the contract.
    pub changes: Vec<Change>,
}

impl InterfaceReport {
    /// The worst that any of its changes does.
    pub fn verdict(&self) -> Verdict {
        let breaks = |callers| self.changes.iter().any(|each| each.verdict.breaks(callers));
        let (old_callers, new_callers) = (breaks(Callers::Old), breaks(Callers::New));
        if old_callers || new_callers {
            Verdict::Breaking { old_callers, new_callers }
        } else if self.changes.iter().any(|each| each.verdict == Verdict::Additive) {
            Verdict::Additive
        } else {
            Verdict::Harmless
        }
    }
}

/// Everything that a new version of a contract changes. `Display` writes it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The interfaces of both contracts that differ, by name.
    pub interfaces: Vec<InterfaceReport>,
}

impl Report {
    /// Whether these callers fail anywhere with servers of the other version.
    pub fn breaks(&self, callers: Callers) -> bool {
        self.changes().any(|change| change.verdict.breaks(callers))
    }

    /// All changes. One of a type that several interfaces use stands under each of them.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.interfaces.iter().flat_map(|interface| &interface.changes)
    }
}

/// Compares two versions of a contract. Both schemas are as [`Schema::from_json`] or a contract gives them.
pub fn compare(old: &Schema, new: &Schema) -> Report {
    channels::Comparison::new(old, new).report()
}
