//! Shared state through the hub: one owner, many followers that change it at once, slow ones, and owners that are restarted.
#![cfg(feature = "testing")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis::client::reconnect::{ReconnectConfig, Reconnecting};
use portcullis::hub::{Admission, Connection, Hosted, Hub, Kind};
use portcullis::link::IoLink;
use portcullis::peer::Target;
use portcullis::state::UpdateError;
use portcullis::testing::TestHub;
use portcullis::{Call, Role, SharedCopy, SharedState, Stale, StateVersion, Status, Versioned};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract for these tests")]

    use portcullis::state::MayBeStale;
    use portcullis::{Call, Stale, StateVersion, Versioned};

    #[portcullis::message]
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Board {
        /// How often each window has changed it.
        #[limit(items <= 16)]
        pub changes: Vec<u32>,
        #[limit(len <= 64)]
        pub changed_by: String,
    }

    #[portcullis::message]
    #[derive(Clone, Debug, PartialEq)]
    pub enum BoardError {
        Locked,
        Stale(Stale),
    }

    impl MayBeStale for BoardError {
        fn stale(&self) -> Option<Stale> {
            match self {
                Self::Locked => None,
                Self::Stale(stale) => Some(*stale),
            }
        }
    }

    #[portcullis::interface(name = "test.board", version = 1)]
    pub trait Boards {
        #[call(deadline = "1m")]
        async fn replace(&self, cx: &Call, change: Versioned<Board>)
        -> Result<StateVersion, Stale>;
        /// Says so when it is locked.
        #[call(deadline = "1m")]
        async fn ask(
            &self,
            cx: &Call,
            change: Versioned<Board>,
        ) -> Result<StateVersion, BoardError>;
        #[state]
        fn board(value: Versioned<Board>);
    }

    portcullis::contract! { name = "boards", interfaces = [Boards] }
}
use contract::{
    Board, BoardError, Boards, BoardsClient, BoardsPublisher, BoardsServer, contract as schema,
};

/// Whatever hangs is ended.
const WATCHDOG: Duration = Duration::from_secs(60);

/// What the owner does with a change, besides taking it.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Plain,
    /// Another change is always first.
    Busy,
    Locked,
    /// It takes the change and never answers.
    Mute,
}

