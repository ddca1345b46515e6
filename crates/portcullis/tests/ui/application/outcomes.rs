//! An error of the contract that a caller forgets, and a reply that is taken for another type.

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

fn unhandled(error: NoteError) -> String {
    match error {
        NoteError::Full { limit } => format!("there are {limit}"),
    }
}

async fn another_reply(notes: &NotesClient, note: Note) -> Option<u32> {
    notes.add(note).await.ok()
}

fn main() {}
