//! Real processes that are kept running: they come back, are given up, are stopped within a bound, and do not outlive main.
#![cfg(unix)]

use std::future::Future;
use std::io;
use std::time::Duration;

use conformance::WATCHDOG;
use conformance::contract::contract;
use conformance::process::Main;
use portcullis::hub::{Admission, Kind, Reason};
use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::supervisor::{
    ExitReason, Happened, KilledFor, Phase, Restart, RestartPolicy, Spec, Supervised, Supervisor,
    SupervisorEvents,
};
use portcullis::{Error, Hub, Role, Status};
use rustix::process::{Pid, Signal, kill_process};
use sample_contract::{EchoClient, FlowsClient};
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

fn command(mode: &str) -> impl FnMut() -> io::Result<Command> + Send + use<> {
    let mode = mode.to_owned();
    move || {
        let mut command = Command::new(PROGRAM);
        command.arg(&mode).stdout(std::process::Stdio::null());
        Ok(command)
    }
}

/// It comes back at once.
fn spec(mode: &str) -> Spec {
    let admission = Admission::new("child", "all", Kind::Native);
    let policy = RestartPolicy { initial: Duration::from_millis(1), ..RestartPolicy::default() };
    Spec::new(admission, command(mode)).policy(policy)
}

fn serving(mode: &str) -> Spec {
    spec(mode).serves("sample.echo")
}

/// Ready once it has said all that it has to say.
fn whole() -> Spec {
    serving("serve").serves("sample.flows")
}

async fn client(hub: &Hub) -> Peer {
    let peer = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
    peer.ready().await.expect("welcome");
    peer
}

async fn bound(client: &Peer) -> EchoClient {
    client.bind(Target::Label("child".into())).await.expect("bound")
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert_eq!(outcome.expect_err("nobody is there").status(), Status::Unavailable);
}

/// Whatever hangs is ended.
async fn within<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(WATCHDOG, test).await.expect("it does not hang")
}

/// What has happened next.
async fn next(events: &mut SupervisorEvents) -> Happened {
    let event = events.next().await.expect("an event");
    assert_eq!(event.label, "child");
    event.what
}

/// Waits until it is ready, and tells what its process's number is.
async fn came_up(events: &mut SupervisorEvents) -> u32 {
    let Happened::Started { process: Some(process) } = next(events).await else {
        panic!("it starts")
    };
    let ready = next(events).await;
    assert!(matches!(ready, Happened::Ready { .. }), "{ready:?}");
    process
}

/// How it has ended.
async fn exited(events: &mut SupervisorEvents) -> ExitReason {
    match next(events).await {
        Happened::Exited(exit) => exit.reason,
        other => panic!("{other:?}"),
    }
}

fn signal(process: u32, signal: Signal) {
    let id = Pid::from_raw(process.cast_signed()).expect("a number");
    kill_process(id, signal).expect("it is ours");
}

/// Starts it, kills it in a call that it serves, and waits until it is back: it, its process' number, a client, and the
/// binding from before.
async fn killed_and_back(
    supervisor: &Supervisor,
    hub: &Hub,
    spec: Spec,
) -> (Supervised, u32, Peer, EchoClient) {
    let mut events = supervisor.events();
    let child = supervisor.start(spec);
    let first = came_up(&mut events).await;
    let client = client(hub).await;
    let echo = bound(&client).await;
    assert_eq!(echo.inline(1).await.expect("a reply"), 1);
    let never = echo.with_timeout(LONG).never();
    signal(first, Signal::KILL);
    unavailable(never.await);
    assert_eq!(exited(&mut events).await, ExitReason::Signal(9));
    let restarting = next(&mut events).await;
    assert!(matches!(restarting, Happened::Restarting { restarts: 1, .. }), "{restarting:?}");
    let second = came_up(&mut events).await;
    assert_ne!(first, second);
    (child, second, client, echo)
}

#[tokio::test]
async fn a_killed_process_comes_back_and_its_label_finds_the_new_one() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let (mut child, second, client, echo) = killed_and_back(&supervisor, &hub, whole()).await;
        // The old binding is gone for good; the label finds who is there now.
        unavailable(echo.inline(2).await);
        assert_eq!(bound(&client).await.inline(3).await.expect("a reply"), 3);
        let status = child.status();
        assert_eq!((status.phase, status.run, status.restarts), (Phase::Ready, 2, 1));
        assert_eq!(status.process, Some(second));
        assert!(child.changed().await.is_some());
    })
    .await;
}

/// The same over a ring: its end is seen though nobody wakes the hub's threads any more, and the next process brings one of its own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn f24_a_killed_process_comes_back_with_another_ring() {
    within(async {
        for on in [Spec::on_threads, Spec::on_ring] {
            let spec = on(serving("ring-serve").serves("sample.flows"));
            let hub = hub();
            let supervisor = Supervisor::new(&hub);
            let (_child, _, client, _) = killed_and_back(&supervisor, &hub, spec).await;
            assert_eq!(bound(&client).await.inline(3).await.expect("a reply"), 3);
        }
    })
    .await;
}

