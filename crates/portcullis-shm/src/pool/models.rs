//! Models of lending and returning, run by loom in every order that the memory model allows. Run as the decision page says.
#![allow(unsafe_code, reason = "loom's cell stands for a slot")]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::ledger::Ledger;
use super::returns::Returns;

/// A slot's bytes: loom finds a read that is not ordered against a write.
struct Slot(UnsafeCell<u32>);

impl Slot {
    fn write(&self, value: u32) {
        // SAFETY: loom reports it if anybody else is there.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    fn read(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|place| unsafe { *place })
    }
}

// SAFETY: loom's cell reports what is not ordered.
unsafe impl Sync for Slot {}
// SAFETY: as above.
unsafe impl Send for Slot {}

fn setting() -> (Arc<Returns>, Arc<Slot>, Ledger) {
    let (returns, slot) = (Arc::new(Returns::empty()), Arc::new(Slot(UnsafeCell::new(0))));
    (returns, slot, Ledger::new(2, 2))
}

#[test]
fn a_slot_is_written_anew_only_after_its_reader_has_read() {
    loom::model(|| {
        let (returns, slot, mut ledger) = setting();
        slot.write(1);
        ledger.lend(0, 1, &returns).unwrap();
        let reader = {
            let (returns, slot) = (returns.clone(), slot.clone());
            thread::spawn(move || {
                assert_eq!(slot.read(), 1);
                returns.give_back(0, 1);
            })
        };
        let mut freed = false;
        ledger.collect(&returns, |_| freed = true).unwrap();
        if freed {
            slot.write(2);
        }
        reader.join().unwrap();
        ledger.collect(&returns, |_| freed = true).unwrap();
        assert!(freed && ledger.held() == 0);
    });
}

#[test]
fn no_return_is_slept_through() {
    loom::model(|| {
        let (returns, slot, mut ledger) = setting();
        slot.write(1);
        ledger.lend(0, 1, &returns).unwrap();
        let reader = {
            let (returns, slot) = (returns.clone(), slot.clone());
            thread::spawn(move || {
                assert_eq!(slot.read(), 1);
                returns.give_back(0, 1);
            })
        };
        // As `wait::lease` does.
        let mut freed = false;
        while !freed {
            let seen = returns.announce();
            ledger.collect(&returns, |_| freed = true).unwrap();
            if !freed {
                returns.bell().wait(seen, None);
            }
        }
        returns.withdraw();
        slot.write(2);
        reader.join().unwrap();
    });
}

#[test]
fn two_slots_are_returned_in_any_order() {
    loom::model(|| {
        let (returns, _, mut ledger) = setting();
        ledger.lend(0, 5, &returns).unwrap();
        ledger.lend(1, 9, &returns).unwrap();
        let reader = {
            let returns = returns.clone();
            thread::spawn(move || {
                returns.give_back(1, 9);
                returns.give_back(0, 5);
            })
        };
        let mut freed = Vec::new();
        ledger.collect(&returns, |slot| freed.push(slot)).unwrap();
        reader.join().unwrap();
        ledger.collect(&returns, |slot| freed.push(slot)).unwrap();
        freed.sort_unstable();
        assert_eq!(freed, [0, 1]);
    });
}
