//! The committed lock file is that of the old contract, and the new one keeps it.

use evolution::{new, old};
use portcullis_codegen::lock::breaks;
use portcullis_proto::schema::{Lock, interface_hash};

const LOCK: &str = include_str!("../contract.lock");

#[test]
fn the_lock_has_the_old_shape_and_the_new_contract_keeps_it() {
    let mut lock = Lock::default();
    assert_eq!(lock.record(old::contract()), ["evolution.catalog"]);
    assert_eq!(lock.to_json(), LOCK, "made by `portcullis lock --schema old.schema`");
    assert_eq!(breaks(&lock, new::contract()), []);
    let [interface] = new::contract().interfaces.as_slice() else { panic!("one interface") };
    assert_eq!(interface.earlier, [old::contract().interfaces[0].hash]);
}

#[test]
fn what_breaks_a_recorded_shape_is_named() {
    let mut lock = Lock::default();
    lock.record(new::contract());
    let mut broken = new::contract().clone();
    broken.interfaces[0].channels.swap(0, 1);
    broken.interfaces[0].hash = interface_hash(&broken, &broken.interfaces[0]);
    let [found] = breaks(&lock, &broken).try_into().expect("one break");
    let text = found.to_string();
    assert!(text.contains("evolution.catalog") && text.contains("find"), "{text}");
    broken.interfaces.clear();
    assert!(breaks(&lock, &broken)[0].to_string().contains("no such interface any more"));
}
