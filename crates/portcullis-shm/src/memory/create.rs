//! Makes sealed memory: allocated whole at once, so that running out of it is an error here and not a signal later.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::Errno;

use super::{Mapping, View, Writers};

/// The most bytes that one shared memory may have.
pub const MEMORY_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Why shared memory was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// Of no size, or more than there may be.
    #[error("{bytes} bytes of shared memory were asked for, of at least 1 and at most {max}")]
    Size {
        /// What was asked for; saturated.
        bytes: usize,
        /// [`MEMORY_BYTES_MAX`].
        max: usize,
    },
    /// A pool has as many receivers as it may have.
    #[error("the pool has {max} receivers, all that it may have")]
    Receivers {
        /// How many it may have.
        max: usize,
    },
    /// The system has no more memory, address space or descriptors for this process. What exists goes on.
    #[error("the system has no more of what {operation} needs")]
    Exhausted {
        /// The system call.
        operation: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// The system refuses for another reason, a sandbox maybe.
    #[error("{operation} failed")]
    System {
        /// The system call.
        operation: &'static str,
        /// What it said.
        source: io::Error,
    },
}

impl CreateError {
    pub(super) fn of(operation: &'static str, errno: Errno) -> Self {
        let source = errno.into();
        match errno {
            Errno::NOMEM
            | Errno::NOSPC
            | Errno::MFILE
            | Errno::NFILE
            | Errno::FBIG
            | Errno::DQUOT => Self::Exhausted { operation, source },
            _ => Self::System { operation, source },
        }
    }
}

/// Makes `bytes` of zeroed memory, maps it for writing, and seals it.
///
/// # Errors
/// [`CreateError`]; then nothing is left behind.
pub fn create(bytes: usize, writers: Writers) -> Result<OwnedFd, CreateError> {
    create_mapped(bytes, writers).map(|(descriptor, _)| descriptor)
}

pub(super) fn create_mapped(
    bytes: usize,
    writers: Writers,
) -> Result<(OwnedFd, Mapping), CreateError> {
    if bytes == 0 || bytes > MEMORY_BYTES_MAX {
        return Err(CreateError::Size { bytes, max: MEMORY_BYTES_MAX });
    }
    let descriptor = unnamed_file().map_err(|errno| CreateError::of("memfd_create", errno))?;
    ftruncate(&descriptor, bytes as u64).map_err(|errno| CreateError::of("ftruncate", errno))?;
    allocate(&descriptor, bytes as u64).map_err(|errno| CreateError::of("fallocate", errno))?;
    // Mapped before it is sealed: FUTURE_WRITE holds for every mapping from then on.
    let mapping = Mapping::of(&descriptor, bytes, View::Write)
        .map_err(|errno| CreateError::of("mmap", errno))?;
    fcntl_add_seals(&descriptor, writers.seals())
        .map_err(|errno| CreateError::of("fcntl", errno))?;
    Ok((descriptor, mapping))
}

/// A memory file that nobody can execute, where the kernel knows of that (Linux 6.3).
fn unnamed_file() -> rustix::io::Result<OwnedFd> {
    const NAME: &str = "portcullis";
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(NAME, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create(NAME, flags),
        done => done,
    }
}

fn allocate(descriptor: &OwnedFd, bytes: u64) -> rustix::io::Result<()> {
    // A signal undoes what was allocated so far; one that comes all the time is not waited out.
    for _ in 0..INTERRUPTIONS_MAX {
        match fallocate(descriptor, FallocateFlags::empty(), 0, bytes) {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
    Err(Errno::INTR)
}

/// How often a signal may interrupt the allocation before it is given up.
const INTERRUPTIONS_MAX: u32 = 100;
