//! The handle on a peer: what its driver calls, and what its application calls.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use super::binding::Binding;
use super::control::{Bind, Bound, HUB_INTERFACE, Target, hub_ordinal};
use super::core::{Core, Delivery, PeerConfig, Turn};
use crate::codec::{Message, Parts, to_bytes};
use crate::error::{Error, FailureBody};
use crate::goodbye::{Goodbye, Reason};
use crate::rpc::{
    Bodies, ChannelInfo, Client, Complete, Descriptor, Host, Interface, Outcome, Replies, Sent,
    Taken, Wakes, WriteBody, finish_local, poll_send, poll_send_all, poll_take,
};
use crate::schema::Overflow;
use crate::session::{Lane, Leg, SendError, Welcome};
use crate::status::Status;
use crate::sync::{Mutex, MutexGuard};
use crate::time::Time;

/// What a peer needs of the world.
pub trait Driver: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Time;

    /// A handler has panicked: goes to the log. The caller was told `internal` and this correlation number.
    fn panicked(&self, channel: &str, correlation: u64, text: &str) {
        let _ = (channel, correlation, text);
    }
}

/// A peer of a hub. Cheap to clone; all clones are the same peer.
#[derive(Clone)]
pub struct Peer(Arc<Shared>);

pub(super) struct Shared {
    core: Mutex<Core>,
    driver: Arc<dyn Driver>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        // Nothing that can panic half-way leaves the state torn; and a peer must not hang because a handler panicked.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Time {
        self.driver.now()
    }

    /// The state, with the time of all calls running.
    fn dated(&self) -> MutexGuard<'_, Core> {
        let mut core = self.lock();
        if core.session.has_undated() {
            core.session.date(self.now());
        }
        core
    }

    /// Works on the state, then wakes the driver if there is something to send.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.lock();
        let result = work(&mut core);
        // A call that waits for the window has a deadline all the same.
        let news = core.session.take_timeout_moved() || core.session.has_output();
        let driver = if news { core.driver.take() } else { None };
        let retired = core.retired.take();
        drop(core);
        drop(retired);
        if let Some(driver) = driver {
            driver.wake();
        }
        result
    }
}

impl Host for Shared {
    fn now(&self) -> Time {
        self.driver.now()
    }

    fn poll_send(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        body: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        self.with(|core| {
            let wakes = &mut core.retired.wakes;
            poll_send(&mut core.session, leg, keep, context, body, wakes)
        })
    }

    fn poll_send_all(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        count: usize,
        bodies: Bodies<'_>,
    ) -> Sent {
        self.with(|core| {
            let wakes = &mut core.retired.wakes;
            poll_send_all(&mut core.session, leg, keep, context, count, bodies, wakes)
        })
    }

    fn poll_take(&self, leg: Leg, context: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.with(|core| poll_take(&mut core.session, leg, context, &mut core.retired.wakes))
    }

    fn finish(&self, leg: Leg) {
        self.with(|core| finish_local(&mut core.session, leg));
    }
}

impl Complete for Shared {
    fn complete(&self, replies: &mut Replies) {
        self.with(|core| {
            for reply in replies.entries.drain(..) {
                let correlation = reply.correlation;
                if let Ok(Outcome::Panicked(text)) = &reply.outcome {
                    self.driver.panicked(reply.channel, correlation, text);
                }
                let Some(id) = reply.id.filter(|_| !reply.call.is_cancelled()) else { continue };
                match reply.outcome {
                    Ok(Outcome::Written(status)) => {
                        let bytes = replies.bytes.get(reply.body).unwrap_or_default();
                        core.answer(id, status, Parts { bytes, blobs: &reply.blobs });
                    }
                    Ok(Outcome::Failed(error)) => {
                        let error = error.on(reply.channel);
                        let body = to_bytes(&error.body().bounded()).unwrap_or_default();
                        core.answer(id, error.status(), (&body).into());
                    }
                    Ok(Outcome::Panicked(_)) => {
                        let failure = FailureBody::new("the handler failed; its log says why");
                        let failure = FailureBody { correlation, ..failure };
                        core.fail(id, Status::Internal, &failure);
                    }
                    // The hub has checked it, so the two disagree: nobody's fault who is connected.
                    Err(error) => {
                        let failure = FailureBody::new(error.to_string());
                        core.fail(id, Status::Internal, &failure);
                    }
                }
            }
        });
        replies.clear();
    }
}

