//! Subscriptions that outlive connections and instances: the gap is told, and nothing twice.

use std::time::Duration;

use portcullis::Status;
use portcullis::client::reconnect::Next;
use portcullis::peer::Target;
use tokio::time::sleep;

use crate::desk::DeskClient;
use crate::stage::{Stage, closed};

#[tokio::test(start_paused = true)]
async fn a_state_comes_first_again_behind_the_word_that_it_began_anew() {
    let stage = Stage::open();
    stage.publisher().level(&1).expect("published");
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut level = desk.subscribe(|desk| desk.watch_level());
    assert_eq!(level.next().await, Ok(Some(Next::Value(1))));
    stage.publisher().level(&2).expect("published");
    assert_eq!(level.next().await, Ok(Some(Next::Value(2))));
    stage.scissors().cut();
    stage.publisher().level(&3).expect("published");
    stage.publisher().level(&4).expect("published");
    assert_eq!(level.next().await, Ok(Some(Next::Anew)));
    assert_eq!(level.next().await, Ok(Some(Next::Value(4))));
    stage.crash();
    stage.build(true);
    stage.publisher().level(&5).expect("published");
    assert_eq!(level.next().await, Ok(Some(Next::Anew)));
    assert_eq!(level.next().await, Ok(Some(Next::Value(5))));
    assert_eq!(level.missed(), 0);
}

#[tokio::test(start_paused = true)]
async fn events_are_in_order_and_each_gap_is_told_before_the_first_value_behind_it() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut ticked = desk.subscribe(|desk| desk.subscribe_ticked());
    let publishing = async {
        for number in 0..400 {
            if number % 100 == 50 && number < 300 {
                stage.scissors().cut();
            }
            sleep(Duration::from_millis(10)).await;
            stage.publisher().ticked(&number).expect("published");
        }
        sleep(Duration::from_secs(1)).await;
        client.close();
    };
    let listening = async {
        let (mut last, mut gaps, mut anew) = (None, 0, false);
        loop {
            match ticked.next().await {
                Ok(Some(Next::Anew)) => {
                    assert!(!anew, "told once for each time");
                    anew = true;
                }
                Ok(Some(Next::Value(number))) => {
                    let gap = last.is_some_and(|last| number != last + 1);
                    assert!(last.is_none_or(|last| number > last), "{number} behind {last:?}");
                    assert_eq!(gap, anew, "{number} behind {last:?}");
                    gaps += usize::from(gap);
                    (last, anew) = (Some(number), false);
                }
                Ok(None) => panic!("it ends with the reason first"),
                Err(error) => break (error, last, gaps),
            }
        }
    };
    let ((), (error, last, gaps)) = tokio::join!(publishing, listening);
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
    assert_eq!((last, gaps), (Some(399), 3));
    assert_eq!(ticked.next().await, Ok(None), "the end is told once");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_has_come_is_kept_when_nobody_waits_for_it_any_more() {
    let stage = Stage::open();
    stage.publisher().level(&1).expect("published");
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut level = desk.subscribe(|desk| desk.watch_level());
    // Given up at every moment of its way.
    let mut given_up = 0;
    let value = loop {
        tokio::select! {
            biased;
            next = level.next() => break next,
            () = tokio::task::yield_now() => given_up += 1,
        }
    };
    assert_eq!(value, Ok(Some(Next::Value(1))));
    assert!(given_up > 1, "{given_up}");
    stage.scissors().cut();
    let anew = loop {
        tokio::select! {
            biased;
            next = level.next() => break next,
            () = sleep(Duration::from_millis(1)) => {}
        }
    };
    assert_eq!(anew, Ok(Some(Next::Anew)));
    assert_eq!(level.next().await, Ok(Some(Next::Value(1))));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_put_off_is_not_put_on_again() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut strict = desk.subscribe(|desk| desk.subscribe_strict());
    tokio::select! {
        biased;
        next = strict.next() => panic!("{next:?}"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    for number in 0..10_000 {
        stage.publisher().strict(&number).expect("published");
    }
    let error = loop {
        match strict.next().await {
            Ok(Some(next)) => assert!(matches!(next, Next::Value(_)), "{next:?}"),
            Ok(None) => panic!("it is told why"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.status(), Status::ResourceExhausted);
    assert_eq!(strict.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_after_unsubscribing_and_the_hub_forgets_it() {
    let stage = Stage::open();
    stage.publisher().level(&1).expect("published");
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut level = desk.subscribe(|desk| desk.watch_level());
    assert_eq!(level.next().await, Ok(Some(Next::Value(1))));
    drop(level);
    drop(desk);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(stage.hub().open_work(), 0, "neither subscription nor binding");
    stage.scissors().cut();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.hub().open_work(), 0, "nobody asked for it again");
    let mut states = client.states();
    drop(client);
    closed(&mut states).await;
}
