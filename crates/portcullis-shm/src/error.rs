//! What the other side of shared memory can do wrong there. What one's own side can do wrong is typed where it is done.

/// The other side broke the protocol in memory that both can write. It is hostile or broken: end it, and drop what is
/// shared with it. Nothing that it wrote was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A receiver says that it returned what it does not hold.
    #[error("slot {slot} was returned with generation {generation}, which was not lent")]
    ForeignReturn {
        /// The slot.
        slot: u32,
        /// The value that stands where the generation should.
        generation: u32,
    },
    /// An index of a ring that runs backwards, lies beyond what there can be, or is not aligned.
    #[error("the ring's index moved from {from} to {to}, which the other side may not do")]
    Index {
        /// Where it was, as far as this side knows.
        from: u32,
        /// Where it is.
        to: u32,
    },
    /// A record that is longer than what its ring holds.
    #[error("a record claims {bytes} bytes of {available}")]
    RecordLength {
        /// The length it claims.
        bytes: u32,
        /// The bytes that are there.
        available: u32,
    },
    /// The other side wakes this one again and again for nothing.
    #[error("woken {0} times for nothing")]
    WakeStorm(u32),
}
