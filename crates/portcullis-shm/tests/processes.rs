//! Real processes: one that dies while it holds frames or writes into a ring, and one that runs out of what the system gives.
#![cfg(target_os = "linux")]

mod support;

use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use portcullis_shm::memory::{CreateError, OpenError};
use portcullis_shm::pool::{ForeignPool, LendError, Loan, Pool, Shape, Trusted, Untrusted};
use portcullis_shm::ring::{CAPACITY_FLOOR, CAPACITY_MAX, Duplex, Spin, Waited};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::watchdog;

const ROLE: &str = "PORTCULLIS_SHM_TEST_ROLE";
const SLOT_BYTES: usize = 64 << 10;

/// More than a starved process may map.
const LARGE: usize = 32 << 20;

/// Starts this program as the other process: its standard input and error are descriptors of shared memory, and what it
/// writes to standard output is its progress.
struct Other {
    child: Child,
    progress: BufReader<std::process::ChildStdout>,
}

impl Other {
    fn start(role: &str, first: OwnedFd, second: Option<OwnedFd>) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "the_other_process", "--nocapture", "--include-ignored"])
            .env(ROLE, role)
            .stdin(Stdio::from(first))
            .stdout(Stdio::piped())
            .stderr(second.map_or_else(Stdio::null, Stdio::from))
            .spawn()
            .expect("it starts");
        let progress = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, progress }
    }

    /// Waits for a line of progress.
    fn until(&mut self, wanted: &str) {
        let mut line = String::new();
        while self.progress.read_line(&mut line).expect("it writes") > 0 {
            if line.contains(wanted) {
                return;
            }
        }
        panic!("it ended without {wanted}: {line}");
    }

    fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ended");
    }
}

#[test]
fn f27_a_receiver_that_is_killed_with_frames_in_its_hands_gives_them_back() {
    let _watchdog = watchdog();
    let pool = Pool::new(3, SLOT_BYTES).unwrap();
    let (victim, other) = (pool.receiver(2).unwrap(), pool.receiver(2).unwrap());
    let frame = pool.frame(b"first frame").unwrap();
    let loans =
        [victim.lend(&frame).unwrap(), victim.lend(&pool.frame(b"second frame").unwrap()).unwrap()];
    other.lend(&frame).unwrap();
    drop(frame);
    assert_eq!(loans.map(|loan| (loan.slot, loan.generation, loan.len)), [(0, 1, 11), (1, 1, 12)]);

    let frames = pool.descriptor().unwrap();
    let mut process = Other::start("hold", frames, Some(victim.descriptor().unwrap()));
    process.until("holding");
    assert_eq!(victim.check(), Ok(2));
    assert_eq!(victim.lend(&pool.frame(b"third").unwrap()), Err(LendError::Full(2)));
    process.kill();
    // Nobody returned anything: it is dropping the handle, on news of the death, that reclaims.
    assert_eq!(victim.check(), Ok(2));
    assert_eq!(pool.free(), 1);
    drop(victim);
    assert_eq!(pool.free(), 2, "the other receiver still holds the first");
    assert_eq!(other.check(), Ok(1));
}

#[test]
fn f27_who_waits_for_a_slot_gets_one_when_the_holder_is_killed() {
    let _watchdog = watchdog();
    let pool = Pool::new(2, SLOT_BYTES).unwrap();
    let victim = pool.receiver(2).unwrap();
    victim.lend(&pool.frame(b"first frame").unwrap()).unwrap();
    victim.lend(&pool.frame(b"second frame").unwrap()).unwrap();
    let frames = pool.descriptor().unwrap();
    let mut process = Other::start("hold", frames, Some(victim.descriptor().unwrap()));
    process.until("holding");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.lease_timeout(1, Duration::from_secs(200)).map(drop));
        process.kill();
        drop(victim);
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_trusted_reader_in_another_process_reads_slices_and_returns_them() {
    let _watchdog = watchdog();
    let pool = Pool::new(2, SLOT_BYTES).unwrap();
    let receiver = pool.receiver(2).unwrap();
    receiver.lend(&pool.frame(b"first frame").unwrap()).unwrap();
    receiver.lend(&pool.frame(b"second frame").unwrap()).unwrap();
    let frames = pool.descriptor().unwrap();
    let mut process = Other::start("read", frames, Some(receiver.descriptor().unwrap()));
    // Woken by the other process, through its page.
    let lease = pool.lease_timeout(1, Duration::from_secs(200));
    assert!(lease.is_ok(), "{lease:?}");
    process.until("read");
    assert!(process.child.wait().unwrap().success());
    assert_eq!(receiver.check(), Ok(0));
}

