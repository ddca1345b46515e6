//! Real processes: killed at every phase, stopped in the middle of a frame, left behind by their hub (f21, f24, f25).
#![cfg(unix)]

use std::future::Future;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use conformance::contract::contract;
use conformance::process::{Main, Words, helper};
use conformance::seen::Seen;
use conformance::service::{EchoService, FlowsService};
use conformance::{Scene, WATCHDOG, transport::UnixPair};
use portcullis::hub::{Admission, HubEvent, Kind, Reason};
use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::process::{Process, SpawnError};
use portcullis::{Error, Hub, Role, Status};
use rustix::process::{Pid, Signal, kill_process};
use sample_contract::{EchoClient, EchoServer, FlowsClient, FlowsServer};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-peer");
/// Long enough to be no part of what is looked at.
const LONG: Duration = Duration::from_secs(600);

fn hub() -> Hub {
    let role = Role::new("all")
        .call("sample.echo.*")
        .call("sample.flows.*")
        .serve("sample.echo")
        .serve("sample.flows");
    Hub::builder(contract()).role(role).build().expect("the role fits the contract")
}

fn admission(label: &str) -> Admission {
    Admission::new(label, "all", Kind::Native)
}

/// Starts a helper and waits until it has said `word`.
async fn started(hub: &Hub, mode: &str, word: &str) -> (Process, Words) {
    let (command, mut words) = helper(PROGRAM, mode);
    let process = hub.spawn(command, &admission("child")).expect("started");
    words.expect(word).await;
    (process, words)
}

/// Kills a process and looks at what is reported of it.
async fn killed(hub: &Hub, process: &mut Process) {
    process.kill().expect("it runs");
    let (status, goodbye) = process.wait().await.expect("its end is known");
    assert_eq!(status.signal(), Some(9), "{status}");
    assert_eq!(goodbye.reason, Reason::Closed, "{goodbye}");
    gone(hub, "child").await;
}

/// Waits until the hub has forgotten a peer.
async fn gone(hub: &Hub, label: &str) {
    while hub.peers().iter().any(|peer| peer.label == label) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn client(hub: &Hub) -> Peer {
    let peer = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
    peer.ready().await.expect("welcome");
    peer
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert_eq!(outcome.expect_err("nobody is there").status(), Status::Unavailable);
}

/// Whatever hangs is ended.
async fn within<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(WATCHDOG, test).await.expect("it does not hang")
}

/// Nobody but the client is left, and nothing of its.
async fn nothing_left(hub: &Hub) {
    while hub.open_work() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(hub.peers().iter().all(|peer| peer.label != "child"));
    assert_eq!(hub.counters().violations(), 0);
}

#[tokio::test]
async fn f24_killed_before_it_says_anything() {
    within(async {
        let hub = hub();
        let (mut process, _words) = started(&hub, "mute", "mute").await;
        killed(&hub, &mut process).await;
        nothing_left(&hub).await;
    })
    .await;
}

#[tokio::test]
async fn f24_killed_in_its_hello() {
    within(async {
        let hub = hub();
        let (mut process, _words) = started(&hub, "half", "half").await;
        killed(&hub, &mut process).await;
        nothing_left(&hub).await;
    })
    .await;
}

#[tokio::test]
async fn f24_killed_while_it_serves_calls() {
    within(async {
        let hub = hub();
        let mut events = hub.events();
        let (mut process, _words) = started(&hub, "serve", "serving").await;
        let client = client(&hub).await;
        let echo: EchoClient = client.bind(Target::Label("child".into())).await.expect("bound");
        let flows: FlowsClient = client.bind(Target::Label("child".into())).await.expect("bound");
        let calls: Vec<_> = (0..20).map(|_| echo.with_timeout(LONG).never()).collect();
        let mut stalled = flows.stall();
        assert_eq!(stalled.next().await.expect("an item"), Some(1));
        let (mut sink, mut mirrored) = flows.mirror();
        sink.send(&"one".to_owned()).await.expect("sent");
        assert_eq!(mirrored.next().await.expect("an item"), Some("one".to_owned()));
        killed(&hub, &mut process).await;
        // Each is told, once.
        for call in calls {
            unavailable(call.await);
        }
        unavailable(stalled.next().await);
        assert_eq!(stalled.next().await.expect("told once"), None);
        unavailable(mirrored.next().await);
        unavailable(echo.nothing().await);
        unavailable(client.bind::<EchoClient>(Target::Any).await);
        nothing_left(&hub).await;
        let mut ends = 0;
        let _later = hub.connect("later", "all", &PeerConfig::default()).expect("admitted");
        loop {
            match events.next().await.expect("an event") {
                HubEvent::Left { peer, .. } if peer.label == "child" => ends += 1,
                HubEvent::Joined(peer) if peer.label == "later" => break,
                _ => {}
            }
        }
        assert_eq!(ends, 1, "it is reported once");
    })
    .await;
}

