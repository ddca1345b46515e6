//! The worker: its socket is its standard input, and what it may do was said by main.

use std::error::Error;

use portcullis::Failure;
use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::Interface;

use my_app_contract::{Note, NoteError, NotesClient, NotesInterface};

/// Adds notes until there are enough.
pub async fn run() -> Result<(), Box<dyn Error>> {
    let config = PeerConfig {
        client: "worker".into(),                        // for main's log only
        interfaces: vec![NotesInterface::descriptor()], // compared at the handshake
        ..PeerConfig::default()
    };
    let peer = portcullis::client::connect_inherited(&config)?;
    let notes: NotesClient = peer.bind(Target::Any).await?;

    let mut added = notes.subscribe_added();
    let count = notes.add(Note { text: "hello".into(), stars: 3 }).await?;
    println!("worker: that makes {count}");
    if let Some(note) = added.next().await? {
        println!("worker: heard of `{}`", note.text);
    }

    // The contract's own error arrives as what it is.
    loop {
        match notes.add(Note { text: "more".into(), stars: 1 }).await {
            Ok(_) => {}
            Err(Failure::App(NoteError::Full { limit })) => {
                println!("worker: {limit} are enough");
                break;
            }
            Err(Failure::Error(error)) => return Err(error.into()),
        }
    }
    // What breaks the contract is not even sent.
    if let Err(error) = notes.add(Note { text: String::new(), stars: 9 }).await {
        println!("worker: {error}");
    }
    peer.close();
    Ok(())
}