struct Service {
    state: Mutex<SharedState<Board>>,
    manner: Manner,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Boards for Service {
    async fn replace(
        &self,
        cx: &Call,
        mut change: Versioned<Board>,
    ) -> Result<StateVersion, Stale> {
        let state = lock(&self.state).clone();
        if self.manner == Manner::Busy {
            state.update(|board| board.changes.clear()).unwrap();
        }
        // Whoever changes it is written down by the owner, whatever it says of itself.
        change.value.changed_by = cx.caller().unwrap().label.clone();
        let outcome = state.replace(change);
        if self.manner == Manner::Mute {
            std::future::pending::<()>().await;
        }
        outcome
    }

    async fn ask(&self, cx: &Call, change: Versioned<Board>) -> Result<StateVersion, BoardError> {
        if self.manner == Manner::Locked {
            return Err(BoardError::Locked);
        }
        self.replace(cx, change).await.map_err(BoardError::Stale)
    }
}

/// A hub with an owner, whose state is published.
fn bench(state: &SharedState<Board>, manner: Manner) -> (TestHub, Arc<Service>, BoardsPublisher) {
    let mut bench = TestHub::start(schema());
    let service = Arc::new(Service { state: Mutex::new(state.clone()), manner });
    let publisher: BoardsPublisher =
        bench.serve_publishing(BoardsServer::from_arc(Arc::clone(&service)));
    publish(state, &publisher);
    (bench, service, publisher)
}

fn publish(state: &SharedState<Board>, publisher: &BoardsPublisher) {
    let publisher = publisher.clone();
    state.publish_to(move |board| publisher.board(board)).unwrap();
}

fn board(windows: usize) -> Board {
    Board { changes: vec![0; windows], ..Board::default() }
}

async fn follow(bench: &TestHub, label: &str) -> SharedCopy<Board> {
    let client: BoardsClient = bench.client(label).await;
    SharedCopy::follow(client.watch_board(), move |change| client.replace(change))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn windows_that_change_it_at_once_lose_nothing_and_see_one_order() {
    const WINDOWS: usize = 5;
    const CHANGES: u32 = 60;
    const TOTAL: u32 = CHANGES * (WINDOWS as u32 + 1);
    let state = SharedState::new(board(WINDOWS + 1));
    let history = Arc::new(Mutex::new(BTreeMap::new()));
    let to = Arc::clone(&history);
    state.watch(move |now| {
        lock(&to).insert(now.version.number.0, now.value.clone());
    });
    let (bench, ..) = bench(&state, Manner::Plain);

    let mut windows = Vec::new();
    for window in 0..WINDOWS {
        let client: BoardsClient = bench.client(&format!("window-{window}")).await;
        let mut topic = client.watch_board();
        let copy: SharedCopy<Board> =
            SharedCopy::follow(client.watch_board(), move |change| client.replace(change))
                .with_timeout(WATCHDOG);
        let watching = tokio::spawn(async move {
            let mut seen: Vec<Versioned<Board>> = Vec::new();
            // Ends with the last change, which everybody gets.
            while seen.last().is_none_or(|last| last.value.changes.iter().sum::<u32>() < TOTAL) {
                seen.push(topic.next().await.unwrap().unwrap());
            }
            seen
        });
        let changing = tokio::spawn(async move {
            // Two at a time, of one window.
            let (one, other) = (copy.clone(), copy);
            let change = |copy: SharedCopy<Board>| async move {
                for _ in 0..CHANGES / 2 {
                    copy.update(|board| board.changes[window] += 1).await.unwrap();
                }
            };
            tokio::join!(change(one), change(other));
        });
        windows.push((watching, changing));
    }
    let own = tokio::spawn({
        let state = state.clone();
        async move {
            for _ in 0..CHANGES {
                state.update(|board| board.changes[WINDOWS] += 1).unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let ended = tokio::time::timeout(WATCHDOG, async {
        own.await.unwrap();
        let mut all = Vec::new();
        for (watching, changing) in windows {
            changing.await.unwrap();
            all.push(watching.await.unwrap());
        }
        all
    });
    let all = ended.await.expect("the watchdog");

    assert_eq!(state.get().value.changes, [CHANGES; WINDOWS + 1]);
    assert_eq!(state.get().version.number.0, i64::from(TOTAL));
    let history = lock(&history);
    for seen in all {
        assert!(seen.is_sorted_by(|a, b| a.version.number < b.version.number));
        assert!(seen.iter().all(|now| history[&now.version.number.0] == now.value));
        assert_eq!(seen.last().unwrap().version, state.get().version);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_window_sees_the_last() {
    const CHANGES: u32 = 2000;
    let state = SharedState::new(board(1));
    let (bench, ..) = bench(&state, Manner::Plain);
    let client: BoardsClient = bench.client("slow").await;
    let mut topic = client.watch_board();
    assert_eq!(topic.next().await.unwrap().unwrap().value, board(1));
    for _ in 0..CHANGES {
        state.update(|board| board.changes[0] += 1).unwrap();
        tokio::task::yield_now().await;
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&CHANGES) {
        seen.push(topic.next().await.unwrap().unwrap().value.changes[0]);
    }
    assert!(seen.is_sorted());
    assert!(seen.len() < CHANGES as usize / 2, "{} values", seen.len());
}

#[tokio::test(start_paused = true)]
async fn a_copy_tells_the_first_value_then_changes_and_the_end() {
    let state = SharedState::new(board(1));
    let mut bench = TestHub::start(schema());
    let client: BoardsClient = {
        let service = Arc::new(Service { state: Mutex::new(state.clone()), manner: Manner::Plain });
        let hosted = bench.hub().serve(BoardsServer::from_arc(service)).unwrap();
        publish(&state, &hosted.publisher());
        let client: BoardsClient = bench.client("window").await;
        let asked = client.clone();
        let mut copy: SharedCopy<Board> =
            SharedCopy::follow(client.watch_board(), move |change| asked.replace(change));
        assert_eq!(copy.current(), None);
        assert_eq!(copy.changed().await.unwrap(), state.get());
        let version = copy.update(|board| board.changes[0] = 7).await.unwrap();
        let now = copy.changed().await.unwrap();
        assert_eq!((now.version, now.value.changes[0]), (version, 7));
        // What the owner has made of it, not what was sent.
        assert_eq!(now.value.changed_by, "window");
        assert_eq!(copy.current(), Some(now));

        drop(hosted);
        assert_eq!(copy.changed().await.unwrap_err().status(), Status::Unavailable);
        // The end is told to updates as well, which do not wait for their time.
        let error = copy.update(|board| board.changes[0] = 8).await.unwrap_err();
        assert!(matches!(error, UpdateError::Failed(_)), "{error}");
        assert_eq!(state.get().value.changes[0], 7);
        client
    };
    drop(client);
    // Another owner: its versions begin anew, in an epoch of its own.
    let again = SharedState::new(board(1));
    let service = Arc::new(Service { state: Mutex::new(again.clone()), manner: Manner::Plain });
    publish(&again, &bench.serve_publishing(BoardsServer::from_arc(service)));
    let mut copy = follow(&bench, "window").await;
    assert_eq!(copy.changed().await.unwrap(), again.get());
    assert_ne!(again.get().version.epoch, state.get().version.epoch);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_begins_anew_under_a_follower_is_followed() {
    let state = SharedState::new(board(1));
    for _ in 0..10 {
        state.update(|board| board.changes[0] += 1).unwrap();
    }
    let (bench, service, publisher) = bench(&state, Manner::Plain);
    let mut copy = follow(&bench, "window").await;
    assert_eq!(copy.changed().await.unwrap().version.number.0, 10);

    // It was restarted: what is known is of before, and the same number would be another value.
    let again = SharedState::new(board(1));
    *lock(&service.state) = again.clone();
    let updating = tokio::spawn({
        let copy = copy.clone();
        async move { copy.update(|board| board.changes[0] += 1).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(again.get().version.number.0, 0, "made from a version of before");
    publish(&again, &publisher);
    let version = updating.await.unwrap().unwrap();
    assert_eq!((version.epoch, version.number.0), (again.get().version.epoch, 1));
    assert_eq!(again.get().value.changes[0], 1);
    while copy.changed().await.unwrap().version != version {}
}

#[tokio::test(start_paused = true)]
async fn a_copy_may_outlive_connections_and_owners() {
    type Here = Option<(Hub, Hosted, Connection)>;
    let here: Arc<Mutex<Here>> = Arc::default();
    let start = |state: &SharedState<Board>| {
        let role = Role::new("all").call("test.board.*").subscribe("test.board.*");
        let hub = Hub::builder(schema()).role(role).build().unwrap();
        let service = Service { state: Mutex::new(state.clone()), manner: Manner::Plain };
        let hosted = hub.serve(BoardsServer::new(service)).unwrap();
        publish(state, &hosted.publisher());
        (hub, hosted)
    };
    let dialling = Arc::clone(&here);
    let (next, hubs) = std::sync::mpsc::channel::<(Hub, Hosted)>();
    let hubs = Mutex::new(hubs);
    let client = Reconnecting::new(
        move || {
            let mut here = lock(&dialling);
            let (ours, theirs) = tokio::io::duplex(4096);
            if let Ok((hub, hosted)) = lock(&hubs).try_recv() {
                let connection =
                    hub.attach(IoLink::new(theirs), &Admission::new("window", "all", Kind::Native));
                *here = Some((hub, hosted, connection.unwrap()));
            }
            std::future::ready(Ok(IoLink::new(ours)))
        },
        ReconnectConfig::default(),
    );
    let state = SharedState::new(board(1));
    next.send(start(&state)).unwrap();
    let boards = client.bind::<BoardsClient>(Target::Any);
    let following = boards.subscribe(|boards| boards.watch_board());
    let mut copy: SharedCopy<Board> = SharedCopy::follow(following, move |change| {
        let boards = boards.clone();
        async move { boards.call(|boards| boards.replace(change.clone())).await }
    });
    copy.update(|board| board.changes[0] += 1).await.unwrap();
    let known = copy.changed().await.unwrap();
    assert_eq!(known.version.epoch, state.get().version.epoch);

    // The hub is gone with the owner, and another one comes up while an update waits for it.
    let (hub, hosted, _) = lock(&here).take().unwrap();
    hub.shutdown(Duration::ZERO).await;
    drop((hub, hosted));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = SharedState::new(state.get().value.clone());
    let updating = tokio::spawn({
        let copy = copy.clone().with_timeout(Duration::from_secs(60));
        async move { copy.update(|board| board.changes[0] += 1).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    next.send(start(&again)).unwrap();
    let version = updating.await.unwrap().unwrap();
    assert_eq!((version.epoch, version.number.0), (again.get().version.epoch, 1));
    assert_eq!(again.get().value.changes, [2]);
    while copy.changed().await.unwrap().version != version {}
}

#[tokio::test(start_paused = true)]
async fn an_update_that_others_are_always_before_is_given_up() {
    let state = SharedState::new(board(1));
    let (bench, ..) = bench(&state, Manner::Busy);
    let copy = follow(&bench, "window").await.with_timeout(Duration::from_secs(3600));
    let began = tokio::time::Instant::now();
    let error = copy.update(|board| board.changes = vec![1]).await.unwrap_err();
    // Tries part by chance: without that, two that are in step stay so.
    assert!(began.elapsed() > Duration::ZERO);
    let UpdateError::Contended { tries } = error else { panic!("{error}") };
    assert_eq!(state.get().version.number.0, i64::from(tries));
    assert!(!error.may_be_applied());
}

#[tokio::test(start_paused = true)]
async fn an_update_without_an_answer_says_that_nobody_knows() {
    let state = SharedState::new(board(1));
    let (bench, ..) = bench(&state, Manner::Mute);
    let copy = follow(&bench, "window").await;
    let error = copy.update(|board| board.changes[0] = 1).await.unwrap_err();
    assert!(error.may_be_applied(), "{error}");
    // In truth it was, and the copy sees it.
    assert_eq!(copy.current().unwrap().value.changes, [1]);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_was_not_sent_says_so() {
    let mut bench = TestHub::start(schema());
    let service = Service { state: Mutex::new(SharedState::new(board(1))), manner: Manner::Plain };
    // Nothing is published: there is no value to make a change of.
    let _publisher: BoardsPublisher = bench.serve_publishing(BoardsServer::new(service));
    let copy = follow(&bench, "window").await;
    let error = copy.update(|board| board.changes[0] = 1).await.unwrap_err();
    let UpdateError::Failed(error) = error else { panic!("{error}") };
    assert_eq!(error.status(), Status::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn an_owner_may_refuse_with_an_error_of_its_own() {
    for (manner, refused) in [(Manner::Locked, true), (Manner::Plain, false)] {
        let state = SharedState::new(board(1));
        let (bench, ..) = bench(&state, manner);
        let client: BoardsClient = bench.client("window").await;
        let mut copy = SharedCopy::follow(client.watch_board(), move |change| client.ask(change));
        copy.changed().await.unwrap();
        // Nobody has told the copy of it when it sends: the error that says so is understood.
        state.update(|board| board.changes[0] = 5).unwrap();
        let outcome = copy.update(|board| board.changes[0] += 1).await;
        if refused {
            assert_eq!(outcome, Err(UpdateError::Refused(BoardError::Locked)));
            assert_eq!(state.get().value.changes, [5]);
        } else {
            assert_eq!(outcome, Ok(state.get().version));
            assert_eq!(state.get().value.changes, [6]);
        }
    }
}