#[tokio::test]
async fn f24_all_who_wait_for_a_killed_process_are_told_once() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let child = supervisor.start(whole().restart(Restart::Temporary));
        let process = came_up(&mut events).await;
        let client = client(&hub).await;
        let echo = bound(&client).await;
        let flows: FlowsClient = client.bind(Target::Label("child".into())).await.expect("bound");
        let calls: Vec<_> = (0..20).map(|_| echo.with_timeout(LONG).never()).collect();
        let mut stalled = flows.stall();
        assert_eq!(stalled.next().await.expect("an item"), Some(1));
        assert_eq!(child.kill(), Some(process));
        for call in calls {
            unavailable(call.await);
        }
        unavailable(stalled.next().await);
        assert_eq!(stalled.next().await.expect("told once"), None);
        assert_eq!(exited(&mut events).await, ExitReason::Killed(KilledFor::Asked));
        drop(supervisor);
        assert_eq!(events.next().await, None, "its end is told once, and nothing follows");
        assert_eq!(child.status().phase, Phase::Ended);
        assert_eq!(child.kill(), None);
    })
    .await;
}

#[tokio::test]
async fn a_crash_loop_is_given_up_with_its_reason() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let mut child = supervisor.start(spec("crash").intensity(3, LONG));
        let mut crashes = 0;
        loop {
            match next(&mut events).await {
                Happened::Exited(exit) => {
                    crashes += 1;
                    assert_eq!(exit.reason, ExitReason::Code(3));
                }
                Happened::GaveUp { exit, restarts } => {
                    assert_eq!((exit.reason, restarts), (ExitReason::Code(3), 3));
                    break;
                }
                _ => {}
            }
        }
        assert_eq!(crashes, 4);
        let exit = child.ready().await.expect_err("it does not come up").expect("it has ended");
        assert_eq!(exit.reason, ExitReason::Code(3));
        assert_eq!(child.status().phase, Phase::GaveUp);
    })
    .await;
}

/// f21: one that is stopped while something is awaited of it. The clock runs ahead while nothing else has to happen.
#[tokio::test]
async fn f21_a_stuck_process_is_ended_by_its_keep_alive_and_comes_back() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let _child = supervisor.start(whole());
        let process = came_up(&mut events).await;
        let client = client(&hub).await;
        let echo = bound(&client).await;
        assert_eq!(echo.inline(1).await.expect("a reply"), 1);
        signal(process, Signal::STOP);
        let never = echo.with_timeout(LONG).never();
        tokio::time::pause();
        let told = never.await;
        tokio::time::resume();
        unavailable(told);
        assert_eq!(exited(&mut events).await, ExitReason::Killed(KilledFor::Unresponsive));
        let restarting = next(&mut events).await;
        assert!(matches!(restarting, Happened::Restarting { .. }), "{restarting:?}");
        came_up(&mut events).await;
        assert_eq!(bound(&client).await.inline(2).await.expect("a reply"), 2);
    })
    .await;
}

#[tokio::test]
async fn stopping_is_bounded_although_the_process_takes_no_hint() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let short = Duration::from_millis(100);
        let child = supervisor.start(serving("stubborn").stop_within(short, short));
        came_up(&mut events).await;
        // A call that never ends does not hold it up.
        let client = client(&hub).await;
        let never = bound(&client).await.with_timeout(LONG).never();
        let exit = child.stop().await.expect("it ran");
        assert_eq!(exit.reason, ExitReason::Killed(KilledFor::NotStopping));
        assert_eq!(exit.goodbye.expect("it was told").reason, Reason::GoingAway);
        assert!(exit.asked);
        unavailable(never.await);
        assert_eq!(child.status().phase, Phase::Ended);
    })
    .await;
}

#[tokio::test]
async fn stopping_lets_work_finish_and_begins_nothing_new() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut child = supervisor.start(whole().stop_within(LONG, LONG));
        child.ready().await.expect("it comes up");
        let client = client(&hub).await;
        let echo = bound(&client).await;
        let under_way = echo.with_timeout(LONG).later(300);
        // It has arrived by the time that a later one is answered.
        assert_eq!(echo.inline(1).await.expect("a reply"), 1);
        let stopping = child.stop();
        let late = async {
            while child.status().phase != Phase::Stopping {
                tokio::task::yield_now().await;
            }
            // The drain is begun with the next turn of the keeper's.
            loop {
                if let Err(error) = echo.inline(2).await {
                    break error;
                }
            }
        };
        let (exit, late, finished) = tokio::join!(stopping, late, under_way);
        assert_eq!(finished.expect("it may finish"), 300);
        assert_eq!(late.status(), Status::Unavailable);
        assert!(late.to_string().contains("the server is stopping"), "{late}");
        let exit = exit.expect("it ran");
        assert_eq!(exit.reason, ExitReason::Code(0));
        assert_eq!(exit.goodbye.expect("it was told").reason, Reason::GoingAway);
    })
    .await;
}

