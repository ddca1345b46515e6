//! The numbers that a peer knows instances by: its bindings, and its exports. A number that was given back does not come
//! again soon, so that a frame that was on its way when it was released cannot mean another instance.

use crate::account::Charge;
use crate::catalog::InterfaceIndex;
use crate::instance::InstanceId;

/// What a number of a peer's means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// The peer may call the instance.
    Bound { instance: InstanceId, interface: InterfaceIndex },
    /// The peer serves the instance.
    Export { instance: InstanceId, interface: InterfaceIndex },
    /// The instance has left, and the binding was not released yet.
    Gone,
    /// The peer may serve the instance no more, and has not withdrawn it yet.
    Withdrawn,
}

#[derive(Debug)]
struct Slot {
    generation: u16,
    handle: Option<Handle>,
    /// What it takes of its peer's budget.
    charge: Option<Charge>,
}

/// All numbers of one peer: the place from 1 below, how often it was used before above.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    slots: Vec<Slot>,
    bound: usize,
    exports: usize,
}

const PLACE_BITS: u32 = 16;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;

impl Handles {
    /// Bindings, those included whose instances have left.
    pub(crate) fn bound(&self) -> usize {
        self.bound
    }

    pub(crate) fn exports(&self) -> usize {
        self.exports
    }

    fn slot(&mut self, number: u32) -> Option<&mut Slot> {
        let place = (number & PLACE_MASK).checked_sub(1)?;
        let slot = self.slots.get_mut(place as usize)?;
        (u32::from(slot.generation) == number >> PLACE_BITS).then_some(slot)
    }

    pub(crate) fn get(&self, number: u32) -> Option<Handle> {
        let place = (number & PLACE_MASK).checked_sub(1)?;
        let slot = self.slots.get(place as usize)?;
        if u32::from(slot.generation) == number >> PLACE_BITS { slot.handle } else { None }
    }

    fn count(&mut self, handle: Handle) -> &mut usize {
        match handle {
            Handle::Bound { .. } | Handle::Gone => &mut self.bound,
            Handle::Export { .. } | Handle::Withdrawn => &mut self.exports,
        }
    }

    /// Gives out a number, and keeps the charge for it until the number is taken back.
    pub(crate) fn add(&mut self, handle: Handle, charge: Option<Charge>) -> Option<u32> {
        let place = match self.slots.iter().position(|slot| slot.handle.is_none()) {
            Some(place) => place,
            None => {
                self.slots.push(Slot { generation: 0, handle: None, charge: None });
                self.slots.len() - 1
            }
        };
        let number = u32::try_from(place + 1).ok().filter(|place| *place <= PLACE_MASK)?;
        let slot = self.slots.get_mut(place)?;
        slot.handle = Some(handle);
        slot.charge = charge;
        let number = (u32::from(slot.generation) << PLACE_BITS) | number;
        *self.count(handle) += 1;
        Some(number)
    }

    /// Takes a number back.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Handle> {
        let slot = self.slot(number)?;
        let handle = slot.handle.take()?;
        slot.charge = None;
        slot.generation = slot.generation.wrapping_add(1);
        *self.count(handle) -= 1;
        Some(handle)
    }

    /// The instance behind a binding has left.
    pub(crate) fn set_gone(&mut self, number: u32) {
        if let Some(Some(handle @ Handle::Bound { .. })) =
            self.slot(number).map(|slot| &mut slot.handle)
        {
            *handle = Handle::Gone;
        }
    }

    /// The hub has withdrawn what a peer served.
    pub(crate) fn set_withdrawn(&mut self, number: u32) {
        if let Some(Some(handle @ Handle::Export { .. })) =
            self.slot(number).map(|slot| &mut slot.handle)
        {
            *handle = Handle::Withdrawn;
        }
    }

    /// Takes all numbers back.
    pub(crate) fn drain(&mut self) -> Vec<(u32, Handle)> {
        let numbers: Vec<u32> = self.iter().map(|(number, _)| number).collect();
        numbers.into_iter().filter_map(|number| Some((number, self.remove(number)?))).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Handle)> {
        self.slots.iter().zip(1u32..).filter_map(|(slot, place)| {
            Some(((u32::from(slot.generation) << PLACE_BITS) | place, slot.handle?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Handle, Handles};

    #[test]
    fn numbers_that_were_given_back_mean_nothing() {
        let mut handles = Handles::default();
        assert_eq!(handles.add(Handle::Gone, None), Some(1));
        assert_eq!(handles.add(Handle::Gone, None), Some(2));
        assert_eq!(handles.remove(1), Some(Handle::Gone));
        assert_eq!((handles.get(1), handles.remove(1)), (None, None));
        assert_eq!(handles.add(Handle::Gone, None), Some(0x1_0001));
        assert_eq!((handles.get(1), handles.get(0), handles.get(3)), (None, None, None));
        assert_eq!(handles.bound(), 2);
        assert_eq!(handles.drain().len(), 2);
        assert_eq!((handles.bound(), handles.exports()), (0, 0));
    }
}
