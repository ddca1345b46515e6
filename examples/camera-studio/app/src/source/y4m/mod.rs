//! Reading YUV4MPEG2, the uncompressed video that ffmpeg writes (`-f yuv4mpegpipe`). The header line
//! is `header`, other colour layouts are converted by `chroma`; keeping the pace is the caller's.
//!
//! The format: <https://wiki.multimedia.cx/index.php/YUV4MPEG2>.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the bytes come from outside"
)]

mod chroma;
mod header;

pub use header::{ColourSpace, HeaderError};

use std::io::{BufRead, ErrorKind, Read, Seek, SeekFrom};

use super::{Source, SourceError};
use crate::picture::{Picture, Rate, Size};
use header::{Header, LINE_BYTES_MAX};

/// Pictures from a byte stream in Y4M format, until it ends.
#[derive(Debug)]
pub struct Y4mReader<R> {
    input: R,
    name: String,
    header: Header,
    sequence: u64,
    /// One chroma plane in the file's own layout, when that is not I420's.
    scratch: Vec<u8>,
}

impl<R: BufRead> Y4mReader<R> {
    /// Reads the header. `name` stands in error messages.
    pub fn new(mut input: R, name: impl Into<String>) -> Result<Self, SourceError> {
        let name = name.into();
        let mut line = Vec::new();
        let ended = read_line(&mut input, &mut line)
            .map_err(|error| SourceError::Unreadable { name: name.clone(), error })?;
        let header = match ended {
            Line::Whole => Header::parse(&line),
            Line::TooLong => Err(HeaderError::too_long(&line)),
            Line::Cut => Err(HeaderError::cut(&line)),
        }
        .map_err(|error| SourceError::Header { name: name.clone(), error })?;
        let scratch = vec![0; header.colour.scratch_bytes(header.size)];
        Ok(Self { input, name, header, sequence: 0, scratch })
    }

    fn next(&mut self, captured_us: u64, picture: &mut Picture) -> Result<(), SourceError> {
        let mut line = Vec::new();
        match read_line(&mut self.input, &mut line).map_err(|error| self.unreadable(error))? {
            Line::Whole => {}
            Line::Cut if line.is_empty() => {
                return Err(SourceError::Ended {
                    name: self.name.clone(),
                    pictures: self.sequence,
                });
            }
            Line::Cut => return Err(self.broken("the input ends in its first line")),
            Line::TooLong => return Err(self.broken("its first line is too long")),
        }
        match line.strip_prefix(b"FRAME") {
            Some([] | [b' ', ..]) => {}
            _ => return Err(self.broken("it does not begin with FRAME")),
        }
        picture.resize(self.header.size);
        let planes = picture.planes_mut();
        let read = self.header.colour.read(
            self.header.size,
            &mut self.input,
            &mut self.scratch,
            planes,
            self.header.full_range,
        );
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.broken("the input ends in the middle of it"),
            _ => self.unreadable(error),
        })?;
        picture.sequence = self.sequence;
        picture.captured_us = captured_us;
        self.sequence = self.sequence.saturating_add(1);
        Ok(())
    }

    fn unreadable(&self, error: std::io::Error) -> SourceError {
        SourceError::Unreadable { name: self.name.clone(), error }
    }

    fn broken(&self, what: &'static str) -> SourceError {
        SourceError::Picture { name: self.name.clone(), sequence: self.sequence, what }
    }
}

impl<R: BufRead + Send> Source for Y4mReader<R> {
    fn size(&self) -> Size {
        self.header.size
    }

    fn rate(&self) -> Rate {
        self.header.rate
    }

    fn read(&mut self, captured_us: u64, picture: &mut Picture) -> Result<(), SourceError> {
        self.next(captured_us, picture)
    }
}

/// A file that begins again when it ends. Its sequence numbers go on.
#[derive(Debug)]
pub(super) struct Looped<R> {
    reader: Y4mReader<R>,
    began: u64,
}

impl<R> Looped<R> {
    pub(super) fn new(reader: Y4mReader<R>) -> Self {
        Self { reader, began: 0 }
    }
}

impl<R: BufRead + Seek + Send> Source for Looped<R> {
    fn size(&self) -> Size {
        self.reader.header.size
    }

    fn rate(&self) -> Rate {
        self.reader.header.rate
    }

    fn read(&mut self, captured_us: u64, picture: &mut Picture) -> Result<(), SourceError> {
        match self.reader.next(captured_us, picture) {
            // A file without a single picture would begin again for ever.
            Err(SourceError::Ended { .. }) if self.reader.sequence > self.began => {
                self.began = self.reader.sequence;
                self.rewind().map_err(|error| self.reader.unreadable(error))?;
                self.reader.next(captured_us, picture)
            }
            other => other,
        }
    }
}

impl<R: BufRead + Seek> Looped<R> {
    fn rewind(&mut self) -> std::io::Result<()> {
        self.reader.input.seek(SeekFrom::Start(0))?;
        read_line(&mut self.reader.input, &mut Vec::new()).map(|_| ())
    }
}

/// How a line ended.
enum Line {
    Whole,
    TooLong,
    Cut,
}

/// Reads up to a line's end, which is left out, and at most [`LINE_BYTES_MAX`] bytes.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Line> {
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let read = input.take(limit).read_until(b'\n', line)?;
    Ok(match line.last() {
        Some(b'\n') => {
            line.pop();
            Line::Whole
        }
        _ if read == LINE_BYTES_MAX => Line::TooLong,
        _ => Line::Cut,
    })
}

#[cfg(test)]
mod tests;
