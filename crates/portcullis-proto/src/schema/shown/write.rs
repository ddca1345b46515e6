//! Writes JSON within a bound: whatever stops the reader, what is open is closed, and the text is JSON. While it is muted,
//! nothing is written, so that what must not be seen can be read past.

use std::fmt::{Display, Write as _};

use super::SHOWN_DEPTH_MAX;
use super::read::Stop;

/// The text, and what is open in it.
pub(super) struct Out {
    text: String,
    bytes_max: usize,
    /// What closes each container that is open, outermost first; at most [`SHOWN_DEPTH_MAX`] are.
    open: Vec<char>,
    /// A value stands before: the next one needs a comma.
    comma: bool,
    muted: u32,
}

impl Out {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { text: String::new(), bytes_max, open: Vec::new(), comma: false, muted: 0 }
    }

    /// Nothing is written until [`Self::unmute`] is called as often.
    pub(super) fn mute(&mut self) {
        self.muted = self.muted.saturating_add(1);
    }

    pub(super) fn unmute(&mut self) {
        self.muted = self.muted.saturating_sub(1);
    }

    /// Whether another array or object may be opened.
    pub(super) fn has_depth(&self) -> bool {
        self.depth() < SHOWN_DEPTH_MAX
    }

    pub(super) fn depth(&self) -> u32 {
        u32::try_from(self.open.len()).unwrap_or(u32::MAX)
    }

    /// A value whose JSON is `text`.
    pub(super) fn raw(&mut self, text: impl Display) -> Result<(), Stop> {
        self.put(true, |out| {
            // Writing to a text cannot fail.
            let _ = write!(out.text, "{text}");
        })
    }

    /// A text as a value.
    pub(super) fn string(&mut self, text: &str) -> Result<(), Stop> {
        self.put(true, |out| out.quoted(text))
    }

    /// The key of the value that comes next.
    pub(super) fn key(&mut self, name: &str) -> Result<(), Stop> {
        self.put(false, |out| {
            out.quoted(name);
            out.text.push(':');
        })
    }

    /// Opens an object (`{`) or an array (`[`).
    pub(super) fn open(&mut self, with: char) -> Result<(), Stop> {
        self.put(false, |out| out.text.push(with))?;
        if self.muted == 0 {
            self.open.push(if with == '{' { '}' } else { ']' });
        }
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if self.muted > 0 {
            return;
        }
        if let Some(end) = self.open.pop() {
            self.text.push(end);
        }
        self.comma = true;
    }

    /// The text, closed.
    pub(super) fn finish(mut self) -> String {
        if self.text.is_empty() || self.text.ends_with(':') {
            // Stopped before the value that was to come.
            self.text.push_str("{\"$cut\":true}");
        }
        while let Some(end) = self.open.pop() {
            self.text.push(end);
        }
        self.text
    }

    /// Writes something as a whole, or nothing of it where it finds no room.
    fn put(&mut self, value: bool, write: impl FnOnce(&mut Self)) -> Result<(), Stop> {
        if self.muted > 0 {
            return Ok(());
        }
        let before = self.text.len();
        if self.comma {
            self.text.push(',');
        }
        write(self);
        if self.text.len() > self.bytes_max {
            self.text.truncate(before);
            return Err(Stop::Full);
        }
        self.comma = value;
        Ok(())
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for char in text.chars() {
            match char {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                char => push_visible(&mut self.text, char),
            }
        }
        self.text.push('"');
    }
}

/// A character of a text, escaped where a terminal would obey it or a reader be led astray by it.
pub(super) fn push_visible(text: &mut String, char: char) {
    if !obeyed(char) {
        text.push(char);
        return;
    }
    for unit in char.encode_utf16(&mut [0; 2]) {
        // Writing to a text cannot fail.
        let _ = write!(text, "\\u{unit:04x}");
    }
}

/// Control characters, the line ends of Unicode, marks that turn the direction of writing, and those that nobody sees.
fn obeyed(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