#[tokio::test]
async fn f24_killed_while_it_calls() {
    within(async {
        let hub = hub();
        let seen = Seen::default();
        let _echo = hub.serve(EchoServer::new(EchoService::new(&seen))).expect("served");
        let (mut process, _words) = started(&hub, "call", "calling").await;
        seen.started.reach(1).await;
        killed(&hub, &mut process).await;
        seen.stopped.reach(1).await;
        nothing_left(&hub).await;
    })
    .await;
}

#[tokio::test]
async fn f24_killed_while_it_reads_a_stream() {
    within(async {
        let hub = hub();
        let seen = Seen::default();
        let _flows = hub.serve(FlowsServer::new(FlowsService::new(&seen))).expect("served");
        let (mut process, _words) = started(&hub, "read", "reading").await;
        killed(&hub, &mut process).await;
        seen.stopped.reach(1).await;
        nothing_left(&hub).await;
    })
    .await;
}

#[tokio::test]
async fn f24_killed_after_its_goodbye() {
    within(async {
        let hub = hub();
        let (mut process, _words) = started(&hub, "leave", "left").await;
        // Its connection has ended in so many words; the process has not.
        assert_eq!(process.connection().closed().await.reason, Reason::Closed);
        assert!(process.id().is_some());
        killed(&hub, &mut process).await;
        nothing_left(&hub).await;
    })
    .await;
}

/// A process that is asked to end ends by itself, and both reports say so.
#[tokio::test]
async fn a_process_that_is_told_to_go_goes() {
    within(async {
        let hub = hub();
        let (mut process, mut words) = started(&hub, "serve", "serving").await;
        process.connection().close(Reason::GoingAway);
        words.expect("going_away").await;
        let (status, goodbye) = process.wait().await.expect("its end is known");
        assert!(status.success(), "{status}");
        assert_eq!(goodbye.reason, Reason::GoingAway);
        assert_eq!(words.next().await, None);
    })
    .await;
}

/// A process that its owner drops is killed.
#[tokio::test]
async fn a_dropped_process_is_killed() {
    within(async {
        let hub = hub();
        let (process, mut words) = started(&hub, "serve", "serving").await;
        drop(process);
        assert_eq!(words.next().await, None, "it is gone without a word");
        gone(&hub, "child").await;
    })
    .await;
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    within(async {
        let hub = hub();
        let error = hub.spawn(Command::new("/nowhere/at-all"), &admission("child"));
        let error = error.expect_err("there is no such program");
        assert!(matches!(&error, SpawnError::Io(_)), "{error}");
        gone(&hub, "child").await;
    })
    .await;
}

/// A program that no hub has started says so, in one sentence.
#[tokio::test]
async fn a_peer_without_its_hub_says_so() {
    within(async {
        let (mut child, mut words) = Main::start(PROGRAM, &["serve".as_ref()]);
        assert_eq!(words.next().await, None);
        assert_eq!(child.wait().code(), Some(1));
    })
    .await;
}

fn signal(process: &Process, signal: Signal) {
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
    kill_process(id, signal).expect("it is ours");
}

