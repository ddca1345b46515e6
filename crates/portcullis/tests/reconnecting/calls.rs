//! Calls by a lasting binding: they wait inside their deadlines, and are made again only when that is safe.

use std::time::Duration;

use portcullis::peer::Target;
use portcullis::{Retry, Status};
use tokio::time::{Instant, sleep};

use crate::desk::{BUSY_MS, BUSY_TIMES, DeskClient, LONG};
use crate::stage::{Stage, connected};

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_connection_inside_their_deadline() {
    let stage = Stage::default();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let building = async {
        sleep(Duration::from_millis(1_200)).await;
        stage.build(true);
    };
    let (added, got, ()) =
        tokio::join!(desk.call(|desk| desk.add(1)), desk.call(|desk| desk.get(2)), building);
    assert_eq!((added, got), (Ok(1), Ok(2)));
    assert_eq!((stage.book().done(1), stage.book().done(2)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_call_that_could_not_leave() {
    let stage = Stage::default();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    for (desk, time) in [
        (desk.clone(), Duration::from_secs(2)),
        (desk.with_timeout(Duration::from_millis(300)), Duration::from_millis(300)),
    ] {
        let began = Instant::now();
        let error = desk.call(|desk| desk.get(1)).await.expect_err("nobody comes");
        assert_eq!(began.elapsed(), time);
        assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, false));
        assert_eq!(error.channel(), "test.desk.get");
    }
    assert_eq!(stage.book().done(1), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_left_and_was_lost_is_made_again_only_if_it_is_idempotent() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    desk.ready().await.expect("bound");
    let cutting = async {
        sleep(Duration::from_secs(1)).await;
        stage.scissors().cut();
    };
    let began = Instant::now();
    let (long, never, ()) =
        tokio::join!(desk.call(|desk| desk.long()), desk.call(|desk| desk.never()), cutting);
    assert_eq!(long, Ok(LONG));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let error = never.expect_err("it is not made again");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(stage.book().done(LONG), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_did_not_leave_is_made_again_in_any_case() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    desk.ready().await.expect("bound");
    stage.scissors().cut();
    // Nobody has had a turn since: the call stands in the outbox of a connection that is gone.
    let present = desk.now().expect("it does not know yet");
    let plain = present.add(2);
    assert_eq!(desk.call(|desk| desk.add(1)).await, Ok(1));
    assert_eq!(stage.book().done(1), 1);
    let error = plain.await.expect_err("nobody makes it again");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
    assert_eq!(error.retry(), Retry::Later);
    assert_eq!(stage.book().done(2), 0);
    let error = present.add(2).await.expect_err("this connection is gone");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_earlier_try_left_is_told_as_sent() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    desk.ready().await.expect("bound");
    let cutting = async {
        sleep(Duration::from_secs(1)).await;
        stage.crash();
    };
    let began = Instant::now();
    let (long, ()) = tokio::join!(desk.call(|desk| desk.long()), cutting);
    let error = long.expect_err("nobody comes");
    assert_eq!(began.elapsed(), Duration::from_secs(60));
    assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, true));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_all_tries_together() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any).with_timeout(Duration::from_secs(3));
    desk.ready().await.expect("bound");
    let cutting = async {
        for _ in 0..2 {
            sleep(Duration::from_secs(1)).await;
            stage.scissors().cut();
        }
    };
    let began = Instant::now();
    let (outcome, ()) = tokio::join!(desk.call(|desk| desk.stuck(1)), cutting);
    let error = outcome.expect_err("it never answers");
    assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, true));
    assert_eq!((began.elapsed(), stage.book().done(1)), (Duration::from_secs(3), 3));
}

#[tokio::test(start_paused = true)]
async fn a_busy_callee_is_asked_again_when_it_says_so_and_the_call_is_idempotent() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let began = Instant::now();
    assert_eq!(desk.call(|desk| desk.busy(7)).await, Ok(7));
    assert_eq!(stage.book().done(7), BUSY_TIMES + 1);
    let least = Duration::from_millis(u64::from(BUSY_MS)) * BUSY_TIMES as u32;
    assert!(began.elapsed() >= least, "{:?}", began.elapsed());
    let error = desk.call(|desk| desk.busy_once(8)).await.expect_err("it is asked once");
    assert_eq!((error.status(), error.retry()), (Status::ResourceExhausted, Retry::After(BUSY_MS)));
    assert_eq!(stage.book().done(8), 1);
    // There is no time for another try: it is told at once what is known.
    let began = Instant::now();
    let brief = desk.with_timeout(Duration::from_millis(u64::from(BUSY_MS)));
    let error = brief.call(|desk| desk.busy(9)).await.expect_err("no time");
    assert_eq!(error.status(), Status::ResourceExhausted);
    assert_eq!((stage.book().done(9), began.elapsed()), (1, Duration::ZERO));
}

/// Rule 6 and 8: what nobody makes again fails at once, and is known not to have left.
#[tokio::test(start_paused = true)]
async fn streams_and_notifications_are_made_on_what_is_there_now() {
    let stage = Stage::open();
    let client = stage.client();
    let mut states = client.states();
    let desk = client.bind::<DeskClient>(Target::Any);
    let error = desk.now().expect_err("nothing is bound before somebody needs it");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
    assert_eq!(error.retry(), Retry::Later);
    let first = desk.ready().await.expect("bound");
    let mut count = desk.now().expect("bound").count();
    assert_eq!(count.next().await, Ok(Some(0)));
    first.tell(1).expect("it leaves");
    sleep(Duration::from_millis(1)).await;
    stage.scissors().cut();
    let error = loop {
        match count.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stream that was cut does not end well"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
    assert_eq!(count.next().await, Ok(None), "it is told once, and never goes on");
    assert_eq!(first.tell(2).expect_err("it cannot leave").status(), Status::Unavailable);
    assert_eq!(desk.now().expect_err("a gap").status(), Status::Unavailable);
    connected(&mut states).await;
    desk.ready().await.expect("bound again").tell(3).expect("it leaves");
    sleep(Duration::from_millis(1)).await;
    let done: Vec<_> = (1..=3).map(|token| stage.book().done(token)).collect();
    assert_eq!(done, [1, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_leaves_nothing() {
    let stage = Stage::default();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    for _ in 0..3 {
        let call = desk.call(|desk| desk.add(1));
        assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    }
    stage.build(true);
    assert_eq!(desk.call(|desk| desk.add(2)).await, Ok(2), "the next one goes on where they were");
    sleep(Duration::from_secs(5)).await;
    assert_eq!((stage.book().done(1), stage.book().done(2)), (0, 1));
    assert_eq!(stage.hub().open_work(), 0);
}
