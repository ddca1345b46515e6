//! Access: deny by default, one answer to everything that is denied, identity from admission alone (R20, f33 to f37).

use std::time::Duration;

use portcullis::Status;
use portcullis::hub::{Grant, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis_proto::codec::from_bytes;
use portcullis_proto::error::FailureBody;
use portcullis_proto::frame::{Head, Kind};
use portcullis_proto::peer::{Bind, Serve, hub_ordinal};
use portcullis_proto::rpc::Interface;
use portcullis_proto::session::Shape;
use sample_contract::{
    EchoClient, EchoInterface, EchoRequest, EchoServer, FlowsClient, TopicsClient, TopicsServer,
};

use super::failed;
use crate::contract::{ChainClient, ChainInterface};
use crate::raw::{FIRST_ID, Got, bytes_of};
use crate::scene::{By, GUEST, Scene, VIEWER};
use crate::service::{EchoService, TopicsService};

/// f33: what is denied and what does not exist get the same answer, byte for byte.
pub async fn f33_denied_and_unknown_look_the_same(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let denied_before = served.hub.counters().denied;
    let mut raw = scene.raw("raw", VIEWER).await;
    raw.join().await;
    let echo = raw.bind::<EchoInterface>(FIRST_ID).await;
    let shape = || Shape { hash: [7; 16], earlier: Vec::new() };
    let bind = |interface: &str| {
        bytes_of(&Bind { interface: interface.to_owned(), shape: shape(), target: Target::Any })
    };
    let serve = |interface: &str| {
        let instance = String::new();
        bytes_of(&Serve { interface: interface.to_owned(), shape: shape(), instance })
    };
    let hub_call = |ordinal| Head { ordinal, ..Head::new(Kind::Request) };
    let call = |ordinal| Head { binding: echo, ordinal, ..Head::new(Kind::Request) };
    let subscribe = |ordinal| Head { binding: echo, ordinal, ..Head::new(Kind::Subscribe) };
    let asked = [
        ("bind what is not granted", hub_call(hub_ordinal::BIND), bind("sample.flows")),
        ("bind what does not exist", hub_call(hub_ordinal::BIND), bind("sample.nothing")),
        ("serve what is not granted", hub_call(hub_ordinal::SERVE), serve("sample.echo")),
        ("serve what does not exist", hub_call(hub_ordinal::SERVE), serve("sample.nothing")),
        ("a call of the hub that does not exist", hub_call(99), Vec::new()),
        // These arguments are none: they are not looked at.
        ("a call that is not granted", call(1), vec![0xff; 3]),
        ("a call that does not exist", call(4_000), vec![0xff; 3]),
        ("a subscription to a call", subscribe(0), Vec::new()),
        ("a subscription to nothing", subscribe(4_000), Vec::new()),
    ];
    let count = asked.len() as u64;
    let mut answers = Vec::new();
    for (at, (what, head, body)) in (1u32..).zip(asked) {
        let id = FIRST_ID + 0x1_0000 * at;
        raw.say(Head { id, ..head }, &body).await;
        let answer = raw.next_of(Kind::End).await.expect("an answer");
        assert_eq!(answer.head.id, id, "{what}");
        assert_eq!(answer.head.ordinal, Status::PermissionDenied.code(), "{what}");
        let failure: FailureBody = from_bytes(&answer.body).expect("a failure");
        assert_eq!((failure.channel.as_str(), failure.path.as_str()), ("", ""), "{what}");
        answers.push((what, answer.body));
    }
    let (first, body) = &answers[0];
    for (what, other) in &answers {
        assert_eq!(other, body, "`{what}` can be told from `{first}`");
    }
    assert_eq!(served.hub.counters().denied - denied_before, count);
    assert_eq!(served.hub.counters().violations(), 0);
}

/// A role may do what it was granted, by a channel's name or its capability, and nothing else.
pub async fn a_role_may_do_what_it_was_granted(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let viewer = scene.peer_with("viewer", VIEWER, PeerConfig::default()).await;
    let echo: EchoClient = viewer.bind(Target::Any).await.expect("bound");
    let request = EchoRequest { number: 1, ..EchoRequest::default() };
    assert_eq!(echo.call(request).await.expect("granted").number, 2);
    echo.who().await.expect("granted by its capability");
    failed(echo.nothing().await, Status::PermissionDenied);
    failed(echo.bytes(Vec::new()).await, Status::PermissionDenied);
    // One-way: nothing comes back, and nothing arrives.
    echo.tell("a word".into()).expect("sent");
    let topics: TopicsClient = viewer.bind(Target::Any).await.expect("bound");
    let mut ticked = topics.subscribe_ticked();
    failed(topics.subscribe_kept().next().await, Status::PermissionDenied);
    failed(topics.emit(1, 1).await, Status::PermissionDenied);
    let within = Duration::from_secs(60);
    failed(topics.publisher().ticked_reported(&1, within).await, Status::PermissionDenied);
    topics.publisher().ticked(&1).expect("sent, and denied");
    failed(viewer.bind::<FlowsClient>(Target::Any).await, Status::PermissionDenied);
    let serving = viewer.serve(EchoServer::new(EchoService::default()), "").await;
    failed(serving.map(|_| ()), Status::PermissionDenied);
    served.publisher.ticked(&2).expect("published");
    assert_eq!(ticked.next().await.expect("a value"), Some(2), "the denied one is not there");
    assert_eq!(served.seen.told.get(), 0);
}

/// A role that was granted nothing may do nothing.
pub async fn a_guest_may_do_nothing(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let guest = scene.peer_with("guest", GUEST, PeerConfig::default()).await;
    let served_now = guest.bind::<EchoClient>(Target::Any).await;
    let error = failed(served_now, Status::PermissionDenied);
    let not_served = guest.bind::<ChainClient>(Target::Instance("x".into())).await;
    let other = failed(not_served, Status::PermissionDenied);
    assert_eq!(error.message(), other.message());
    let serving = guest.serve(TopicsServer::new(TopicsService::default()), "").await;
    failed(serving.map(|_| ()), Status::PermissionDenied);
    let info = served.hub.peers().into_iter().find(|peer| peer.label == "guest").expect("here");
    assert_eq!(info.counters.denied, 3);
}

/// f33: what was begun by a grant ends with it, though nobody says anything any more; the handler sees it, once.
pub async fn f33_a_grant_runs_out_while_nobody_speaks(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let viewer = scene.peer_with("viewer", VIEWER, PeerConfig::default()).await;
    let echo: EchoClient = viewer.bind(Target::Any).await.expect("bound");
    let slow = echo.with_timeout(Duration::from_secs(600));
    let find = |peer: &portcullis::hub::PeerInfo| peer.label == "viewer";
    let peer = served.hub.peers().into_iter().find(find).expect("here").peer;
    let brief = Grant::call("sample.echo.never").lasting(Duration::from_millis(300));
    served.hub.grant(peer, &brief).expect("granted");
    failed(slow.never().await, Status::PermissionDenied);
    failed(slow.never().await, Status::PermissionDenied);
    assert_eq!(served.hub.counters().denied, 2);
    // Taken back at once.
    served.hub.grant(peer, &Grant::call("sample.echo.never")).expect("granted");
    let began = served.seen.started.get();
    let never = slow.never();
    let revoked = async {
        while served.seen.started.get() == began {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        served.hub.revoke(peer, &Grant::call("sample.echo.*")).expect("revoked");
    };
    let (outcome, ()) = tokio::join!(never, revoked);
    failed(outcome, Status::PermissionDenied);
    // Others go on.
    let other: EchoClient = served.bind().await;
    other.nothing().await.expect("granted to others");
}

/// f34: what a peer says of itself changes nothing.
pub async fn f34_identity_is_what_main_admitted(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let config = PeerConfig { client: "main".into(), ..PeerConfig::default() };
    let guest = scene.peer_with("guest", GUEST, config).await;
    failed(guest.bind::<EchoClient>(Target::Any).await, Status::PermissionDenied);
    let echo: EchoClient = served.bind().await;
    assert_eq!(echo.who().await.expect("a reply").label, "client");
}

/// f37: what a peer asks of another passes by its own rights, not by those of the server.
pub async fn f37_relayed_calls_have_the_callers_rights(scene: &Scene) {
    let served = scene.served(By::Peer).await;
    let viewer = scene.peer_with("viewer", VIEWER, PeerConfig::default()).await;
    let echo: EchoClient = viewer.bind(Target::Label("server".into())).await.expect("bound");
    failed(echo.later(1).await, Status::PermissionDenied);
    assert_eq!(served.seen.started.get(), 0, "the server has heard nothing of it");
}

/// f35: the number that another peer holds opens nothing.
pub async fn f35_numbers_of_others_open_nothing(scene: &Scene) {
    let served = scene.served(By::Peer).await;
    let client: EchoClient = served.bind().await;
    client.nothing().await.expect("a reply");
    let mut raw = scene.raw("raw", VIEWER).await;
    raw.join().await;
    // The client holds it for the echo; this peer was never given it.
    raw.say(Head { binding: 1, id: FIRST_ID, ..Head::new(Kind::Request) }, &[]).await;
    let goodbye = raw.goodbye().await.expect("a goodbye");
    assert_eq!(goodbye.reason, Reason::UnknownBinding);
    client.nothing().await.expect("nobody else is disturbed");
}

/// The hash of a bind is compared, too: a peer that offered nothing at the handshake finds out then.
pub async fn a_bind_compares_hashes(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let mut raw = scene.raw("raw", VIEWER).await;
    raw.join().await;
    let bind = Bind {
        interface: EchoInterface::NAME.to_owned(),
        shape: ChainInterface::descriptor().shape.clone(),
        target: Target::Any,
    };
    let head = Head { ordinal: hub_ordinal::BIND, id: FIRST_ID, ..Head::new(Kind::Request) };
    raw.say(head, &bytes_of(&bind)).await;
    let Got { head, body } = raw.next_of(Kind::End).await.expect("an answer");
    assert_eq!(head.ordinal, Status::ContractMismatch.code());
    let failure: FailureBody = from_bytes(&body).expect("a failure");
    assert!(failure.message.contains("sample.echo"), "{failure:?}");
}
