//! What values without parts are written as: numbers, texts, bytes, blobs, typed arrays.

use crate::codec::{ErrorKind, count_numbers, json};
use crate::schema::{Int, Number};
use crate::text::beginning;

use super::read::{Part, Reader, Stop};
use super::write::push_visible;
use super::{SHOWN_BYTES_MAX, SHOWN_DEPTH_MAX, SHOWN_TEXT_BYTES_MAX};

impl<'a> Reader<'a, '_> {
    pub(super) fn int(&mut self, int: Int) -> Result<(), Stop> {
        match int {
            Int::U8 => {
                let value = self.input.byte()?;
                self.out.raw(value)
            }
            Int::I8 => {
                let value = self.input.byte()? as i8;
                self.out.raw(value)
            }
            Int::U16 | Int::U32 => {
                let value = self.input.varint(if int == Int::U16 { 16 } else { 32 })?;
                self.out.raw(value)
            }
            Int::I16 | Int::I32 | Int::Safe => {
                let bits = match int {
                    Int::I16 => 16,
                    Int::I32 => 32,
                    _ => 64,
                };
                let value = self.input.signed(bits)?;
                self.out.raw(value)
            }
            Int::U64 => {
                let value = self.input.varint(64)?;
                self.out.raw(format_args!("\"{value}\""))
            }
            Int::I64 => {
                let value = self.input.signed(64)?;
                self.out.raw(format_args!("\"{value}\""))
            }
        }
    }

    pub(super) fn float(
        &mut self,
        finite: bool,
        text: std::fmt::Arguments<'_>,
        value: f64,
    ) -> Result<(), Stop> {
        if finite {
            return self.out.raw(text);
        }
        self.out.raw(match value {
            value if value.is_nan() => "\"NaN\"",
            value if value > 0.0 => "\"Infinity\"",
            _ => "\"-Infinity\"",
        })
    }

    /// A text, or as much of it as is there, and the part that it is.
    pub(super) fn text(&mut self) -> Result<(&'a str, Part<'a>), Stop> {
        let part = self.part()?;
        match std::str::from_utf8(part.bytes) {
            Ok(text) => Ok((text, part)),
            // A character may be cut in two where no more is there.
            Err(error) if part.whole().is_err() => {
                let valid = part.bytes.get(..error.valid_up_to()).unwrap_or_default();
                Ok((std::str::from_utf8(valid).unwrap_or_default(), part))
            }
            Err(_) => Err(Stop::Broken(ErrorKind::BadUtf8)),
        }
    }

    pub(super) fn string(&mut self, text: &str, length: u64) -> Result<(), Stop> {
        let shown = beginning(text, SHOWN_TEXT_BYTES_MAX);
        if shown.len() as u64 == length {
            return self.out.string(shown);
        }
        self.out.open('{')?;
        self.out.key("$text")?;
        self.out.raw(length)?;
        self.out.key("begins")?;
        self.out.string(shown)?;
        self.out.close();
        Ok(())
    }

    /// A JSON text as the value that it is, if it is one and there is room for all of it.
    pub(super) fn json(&mut self) -> Result<(), Stop> {
        let (text, part) = self.text()?;
        let room = SHOWN_DEPTH_MAX.saturating_sub(self.out.depth());
        let whole = part.whole();
        if whole.is_ok() {
            json::check(text)?;
        }
        if whole.is_err() || text.len() > SHOWN_TEXT_BYTES_MAX || nesting(text) > room {
            self.string(text, part.length)?;
            return whole;
        }
        let mut line = String::with_capacity(text.len());
        for char in text.chars() {
            match char {
                // Within a text of JSON they do not stand as they are.
                '\n' | '\r' | '\t' => line.push(' '),
                char => push_visible(&mut line, char),
            }
        }
        self.out.raw(line.trim())
    }

    pub(super) fn bytes(&mut self, length: u64) -> Result<(), Stop> {
        let part = self.take(length)?;
        let whole = part.whole();
        if whole.is_ok() && part.bytes.len() <= SHOWN_BYTES_MAX {
            let digits: String = part.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            return self.out.raw(format_args!("{{\"$bytes\":\"{digits}\"}}"));
        }
        self.out.raw(format_args!("{{\"$bytes\":{length}}}"))?;
        whole
    }

    pub(super) fn blob(&mut self) -> Result<(), Stop> {
        let length = self.blob_length()?;
        self.out.raw(format_args!("{{\"$blob\":{length}}}"))
    }

    pub(super) fn typed_array(&mut self, item: Number) -> Result<(), Stop> {
        let count = count_numbers(self.blob_length()? as usize, item.size())?;
        self.out.raw(format_args!("{{\"$array\":{count},\"of\":\"{}\"}}", item.name()))
    }

    /// The length of the blob whose place is read.
    fn blob_length(&mut self) -> Result<u32, Stop> {
        let place = self.input.varint(32)?;
        match self.blobs.split_first() {
            Some((length, rest)) if place == self.blobs_used => {
                self.blobs = rest;
                self.blobs_used = self.blobs_used.saturating_add(1);
                Ok(*length)
            }
            _ => Err(Stop::Broken(ErrorKind::BadBlob)),
        }
    }
}

/// How deep the arrays and objects of a JSON text nest, if it is one.
fn nesting(text: &str) -> u32 {
    let (mut depth, mut most, mut quoted, mut escaped) = (0u32, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth = depth.saturating_add(1);
                most = depth.max(most);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}
