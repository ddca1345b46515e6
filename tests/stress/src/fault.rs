//! Faults that Portcullis has not: they show that the stress can fail.

/// Something that must be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// Some frames that end a call do not arrive.
    LostEnd,
    /// Some items and values do not arrive.
    LostItem,
    /// Some items and values have another last byte.
    ChangedItem,
    /// Main keeps a descriptor in every round.
    KeptDescriptor,
}
