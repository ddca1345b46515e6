//! Memory that processes share: sealed files without a name, so that neither side can change the size under the other, and
//! the check of a descriptor that came from elsewhere. What stands in the memory is left to pools and rings.

mod copy;
mod create;
mod foreign;
mod mapping;

pub use create::{CreateError, MEMORY_BYTES_MAX, create};
pub(crate) use foreign::identity;
pub use foreign::{OpenError, check};
#[cfg(not(test))]
use mapping::View;
#[cfg(test)]
pub(crate) use mapping::View;
pub(crate) use mapping::{Mapping, OutOfBounds, Shared};

/// Who may map the memory to write into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Only whoever created it, by the mapping that was made before it was sealed.
    Creator,
    /// Whoever has the descriptor.
    Everybody,
}

impl Writers {
    /// Seals that the memory must have before it leaves its creator. None of them can be taken off.
    const fn seals(self) -> rustix::fs::SealFlags {
        use rustix::fs::SealFlags;
        // Without GROW and SHRINK the size could change under a mapping, and an access beyond the end is SIGBUS. With
        // FUTURE_WRITE nobody can punch holes, either.
        let sized = SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW);
        match self {
            Self::Creator => sized.union(SealFlags::FUTURE_WRITE),
            Self::Everybody => sized,
        }
    }
}

/// Looks up what the system tells of memory, once for all: a process that is about to enter a sandbox cannot do so later.
pub fn prepare() {
    page_bytes();
}

/// Bytes of a page, to which sizes are rounded.
pub(crate) fn page_bytes() -> usize {
    rustix::param::page_size()
}
