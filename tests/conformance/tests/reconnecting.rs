//! Clients that connect again, on real processes: a main that is killed and comes back, a worker that its supervisor restarts.
#![cfg(unix)]

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conformance::WATCHDOG;
use conformance::contract::contract;
use conformance::process::{Main, Words};
use portcullis::client::BlockingPeer;
use portcullis::client::reconnect::{
    Backoff, Cause, Lasting, ReconnectConfig, Reconnecting, State, States, reconnect_unix,
};
use portcullis::hub::{Admission, Kind};
use portcullis::link::IoLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::supervisor::{Happened, RestartPolicy, Spec, Supervisor, SupervisorEvents};
use portcullis::{Error, Hub, Role, Status};
use sample_contract::{EchoClient, FlowsClient};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-peer");
/// Long enough to be no part of what is looked at.
const LONG: Duration = Duration::from_secs(600);

/// Whatever hangs is ended.
async fn within<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(WATCHDOG, test).await.expect("it does not hang")
}

/// A folder for a socket: the hub makes it, here it is removed.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("portcullis-{name}-{}", std::process::id())))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("hub.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn listening(path: &Path) -> (Main, Words) {
    let (main, mut words) = Main::start(PROGRAM, &["listen".as_ref(), path.as_ref()]);
    words.expect("listening").await;
    (main, words)
}

/// Waits are short, so that the test is.
fn config() -> ReconnectConfig {
    let backoff = Backoff {
        initial: Duration::from_millis(5),
        max: Duration::from_millis(50),
        ..Backoff::default()
    };
    ReconnectConfig { backoff, ..ReconnectConfig::default() }
}

async fn connection(states: &mut States, number: u64) {
    loop {
        match states.next().await.expect("it goes on") {
            State::Connected(connected) if connected.number >= number => return,
            State::Closed(cause) => panic!("{cause}"),
            _ => {}
        }
    }
}

