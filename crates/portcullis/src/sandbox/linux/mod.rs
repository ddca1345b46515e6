//! Entering, in the order in which nothing that was given up can be got back: no new privileges, descriptors, limits,
//! capabilities, landlock, the system call filter. Each but the first lines is a file of its own.

mod calls;
mod descriptors;
mod filter;
mod limits;
mod paths;

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

use super::profile::{PATHS_MAX, Profile};
use super::{Feature, SandboxError, Status};

/// Landlock restricts the thread that asks for it: there must be no other.
pub(super) fn check_threads() -> Result<(), SandboxError> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(refused("count the threads"))?;
    match threads.count() {
        1 => Ok(()),
        count => Err(SandboxError::Threads(count)),
    }
}

/// The parts that this kernel lacks, as far as it tells without being asked to confine anybody.
pub(super) fn missing() -> Vec<Feature> {
    let mut missing = paths::missing();
    if !filter::is_there() {
        missing.insert(0, Feature::SystemCalls);
    }
    missing
}

/// Enters. Only the socket that the caller holds, and what this process itself has opened, stays open.
pub(super) fn enter(profile: &Profile) -> Result<Status, SandboxError> {
    check_threads()?;
    if profile.paths.len() > PATHS_MAX {
        return Err(SandboxError::Paths(profile.paths.len()));
    }
    let mut missing = paths::missing();
    require(profile, &missing)?;
    let ruleset = paths::ruleset(profile)?;
    portcullis_shm::memory::prepare();
    set_no_new_privs(true).map_err(|error| refused("give up new privileges")(error.into()))?;
    let closed = descriptors::close_inherited().map_err(refused("close descriptors"))?;
    limits::lower(profile).map_err(refused("set limits"))?;
    give_up_capabilities().map_err(refused("give up capabilities"))?;
    paths::restrict(ruleset)?;
    if !filter::install(profile)? {
        require(profile, &[Feature::SystemCalls])?;
        missing.insert(0, Feature::SystemCalls);
    }
    Ok(Status { profile: profile.name(), missing, closed })
}

/// Fails for what the application has not allowed to be missing.
fn require(profile: &Profile, missing: &[Feature]) -> Result<(), SandboxError> {
    let needed: Vec<Feature> = missing
        .iter()
        .copied()
        .filter(|feature| !profile.missing_allowed.contains(feature))
        .collect();
    if needed.is_empty() { Ok(()) } else { Err(SandboxError::Missing(needed)) }
}

/// What the superuser's processes can do beyond their files: nothing of it is left.
fn give_up_capabilities() -> io::Result<()> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    Ok(set_capabilities(None, sets)?)
}

fn refused(step: &'static str) -> impl Fn(io::Error) -> SandboxError {
    move |source| SandboxError::Refused { step, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f38_what_is_missing_fails_unless_the_application_says_otherwise() {
        let profile = Profile::renderer().allow_missing(Feature::Network);
        assert!(require(&profile, &[]).is_ok());
        assert!(require(&profile, &[Feature::Network]).is_ok());
        let error = require(&profile, &[Feature::Files, Feature::Network, Feature::Scopes]);
        let error = error.expect_err("two are not allowed").to_string();
        for part in ["rules for files (since Linux 5.13)", "scopes", "6.12", "allow_missing"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("network"), "{error}");
    }

    #[test]
    fn f38_a_process_with_threads_cannot_enter() {
        // The test harness has some.
        let error = Profile::renderer().enter().expect_err("not alone");
        assert!(matches!(error, SandboxError::Threads(2..)), "{error}");
    }
}
