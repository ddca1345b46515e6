//! What landlock restricts: files to the stated paths; TCP, signals and abstract sockets to nothing.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    PathFdError, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};

use super::refused;
use crate::sandbox::profile::{Access, Profile};
use crate::sandbox::{Feature, SandboxError};

/// Everything that can be restricted today is; an older kernel restricts what it knows of it.
const KNOWN: ABI = ABI::V10;

/// The parts that this kernel lacks.
pub(super) fn missing() -> Vec<Feature> {
    let strict = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let parts = [
        (Feature::Files, strict().handle_access(AccessFs::from_all(ABI::V1)).is_ok()),
        (Feature::Network, strict().handle_access(AccessNet::from_all(ABI::V4)).is_ok()),
        (Feature::Scopes, strict().scope(Scope::from_all(ABI::V6)).is_ok()),
    ];
    parts.into_iter().filter(|(_, there)| !there).map(|(feature, _)| feature).collect()
}

/// The rules of a profile. Its paths are opened here, so that a wrong one is an error and not a denial later on.
pub(super) fn ruleset(profile: &Profile) -> Result<RulesetCreated, SandboxError> {
    let mut rules = create().map_err(|error| make(&error))?;
    for (path, access) in &profile.paths {
        let (opened, access) = open(path, *access)?;
        rules = rules.add_rule(PathBeneath::new(opened, access)).map_err(|error| make(&error))?;
    }
    Ok(rules)
}

fn create() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()
}

fn make(error: &RulesetError) -> SandboxError {
    refused("make landlock's rules")(io::Error::other(error.to_string()))
}

fn open(path: &Path, access: Access) -> Result<(PathFd, BitFlags<AccessFs>), SandboxError> {
    let unopened = |source| SandboxError::Path { path: path.to_owned(), source };
    let kind = std::fs::metadata(path).map_err(unopened)?.file_type();
    let is_device = kind.is_char_device() || kind.is_block_device();
    if access == Access::Device && !is_device {
        return Err(SandboxError::NotADevice(path.to_owned()));
    }
    let opened = PathFd::new(path).map_err(|error| match error {
        PathFdError::OpenCall { source, .. } => unopened(source),
        other => unopened(io::Error::other(other.to_string())),
    })?;
    Ok((opened, rights(access, kind.is_dir())))
}

/// What may be done with a stated path. Nothing may be executed, and no device, socket or link be made.
fn rights(access: Access, is_folder: bool) -> BitFlags<AccessFs> {
    let reading = AccessFs::ReadFile;
    let writing = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    match (access, is_folder) {
        (Access::Read, false) => reading.into(),
        (Access::Read, true) => reading | AccessFs::ReadDir,
        (Access::Write, false) => writing,
        (Access::Write, true) => {
            let folders = AccessFs::ReadDir | AccessFs::MakeDir | AccessFs::RemoveDir;
            let files = AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Refer;
            writing | folders | files
        }
        (Access::Device, _) => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev,
    }
}

/// Puts the rules in force, for this thread and those that it starts.
pub(super) fn restrict(rules: RulesetCreated) -> Result<(), SandboxError> {
    // That the kernel has the parts was looked at before.
    rules.restrict_self().map(|_| ()).map_err(|error| {
        refused("put landlock's rules in force")(io::Error::other(error.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_path_has_to_be_there_and_a_device_to_be_one() {
        let check = |profile: Profile| ruleset(&profile).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(check(Profile::worker().read("/").device("/dev/null")), Ok(()));
        let error = check(Profile::worker().read("/nowhere/at-all")).expect_err("not there");
        assert!(error.contains("/nowhere/at-all cannot be opened"), "{error}");
        let error = check(Profile::worker().device("/etc/passwd")).expect_err("a file");
        assert!(error.contains("is none"), "{error}");
    }

    #[test]
    fn nothing_stated_can_be_executed() {
        for access in [Access::Read, Access::Write, Access::Device] {
            for folder in [false, true] {
                let rights = rights(access, folder);
                let never = AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeSym;
                assert!((rights & never).is_empty(), "{access:?}: {rights:?}");
            }
        }
    }
}
