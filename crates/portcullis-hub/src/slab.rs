//! Slots with generations: numbers that are never given out twice in a life that anyone could mistake.

/// A number of 32 bits: the slot below, its generation above.
pub(crate) type Key = u32;

const SLOT_BITS: u32 = 12;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;

#[derive(Debug)]
struct Slot<T> {
    key: Key,
    value: Option<T>,
}

#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// Free slots, the one that has been free for longest first: generations last.
    free: std::collections::VecDeque<u32>,
    max: usize,
}

impl<T> Slab<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: std::collections::VecDeque::new(),
            max: max.min(1 << SLOT_BITS),
        }
    }

    /// Puts a value in; `None` when all slots are taken.
    pub(crate) fn insert(&mut self, value: T) -> Option<Key> {
        let slot = match self.free.pop_front() {
            Some(slot) => slot,
            None if self.slots.len() < self.max => {
                let slot = self.slots.len() as u32;
                self.slots.push(Slot { key: slot, value: None });
                slot
            }
            None => return None,
        };
        let entry = self.slots.get_mut(slot as usize)?;
        // Generation 0 is never given out, so that 0 names nobody.
        let generation = match (entry.key >> SLOT_BITS).wrapping_add(1) & (u32::MAX >> SLOT_BITS) {
            0 => 1,
            next => next,
        };
        entry.key = (generation << SLOT_BITS) | slot;
        entry.value = Some(value);
        Some(entry.key)
    }

    fn slot(&self, key: Key) -> Option<&Slot<T>> {
        self.slots.get((key & SLOT_MASK) as usize).filter(|slot| slot.key == key)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.slot(key)?.value.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slots.get_mut((key & SLOT_MASK) as usize)?;
        if slot.key == key { slot.value.as_mut() } else { None }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut((key & SLOT_MASK) as usize).filter(|slot| slot.key == key)?;
        let value = slot.value.take()?;
        self.free.push_back(key & SLOT_MASK);
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().filter_map(|slot| Some((slot.key, slot.value.as_ref()?)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Key, &mut T)> {
        self.slots.iter_mut().filter_map(|slot| Some((slot.key, slot.value.as_mut()?)))
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.iter().map(|(key, _)| key).collect()
    }
}
