//! Descriptors that are not what was declared are refused before anything is mapped, and what is shared for reading cannot be
//! made writable.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "tests map memory as a hostile process would")]

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use portcullis_shm::memory::{CreateError, MEMORY_BYTES_MAX, OpenError, Writers, check, create};
use portcullis_shm::pool::{ForeignPool, Loan, Pool, Shape, Trusted, Untrusted};
use portcullis_shm::ring::{CAPACITY_FLOOR, CAPACITY_MAX, Duplex, Spin};
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create,
};
use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mprotect};

const BYTES: usize = 64 << 10;

const ALL: SealFlags =
    SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::FUTURE_WRITE).union(SealFlags::SEAL);

/// Memory made by hand.
fn memory(bytes: usize, allocated: bool, seals: SealFlags) -> OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let descriptor = memfd_create("test", flags).expect("a memory file");
    ftruncate(&descriptor, bytes as u64).expect("sized");
    if allocated {
        fallocate(&descriptor, FallocateFlags::empty(), 0, bytes as u64).expect("allocated");
    }
    fcntl_add_seals(&descriptor, seals).expect("sealed");
    descriptor
}

fn refused(descriptor: &impl AsFd) -> OpenError {
    check(descriptor.as_fd(), BYTES, Writers::Creator).expect_err("refused")
}

#[test]
fn f30_what_is_no_shared_memory_is_refused() {
    let (pipe, _other) = std::io::pipe().expect("a pipe");
    let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
    let file = tempfile(BYTES);
    let folder = File::open("/").expect("the root");
    let device = File::open("/dev/zero").expect("a device");
    let path = rustix::fs::open("/", rustix::fs::OFlags::PATH, rustix::fs::Mode::empty());
    let path = path.expect("a path");
    for refusal in [refused(&pipe), refused(&socket), refused(&folder), refused(&device)] {
        assert!(matches!(refusal, OpenError::NotMemory), "{refusal:?}");
    }
    // A file, on a disk or a tmpfs: not memory, or memory that anybody could cut.
    assert!(matches!(refused(&file), OpenError::NotMemory | OpenError::Unsealed { .. }));
    assert!(matches!(refused(&path), OpenError::System(_)));
}

/// A file without a name, of the right size.
fn tempfile(bytes: usize) -> File {
    let path = std::env::temp_dir().join(format!("portcullis-shm-{}", std::process::id()));
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.expect("a file");
    std::fs::remove_file(&path).expect("removed");
    file.set_len(bytes as u64).expect("sized");
    file
}

#[test]
fn f30_memory_that_lacks_any_seal_is_refused() {
    for (seal, name) in ALL.iter_names().map(|(name, seal)| (seal, name)) {
        let missing = ALL.difference(seal);
        let refusal = refused(&memory(BYTES, true, missing));
        match refusal {
            OpenError::Unsealed { missing } => assert_eq!(missing, name),
            other => panic!("without {name}: {other:?}"),
        }
    }
    // Sealed against writing altogether is no substitute: it is another thing than what was declared.
    let other = memory(BYTES, true, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::WRITE);
    assert!(matches!(refused(&other), OpenError::Unsealed { .. }));
    check(memory(BYTES, true, ALL).as_fd(), BYTES, Writers::Creator).expect("all is right");
}

#[test]
fn f30_another_size_than_declared_is_refused() {
    for bytes in [BYTES - 4096, BYTES + 4096, BYTES - 1, BYTES + 1, 0] {
        let refusal = refused(&memory(bytes, bytes > 0 && bytes != 0, ALL));
        match refusal {
            OpenError::Size { found, declared } => {
                assert_eq!((found, declared), (bytes as u64, BYTES as u64));
            }
            other => panic!("{bytes}: {other:?}"),
        }
    }
}

#[test]
fn f30_memory_that_is_not_there_is_refused() {
    let refusal = refused(&memory(BYTES, false, ALL));
    assert!(matches!(refusal, OpenError::Sparse { allocated: 0, .. }), "{refusal:?}");
}

#[test]
fn f30_shapes_and_capacities_that_nothing_may_have_are_refused() {
    let page = rustix::param::page_size() as u32;
    let bad = [
        (0, page),
        (1, 0),
        (257, page),
        (1, page + 1),
        (1, page - 1),
        (u32::MAX, u32::MAX),
        (256, 1 << 30),
        (2, (MEMORY_BYTES_MAX as u32 / 2) + page),
    ];
    for (slots, slot_bytes) in bad {
        let (frames, returns) = (memory(BYTES, true, ALL), memory(4096, true, ALL));
        let opened = ForeignPool::<Untrusted>::open(frames, returns, Shape { slots, slot_bytes });
        assert!(matches!(opened, Err(OpenError::Declared(_))), "{slots} of {slot_bytes}");
    }
    for capacity in [0, 1, CAPACITY_FLOOR - 1, CAPACITY_FLOOR + 1, CAPACITY_MAX * 2, u32::MAX] {
        let opened = Duplex::open(memory(BYTES, true, ALL), capacity, Spin::Never);
        assert!(matches!(opened, Err(OpenError::Declared(_))), "{capacity}");
        let created = Duplex::create(capacity, Spin::Never).map(drop);
        let rounded_up = capacity == CAPACITY_FLOOR + 1;
        assert_eq!(created.is_ok(), rounded_up, "{capacity}: {created:?}");
    }
}