#[test]
fn f27_a_writer_that_is_killed_in_the_middle_of_a_push_leaves_whole_records_and_no_hang() {
    let _watchdog = watchdog();
    let (mut ours, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never).unwrap();
    let mut process = Other::start("push", descriptor, None);
    process.until("pushing");
    let mut out = Vec::new();
    let mut records = 0u64;
    let mut process = Some(process);
    loop {
        out.clear();
        match ours.consumer.pop(&mut out).unwrap() {
            // What is published is whole.
            Some(len) => {
                assert!(out.iter().all(|byte| *byte == len as u8), "{out:?}");
                records += 1;
                if records == 2_000
                    && let Some(process) = process.take()
                {
                    process.kill();
                }
            }
            None if process.is_none() => break,
            None => {
                ours.consumer.wait(Some(Duration::from_secs(200))).unwrap();
            }
        }
    }
    assert!(records >= 2_000);
    // The dead wake nobody: the wait ends by its time, or by whoever learns of the death.
    assert_eq!(ours.consumer.wait(Some(Duration::from_millis(1))), Ok(Waited::TimedOut));
    let closer = ours.consumer.closer();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ours.consumer.wait(Some(Duration::from_secs(200))));
        closer.close();
        assert_eq!(waiting.join().unwrap(), Ok(Waited::Closed));
    });
}

#[test]
fn f27_a_reader_that_is_killed_leaves_a_full_ring_and_no_hang() {
    let _watchdog = watchdog();
    let (mut ours, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never).unwrap();
    let mut process = Other::start("pop", descriptor, None);
    process.until("popping");
    for _ in 0..1_000 {
        ours.producer.push_wait(&[7; 100], Some(Duration::from_secs(200))).unwrap();
    }
    process.kill();
    let closer = ours.producer.closer();
    std::thread::scope(|scope| {
        let pushing = scope.spawn(move || {
            loop {
                if let Err(error) =
                    ours.producer.push_wait(&[7; 100], Some(Duration::from_secs(200)))
                {
                    return error;
                }
            }
        });
        closer.close();
        assert_eq!(pushing.join().unwrap(), portcullis_shm::ring::PushError::Closed);
    });
}

// The address sanitizer cannot live with little address space, and is run without this test.
#[test]
fn f19_no_address_space_or_descriptors_is_a_typed_error_and_what_exists_goes_on() {
    let _watchdog = watchdog();
    let pool = Pool::new(1, LARGE).unwrap();
    let receiver = pool.receiver(1).unwrap();
    receiver.lend(&pool.frame(b"first frame").unwrap()).unwrap();
    let frames = pool.descriptor().unwrap();
    let mut process = Other::start("starve", frames, Some(receiver.descriptor().unwrap()));
    process.until("starved and well");
    assert!(process.child.wait().unwrap().success());
}

/// What runs in the other process; without a role, nothing.
#[test]
#[ignore = "this is the other process of the tests above"]
fn the_other_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let _watchdog = watchdog();
    let first = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let second = std::io::stderr().as_fd().try_clone_to_owned().unwrap();
    // What a panic says goes to the progress.
    rustix::stdio::dup2_stderr(std::io::stdout()).unwrap();
    match role.as_str() {
        "hold" => hold(first, second),
        "read" => read(first, second),
        "push" => push(first),
        "pop" => pop(first),
        "starve" => starve(first, second),
        other => panic!("no role {other}"),
    }
}

