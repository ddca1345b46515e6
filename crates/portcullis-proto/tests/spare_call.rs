//! Contexts of calls that have ended, for others: nothing of one call reaches the next.

use std::sync::Arc;
use std::task::Waker;

use portcullis_proto::rpc::{Call, NoFlows, Origin, SpareCall, Wakes};
use portcullis_proto::time::Time;

fn call() -> Call {
    let origin = Arc::new(Origin::new(Arc::new(NoFlows), None));
    Call::new(origin, Some(Time::from_micros(5)), 1)
}

#[test]
fn a_call_is_used_again_as_a_new_one() {
    let ended = call();
    ended.token().cancel(&mut Wakes::default());
    assert!(ended.is_cancelled());
    let spare = SpareCall::of(ended.clone(), ended).expect("all handles");
    let (one, other) = spare.renewed(Time::from_micros(9), 2);
    assert!(!one.is_cancelled());
    assert_eq!((one.correlation(), one.remaining().map(|left| left.as_micros())), (2, Some(9)));
    one.token().cancel(&mut Wakes::default());
    assert!(other.is_cancelled(), "both are the same call");
}

#[test]
fn a_call_that_somebody_holds_is_not_used_again() {
    let ended = call();
    let held = ended.clone();
    assert!(SpareCall::of(ended.clone(), ended).is_none());
    assert_eq!(held.correlation(), 1);
    assert!(SpareCall::of(held, call()).is_none(), "two calls");
}

#[test]
fn a_call_that_is_to_wake_somebody_is_not_used_again() {
    let ended = call();
    ended.token().register(Waker::noop());
    assert!(SpareCall::of(ended.clone(), ended).is_none());
}
