//! One connection: the hub's driver at one end, at the other a peer's or nothing but bytes. Both behave as real drivers
//! do: they write when they were told to and there is room, read what arrives, and keep one timer.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_hub::PeerId;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Peer, Turn};
use portcullis_proto::rpc::{Complete, Job, Replies, Running, start_job};
use portcullis_proto::time::Time;

use super::host::{PeerHost, SharedHub};
use super::pipe::{Pipe, Split};
use super::rng::Rng;
use super::tasks::Flag;

/// How long the last words of a connection may take to leave.
const LINGER: Duration = Duration::from_secs(2);

/// What is at the far end.
pub(crate) enum Far {
    Peer(Peer),
    /// A test that writes and reads bytes; these were read.
    Raw(Vec<u8>),
}

/// One end of a connection.
struct End {
    open: bool,
    received: Vec<u8>,
    out: Vec<u8>,
    armed: Option<Time>,
    /// Told to look at its core.
    woken: Arc<Flag>,
    linger: Option<Time>,
}

impl End {
    fn new() -> Self {
        Self {
            open: true,
            received: Vec::new(),
            out: Vec::new(),
            armed: None,
            woken: Flag::raised(),
            linger: None,
        }
    }

    /// Whether it has something to do now, with `to` to write to and `from` to read from.
    fn is_ready(&self, to: &Pipe, from: &Pipe, now: Time) -> bool {
        let due = |time: Option<Time>| time.is_some_and(|time| time <= now);
        self.open
            && (self.woken.is_raised()
                || (!self.out.is_empty() && to.has_room())
                || due(self.armed)
                || due(self.linger)
                || (self.linger.is_none() && due(from.next_arrival())))
    }

    fn next_event(&self, from: &Pipe) -> Option<Time> {
        let arrival = from.next_arrival().filter(|_| self.linger.is_none());
        let times = [self.armed, self.linger, arrival];
        times.into_iter().flatten().filter(|_| self.open).min()
    }
}

pub(crate) struct Link {
    pub(crate) peer: PeerId,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    pub(crate) far: Far,
    host: Arc<PeerHost>,
    near_end: End,
    far_end: End,
    /// How the connection ended, as the hub saw it.
    pub(crate) goodbye: Option<Goodbye>,
    rng: Rng,
}

/// Cuts what has arrived, as a transport may.
fn pieces(bytes: &[u8], split: Split, rng: &mut Rng) -> Vec<Vec<u8>> {
    match split {
        Split::Whole => vec![bytes.to_vec()],
        Split::EveryByte => bytes.iter().map(|byte| vec![*byte]).collect(),
        Split::Random => {
            let mut pieces = Vec::new();
            let mut rest = bytes;
            while !rest.is_empty() {
                let length = if rng.one_in(3) { rng.within(1, 40) as usize } else { rest.len() };
                let (piece, more) = rest.split_at(length.min(rest.len()));
                pieces.push(piece.to_vec());
                rest = more;
            }
            pieces
        }
    }
}

fn start(jobs: Vec<Job>, input: &[u8], complete: &Arc<dyn Complete>, spawned: &mut Vec<Running>) {
    let mut replies = Replies::default();
    for job in jobs {
        if let Some((_, running)) = start_job(job, input, &mut replies, complete) {
            spawned.push(running);
        }
    }
    if !replies.entries.is_empty() {
        complete.complete(&mut replies);
    }
}

impl Link {
    pub(crate) fn new(hub: &Arc<SharedHub>, peer: PeerId, far: Far, rng: Rng) -> Self {
        let host = Arc::new(PeerHost { hub: Arc::clone(hub), peer });
        hub.hub().set_host(peer, Arc::clone(&host) as _);
        Self {
            peer,
            up: Pipe::default(),
            down: Pipe::default(),
            far,
            host,
            near_end: End::new(),
            far_end: End::new(),
            goodbye: None,
            rng,
        }
    }

