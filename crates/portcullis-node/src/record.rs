//! What a drain writes into JavaScript's buffer: records, one behind the other. Each has a header of three numbers of 32
//! bits, little-endian: its kind, a peer, and the length of the bytes behind it. `packages/node/src/records.ts` reads them.

/// Bytes of a record's header.
pub(crate) const HEADER_BYTES: usize = 12;
/// Least size of a buffer to drain into, in bytes.
pub(crate) const BUFFER_BYTES_MIN: usize = 4096;
/// Longest goodbye in a record, in bytes: the protocol's own bound, and room for its code.
const GOODBYE_BYTES_MAX: usize = 1024;

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// A message for a peer.
    Message = 1,
    /// A peer has ended: the reason's code and whether these are its own words (1) or the hub's (0), both numbers of 32 bits, then a
    /// text. Behind all messages of its drain, so that what it had asked of others is heard before its end. No record of this peer
    /// follows.
    Ended = 2,
    /// Events wait to be taken.
    Events = 3,
    /// The hub has shut down.
    Shutdown = 4,
    /// There is more: drain again. In place of a peer stands how many bytes the next message has; the buffer must have
    /// room for it and two headers.
    More = 5,
}

/// Records being written.
pub(crate) struct Records<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Bytes that were written.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Adds a record; false when it has no room. There is always room for one of kind `More` behind it.
    pub(crate) fn push(&mut self, kind: Kind, peer: u32, parts: [&[u8]; 2]) -> bool {
        let bytes = parts[0].len() + parts[1].len();
        let end = self.length + HEADER_BYTES + bytes;
        let reserved = if kind == Kind::More { 0 } else { HEADER_BYTES };
        if end + reserved > self.buffer.len() {
            return false;
        }
        let Some(room) = self.buffer.get_mut(self.length..end) else { return false };
        let (head, body) = room.split_at_mut(HEADER_BYTES);
        let numbers = [kind as u32, peer, u32::try_from(bytes).unwrap_or(u32::MAX)];
        for (at, number) in head.chunks_exact_mut(4).zip(numbers) {
            at.copy_from_slice(&number.to_le_bytes());
        }
        let (first, second) = body.split_at_mut(parts[0].len());
        first.copy_from_slice(parts[0]);
        second.copy_from_slice(parts[1]);
        self.length = end;
        true
    }

    /// A peer has ended.
    pub(crate) fn ended(&mut self, peer: u32, reason: u32, own: bool, message: &str) -> bool {
        let mut length = message.len().min(GOODBYE_BYTES_MAX);
        while !message.is_char_boundary(length) {
            length -= 1;
        }
        let text = message.get(..length).unwrap_or_default();
        let numbers = (u64::from(own) << 32 | u64::from(reason)).to_le_bytes();
        self.push(Kind::Ended, peer, [&numbers, text.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_room_to_say_that_there_is_more() {
        let mut buffer = [0; 3 * HEADER_BYTES + 8];
        let mut records = Records::new(&mut buffer);
        assert!(records.push(Kind::Message, 7, [b"12345678", b""]));
        assert!(!records.push(Kind::Message, 7, [b"1", b""]));
        assert!(records.push(Kind::Events, 0, [b"", b""]));
        assert!(!records.push(Kind::Events, 0, [b"", b""]));
        assert!(records.push(Kind::More, 0, [b"", b""]));
        assert_eq!(records.length(), 3 * HEADER_BYTES + 8);
        assert_eq!(
            buffer[..20],
            [1, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 49, 50, 51, 52, 53, 54, 55, 56]
        );
    }

    #[test]
    fn a_long_goodbye_is_cut_between_characters() {
        let mut buffer = [0; 4096];
        let mut records = Records::new(&mut buffer);
        assert!(records.ended(1, 0, false, &"é".repeat(2000)));
        assert_eq!(records.length(), HEADER_BYTES + 8 + 1024);
        let text = format!("x{}", "é".repeat(2000));
        let mut records = Records::new(&mut buffer);
        assert!(records.ended(1, 2, true, &text));
        assert_eq!(records.length(), HEADER_BYTES + 8 + 1023);
        assert_eq!(buffer[HEADER_BYTES..][..9], [2, 0, 0, 0, 1, 0, 0, 0, b'x']);
    }
}
