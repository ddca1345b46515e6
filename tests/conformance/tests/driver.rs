//! What a connection's driver owes its peer when the other end does not do its part.
#![cfg(unix)]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use conformance::raw::frame;
use conformance::service::EchoService;
use portcullis::hub::Reason;
use portcullis::link::{IoLink, UnixLink};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Status, client};
use portcullis_proto::frame::{Head, Kind};
use sample_contract::{EchoClient, EchoServer};

fn goodbye(reason: Reason, text: &str) -> Vec<u8> {
    frame(Head { ordinal: reason.code(), ..Head::new(Kind::Goodbye) }, text.as_bytes())
}

/// A hub that has closed takes nothing any more; what it said before is heard all the same.
#[tokio::test]
async fn a_goodbye_is_heard_when_nothing_can_be_written() {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    ours.write_all(&goodbye(Reason::Revoked, "main took it back")).expect("written");
    drop(ours);
    let link = UnixLink::new(theirs).expect("a link");
    let peer = client::connect(link, &PeerConfig::default());
    let goodbye = peer.ready().await.expect_err("it has ended");
    assert_eq!((goodbye.reason, goodbye.message.as_str()), (Reason::Revoked, "main took it back"));
}

/// The same for the driver without a runtime.
#[test]
fn a_blocking_peer_hears_a_goodbye_when_nothing_can_be_written() {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    ours.write_all(&goodbye(Reason::Revoked, "main took it back")).expect("written");
    drop(ours);
    let mut blocking =
        client::BlockingPeer::new(theirs, &PeerConfig::default()).expect("a blocking peer");
    let peer = blocking.peer().clone();
    let goodbye = blocking.block_on(peer.ready()).expect_err("it has ended");
    assert_eq!((goodbye.reason, goodbye.message.as_str()), (Reason::Revoked, "main took it back"));
}

/// f22: a call that cannot even leave, because the hub never answers, ends with its deadline; the driver had nothing to
/// do any more when it was made.
#[tokio::test(start_paused = true)]
async fn f22_a_call_that_cannot_leave_ends_in_time() {
    let (_mute, link) = IoLink::memory();
    let peer = client::connect(link, &PeerConfig::default());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bound = peer.bind::<EchoClient>(Target::Any);
    let served = peer.serve(EchoServer::new(EchoService::default()), "");
    let watchdog = Duration::from_secs(3600);
    let (bound, served) =
        tokio::time::timeout(watchdog, async { tokio::join!(bound, served) }).await.expect("ends");
    assert_eq!(bound.expect_err("nobody answers").status(), Status::DeadlineExceeded);
    assert_eq!(served.expect_err("nobody answers").status(), Status::DeadlineExceeded);
}