    pub(crate) fn host(&self) -> Arc<dyn Complete> {
        Arc::clone(&self.host) as _
    }

    /// Whether the hub still knows the connection.
    pub(crate) fn is_open(&self) -> bool {
        self.near_end.open
    }

    /// Whether the far end still has it.
    pub(crate) fn far_is_open(&self) -> bool {
        self.far_end.open
    }

    /// The hub wants this connection's driver to look.
    pub(crate) fn wake_near(&self) {
        self.near_end.woken.raise();
    }

    /// Bytes that a raw far end sends.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.far_end.out.extend_from_slice(bytes);
        self.far_end.woken.raise();
    }

    pub(crate) fn near_is_ready(&self, now: Time) -> bool {
        self.near_end.is_ready(&self.down, &self.up, now)
    }

    pub(crate) fn far_is_ready(&self, now: Time) -> bool {
        self.far_end.is_ready(&self.up, &self.down, now)
    }

    /// When one of the ends has something to do next, if nothing else happens.
    pub(crate) fn next_event(&self) -> Option<Time> {
        let near = self.near_end.next_event(&self.up);
        let far = self.far_end.next_event(&self.down);
        near.into_iter().chain(far).min()
    }

    /// When something arrives next.
    pub(crate) fn next_arrival(&self) -> Option<Time> {
        let reads = |end: &End| end.open && end.linger.is_none();
        let up = self.up.next_arrival().filter(|_| reads(&self.near_end));
        let down = self.down.next_arrival().filter(|_| reads(&self.far_end));
        up.into_iter().chain(down).min()
    }

    /// The hub's driver has its turn.
    pub(crate) fn run_near(&mut self, spawned: &mut Vec<Running>) {
        let hub = Arc::clone(&self.host.hub);
        let now = hub.world.now();
        self.near_end.woken.lower();
        if self.near_end.armed.take_if(|due| *due <= now).is_some() {
            hub.turn(|hub, now, turn| hub.handle_timeout(self.peer, now, turn));
        }
        if self.up.next_arrival().is_some_and(|arrival| arrival <= now)
            && self.hub_ended().is_none()
        {
            self.near_reads(spawned);
        }
        if !self.near_end.open {
            return;
        }
        loop {
            if self.near_end.out.is_empty() {
                let some = hub.hub().transmit(self.peer, &mut self.near_end.out);
                if hub.hub().has_room(self.peer) {
                    hub.turn(|hub, now, turn| hub.resume(self.peer, now, turn));
                }
                if !some {
                    break;
                }
            }
            let written = self.down.write(&self.near_end.out, now, &mut self.rng);
            self.near_end.out.drain(..written);
            if !self.near_end.out.is_empty() {
                break;
            }
        }
        if self.hub_ended().is_some() {
            let until = *self.near_end.linger.get_or_insert(now + LINGER);
            self.near_end.armed = None;
            if self.near_end.out.is_empty() || until <= now {
                self.close_near();
            }
            return;
        }
        let mut core = hub.hub();
        if self.near_end.out.is_empty() {
            core.untouch(self.peer);
            if core.has_output(self.peer) {
                self.near_end.woken.raise();
            }
        }
        self.near_end.armed = core.next_timeout(self.peer);
    }

    fn hub_ended(&self) -> Option<Goodbye> {
        self.host.hub.hub().ended(self.peer).cloned()
    }

    fn near_reads(&mut self, spawned: &mut Vec<Running>) {
        let hub = Arc::clone(&self.host.hub);
        let complete: Arc<dyn Complete> = Arc::clone(&self.host) as _;
        let (bytes, over) = self.up.read(hub.world.now());
        for piece in pieces(&bytes, self.up.quality.split, &mut self.rng) {
            self.near_end.received.extend_from_slice(&piece);
            // Every turn uses up a frame, or is the last.
            loop {
                let input = &self.near_end.received;
                let (delivery, jobs) =
                    hub.turn(|hub, now, turn| hub.deliver(self.peer, input, now, turn));
                start(jobs, input, &complete, spawned);
                self.near_end.received.drain(..delivery.consumed);
                if delivery.ended {
                    return;
                }
                if !delivery.again {
                    break;
                }
            }
        }
        if over {
            let goodbye = Goodbye::because(Reason::Closed, "the peer closed the connection");
            hub.turn(|hub, now, turn| hub.peer_left(self.peer, goodbye, now, turn));
            self.close_near();
        }
    }

    /// The hub's transport is closed, and the hub forgets the connection.
    fn close_near(&mut self) {
        self.goodbye = self.hub_ended();
        let hub = Arc::clone(&self.host.hub);
        hub.turn(|hub, now, turn| hub.remove(self.peer, now, turn));
        self.near_end.open = false;
        self.up.discard();
        self.down.close();
    }

    /// The far end's driver has its turn.
    pub(crate) fn run_far(&mut self, spawned: &mut Vec<Running>) {
        let now = self.host.hub.world.now();
        self.far_end.woken.lower();
        if let Far::Peer(peer) = &self.far
            && self.far_end.armed.take_if(|due| *due <= now).is_some()
        {
            peer.handle_timeout();
        }
        if self.down.next_arrival().is_some_and(|arrival| arrival <= now) && !self.far_ended() {
            self.far_reads(spawned);
        }
        if !self.far_end.open {
            return;
        }
        loop {
            let filled = match &self.far {
                Far::Peer(peer) if self.far_end.out.is_empty() => {
                    peer.transmit(&mut self.far_end.out)
                }
                _ => !self.far_end.out.is_empty(),
            };
            if !filled {
                break;
            }
            let written = self.up.write(&self.far_end.out, now, &mut self.rng);
            self.far_end.out.drain(..written);
            if !self.far_end.out.is_empty() {
                break;
            }
        }
        if self.far_ended() {
            let until = *self.far_end.linger.get_or_insert(now + LINGER);
            self.far_end.armed = None;
            if self.far_end.out.is_empty() || until <= now {
                self.close_far();
            }
            return;
        }
        if let Far::Peer(peer) = &self.far {
            let waker = Waker::from(Arc::clone(&self.far_end.woken));
            // Asked in any case: whoever waits for room to write waits for the next change as well.
            let changed = peer.poll_output(&mut Context::from_waker(&waker));
            if self.far_end.out.is_empty() && changed == Poll::Ready(()) {
                self.far_end.woken.raise();
            }
            self.far_end.armed = peer.next_timeout();
        }
    }

    fn far_ended(&self) -> bool {
        matches!(&self.far, Far::Peer(peer) if peer.has_ended())
    }

    fn far_reads(&mut self, spawned: &mut Vec<Running>) {
        let (bytes, over) = self.down.read(self.host.hub.world.now());
        match &mut self.far {
            Far::Raw(received) => received.extend(bytes),
            Far::Peer(peer) => {
                let complete = peer.completer();
                for piece in pieces(&bytes, self.down.quality.split, &mut self.rng) {
                    self.far_end.received.extend_from_slice(&piece);
                    let mut turn = Turn::default();
                    let delivery = peer.deliver(&self.far_end.received, &mut turn);
                    start(turn.jobs, &self.far_end.received, &complete, spawned);
                    self.far_end.received.drain(..delivery.consumed);
                    if delivery.ended {
                        return;
                    }
                }
                if over {
                    peer.lost("the hub has closed the connection");
                }
            }
        }
        if over {
            self.close_far();
        }
    }

    /// The far end closes its transport.
    pub(crate) fn close_far(&mut self) {
        self.far_end.open = false;
        self.down.discard();
        self.up.close();
    }

    /// The connection breaks in both directions, now.
    pub(crate) fn cut(&mut self) {
        if let Far::Peer(peer) = &self.far {
            peer.lost("the connection broke");
        }
        self.close_far();
        self.up.discard();
    }
}
