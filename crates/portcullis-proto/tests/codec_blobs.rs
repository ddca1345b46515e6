//! Handles on large bytes: what a clone shares, and who hears that the last one is gone (R7).

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_proto::codec::{Blob, Blobs, Keep};

/// Memory that counts how it ends.
struct Counted {
    released: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Counted {
    fn blob() -> (Blob, impl Fn() -> (usize, usize)) {
        let (released, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = [Arc::clone(&released), Arc::clone(&dropped)];
        let blob = Blob::kept(Arc::new(Self { released, dropped }));
        (blob, move || {
            let [released, dropped] = &counts;
            (released.load(Ordering::SeqCst), dropped.load(Ordering::SeqCst))
        })
    }
}

impl Keep for Counted {
    fn bytes(&self) -> &[u8] {
        b"kept"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn released(mut self: Arc<Self>) {
        assert!(Arc::get_mut(&mut self).is_some(), "it is nobody else's");
        self.released.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_last_clone_releases_its_memory() {
    let (blob, counts) = Counted::blob();
    let clone = blob.clone();
    drop(blob);
    assert_eq!((counts(), &*clone), ((0, 0), &b"kept"[..]));
    drop(clone);
    assert_eq!(counts(), (1, 1));
}

#[test]
fn what_else_holds_the_memory_keeps_it() {
    let (blob, counts) = Counted::blob();
    let keeper = blob.keeper().map(Arc::clone);
    drop(blob);
    assert_eq!(counts(), (0, 0));
    drop(keeper);
    assert_eq!(counts(), (0, 1), "no blob was its last holder");
}

#[test]
fn whoever_drops_it_memory_ends_once() {
    for _ in 0..500 {
        let (blob, counts) = Counted::blob();
        let clones = [blob.clone(), blob.clone(), blob];
        std::thread::scope(|scope| {
            for clone in clones {
                scope.spawn(move || drop(clone));
            }
        });
        let (released, dropped) = counts();
        assert!(released <= 1 && dropped == 1, "{released} {dropped}");
    }
}

#[test]
fn bytes_that_nobody_else_holds_are_given_away() {
    let bytes = vec![7; 100];
    let at = bytes.as_ptr();
    let blob = Blob::from(bytes);
    let clone = blob.clone();
    let copy = clone.into_vec();
    assert_ne!(copy.as_ptr(), at, "another still reads them");
    let bytes = blob.into_vec();
    assert_eq!((bytes.as_ptr(), bytes), (at, copy));
    let (kept, counts) = Counted::blob();
    assert_eq!((kept.into_vec(), counts()), (b"kept".to_vec(), (1, 1)));
}

#[test]
fn a_list_with_a_place_for_one_is_no_larger_than_any_list() {
    assert_eq!(
        (size_of::<Blob>(), size_of::<Blobs>()),
        (size_of::<[usize; 2]>(), size_of::<Vec<Blob>>())
    );
    let all: Vec<Blob> = (0..4u8).map(|byte| vec![byte].into()).collect();
    for count in 0..=all.len() {
        let (some, mut pushed) = (&all[..count], Blobs::new());
        some.iter().for_each(|blob| pushed.push(blob.clone()));
        assert_eq!((&*pushed, &pushed), (some, &Blobs::from(some)));
        assert_eq!(some.iter().cloned().collect::<Blobs>(), pushed);
        let from_start = pushed.as_ptr().addr().wrapping_sub((&raw const pushed).addr());
        assert_eq!(count == 1, from_start < size_of::<Blobs>(), "one stands in its place");
        pushed.clear();
        assert!(pushed.is_empty());
    }
}

#[test]
fn a_blob_of_nothing_is_empty() {
    let nothing = Blob::default();
    assert!(nothing.is_empty() && nothing.keeper().is_none() && !nothing.is_lent());
    assert_eq!((nothing.clone(), nothing.into_vec()), (Blob::from(vec![]), vec![]));
}
