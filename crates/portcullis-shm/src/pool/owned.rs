//! Which memories this process made as pools: what it owns is never opened as a trusted foreign pool, since the same
//! process could then write, without any unsafe code, into what it lends as a slice.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use crate::memory::{CreateError, identity};

static OWNED: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// A pool's memory, written down until this is dropped.
#[derive(Debug)]
pub(super) struct Owned((u64, u64));

impl Owned {
    pub(super) fn register(descriptor: &impl AsFd) -> Result<Self, CreateError> {
        let identity = identity(descriptor)
            .map_err(|source| CreateError::System { operation: "fstat", source })?;
        OWNED.lock().unwrap_or_else(PoisonError::into_inner).insert(identity);
        Ok(Self(identity))
    }

    /// Whether this process owns the memory.
    pub(super) fn has(descriptor: &impl AsFd) -> std::io::Result<bool> {
        let identity = identity(descriptor)?;
        Ok(OWNED.lock().unwrap_or_else(PoisonError::into_inner).contains(&identity))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        OWNED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}
