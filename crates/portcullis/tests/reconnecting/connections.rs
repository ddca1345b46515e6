//! When a connection is made again, after which waits, and when it ends for good.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::Status;
use portcullis::client::reconnect::{
    ATTEMPT_TIMEOUT, Backoff, Cause, ReconnectConfig, Reconnecting, State,
};
use portcullis::hub::Reason;
use portcullis::link::IoLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::Interface;
use tokio::time::{Instant, sleep};

use crate::desk::{DeskClient, DeskInterface, DeskServer, DeskService};
use crate::stage::{Stage, closed, connected, waiting};

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_the_longest_and_each_is_shortened_by_chance_alone() {
    let stage = Stage::default();
    let client = stage.client();
    let mut states = client.states();
    for number in 0..9_u32 {
        let (after, cause) = waiting(&mut states).await;
        let whole = Duration::from_millis(100 * 2_u64.pow(number)).min(Duration::from_secs(5));
        assert!(after <= whole && after >= whole * 8 / 10, "{number}: {after:?}");
        assert!(matches!(cause, Cause::NotMade(_)), "{cause}");
        let State::Connecting { attempt } = states.next().await.expect("it goes on") else {
            panic!("the next attempt");
        };
        assert_eq!(attempt, number + 2);
    }
    let dialled = stage.dialled();
    for (number, pair) in (0..).zip(dialled.windows(2)) {
        let between = pair[1] - pair[0];
        let whole = Duration::from_millis(100 * 2_u64.pow(number)).min(Duration::from_secs(5));
        assert!(between >= whole * 8 / 10, "{number}: {between:?}");
    }
    stage.build(true);
    let connection = connected(&mut states).await;
    let seen = (connection.label.as_str(), connection.role.as_str(), connection.number);
    assert_eq!(seen, ("window", "all", 1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_stood_long_begins_with_the_first_wait_again() {
    let stage = Stage::open();
    let client = stage.client();
    let mut states = client.states();
    let first = Duration::from_millis(100);
    for (stands, shortest) in [(9, 80), (9, 160), (9, 320), (10, 80), (9, 160)] {
        connected(&mut states).await;
        sleep(Duration::from_secs(stands)).await;
        stage.scissors().cut();
        let (after, cause) = waiting(&mut states).await;
        assert!(matches!(cause, Cause::Lost(_)), "{cause}");
        let shortest = Duration::from_millis(shortest);
        assert!(after >= shortest && after <= shortest * 10 / 8, "{stands}: {after:?}");
        assert!(stands != 10 || after <= first, "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_can_be_bounded_and_the_end_is_told_once() {
    let stage = Stage::default();
    let config = ReconnectConfig { attempts_max: Some(3), ..ReconnectConfig::default() };
    let client = stage.client_with(config);
    let mut states = client.states();
    let desk = client.bind::<DeskClient>(Target::Any).with_timeout(Duration::from_secs(60));
    let call = desk.call(|desk| desk.add(1));
    let (cause, outcome) = tokio::join!(closed(&mut states), call);
    assert!(matches!(cause, Cause::NotMade(_)), "{cause}");
    assert_eq!(stage.dialled().len(), 3);
    let error = outcome.expect_err("nobody comes");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
    // Not only those who waited.
    let error = desk.call(|desk| desk.add(1)).await.expect_err("nobody comes");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
}

/// Rule 1, by every reason that a hub can say.
#[tokio::test(start_paused = true)]
async fn what_a_goodbye_says_decides_whether_it_connects_again() {
    for reason in Reason::ALL.iter().copied() {
        let stage = Stage::open();
        let client = stage.client();
        let mut states = client.states();
        connected(&mut states).await;
        stage.connection().close(reason);
        if reason.may_reconnect() {
            let (_, cause) = waiting(&mut states).await;
            let Cause::Goodbye(goodbye) = cause else { panic!("{cause}") };
            assert_eq!(goodbye.reason, reason);
            assert_eq!(connected(&mut states).await.number, 2, "{reason:?}");
        } else {
            let cause = closed(&mut states).await;
            let Cause::Goodbye(goodbye) = cause else { panic!("{cause}") };
            assert_eq!(goodbye.reason, reason);
            sleep(Duration::from_secs(60)).await;
            assert_eq!(stage.dialled().len(), 1, "{reason:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f48_another_contract_ends_it_for_good() {
    let stage = Stage::open();
    let real = DeskInterface::descriptor();
    // There is no other way to a static one that a test makes.
    let other: &'static _ = Box::leak(Box::new(portcullis::rpc::Descriptor {
        name: real.name,
        version: real.version,
        shape: Default::default(),
        digests: Vec::new(),
        channels: Vec::new(),
    }));
    let peer = PeerConfig { interfaces: vec![other], ..PeerConfig::default() };
    let client = stage.client_with(ReconnectConfig { peer, ..ReconnectConfig::default() });
    let Cause::Goodbye(goodbye) = closed(&mut client.states()).await else { panic!("a goodbye") };
    assert_eq!(goodbye.reason, Reason::ContractMismatch);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stage.dialled().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_answers_nothing_is_given_up_and_tried_again() {
    let dials = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dials);
    let mut silent = Vec::new();
    let dial = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = IoLink::memory();
        silent.push(theirs);
        async move { Ok(ours) }
    };
    let client = Reconnecting::new(dial, ReconnectConfig::default());
    let began = Instant::now();
    let (_, cause) = waiting(&mut client.states()).await;
    let Cause::NotMade(error) = cause else { panic!("{cause}") };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(began.elapsed(), ATTEMPT_TIMEOUT);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(dials.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn closing_tells_whoever_waits_once_and_makes_no_other_connection() {
    let stage = Stage::open();
    let client = stage.client();
    let mut states = client.states();
    let desk = client.bind::<DeskClient>(Target::Any);
    connected(&mut states).await;
    let never = desk.call(|desk| desk.never());
    let closing = async {
        sleep(Duration::from_secs(1)).await;
        client.close();
        client.close();
    };
    let (outcome, ()) = tokio::join!(never, closing);
    let error = outcome.expect_err("it has ended");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
    let Cause::Goodbye(goodbye) = closed(&mut states).await else { panic!("a goodbye") };
    assert_eq!(goodbye.reason, Reason::Closed);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stage.dialled().len(), 1);
    assert!(stage.hub().peers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn with_the_last_handle_everything_ends() {
    let stage = Stage::open();
    let held = Arc::new(());
    let dials = Arc::clone(&held);
    let inner = stage.clone();
    let wires = move || {
        let _ = &dials;
        let (ours, theirs) = IoLink::memory();
        let admission = portcullis::hub::Admission::new("w", "all", portcullis::hub::Kind::Native);
        inner.hub().attach(theirs, &admission).expect("admitted");
        async move { Ok(ours) }
    };
    let client = Reconnecting::new(wires, ReconnectConfig::default());
    let mut states = client.states();
    let each = client.on_each(async |_| Ok(()));
    connected(&mut states).await;
    let desk = client.bind::<DeskClient>(Target::Any);
    drop(client);
    assert_eq!(desk.call(|desk| desk.add(1)).await, Ok(1), "a binding holds it");
    let watching = desk.subscribe(|desk| desk.watch_level());
    drop(desk);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stage.hub().peers().len(), 1, "a subscription holds it");
    drop(watching);
    closed(&mut states).await;
    sleep(Duration::from_millis(1)).await;
    assert!(stage.hub().peers().is_empty());
    assert_eq!(Arc::strong_count(&held), 1, "its task is gone, while somebody watches and does");
    drop(each);
}

/// Rule 9.
#[tokio::test(start_paused = true)]
async fn what_is_served_is_served_again_on_each_connection() {
    let stage = Stage::open();
    stage.build(false);
    let client = stage.client();
    let book = stage.book();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let each = client.on_each(move |peer| {
        counted.fetch_add(1, Ordering::Relaxed);
        let desk = DeskServer::new(DeskService(Arc::clone(&book)));
        async move { peer.serve(desk, "remote").await }
    });
    let mut states = client.states();
    for number in 1..=3 {
        connected(&mut states).await;
        sleep(Duration::from_millis(10)).await;
        let caller =
            stage.hub().connect("caller", "all", &PeerConfig::default()).expect("admitted");
        let target = Target::Instance("remote".to_owned());
        let desk: DeskClient = caller.bind(target).await.expect("it is served");
        assert_eq!(desk.add(number).await, Ok(number));
        assert_eq!(runs.load(Ordering::Relaxed) as u64, number);
        if number == 2 {
            // A hub that was built anew knows nothing of the one before.
            stage.crash();
            stage.build(false);
        } else {
            stage.scissors().cut();
        }
    }
    connected(&mut states).await;
    sleep(Duration::from_millis(10)).await;
    let caller = stage.hub().connect("caller", "all", &PeerConfig::default()).expect("admitted");
    let desk: DeskClient = caller.bind(Target::Any).await.expect("it is served");
    drop(each);
    sleep(Duration::from_millis(10)).await;
    let error = desk.add(5).await.expect_err("it is withdrawn");
    assert_eq!(error.status(), Status::Unavailable);
    stage.scissors().cut();
    connected(&mut states).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(runs.load(Ordering::Relaxed), 4, "nothing is done any more");
}

#[tokio::test(start_paused = true)]
async fn what_fails_or_panics_on_a_connection_does_not_end_it() {
    let stage = Stage::open();
    let client = stage.client();
    let mut states = client.states();
    let _fails = client.on_each(async |_| {
        Err::<(), _>(portcullis::Error::new(Status::NotFound, "it fails each time"))
    });
    let _panics =
        client.on_each(async |_| -> Result<(), portcullis::Error> { panic!("on purpose") });
    connected(&mut states).await;
    sleep(Duration::from_secs(1)).await;
    let desk = client.bind::<DeskClient>(Target::Any);
    assert_eq!(desk.call(|desk| desk.add(1)).await, Ok(1));
    stage.scissors().cut();
    assert_eq!(connected(&mut states).await.number, 2);
}

#[tokio::test(start_paused = true)]
async fn waits_are_those_that_are_told() {
    let stage = Stage::default();
    let backoff = Backoff {
        initial: Duration::from_secs(1),
        max: Duration::from_secs(3),
        factor: 3,
        jitter_percent: 0,
        ..Backoff::default()
    };
    let client = stage.client_with(ReconnectConfig { backoff, ..ReconnectConfig::default() });
    let mut states = client.states();
    for seconds in [1, 3, 3] {
        assert_eq!(waiting(&mut states).await.0, Duration::from_secs(seconds));
    }
}
