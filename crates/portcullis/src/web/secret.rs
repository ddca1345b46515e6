//! A 128-bit secret: hexadecimal in and out, compared in constant time, never printed.
//! Where the bits come from (the gate draws them) and what they are for (the ticket office) is not its affair.

use std::fmt;

use subtle::ConstantTimeEq;

/// The length of every code, cookie and ticket: 128 bits, which nobody guesses over a socket.
pub(super) const SECRET_BYTES: usize = 16;

/// The length of a secret as text.
pub(super) const SECRET_HEX_LEN: usize = SECRET_BYTES * 2;

/// A code, a cookie value or a ticket.
///
/// There is no `PartialEq`: an `==` that returns at the first difference is the mistake to prevent.
#[derive(Clone)]
pub(super) struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// Takes bits that the caller drew from a cryptographic source.
    pub(super) fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads exactly 32 lower-case hexadecimal digits.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0u8; SECRET_BYTES];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != SECRET_BYTES || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }

    /// Writes the secret out, for the one place that hands it over.
    pub(super) fn to_hex(&self) -> String {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let mut text = String::with_capacity(SECRET_HEX_LEN);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0x0f] {
                text.extend(DIGITS.get(usize::from(nibble)));
            }
        }
        text
    }

    /// Compares in a time that does not depend on where the two differ.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_out_and_comes_back() {
        let bytes: [u8; SECRET_BYTES] = std::array::from_fn(|i| (i * 17) as u8);
        let secret = Secret::from_bytes(bytes);
        let text = secret.to_hex();
        assert_eq!(text, "00112233445566778899aabbccddeeff");
        assert!(Secret::from_hex(&text).is_some_and(|back| back.matches(&secret)));
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        for text in [
            "",
            "00112233445566778899aabbccddeef",
            "00112233445566778899aabbccddeeff0",
            "00112233445566778899aabbccddeeff00",
            "00112233445566778899AABBCCDDEEFF",
            "00112233445566778899aabbccddeef ",
            "0x112233445566778899aabbccddeeff",
            "0011223344556677889\u{e9}aabbccddee",
        ] {
            assert!(Secret::from_hex(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn one_different_bit_is_a_different_secret() {
        let base = Secret::from_bytes([0xa5; SECRET_BYTES]);
        for bit in 0..SECRET_BYTES * 8 {
            let mut bytes = [0xa5; SECRET_BYTES];
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!base.matches(&Secret::from_bytes(bytes)), "bit {bit}");
        }
    }

    #[test]
    fn f39_debug_shows_nothing_of_a_secret() {
        let secret = Secret::from_bytes([0xab; SECRET_BYTES]);
        let shown = format!("{secret:?} {secret:#?}");
        assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
    }
}
