//! Types to which a later build may add: a table and flexible enums.

use portcullis::Unknown;

use crate::Pair;

/// Settings, to which more may be added.
#[portcullis::message(table)]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    /// The name, with a limit.
    #[field(1)]
    #[limit(len <= 8)]
    pub user_name: Option<String>,
    /// A number whose field number takes two bytes.
    #[field(200)]
    pub volume: Option<u8>,
    /// A message.
    #[field(3)]
    pub pair: Option<Pair>,
    /// A table inside a table.
    #[field(4)]
    pub fallback: Option<Box<Preferences>>,
    /// A large number.
    #[field(5)]
    pub serial: Option<u64>,
    /// A list.
    #[field(7)]
    pub tags: Option<Vec<String>>,
}

/// What has changed: an enum with data, to which more may be added.
#[portcullis::message(flexible)]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Change {
    /// Everything.
    #[default]
    Reset,
    /// Something new.
    Added(String),
    /// Two things.
    Swapped(u32, u32),
    /// Something of a table.
    #[tag = 9]
    Renamed {
        /// The name before.
        old_name: String,
        /// The settings after.
        settings: Preferences,
    },
    /// What this build does not know.
    #[unknown]
    Other(Unknown),
}

/// A kind of change: an enum without data, to which more may be added.
#[portcullis::message(flexible)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// By hand.
    Manual,
    /// By itself.
    #[tag = 4]
    Automatic,
    /// What this build does not know.
    #[unknown]
    Other(Unknown),
}
