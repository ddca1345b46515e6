//! Taps: copies of the messages that pass, for whoever main lets look on. Nothing is copied, and nothing but one flag is
//! looked at, while there is no tap. Who may tap, what waits for a tap that is slow, and hiding what is secret are left to
//! others: a record holds a body as it came.

mod pass;
mod record;

pub use record::{TAP_BODY_BYTES_MAX, TapId, TapKind, TapRecord, Tapped};

use std::fmt;
use std::sync::Arc;

use crate::Hub;
use crate::catalog::{Catalog, InterfaceIndex};
use crate::policy::names::nearest;

/// Most taps of a hub at once.
pub const TAPS_MAX: usize = 8;
/// Labels, and patterns of channels, that a tap may name of each.
pub const TAP_PATTERNS_MAX: usize = 16;
/// The interface by which others tap: no record is made of its messages, or each would make another.
pub const TAP_INTERFACE: &str = "portcullis.tap";
/// What main is called where labels stand. Its own label is empty.
pub const MAIN_LABEL: &str = "main";

/// Which messages a tap wants. What names nothing wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapFilter {
    /// Messages from or to peers with one of these labels; [`MAIN_LABEL`] is main itself, too. At most [`TAP_PATTERNS_MAX`].
    pub peers: Vec<String>,
    /// Channels, as `interface.channel`; with a `*` at the end, all that begin so. At most [`TAP_PATTERNS_MAX`].
    pub channels: Vec<String>,
}

/// Why a hub cannot be tapped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapError {
    /// No channel that can be tapped fits the pattern.
    NoSuchChannel {
        /// The pattern.
        pattern: String,
        /// The name in the contract that is nearest to it.
        nearest: Option<String>,
    },
    /// The filter names more than [`TAP_PATTERNS_MAX`] labels or channels.
    TooManyNames,
    /// There are [`TAPS_MAX`] taps already.
    TooManyTaps,
}

impl fmt::Display for TapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchChannel { pattern, nearest } => {
                write!(f, "the contract has no channel `{pattern}`")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
            Self::TooManyNames => {
                write!(f, "a tap names at most {TAP_PATTERNS_MAX} peers and as many channels")
            }
            Self::TooManyTaps => write!(f, "there are {TAPS_MAX} taps already"),
        }
    }
}

impl std::error::Error for TapError {}

/// The taps of a hub; at most [`TAPS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Taps {
    all: Vec<Tap>,
    next: u64,
}

#[derive(Debug)]
struct Tap {
    id: TapId,
    /// Labels; none means all.
    peers: Vec<String>,
    /// Whether each channel of each interface is wanted.
    channels: Vec<Vec<bool>>,
}

impl Taps {
    /// Whether there is any.
    #[inline]
    pub(crate) fn on(&self) -> bool {
        !self.all.is_empty()
    }

    /// Those that want a channel's messages.
    fn of(&self, (interface, ordinal): (InterfaceIndex, u32)) -> impl Iterator<Item = &Tap> {
        self.all.iter().filter(move |tap| {
            let channels = tap.channels.get(interface);
            channels.and_then(|all| all.get(ordinal as usize)).copied().unwrap_or(false)
        })
    }
}

impl Tap {
    fn new(id: TapId, filter: &TapFilter, catalog: &Catalog) -> Result<Self, TapError> {
        if filter.peers.len().max(filter.channels.len()) > TAP_PATTERNS_MAX {
            return Err(TapError::TooManyNames);
        }
        let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        };
        let names = |index: InterfaceIndex| {
            let entry = catalog.interface(index).filter(|entry| &*entry.name != TAP_INTERFACE);
            entry.map(|entry| entry.full_names.as_slice()).unwrap_or_default()
        };
        let all = || (0..catalog.interfaces()).flat_map(names);
        for pattern in &filter.channels {
            if !all().any(|name| fits(pattern, name)) {
                let nearest = nearest(pattern, all());
                return Err(TapError::NoSuchChannel { pattern: pattern.clone(), nearest });
            }
        }
        let wanted = |name: &Arc<str>| {
            filter.channels.is_empty() || filter.channels.iter().any(|each| fits(each, name))
        };
        let of_interface = |index| names(index).iter().map(wanted).collect();
        let channels = (0..catalog.interfaces()).map(of_interface).collect();
        Ok(Self { id, peers: filter.peers.clone(), channels })
    }

    fn wants(&self, from: &str, to: Option<&str>) -> bool {
        let named = |label: &str| {
            let label = if label.is_empty() { MAIN_LABEL } else { label };
            self.peers.iter().any(|peer| peer == label)
        };
        self.peers.is_empty() || named(from) || to.is_some_and(named)
    }
}

impl Hub {
    /// Records what fits `filter` from now on, in [`crate::Turn::tapped`], until [`Self::untap`].
    ///
    /// # Errors
    ///
    /// See [`TapError`].
    pub fn tap(&mut self, filter: &TapFilter) -> Result<TapId, TapError> {
        if self.taps.all.len() >= TAPS_MAX {
            return Err(TapError::TooManyTaps);
        }
        let id = TapId(self.taps.next);
        let tap = Tap::new(id, filter, &self.catalog)?;
        self.taps.next += 1;
        self.taps.all.push(tap);
        Ok(id)
    }

    /// Ends a tap.
    pub fn untap(&mut self, id: TapId) {
        self.taps.all.retain(|tap| tap.id != id);
    }
}
