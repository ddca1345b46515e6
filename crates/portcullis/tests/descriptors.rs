//! Descriptors that no frame declares: each is closed, its sender ends, and nothing is left (f17). The only test of its
//! process, because it counts the process's descriptors.
#![cfg(target_os = "linux")]

use std::io::{IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use portcullis::hub::{Admission, Kind, Reason};
use portcullis::link::UnixLink;
use portcullis::{Hub, Role};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

mod topics;

/// Whatever hangs is ended.
const WATCHDOG: Duration = Duration::from_secs(60);
/// A greeting without interfaces.
const HELLO: &[u8] = b"\x2f\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \x01\x01\0\x80\x80\x80\x08\x80\x80\x80\x02\x80\x08\x10\x80\x80\x40\x80\x80\x80\x20\0\0";
/// More than fit the hub's buffer for them, so that the system cuts them off.
const MANY: usize = 200;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("this is Linux").count()
}

/// Sends bytes, and with them so many copies of a descriptor.
fn send(socket: &UnixStream, bytes: &[u8], count: usize) {
    let null = std::fs::File::open("/dev/null").expect("there");
    let descriptors = vec![null.as_fd(); count];
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MANY))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).expect("sent");
}

#[tokio::test]
async fn f17_descriptors_that_nobody_declared_are_closed_and_end_their_sender() {
    let role = Role::new("all");
    let hub = Hub::builder(topics::contract()).role(role).build().expect("roles fit");
    let base = open_descriptors();
    for blocking in [false, true] {
        // With a frame that declares none; with half a frame, more than any could declare.
        for (bytes, count) in [(HELLO, 1), (HELLO, 4), (&HELLO[..1], MANY)] {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let admission = Admission::new("passer", "all", Kind::Native);
            let connection = if blocking {
                hub.attach_blocking(ours, &admission).expect("admitted")
            } else {
                hub.attach(UnixLink::new(ours).expect("a link"), &admission).expect("admitted")
            };
            send(&theirs, bytes, count);
            let ended = tokio::time::timeout(WATCHDOG, connection.closed()).await;
            let goodbye = ended.expect("it does not hang");
            assert_eq!(goodbye.reason, Reason::MalformedFrame, "{goodbye}");
            assert!(goodbye.message.contains("descriptor"), "{goodbye}");
            // The reason reaches the other end, before the socket closes.
            let said = tokio::task::spawn_blocking(move || {
                let mut theirs = theirs;
                theirs.set_read_timeout(Some(WATCHDOG)).expect("set");
                let mut said = Vec::new();
                theirs.read_to_end(&mut said).map(|_| said)
            });
            let said = said.await.expect("read").expect("until its end");
            let said = String::from_utf8_lossy(&said).into_owned();
            assert!(said.contains("descriptor"), "{said:?}");
        }
    }
    assert_eq!(hub.counters().violations(), 6);
    let settled = async {
        while open_descriptors() > base {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let left = tokio::time::timeout(WATCHDOG, settled).await;
    assert!(left.is_ok(), "{} descriptors, {base} before", open_descriptors());
}
