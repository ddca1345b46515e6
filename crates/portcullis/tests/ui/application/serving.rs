//! A server that lacks a method, and one whose method is not that of the contract.

use portcullis::Call;

#[portcullis::message]
pub struct Note {
    pub text: String,
    pub stars: u8,
}

#[portcullis::message]
pub enum NoteError {
    Full { limit: u64 },
    Locked,
}

#[portcullis::interface(name = "notes.list", version = 1)]
pub trait Notes {
    #[call]
    async fn add(&self, cx: &Call, note: Note) -> Result<u64, NoteError>;
    #[call]
    async fn clear(&self, cx: &Call) -> Result<(), NoteError>;
    #[event]
    fn added(note: Note);
}

struct Half;

impl Notes for Half {
    async fn add(&self, _: &Call, _: Note) -> Result<u64, NoteError> {
        Ok(1)
    }
}

struct Other;

impl Notes for Other {
    async fn add(&self, _: &Call, note: String) -> Result<u64, NoteError> {
        Ok(note.len() as u64)
    }
    async fn clear(&self, _: &Call) -> Result<(), NoteError> {
        Ok(())
    }
}

fn main() {}
