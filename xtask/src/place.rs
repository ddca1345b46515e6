//! Where things are: the root of the repository, the target folder, the cargo that runs this.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder).to_owned()
}

/// The folder that everything is built into: one for all workspaces, so that CI keeps one.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Where cargo puts a library that others load, built in a profile's folder.
pub(crate) fn library(profile: &str, name: &str) -> PathBuf {
    let file = format!("{}{name}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    target().join(profile).join(file)
}

/// The cargo that started this program, or the one on the path.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether a machine runs this, on a checkout that nobody works in.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some()
}
