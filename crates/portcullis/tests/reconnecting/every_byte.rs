//! f45: the connection of a client that connects again drops at every byte of a conversation.

use std::time::Duration;

use portcullis::client::reconnect::{Backoff, Lasting, LastingSubscription, Next, ReconnectConfig};
use portcullis::peer::Target;
use portcullis::{Error, Status};
use tokio::time::sleep;

use crate::desk::{DeskClient, LONG};
use crate::stage::Stage;
use crate::wire::Scissors;

/// Tokens of calls that are not idempotent, and of those that are.
const ADDED: std::ops::Range<u64> = 1..4;
const GOT: std::ops::Range<u64> = 11..14;
/// So many events are published at least, and so often.
const EVENTS: u64 = 6;
const EVERY: Duration = Duration::from_millis(20);
/// There are many conversations, and each is brief.
const FIRST_WAIT: Duration = Duration::from_millis(30);
/// The last value of the state.
const LAST_LEVEL: u64 = 77;

/// How the calls ended, and what the subscriber of events heard.
struct Heard {
    added: Vec<Result<u64, Error>>,
    got: Vec<Result<u64, Error>>,
    events: Vec<Next<u64>>,
    levels: Vec<Next<u64>>,
}

async fn add(desk: &Lasting<DeskClient>) -> Vec<Result<u64, Error>> {
    let mut outcomes = Vec::new();
    for token in ADDED {
        outcomes.push(desk.call(|desk| desk.add(token)).await);
        sleep(EVERY).await;
    }
    outcomes
}

/// All at once.
async fn get(desk: &Lasting<DeskClient>) -> Vec<Result<u64, Error>> {
    let calls: Vec<_> = GOT
        .map(|token| {
            let desk = desk.clone();
            tokio::spawn(async move { desk.call(|desk| desk.get(token)).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.expect("no panic"));
    }
    outcomes
}

/// Listens until a value is `enough`.
async fn listen(
    mut subscription: LastingSubscription<DeskClient, u64>,
    enough: impl Fn(u64) -> bool,
) -> Vec<Next<u64>> {
    let mut heard = Vec::new();
    loop {
        let next = subscription.next().await.expect("it goes on").expect("it does not end");
        heard.push(next);
        if matches!(next, Next::Value(value) if enough(value)) {
            return heard;
        }
    }
}

/// Publishes for ever.
async fn publish(stage: &Stage) {
    let publisher = stage.publisher();
    for number in 1.. {
        publisher.ticked(&number).expect("published");
        let level = if number < EVENTS { number } else { LAST_LEVEL };
        publisher.level(&level).expect("published");
        sleep(EVERY).await;
    }
}

async fn play(stage: &Stage) -> Heard {
    let backoff = Backoff { initial: FIRST_WAIT, ..Backoff::default() };
    let client = stage.client_with(ReconnectConfig { backoff, ..ReconnectConfig::default() });
    let desk = client.bind::<DeskClient>(Target::Any);
    let ticked = desk.subscribe(|desk| desk.subscribe_ticked());
    let level = desk.subscribe(|desk| desk.watch_level());
    tokio::select! {
        biased;
        (added, got, events, levels) = async {
            tokio::join!(
                add(&desk),
                get(&desk),
                listen(ticked, |number| number >= EVENTS),
                listen(level, |level| level == LAST_LEVEL),
            )
        } => Heard { added, got, events, levels },
        () = publish(stage) => unreachable!("it publishes for ever"),
        () = sleep(Duration::from_secs(600)) => panic!("something still waits"),
    }
}

/// What must hold, wherever the wire was cut. Returns how many calls were lost, and how many gaps there were.
fn judge(stage: &Stage, heard: &Heard, place: &str) -> (usize, usize) {
    let book = stage.book();
    let mut lost = 0;
    for (token, outcome) in ADDED.zip(&heard.added) {
        let done = book.done(token);
        match outcome {
            Ok(answer) => assert_eq!((*answer, done), (token, 1), "{place}: exactly once"),
            Err(error) if error.was_sent() => {
                assert_eq!(error.status(), Status::Unavailable, "{place}: {error}");
                assert!(done <= 1, "{place}: {done} times");
                lost += 1;
            }
            Err(error) => panic!("{place}: what has not left is made again: {error}, {done}"),
        }
    }
    for (token, outcome) in GOT.zip(&heard.got) {
        assert_eq!(outcome, &Ok(token), "{place}");
        assert!(book.done(token) >= 1, "{place}");
    }
    let (mut last, mut anew, mut gaps) = (None, false, 0);
    for next in &heard.events {
        match next {
            Next::Anew => anew = true,
            Next::Value(number) => {
                assert!(last.is_none_or(|last| *number > last), "{place}: {:?}", heard.events);
                let gap = last.is_some_and(|last| *number != last + 1);
                assert!(anew || !gap, "{place}: a gap in silence, {:?}", heard.events);
                gaps += usize::from(gap);
                (last, anew) = (Some(*number), false);
            }
        }
    }
    let mut levels = heard.levels.iter().filter(|next| matches!(next, Next::Value(_)));
    assert!(levels.next_back() == Some(&Next::Value(LAST_LEVEL)), "{place}: {:?}", heard.levels);
    (lost, gaps)
}

#[tokio::test(start_paused = true)]
async fn f45_the_connection_drops_at_every_byte() {
    let whole = Stage::open();
    let heard = play(&whole).await;
    assert_eq!(judge(&whole, &heard, "whole"), (0, 0));
    assert_eq!(whole.dialled().len(), 1);
    let (up, down) = whole.scissors().used();
    assert!(up > 250 && down > 400, "{up}, {down}");
    let (mut lost, mut gaps, mut again) = (0, 0, 0);
    for cut in 0..up.max(down) {
        for upward in [true, false] {
            if cut >= if upward { up } else { down } {
                continue;
            }
            let stage = Stage::open();
            let at = |bytes| if upward { (Some(bytes), None) } else { (None, Some(bytes)) };
            let ((up_left, down_left), (up_then, down_then)) = (at(cut), at(cut * 31 % up));
            // The next one is cut as well, somewhere else.
            let wires = [Scissors::after(up_left, down_left), Scissors::after(up_then, down_then)];
            stage.next_wires(wires);
            let heard = play(&stage).await;
            let place = format!("cut at {cut} ({})", if upward { "up" } else { "down" });
            let (lost_here, gaps_here) = judge(&stage, &heard, &place);
            lost += lost_here;
            gaps += gaps_here;
            again += stage.dialled().len() - 1;
            // Whatever a connection began ends with it, and with the client the last one.
            sleep(Duration::from_secs(1)).await;
            assert_eq!((stage.hub().open_work(), stage.hub().peers().len()), (0, 0), "{place}");
            assert_eq!(stage.hub().counters().violations(), 0, "{place}");
            assert_eq!(stage.book().done(LONG), 0);
        }
    }
    // The cuts have met what they are meant for.
    assert!(lost > 50 && gaps > 200 && again > up + down, "{lost} lost, {gaps} gaps, {again}");
}
