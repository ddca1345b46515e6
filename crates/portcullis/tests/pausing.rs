//! Peers that send faster than their budget allows, over real sockets: reading pauses, and the end of the connection is
//! seen all the same (f15, R21).
#![cfg(all(unix, feature = "blocking"))]

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use portcullis::hub::{Admission, Budget, Connection, Kind, Reason};
use portcullis::link::UnixLink;
use portcullis::{Hub, Role};
use portcullis_proto::codec::to_bytes;
use portcullis_proto::frame::{self, Head, Kind as Frame};
use portcullis_proto::session::{Hello, Limits, PROTOCOL};

mod topics;

/// Whatever hangs is ended.
const WATCHDOG: Duration = Duration::from_secs(60);

fn hub(budget: Budget) -> Hub {
    let role = Role::new("all").budget(budget);
    Hub::builder(topics::contract()).role(role).build().expect("roles fit")
}

fn attach(hub: &Hub, blocking: bool) -> (Connection, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let admission = Admission::new("fast", "all", Kind::Native);
    let connection = if blocking {
        hub.attach_blocking(ours, &admission)
    } else {
        hub.attach(UnixLink::new(ours).expect("a link"), &admission)
    };
    (connection.expect("admitted"), theirs)
}

/// A hello, and so many pings.
fn bytes(pings: usize) -> Vec<u8> {
    let hello = Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        client: String::new(),
        limits: Limits::DEFAULT,
        interfaces: Vec::new(),
    };
    let mut bytes = Vec::new();
    let start = frame::begin(&mut bytes, Head::new(Frame::Hello));
    bytes.extend(to_bytes(&hello).expect("a hello"));
    frame::finish(&mut bytes, start);
    for _ in 0..pings {
        let start = frame::begin(&mut bytes, Head { id: 1, ..Head::new(Frame::Ping) });
        frame::finish(&mut bytes, start);
    }
    bytes
}

async fn paused(hub: &Hub) {
    while !hub.peers().iter().any(|peer| peer.counters.paused > 0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn watched<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(WATCHDOG, test).await.expect("no hang")
}

#[tokio::test]
async fn f15_a_burst_beyond_the_budget_is_read_at_its_rate_and_answered_whole() {
    for blocking in [false, true] {
        watched(async {
            let hub = hub(Budget::new().frames_per_second(10_000, 100));
            let (connection, theirs) = attach(&hub, blocking);
            let mut writer = theirs.try_clone().expect("a copy");
            let began = tokio::time::Instant::now();
            let writing = tokio::task::spawn_blocking(move || writer.write_all(&bytes(4_000)));
            let reading = tokio::task::spawn_blocking(move || {
                let mut theirs = theirs;
                theirs.set_read_timeout(Some(WATCHDOG)).expect("set");
                // The welcome comes first; its length does not matter here.
                let mut length = [0; 4];
                theirs.read_exact(&mut length).expect("a welcome");
                let rest = u32::from_le_bytes(length) as usize - 4;
                let mut pongs = vec![0; rest + 4_000 * frame::HEADER_BYTES];
                theirs.read_exact(&mut pongs).expect("every ping is answered");
                // Another ping comes after what it has had to wait for.
                let one = bytes(1);
                theirs.write_all(&one[one.len() - frame::HEADER_BYTES..]).expect("sent");
                let mut pong = [0; frame::HEADER_BYTES];
                theirs.read_exact(&mut pong).expect("answered");
                theirs
            });
            writing.await.expect("written").expect("the hub reads on");
            let theirs = reading.await.expect("read");
            let counters = hub.peers().first().expect("it is here").counters;
            assert!(counters.paused > 0 && counters.paused_ms > 0, "{counters:?}");
            // What was more than the burst took its time.
            assert!(began.elapsed() >= Duration::from_millis(350), "{:?}", began.elapsed());
            drop(theirs);
            assert_eq!(connection.closed().await.reason, Reason::Closed);
        })
        .await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn f15_a_paused_peer_that_hangs_up_is_gone_at_once() {
    for blocking in [false, true] {
        watched(async {
            // For what it sends it would have to wait for hours.
            let hub = hub(Budget::new().bytes_per_second(1, 1));
            let (connection, mut theirs) = attach(&hub, blocking);
            theirs.write_all(&bytes(500)).expect("sent");
            paused(&hub).await;
            drop(theirs);
            assert_eq!(connection.closed().await.reason, Reason::Closed, "blocking: {blocking}");
            assert!(hub.peers().is_empty());
        })
        .await;
    }
}

#[tokio::test]
async fn f15_a_paused_peer_is_told_what_the_hub_has_to_say() {
    for blocking in [false, true] {
        watched(async {
            let hub = hub(Budget::new().bytes_per_second(1, 1));
            let (connection, mut theirs) = attach(&hub, blocking);
            theirs.write_all(&bytes(500)).expect("sent");
            paused(&hub).await;
            assert!(hub.disconnect(connection.peer(), Reason::Revoked));
            let said = tokio::task::spawn_blocking(move || {
                theirs.set_read_timeout(Some(WATCHDOG)).expect("set");
                let mut said = Vec::new();
                match theirs.read_to_end(&mut said) {
                    // What the hub has not read makes it a reset, behind its last words.
                    Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error),
                    _ => Ok(said),
                }
            });
            let said = said.await.expect("read").expect("until its end");
            assert!(String::from_utf8_lossy(&said).contains("took the grant back"), "{blocking}");
            assert_eq!(connection.closed().await.reason, Reason::Revoked);
        })
        .await;
    }
}
