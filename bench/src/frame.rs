//! The bytes that are delivered, and their sum, by which a receiver shows that it has read every one of them. A number
//! at their beginning makes each delivery another, so that nobody can answer from memory.

use anyhow::{Result, ensure};

/// Bytes before any number is put into them: words without a pattern that compresses or repeats.
pub(crate) fn fill(bytes: &mut [u8]) {
    for (place, word) in (1_u64..).zip(bytes.as_chunks_mut::<8>().0) {
        *word = place.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    }
}

/// So many bytes, filled.
pub(crate) fn filled(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fill(&mut bytes);
    bytes
}

/// Puts the number of a delivery into its bytes: what whoever fills them anew does last.
pub(crate) fn stamp(bytes: &mut [u8], number: u64) {
    if let Some(first) = bytes.first_chunk_mut() {
        *first = number.to_le_bytes();
    }
}

/// Reads every byte once. Lengths are multiples of eight.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.as_chunks::<8>().0.iter();
    words.fold(0, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)))
}

/// What the sums of all deliveries of one length are.
#[derive(Clone, Copy)]
pub(crate) struct Sums {
    rest: u64,
}

impl Sums {
    pub(crate) fn of(len: usize) -> Self {
        let mut bytes = filled(len);
        stamp(&mut bytes, 0);
        Self { rest: sum(&bytes) }
    }

    /// The sum of the delivery with this number.
    pub(crate) fn get(self, number: u64) -> u64 {
        self.rest.wrapping_add(number)
    }

    /// Refuses any sum but that of the delivery with this number.
    pub(crate) fn check(self, number: u64, sum: u64) -> Result<()> {
        let right = self.get(number);
        ensure!(sum == right, "{sum:#x} is not the sum {right:#x} of delivery {number}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_number_and_every_byte() {
        let sums = Sums::of(64);
        let mut bytes = filled(64);
        stamp(&mut bytes, 5);
        assert!(sums.check(5, sum(&bytes)).is_ok());
        assert!(sums.check(6, sum(&bytes)).is_err());
        bytes[63] ^= 1;
        assert!(sums.check(5, sum(&bytes)).is_err());
    }
}
