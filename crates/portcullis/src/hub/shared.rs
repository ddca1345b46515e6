//! The handle on a hub, and the lock around its core: turns are acted on once the lock is gone.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

use portcullis_hub::{HubCounters, HubEvent, PeerId, PeerInfo, Turn};
use portcullis_proto::peer::DeliveryReport;
use portcullis_proto::schema::Schema;
use portcullis_proto::time::Time;
use tokio::sync::{Notify, broadcast, oneshot};

use super::blocking::Labels;
use super::build::{HubBuilder, Surroundings};
use super::drain::Drains;
use super::embedded::EmbeddedWake;
use super::events::{Events, log};
use super::tap::Taps;
use super::timer::EmbeddedTimer;
use crate::clock::Clock;
use crate::driver::Pace;

/// The hub of an application. Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Hub(pub(super) Arc<Shared>);

/// Whom to tell that a peer has output, or that its time-out has changed.
pub(super) enum Wake {
    /// A tokio task, while it sleeps.
    Task(Option<Waker>),
    /// A thread.
    #[cfg(all(unix, feature = "blocking"))]
    Thread(Arc<dyn Fn() + Send + Sync>),
    /// Who carries the bytes of the connection: told of output and of its end only. Its time is kept by the hub.
    Embedded(EmbeddedWake),
}

pub(super) struct State {
    pub(super) core: portcullis_hub::Hub,
    /// Looked up in each turn; hashing a number would take longer than finding it.
    pub(super) wakes: BTreeMap<PeerId, Wake>,
    pub(super) reports: HashMap<u32, oneshot::Sender<DeliveryReport>>,
    pub(super) timer: EmbeddedTimer,
    pub(super) taps: Taps,
}

pub(super) struct Shared {
    state: Mutex<State>,
    /// Memory for turns of those who have none of their own: empty.
    spare_turn: Mutex<Turn>,
    events: broadcast::Sender<HubEvent>,
    /// Told whenever a connection has ended; and, while anything is drained, whenever anything has.
    pub(super) emptied: Notify,
    pub(super) drains: Drains,
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    pub(super) labels: Labels,
    /// Whether its threads look for what comes by a ring before they sleep.
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub(super) spin: portcullis_shm::ring::Spin,
    pub(super) runtime: tokio::runtime::Handle,
    /// Told when the embedded connections' time-out is earlier than what was waited for.
    pub(super) timer_moved: Arc<Notify>,
}

impl Hub {
    /// Sets up a hub for a contract.
    pub fn builder(schema: &Schema) -> HubBuilder {
        HubBuilder::new(schema)
    }

