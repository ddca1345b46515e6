//! Calls and notifications: every way in which they end.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::peer::Target;
use portcullis::rpc::Failure;
use portcullis::{Limits, Status};
use sample_contract::{EchoClient, EchoError, EchoRequest, Who};

use super::{failed, limits, until};
use crate::contract::{ChainClient, ChainServer};
use crate::scene::{ALL, By, Scene, Served};
use crate::service::ChainService;

async fn echo(scene: &Scene, by: By) -> (Served, EchoClient) {
    let served = scene.served(by).await;
    let echo = served.bind().await;
    (served, echo)
}

/// R8: a request and its response, with every kind of argument.
pub async fn a_call_is_answered(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let request = EchoRequest { number: u64::MAX - 1, text: "héllo".into(), value: -0.5 };
    let reply = echo.call(request).await.expect("a reply");
    assert_eq!((reply.number, reply.text.as_str(), reply.value), (u64::MAX, "héllo", -1.0));
    assert_eq!(echo.join("a".into(), Some("b".into()), 3).await.expect("a reply"), "ababab");
    assert_eq!(echo.join("a".into(), None, 2).await.expect("a reply"), "aa");
    echo.nothing().await.expect("a reply");
    assert_eq!(echo.bytes(Vec::new()).await.expect("a reply"), b"");
}

/// R13: an application's own error arrives typed, with every field.
pub async fn an_own_error_arrives_typed(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    assert_eq!(echo.fail(4, Vec::new()).await, Ok(4));
    let error = echo.fail(3, Vec::new()).await.expect_err("odd");
    assert_eq!(error, Failure::App(EchoError::Odd { number: 3 }));
    let reasons = vec!["one".to_owned(), "two".to_owned()];
    let error = echo.fail(0, reasons.clone()).await.expect_err("reasons");
    assert_eq!(error, Failure::App(EchoError::Reasons(reasons)));
}

/// R13: any other error says what failed, where, and whether a retry can help.
pub async fn a_status_error_says_where(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let error = failed(echo.refuse("not now".into()).await, Status::FailedPrecondition);
    assert_eq!(
        (error.channel(), error.path(), error.message()),
        ("sample.echo.refuse", "message", "not now")
    );
    assert_ne!(error.correlation(), 0, "{error:?}");
}

/// What breaks its contract is not sent, and the error names the field.
pub async fn a_bad_argument_is_refused_at_home(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let error = failed(echo.join("x".repeat(17), None, 1).await, Status::InvalidArgument);
    assert_eq!((error.channel(), error.path()), ("sample.echo.join", "left"));
    echo.nothing().await.expect("the connection lives");
}

/// R2: one-way messages arrive.
pub async fn notifications_arrive(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    for number in 0..50 {
        echo.tell(format!("{number}")).expect("sent");
    }
    served.seen.told.reach(50).await;
    assert_eq!(echo.told().await.expect("a count"), 50);
}

/// A panic is `internal` with a number for the log, and takes nothing else down.
pub async fn a_panic_takes_nothing_down(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    let pending = echo.with_timeout(Duration::from_secs(60)).later(50);
    served.seen.started.reach(1).await;
    let error = failed(echo.panic("the reason is secret".into()).await, Status::Internal);
    assert_ne!(error.correlation(), 0, "{error:?}");
    assert!(!error.message().contains("secret"), "{error}");
    assert_eq!(error.channel(), "sample.echo.panic");
    assert_eq!(pending.await.expect("the other call lives"), 50);
    echo.nothing().await.expect("the service lives");
}

/// R16, f22: the end of a call's time ends it at the caller and stops its handler.
pub async fn f22_a_deadline_ends_call_and_handler(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    // Declared: 200 ms.
    let error = failed(echo.never().await, Status::DeadlineExceeded);
    assert_eq!(error.channel(), "sample.echo.never");
    served.seen.stopped.reach(served.seen.started.get()).await;
    // Of the caller's choice; on a busy machine it may be over before it has begun.
    let hasty = echo.with_timeout(Duration::from_millis(30));
    failed(hasty.later(60_000).await, Status::DeadlineExceeded);
    until(|| served.hub.open_work() == 0).await;
    served.seen.stopped.reach(served.seen.started.get()).await;
    echo.nothing().await.expect("the connection lives");
}

/// R12: dropping a call cancels it, and its handler sees that.
pub async fn a_dropped_call_is_cancelled(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    let call = echo.with_timeout(Duration::from_secs(600)).never();
    served.seen.started.reach(1).await;
    drop(call);
    served.seen.stopped.reach(1).await;
    echo.nothing().await.expect("the connection lives");
    until(|| served.hub.open_work() == 0).await;
}

/// f13: a cancel may cross the reply; nothing is left over, and nothing is answered twice.
pub async fn f13_cancel_races_the_reply(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    for round in 0..200u32 {
        let call = echo.inline(round);
        for _ in 0..round % 7 {
            tokio::task::yield_now().await;
        }
        drop(call);
    }
    assert_eq!(echo.inline(7).await.expect("the connection lives"), 7);
    until(|| served.hub.open_work() == 0).await;
    assert_eq!(served.client.calls_open(), (0, 0));
    assert_eq!(served.hub.counters().violations(), 0);
}

