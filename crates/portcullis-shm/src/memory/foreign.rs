//! Checks a descriptor that another process handed over, before anything of it is mapped: it must be memory, sealed, of
//! exactly the size that was declared, and all there. Then no access to its mapping can be answered by SIGBUS.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{SealFlags, fcntl_get_seals, fstat, fstatfs};
use rustix::io::Errno;

use super::{CreateError, MEMORY_BYTES_MAX, Mapping, View, Writers};

/// `f_type` of memory files; those of huge pages have another, and may lack the pages that they promise.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// What `st_blocks` counts in, whatever the size of a page.
const BLOCK_BYTES: u64 = 512;

/// Why a descriptor from elsewhere was not mapped. All but [`System`](Self::System) are the other side's doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A pipe, a socket, a file, a device.
    #[error("the descriptor is not shared memory")]
    NotMemory,
    /// Its size, content or seals could still be changed by others.
    #[error("the memory lacks seals ({missing})")]
    Unsealed {
        /// The names of the seals that are not there.
        missing: String,
    },
    /// Shorter or longer than declared.
    #[error("the memory has {found} bytes, not the {declared} that were declared")]
    Size {
        /// Its size.
        found: u64,
        /// What was declared.
        declared: u64,
    },
    /// A size, or a shape of a pool, that nothing may have.
    #[error("what is declared is not allowed: {0}")]
    Declared(&'static str),
    /// Parts of it are not there: reading would allocate them on this process's account.
    #[error("only {allocated} of the memory's {declared} bytes exist")]
    Sparse {
        /// Bytes that are there.
        allocated: u64,
        /// What was declared.
        declared: u64,
    },
    /// This process made the memory itself, so nothing keeps its own code from writing into what is lent as a slice.
    #[error("the memory is this process's own")]
    Own,
    /// This process's side: the system cannot map it now.
    #[error(transparent)]
    System(CreateError),
}

impl OpenError {
    /// Whether the other side is to blame.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        !matches!(self, Self::System(_) | Self::Own)
    }

    fn of(operation: &'static str, errno: Errno) -> Self {
        Self::System(CreateError::of(operation, errno))
    }
}

/// Checks that a descriptor is memory of exactly `bytes`, which nobody but the given writers can change, and whose size
/// nobody can change at all.
///
/// # Errors
/// [`OpenError`]; nothing was mapped or read.
pub fn check(descriptor: BorrowedFd<'_>, bytes: usize, writers: Writers) -> Result<(), OpenError> {
    if bytes == 0 || bytes > MEMORY_BYTES_MAX {
        return Err(OpenError::Declared("the size of the memory"));
    }
    let declared = bytes as u64;
    let seals = match fcntl_get_seals(descriptor) {
        Ok(seals) => seals,
        // What has no seals is no memory file.
        Err(Errno::INVAL) => return Err(OpenError::NotMemory),
        Err(errno) => return Err(OpenError::of("fcntl", errno)),
    };
    let system = fstatfs(descriptor).map_err(|errno| OpenError::of("fstatfs", errno))?;
    if u64::try_from(system.f_type) != Ok(TMPFS_MAGIC) {
        return Err(OpenError::NotMemory);
    }
    let missing = writers.seals().difference(seals);
    if !missing.is_empty() {
        return Err(OpenError::Unsealed { missing: names(missing) });
    }
    // Only now, when the seals keep it as it is.
    let state = fstat(descriptor).map_err(|errno| OpenError::of("fstat", errno))?;
    let found = u64::try_from(state.st_size).unwrap_or(0);
    if found != declared {
        return Err(OpenError::Size { found, declared });
    }
    let allocated = u64::try_from(state.st_blocks).unwrap_or(0).saturating_mul(BLOCK_BYTES);
    if allocated < declared {
        return Err(OpenError::Sparse { allocated, declared });
    }
    Ok(())
}

/// Checks a descriptor, and maps it.
pub(super) fn map(
    descriptor: &impl AsFd,
    bytes: usize,
    writers: Writers,
) -> Result<Mapping, OpenError> {
    check(descriptor.as_fd(), bytes, writers)?;
    let view = match writers {
        Writers::Creator => View::Read,
        Writers::Everybody => View::Write,
    };
    Mapping::of(descriptor, bytes, view).map_err(|errno| match errno {
        // A descriptor that was opened for less than declared.
        Errno::ACCESS | Errno::PERM => OpenError::Unsealed { missing: "the right to map".into() },
        errno => OpenError::of("mmap", errno),
    })
}

/// Device and number of the file, which tell two memories apart.
pub(crate) fn identity(descriptor: &impl AsFd) -> io::Result<(u64, u64)> {
    let state = fstat(descriptor)?;
    Ok((state.st_dev, state.st_ino))
}

fn names(seals: SealFlags) -> String {
    seals.iter_names().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}
