//! A ring of shared memory, offered by hand as `docs/protocol.md` (section 16) says. What a scenario sends and receives is carried
//! between its link and the ring by two threads.

use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use portcullis::Hub;
use portcullis::hub::Admission;
use portcullis::link::IoLink;
use portcullis_shm::ring::{Bell, Consumer, Duplex, Producer, Spin, Waited};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::{BoxFuture, BoxLink, Transport};
use crate::raw::send_with;

/// Bytes of each direction: less than many a frame.
const CAPACITY: u32 = 16 * 1024;
/// How often a thread looks whether the connection has ended.
const TICK: Duration = Duration::from_millis(5);

/// A ring beside a connected pair.
#[derive(Debug, Default)]
pub struct Ring;

impl Transport for Ring {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            hub.attach_blocking(ours, admission).expect("admitted");
            open(theirs).await
        })
    }
}

/// The same, which the hub reads by a task.
#[derive(Debug, Default)]
pub struct RungRing;

impl Transport for RungRing {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            hub.attach_ring(ours, admission).expect("admitted");
            open(theirs).await
        })
    }
}

async fn open(theirs: UnixStream) -> BoxLink {
    let offered = tokio::task::spawn_blocking(move || {
        let ring = offered(&theirs, CAPACITY);
        (ring, theirs)
    });
    let (Duplex { producer, consumer }, socket) = offered.await.expect("offered");
    let (near, far) = UnixStream::pair().expect("a pair");
    far.set_nonblocking(true).expect("set");
    let (ups, ended) = (near.try_clone(), socket.try_clone());
    let (ups, ended) = (ups.expect("a descriptor"), ended.expect("a descriptor"));
    std::thread::spawn(move || carry_up(ups, producer, &ended));
    std::thread::spawn(move || carry_down(consumer, near, &socket));
    BoxLink::new(IoLink::new(tokio::net::UnixStream::from_std(far).expect("a socket")))
}

/// Offers a ring of so many bytes on a socket that has carried nothing, and hears that it is taken.
pub fn offered(socket: &UnixStream, capacity: u32) -> Duplex {
    offered_to(socket, capacity).0
}

/// The same, and the bell of a hub that does not sleep on the ring.
pub fn offered_to(socket: &UnixStream, capacity: u32) -> (Duplex, Option<OwnedFd>) {
    let (mut ring, memory) = Duplex::create(capacity, Spin::Never).expect("memory");
    let offer = [b"PCRING\0\x01".as_slice(), &capacity.to_le_bytes()].concat();
    send_with(socket, &offer, &[memory.as_fd()]);
    let mut answer = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(&mut answer)];
    recvmsg(socket, into, &mut control, RecvFlags::CMSG_CLOEXEC).expect("an answer");
    let bell = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    assert_eq!(&answer, if bell.is_some() { b"B" } else { b"R" });
    if let Some(bell) = &bell {
        ring.producer.tell_by(Bell::from(bell.try_clone().expect("a descriptor")));
    }
    (ring, bell)
}

/// Until the scenario lets its link go, or the hub its socket.
fn carry_up(mut from: UnixStream, mut ring: Producer, socket: &UnixStream) {
    let mut bytes = [0; 4096];
    // Every turn carries something, or ends the loop.
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        while ring.push_wait(&bytes[..count], Some(TICK)).is_err() {
            if has_ended(socket) {
                // Nothing goes up or down any more, whatever the scenario does.
                let _ = from.shutdown(std::net::Shutdown::Both);
                return;
            }
        }
    }
    // As a process that is gone.
    let _ = socket.shutdown(std::net::Shutdown::Both);
}

/// Until the hub ends the connection, with what it said before.
fn carry_down(mut ring: Consumer, mut to: UnixStream, socket: &UnixStream) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let ended = has_ended(socket);
        let taken = ring.pop_batch(&mut bytes, 64 * 1024).expect("the hub keeps the rules");
        if to.write_all(&bytes).is_err() || (ended && taken == 0) {
            break;
        }
        if taken == 0 && ring.wait(Some(TICK)) == Ok(Waited::Closed) {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn has_ended(socket: &UnixStream) -> bool {
    let mut byte = [0; 1];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    !matches!(rustix::net::recv(socket, &mut byte, flags), Err(rustix::io::Errno::AGAIN))
}
