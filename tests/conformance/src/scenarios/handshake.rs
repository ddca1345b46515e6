//! The handshake: versions and contracts that differ, and hellos that do not come (R3, f48).

use portcullis::hub::{HubEvent, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::Interface;
use portcullis::{Limits, Status};
use portcullis_proto::frame::Kind;
use portcullis_proto::session::Hello;
use sample_contract::{EchoClient, EchoInterface, EchoServer, FlowsInterface};

use super::{failed, until};
use crate::contract::other_build;
use crate::raw::{hello, hello_frame};
use crate::scene::{ALL, By, GUEST, Scene};
use crate::service::EchoService;

/// Two builds that agree talk; the peer learns who it is.
pub async fn builds_that_agree_talk(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let interfaces = vec![EchoInterface::descriptor(), FlowsInterface::descriptor()];
    let config = PeerConfig { interfaces, client: "test".into(), ..PeerConfig::default() };
    let peer = scene.peer_with("window", ALL, config).await;
    let welcome = peer.ready().await.expect("welcome");
    assert_eq!((welcome.label.as_str(), welcome.protocol), ("window", 1));
    assert_ne!(welcome.peer, 0);
}

/// f48: two builds of a contract find out at the handshake, and the goodbye names both and what differs.
pub async fn f48_builds_that_differ_part(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let interfaces = vec![FlowsInterface::descriptor(), other_build::EchoInterface::descriptor()];
    let config = PeerConfig { interfaces, client: "old window".into(), ..PeerConfig::default() };
    let peer = scene.connect("window", ALL, config).await;
    // A call that was made at once is told, too.
    let bound = peer.bind::<EchoClient>(Target::Any);
    let goodbye = peer.ready().await.expect_err("a mismatch");
    assert_eq!(goodbye.reason, Reason::ContractMismatch, "{goodbye}");
    let hash = EchoInterface::descriptor().hash().to_string();
    let theirs = other_build::EchoInterface::descriptor().hash().to_string();
    for part in ["sample.echo", "version 1", "version 7", "old window", "call", &hash, &theirs] {
        assert!(goodbye.message.contains(part), "`{part}` is not in: {goodbye}");
    }
    failed(bound.await, Status::Unavailable);
    assert_eq!(peer.closed().await, goodbye);
    assert_eq!(served.hub.counters().violations(), 0, "it is nobody's fault");
}

/// What a role is not granted is not disclosed to it: it learns nothing of a mismatch there.
pub async fn f48_what_is_not_granted_stays_unmentioned(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let interfaces = vec![other_build::EchoInterface::descriptor()];
    let config = PeerConfig { interfaces, ..PeerConfig::default() };
    scene.peer_with("guest", GUEST, config).await;
}

/// f48: without a version that both know, the goodbye names both ranges.
pub async fn f48_versions_that_differ_part(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    for (protocol_min, protocol_max) in [(2, 3), (0, 0), (3, 2)] {
        let mut raw = scene.raw("raw", ALL).await;
        raw.greet(&Hello { protocol_min, protocol_max, ..hello() }).await;
        let goodbye = raw.goodbye().await.expect("a goodbye");
        assert_eq!(goodbye.reason, Reason::VersionMismatch);
        let range = format!("{protocol_min} to {protocol_max}");
        assert!(goodbye.message.contains("version 1"), "{goodbye}");
        assert!(goodbye.message.contains(&range), "{goodbye}");
    }
    let mut raw = scene.raw("raw", ALL).await;
    raw.greet(&Hello { protocol_min: 0, protocol_max: 9, ..hello() }).await;
    assert_eq!(raw.next().await.expect("an answer").head.kind, Kind::Welcome);
}

/// Limits below their floors cannot work.
pub async fn limits_below_their_floors_are_refused(scene: &Scene) {
    for limits in [
        Limits { frame_bytes: 4_095, ..Limits::DEFAULT },
        Limits { window_bytes: 4_095, ..Limits::DEFAULT },
        Limits { calls: 0, ..Limits::DEFAULT },
        Limits { stream_items: 0, ..Limits::DEFAULT },
        Limits { stream_bytes: 0, ..Limits::DEFAULT },
    ] {
        let mut raw = scene.raw("raw", ALL).await;
        raw.greet(&Hello { limits, ..hello() }).await;
        let goodbye = raw.goodbye().await.expect("a goodbye");
        assert_eq!(goodbye.reason, Reason::MalformedPayload, "{limits:?}");
    }
}

/// f14: who says nothing is put out, and nobody else notices.
pub async fn f14_who_says_nothing_is_put_out(scene: &Scene) {
    // Long enough for the client that does speak, on a busy machine.
    let hub = scene.hub_with(|builder| builder.handshake_ms(1_500));
    let _echo = hub.serve(EchoServer::new(EchoService::default())).expect("served");
    let client = scene.peer("client").await;
    let echo: EchoClient = client.bind(Target::Any).await.expect("bound");
    let mut silent = scene.raw("silent", ALL).await;
    let mut halting = scene.raw("halting", ALL).await;
    // Half a header; on a transport of messages that would be a violation by itself.
    if halting.is_stream() {
        halting.send(&hello_frame()[..2]).await;
    }
    for raw in [&mut silent, &mut halting] {
        let goodbye = raw.goodbye().await.expect("a goodbye");
        assert_eq!(goodbye.reason, Reason::HandshakeTimeout);
    }
    assert_eq!(echo.inline(1).await.expect("a reply"), 1);
}

/// Binds made before the connection stands wait for it.
pub async fn early_binds_wait(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let peer = scene.connect("early", ALL, PeerConfig::default()).await;
    let echo: EchoClient = peer.bind(Target::Any).await.expect("bound");
    assert_eq!(echo.inline(6).await.expect("a reply"), 6);
}

/// f24: a connection that ends in the middle of its hello leaves nothing behind.
pub async fn f24_a_connection_lost_in_its_hello(scene: &Scene) {
    let hub = scene.hub();
    let mut events = hub.events();
    let hello = hello_frame();
    for cut in 0..hello.len() {
        let mut raw = scene.raw("raw", ALL).await;
        if raw.is_stream() {
            raw.send(&hello[..cut]).await;
        }
    }
    until(|| hub.peers().is_empty()).await;
    let _client = scene.peer("client").await;
    // Who never said hello never joined, and never left.
    let first = events.next().await.expect("an event");
    assert!(matches!(&first, HubEvent::Joined(info) if info.label == "client"), "{first:?}");
}