/// f21: stopped for a while, it is neither ended nor forgotten; continued, it answers.
#[tokio::test]
async fn f21_a_stopped_process_is_waited_for() {
    within(async {
        let hub = hub();
        let (process, _words) = started(&hub, "serve", "serving").await;
        let client = client(&hub).await;
        let echo: EchoClient = client.bind(Target::Label("child".into())).await.expect("bound");
        assert_eq!(echo.inline(1).await.expect("a reply"), 1);
        signal(&process, Signal::STOP);
        let mut pending = echo.with_timeout(LONG).inline(2);
        let early = tokio::time::timeout(Duration::from_millis(1_500), &mut pending).await;
        assert!(early.is_err(), "{early:?}");
        assert!(hub.peers().iter().any(|peer| peer.label == "child"), "it still stands");
        signal(&process, Signal::CONT);
        assert_eq!(pending.await.expect("it goes on"), 2);
        assert_eq!(echo.inline(3).await.expect("a reply"), 3);
    })
    .await;
}

/// f21: stopped in the middle of a frame, and continued: the frame is whole in the end.
#[tokio::test]
async fn f21_stopped_in_the_middle_of_a_frame() {
    within(async {
        let hub = hub();
        let mut events = hub.events();
        let (process, _words) = started(&hub, "half", "half").await;
        signal(&process, Signal::STOP);
        // Longer than the process would have waited before the other half, shorter than the time for a hello.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(hub.peers().iter().any(|peer| peer.label == "child"), "it still stands");
        signal(&process, Signal::CONT);
        let joined = events.next().await.expect("an event");
        assert!(matches!(&joined, HubEvent::Joined(peer) if peer.label == "child"), "{joined:?}");
    })
    .await;
}

/// f25: the hub's process dies; its peers' calls end, and so do they.
#[tokio::test]
async fn f25_the_hub_dies() {
    within(async {
        let (mut main, mut words) = Main::start(PROGRAM, &["hub".as_ref()]);
        words.expect("calling").await;
        main.kill();
        words.expect("unavailable").await;
        words.expect("closed").await;
        // The peer was the last that could say anything.
        assert_eq!(words.next().await, None);
    })
    .await;
}

/// What may hold a secret in main's environment is not told.
#[tokio::test]
async fn a_process_knows_little_of_mains_environment() {
    within(async {
        let hub = hub();
        let (mut command, mut words) = helper(PROGRAM, "environment");
        command.env("GIVEN", "1");
        let mut process = hub.spawn(command, &admission("child")).expect("started");
        let names = words.next().await.expect("its variables");
        process.wait().await.expect("its end is known");
        let names: Vec<&str> = names.split(' ').collect();
        assert!(names.contains(&"GIVEN") && names.contains(&"PATH"), "{names:?}");
        // Cargo sets it for every test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        for name in names {
            let kept = portcullis::process::ENVIRONMENT_KEPT.contains(&name);
            assert!(kept || name.starts_with("LC_") || name == "GIVEN", "{name}");
        }
    })
    .await;
}

/// f35: who has been passed a socket has nothing of it once the process is dead to which it was given.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn f35_a_socket_that_was_passed_on_dies_with_its_process() {
    within(async {
        let hub = hub();
        let (command, mut words) = helper(PROGRAM, "hand-on");
        let mut process = hub.spawn(command, &admission("child")).expect("started");
        let mut said = [words.next().await, words.next().await].map(Option::unwrap_or_default);
        said.sort();
        assert_eq!(said, ["kept", "serving"]);
        let client = client(&hub).await;
        let echo: EchoClient = client.bind(Target::Label("child".into())).await.expect("bound");
        let never = echo.with_timeout(LONG).never();
        // Only the first is killed; the other one still holds the same socket.
        killed(&hub, &mut process).await;
        unavailable(never.await);
        words.expect("refused").await;
        nothing_left(&hub).await;
    })
    .await;
}

/// f35: a process that has ended and was waited for is not killed again in the person of whoever has its number now.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn f35_a_number_that_is_used_again_is_not_killed() {
    within(async {
        let hub = hub();
        let (mut process, _words) = started(&hub, "serve", "serving").await;
        let number = process.id().expect("it runs");
        assert!(process.pidfd().is_some());
        killed(&hub, &mut process).await;
        // Only the superuser can choose the next number; elsewhere that there is nobody to kill is all that is seen.
        let next = number.checked_sub(1).map(|last| last.to_string()).unwrap_or_default();
        let mut newcomer = None;
        for _ in 0..50 {
            if std::fs::write("/proc/sys/kernel/ns_last_pid", &next).is_err() {
                break;
            }
            let mut other = std::process::Command::new("sleep").arg("600").spawn().expect("there");
            if other.id() == number {
                newcomer = Some(other);
                break;
            }
            let _ = other.kill();
            let _ = other.wait();
        }
        assert!(process.kill().is_err(), "it is dead already");
        if let Some(mut newcomer) = newcomer {
            println!("another process got the number {number}");
            assert!(newcomer.try_wait().expect("ours").is_none(), "it lives");
            let _ = newcomer.kill();
            let _ = newcomer.wait();
        }
    })
    .await;
}

