//! The contract of the stress: one interface with every kind of channel, in which every request has a number and every value
//! can be told from any other. The sample contract's requests have none, so that the two sides of one could not be held
//! against each other.

use portcullis::codec::Blob;
use portcullis::{Call, Sink, Source};

/// Loads of more bytes than this are blobs, which native processes lend each other.
const INLINE_BYTES_MAX: usize = 8 * 1024;
/// A prime, so that bytes that have moved are not the same bytes.
const BLOCK_BYTES: usize = 61;

/// Bytes that follow from their number.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Which it is.
    pub number: u64,
    /// How many bytes it has.
    pub len: u32,
    /// The bytes, when they are many.
    #[limit(len <= 4_194_304)]
    pub blob: Option<Blob>,
    /// The bytes, when they are few.
    #[limit(len <= 8_192)]
    pub inline: Vec<u8>,
}

/// The bytes of a number.
pub(crate) fn content(number: u64, len: usize) -> Vec<u8> {
    let mut block = [0; BLOCK_BYTES];
    let mut state = number;
    for part in block.chunks_mut(8) {
        state = mixed(state, 1);
        part.copy_from_slice(&state.to_le_bytes()[..part.len()]);
    }
    let mut bytes = block.repeat(len / BLOCK_BYTES + 1);
    bytes.truncate(len);
    bytes
}

/// The number of the item at `place` in a stream of that number.
pub(crate) fn mixed(number: u64, place: u32) -> u64 {
    let mut z = number ^ (u64::from(place) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Load {
    /// The load of a number.
    pub(crate) fn new(number: u64, len: u32) -> Self {
        let bytes = content(number, len as usize);
        match bytes.len() {
            0..=INLINE_BYTES_MAX => Self { number, len, blob: None, inline: bytes },
            _ => Self { number, len, blob: Some(bytes.into()), inline: Vec::new() },
        }
    }

    /// The load of a number, written into memory that is lent as it is, if there is some.
    pub(crate) fn in_place(number: u64, len: u32, pool: &portcullis::BlobPool) -> Self {
        let free = (len as usize > INLINE_BYTES_MAX).then(|| pool.lease(len as usize).ok());
        let Some(mut frame) = free.flatten() else { return Self::new(number, len) };
        frame.copy_from_slice(&content(number, len as usize));
        Self { number, len, blob: Some(frame.freeze()), inline: Vec::new() }
    }

    /// Whether every byte is as it was.
    pub(crate) fn is_whole(&self) -> bool {
        let bytes = self.blob.as_deref().unwrap_or(&self.inline);
        bytes == content(self.number, self.len as usize)
    }

    /// Whether it is that of a number, and whole.
    pub(crate) fn is_of(&self, number: u64) -> bool {
        self.number == number && self.is_whole()
    }
}

/// How a call fails that is asked to.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkError {
    /// As it was asked to.
    Asked {
        /// The number of the request.
        number: u64,
    },
}

/// Work of every kind.
#[portcullis::interface(name = "stress.work", version = 1)]
pub trait Work {
    /// Answers after some time with a load of the same length.
    #[call(deadline = "30m")]
    async fn ask(&self, cx: &Call, load: Load, ms: u32) -> Load;

    /// Has little time.
    #[call(deadline = "150ms")]
    async fn hurry(&self, cx: &Call, number: u64, ms: u32) -> u64;

    /// Fails when it is odd.
    #[call(deadline = "30m")]
    async fn fail(&self, cx: &Call, number: u64) -> Result<u64, WorkError>;

    /// Holds a thread up.
    #[call(blocking, deadline = "30m")]
    async fn block(&self, cx: &Call, number: u64, ms: u32) -> u64;

    /// One of a row.
    #[notify]
    async fn tell(&self, cx: &Call, row: u64, place: u32, load: Load);

    /// Sends so many loads, and says how many.
    #[stream(deadline = "30m")]
    async fn down(&self, cx: &Call, number: u64, count: u32, len: u32, out: Sink<Load>) -> u32;

    /// Says how many loads have come.
    #[stream(deadline = "30m")]
    async fn up(&self, cx: &Call, number: u64, input: Source<Load>) -> u32;

    /// Sends every load back.
    #[stream(deadline = "30m")]
    async fn both(&self, cx: &Call, number: u64, input: Source<Load>, out: Sink<Load>) -> u32;

    /// As `down`, for whom old loads are worth nothing.
    #[stream(overflow = "drop_oldest", depth = 4, deadline = "30m")]
    async fn skim(&self, cx: &Call, number: u64, count: u32, len: u32, out: Sink<Load>) -> u32;

    /// When a subscriber is slow, its oldest goes.
    #[event]
    fn ticked(load: Load);

    /// When a subscriber is slow, the new one goes.
    #[event(overflow = "drop_newest", depth = 2)]
    fn kept(load: Load);

    /// A subscriber that is slow is put off.
    #[event(overflow = "disconnect", depth = 16)]
    fn strict(load: Load);

    /// Only the last counts.
    #[state]
    fn level(load: Load);
}

portcullis::contract! {
    name = "stress",
    interfaces = [Work],
}

#[cfg(test)]
mod tests {
    use super::Load;

    #[test]
    fn one_byte_or_one_number_makes_another_load() {
        for len in [1, 60, 61, 62, 8_192, 8_193, 100_000] {
            let load = Load::new(7, len);
            assert!(load.is_of(7) && !load.is_of(8));
            let mut moved = load.clone();
            moved.number = 8;
            assert!(!moved.is_whole());
            let mut cut = load.clone();
            cut.len -= 1;
            assert!(!cut.is_whole());
            let mut bytes = super::content(7, len as usize);
            bytes.rotate_left(1);
            let turned = Load { blob: Some(bytes.into()), inline: Vec::new(), ..load };
            assert_eq!(turned.is_whole(), len == 1);
        }
    }
}
