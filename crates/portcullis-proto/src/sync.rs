//! Locks and flags of the standard library, or loom's where interleavings are model-checked. A lock is a place where
//! another thread may go first; what is only ever touched under one needs none of these.

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};
