//! Where there is no sandbox: whoever wants to enter is told so, and nothing is given up.

use super::profile::Profile;
use super::{Feature, SandboxError, Status};

pub(super) fn check_threads() -> Result<(), SandboxError> {
    Err(SandboxError::Unsupported)
}

pub(super) fn enter(_: &Profile) -> Result<Status, SandboxError> {
    Err(SandboxError::Unsupported)
}

pub(super) fn missing() -> Vec<Feature> {
    Feature::ALL.to_vec()
}
