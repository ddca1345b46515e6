//! Tables of open calls: slots with generations, so that a look-up is an index and a comparison, memory is bounded by
//! the announced limit, and an id is told apart from the one that had its slot before (`docs/protocol.md`, section 5).

/// The slot of an id.
const fn slot_of(id: u32) -> usize {
    (id & 0xffff) as usize
}

/// What a look-up of an id found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// The call is open.
    Open(T),
    /// It was the last one in its slot and has ended.
    Ended,
    /// It was refused because its slot is beyond the limit.
    Beyond,
    /// It never was.
    Unknown,
}

#[derive(Debug)]
struct Slot<T> {
    /// The id that has the slot, or had it last.
    id: u32,
    value: Option<T>,
}

/// The calls that one side has opened.
#[derive(Debug)]
pub(super) struct CallTable<T> {
    slots: Vec<Slot<T>>,
    /// One bit for each slot that is taken.
    taken: Vec<u64>,
    open: usize,
    slots_max: usize,
}

impl<T> CallTable<T> {
    pub(super) fn new(slots_max: u16) -> Self {
        Self { slots: Vec::new(), taken: Vec::new(), open: 0, slots_max: usize::from(slots_max) }
    }

    pub(super) fn set_slots_max(&mut self, slots_max: u16) {
        self.slots_max = usize::from(slots_max);
    }

    /// How many calls are open.
    pub(super) fn len(&self) -> usize {
        self.open
    }

    /// Opens a call in the lowest free slot; `None` when all are taken. What belongs to it is made in its place: it is large.
    #[inline]
    pub(super) fn open(&mut self, make: impl FnOnce() -> T) -> Option<u32> {
        if self.open >= self.slots_max {
            return None;
        }
        let free = self.taken.iter().position(|word| *word != u64::MAX);
        let slot = match free {
            Some(word) => word * 64 + self.taken.get(word)?.trailing_ones() as usize,
            None => self.slots.len(),
        };
        self.grow(slot);
        let entry = self.slots.get_mut(slot)?;
        let generation = match entry.id >> 16 {
            0xffff => 1,
            last => last + 1,
        };
        entry.id = (generation << 16) | slot as u32;
        entry.value = Some(make());
        let id = entry.id;
        self.mark(slot, true);
        Some(id)
    }

    /// Takes in a call that the other side has opened under `id`.
    #[inline]
    pub(super) fn admit(&mut self, id: u32, make: impl FnOnce() -> T) -> Found<()> {
        let slot = slot_of(id);
        if slot >= self.slots_max {
            return Found::Beyond;
        }
        self.grow(slot);
        let Some(entry) = self.slots.get_mut(slot) else { return Found::Unknown };
        if id >> 16 == 0 || entry.value.is_some() || entry.id == id {
            return Found::Unknown;
        }
        entry.id = id;
        entry.value = Some(make());
        self.mark(slot, true);
        Found::Open(())
    }

    pub(super) fn find(&mut self, id: u32) -> Found<&mut T> {
        let slot = slot_of(id);
        match self.slots.get_mut(slot) {
            Some(entry) if entry.id == id && id != 0 => match &mut entry.value {
                Some(value) => Found::Open(value),
                None => Found::Ended,
            },
            // Calls that were opened before the limit was known are found above.
            _ if slot >= self.slots_max => Found::Beyond,
            _ => Found::Unknown,
        }
    }

    pub(super) fn get(&mut self, id: u32) -> Option<&mut T> {
        match self.find(id) {
            Found::Open(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let slot = slot_of(id);
        // Handed on as it is: what belongs to a call is large, and each time it is unpacked is a copy.
        let value = self.slots.get_mut(slot).filter(|entry| entry.id == id)?.value.take();
        if value.is_some() {
            self.mark(slot, false);
        }
        value
    }

    /// Every open call.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_ref())
    }

    /// Every open call, with its id.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.slots.iter_mut().filter_map(|slot| Some((slot.id, slot.value.as_mut()?)))
    }

    /// Ends all calls and returns what belonged to them.
    pub(super) fn drain(&mut self) -> Vec<(u32, T)> {
        self.taken.fill(0);
        self.open = 0;
        self.slots.iter_mut().filter_map(|slot| Some((slot.id, slot.value.take()?))).collect()
    }

    #[inline]
    fn grow(&mut self, slot: usize) {
        if slot >= self.slots.len() {
            self.grow_to(slot);
        }
    }

    #[cold]
    fn grow_to(&mut self, slot: usize) {
        while self.slots.len() <= slot {
            self.slots.push(Slot { id: 0, value: None });
        }
        while self.taken.len() * 64 <= slot {
            self.taken.push(0);
        }
    }

    fn mark(&mut self, slot: usize, taken: bool) {
        if let Some(word) = self.taken.get_mut(slot / 64) {
            let bit = 1u64 << (slot % 64);
            if taken {
                *word |= bit;
                self.open += 1;
            } else {
                *word &= !bit;
                self.open -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallTable, Found};

    #[test]
    fn f11_ids_wrap_without_reuse_of_a_live_one() {
        let mut calls = CallTable::new(2);
        let kept = calls.open(|| "kept").expect("free");
        assert_eq!(kept, 0x1_0000);
        let mut last = 0;
        for _ in 0..70_000 {
            let id = calls.open(|| "brief").expect("free");
            assert_ne!(id, kept);
            assert_ne!(id, last);
            assert_ne!(id >> 16, 0);
            assert!(calls.open(|| "beyond").is_none());
            calls.remove(id);
            last = id;
        }
        assert_eq!(calls.get(kept), Some(&mut "kept"));
        assert_eq!(calls.len(), 1);
    }

    #[test]
    fn the_other_sides_ids_are_checked() {
        let mut calls = CallTable::new(2);
        assert_eq!(calls.admit(0x1_0000, || ()), Found::Open(()));
        assert_eq!(calls.admit(0x1_0000, || ()), Found::Unknown, "taken");
        assert_eq!(calls.admit(0x2_0000, || ()), Found::Unknown, "slot taken");
        assert_eq!(calls.admit(0x0_0001, || ()), Found::Unknown, "generation 0");
        assert_eq!(calls.admit(0x1_0002, || ()), Found::Beyond);
        calls.remove(0x1_0000);
        assert_eq!(calls.find(0x1_0000), Found::Ended);
        assert_eq!(calls.find(0x3_0000), Found::Unknown);
        assert_eq!(calls.admit(0x1_0000, || ()), Found::Unknown, "used last");
        assert_eq!(calls.admit(0x2_0000, || ()), Found::Open(()));
        assert_eq!(calls.find(0x1_0000), Found::Unknown, "no longer the last one");
    }

    #[test]
    fn calls_opened_before_the_limit_was_known_are_found() {
        let mut calls = CallTable::new(4);
        let first = calls.open(|| "first").expect("free");
        let second = calls.open(|| "second").expect("free");
        calls.set_slots_max(1);
        assert_eq!(calls.find(second), Found::Open(&mut "second"));
        assert!(calls.open(|| "third").is_none());
        assert_eq!(calls.remove(first), Some("first"));
        assert!(calls.open(|| "third").is_none(), "the second one still counts");
        assert_eq!(calls.remove(second), Some("second"));
        assert_eq!(calls.find(0x2_0001), Found::Beyond);
        assert_eq!(calls.open(|| "third"), Some(0x2_0000));
    }
}