fn shape(slots: u32) -> Shape {
    Shape { slots, slot_bytes: SLOT_BYTES as u32 }
}

fn loans() -> [Loan; 2] {
    [Loan { slot: 0, generation: 1, len: 11 }, Loan { slot: 1, generation: 1, len: 12 }]
}

fn hold(frames: OwnedFd, returns: OwnedFd) {
    let slots = slots_of(&frames);
    let pool = ForeignPool::<Trusted>::open(frames, returns, shape(slots)).unwrap();
    let held = loans().map(|loan| pool.borrow(loan).unwrap());
    assert_eq!((&*held[0], &*held[1]), (&b"first frame"[..], &b"second frame"[..]));
    println!("holding");
    std::thread::sleep(Duration::from_secs(200));
}

fn read(frames: OwnedFd, returns: OwnedFd) {
    let slots = slots_of(&frames);
    let pool = ForeignPool::<Trusted>::open(frames, returns, shape(slots)).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    for (loan, text) in loans().into_iter().zip([&b"first frame"[..], b"second frame"]) {
        assert_eq!(&*pool.borrow(loan).unwrap(), text);
    }
    println!("read");
}

fn slots_of(frames: &OwnedFd) -> u32 {
    (rustix::fs::fstat(frames).unwrap().st_size as usize / SLOT_BYTES) as u32
}

fn push(descriptor: OwnedFd) {
    let mut ours = Duplex::open(descriptor, CAPACITY_FLOOR, Spin::Never).unwrap();
    println!("pushing");
    for len in (0..200u8).cycle() {
        ours.producer
            .push_wait(&vec![len; usize::from(len)], Some(Duration::from_secs(200)))
            .unwrap();
    }
}

fn pop(descriptor: OwnedFd) {
    let mut ours = Duplex::open(descriptor, CAPACITY_FLOOR, Spin::Never).unwrap();
    println!("popping");
    let mut out = Vec::new();
    loop {
        out.clear();
        ours.consumer.pop_batch(&mut out, 1000).unwrap();
        ours.consumer.wait(Some(Duration::from_secs(200))).unwrap();
    }
}

fn starve(frames: OwnedFd, returns: OwnedFd) {
    let limit = |resource, current| {
        let maximum = getrlimit(resource).maximum;
        setrlimit(resource, Rlimit { current: Some(current), maximum }).unwrap();
    };
    let again = || (frames.try_clone().unwrap(), returns.try_clone().unwrap());
    let shape = Shape { slots: 1, slot_bytes: LARGE as u32 };
    let open = |(frames, returns)| ForeignPool::<Untrusted>::open(frames, returns, shape);
    let (first, second) = (again(), again());
    let mine = Pool::new(1, SLOT_BYTES).unwrap();

    // A little more address space than is in use.
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    limit(Resource::As, pages * rustix::param::page_size() as u64 + LARGE as u64 / 4);
    let no_room =
        |error: &CreateError| matches!(error, CreateError::Exhausted { operation: "mmap", .. });
    let created = Pool::new(1, LARGE).map(drop);
    assert!(created.as_ref().is_err_and(no_room), "{created:?}");
    let ring = Duplex::create(CAPACITY_MAX, Spin::Never).map(drop);
    assert!(ring.as_ref().is_err_and(no_room), "{ring:?}");
    match open(first) {
        Err(OpenError::System(error)) if no_room(&error) => {}
        other => panic!("{other:?}"),
    }
    limit(Resource::As, 1 << 40);

    limit(Resource::Nofile, 3);
    let created = Pool::new(1, SLOT_BYTES).map(drop);
    let Err(CreateError::Exhausted { operation: "memfd_create", .. }) = created else {
        panic!("{created:?}");
    };
    assert!(mine.receiver(1).is_err());
    // What exists goes on, and opening needs no descriptor of its own.
    assert_eq!(&*mine.frame(b"alive").unwrap(), b"alive");
    let pool = open(second).unwrap();
    assert_eq!(pool.borrow(Loan { slot: 0, generation: 1, len: 11 }).unwrap().len(), 11);
    println!("starved and well");
}
