//! Who is awaited, who is silent, and when to look (faults 10, 21 and 22).

mod session_support;

use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Reason;
use portcullis_proto::session::{Config, Expired, GRACE_MS, Opening, QUIET_MS};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use session_support::*;

fn keepalive() -> Config {
    Config { keepalive: true, ..Config::default() }
}

fn timeout(session: &mut Pair, now: Time) -> Vec<Expired<u32>> {
    let mut expired = Vec::new();
    session.handle_timeout(now, &mut expired);
    expired
}

#[test]
fn waiting_begins_with_the_call_and_not_with_the_last_sign_of_life() {
    let (_, mut peer) = open(Config::default(), keepalive());
    assert_eq!(peer.next_timeout(), None, "an idle connection has no timer");
    let hour = at(3_600_000);
    let opening = Opening { deadline: None, ..request(0) };
    peer.open(opening, hour, 1, |_| Ok(())).expect("sent");
    assert_eq!(peer.next_timeout(), Some(hour.after_ms(QUIET_MS)));
}

#[test]
fn a_subscription_waits_for_nothing() {
    let (_, mut peer) = open(Config::default(), keepalive());
    let opening = Opening { kind: Kind::Subscribe, deadline: None, down: true, ..request(0) };
    peer.open(opening, Time::ZERO, 1, |_| Ok(())).expect("sent");
    assert_eq!(peer.next_timeout(), None);
}

#[test]
fn f21_half_a_frame_is_a_sign_of_life() {
    let (mut hub, mut peer) = open(Config::default(), keepalive());
    let id = peer.open(request(0), Time::ZERO, 1, |_| Ok(())).expect("sent");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a request");
    hub.reply(id, Status::Ok, |out| {
        out.raw(&[0; 100]);
        Ok(())
    })
    .expect("a reply");
    let reply = sent(&mut hub);
    assert!(timeout(&mut peer, at(QUIET_MS)).is_empty());
    assert_eq!(count(&sent(&mut peer), Kind::Ping), 1);
    // The other side stops in the middle of a frame and goes on, again and again, each time within the grace.
    let mut received = Vec::new();
    for (step, piece) in reply.chunks(40).enumerate() {
        let now = at(QUIET_MS + (step as u32 + 1) * (GRACE_MS - 1));
        received.extend_from_slice(piece);
        let events = take(&mut peer, &received, now).expect("no violation");
        assert!(timeout(&mut peer, now).iter().all(|each| !matches!(each, Expired::Silent)));
        assert_eq!(events.len(), usize::from(received.len() == reply.len()));
    }
}

#[test]
fn f21_silence_is_found_when_the_grace_is_over() {
    let (_, mut peer) = open(Config::default(), keepalive());
    peer.open(request(0), Time::ZERO, 1, |_| Ok(())).expect("sent");
    assert!(timeout(&mut peer, at(QUIET_MS)).is_empty());
    assert_eq!(peer.next_timeout(), Some(at(QUIET_MS + GRACE_MS)));
    assert!(timeout(&mut peer, at(QUIET_MS + GRACE_MS - 1)).is_empty());
    assert!(matches!(timeout(&mut peer, at(QUIET_MS + GRACE_MS))[..], [Expired::Silent]));
}

#[test]
fn who_sleeps_is_told_when_the_next_timeout_comes_nearer() {
    let mut peer = peer(Config::default());
    assert!(!peer.take_timeout_moved());
    peer.open(request(500), Time::ZERO, 1, |_| Ok(())).expect("held");
    assert!(peer.take_timeout_moved(), "nothing may leave, and still there is a deadline");
    assert!(!peer.take_timeout_moved());
    peer.open(request(600), Time::ZERO, 2, |_| Ok(())).expect("held");
    assert!(!peer.take_timeout_moved(), "later is no news");
    peer.open(request(400), Time::ZERO, 3, |_| Ok(())).expect("held");
    assert!(peer.take_timeout_moved());
    let expired = timeout(&mut peer, at(400));
    assert!(matches!(expired[..], [Expired::Outbound { data: 3, .. }]));
}

#[test]
fn f03_an_unknown_status_leaves_the_call_to_be_told() {
    let (mut hub, mut peer) = open(Config::default(), Config::default());
    let id = peer.open(request(0), Time::ZERO, 7, |_| Ok(())).expect("sent");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a request");
    hub.reply(id, Status::Ok, |_| Ok(())).expect("a reply");
    let mut reply = sent(&mut hub);
    reply[12..16].copy_from_slice(&99u32.to_le_bytes());
    let goodbye = take(&mut peer, &reply, Time::ZERO).expect_err("a violation");
    assert_eq!(goodbye.reason, Reason::MalformedPayload);
    assert_eq!(peer.close(&goodbye).outbound, [(id, 7)]);
}

#[test]
fn f13_a_late_outcome_is_told_to_who_wants_it() {
    let (mut hub, mut peer) = open(Config::default(), Config::default());
    let mut opened = Vec::new();
    for data in [1, 2, 3] {
        opened.push(peer.open(request(0), Time::ZERO, data, |_| Ok(())).expect("sent"));
    }
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("requests");
    for id in &opened {
        hub.reply(*id, Status::Ok, |_| Ok(())).expect("a reply");
    }
    assert_eq!(peer.cancel(opened[0]), Some(1));
    assert_eq!(peer.cancel(opened[1]), Some(2));
    peer.expect_late(opened[1], 20);
    peer.expect_late(opened[2], 30);
    let events = take(&mut peer, &sent(&mut hub), Time::ZERO).expect("replies");
    let expected = [format!("end {:#x} ok 20", opened[1]), format!("end {:#x} ok 3", opened[2])];
    assert_eq!(events, expected, "one outcome each, and none where nobody wants it");
    assert_eq!(peer.calls_open(), (0, 0));
}
