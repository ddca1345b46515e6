//! Where pictures come from: a Y4M file, standard input, or a generated pattern, all behind one
//! trait. A source says how fast it wants to be read; keeping that pace is the caller's business,
//! as is the clock.

mod digits;
mod error;
mod pattern;
mod spec;
mod y4m;

pub use error::SourceError;
pub use pattern::Pattern;
pub use spec::{SourceSpec, SpecError};
pub use y4m::{ColourSpace, HeaderError, Y4mReader};

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};

use crate::picture::{Picture, Rate, Size};

/// Bytes read from a file or from standard input at once.
const READ_BYTES: usize = 256 << 10;

/// Something that gives one picture after another.
pub trait Source: Send {
    /// The size of every picture.
    fn size(&self) -> Size;

    /// The pace at which it was recorded.
    fn rate(&self) -> Rate;

    /// Overwrites `picture` with the next one, taken at `captured_us` (microseconds since the
    /// Unix epoch). May block when standard input does. After an error there are no more pictures.
    fn read(&mut self, captured_us: u64, picture: &mut Picture) -> Result<(), SourceError>;
}

/// Reads the header of what somebody else has opened as standard input.
pub fn open_standard_input(
    input: impl Read + Send + 'static,
) -> Result<Box<dyn Source>, SourceError> {
    let input = BufReader::with_capacity(READ_BYTES, input);
    Ok(Box::new(Y4mReader::new(input, "standard input")?))
}

/// Opens a source and reads its header. `variant` tells several generated patterns apart by colour.
pub fn open(spec: &SourceSpec, variant: u32) -> Result<Box<dyn Source>, SourceError> {
    match spec {
        SourceSpec::Pattern { size, rate } => Ok(Box::new(Pattern::new(*size, *rate, variant))),
        SourceSpec::Stdin => open_standard_input(std::io::stdin()),
        SourceSpec::File(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => SourceError::Missing { name: name.clone() },
                _ => SourceError::Unreadable { name: name.clone(), error },
            })?;
            let input = BufReader::with_capacity(READ_BYTES, file);
            Ok(Box::new(y4m::Looped::new(Y4mReader::new(input, name)?)))
        }
    }
}
