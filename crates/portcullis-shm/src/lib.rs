//! Shared memory between processes that do not trust each other: [`memory`] makes and checks it, [`pool`] lends frames of
//! any size without copying them, [`ring`] carries small messages. Passing descriptors, knowing peers and noticing that one
//! died is left to whoever uses this crate; so is everything about frames and contracts.
//!
//! All unsafe code of the native side is here. The other process is assumed to write anything at any time into whatever it
//! can write: every shared word is loaded once into a private copy, and the copy is checked.
//!
//! This crate is for Linux. On other systems it is empty, and a transport has no lanes of shared memory there.
//!
//! ```
//! # #[cfg(target_os = "linux")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis_shm::pool::{ForeignPool, Pool, Untrusted};
//!
//! // The owner. Both descriptors go to the receiver's process, with the shape of the pool.
//! let pool = Pool::new(4, 1 << 20)?;
//! let receiver = pool.receiver(2)?;
//! let (frames, returns) = (pool.descriptor()?, receiver.descriptor()?);
//!
//! let mut lease = pool.lease(5)?;
//! lease.copy_from_slice(b"pixel");
//! let loan = receiver.lend(&lease.freeze())?;
//!
//! // The receiver, in its process.
//! let theirs = ForeignPool::<Untrusted>::open(frames, returns, pool.shape())?;
//! let frame = theirs.borrow(loan)?;
//! let mut pixels = [0; 5];
//! frame.copy_to(&mut pixels)?;
//! assert_eq!(&pixels, b"pixel");
//! drop(frame); // This returns the loan.
//! assert_eq!(receiver.check()?, 0);
//! # Ok(())
//! # }
//! # #[cfg(not(target_os = "linux"))]
//! # fn main() {}
//! ```
#![cfg(target_os = "linux")]
#![deny(unsafe_code, reason = "each module that needs it says so")]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(loom, allow(dead_code, unused_imports, reason = "models use the protocols alone"))]

mod error;
mod futex;
#[cfg(not(loom))]
pub mod memory;
pub mod pool;
pub mod ring;
mod sync;

pub use error::Violation;