/// A blocking handler holds nobody up, and sees a cancel when it looks.
pub async fn a_blocking_handler_holds_nobody_up(scene: &Scene, by: By) {
    let (served, echo) = echo(scene, by).await;
    let blocking = echo.block(600_000);
    served.seen.started.reach(1).await;
    assert_eq!(echo.inline(3).await.expect("meanwhile"), 3);
    drop(blocking);
    served.seen.stopped.reach(1).await;
    assert_eq!(echo.block(2).await.expect("a reply"), 2);
}

/// Handlers that run in place answer in place.
pub async fn inline_handlers_answer(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    for number in 0..20 {
        assert_eq!(echo.inline(number).await.expect("a reply"), number);
    }
}

/// R12: many at once; each gets its own answer, whatever the order in which they end.
pub async fn sixty_four_calls_at_once(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let patient = echo.with_timeout(Duration::from_secs(60));
    let slow = join_all((0..64u32).map(|number| patient.later((64 - number) / 4)));
    let quick = join_all((0..64u32).map(|number| patient.inline(number)));
    let (slow, quick) = tokio::join!(slow, quick);
    for (number, reply) in (0..64u32).zip(slow) {
        assert_eq!(reply.expect("a reply"), (64 - number) / 4);
    }
    for (number, reply) in (0..64u32).zip(quick) {
        assert_eq!(reply.expect("a reply"), number);
    }
}

/// R16: a nested call has no more time than the outer one, and ends with it.
pub async fn a_nested_call_has_the_outer_ones_time(scene: &Scene, by: By) {
    let (served, _echo) = echo(scene, by).await;
    let middle = scene.peer("middle").await;
    let inner: EchoClient = middle.bind(Target::Any).await.expect("bound");
    let chain = ChainServer::new(ChainService { echo: inner });
    let _serving = middle.serve(chain, "").await.expect("served");
    let chain: ChainClient = served.bind().await;
    assert_eq!(chain.later(1).await.expect("in time"), 1);
    let declared = served.seen.remaining().expect("a deadline");
    assert!(declared <= Duration::from_millis(500), "{declared:?}");
    let hasty = chain.with_timeout(Duration::from_millis(250));
    let error = failed(hasty.later(60_000).await, Status::DeadlineExceeded);
    assert_eq!(error.channel(), "conformance.chain.later");
    until(|| served.hub.open_work() == 0).await;
    if served.seen.started.get() == 2 {
        let inherited = served.seen.remaining().expect("a deadline");
        assert!(inherited <= Duration::from_millis(251), "{inherited:?}");
        served.seen.stopped.reach(2).await;
    }
}

/// D5: who calls is what main admitted, and only main is told.
pub async fn the_caller_is_who_main_admitted(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let who = echo.who().await.expect("a reply");
    let expected = match by {
        By::Main => Who { label: "client".into(), role: ALL.into() },
        By::Peer => Who::default(),
    };
    assert_eq!(who, expected);
}

/// Frames of up to the limit pass; one byte more is an error of that call alone.
pub async fn payloads_up_to_the_limit_pass(scene: &Scene, by: By) {
    const FRAME: u32 = 64 * 1024;
    // Behind the header stands the list's length, in three bytes.
    const LARGEST: usize = FRAME as usize - 24 - 3;
    scene.hub_with(|builder| builder.limits(Limits { frame_bytes: FRAME, ..Limits::DEFAULT }));
    let (_served, echo) = echo(scene, by).await;
    let payload: Vec<u8> = (0..LARGEST).map(|at| at as u8).collect();
    assert_eq!(echo.bytes(payload.clone()).await.expect("a reply"), payload);
    let error = failed(echo.bytes(vec![0; LARGEST + 1]).await, Status::ResourceExhausted);
    assert!(error.message().contains("65537"), "{error}");
    assert_eq!(echo.bytes(payload.clone()).await.expect("the connection lives"), payload);
}

/// R7: payloads of many times the window pass whole.
pub async fn large_payloads_pass(scene: &Scene, by: By) {
    let (_served, echo) = echo(scene, by).await;
    let payload: Vec<u8> = (0..10_000_000usize).map(|at| (at / 251) as u8).collect();
    let (one, two) = tokio::join!(echo.bytes(payload.clone()), echo.bytes(payload.clone()));
    assert!(one.expect("a reply") == payload);
    assert!(two.expect("a reply") == payload);
}

/// A reply that the caller does not take is that call's error.
pub async fn a_reply_too_large_fails_alone(scene: &Scene, by: By) {
    let small = limits(Limits { frame_bytes: 8 * 1024, ..Limits::DEFAULT });
    let served = scene.served_with(by, small, Default::default()).await;
    let echo: EchoClient = served.bind().await;
    let error = failed(echo.bytes(vec![1; 9 * 1024]).await, Status::ResourceExhausted);
    assert_eq!(error.channel(), "sample.echo.bytes");
    assert_eq!(echo.bytes(vec![1; 7 * 1024]).await.expect("the connection lives").len(), 7 * 1024);
}
