//! Where received bytes stand until whole frames are there. It grows only as bytes arrive.

use bytes::{Buf, Bytes};

/// Bytes that one read may bring, and that the buffer keeps when it is empty.
const CHUNK_BYTES: usize = 64 * 1024;
/// The same of a connection that has never had so many at once: most wait, and say little.
const FIRST_BYTES: usize = 4 * 1024;

/// A receive buffer.
#[derive(Debug)]
pub struct RecvBuffer {
    bytes: Vec<u8>,
    /// Received and not yet consumed: `start..end`.
    start: usize,
    end: usize,
    /// What has come as a whole stands where the transport has put it; then there is nothing else.
    message: Bytes,
    /// Bytes of the frame at hand, as far as they are known.
    needed: usize,
    /// Bytes that one read may bring.
    room: usize,
}

impl Default for RecvBuffer {
    fn default() -> Self {
        Self {
            bytes: vec![0; FIRST_BYTES],
            start: 0,
            end: 0,
            message: Bytes::new(),
            needed: 0,
            room: FIRST_BYTES,
        }
    }
}

impl RecvBuffer {
    /// What is there.
    pub fn filled(&self) -> &[u8] {
        if !self.message.is_empty() {
            return &self.message;
        }
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Room for the next read. Follow with [`Self::advance`].
    pub fn spare(&mut self) -> &mut [u8] {
        self.settle();
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let have = self.end - self.start;
        let chunk = self.room.min(self.bytes.len());
        if self.bytes.len() - self.end < chunk / 2 && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, have);
        }
        if self.end == self.bytes.len()
            || self.needed > self.bytes.len() - self.start
            || self.room > self.bytes.len()
        {
            // A claimed length alone reserves nothing: at most as much again as has come, and a chunk.
            let grown = self.needed.clamp(self.room, (have * 2).max(self.room * 2));
            let len = (self.start + grown).max(self.end + self.room);
            if len > self.bytes.len() {
                self.bytes.resize(len, 0);
            }
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// `count` bytes were read into [`Self::spare`].
    pub fn advance(&mut self, count: usize) {
        if count > 0 && self.end + count >= self.bytes.len() {
            // There may be more where that came from.
            self.room = CHUNK_BYTES;
        }
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// Appends what `append` puts behind the bytes that it is given; returns what it returns.
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub(crate) fn append<R>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.settle();
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > CHUNK_BYTES {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.bytes.truncate(self.end);
        let appended = append(&mut self.bytes);
        self.end = self.bytes.len();
        appended
    }

    /// Appends a message.
    pub fn extend(&mut self, message: &[u8]) {
        self.settle();
        self.append_copy(message);
    }

    /// Puts a message that stands elsewhere among the bytes, for more comes behind it.
    fn settle(&mut self) {
        let message = std::mem::take(&mut self.message);
        if !message.is_empty() {
            self.append_copy(&message);
        }
    }

    fn append_copy(&mut self, message: &[u8]) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let end = self.end + message.len();
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
        if let Some(room) = self.bytes.get_mut(self.end..end) {
            room.copy_from_slice(message);
        }
        self.end = end;
    }

    /// Takes a message as it is. What came before it has to be done with, or is copied together with it.
    pub fn take(&mut self, message: Bytes) {
        if self.filled().is_empty() {
            self.message = message;
        } else {
            self.extend(&message);
        }
    }

    /// `count` bytes from the start are done with; the frame behind them has `needed` bytes.
    pub fn consume(&mut self, count: usize, needed: usize) {
        if !self.message.is_empty() {
            self.message.advance(count.min(self.message.len()));
            self.needed = needed;
            return;
        }
        self.start = (self.start + count).min(self.end);
        self.needed = needed;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > KEPT_BYTES_MAX {
                // After a large frame a connection goes back to its small buffer.
                self.bytes.truncate(CHUNK_BYTES);
                self.bytes.shrink_to_fit();
            }
        }
    }
}

/// A buffer of up to this size is kept between frames: live pictures must not be paid for with fresh pages.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, FIRST_BYTES, RecvBuffer};

    #[test]
    fn frames_of_any_size_pass_whole() {
        let mut buffer = RecvBuffer::default();
        let mut sent = 0u32;
        let mut seen = 0u32;
        for size in [1usize, 100, 70_000, 3, 500_000, 24] {
            buffer.consume(0, size);
            let mut left = size;
            while left > 0 {
                let spare = buffer.spare();
                assert!(!spare.is_empty());
                let count = spare.len().min(left).min(10_000);
                for byte in &mut spare[..count] {
                    *byte = sent as u8;
                    sent += 1;
                }
                buffer.advance(count);
                left -= count;
            }
            assert_eq!(buffer.filled().len(), size);
            for byte in buffer.filled() {
                assert_eq!(*byte, seen as u8);
                seen += 1;
            }
            buffer.consume(size, 24);
        }
    }

    #[test]
    fn a_message_stays_where_it_is() {
        let mut buffer = RecvBuffer::default();
        let message = bytes::Bytes::from(vec![7; 100_000]);
        let place = message.as_ptr();
        buffer.take(message);
        assert_eq!((buffer.filled().len(), buffer.filled().as_ptr()), (100_000, place));
        buffer.consume(60_000, 24);
        assert_eq!(buffer.filled(), [7; 40_000]);
        // What nobody takes is not lost when more comes.
        buffer.take(bytes::Bytes::from_static(b"more"));
        assert_eq!(buffer.filled().len(), 40_004);
        buffer.consume(40_000, 24);
        assert_eq!(buffer.filled(), b"more");
        // Nor is it when what comes next is read behind it.
        buffer.consume(4, 24);
        buffer.take(bytes::Bytes::from_static(b"held"));
        buffer.spare()[..4].copy_from_slice(b"read");
        buffer.advance(4);
        assert_eq!(buffer.filled(), b"heldread");
        buffer.consume(8, 24);
        assert!(buffer.filled().is_empty());
        buffer.extend(b"copied");
        assert_eq!(buffer.filled(), b"copied");
    }

    #[test]
    fn it_is_small_until_a_read_has_filled_it() {
        let mut buffer = RecvBuffer::default();
        for _ in 0..10 {
            assert_eq!(buffer.spare().len(), FIRST_BYTES);
            buffer.advance(FIRST_BYTES - 1);
            buffer.consume(FIRST_BYTES - 1, 24);
        }
        buffer.spare();
        buffer.advance(FIRST_BYTES);
        buffer.consume(FIRST_BYTES, 24);
        assert_eq!(buffer.spare().len(), CHUNK_BYTES);
    }

    #[test]
    fn a_claimed_length_reserves_little() {
        let mut buffer = RecvBuffer::default();
        buffer.spare();
        buffer.advance(24);
        buffer.consume(0, 16 * 1024 * 1024);
        buffer.spare();
        assert!(buffer.bytes.len() <= 256 * 1024, "{}", buffer.bytes.len());
    }
}
