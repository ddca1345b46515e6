//! What a frame costs in allocations, from the pool that main fills, through the hub and a socket, to a native receiver:
//! none in the steady state, whatever its size. The only test of its process, because it counts on all threads. The receiver is
//! a process of its own, which reads what main has written, and once this very one, which is never lent its own memory and copies.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufRead, BufReader, stdin};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use portcullis::client::BlockingPeer;
use portcullis::codec::Blob;
use portcullis::hub::{Admission, Kind};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{BlobPool, Hub, Limits, Role};
use portcullis_proto::session::Config;

/// Counts what the whole process allocates.
struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is the system allocator's; the count allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

mod frames {
    //! The contract.
    use portcullis::codec::Blob;

    /// A camera.
    #[portcullis::interface(name = "test.camera", version = 1)]
    pub trait Camera {
        /// A frame of it.
        #[event]
        fn frame(pixels: Blob);
    }

    portcullis::contract! { name = "camera", interfaces = [Camera] }
}

use frames::{CameraClient, CameraInterface, CameraPublisher, contract};

/// Frames that are counted at once.
const FRAMES: u8 = 50;
/// How often they are: something else in the process (the thread of another test that ends) may be in one of the counts.
const TIMES: usize = 5;
/// Bytes of a frame.
const SIZES: [usize; 3] = [1 << 14, 1 << 18, 1 << 22];
const SLOTS: usize = 4;
/// Set in the process that only receives.
const RECEIVES: &str = "PORTCULLIS_TEST_RECEIVES";
/// What that process says when it is about to.
const WATCHING: &str = "it watches";

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.load(Ordering::SeqCst);
    work();
    COUNT.load(Ordering::SeqCst) - before
}

/// Counts what frames of that size allocate once memory was taken that the next ones use.
fn allocates_nothing(size: usize, mut round: impl FnMut(u8)) {
    (0..FRAMES).for_each(&mut round);
    let counts = (0..TIMES).map(|_| allocations(|| (0..FRAMES).for_each(&mut round)));
    assert_eq!(counts.min(), Some(0), "{FRAMES} frames of {size} bytes");
}

/// Main, with a viewer at the other end of the socket.
fn publishes(work: impl FnOnce(&Hub, &CameraPublisher, UnixStream)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _entered = runtime.enter();
    let role = Role::new("viewer").subscribe("test.camera.*");
    let hub = Hub::builder(contract()).role(role).build().expect("the role fits the contract");
    let hosted = hub.host_topics::<CameraInterface>("").expect("hosted");
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let admission = Admission::new("viewer", "viewer", Kind::Native);
    let connection = hub.attach_blocking(ours, &admission).expect("admitted");
    work(&hub, &hosted.publisher(), theirs);
    drop(connection);
}

/// A viewer; what `look` is given waits for the next frame.
fn watches(socket: UnixStream, look: impl FnOnce(&mut dyn FnMut() -> Blob)) {
    // Of frames larger than the first credit, some would wait for more, and be kept for that.
    let limits = Limits { stream_bytes: 1 << 28, ..Limits::DEFAULT };
    let session = Config { limits, ..Config::default() };
    let config = PeerConfig { session, ..PeerConfig::default() };
    let mut viewer = BlockingPeer::new(socket, &config).expect("a peer");
    let peer = viewer.peer().clone();
    let camera: CameraClient = viewer.block_on(peer.bind(Target::Any)).expect("bound");
    let mut watched = camera.subscribe_frame();
    // The subscription has come in when the bind behind it has been answered.
    let _behind: CameraClient = viewer.block_on(peer.bind(Target::Any)).expect("bound");
    look(&mut || viewer.block_on(watched.next()).expect("a frame").expect("a frame"));
}

fn publish(pool: &BlobPool, size: usize, number: u8, publisher: &CameraPublisher) {
    let mut frame = pool.lease(size).expect("a free slot");
    frame.fill(number);
    publisher.frame(&frame.freeze()).expect("published");
}

fn check(got: &Blob, size: usize, number: u8, lent: bool) {
    assert_eq!((got.len(), got[0], got[size - 1]), (size, number, number));
    assert_eq!(got.is_lent(), lent);
}

#[test]
fn r07_a_frame_through_the_hub_allocates_nothing_whatever_its_size() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1)))) > 0, "the count counts");
    if std::env::var_os(RECEIVES).is_some() {
        return receives_in_a_process_of_its_own();
    }
    publishes(|hub, publisher, socket| {
        watches(socket, |next| {
            for size in SIZES {
                let pool = BlobPool::new(SLOTS, size).expect("memory");
                allocates_nothing(size, |number| {
                    publish(&pool, size, number, publisher);
                    check(&next(), size, number, false);
                });
            }
            let counters = hub.peers().first().expect("it is connected").counters;
            let frames = (SIZES.len() * (1 + TIMES)) as u64 * u64::from(FRAMES);
            assert_eq!((counters.blobs_copied, counters.blobs_lent), (0, frames));
        });
    });
    publishes(|_, publisher, socket| {
        let mut viewer = Command::new(std::env::current_exe().expect("this program"));
        viewer.args(["--exact", thread::current().name().expect("the test's"), "--nocapture"]);
        viewer.env(RECEIVES, "1").stdin(OwnedFd::from(socket)).stdout(Stdio::piped());
        let mut process = viewer.spawn().expect("it starts");
        let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        assert!(said.any(|line| line.is_ok_and(|line| line.contains(WATCHING))));
        for size in SIZES {
            let pool = BlobPool::new(SLOTS, size).expect("memory");
            allocates_nothing(size, |number| {
                publish(&pool, size, number, publisher);
                // It comes back, after far less than a minute.
                let is_back = |_| {
                    pool.free() == SLOTS || {
                        thread::sleep(Duration::from_micros(100));
                        false
                    }
                };
                assert!((0..600_000).any(is_back), "frame {number} of {size} bytes is kept");
            });
        }
        assert!(process.wait().expect("it ends").success());
    });
}

/// The other half of the test, on the socket that is its standard input.
fn receives_in_a_process_of_its_own() {
    let socket = stdin().as_fd().try_clone_to_owned().expect("a socket");
    watches(socket.into(), |next| {
        println!("{WATCHING}");
        for size in SIZES {
            allocates_nothing(size, |number| check(&next(), size, number, true));
        }
    });
}