impl Peer {
    /// A peer that waits for its driver.
    pub fn new(config: &PeerConfig, driver: Arc<dyn Driver>) -> Self {
        Self::with_lane(config, driver, None)
    }

    /// The same; with a lane, blobs may go past the bytes of the connection.
    pub fn with_lane(
        config: &PeerConfig,
        driver: Arc<dyn Driver>,
        lane: Option<Box<dyn Lane>>,
    ) -> Self {
        let core = Mutex::new(Core::new(config, lane, driver.now()));
        Self(Arc::new(Shared { core, driver }))
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

/// What a driver calls.
impl Peer {
    /// Takes in what the transport has brought. Jobs are then started with [`crate::rpc::start_job`].
    pub fn deliver(&self, input: &[u8], turn: &mut Turn) -> Delivery {
        let now = self.0.now();
        let host = || Arc::clone(&self.0) as Arc<dyn Host>;
        let mut core = self.0.lock();
        let delivery = core.deliver(input, now, &host, turn);
        let retired = core.retired.take();
        drop(core);
        drop(retired);
        delivery
    }

    /// Moves what may leave to the end of `into`; false when there is nothing.
    pub fn transmit(&self, into: &mut Vec<u8>) -> bool {
        self.0.dated().session.transmit(into)
    }

    /// Ready when there is something to transmit, or the connection has ended. Whoever asks is woken at the next change of
    /// that or of the time-out, whatever the answer is.
    pub fn poll_output(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut replaced = Wakes::default();
        let mut core = self.0.lock();
        // In any case: whoever cannot write what there is has to hear of an earlier deadline, and of the end, all the same.
        replaced.put(&mut core.driver, context.waker());
        if core.session.has_output() || core.ended.is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// When to call [`Self::handle_timeout`].
    pub fn next_timeout(&self) -> Option<Time> {
        self.0.dated().session.next_timeout()
    }

    /// Deals with what has run out.
    pub fn handle_timeout(&self) {
        let now = self.0.now();
        self.0.with(|core| core.handle_timeout(now));
    }

    /// The transport is broken, and has taken `taken` bytes of what [`Self::transmit`] gave last, all of which is `given`: calls
    /// that it has not taken whole are known not to have been sent.
    pub fn untaken(&self, given: &[u8], taken: usize) {
        self.0.lock().session.untaken(given, taken);
    }

    /// The transport is gone.
    pub fn lost(&self, message: impl Into<String>) {
        let goodbye = Goodbye::because(Reason::Closed, message);
        self.0.with(|core| {
            core.lost |= core.ended.is_none();
            core.end(goodbye, false);
        });
    }

    /// Where the outcomes of jobs go.
    pub fn completer(&self) -> Arc<dyn Complete> {
        Arc::clone(&self.0) as Arc<dyn Complete>
    }
}

/// What an application calls.
impl Peer {
    /// Waits until the hub has taken this peer in.
    ///
    /// # Errors
    ///
    /// The hub's goodbye: versions or contracts differ, say.
    pub async fn ready(&self) -> Result<Welcome, Goodbye> {
        let mut watch = Watch::new(&self.0);
        poll_fn(|context| {
            let mut replaced = Wakes::default();
            let mut core = self.0.lock();
            match (&core.welcome, &core.ended) {
                (_, Some(goodbye)) => Poll::Ready(Err(goodbye.clone())),
                (Some(welcome), None) => Poll::Ready(Ok(welcome.clone())),
                (None, None) => watch.put(&mut core, context.waker(), &mut replaced),
            }
        })
        .await
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> Goodbye {
        let mut watch = Watch::new(&self.0);
        poll_fn(|context| {
            let mut replaced = Wakes::default();
            let mut core = self.0.lock();
            match &core.ended {
                Some(goodbye) => Poll::Ready(goodbye.clone()),
                None => watch.put(&mut core, context.waker(), &mut replaced),
            }
        })
        .await
    }

    /// Ends the connection: open calls end, handlers are stopped, the hub is told.
    pub fn close(&self) {
        self.0.with(|core| core.end(Goodbye::new(Reason::Closed), true));
    }

    /// Binds an instance of `C`'s interface. May be called before the connection stands.
    ///
    /// # Errors
    ///
    /// `unavailable` when nobody serves it now, `permission_denied` when it is not granted or does not exist,
    /// `contract_mismatch` when the hub was built with another shape of it.
    pub async fn bind<C: Client>(&self, target: Target) -> Result<C, Error> {
        self.bind_untyped(C::Interface::descriptor(), target).await.map(C::from_binding)
    }

    /// As [`Self::bind`], and leaves it to the caller to make a client of the binding.
    ///
    /// # Errors
    ///
    /// As [`Self::bind`].
    pub async fn bind_untyped(
        &self,
        descriptor: &'static Descriptor,
        target: Target,
    ) -> Result<Binding, Error> {
        let bind =
            Bind { interface: descriptor.name.to_owned(), shape: descriptor.shape.clone(), target };
        let bound: Bound = Binding::hub(self)
            .bind::<Bound, Error>(&BIND, |out| bind.encode(out))
            .await
            .map_err(|error| error.on(descriptor.name))?;
        Ok(Binding::new(self, bound))
    }

    /// Bytes that wait to leave. One-way messages wait for nobody: who sends many, or large ones, looks here and decides
    /// what to leave out when the hub does not keep up.
    pub fn outbox_bytes(&self) -> usize {
        self.0.lock().session.outbox_bytes()
    }

    /// Calls open in both directions: (for handlers here, of this peer).
    pub fn calls_open(&self) -> (usize, usize) {
        self.0.lock().session.calls_open()
    }
}

/// One who waits for the handshake or the end, for as long as this lives.
struct Watch<'a> {
    peer: &'a Shared,
    key: Option<u64>,
}

impl<'a> Watch<'a> {
    fn new(peer: &'a Shared) -> Self {
        Self { peer, key: None }
    }

    fn put<R>(&mut self, core: &mut Core, waker: &Waker, replaced: &mut Wakes) -> Poll<R> {
        let key = *self.key.get_or_insert_with(|| {
            core.next_watcher += 1;
            core.next_watcher
        });
        match core.watchers.iter_mut().find(|(held, _)| *held == key) {
            Some((_, held)) => replaced.put(held, waker),
            None => core.watchers.push((key, Some(waker.clone()))),
        }
        Poll::Pending
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let mut core = self.peer.lock();
            let place = core.watchers.iter().position(|(held, _)| *held == key);
            let watcher = place.map(|place| core.watchers.swap_remove(place));
            drop(core);
            drop(watcher);
        }
    }
}

/// What the hub's own calls have in common.
pub(super) const fn hub_channel(ordinal: u32, name: &'static str) -> ChannelInfo {
    ChannelInfo {
        ordinal,
        name,
        deadline: std::time::Duration::from_secs(10),
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 1,
    }
}

const BIND: ChannelInfo = hub_channel(hub_ordinal::BIND, "portcullis.hub.bind");

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.0.lock();
        f.debug_struct("Peer")
            .field("hub", &HUB_INTERFACE)
            .field("welcome", &core.welcome)
            .field("ended", &core.ended)
            .finish()
    }
}

impl Peer {
    /// Whether the connection has ended.
    pub fn has_ended(&self) -> bool {
        self.0.lock().ended.is_some()
    }

    /// Whether the connection ended because its transport did, without a goodbye of either side. The reason of such an end
    /// is `closed`.
    pub fn has_lost_transport(&self) -> bool {
        self.0.lock().lost
    }
}
