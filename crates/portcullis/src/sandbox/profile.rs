//! What a process states about itself before it enters: paths, devices, limits, and what it can do without.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no other system is told of it"))]

use std::path::PathBuf;

use super::Feature;

/// Most paths and devices that a profile states.
pub const PATHS_MAX: usize = 64;
/// Most descriptors that a process in a sandbox has open, unless told.
pub const DESCRIPTORS_MAX: u64 = 256;
/// Most memory that a process in a sandbox maps, in bytes, unless told: its whole address space.
pub const MEMORY_BYTES_MAX: u64 = 8192 * 1024 * 1024;
/// The longest file that a process in a sandbox can write, in bytes; its standard output and shared memory are files too.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Threads that a user of the system may have beyond those of all users when a process enters, for that process to start
/// another. The kernel counts a user's, not a process's, and lets the superuser have any number.
pub const TASKS_MAX: u64 = 256;

/// Which of the two a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Renderer,
    Worker,
}

/// What may be done with a stated path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
    Device,
}

/// What a process needs for its work; all else it gives up by [`Profile::enter`].
///
/// Both kinds can compute, start threads, read and write what is open (its socket, standard output and error), and wait.
/// Neither can open a file that was not stated, make a socket, start or reach another process, raise a limit or get a
/// right back. What is denied fails with `EPERM` or `EACCES`; a few calls that only foreign code makes end the process.
/// docs/sandbox.md lists all of it.
#[derive(Clone, Debug)]
#[must_use = "a profile does nothing until it is entered"]
pub struct Profile {
    pub(super) kind: Kind,
    pub(super) paths: Vec<(PathBuf, Access)>,
    pub(super) descriptors_max: u64,
    pub(super) memory_bytes_max: u64,
    pub(super) executable_memory: bool,
    pub(super) missing_allowed: Vec<Feature>,
}

impl Profile {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            paths: Vec::new(),
            descriptors_max: DESCRIPTORS_MAX,
            memory_bytes_max: MEMORY_BYTES_MAX,
            executable_memory: false,
            missing_allowed: Vec::new(),
        }
    }

    /// For a window: it shows what it is sent, and needs nothing of the system. While no path is stated nothing can be
    /// opened at all.
    pub fn renderer() -> Self {
        Self::new(Kind::Renderer)
    }

    /// For a worker: as a renderer, and it can make shared memory. State the paths and devices it works on.
    pub fn worker() -> Self {
        Self::new(Kind::Worker)
    }

    /// A file, or a folder with all in it, that may be read. What exists elsewhere can then be found out, but not opened.
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push((path.into(), Access::Read));
        self
    }

    /// A file, or a folder with all in it, that may be read and written; files and folders in it may be made, renamed
    /// and removed.
    pub fn write(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push((path.into(), Access::Write));
        self
    }

    /// A device, `/dev/video0` say: it may be read, written and controlled.
    pub fn device(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push((path.into(), Access::Device));
        self
    }

    /// Most descriptors, [`DESCRIPTORS_MAX`] unless told. A lower limit that holds already stays.
    pub fn descriptors_max(mut self, count: u64) -> Self {
        self.descriptors_max = count;
        self
    }

    /// Most memory that may be mapped, in bytes, [`MEMORY_BYTES_MAX`] unless told. A lower limit that holds already stays.
    pub fn memory_bytes_max(mut self, bytes: u64) -> Self {
        self.memory_bytes_max = bytes;
        self
    }

    /// Lets the process map memory to run code from, for a compiler at run time or a library that is loaded late.
    pub fn executable_memory(mut self, allow: bool) -> Self {
        self.executable_memory = allow;
        self
    }

    /// Enters also where the kernel lacks `feature`. [`super::Status`] tells what is missing.
    pub fn allow_missing(mut self, feature: Feature) -> Self {
        self.missing_allowed.push(feature);
        self
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Renderer => "renderer",
            Kind::Worker => "worker",
        }
    }

    pub(super) fn states(&self, access: Access) -> bool {
        self.paths.iter().any(|(_, stated)| *stated == access)
    }
}
