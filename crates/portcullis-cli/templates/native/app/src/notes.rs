//! The notes, in memory: what main serves.

use std::sync::{Mutex, OnceLock, PoisonError};

use portcullis::{Call, Sink};

use my_app_contract::{Note, NoteError, Notes, NotesPublisher};

/// How many notes there may be.
const NOTES_MAX: u32 = 3;

/// Notes in memory.
#[derive(Default)]
pub struct Memory {
    notes: Mutex<Vec<Note>>,
    publisher: OnceLock<NotesPublisher>,
}

impl Memory {
    /// Tells everybody who subscribes of what happens from now on.
    pub fn publish_by(&self, publisher: NotesPublisher) {
        // There is one hub, and it serves this once.
        let _ = self.publisher.set(publisher);
    }
}

impl Notes for Memory {
    async fn add(&self, cx: &Call, note: Note) -> Result<u32, NoteError> {
        let count = {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            if notes.len() >= NOTES_MAX as usize {
                return Err(NoteError::Full { limit: NOTES_MAX });
            }
            notes.push(note.clone());
            notes.len() as u32
        };
        if let Some(caller) = cx.caller() {
            println!("main: `{}` by {}", note.text, caller.label);
        }
        if let Some(publisher) = self.publisher.get() {
            // Nobody listening is no failure of this call.
            let _ = publisher.added(&note);
            let _ = publisher.count(&count);
        }
        Ok(count)
    }

    async fn all(&self, _: &Call, mut out: Sink<Note>) -> Result<(), NoteError> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for note in &notes {
            // A caller that has had enough ends the flow.
            if out.send(note).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}
