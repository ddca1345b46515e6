//! The contract: every message and channel between the application's windows and main.

use portcullis::Call;

/// A note.
#[portcullis::message]
#[derive(Clone, Debug)]
pub struct Note {
    /// What it says.
    #[limit(len = 1..=200)]
    pub text: String,
}

/// Why a note was not taken.
#[portcullis::message]
#[derive(Clone, Debug)]
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
    /// A note was added.
    #[event]
    fn added(note: Note);
}

portcullis::contract! {
    name = "my-app",
    interfaces = [Notes, portcullis_desktop::Windows, portcullis_desktop::Application],
}