#[test]
fn f30_a_pool_or_ring_that_is_swapped_for_another_is_refused() {
    let pool = Pool::new(2, BYTES).expect("a pool");
    let receiver = pool.receiver(1).expect("a receiver");
    let (frames, returns) = (|| pool.descriptor().unwrap(), || receiver.descriptor().unwrap());
    let shape = pool.shape();
    let open = |frames, returns, shape| ForeignPool::<Untrusted>::open(frames, returns, shape);
    assert!(matches!(open(returns(), frames(), shape), Err(OpenError::Unsealed { .. })));
    assert!(matches!(open(frames(), frames(), shape), Err(OpenError::Size { .. })));
    let more = Shape { slots: 3, ..shape };
    assert!(matches!(open(frames(), returns(), more), Err(OpenError::Size { .. })));
    // What only its creator may write is no ring.
    let capacity = 32 << 10;
    let bytes = 2 * 4096 + 2 * capacity as usize;
    let opened = Duplex::open(memory(bytes, true, ALL), capacity, Spin::Never);
    assert!(matches!(opened, Err(OpenError::Unsealed { .. })), "{opened:?}");
    assert!(open(frames(), returns(), shape).is_ok());
    // Its own pool a process may copy from, but not lend itself as slices.
    let own = ForeignPool::<Trusted>::open(frames(), returns(), shape);
    assert!(matches!(own, Err(OpenError::Own)));
}

#[test]
fn f31_a_reader_cannot_write_cut_or_unseal_a_pool() {
    let pool = Pool::new(1, BYTES).expect("a pool");
    let frame = pool.frame(b"kept").expect("a slot");
    let theirs = pool.descriptor().expect("a descriptor");
    let map = |protection| {
        // SAFETY: the kernel chooses the place.
        unsafe { mmap(std::ptr::null_mut(), BYTES, protection, MapFlags::SHARED, &theirs, 0) }
    };
    assert_eq!(map(ProtFlags::READ | ProtFlags::WRITE).err(), Some(Errno::PERM));
    assert_eq!(map(ProtFlags::WRITE).err(), Some(Errno::PERM));
    let readable = map(ProtFlags::READ).expect("for reading");
    // SAFETY: the mapping was just made.
    let made_writable = unsafe { mprotect(readable, BYTES, MprotectFlags::WRITE) };
    assert_eq!(made_writable, Err(Errno::ACCESS));
    assert_eq!(rustix::io::pwrite(&theirs, b"torn", 0), Err(Errno::PERM));
    assert_eq!(ftruncate(&theirs, 0), Err(Errno::PERM));
    assert_eq!(ftruncate(&theirs, 2 * BYTES as u64), Err(Errno::PERM));
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    assert_eq!(fallocate(&theirs, hole, 0, BYTES as u64), Err(Errno::PERM));
    assert_eq!(fcntl_add_seals(&theirs, SealFlags::WRITE), Err(Errno::PERM));
    // Opened anew it is the same memory, with the same seals.
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&theirs));
    if let Ok(again) = File::options().read(true).write(true).open(path) {
        assert_eq!(rustix::io::pwrite(&again, b"torn", 0), Err(Errno::PERM));
    }
    assert_eq!(&*frame, b"kept");
}

#[test]
fn f31_nobody_can_cut_a_ring_or_a_page_of_returns() {
    let (_ours, ring) = Duplex::create(CAPACITY_FLOOR, Spin::Never).expect("a ring");
    let pool = Pool::new(1, BYTES).expect("a pool");
    let returns = pool.receiver(1).expect("a receiver").descriptor().expect("a descriptor");
    for descriptor in [ring, returns] {
        assert_eq!(ftruncate(&descriptor, 0), Err(Errno::PERM));
        assert_eq!(ftruncate(&descriptor, 1 << 20), Err(Errno::PERM));
        assert_eq!(fcntl_add_seals(&descriptor, SealFlags::FUTURE_WRITE), Err(Errno::PERM));
    }
}

#[test]
fn memory_is_not_executable_and_is_closed_on_exec() {
    let descriptor = create(BYTES, Writers::Creator).expect("memory");
    let flags = rustix::io::fcntl_getfd(&descriptor).expect("flags");
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let seals = rustix::fs::fcntl_get_seals(&descriptor).expect("seals");
    assert!(seals.contains(ALL));
}

#[test]
fn sizes_beyond_the_limit_are_refused_at_once() {
    for bytes in [0, MEMORY_BYTES_MAX + 1, usize::MAX] {
        assert!(matches!(create(bytes, Writers::Creator), Err(CreateError::Size { .. })));
    }
    for (slots, bytes) in [(0, 4096), (257, 4096), (4, 0), (2, MEMORY_BYTES_MAX), (9, usize::MAX)] {
        assert!(matches!(Pool::new(slots, bytes), Err(CreateError::Size { .. })));
    }
}

#[test]
fn a_loan_travels_through_real_memory() {
    let pool = Pool::new(2, 100).expect("a pool");
    assert_eq!(pool.shape().slot_bytes as usize, rustix::param::page_size());
    let receiver = pool.receiver(1).expect("a receiver");
    let (frames, returns) = (pool.descriptor().unwrap(), receiver.descriptor().unwrap());
    let theirs = ForeignPool::<Untrusted>::open(frames, returns, pool.shape()).expect("opened");
    for round in 0..1000u32 {
        let loan: Loan = receiver.lend(&pool.frame(&round.to_le_bytes()).unwrap()).unwrap();
        let mut bytes = [0; 4];
        theirs.borrow(loan).unwrap().copy_to(&mut bytes).unwrap();
        assert_eq!(u32::from_le_bytes(bytes), round);
    }
    assert_eq!((receiver.check(), pool.free()), (Ok(0), 2));
}
