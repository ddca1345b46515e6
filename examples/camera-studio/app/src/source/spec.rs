//! The `--source` argument: what a user may write, and what it means. Nothing is opened here.

use std::path::PathBuf;
use std::str::FromStr;

use crate::picture::{Rate, Size, SizeError};

/// Where a camera's pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// `y4m:FILE`: a file, played again and again.
    File(PathBuf),
    /// `y4m:-`: standard input, until it ends.
    Stdin,
    /// `pattern[:WxH@FPS]`: a generated moving picture.
    Pattern {
        /// Width and height of the pictures.
        size: Size,
        /// Pictures a second.
        rate: Rate,
    },
}

/// A `--source` argument that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// It begins with no known word.
    #[error("\"{0}\" is not a source: write y4m:FILE, y4m:- or pattern[:WxH@FPS]")]
    Unknown(String),
    /// `y4m:` without a file.
    #[error("y4m: needs a file name, or - for standard input")]
    NoFile,
    /// The pattern's size and rate are not written as they should be.
    #[error("\"{0}\" is not a pattern's size and rate: write 640x360@30, 640x360 or nothing")]
    Pattern(String),
    /// The pattern's size is out of bounds.
    #[error("the pattern is too large or empty: {0}")]
    Size(#[from] SizeError),
    /// The pattern's rate is out of bounds.
    #[error("the pattern's rate is outside {} to {} pictures a second", Rate::MIN, Rate::MAX)]
    Rate,
}

const DEFAULT_SIZE: Size = Size::WIDE_360;
const DEFAULT_RATE: Rate = Rate::THIRTY;

impl SourceSpec {
    /// A pattern of 1920 by 1080 pixels, 60 times a second.
    pub fn hd() -> Self {
        Self::Pattern { size: Size::HIGH_1080, rate: Rate::SIXTY }
    }

    fn pattern(text: &str) -> Result<Self, SpecError> {
        let malformed = || SpecError::Pattern(text.to_owned());
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse::<u32>().map_err(|_| malformed()),
            false => Err(malformed()),
        };
        let (size, rate) = match text.split_once('@') {
            Some((size, rate)) => (size, Rate::new(number(rate)?, 1).ok_or(SpecError::Rate)?),
            None => (text, DEFAULT_RATE),
        };
        let size = match size.split_once('x') {
            Some((width, height)) => Size::new(number(width)?, number(height)?)?,
            None if size.is_empty() => DEFAULT_SIZE,
            None => return Err(malformed()),
        };
        Ok(Self::Pattern { size, rate })
    }
}

impl Default for SourceSpec {
    fn default() -> Self {
        Self::Pattern { size: DEFAULT_SIZE, rate: DEFAULT_RATE }
    }
}

impl FromStr for SourceSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("y4m", "") => Err(SpecError::NoFile),
            ("y4m", "-") => Ok(Self::Stdin),
            ("y4m", path) => Ok(Self::File(path.into())),
            ("pattern", rest) => Self::pattern(rest),
            _ => Err(SpecError::Unknown(text.to_owned())),
        }
    }
}

impl std::fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "y4m:{}", path.display()),
            Self::Stdin => f.write_str("y4m:-"),
            Self::Pattern { size, rate } => write!(f, "pattern:{size}@{rate}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let seen = match text.parse::<SourceSpec>() {
            Ok(spec) => spec.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(seen.starts_with(expected), "{text}: {seen}");
    }

    #[test]
    fn what_a_user_may_write() {
        check("y4m:-", "y4m:-");
        check("y4m:a:b.y4m", "y4m:a:b.y4m");
        check("pattern", "pattern:640x360@30");
        check("pattern:@60", "pattern:640x360@60");
        check("pattern:320x240", "pattern:320x240@30");
        check("pattern:1280x720@25", "pattern:1280x720@25");
    }

    #[test]
    fn what_is_refused_and_why() {
        check("webcam", "\"webcam\" is not a source");
        check("", "\"\" is not a source");
        check("y4m", "y4m: needs a file name");
        check("y4m:", "y4m: needs a file name");
        check("pattern:640", "\"640\" is not a pattern's size and rate");
        check("pattern:+640x360", "\"+640x360\" is not a pattern's size and rate");
        check("pattern:64x36@", "\"64x36@\" is not a pattern's size and rate");
        check("pattern:0x360", "the pattern is too large or empty: 0x360");
        check("pattern:8192x8192", "the pattern is too large or empty: a 8192x8192");
        check("pattern:64x36@0", "the pattern's rate is outside 1 to 240");
        check("pattern:64x36@99999999999", "\"64x36@99999999999\" is not");
    }

    proptest! {
        #[test]
        fn anything_may_be_written(text in "\\PC{0,40}") {
            let _ = text.parse::<SourceSpec>();
            let _ = format!("pattern:{text}").parse::<SourceSpec>();
        }

        #[test]
        fn patterns_are_written_as_they_are_read(w in 1u32..2000, h in 1u32..2000, fps in 1u32..=240) {
            let text = format!("pattern:{w}x{h}@{fps}");
            prop_assert_eq!(text.parse::<SourceSpec>().map(|s| s.to_string()), Ok(text));
        }
    }
}
