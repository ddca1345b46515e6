//! The guide's example: a main process and a worker, a call, a stream and a topic. `cargo run -p portcullis --example guide`.

use std::time::Duration;

use portcullis::hub::{Admission, Kind};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Failure, Hub, Role};
use tokio::process::Command;

#[allow(unreachable_pub, reason = "in an application, a crate of its own")]
mod contract {
    //! The contract; in an application, a crate of its own.
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
        /// Adds a note and answers with how many there are.
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

    portcullis::contract! { name = "notes", interfaces = [Notes] }
}

use contract::{
    Note, NoteError, Notes, NotesClient, NotesInterface, NotesPublisher, NotesServer, contract,
};
use portcullis::rpc::Interface;
use portcullis::{Call, Sink};

/// Notes in memory.
struct Memory {
    notes: std::sync::Mutex<Vec<Note>>,
    publisher: std::sync::OnceLock<NotesPublisher>,
}

const NOTES_MAX: u32 = 3;

impl Notes for Memory {
    async fn add(&self, cx: &Call, note: Note) -> Result<u32, NoteError> {
        let count = {
            let mut notes = self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
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
        let notes = self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        for note in &notes {
            if out.send(note).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

/// The trusted side: says who may do what, and starts the worker.
async fn main_process() -> Done {
    let writer = Role::new("writer").call("notes.list.*").subscribe("notes.list.*");
    let hub = Hub::builder(contract()).role(writer).build()?;

    let memory = std::sync::Arc::new(Memory {
        notes: std::sync::Mutex::default(),
        publisher: std::sync::OnceLock::new(),
    });
    let served = hub.serve(NotesServer::from_arc(memory.clone()))?;
    let _ = memory.publisher.set(served.publisher());

    let mut command = Command::new(std::env::current_exe()?);
    command.arg("worker");
    let admission = Admission::new("worker-1", "writer", Kind::Native);
    let mut worker = hub.spawn(command, &admission)?;
    let (status, goodbye) = worker.wait().await?;
    println!("main: the worker has ended ({status}; {goodbye})");
    hub.shutdown(Duration::from_secs(1)).await;
    Ok(())
}

/// The other side: its socket is its standard input.
async fn worker() -> Done {
    let config = PeerConfig {
        client: "worker".into(),
        interfaces: vec![NotesInterface::descriptor()],
        ..PeerConfig::default()
    };
    let peer = portcullis::client::connect_inherited(&config)?;
    peer.ready().await?;
    let notes: NotesClient = peer.bind(Target::Any).await?;

    let mut added = notes.subscribe_added();
    for number in 1..=4 {
        let note = Note { text: format!("note {number}"), stars: 3 };
        match notes.add(note).await {
            Ok(count) => println!("worker: {count} notes"),
            Err(Failure::App(NoteError::Full { limit })) => println!("worker: {limit} is enough"),
            Err(Failure::Error(error)) => return Err(error.into()),
        }
    }
    let wrong = Note { text: String::new(), stars: 9 };
    if let Err(Failure::Error(error)) = notes.add(wrong).await {
        println!("worker: not even sent: {error} (at `{}`)", error.path());
    }
    println!("worker: heard of {:?}", added.next().await?);

    let mut all = notes.with_timeout(Duration::from_secs(2)).all();
    while let Some(note) = all.next().await? {
        println!("worker: {} {}", "*".repeat(usize::from(note.stars)), note.text);
    }
    peer.close();
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    match std::env::args().nth(1).as_deref() {
        Some("worker") => worker().await,
        _ => main_process().await,
    }
}
