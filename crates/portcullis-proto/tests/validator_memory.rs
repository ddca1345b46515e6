//! What reading costs in memory, counted by the allocator: the validator allocates nothing on its success path, and
//! no reader believes a count before its items are there.
#![allow(unsafe_code, reason = "an allocator that counts has to implement `GlobalAlloc`")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use portcullis_macros::message;
use portcullis_proto::codec::applies::ITEM_MEMORY_BYTES_MAX;
use portcullis_proto::codec::{Encoder, ErrorKind, Message, from_bytes};
use portcullis_proto::schema::validate::Plan;
use support::{Rng, schemas, valid};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(size: usize) {
    // While a thread ends, its counters may be gone already.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + size));
}

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the pointer came from the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `run` allocates on this thread: calls and bytes.
fn allocated<T>(run: impl FnOnce() -> T) -> (T, u64, usize) {
    let before = (CALLS.get(), BYTES.get());
    let result = run();
    (result, CALLS.get() - before.0, BYTES.get() - before.1)
}

#[test]
fn the_counter_counts() {
    let (_, calls, bytes) = allocated(|| Vec::<u8>::with_capacity(100));
    assert_eq!((calls, bytes), (1, 100));
}

#[test]
fn a_valid_body_costs_the_validator_no_allocation() {
    let mut total = 0;
    for seed in 0..300 {
        let mut rng = Rng(seed);
        let schema = schemas::schema(&mut rng);
        let plan = Plan::compile(&schema);
        let root = plan.interface("test").and_then(|it| it.channel(0)).expect("the channel").reply;
        for _ in 0..20 {
            let body = valid::body(&schema, schemas::reply(&schema), &mut rng);
            // A URL library builds the URL it parses.
            if cfg!(feature = "url") && schema.to_json().contains("\"url\"") {
                continue;
            }
            let (result, calls, _) =
                allocated(|| plan.validate_parts(root, &body.bytes, &body.blobs));
            assert_eq!((result, calls), (Ok(()), 0), "seed {seed}");
            total += 1;
        }
    }
    assert!(total > 2000, "only {total} bodies");
}

#[test]
fn f04_a_claimed_count_reserves_little() {
    #[message(crate = "portcullis_proto")]
    #[derive(Clone, Debug, PartialEq)]
    struct Big {
        page: [u8; 4096],
    }
    #[message(crate = "portcullis_proto")]
    #[derive(Clone, Debug, PartialEq)]
    struct Pages {
        #[limit(items <= 65_536)]
        pages: Vec<Option<Big>>,
    }
    // Room for 64 Ki items of a page each is 256 MiB; the first item is wrong, so nearly none of it is taken.
    let mut body = Vec::new();
    Encoder::new(&mut body).count(64 * 1024);
    body.extend([2; 64 * 1024]);
    let (error, _, bytes) = allocated(|| from_bytes::<Pages>(&body));
    assert_eq!(error.map_err(|error| error.kind()), Err(ErrorKind::BadBool));
    assert!(bytes <= 72 * 1024, "{bytes} bytes");
}

#[test]
fn f04_a_list_without_a_limit_takes_memory_in_proportion_to_its_bytes() {
    // The largest item that compiles without a limit: all of it is there, and one byte stands for it.
    type Item = Option<[u64; ITEM_MEMORY_BYTES_MAX / 8 - 1]>;
    assert_eq!((size_of::<Item>(), Item::BYTES_MIN), (ITEM_MEMORY_BYTES_MAX, 1));
    let count = 1_000_000;
    let mut body = Vec::new();
    Encoder::new(&mut body).count(count);
    body.resize(body.len() + count, 0);
    let (list, _, bytes) = allocated(|| from_bytes::<Vec<Item>>(&body).map(|list| list.len()));
    assert_eq!(list, Ok(count));
    // It grows by doubling: what it had before is counted here, too, and it may end half full.
    assert!(bytes <= 4 * ITEM_MEMORY_BYTES_MAX * body.len(), "{bytes} bytes");
}

#[test]
fn a_length_that_is_not_there_reserves_nothing() {
    fn costs<T: Message>(body: &[u8]) -> usize {
        let (result, _, bytes) = allocated(|| from_bytes::<T>(body).map(drop));
        assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::Truncated));
        bytes
    }
    let mut body = Vec::new();
    Encoder::new(&mut body).count(usize::MAX);
    let error = size_of::<usize>() * 16;
    assert!(costs::<Vec<u8>>(&body) <= error);
    assert!(costs::<String>(&body) <= error);
    assert!(costs::<Vec<f64>>(&body) <= error);
    assert!(costs::<std::collections::BTreeMap<u8, u8>>(&body) <= error);
}

#[test]
fn a_declared_limit_stops_a_list_before_its_items() {
    #[message(crate = "portcullis_proto")]
    #[derive(Clone, Debug, PartialEq)]
    struct Names {
        #[limit(items <= 10)]
        names: Vec<String>,
    }
    let mut body = Vec::new();
    Encoder::new(&mut body).count(100_000);
    body.extend([0; 100_000]);
    let (error, _, bytes) = allocated(|| from_bytes::<Names>(&body));
    let error = error.expect_err("too many");
    assert_eq!((error.kind(), error.path().as_str()), (ErrorKind::TooLong, "names"));
    assert!(bytes < 1024, "{bytes} bytes");
}
