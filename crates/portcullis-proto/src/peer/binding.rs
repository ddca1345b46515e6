//! A client's handle on one instance of an interface, and a publisher's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::calling::{Calling, Incoming, Reporting};
use super::cell::{Pending, Undo};
use super::control::{Bound, hub_ordinal};
use super::core::{Export, PeerConfig};
use super::shared::{Driver, Peer, Shared};
use super::subscription::Subscription;
use crate::codec::{Body, CodecError, Encoder, Message};
use crate::error::Error;
use crate::frame::Kind;
use crate::rpc::{Call, CallError, ChannelInfo, Host, LocalCall, Sink};
use crate::session::{Leg, Opening, SendError, Session};
use crate::status::Status;
use crate::time::Time;

/// A handle on one instance of an interface. Cheap to clone; the last clone releases the binding.
#[derive(Clone)]
pub struct Binding {
    handle: Arc<Handle>,
    timeout: Timeout,
}

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
enum Timeout {
    /// As the channel declares.
    Declared,
    /// This long.
    Of(Duration),
    /// Until an outer call runs out, and not longer than declared.
    Until(Time),
}

struct Handle {
    peer: Arc<Shared>,
    number: u32,
    label: String,
    instance: String,
    /// The hub's own binding, and a server's export, are not released.
    release: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.release {
            return;
        }
        let now = self.peer.now();
        self.peer.with(|core| core.give_back(hub_ordinal::RELEASE, self.number, now));
    }
}

impl Binding {
    pub(super) fn new(peer: &Peer, bound: Bound) -> Self {
        let Bound { binding: number, label, instance } = bound;
        Self::of(peer.shared(), number, label, instance, true)
    }

    /// The hub itself.
    pub(super) fn hub(peer: &Peer) -> Self {
        Self::of(peer.shared(), 0, String::new(), String::new(), false)
    }

    /// A binding on no instance: all that is asked of it fails with `unavailable`, and is not sent. It stands where a client
    /// is needed before there is a connection.
    pub fn nowhere(driver: Arc<dyn Driver>) -> Self {
        let peer = Peer::new(&PeerConfig::default(), driver);
        peer.lost("there is none");
        Self::of(peer.shared(), u32::MAX, String::new(), String::new(), false)
    }

    fn of(peer: &Arc<Shared>, number: u32, label: String, instance: String, release: bool) -> Self {
        let peer = Arc::clone(peer);
        let handle = Arc::new(Handle { peer, number, label, instance, release });
        Self { handle, timeout: Timeout::Declared }
    }

    /// The label of the window or worker that serves the instance; empty for main.
    pub fn label(&self) -> &str {
        &self.handle.label
    }

    /// The instance's name.
    pub fn instance(&self) -> &str {
        &self.handle.instance
    }

    /// Whether the instance has left: calls end with `unavailable`.
    pub fn is_gone(&self) -> bool {
        let core = self.handle.peer.lock();
        core.ended.is_some() || core.unbound.contains(&self.handle.number)
    }

