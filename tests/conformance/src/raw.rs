//! A connection that speaks in single frames: for what no client of ours would ever say.

use std::future::poll_fn;
use std::task::Poll;

use portcullis::codec::Message;
use portcullis::link::{Framing, Link, RecvBuffer};
use portcullis_proto::codec::{from_bytes, to_bytes};
use portcullis_proto::frame::{self, Head, Kind, Parsed};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Bind, Bound, Target, hub_ordinal};
use portcullis_proto::rpc::Interface;
use portcullis_proto::session::{Hello, Limits, PROTOCOL};
use portcullis_proto::status::Status;

use crate::transport::BoxLink;

/// A frame that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// Its header.
    pub head: Head,
    /// Its body.
    pub body: Vec<u8>,
}

/// The client's end of a connection, without a client.
pub struct RawPeer {
    link: BoxLink,
    buffer: RecvBuffer,
}

/// The bytes of a value.
pub fn bytes_of(value: &impl Message) -> Vec<u8> {
    to_bytes(value).expect("a value that keeps its contract")
}

/// A frame, as bytes.
pub fn frame(head: Head, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let start = frame::begin(&mut bytes, head);
    bytes.extend_from_slice(body);
    frame::finish(&mut bytes, start);
    bytes
}

/// A one-way message without a body, to binding 1, that takes these parcels; as bytes.
pub fn attached(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let start = frame::begin(&mut bytes, Head { binding: 1, ..Head::new(Kind::Notify) });
    frame::attach(&mut bytes, start, numbers.iter().copied());
    frame::finish(&mut bytes, start);
    bytes
}

/// A hello without interfaces.
pub fn hello() -> Hello {
    Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        client: "raw".to_owned(),
        limits: Limits::DEFAULT,
        interfaces: Vec::new(),
    }
}

/// A request for a binding of any instance, as bytes.
pub fn bind_frame<I: Interface>(id: u32) -> Vec<u8> {
    let descriptor = I::descriptor();
    let bind = Bind {
        interface: descriptor.name.to_owned(),
        shape: descriptor.shape.clone(),
        target: Target::Any,
    };
    let head = Head { ordinal: hub_ordinal::BIND, id, ..Head::new(Kind::Request) };
    frame(head, &bytes_of(&bind))
}

/// A hello without interfaces, as bytes.
pub fn hello_frame() -> Vec<u8> {
    frame(Head::new(Kind::Hello), &bytes_of(&hello()))
}

/// Sends all bytes on a socket that waits for room, and up to two descriptors with the first of them.
#[cfg(unix)]
pub fn send_with(
    socket: &std::os::unix::net::UnixStream,
    bytes: &[u8],
    descriptors: &[std::os::fd::BorrowedFd<'_>],
) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(descriptors)));
    }
    let all = [std::io::IoSlice::new(bytes)];
    let sent = sendmsg(socket, &all, &mut control, SendFlags::NOSIGNAL).expect("sent");
    std::io::Write::write_all(&mut &*socket, &bytes[sent..]).expect("sent");
}

/// The first id of a call, for slot 0.
pub const FIRST_ID: u32 = 0x1_0000;

impl RawPeer {
    /// Speaks over `link`.
    pub fn new(link: BoxLink) -> Self {
        Self { link, buffer: RecvBuffer::default() }
    }

    /// Whether frames may be cut anywhere on their way.
    pub fn is_stream(&self) -> bool {
        self.link.framing() == Framing::Stream
    }

    /// Sends bytes as they are; on a transport of messages, as one. False when nobody takes them any more.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        let sent = poll_fn(|context| {
            while !rest.is_empty() {
                match self.link.poll_write(context, rest) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(false),
                    Poll::Ready(Ok(count)) => rest = rest.get(count..).unwrap_or_default(),
                }
            }
            self.link.poll_flush(context).map(|flushed| flushed.is_ok())
        });
        sent.await
    }

    /// Sends a frame.
    pub async fn say(&mut self, head: Head, body: &[u8]) -> bool {
        self.send(&frame(head, body)).await
    }

    /// Introduces itself; the next frame is the hub's answer.
    pub async fn greet(&mut self, hello: &Hello) {
        self.say(Head::new(Kind::Hello), &bytes_of(hello)).await;
    }

    /// Introduces itself and is taken in.
    pub async fn join(&mut self) {
        self.greet(&hello()).await;
        let got = self.next().await.expect("an answer");
        assert_eq!(got.head.kind, Kind::Welcome, "{got:?}");
    }

    /// Binds any instance; returns its number.
    pub async fn bind<I: Interface>(&mut self, id: u32) -> u32 {
        self.send(&bind_frame::<I>(id)).await;
        let got = self.next().await.expect("an answer");
        assert_eq!((got.head.kind, got.head.ordinal), (Kind::End, Status::Ok.code()), "{got:?}");
        from_bytes::<Bound>(&got.body).expect("bound").binding
    }

    /// The next frame; `None` at the end of the connection, be it an orderly one or not.
    pub async fn next(&mut self) -> Option<Got> {
        // Every turn takes a frame or reads on.
        loop {
            match frame::parse(self.buffer.filled(), u32::MAX).expect("a frame of the hub") {
                Parsed::Frame { frame, length } => {
                    let got = Got { head: frame.head, body: frame.body.to_vec() };
                    self.buffer.consume(length, 0);
                    return Some(got);
                }
                Parsed::Skip { length } => self.buffer.consume(length, 0),
                Parsed::Incomplete { needed } => {
                    self.buffer.consume(0, needed);
                    let read = poll_fn(|context| self.link.poll_read(context, &mut self.buffer));
                    if !matches!(read.await, Ok(1..)) {
                        return None;
                    }
                }
            }
        }
    }

    /// The next frame of a kind; others are passed over.
    pub async fn next_of(&mut self, kind: Kind) -> Option<Got> {
        // Every turn takes a frame.
        loop {
            let got = self.next().await?;
            if got.head.kind == kind {
                return Some(got);
            }
        }
    }

    /// The hub's last word, once it has said it; other frames are passed over. Nothing may come behind it.
    pub async fn goodbye(&mut self) -> Option<Goodbye> {
        let got = self.next_of(Kind::Goodbye).await?;
        let reason = Reason::from_code(got.head.ordinal).expect("a reason");
        let message = String::from_utf8(got.body).expect("text");
        assert_eq!(self.next().await, None, "behind the goodbye");
        Some(Goodbye { reason, message })
    }
}
