//! What a frame costs in allocations, from the pool that main fills, through the hub and a socket, to a native receiver: a small
//! number, whatever its size. The only test of its process, because it counts on all threads.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis::client::BlockingPeer;
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

/// Allocations of a frame, on both sides: the handle on it in main, and the receiver's, with the list that it comes in.
const OF_A_FRAME: u64 = 3;
/// Frames that are counted at once.
const FRAMES: u8 = 50;
/// How often they are: something else in the process (the thread of another test that ends) may be in one of the counts.
const TIMES: usize = 5;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.load(Ordering::SeqCst);
    work();
    COUNT.load(Ordering::SeqCst) - before
}

#[test]
fn r07_a_frame_through_the_hub_allocates_little_whatever_its_size() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1)))) > 0, "the count counts");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _entered = runtime.enter();
    let role = Role::new("viewer").subscribe("test.camera.*");
    let hub = Hub::builder(contract()).role(role).build().expect("the role fits the contract");
    let hosted = hub.host_topics::<CameraInterface>("").expect("hosted");
    let publisher: CameraPublisher = hosted.publisher();
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let admission = Admission::new("viewer", "viewer", Kind::Native);
    let connection = hub.attach_blocking(ours, &admission).expect("admitted");
    // Of frames larger than the first credit, some would wait for more, and be kept for that.
    let limits = Limits { stream_bytes: 1 << 28, ..Limits::DEFAULT };
    let session = Config { limits, ..Config::default() };
    let config = PeerConfig { session, ..PeerConfig::default() };
    let mut viewer = BlockingPeer::new(theirs, &config).expect("a peer");
    let peer = viewer.peer().clone();
    let camera: CameraClient = viewer.block_on(peer.bind(Target::Any)).expect("bound");
    let mut watched = camera.subscribe_frame();
    // The subscription has come in when the bind behind it has been answered.
    let _behind: CameraClient = viewer.block_on(peer.bind(Target::Any)).expect("bound");
    for size in [1 << 14, 1 << 18, 1 << 22] {
        let pool = BlobPool::new(4, size).expect("memory");
        let mut round = |number: u8| {
            let mut frame = pool.lease(size).expect("a free slot");
            frame.fill(number);
            publisher.frame(&frame.freeze()).expect("published");
            let got = viewer.block_on(watched.next()).expect("a frame").expect("a frame");
            assert_eq!((got.len(), got[0], got[size - 1]), (size, number, number));
        };
        // The pool is offered, and memory is taken that the next frames use.
        (0..FRAMES).for_each(&mut round);
        let counts = (0..TIMES).map(|_| allocations(|| (0..FRAMES).for_each(&mut round)));
        let least = counts.min().expect("some");
        assert!(least <= OF_A_FRAME * u64::from(FRAMES), "{least} for {FRAMES} of {size} bytes");
    }
    let blobs =
        hub.peers().first().map(|peer| (peer.counters.blobs_copied, peer.counters.blobs_lent));
    let frames = 3 * (1 + TIMES as u64) * u64::from(FRAMES);
    assert_eq!(blobs, Some((0, frames)), "all were lent");
    drop(connection);
}