    pub(super) fn from_core(core: portcullis_hub::Hub, surroundings: Surroundings) -> Self {
        let clock = {
            let _entered = surroundings.runtime.enter();
            Clock::tokio()
        };
        let state = State {
            core,
            wakes: BTreeMap::new(),
            reports: HashMap::new(),
            timer: EmbeddedTimer::default(),
            taps: Taps::default(),
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            spare_turn: Mutex::default(),
            events: broadcast::channel(surroundings.events_max).0,
            emptied: Notify::new(),
            drains: Drains::default(),
            clock,
            pace: Pace::default(),
            labels: Labels::default(),
            #[cfg(all(target_os = "linux", feature = "blocking"))]
            spin: surroundings.spin,
            runtime: surroundings.runtime,
            timer_moved: Arc::new(Notify::new()),
        }))
    }

    /// The events of this hub from now on.
    pub fn events(&self) -> Events {
        Events { receiver: self.0.events.subscribe(), missed: 0 }
    }

    /// What has been counted since the start.
    pub fn counters(&self) -> HubCounters {
        self.0.lock().core.counters().clone()
    }

    /// Where its connections run.
    #[cfg(unix)]
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        &self.0.runtime
    }

    /// Whether the contract has an interface of that name.
    #[cfg(unix)]
    pub(crate) fn has_interface(&self, interface: &str) -> bool {
        self.0.lock().core.has_interface(interface)
    }

    /// Whether `peer` has said hello, and serves all these interfaces.
    #[cfg(unix)]
    pub(crate) fn is_ready(&self, peer: PeerId, interfaces: &[String]) -> bool {
        let state = self.0.lock();
        let core = &state.core;
        core.is_connected(peer)
            && !core.is_greeting(peer)
            && interfaces.iter().all(|interface| core.is_served_by(peer, interface))
    }

    /// Every peer that is connected.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.0.lock().core.peers().collect()
    }

    /// The methods of main's services whose handlers took too long at their first poll, and are spawned since.
    pub fn slow_methods(&self) -> Vec<&'static str> {
        self.0.pace.slow()
    }

    /// Open calls, subscriptions and reports over all peers: zero when nothing is going on.
    pub fn open_work(&self) -> usize {
        self.0.lock().core.open_work()
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Handlers never run under this lock, so nothing that can panic half-way leaves the state torn.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the core and acts on what came of it. Jobs are not expected; see [`Self::turn_with`].
    pub(super) fn turn<R>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut portcullis_hub::Hub, Time, &mut Turn) -> R,
    ) -> R {
        let lock = || self.spare_turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turn = std::mem::take(&mut *lock());
        let result = self.turn_with(&mut turn, work);
        if turn.is_empty() {
            *lock() = turn;
        }
        result
    }

    /// Works on the core, then wakes, tells and answers whom it concerns. Jobs stay in `turn`.
    pub(super) fn turn_with<R>(
        self: &Arc<Self>,
        turn: &mut Turn,
        work: impl FnOnce(&mut portcullis_hub::Hub, Time, &mut Turn) -> R,
    ) -> R {
        self.turn_at(self.clock.now(), turn, work)
    }

    /// The same for whoever knows the time: reading the clock costs as much as finding a call.
    pub(super) fn turn_at<R>(
        self: &Arc<Self>,
        now: Time,
        turn: &mut Turn,
        work: impl FnOnce(&mut portcullis_hub::Hub, Time, &mut Turn) -> R,
    ) -> R {
        let mut state = self.lock();
        let result = work(&mut state.core, now, turn);
        let mut wakers = WakeList::default();
        let mut due = None;
        for peer in turn.touched.drain(..) {
            let State { core, wakes, .. } = &mut *state;
            match wakes.get_mut(&peer) {
                Some(Wake::Task(waker)) => wakers.push(waker.take().map(Told::Task)),
                #[cfg(all(unix, feature = "blocking"))]
                Some(Wake::Thread(wake)) => wakers.push(Some(Told::Thread(Arc::clone(wake)))),
                Some(Wake::Embedded(wake)) => {
                    due = core.next_timeout(peer).into_iter().chain(due).min();
                    if core.has_output(peer) || core.ended(peer).is_some() {
                        wakers.push(Some(Told::Embedded(Arc::clone(wake), peer)));
                    } else {
                        core.untouch(peer);
                    }
                }
                None => {}
            }
        }
        if !turn.tapped.is_empty() {
            state.taps.pass(&mut turn.tapped);
        }
        let timing = state.timer.expect(due);
        let reports = turn.reports.drain(..);
        let reports: Vec<_> = reports
            .filter_map(|(key, report)| Some((state.reports.remove(&key)?, report)))
            .collect();
        drop(state);
        drop(std::mem::take(&mut turn.retired));
        wakers.wake();
        for (waiting, report) in reports {
            // Whoever waited may have stopped waiting.
            let _ = waiting.send(report);
        }
        self.keep_time(timing);
        self.tell_drains();
        for event in turn.events.drain(..) {
            log(&event);
            // Nobody may be listening.
            let _ = self.events.send(event);
        }
        result
    }

    pub(super) fn weak(self: &Arc<Self>) -> Weak<Self> {
        Arc::downgrade(self)
    }
}

/// One of those to wake.
enum Told {
    Task(Waker),
    #[cfg(all(unix, feature = "blocking"))]
    Thread(Arc<dyn Fn() + Send + Sync>),
    Embedded(EmbeddedWake, PeerId),
}

impl Told {
    fn wake(self) {
        match self {
            Self::Task(waker) => waker.wake(),
            #[cfg(all(unix, feature = "blocking"))]
            Self::Thread(wake) => wake(),
            Self::Embedded(wake, peer) => wake(peer),
        }
    }
}

/// Those to wake once the lock is gone; the usual case is one.
#[derive(Default)]
struct WakeList {
    first: Option<Told>,
    rest: Vec<Told>,
}

impl WakeList {
    fn push(&mut self, told: Option<Told>) {
        match (&self.first, told) {
            (None, told) => self.first = told,
            (Some(_), Some(told)) => self.rest.push(told),
            (Some(_), None) => {}
        }
    }

    fn wake(self) {
        self.first.into_iter().chain(self.rest).for_each(Told::wake);
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("peers", &self.peers()).finish()
    }
}
