//! The guide's lines on typed arrays and on connecting again, compiled and run; the last test holds the two together.
#![cfg(unix)]

mod shown;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use portcullis::hub::{Admission, Hosted, HubEvent, Kind};
use portcullis::{Call, Hub, Role};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a part of the guide's contract")]
    use portcullis::Call;

    #[portcullis::interface(name = "notes.list", version = 1)]
    pub trait Notes {
        #[call(idempotent)]
        async fn put(&self, cx: &Call, name: String, text: String) -> u32;
        #[state]
        fn count(value: u32);
    }

    #[portcullis::interface(name = "notes.spelling", version = 1)]
    pub trait Spelling {
        #[call]
        async fn check(&self, cx: &Call, text: String) -> bool;
    }

    portcullis::contract! { name = "notes", interfaces = [Notes, Spelling] }
}

use contract::{
    Notes, NotesClient, NotesPublisher, NotesServer, Spelling, SpellingServer, contract,
};

/// It counts what it is sent.
#[derive(Default)]
struct Memory(std::sync::atomic::AtomicU32);

impl Notes for Memory {
    async fn put(&self, _: &Call, _: String, _: String) -> u32 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
    }
}

struct Dictionary;

impl Spelling for Dictionary {
    async fn check(&self, _: &Call, _: String) -> bool {
        true
    }
}

#[test]
fn numbers_are_read_where_they_are() {
    // numbers begin
    use portcullis::TypedArray;

    #[portcullis::message]
    struct Spectrum {
        #[limit(items <= 65_536)]
        power: TypedArray<f32>,
    }

    let spectrum = Spectrum { power: vec![0.5, 2.0].into() };
    assert_eq!(spectrum.power.iter().sum::<f32>(), 2.5);
    // Without a copy, where the bytes are aligned for it.
    assert_eq!(spectrum.power.as_slice(), Some(&[0.5, 2.0][..]));
    // numbers end
}

async fn visit(path: &Path, say: impl Fn(String)) -> Result<(), Box<dyn Error>> {
    // reconnect begin
    use portcullis::client::reconnect::{Next, ReconnectConfig, reconnect_unix};
    use portcullis::peer::Target;

    let hub = reconnect_unix(path, ReconnectConfig::default());
    // On this and each later connection; withdrawn when `_serving` is dropped.
    let _serving = hub.on_each(async |peer| peer.serve(SpellingServer::new(Dictionary), "").await);

    let notes = hub.bind::<NotesClient>(Target::Any);
    // The closure runs once for each try.
    let count = notes.call(|notes| notes.put("today".into(), "hello".into())).await?;
    say(format!("put {count}"));

    let mut counts = notes.subscribe(|notes| notes.watch_count());
    while let Some(next) = counts.next().await? {
        match next {
            Next::Value(count) => say(format!("{count} notes")),
            // Another connection or instance: values may have been missed.
            Next::Anew => say("anew".into()),
        }
    }
    // reconnect end
    Ok(())
}

fn main_process(path: &Path) -> (Hub, Hosted, portcullis::hub::UnixListening) {
    let role =
        Role::new("visitor").call("notes.list.*").subscribe("notes.list.*").serve("notes.spelling");
    let hub = Hub::builder(contract()).role(role).build().expect("the role fits");
    let hosted = hub.serve(NotesServer::new(Memory::default())).expect("served");
    hosted.publisher::<NotesPublisher>().count(&7).expect("published");
    let admission = || Some(Admission::new("visitor", "visitor", Kind::Native));
    let listening = hub.listen_unix(path, move |_| admission()).expect("it listens");
    (hub, hosted, listening)
}

#[tokio::test]
async fn the_guides_client_connects_again() {
    let folder = std::env::temp_dir().join(format!("portcullis-guide-{}", std::process::id()));
    let path = folder.join("hub");
    let (sender, mut said) = tokio::sync::mpsc::unbounded_channel();
    let visiting = visit(&path, |text| sender.send(text).expect("the test listens"));
    let watching = async {
        let first = main_process(&path);
        let mut events = first.0.events();
        assert_eq!(said.recv().await.as_deref(), Some("put 1"));
        assert_eq!(said.recv().await.as_deref(), Some("7 notes"));
        while !matches!(events.next().await, Some(HubEvent::Served { .. })) {}
        first.0.shutdown(Duration::ZERO).await;
        drop(first);
        let _second = main_process(&path);
        assert_eq!(said.recv().await.as_deref(), Some("anew"));
        assert_eq!(said.recv().await.as_deref(), Some("7 notes"));
    };
    let both = async {
        tokio::select! {
            ended = visiting => panic!("{ended:?}"),
            () = watching => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("it does not hang");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn the_guide_shows_these_lines() {
    shown::shows(
        include_str!("../../../docs/guide.md"),
        include_str!("guide.rs"),
        &["numbers", "reconnect"],
    );
}