/// Makes calls that are idempotent, one after the other, while `other` goes on: all of them are answered.
async fn joining_during(echo: &Lasting<EchoClient>, other: impl Future<Output = ()>) {
    let joining = async {
        for number in 0_u32.. {
            let join = echo.call(|echo| echo.join("a".to_owned(), Some(number.to_string()), 1));
            assert_eq!(join.await.expect("an answer"), format!("a{number}"));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = joining => {}
        () = other => {}
    }
}

#[tokio::test]
async fn f25_a_main_that_was_killed_and_came_back_is_connected_to_again() {
    within(async {
        let folder = Folder::new("reconnecting");
        let path = folder.socket();
        let (mut main, words) = listening(&path).await;
        let client = reconnect_unix(&path, config());
        let mut states = client.states();
        let echo = client.bind::<EchoClient>(Target::Any).with_timeout(LONG);
        let flows = client.bind::<FlowsClient>(Target::Any);
        let killing = async {
            let mut words = vec![words];
            for number in 1..=3 {
                connection(&mut states, number).await;
                let mut stalled = flows.ready().await.expect("bound").stall();
                assert_eq!(stalled.next().await.expect("an item"), Some(1));
                echo.ready().await.expect("bound");
                let never = echo.call(|echo| echo.never());
                let kill = async {
                    // Behind the other call: once it is answered, that one has left.
                    assert_eq!(echo.call(|echo| echo.inline(1)).await, Ok(1));
                    main.kill();
                };
                let (never, ()) = tokio::join!(never, kill);
                let error = never.expect_err("it was lost with its main");
                assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
                let error = stalled.next().await.expect_err("it does not go on");
                assert_eq!(error.status(), Status::Unavailable);
                let (started, said) = listening(&path).await;
                main = started;
                words.push(said);
            }
            connection(&mut states, 4).await;
        };
        joining_during(&echo, killing).await;
        // Nobody comes any more: what does not leave is known not to have left.
        main.kill();
        let brief = echo.with_timeout(Duration::from_millis(200));
        let error = brief.call(|echo| echo.nothing()).await.expect_err("nobody is there");
        assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, false));
        assert!(matches!(client.state(), State::Waiting { .. } | State::Connecting { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_path_where_nobody_listens_is_tried_as_often_as_was_said() {
    within(async {
        let folder = Folder::new("nobody");
        let config = ReconnectConfig { attempts_max: Some(3), ..config() };
        let client = reconnect_unix(folder.socket(), config);
        let mut states = client.states();
        let cause = loop {
            if let State::Closed(cause) = states.next().await.expect("it ends") {
                break cause;
            }
        };
        let Cause::NotMade(error) = cause else { panic!("{cause}") };
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    })
    .await;
}

#[test]
fn a_client_without_a_runtime_is_told_what_was_sent_as_well() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let folder = Folder::new("blocking");
    let path = folder.socket();
    let (mut main, _words) = runtime.expect("a runtime").block_on(listening(&path));
    let mut peer = BlockingPeer::connect(&path, &PeerConfig::default()).expect("it listens");
    let handle = peer.peer().clone();
    let echo = peer.block_on(handle.bind::<EchoClient>(Target::Any)).expect("bound");
    let never = echo.with_timeout(LONG).never();
    assert_eq!(peer.block_on(echo.nothing()), Ok(()), "what was said before has left");
    main.kill();
    // It stands in the outbox of a connection that is gone.
    let told = |outcome: Result<(), Error>| {
        let error = outcome.expect_err("nobody answers");
        (error.status(), error.was_sent())
    };
    let nothing = echo.nothing();
    assert_eq!(told(peer.block_on(nothing)), (Status::Unavailable, false));
    assert_eq!(told(peer.block_on(never)), (Status::Unavailable, true));
    assert_eq!(told(peer.block_on(echo.nothing())), (Status::Unavailable, false));
}

/// Waits until the process is ready.
async fn came_up(events: &mut SupervisorEvents) {
    loop {
        if let Happened::Ready { .. } = events.next().await.expect("an event").what {
            return;
        }
    }
}

#[tokio::test]
async fn a_worker_that_its_supervisor_restarts_is_bound_again_while_it_is_called() {
    within(async {
        let role =
            Role::new("all").call("sample.echo.*").serve("sample.echo").serve("sample.flows");
        let hub = Hub::builder(contract()).role(role).build().expect("the role fits");
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let command = || {
            let mut command = Command::new(PROGRAM);
            command.arg("serve").stdout(std::process::Stdio::null());
            Ok(command)
        };
        let policy =
            RestartPolicy { initial: Duration::from_millis(1), ..RestartPolicy::default() };
        let admission = Admission::new("child", "all", Kind::Native);
        let spec = Spec::new(admission, command).policy(policy).serves("sample.echo");
        let child = supervisor.start(spec);
        let main = hub.clone();
        let dial = move || {
            let (ours, theirs) = IoLink::memory();
            let admission = Admission::new("client", "all", Kind::Main);
            let attached = main.attach(theirs, &admission).map(|_| ours);
            async move { attached.map_err(io::Error::other) }
        };
        let client = Reconnecting::new(dial, config());
        let echo = client.bind::<EchoClient>(Target::Label("child".to_owned())).with_timeout(LONG);
        let killing = async {
            for _ in 0..3 {
                came_up(&mut events).await;
                echo.ready().await.expect("bound");
                let never = echo.call(|echo| echo.never());
                let kill = async {
                    // Behind the other call: once it is answered, that one has left.
                    assert_eq!(echo.call(|echo| echo.inline(1)).await, Ok(1));
                    assert!(child.kill().is_some(), "it runs");
                };
                let (never, ()) = tokio::join!(never, kill);
                let error = never.expect_err("it was lost with its worker");
                assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
            }
            came_up(&mut events).await;
            assert_eq!(echo.call(|echo| echo.inline(1)).await, Ok(1));
        };
        joining_during(&echo, killing).await;
        let State::Connected(connected) = client.state() else { panic!("it stands") };
        assert_eq!(connected.number, 1, "the connection stood all the while");
    })
    .await;
}
