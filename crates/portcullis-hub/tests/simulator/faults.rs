//! Faults of bytes and of protocol state, seen by hub and peer (1 to 3, 6, 8, 10, 12).

use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Peer, PeerConfig, Target, Turn};
use portcullis_proto::time::Time;
use sample_contract::{EchoClient, EchoRequest};

use crate::bench::{Rng, Sim, Split};
use crate::frames::{frame, show, take_frames};

pub(crate) fn request(number: u64) -> EchoRequest {
    EchoRequest { number, text: "x".repeat(16), value: 0.5 }
}

/// A conversation that uses everything, in bytes.
fn conversation() -> Vec<u8> {
    [
        "hello",
        "request id=0x10000 body=bind(sample.echo)",
        "request id=0x10001 body=bind(sample.flows)",
        "request id=0x10002 body=bind(sample.topics)",
        "request binding=1 ordinal=5 id=0x10003 body=\"no\"",
        "request binding=1 ordinal=8 id=0x10004 budget=5000",
        "notify binding=1 ordinal=12 body=\"text\"",
        "request binding=2 ordinal=2 id=0x10005",
        "item id=0x10005 body=\"mirrored\"",
        "subscribe binding=3 ordinal=1 id=0x10006",
        "publish binding=3 ordinal=1 id=0x10007 budget=5000 body=u7",
        "kind:200 body=zeros(9)",
        "ping id=1",
        "finish id=0x10005",
        "cancel id=0x10004",
        "request ordinal=1 id=0x10008 body=u1",
        "request binding=9 ordinal=1 id=0x10009 length=0x100",
    ]
    .iter()
    .flat_map(|line| frame(line))
    .collect()
}

pub(crate) fn serving() -> Sim {
    let mut sim = Sim::new(1);
    sim.serve_main();
    sim.host_topics();
    sim
}

#[test]
fn f01_the_conversation_may_break_off_after_every_byte() {
    let bytes = conversation();
    for end in 0..=bytes.len() {
        let mut sim = serving();
        let node = sim.raw("a", "all");
        sim.send(node, &bytes[..end]);
        assert!(sim.link(node).is_open(), "after {end} bytes there is nothing but to wait");
        sim.link(node).close_far();
        sim.rest();
        assert!(!sim.link(node).is_open());
        assert_eq!((sim.open_work(), sim.handles_open(), sim.tasks_alive()), (0, 0, 0), "{end}");
        assert_eq!(sim.counters().violations(), 0);
    }
}

#[test]
fn f01_a_conversation_cut_after_every_byte_is_the_same() {
    let bytes = conversation();
    let mut answers = Vec::new();
    for split in [Split::Whole, Split::EveryByte, Split::Random, Split::Random] {
        let mut sim = serving();
        let node = sim.raw("a", "all");
        sim.link(node).up.quality.split = split;
        sim.send(node, &bytes);
        let mut received = sim.received(node);
        let mut frames: Vec<String> = take_frames(&mut received).iter().map(show).collect();
        // The order of answers to different calls is not promised.
        frames.sort();
        answers.push(frames);
    }
    assert!(answers[0].len() > 8, "{:?}", answers[0]);
    assert!(answers.iter().all(|frames| *frames == answers[0]), "{answers:?}");
}

#[test]
fn f06_random_bytes_and_mutations_end_nobody_else() {
    let whole = conversation();
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let mut sim = serving();
        let bystander = sim.peer("bystander", "all");
        let echo: EchoClient = sim.bind(bystander, Target::Any);
        let before = sim.open_work();
        let node = sim.raw("a", "all");
        let mut bytes = whole.clone();
        if rng.one_in(8) {
            bytes = (0..rng.below(500)).map(|_| rng.next() as u8).collect();
        }
        for _ in 0..rng.within(1, 6) {
            let at = rng.index(bytes.len().max(1));
            match rng.below(4) {
                0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
                1 if at < bytes.len() => bytes[at] = rng.next() as u8,
                2 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), rng.next() as u8),
            }
        }
        sim.link(node).up.quality.split = Split::Random;
        sim.send(node, &bytes);
        sim.run_for(6_000);
        assert_eq!(sim.wait(echo.call(request(1))).expect("the others are served").number, 2);
        sim.link(node).cut();
        sim.rest();
        assert_eq!((sim.open_work(), sim.tasks_alive()), (before, 0), "seed {seed}");
    }
}