/// f35: who connects to a path is known by a descriptor of the kernel's, and its connection ends with it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn f35_whoever_connects_is_known_to_the_kernel() {
    use std::os::fd::{AsFd, OwnedFd};

    within(async {
        let hub = hub();
        let folder = std::env::temp_dir().join(format!("portcullis-f35-{}", std::process::id()));
        let (sender, mut visitors) =
            tokio::sync::mpsc::unbounded_channel::<(i32, Option<OwnedFd>)>();
        let listening = hub.listen_unix(folder.join("hub"), move |found| {
            let process =
                found.pidfd().map(|process| process.try_clone_to_owned().expect("one more"));
            sender.send((found.pid.unwrap_or_default(), process)).expect("the test waits");
            Some(admission("visitor"))
        });
        let listening = listening.expect("listens");
        let path = listening.path().to_owned();
        let (mut visitor, mut words) = Main::start(PROGRAM, &["visit".as_ref(), path.as_ref()]);
        words.expect("visiting").await;
        let (number, process) = visitors.recv().await.expect("it was let in");
        visitor.kill();
        gone(&hub, "visitor").await;
        assert_ne!(number, 0);
        match process {
            // Readable once it has ended, and never another's.
            Some(process) => {
                let mut ended = [rustix::event::PollFd::from_borrowed_fd(
                    process.as_fd(),
                    rustix::event::PollFlags::IN,
                )];
                assert_eq!(rustix::event::poll(&mut ended, None).expect("looked"), 1);
                let killed = rustix::process::pidfd_send_signal(&process, Signal::KILL);
                assert!(killed.is_err(), "there is nobody to kill");
            }
            None => println!("this kernel does not tell (SO_PEERPIDFD is there since Linux 6.5)"),
        }
        drop(listening);
        let _ = std::fs::remove_dir_all(folder);
    })
    .await;
}

/// How soon everybody who waits for a killed process knows. Printed; no time is asserted.
#[cfg(target_os = "linux")]
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "it measures")]
async fn f24_a_kill_is_told_to_all_who_wait() {
    const RUNS: usize = 20;

    within(async {
        let hub = hub();
        let client = client(&hub).await;
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let (mut process, _words) = started(&hub, "serve", "serving").await;
            let echo: EchoClient = client.bind(Target::Label("child".into())).await.expect("bound");
            let flows: FlowsClient =
                client.bind(Target::Label("child".into())).await.expect("bound");
            let calls: Vec<_> = (0..8).map(|_| echo.with_timeout(LONG).never()).collect();
            let mut stalled = flows.stall();
            assert_eq!(stalled.next().await.expect("an item"), Some(1));
            let began = Instant::now();
            process.kill().expect("it runs");
            for call in calls {
                unavailable(call.await);
            }
            unavailable(stalled.next().await);
            times.push(began.elapsed());
            process.wait().await.expect("its end is known");
        }
        times.sort();
        println!(
            "a kill is known after {:?} (median), {:?} at most",
            times[RUNS / 2],
            times[RUNS - 1]
        );
        nothing_left(&hub).await;
    })
    .await;
}

/// The suite's own scene, to see that processes and other peers go together.
#[tokio::test]
async fn processes_and_other_transports_share_a_hub() {
    within(async {
        let scene = Scene::new(UnixPair);
        let hub = scene.hub();
        let (command, mut words) = helper(PROGRAM, "serve");
        let mut process = hub.spawn(command, &admission("child")).expect("started");
        words.expect("serving").await;
        let window = scene.peer("window").await;
        let echo: EchoClient = window.bind(Target::Any).await.expect("bound");
        assert_eq!(echo.inline(5).await.expect("a reply"), 5);
        killed(&hub, &mut process).await;
        unavailable(echo.nothing().await);
        scene.settle().await;
    })
    .await;
}