    /// The same instance, with calls that take at most `timeout`.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { handle: Arc::clone(&self.handle), timeout: Timeout::Of(timeout) }
    }

    /// The same instance, with calls that belong to an outer one and end when its time runs out.
    #[must_use]
    pub fn within(&self, call: &Call) -> Self {
        let timeout = match call.remaining() {
            Some(remaining) => Timeout::Until(self.handle.peer.now() + remaining),
            None => self.timeout,
        };
        Self { handle: Arc::clone(&self.handle), timeout }
    }

    /// When a call of `channel` ends at the latest, if that is known, and how long it may take.
    fn time(&self, channel: &ChannelInfo) -> (Option<Time>, Duration) {
        match self.timeout {
            Timeout::Declared => (None, channel.deadline),
            Timeout::Of(timeout) => (None, timeout),
            Timeout::Until(end) => (Some(end), channel.deadline),
        }
    }

    /// Opens a call. The request is written at once, so that calls start in the order they are made.
    #[inline]
    fn open<T, F>(
        &self,
        channel: &'static ChannelInfo,
        (up, down): (bool, bool),
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> (Calling<T, F>, u32) {
        let (peer, (latest, within)) = (&self.handle.peer, self.time(channel));
        let opening = Opening {
            kind: Kind::Request,
            binding: self.handle.number,
            ordinal: channel.ordinal,
            deadline: latest,
            slack_ms: 0,
            up,
            down,
        };
        self.begin(channel, opening, Pending::default(), |session, pending| {
            session.open_within(opening, within, || peer.now(), pending, args)
        })
    }

    /// Asks the hub for a binding, which is given back when nobody takes the answer.
    pub(super) fn bind<T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Calling<T, F> {
        let pending = Pending { undo: Undo::Bound, ..Pending::default() };
        self.ask(channel, pending, args)
    }

    /// Asks the hub to take an interface as served. `export` counts from the answer on, which carries its number.
    pub(super) fn serve<T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        export: Export,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Calling<T, F> {
        let export = Some(Box::new(export));
        self.ask(channel, Pending { undo: Undo::Served, export, ..Pending::default() }, args)
    }

    fn ask<T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        pending: Pending,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Calling<T, F> {
        let (peer, (latest, within)) = (&self.handle.peer, self.time(channel));
        let opening = Opening {
            kind: Kind::Request,
            binding: self.handle.number,
            ordinal: channel.ordinal,
            deadline: latest,
            slack_ms: 0,
            up: false,
            down: false,
        };
        let (calling, _) = self.begin(channel, opening, pending, |session, pending| {
            session.open_within(opening, within, || peer.now(), pending, args)
        });
        calling
    }

    /// Begins a call that `open` opens.
    #[inline]
    fn begin<T, F>(
        &self,
        channel: &'static ChannelInfo,
        opening: Opening,
        mut pending: Pending,
        open: impl FnOnce(&mut Session<LocalCall, Pending>, Pending) -> Result<u32, SendError>,
    ) -> (Calling<T, F>, u32) {
        let peer = &self.handle.peer;
        let number = opening.binding;
        let opened = peer.with(|core| {
            if core.unbound.contains(&number) {
                let error = Error::new(Status::Unavailable, "the instance has left: bind again");
                return Err(error.on(channel.name).unsent());
            }
            let cell = core.cells.claim();
            let undo = std::mem::take(&mut pending.undo);
            pending.cell = Some(cell);
            pending.local = (opening.up || opening.down).then(Box::default);
            match open(&mut core.session, pending) {
                Ok(id) => {
                    if let Some(cell) = core.cells.get(cell) {
                        cell.id = id;
                        cell.undo = undo;
                    }
                    Ok((cell, id))
                }
                Err(error) => {
                    let mut waker = core.cells.release(cell);
                    core.retired.wakes.forget(&mut waker);
                    Err(Error::from(error).on(channel.name))
                }
            }
        });
        let id = opened.as_ref().map_or(0, |(_, id)| *id);
        (Calling::new(Arc::clone(peer), channel, opened.map(|(cell, _)| cell)), id)
    }

    /// Makes a call.
    #[inline]
    pub fn call<T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Calling<T, F> {
        self.open(channel, (false, false), args).0
    }

    /// Sends a one-way message.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when the arguments break their contract, `unavailable` when the connection has ended. What
    /// becomes of it at the other end is not heard of.
    pub fn notify(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), Error> {
        let number = self.handle.number;
        self.handle
            .peer
            .with(|core| core.session.one_way(Kind::Notify, number, channel.ordinal, args))
            .map_err(|error| Error::from(error).on(channel.name))
    }

    /// Opens a stream of items from the callee.
    pub fn stream_down<D: Message, T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Incoming<D, T, F> {
        let (calling, id) = self.open(channel, (false, true), args);
        Incoming::new(calling, id)
    }

    /// Opens a stream of items to the callee.
    pub fn stream_up<U: Message, T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> (Sink<U>, Calling<T, F>) {
        let (calling, id) = self.open(channel, (true, false), args);
        (self.sink(id), calling)
    }

    /// Opens a stream in both directions.
    pub fn stream_both<U: Message, D: Message, T: Message, F: CallError>(
        &self,
        channel: &'static ChannelInfo,
        args: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> (Sink<U>, Incoming<D, T, F>) {
        let (calling, id) = self.open(channel, (true, true), args);
        (self.sink(id), Incoming::new(calling, id))
    }

    fn sink<U: Message>(&self, id: u32) -> Sink<U> {
        let host: Arc<dyn Host> = Arc::clone(&self.handle.peer) as Arc<dyn Host>;
        Sink::new(host, Leg::Outbound(id))
    }

    /// Subscribes to a topic.
    pub fn subscribe<T: Message>(&self, channel: &'static ChannelInfo) -> Subscription<T> {
        let now = self.handle.peer.now();
        let opening = Opening {
            kind: Kind::Subscribe,
            binding: self.handle.number,
            ordinal: channel.ordinal,
            deadline: None,
            slack_ms: 0,
            up: false,
            down: true,
        };
        let (calling, id) = self.begin(channel, opening, Pending::default(), |session, pending| {
            session.open(opening, now, pending, |_| Ok(()))
        });
        // Items arrive only while the binding lives.
        Subscription::new(Incoming::new(calling, id), self.clone())
    }

    /// The publishing end of this instance's topics, for those who are granted it.
    pub fn publisher(&self) -> Publisher {
        Publisher::of_peer(self.clone())
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("number", &self.handle.number)
            .field("label", &self.handle.label)
            .field("instance", &self.handle.instance)
            .finish()
    }
}

/// The publishing end of an instance's topics.
#[derive(Clone)]
pub struct Publisher {
    to: Arc<dyn PublishTo>,
    /// Memory for the next value.
    spare: Arc<Mutex<Body>>,
}

/// Where published values go: through a peer's session, or, in main, straight to the hub.
pub trait PublishTo: Send + Sync + 'static {
    /// Publishes a value that was encoded and keeps its contract.
    fn publish(&self, channel: &'static ChannelInfo, value: &Body) -> Result<(), Error>;

    /// Publishes a value and reports who got it.
    fn publish_reported(
        &self,
        channel: &'static ChannelInfo,
        within: Duration,
        value: &Body,
    ) -> Reporting;
}

impl Publisher {
    /// A publisher that hands values to `to`.
    pub fn new(to: Arc<dyn PublishTo>) -> Self {
        Self { to, spare: Arc::default() }
    }

    fn of_peer(binding: Binding) -> Self {
        Self::new(Arc::new(binding))
    }

    /// The publisher of an interface that this peer serves under `export`.
    pub(super) fn of_export(peer: &Arc<Shared>, export: u32) -> Self {
        let binding = Binding::of(peer, export, String::new(), String::new(), false);
        Self::of_peer(binding)
    }

    /// Publishes a value.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when the value breaks its contract, `unavailable` when the connection has ended. A peer that
    /// is not granted it is not told; with a report it is.
    pub fn publish(
        &self,
        channel: &'static ChannelInfo,
        value: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), Error> {
        let lock = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        // Not under the lock: whoever is woken by a value may well publish.
        let mut body = std::mem::take(&mut *lock());
        let written = value(&mut Encoder::with_blobs(&mut body.bytes, &mut body.blobs));
        let published = match written {
            Ok(()) => self.to.publish(channel, &body),
            Err(error) => Err(invalid(channel, &error)),
        };
        body.blobs.clear();
        body.bytes.clear();
        if body.bytes.capacity() <= SPARE_BYTES_MAX {
            *lock() = body;
        }
        published
    }

    /// Publishes a value, and tells who has got it `within` that time.
    pub fn publish_reported(
        &self,
        channel: &'static ChannelInfo,
        within: Duration,
        value: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Reporting {
        match Body::write(value) {
            Ok(value) => self.to.publish_reported(channel, within, &value),
            Err(error) => Reporting::failed(invalid(channel, &error)),
        }
    }
}

/// Memory of larger values is not kept for the next ones, in bytes.
const SPARE_BYTES_MAX: usize = 4096;

fn invalid(channel: &'static ChannelInfo, error: &CodecError) -> Error {
    Error::invalid(error).on(channel.name).unsent()
}

impl PublishTo for Binding {
    fn publish(&self, channel: &'static ChannelInfo, value: &Body) -> Result<(), Error> {
        let number = self.handle.number;
        self.handle
            .peer
            .with(|core| {
                core.session
                    .one_way(Kind::Publish, number, channel.ordinal, |out| out.body(value.parts()))
            })
            .map_err(|error| Error::from(error).on(channel.name))
    }

    fn publish_reported(
        &self,
        channel: &'static ChannelInfo,
        within: Duration,
        value: &Body,
    ) -> Reporting {
        let now = self.handle.peer.now();
        let opening = Opening {
            kind: Kind::Publish,
            binding: self.handle.number,
            ordinal: channel.ordinal,
            deadline: Some((now + within).after_ms(REPORT_SLACK_MS)),
            slack_ms: REPORT_SLACK_MS,
            up: false,
            down: false,
        };
        let (calling, _) = self.begin(channel, opening, Pending::default(), |session, pending| {
            session.open(opening, now, pending, |out| out.body(value.parts()))
        });
        Reporting::calling(calling)
    }
}

/// The hub answers when the time is over; its answer needs a moment to arrive, in milliseconds.
const REPORT_SLACK_MS: u32 = 2_000;

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
