//! Bindings that outlive instances, on one connection.

use std::future::Future;
use std::time::Duration;

use portcullis::Status;
use portcullis::peer::{Peer, PeerConfig, Serving, Target};
use tokio::time::{Instant, sleep};

use crate::desk::{DeskClient, DeskServer, DeskService, ForbiddenClient};
use crate::stage::{Stage, connected};

/// A worker at the desk.
async fn worker(stage: &Stage) -> (Peer, Serving) {
    let peer = stage.hub().connect("worker", "all", &PeerConfig::default()).expect("admitted");
    let serving = peer.serve(DeskServer::new(DeskService(stage.book())), "").await;
    (peer, serving.expect("granted"))
}

fn target() -> Target {
    Target::Label("worker".to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_comes_back_is_bound_again_while_the_connection_stands() {
    let stage = Stage::open();
    stage.build(false);
    let client = stage.client();
    // One that comes and goes is looked for less and less often.
    let desk = client.bind::<DeskClient>(target()).with_timeout(Duration::from_secs(20));
    for number in 1..=3 {
        let coming = async {
            sleep(Duration::from_millis(700)).await;
            worker(&stage).await
        };
        let (added, (peer, _serving)) = tokio::join!(desk.call(|desk| desk.add(number)), coming);
        assert_eq!(added, Ok(number));
        assert_eq!(desk.call(|desk| desk.get(number)).await, Ok(number));
        peer.close();
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stage.dialled().len(), 1, "the connection stood");
    assert_eq!((1..=3).map(|token| stage.book().done(token)).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(stage.hub().counters().violations(), 0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_the_instance_took_with_it_are_made_again_only_if_they_are_idempotent() {
    let stage = Stage::open();
    stage.build(false);
    let client = stage.client();
    let desk = client.bind::<DeskClient>(target());
    let (first, _serving) = worker(&stage).await;
    desk.ready().await.expect("bound");
    let replacing = async {
        sleep(Duration::from_secs(1)).await;
        first.close();
        sleep(Duration::from_secs(1)).await;
        worker(&stage).await
    };
    let (long, never, _second) =
        tokio::join!(desk.call(|desk| desk.long()), desk.call(|desk| desk.never()), replacing);
    assert!(long.is_ok(), "{long:?}");
    let error = never.expect_err("it is not made again");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
}

#[tokio::test(start_paused = true)]
async fn a_gone_instance_is_known_here_and_nothing_is_sent() {
    let stage = Stage::open();
    stage.build(false);
    let (peer, _serving) = worker(&stage).await;
    let caller = stage.hub().connect("caller", "all", &PeerConfig::default()).expect("admitted");
    let desk: DeskClient = caller.bind(target()).await.expect("bound");
    peer.close();
    sleep(Duration::from_millis(1)).await;
    assert!(desk.binding().is_gone());
    let error = desk.add(1).await.expect_err("nobody is there");
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn binds_are_asked_for_with_growing_waits_and_one_for_all_who_wait() {
    let stage = Stage::open();
    stage.build(false);
    let client = stage.client();
    connected(&mut client.states()).await;
    let desk = client.bind::<DeskClient>(target()).with_timeout(Duration::from_secs(60));
    let began = Instant::now();
    let calls = (0..20_u64).map(|number| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.call(|desk| desk.add(number)).await })
    });
    let calls: Vec<_> = calls.collect();
    sleep(Duration::from_secs(20)).await;
    let asked = stage.scissors().used().0;
    // 100, 200, 400 … ms, each less up to a fifth: eight or nine binds in 20 s, of less than a hundred bytes each.
    assert!(asked < 1_500, "{asked} bytes");
    let (_peer, _serving) = worker(&stage).await;
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    assert!(began.elapsed() <= Duration::from_secs(26), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn f33_what_is_not_granted_is_told_to_all_who_wait_and_not_asked_again() {
    let stage = Stage::open();
    let client = stage.client();
    connected(&mut client.states()).await;
    let forbidden = client.bind::<ForbiddenClient>(Target::Any);
    let sent = stage.scissors().used().0;
    let ask = || forbidden.call(|forbidden| forbidden.ask());
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for outcome in [one, two, three] {
        let error = outcome.expect_err("it is not granted");
        assert_eq!((error.status(), error.was_sent()), (Status::PermissionDenied, false));
    }
    let bind = stage.scissors().used().0 - sent;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stage.scissors().used().0 - sent, bind, "it is not asked for by itself");
    // Whoever asks later asks anew: grants may change.
    assert_eq!(ask().await.expect_err("denied").status(), Status::PermissionDenied);
    assert_eq!(stage.scissors().used().0 - sent, 2 * bind, "one bind for three, one for the last");
    let mut heard = forbidden.subscribe(|forbidden| forbidden.subscribe_heard());
    let error = heard.next().await.expect_err("denied");
    assert_eq!(error.status(), Status::PermissionDenied);
    assert_eq!(heard.next().await, Ok(None), "once");
}

/// A future may be held and not polled: nobody else waits for it.
#[tokio::test(start_paused = true)]
async fn one_who_does_not_go_on_holds_up_nobody() {
    let stage = Stage::open();
    let client = stage.client();
    let desk = client.bind::<DeskClient>(Target::Any);
    let mut level = desk.subscribe(|desk| desk.watch_level());
    let mut waiting = Box::pin(level.next());
    let mut held = Box::pin(desk.ready());
    // Both have begun to wait for a binding, and go no further.
    for _ in 0..2 {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(held.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(desk.call(|desk| desk.add(1)).await, Ok(1));
    assert!(held.await.is_ok(), "it has its answer when it asks");
}
