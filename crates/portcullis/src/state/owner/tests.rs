//! The rules, by the table that TypeScript replays as well, and many threads at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use portcullis_proto::codec::SafeInt;
use portcullis_proto::error::Error;
use portcullis_proto::status::Status;
use serde::Deserialize;

use super::*;

const OWNER: &str = include_str!("../../../../../tests/vectors/shared-state/owner.json");
const VERSIONS: &str = include_str!("../../../../../tests/vectors/shared-state/versions.json");

type Pair = (u32, i64);

fn version((epoch, number): Pair) -> StateVersion {
    StateVersion { epoch, number: SafeInt(number) }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    steps: Vec<Step>,
    published: Vec<(Pair, u32)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Replace { replace: u32, from: Pair, now: Pair, stale: bool },
    Update { update: u32, now: Pair },
}

/// All that somebody was told.
type Told = Arc<Mutex<Vec<Versioned<u32>>>>;

/// A state, and all that a publisher gets that was there from the beginning.
fn published(epoch: u32) -> (SharedState<u32>, Told) {
    let state = SharedState::in_epoch(epoch, 0);
    let all = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&all);
    state.watch(move |value| lock(&to).push(*value));
    (state, all)
}

#[test]
fn the_owner_keeps_the_rules_of_the_table() {
    let cases: Vec<Case> = serde_json::from_str(OWNER).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let (state, all) = published(7);
        for (at, step) in case.steps.into_iter().enumerate() {
            let (outcome, expect, after) = match step {
                Step::Update { update, now } => {
                    (Ok(state.update(|value| *value = update).unwrap()), Ok(version(now)), now)
                }
                Step::Replace { replace, from, now, stale } => {
                    let change = Versioned { version: version(from), value: replace };
                    let after = version(now);
                    let expect = if stale { Err(Stale { now: after }) } else { Ok(after) };
                    (state.replace(change), expect, now)
                }
            };
            assert_eq!(outcome, expect, "{}: step {at}", case.name);
            assert_eq!(state.get().version, version(after), "{}: step {at}", case.name);
        }
        let expect: Vec<_> = case
            .published
            .into_iter()
            .map(|(at, value)| Versioned { version: version(at), value })
            .collect();
        assert_eq!(*lock(&all), expect, "{}", case.name);
    }
}

#[test]
fn versions_keep_the_rules_of_the_table() {
    #[derive(Deserialize)]
    struct Tables {
        news: Vec<News>,
        reached: Vec<Reached>,
    }
    #[derive(Deserialize)]
    struct News {
        known: Option<Pair>,
        next: Pair,
        news: bool,
    }
    #[derive(Deserialize)]
    struct Reached {
        at: Pair,
        base: Pair,
        now: Pair,
        reached: bool,
    }
    let tables: Tables = serde_json::from_str(VERSIONS).unwrap();
    assert!(!tables.news.is_empty() && !tables.reached.is_empty());
    for News { known, next, news } in tables.news {
        let told = version(next).is_news_to(known.map(version));
        assert_eq!(told, news, "{next:?} to {known:?}");
    }
    for Reached { at, base, now, reached } in tables.reached {
        let told = version(at).has_reached(version(base), version(now));
        assert_eq!(told, reached, "at {at:?}, from {base:?} to {now:?}");
    }
}

#[test]
fn states_have_epochs_of_their_own() {
    let epochs = [(); 4].map(|()| SharedState::new(0).get().version.epoch);
    assert!(epochs.iter().any(|epoch| *epoch != epochs[0]), "{epochs:?}");
}

#[test]
fn threads_lose_no_change_and_everybody_is_told_in_one_order() {
    const THREADS: u32 = 4;
    const CHANGES: u32 = 200;
    let (state, all) = published(1);
    let refused = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (state, refused) = (state.clone(), &refused);
            scope.spawn(move || {
                for _ in 0..CHANGES {
                    if thread == 0 {
                        state.update(|value| *value += 1).unwrap();
                        continue;
                    }
                    // Ends: of all that try at one time, one gets through.
                    loop {
                        let now = state.get();
                        let change = Versioned { value: now.value + 1, ..*now };
                        if state.replace(change).is_ok() {
                            break;
                        }
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(state.get().value, THREADS * CHANGES);
    let all = lock(&all);
    assert_eq!(all.len() as u32, THREADS * CHANGES + 1);
    for (at, told) in all.iter().enumerate() {
        assert_eq!((told.version, told.value), (version((1, at as i64)), at as u32));
    }
}

#[test]
fn a_publisher_that_is_gone_is_dropped_and_another_failure_is_made_up_for() {
    let state = SharedState::new(0u32);
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&told);
    state
        .publish_to(move |now| {
            lock(&to).push(now.value);
            match now.value {
                1 => Err(Error::new(Status::ResourceExhausted, "full")),
                3 => Err(Error::new(Status::Unavailable, "gone")),
                _ => Ok(()),
            }
        })
        .unwrap();
    for value in 1..=4 {
        state.update(|now| *now = value).unwrap();
    }
    assert_eq!(*lock(&told), [0, 1, 2, 3]);

    let refused = state.publish_to(|_| Err(Error::new(Status::PermissionDenied, "no")));
    assert_eq!(refused.unwrap_err().status(), Status::PermissionDenied);
}

#[test]
fn a_watcher_may_read_the_state() {
    let state = SharedState::new(0u32);
    let (read, seen) = (state.clone(), Arc::new(Mutex::new(Vec::new())));
    let to = Arc::clone(&seen);
    state.watch(move |told| lock(&to).push((told.value, read.get().value)));
    state.update(|value| *value = 1).unwrap();
    assert_eq!(*lock(&seen), [(0, 0), (1, 1)]);
}

#[crate::message]
#[derive(Clone, Debug, PartialEq)]
struct Bounded {
    #[limit(range = 0..=9)]
    level: u8,
}

#[test]
fn a_change_that_breaks_a_limit_or_panics_changes_nothing() {
    let state = SharedState::new(Bounded { level: 3 });
    let before = state.get();
    let error = state.update(|value| value.level = 10).unwrap_err();
    assert!(error.to_string().contains("level"), "{error}");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        state.update(|value| {
            value.level = 4;
            panic!("half-way");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(state.get(), before);
    state.update(|value| value.level = 5).unwrap();
    assert_eq!(state.get().value.level, 5);
}
