//! Calls with arguments that are not those of the contract, and a method that it does not have.

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

async fn wrong_argument(notes: &NotesClient) {
    let _ = notes.add("milk").await;
}

async fn missing_argument(notes: &NotesClient) {
    let _ = notes.add().await;
}

async fn missing_field(notes: &NotesClient) {
    let _ = notes.add(Note { text: "milk".into() }).await;
}

async fn wrong_number(notes: &NotesClient) {
    let _ = notes.add(Note { text: "milk".into(), stars: 5u64 }).await;
}

async fn unknown_method(notes: &NotesClient) {
    let _ = notes.remove().await;
}

fn wrong_event(publisher: &NotesPublisher) {
    let _ = publisher.added(&5u32);
}

fn main() {}
