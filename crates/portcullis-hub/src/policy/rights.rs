//! Rights as bits, by the numbers of interface and channel: the one thing that is looked at for each request. Where they
//! come from is left to [`super::roles`] and [`super::standing`].

use super::names::Names;

/// To call a channel, or subscribe to a topic.
pub(crate) const USE: u8 = 1;
/// To publish to a topic of somebody else's instance.
pub(crate) const PUBLISH: u8 = 2;
/// To publish to a topic of one's own instance.
pub(crate) const OWN: u8 = 4;
/// To serve the interface.
pub(crate) const SERVE: u8 = 8;

/// What a grant or a denial names: bits of some channels of one interface, and of the interface as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub(crate) interface: usize,
    /// In the order of the places, the interface as a whole first; each stands once.
    cells: Vec<(Option<u32>, u8)>,
}

impl Scope {
    pub(crate) fn new(
        interface: usize,
        cells: impl IntoIterator<Item = (Option<u32>, u8)>,
    ) -> Self {
        Self { interface, cells: cells.into_iter().collect() }
    }

    /// What it holds, one right after the other: the place of the interface in the contract, the channel's (none for the
    /// interface as a whole), and a number for the use.
    pub fn cells(&self) -> impl Iterator<Item = (usize, Option<u32>, u8)> + '_ {
        let uses =
            |bits: u8| [USE, PUBLISH, OWN, SERVE].into_iter().filter(move |bit| bits & bit != 0);
        self.cells.iter().flat_map(move |(place, bits)| {
            uses(*bits).map(move |bit| (self.interface, *place, bit))
        })
    }

    /// Takes out what `other` holds.
    pub(crate) fn subtract(&mut self, other: &Self) {
        if self.interface != other.interface {
            return;
        }
        for (place, bits) in &mut self.cells {
            if let Ok(at) = other.cells.binary_search_by_key(place, |(place, _)| *place)
                && let Some((_, others)) = other.cells.get(at)
            {
                *bits &= !others;
            }
        }
        self.cells.retain(|(_, bits)| *bits != 0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// The rights on one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    whole: u8,
    /// One set of bits for each channel.
    channels: Vec<u8>,
}

/// The rights on everything in a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rights(Vec<Held>);

impl Rights {
    pub(crate) fn none(names: &Names) -> Self {
        let held = |channels: usize| Held { whole: 0, channels: vec![0; channels] };
        Self(names.interfaces.iter().map(|interface| held(interface.channels.len())).collect())
    }

    fn change(&mut self, scope: &Scope, mut change: impl FnMut(&mut u8, u8)) {
        let Some(held) = self.0.get_mut(scope.interface) else { return };
        for (place, bits) in &scope.cells {
            let cell = match place {
                None => Some(&mut held.whole),
                Some(ordinal) => held.channels.get_mut(*ordinal as usize),
            };
            if let Some(cell) = cell {
                change(cell, *bits);
            }
        }
    }

    pub(crate) fn add(&mut self, scope: &Scope) {
        self.change(scope, |cell, bits| *cell |= bits);
    }

    pub(crate) fn remove(&mut self, scope: &Scope) {
        self.change(scope, |cell, bits| *cell &= !bits);
    }

    /// Takes out all that `other` holds.
    pub(crate) fn remove_all(&mut self, other: &Self) {
        for (held, other) in self.0.iter_mut().zip(&other.0) {
            held.whole &= !other.whole;
            for (cell, bits) in held.channels.iter_mut().zip(&other.channels) {
                *cell &= !bits;
            }
        }
    }

    /// Whether all of `scope` is held.
    pub(crate) fn holds(&self, scope: &Scope) -> bool {
        let mut rest = scope.clone();
        rest.cells.retain(|(place, bits)| self.at(scope.interface, *place) & bits != *bits);
        rest.is_empty()
    }

    /// The bits of a channel, or of the interface as a whole.
    pub(crate) fn at(&self, interface: usize, place: Option<u32>) -> u8 {
        let Some(held) = self.0.get(interface) else { return 0 };
        match place {
            None => held.whole,
            Some(ordinal) => held.channels.get(ordinal as usize).copied().unwrap_or(0),
        }
    }

    #[inline]
    fn bits(&self, interface: usize, ordinal: u32) -> u8 {
        let held = self.0.get(interface);
        held.and_then(|held| held.channels.get(ordinal as usize)).copied().unwrap_or(0)
    }

    /// Whether a channel may be called, or a topic subscribed to.
    #[inline]
    pub(crate) fn may_use(&self, interface: usize, ordinal: u32) -> bool {
        self.bits(interface, ordinal) & USE != 0
    }

    /// Whether a value may be published to a topic; `own` when the instance is the publisher's.
    pub(crate) fn may_publish(&self, interface: usize, ordinal: u32, own: bool) -> bool {
        self.bits(interface, ordinal) & if own { OWN } else { PUBLISH } != 0
    }

    pub(crate) fn may_serve(&self, interface: usize) -> bool {
        self.at(interface, None) & SERVE != 0
    }

    /// Whether anything of an interface may be used: only then can it be bound.
    pub(crate) fn may_bind(&self, interface: usize) -> bool {
        let held = self.0.get(interface);
        held.is_some_and(|held| held.channels.iter().any(|bits| bits & (USE | PUBLISH) != 0))
    }

    /// Whether anything of an interface is granted: only then does the peer learn that it exists.
    pub(crate) fn knows(&self, interface: usize) -> bool {
        self.may_serve(interface) || self.may_bind(interface)
    }
}