#[tokio::test]
async fn a_supervisor_stops_all_at_once_and_a_dropped_handle_stops_its_own() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let start = |label: &str| {
            let admission = Admission::new(label, "all", Kind::Native);
            supervisor.start(
                Spec::new(admission, command("serve")).serves("sample.echo").serves("sample.flows"),
            )
        };
        let mut children: Vec<_> = ["one", "two", "three"].into_iter().map(start).collect();
        for child in &mut children {
            child.ready().await.expect("it comes up");
        }
        drop(children.pop());
        while hub.peers().len() > 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        supervisor.stop().await;
        for child in &children {
            let status = child.status();
            assert_eq!(status.phase, Phase::Ended);
            assert_eq!(status.exit.expect("it ran").reason, ExitReason::Code(0));
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_is_not_ready_in_time_or_breaks_the_protocol_is_killed_for_it() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let mute = spec("mute").ready_within(Duration::from_millis(100));
        let mute = supervisor.start(mute.restart(Restart::Temporary));
        assert!(matches!(next(&mut events).await, Happened::Started { .. }));
        assert_eq!(exited(&mut events).await, ExitReason::Killed(KilledFor::NotReady));
        assert_eq!(mute.status().phase, Phase::Ended);
        let _breaking = supervisor.start(serving("break").restart(Restart::Temporary));
        assert!(matches!(next(&mut events).await, Happened::Started { .. }));
        let why = KilledFor::Violation(Reason::UnexpectedFrame);
        assert_eq!(exited(&mut events).await, ExitReason::Killed(why));
    })
    .await;
}

#[tokio::test]
async fn one_that_stays_when_its_connection_has_ended_is_made_to_go() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut events = supervisor.events();
        let short = Duration::from_millis(50);
        let leaving = spec("leave").stop_within(short, short).restart(Restart::Temporary);
        let _child = supervisor.start(leaving);
        came_up(&mut events).await;
        let why = KilledFor::Staying(Reason::Closed);
        assert_eq!(exited(&mut events).await, ExitReason::Killed(why));
    })
    .await;
}

#[tokio::test]
async fn a_process_that_has_ended_well_rests_when_it_is_transient() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let mut child = supervisor.start(spec("environment").restart(Restart::Transient));
        while let Some(status) = child.changed().await {
            if status.phase.is_last() {
                break;
            }
        }
        let status = child.status();
        assert_eq!((status.phase, status.restarts), (Phase::Ended, 0));
        assert_eq!(status.exit.expect("it ran").reason, ExitReason::Code(0));
    })
    .await;
}

/// What cannot work is not tried again and again.
#[tokio::test]
async fn what_cannot_be_started_is_said_in_one_sentence() {
    within(async {
        let hub = hub();
        let supervisor = Supervisor::new(&hub);
        let failed = async |spec: Spec| {
            let mut child = supervisor.start(spec);
            let exit = child.ready().await.expect_err("it cannot start").expect("it was tried");
            (exit.reason.to_string(), child.status().restarts)
        };
        let unknown = serving("serve").serves("sample.echoes");
        let text = "not started: the hub's contract has no interface `sample.echoes`";
        assert_eq!(failed(unknown).await, (text.to_owned(), 0));
        let admission = Admission::new("child", "nobody", Kind::Native);
        let (text, restarts) = failed(Spec::new(admission, command("serve"))).await;
        assert_eq!((text.as_str(), restarts), ("not started: there is no role `nobody`", 0));
        let admission = Admission::new("child", "all", Kind::Native);
        let policy =
            RestartPolicy { initial: Duration::ZERO, restarts: 2, ..RestartPolicy::default() };
        let missing = Spec::new(admission, || Ok(Command::new("/nowhere/at-all"))).policy(policy);
        let (text, restarts) = failed(missing).await;
        assert!(text.starts_with("not started: the process could not be started: "), "{text}");
        assert_eq!(restarts, 2);
    })
    .await;
}

/// Nobody is left behind by a main that was killed, not even one that is stopped and cannot see that its connection ended.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn f25_a_stopped_process_dies_with_a_main_that_was_killed() {
    within(async {
        let (mut main, mut words) = Main::start(PROGRAM, &["supervise".as_ref()]);
        // Both say a word, in any order.
        let said = [words.next().await, words.next().await].map(Option::unwrap_or_default);
        let process = said.iter().find_map(|word| word.parse().ok()).expect("a number");
        signal(process, Signal::STOP);
        main.kill();
        let last = tokio::time::timeout(WATCHDOG / 2, words.next()).await;
        if last.is_err() {
            // It would be waited for when the test has failed, too.
            signal(process, Signal::KILL);
        }
        // The last that could say anything is gone.
        assert_eq!(last.expect("it is gone"), None);
    })
    .await;
}
