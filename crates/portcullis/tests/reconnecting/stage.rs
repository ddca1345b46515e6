//! A hub that can be replaced, and how a client reaches it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::client::reconnect::{
    Cause, Connected, ReconnectConfig, Reconnecting, State, States,
};
use portcullis::hub::{Admission, Connection, Hosted, Kind};
use portcullis::link::IoLink;
use portcullis::{Hub, Role};
use tokio::time::Instant;

use crate::desk::{Book, DeskPublisher, DeskServer, DeskService, contract};
use crate::wire::{Scissors, Wire};

/// What holds bytes in each direction.
const WIRE_BYTES: usize = 64 * 1024;

/// A hub, with the desk in main.
pub(crate) struct House {
    pub(crate) hub: Hub,
    hosted: Option<Hosted>,
}

impl House {
    pub(crate) fn publisher(&self) -> DeskPublisher {
        self.hosted.as_ref().expect("it is open").publisher()
    }
}

#[derive(Default)]
struct Inner {
    house: Mutex<Option<House>>,
    book: Arc<Book>,
    /// When each connection was asked for.
    dialled: Mutex<Vec<Instant>>,
    /// The wires that are given out next; whole ones behind them.
    wires: Mutex<VecDeque<Scissors>>,
    /// The one that was given out last.
    last: Mutex<Option<(Scissors, Connection)>>,
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Stage(Arc<Inner>);

pub(crate) fn roles() -> Vec<Role> {
    let desk = |name: &str| Role::new(name).call("test.desk.*").subscribe("test.desk.*");
    vec![desk("all").serve("test.desk").publish("test.desk.*")]
}

impl Stage {
    /// With a hub.
    pub(crate) fn open() -> Self {
        let stage = Self::default();
        stage.build(true);
        stage
    }

    /// Builds a hub, with the desk in main or nobody at it.
    pub(crate) fn build(&self, desk: bool) {
        let builder = roles().into_iter().fold(Hub::builder(contract()), |b, role| b.role(role));
        let hub = builder.build().expect("the roles fit");
        let service = DeskService(self.book());
        let hosted = desk.then(|| hub.serve(DeskServer::new(service)).expect("served"));
        *self.0.house.lock().expect("whole") = Some(House { hub, hosted });
    }

    /// The hub's process is gone: its connections end without a word, and nobody answers.
    pub(crate) fn crash(&self) {
        self.scissors().cut();
        *self.0.house.lock().expect("whole") = None;
    }

    pub(crate) fn with<R>(&self, work: impl FnOnce(&House) -> R) -> R {
        work(self.0.house.lock().expect("whole").as_ref().expect("it is open"))
    }

    pub(crate) fn hub(&self) -> Hub {
        self.with(|house| house.hub.clone())
    }

    pub(crate) fn publisher(&self) -> DeskPublisher {
        self.with(House::publisher)
    }

    pub(crate) fn book(&self) -> Arc<Book> {
        Arc::clone(&self.0.book)
    }

    pub(crate) fn dialled(&self) -> Vec<Instant> {
        self.0.dialled.lock().expect("whole").clone()
    }

    /// The next connections get these wires.
    pub(crate) fn next_wires(&self, wires: impl IntoIterator<Item = Scissors>) {
        self.0.wires.lock().expect("whole").extend(wires);
    }

    /// Of the last connection.
    pub(crate) fn scissors(&self) -> Scissors {
        self.0.last.lock().expect("whole").as_ref().expect("it was made").0.clone()
    }

    /// The hub's end of the last connection.
    pub(crate) fn connection(&self) -> Connection {
        self.0.last.lock().expect("whole").as_ref().expect("it was made").1.clone()
    }

    fn dial(&self) -> io::Result<IoLink<Wire>> {
        self.0.dialled.lock().expect("whole").push(Instant::now());
        let house = self.0.house.lock().expect("whole");
        let house = house.as_ref().ok_or(io::ErrorKind::ConnectionRefused)?;
        let scissors = self.0.wires.lock().expect("whole").pop_front().unwrap_or_default();
        let (ours, theirs) = tokio::io::duplex(WIRE_BYTES);
        let admission = Admission::new("window", "all", Kind::Native);
        let connection = house.hub.attach(IoLink::new(theirs), &admission).expect("admitted");
        *self.0.last.lock().expect("whole") = Some((scissors.clone(), connection));
        Ok(IoLink::new(Wire::new(ours, scissors)))
    }

    pub(crate) fn client(&self) -> Reconnecting {
        self.client_with(ReconnectConfig::default())
    }

    pub(crate) fn client_with(&self, config: ReconnectConfig) -> Reconnecting {
        let stage = self.clone();
        let dial = move || {
            let link = stage.dial();
            async move {
                // No real one comes at once.
                tokio::task::yield_now().await;
                link
            }
        };
        Reconnecting::new(dial, config)
    }
}

/// Waits for the next connection.
pub(crate) async fn connected(states: &mut States) -> Connected {
    loop {
        match states.next().await.expect("it goes on") {
            State::Connected(connected) => return connected,
            State::Closed(cause) => panic!("{cause}"),
            State::Connecting { .. } | State::Waiting { .. } => {}
        }
    }
}

/// Waits for the next wait.
pub(crate) async fn waiting(states: &mut States) -> (Duration, Cause) {
    loop {
        match states.next().await.expect("it goes on") {
            State::Waiting { after, cause } => return (after, cause),
            State::Closed(cause) => panic!("{cause}"),
            State::Connecting { .. } | State::Connected(_) => {}
        }
    }
}

/// Waits for the end.
pub(crate) async fn closed(states: &mut States) -> Cause {
    loop {
        if let State::Closed(cause) = states.next().await.expect("it is told once") {
            assert!(states.next().await.is_none(), "nothing follows");
            return cause;
        }
    }
}
