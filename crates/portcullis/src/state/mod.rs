//! Shared state: a value that one peer owns, and that all others follow and may change. Versions put all changes in one
//! order, and a change that was made from an old version is refused and made again. What travels is an ordinary state topic
//! and an ordinary call, so that nothing of it is new to the protocol (`docs/decisions/shared-state.md`).

#[cfg(feature = "tokio")]
mod copy;
#[cfg(feature = "tokio")]
mod error;
mod owner;
#[cfg(feature = "tokio")]
mod values;
mod version;

use std::hash::{BuildHasher, Hasher, RandomState};

#[cfg(feature = "tokio")]
pub use copy::SharedCopy;
#[cfg(feature = "tokio")]
pub use error::{MayBeStale, UpdateError};
pub use owner::SharedState;
#[cfg(feature = "tokio")]
pub use values::Values;
pub use version::{Stale, StateVersion, Versioned};

/// A number by chance, for what has to differ and not to be secret: the standard library draws its keys so.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}
