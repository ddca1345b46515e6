//! A connection on threads of its own, for peers whose calls must come and go as fast as a blocking socket or a ring of shared
//! memory lets them: the thread that reads a request runs its handler in place and writes the answer.

mod reading;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod task;
mod writing;

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use portcullis_hub::{Admission, AdmitError};

use super::attach::Connection;
use super::host::PeerHost;
use super::shared::{Hub, Wake};
use crate::link::Descriptors;
use crate::link::blocking::{Outgoing, Room, over_socket};

/// Who reads a ring, once there is one.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The thread that has read the socket before.
    Thread,
    /// A task of the hub's runtime.
    Task,
}

/// What both threads of a connection share.
struct Threads {
    host: Arc<PeerHost>,
    socket: Arc<UnixStream>,
    descriptors: Option<Arc<Descriptors>>,
    out: Mutex<Out>,
    /// Only the writer waits.
    room: Mutex<Room>,
    /// Set when the writer is to look: there is output that the reader does not send, or a first time-out.
    signal: Mutex<bool>,
    signalled: Condvar,
    /// The reader is in a turn, at whose end it sends what there is.
    reading: AtomicBool,
    /// The writer keeps an eye on time-outs.
    armed: AtomicBool,
    #[cfg(target_os = "linux")]
    ring: ring::Active,
    #[cfg(target_os = "linux")]
    reader: Reader,
}

/// Bytes that were taken from the hub and not yet from us, and where they go.
struct Out {
    bytes: Vec<u8>,
    written: usize,
    way: Outgoing,
}

impl Hub {
    /// Admits a peer over a Unix socket, served by two threads of its own instead of tasks: the fewest hand-overs that a
    /// call can have. Handlers that wait go on, on the hub's runtime.
    ///
    /// On Linux the peer may offer a ring of shared memory ([`BlockingPeer::with_ring`](crate::client::BlockingPeer::with_ring))
    /// of up to [`RING_BYTES_MAX`](crate::hub::RING_BYTES_MAX): it carries all frames then, and the socket descriptors and the end.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`]; the socket is closed then.
    ///
    /// # Panics
    ///
    /// When the system has no thread left.
    pub fn attach_blocking(
        &self,
        socket: UnixStream,
        admission: &Admission,
    ) -> Result<Connection, AdmitError> {
        self.attach_threads(
            socket,
            admission,
            #[cfg(target_os = "linux")]
            Reader::Thread,
        )
    }

    /// As [`Self::attach_blocking`] for a peer that offers a ring, which is then read by a task of the hub's runtime instead of a
    /// thread of its own, as is a connection of [`Self::attach`]: for many peers, of which one thread takes in what all of them
    /// answer to a value of a topic, where a thread for each would have to be woken. The calls of a single peer come and go faster by
    /// [`Self::attach_blocking`].
    ///
    /// # Errors
    ///
    /// See [`AdmitError`]; the socket is closed then.
    ///
    /// # Panics
    ///
    /// When the system has no thread left.
    #[cfg(target_os = "linux")]
    pub fn attach_ring(
        &self,
        socket: UnixStream,
        admission: &Admission,
    ) -> Result<Connection, AdmitError> {
        self.attach_threads(socket, admission, Reader::Task)
    }

    fn attach_threads(
        &self,
        socket: UnixStream,
        admission: &Admission,
        #[cfg(target_os = "linux")] reader: Reader,
    ) -> Result<Connection, AdmitError> {
        let host = self.admit(admission)?;
        let descriptors = self.open_lane(&host);
        let socket = Arc::new(socket);
        let (incoming, way, room) = over_socket(&socket, descriptors.as_ref());
        let threads = Arc::new(Threads {
            host: Arc::clone(&host),
            socket,
            descriptors,
            out: Mutex::new(Out { bytes: Vec::new(), written: 0, way }),
            room: Mutex::new(room),
            signal: Mutex::new(true),
            signalled: Condvar::new(),
            reading: AtomicBool::new(false),
            armed: AtomicBool::new(false),
            #[cfg(target_os = "linux")]
            ring: ring::Active::default(),
            #[cfg(target_os = "linux")]
            reader,
        });
        let waker = Arc::clone(&threads);
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || waker.wake());
        self.0.lock().wakes.insert(host.peer, Wake::Thread(wake));
        let writer = Arc::clone(&threads);
        std::thread::spawn(move || writer.write());
        std::thread::spawn(move || threads.read(incoming));
        Ok(Connection(host))
    }

    /// Gives a connection its lane, where the system has them.
    #[cfg(target_os = "linux")]
    fn open_lane(&self, host: &PeerHost) -> Option<Arc<Descriptors>> {
        let descriptors = Arc::default();
        let other = crate::link::LinkedWith::Peer(Arc::clone(&host.process));
        let lane = crate::lane::ShmLane::new(&descriptors, &other);
        self.0.lock().core.set_lane(host.peer, Box::new(lane));
        Some(descriptors)
    }

    #[cfg(not(target_os = "linux"))]
    fn open_lane(&self, _: &PeerHost) -> Option<Arc<Descriptors>> {
        None
    }
}

impl Threads {
    fn lock_out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is output, or a time-out is another.
    fn wake(&self) {
        if !self.reading.load(Ordering::SeqCst) && !self.send_in_place() {
            self.signal();
        }
    }

    fn signal(&self) {
        *self.signal.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signalled.notify_one();
    }

    /// From now on bytes go another way. Nothing has gone the old one that the peer would take for frames.
    #[cfg(target_os = "linux")]
    fn change_way(&self, way: Outgoing, room: Room) {
        self.lock_out().way = way;
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }
}
