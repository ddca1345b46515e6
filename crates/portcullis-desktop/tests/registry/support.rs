//! What the tests of the registry share: a hub in memory, a host that notes what it is asked for, and a client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::Failure;
use portcullis::hub::PeerInfo;
use portcullis::peer::Peer;
use portcullis::testing::TestHub;
use portcullis_desktop::registry::{Asker, Host, Kind, OpenRequest, Registry};
use portcullis_desktop::{QuitError, WindowError, WindowInfo, WindowsClient, contract};

pub(crate) const RETURNS: Duration = Duration::from_secs(2);

/// What a host was asked for, in words.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// Kinds are the part of a label before its number.
#[derive(Clone, Default)]
pub(crate) struct Desk {
    asked: Asked,
}

impl Desk {
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

impl Host for Desk {
    fn kind_of(&self, peer: &PeerInfo) -> Option<String> {
        Some(peer.label.split_once('-')?.0.to_owned())
    }

    async fn open(&self, request: OpenRequest) -> Result<String, WindowError> {
        let OpenRequest { kind, argument, background, asker } = request;
        let argument = argument.unwrap_or_default();
        self.note(format!("{} opens {kind} {argument} {background}", asker.label));
        match argument.as_str() {
            "never" => std::future::pending().await,
            "long" => Err(WindowError::Refused { reason: "é".repeat(1000) }),
            "odd" => Ok(String::new()),
            _ => Ok(format!("{kind}-1")),
        }
    }

    async fn close(&self, window: WindowInfo, asker: Asker) -> Result<(), WindowError> {
        self.note(format!("{} closes {}", asker.label, window.label));
        Ok(())
    }

    fn may_quit(&self, asker: &Asker) -> Result<(), QuitError> {
        if asker.label == "guest" {
            return Err(QuitError::Refused { reason: "guests stay".to_owned() });
        }
        Ok(())
    }
}

pub(crate) struct Bench {
    pub(crate) hub: TestHub,
    pub(crate) registry: Registry,
    pub(crate) desk: Desk,
    pub(crate) windows: WindowsClient,
}

pub(crate) async fn start() -> Bench {
    let hub = TestHub::start(contract());
    let desk = Desk::default();
    let registry = Registry::builder()
        .kind(Kind::new("page").title("Page").closes().returns_within(RETURNS))
        .kind(Kind::new("native").opens().closes().windows_max(1))
        .kind(Kind::new("plain"))
        .start(hub.hub(), desk.clone())
        .unwrap();
    let windows = hub.client("test").await;
    Bench { hub, registry, desk, windows }
}

impl Bench {
    pub(crate) fn labels(&self) -> Vec<String> {
        self.registry.windows().windows.into_iter().map(|window| window.label).collect()
    }

    pub(crate) fn window(&self, label: &str) -> Option<WindowInfo> {
        self.registry.windows().windows.into_iter().find(|window| window.label == label)
    }

    /// A peer that has said hello, and of which the registry has heard.
    pub(crate) async fn join(&self, label: &str) -> Peer {
        let peer = self.hub.peer(label);
        peer.ready().await.unwrap();
        settle().await;
        peer
    }
}

/// Lets everything happen that can without time.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub(crate) async fn next<T>(events: &mut portcullis::Subscription<T>) -> T
where
    T: portcullis::Message + 'static,
{
    let next = tokio::time::timeout(Duration::from_secs(600), events.next());
    next.await.expect("an event").unwrap().expect("it goes on")
}

pub(crate) fn error<T: std::fmt::Debug>(outcome: Result<T, Failure<WindowError>>) -> WindowError {
    match outcome {
        Err(Failure::App(error)) => error,
        other => panic!("no error of the contract: {other:?}"),
    }
}