/// The same against a peer: whatever its hub says, it ends with a reason and does not hang.
#[test]
fn f06_f10_a_peer_survives_any_hub() {
    struct World;
    impl portcullis_proto::peer::Driver for World {
        fn now(&self) -> Time {
            Time::ZERO
        }
    }
    let mut endings = std::collections::BTreeSet::new();
    let whole: Vec<u8> = [
        "welcome",
        "end id=0x10000 status=ok body=u1+\"\"+\"\"",
        "request binding=1 ordinal=0 id=0x10000 budget=100 body=u1",
        "notify binding=1 ordinal=12 body=\"text\"",
        "item flags=1 id=0x10001 body=u1",
        "credit id=0x10000 ordinal=1 budget=1",
        "unbound binding=1",
        "window budget=1000",
        "ping id=7",
        "cancel id=0x10000",
    ]
    .iter()
    .flat_map(|line| frame(line))
    .collect();
    for seed in 0..3_000 {
        let mut rng = Rng::new(seed);
        let peer = Peer::new(&PeerConfig::default(), std::sync::Arc::new(World));
        let binding = peer.clone();
        let mut bind = Box::pin(async move { binding.bind::<EchoClient>(Target::Any).await });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let pending = bind.as_mut().poll(&mut context).is_pending();
        assert!(pending);
        let mut bytes = whole.clone();
        for _ in 0..rng.below(4) {
            let at = rng.index(bytes.len());
            bytes[at] = rng.next() as u8;
        }
        let mut turn = Turn::default();
        let mut consumed = 0;
        let mut end = 0;
        while end < bytes.len() {
            end = (end + rng.within(1, 60) as usize).min(bytes.len());
            let delivery = peer.deliver(&bytes[consumed..end], &mut turn);
            consumed += delivery.consumed;
            if delivery.ended {
                break;
            }
        }
        if peer.has_ended() {
            let closed = peer.clone();
            let mut closed = Box::pin(async move { closed.closed().await });
            let std::task::Poll::Ready(goodbye) = closed.as_mut().poll(&mut context) else {
                panic!("it has ended");
            };
            endings.insert(goodbye.reason.name());
            assert!(bind.as_mut().poll(&mut context).is_ready(), "whoever waits is told");
            assert_eq!(peer.calls_open(), (0, 0));
        }
    }
    assert!(endings.contains("unknown_id") && endings.contains("unknown_kind"), "{endings:?}");
}

/// Violations of a hub, byte by byte: the peer says why, and everybody who waits at it is told.
#[test]
fn f02_f03_f08_f10_f12_a_peer_ends_a_hub_that_breaks_the_rules() {
    struct World;
    impl portcullis_proto::peer::Driver for World {
        fn now(&self) -> Time {
            Time::ZERO
        }
    }
    for (lines, expected) in [
        (&["ping length=3"][..], Reason::MalformedFrame),
        (&["welcome", "ping length=0xffffffff"], Reason::FrameTooLarge),
        (&["welcome", "kind:22"], Reason::UnknownKind),
        (&["welcome", "ping flags=1"], Reason::UnknownFlag),
        (&["ping id=1"], Reason::UnexpectedFrame),
        (&["hello"], Reason::UnexpectedFrame),
        (&["welcome", "welcome"], Reason::UnexpectedFrame),
        (&["welcome", "ack id=0x10000"], Reason::UnexpectedFrame),
        (&["welcome", "subscribe id=0x10000"], Reason::UnexpectedFrame),
        (&["welcome", "end id=0x20000 status=ok"], Reason::UnknownId),
        (&["welcome", "end id=0x10000 status=ok", "end id=0x10000 status=ok"], Reason::UnknownId),
        (&["welcome", "end id=0x10000 ordinal=99"], Reason::MalformedPayload),
        (&["welcome", "item flags=1 id=0x10000 body=u1"], Reason::CreditExceeded),
        (&["welcome body=00"], Reason::MalformedPayload),
        (&["welcome frame=1"], Reason::MalformedPayload),
        (
            &["welcome", "request binding=1 id=0x10000", "request binding=1 id=0x10000"],
            Reason::DuplicateId,
        ),
        (&["goodbye reason=revoked body=6279650a"], Reason::Revoked),
    ] {
        let peer = Peer::new(&PeerConfig::default(), std::sync::Arc::new(World));
        let (binding, closed) = (peer.clone(), peer.clone());
        let mut bind = Box::pin(async move { binding.bind::<EchoClient>(Target::Any).await });
        let mut closed = Box::pin(async move { closed.closed().await });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(bind.as_mut().poll(&mut context).is_pending());
        let bytes: Vec<u8> = lines.iter().flat_map(|line| frame(line)).collect();
        let mut turn = Turn::default();
        assert!(peer.deliver(&bytes, &mut turn).ended, "{lines:?}");
        let std::task::Poll::Ready(goodbye) = closed.as_mut().poll(&mut context) else {
            panic!("{lines:?}: it has ended");
        };
        assert_eq!(goodbye.reason, expected, "{lines:?}");
        assert!(bind.as_mut().poll(&mut context).is_ready(), "{lines:?}: whoever waits is told");
        assert_eq!(peer.calls_open(), (0, 0));
        let mut sent = Vec::new();
        while peer.transmit(&mut sent) {}
        let last = take_frames(&mut sent).pop();
        if expected.is_violation() {
            let last = last.expect("it says goodbye");
            assert_eq!(
                show(&last).split(' ').nth(1),
                Some(&*format!("reason={}", expected.name()))
            );
        } else {
            assert_eq!(last, None, "nothing is said behind the other side's goodbye");
        }
        assert!(peer.deliver(&frame("welcome"), &mut turn).ended, "and that is the end");
    }
}
