//! Limits of every kind, and a type that crosses through a conversion.

use std::collections::BTreeMap;

use portcullis::SafeInt;

/// The longest text, by name.
pub(crate) const TEXT_BYTES_MAX: u32 = 5;

/// One limit of each kind.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Text of at most so many bytes.
    #[limit(len <= TEXT_BYTES_MAX)]
    pub text: String,
    /// Text that is not empty.
    #[limit(len = 1..=3)]
    pub word: String,
    /// Bytes, two at least.
    #[limit(len >= 2)]
    pub bytes: Vec<u8>,
    /// Exactly two numbers.
    #[limit(items == 2)]
    pub two: Vec<u32>,
    /// A few short texts.
    #[limit(items <= 3, each(len = 1..=4))]
    pub tags: Vec<String>,
    /// Numbers within a range, perhaps.
    #[limit(each(range = 0..=9))]
    pub digits: Option<Vec<u32>>,
    /// A percentage.
    #[limit(range = 0..=100)]
    pub percent: u8,
    /// A large number within a range.
    #[limit(range = -5..=5000000000)]
    pub long: i64,
    /// A safe integer within a range, perhaps.
    #[limit(1..=10)]
    pub safe: Option<SafeInt>,
    /// A share.
    #[limit(0.0..=1.0)]
    pub share: f64,
    /// An angle.
    #[limit(-180.0..=180.0)]
    pub angle: f32,
    /// A small map.
    #[limit(items = 1..=2)]
    pub map: BTreeMap<u8, String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: String::new(),
            word: "w".to_owned(),
            bytes: vec![1, 2],
            two: vec![3, 4],
            tags: Vec::new(),
            digits: None,
            percent: 0,
            long: 0,
            safe: None,
            share: 0.0,
            angle: 0.0,
            map: BTreeMap::from([(1, "one".to_owned())]),
        }
    }
}

/// A colour, as an application has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

/// A colour crosses as six hexadecimal digits in small letters.
pub mod colour {
    use super::Colour;

    /// What crosses.
    pub type Wire = String;

    /// To the digits.
    pub fn to_wire(colour: &Colour) -> Wire {
        colour.rgb.iter().map(|part| format!("{part:02x}")).collect()
    }

    /// From the digits.
    ///
    /// # Errors
    ///
    /// Whatever is not six hexadecimal digits in small letters: one colour, one text.
    pub fn from_wire(wire: Wire) -> Result<Colour, String> {
        let refuse = || format!("`{wire}` is no colour");
        if wire.len() != 6 || !wire.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(refuse());
        }
        let mut rgb = [0; 3];
        for (part, place) in rgb.iter_mut().zip([0, 2, 4]) {
            let digits = wire.get(place..place + 2).unwrap_or_default();
            *part = u8::from_str_radix(digits, 16).map_err(|_| refuse())?;
        }
        Ok(Colour { rgb })
    }
}

/// A type that is not a message, by way of a module.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Converted {
    /// The colour.
    #[with(colour)]
    #[limit(len <= 6)]
    pub colour: Colour,
    /// How wide.
    pub width: u8,
}
