//! The first line of a Y4M stream, read strictly: every field within its bounds, none twice.
//! Colour layouts are named here and converted in `chroma`.

use crate::picture::{Rate, Size, SizeError};

/// The longest line of a stream, its end included.
pub(super) const LINE_BYTES_MAX: usize = 256;

/// The most characters of a file that an error message repeats.
const QUOTE_CHARACTERS_MAX: usize = 24;

/// The pace of a stream that does not know it (`F0:0`).
const UNKNOWN_RATE: Rate = Rate::THIRTY;

const MAGIC: &[u8] = b"YUV4MPEG2";

/// What a stream says about all of its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) size: Size,
    pub(super) rate: Rate,
    pub(super) colour: ColourSpace,
    pub(super) full_range: bool,
}

/// How a stream lays out its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourSpace {
    /// Chroma at half the width and half the height; where exactly it was sampled is not looked at.
    C420,
    /// Chroma at half the width.
    C422,
    /// Chroma in full.
    C444,
    /// No chroma.
    Mono,
}

/// What is wrong with a stream's first line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It is some other kind of file.
    #[error("it does not begin with YUV4MPEG2")]
    Magic,
    /// The line is longer than any header.
    #[error("its first line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// The stream ends within the line.
    #[error("it ends within its first line")]
    Cut,
    /// A field that must be there is not.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// A field is there twice.
    #[error("the {0} is given twice")]
    Twice(&'static str),
    /// A field cannot be read.
    #[error("\"{text}\" is not a {field}")]
    Value {
        /// Which field.
        field: &'static str,
        /// What stands there, shortened.
        text: String,
    },
    /// The pictures are too large.
    #[error("{0}")]
    Size(#[from] SizeError),
    /// The rate is out of bounds.
    #[error(
        "{numerator}:{denominator} is outside {} to {} pictures a second",
        Rate::MIN,
        Rate::MAX
    )]
    Rate {
        /// Pictures in `denominator` seconds.
        numerator: u32,
        /// The seconds.
        denominator: u32,
    },
    /// The samples are laid out in a way that is not supported.
    #[error("colour space \"{0}\" is not supported (C420, C422, C444 and Cmono with 8 bits are)")]
    Colour(String),
}

impl HeaderError {
    /// A line without an end: no Y4M at all, or a header that is too long.
    pub(super) fn too_long(line: &[u8]) -> Self {
        if line.starts_with(MAGIC) { Self::TooLong } else { Self::Magic }
    }

    /// A stream that ends in its first line: no Y4M at all, or a header that was cut.
    pub(super) fn cut(line: &[u8]) -> Self {
        let common = line.iter().zip(MAGIC).all(|(a, b)| a == b);
        if common && !line.is_empty() { Self::Cut } else { Self::Magic }
    }
}

impl Header {
    /// Reads the line, whose end was taken off.
    pub(super) fn parse(line: &[u8]) -> Result<Self, HeaderError> {
        let fields = match line.strip_prefix(MAGIC) {
            Some(fields @ ([] | [b' ', ..])) => fields,
            _ => return Err(HeaderError::Magic),
        };
        let (mut width, mut height, mut rate, mut colour) = (None, None, None, None);
        let mut full_range = None;
        for field in fields.split(|&byte| byte == b' ') {
            match field {
                [b'W', value @ ..] => once(&mut width, "width", number("width", value)?)?,
                [b'H', value @ ..] => once(&mut height, "height", number("height", value)?)?,
                [b'F', value @ ..] => once(&mut rate, "frame rate", parse_rate(value)?)?,
                [b'C', value @ ..] => once(&mut colour, "colour space", parse_colour(value)?)?,
                b"XCOLORRANGE=FULL" => once(&mut full_range, "colour range", true)?,
                b"XCOLORRANGE=LIMITED" => once(&mut full_range, "colour range", false)?,
                // Interlacing and pixel shape do not change how a picture is read, and X fields are
                // for whoever wrote them.
                [] | [b'I' | b'A' | b'X', ..] => {}
                other => {
                    return Err(HeaderError::Value { field: "known field", text: quote(other) });
                }
            }
        }
        let width = width.ok_or(HeaderError::Missing("width"))?;
        let height = height.ok_or(HeaderError::Missing("height"))?;
        Ok(Self {
            size: Size::new(width, height)?,
            rate: rate.ok_or(HeaderError::Missing("frame rate"))?,
            colour: colour.unwrap_or(ColourSpace::C420),
            full_range: full_range.unwrap_or(false),
        })
    }
}

fn once<T>(slot: &mut Option<T>, field: &'static str, value: T) -> Result<(), HeaderError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(HeaderError::Twice(field)),
    }
}

fn number(field: &'static str, digits: &[u8]) -> Result<u32, HeaderError> {
    let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| valid);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| HeaderError::Value { field, text: quote(digits) })
}

fn parse_rate(value: &[u8]) -> Result<Rate, HeaderError> {
    const FIELD: &str = "frame rate";
    let mut parts = value.splitn(2, |&byte| byte == b':');
    let (Some(numerator), Some(denominator)) = (parts.next(), parts.next()) else {
        return Err(HeaderError::Value { field: FIELD, text: quote(value) });
    };
    let (numerator, denominator) = (number(FIELD, numerator)?, number(FIELD, denominator)?);
    if (numerator, denominator) == (0, 0) {
        return Ok(UNKNOWN_RATE);
    }
    Rate::new(numerator, denominator).ok_or(HeaderError::Rate { numerator, denominator })
}

fn parse_colour(value: &[u8]) -> Result<ColourSpace, HeaderError> {
    match value {
        b"420" | b"420jpeg" | b"420mpeg2" | b"420paldv" => Ok(ColourSpace::C420),
        b"422" => Ok(ColourSpace::C422),
        b"444" => Ok(ColourSpace::C444),
        b"mono" => Ok(ColourSpace::Mono),
        other => Err(HeaderError::Colour(quote(other))),
    }
}

/// Repeats part of a file in an error message: short, and without control characters.
fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let safe = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    safe.take(QUOTE_CHARACTERS_MAX).collect()
}
