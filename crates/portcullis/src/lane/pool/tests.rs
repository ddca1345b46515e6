//! Slots come back whoever drops a blob last, and handles on them are used again.

use std::thread;

use super::*;

fn filled(pool: &BlobPool, number: u8) -> Blob {
    let mut slot = pool.lease(3).expect("a free slot");
    slot.fill(number);
    slot.freeze()
}

/// Where a blob's handle is.
fn place(blob: &Blob) -> usize {
    let keeper = blob.keeper().expect("a pool's");
    Arc::as_ptr(keeper).cast::<()>().addr()
}

#[test]
fn r07_a_clone_that_outlives_the_first_keeps_the_slot() {
    let pool = BlobPool::new(2, 64).expect("memory");
    let blob = filled(&pool, 1);
    let clone = blob.clone();
    drop(blob);
    assert_eq!((pool.free(), &*clone), (1, &[1; 3][..]));
    drop(clone);
    assert_eq!(pool.free(), 2);
}

#[test]
fn r07_the_next_blob_has_the_handle_of_the_one_before() {
    let pool = BlobPool::new(2, 64).expect("memory");
    let (one, other) = (filled(&pool, 1), filled(&pool, 2));
    let (first, second) = (place(&one), place(&other));
    assert_ne!(first, second);
    drop((one, other));
    let again = [filled(&pool, 3), filled(&pool, 4)];
    assert!(again.iter().all(|blob| [first, second].contains(&place(blob))));
    assert_eq!((&*again[0], &*again[1]), (&[3; 3][..], &[4; 3][..]));
}

#[test]
fn a_pool_ends_with_the_last_blob_of_it() {
    let pool = BlobPool::new(4, 64).expect("memory");
    let shared = Arc::downgrade(&pool.0);
    let spare = [filled(&pool, 1), filled(&pool, 2)];
    let held = [filled(&pool, 3), filled(&pool, 4)];
    drop(spare);
    drop(pool);
    assert!(shared.upgrade().is_some(), "its blobs keep it");
    let [one, other] = held;
    drop(one);
    assert_eq!(&*other, &[4; 3]);
    drop(other);
    assert!(shared.upgrade().is_none(), "handles that hold nothing do not");
}

#[test]
fn slots_come_back_from_clones_that_threads_drop_at_once() {
    let pool = BlobPool::new(4, 64).expect("memory");
    for round in 0..500_u16 {
        let blobs: Vec<_> = (0..4).map(|_| filled(&pool, round as u8)).collect();
        thread::scope(|scope| {
            for _ in 0..3 {
                let blobs = blobs.clone();
                scope.spawn(move || drop(blobs));
            }
            drop(blobs);
        });
        assert_eq!(pool.free(), 4, "after round {round}");
    }
}
