//! The contract: every message and channel between the processes of the application.

use portcullis::{Call, Sink};

/// A note.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What it says.
    #[limit(len = 1..=200)]
    pub text: String,
    /// How important it is.
    #[limit(range = 1..=5)]
    pub stars: u8,
}

/// Why a note was not taken.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub enum NoteError {
    /// There are as many as there may be.
    Full {
        /// How many that is.
        limit: u32,
    },
}

/// A list of notes.
#[portcullis::interface(name = "notes.list", version = 1)]
pub trait Notes {
    /// Adds a note, and answers with how many there are.
    #[call(deadline = "1s")]
    async fn add(&self, cx: &Call, note: Note) -> Result<u32, NoteError>;
    /// All notes, one after the other.
    #[stream]
    async fn all(&self, cx: &Call, out: Sink<Note>) -> Result<(), NoteError>;
    /// A note was added.
    #[event]
    fn added(note: Note);
    /// How many there are.
    #[state]
    fn count(value: u32);
}

portcullis::contract! { name = "my-app", interfaces = [Notes] }
