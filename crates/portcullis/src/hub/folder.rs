//! Whether a folder is this user's alone: what stands in it was put there by this user, and stays what it was.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use super::listen::ListenError;

/// Whom the kernel names where an owner has no number in this user namespace: nobody who could act here.
const NOBODY: u32 = 65_534;

/// Makes the folder if it is missing, and refuses one that others could reach into or put another in place of. Returns
/// which it is.
pub(super) fn safe_folder(folder: &Path) -> Result<(u64, u64), ListenError> {
    let failed = |source| ListenError::Io { path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let found = std::fs::symlink_metadata(folder).map_err(failed)?;
    let why = if found.is_symlink() {
        "is a link"
    } else if !found.is_dir() {
        "is no folder"
    } else if found.uid() != user() {
        "belongs to another user"
    } else if found.mode() & 0o077 != 0 {
        "is open to other users; its mode has to be 0700"
    } else {
        // Links on the way lead to where it really stands.
        let real = folder.canonicalize().map_err(failed)?;
        for above in real.ancestors().skip(1) {
            let metadata = std::fs::metadata(above)
                .map_err(|source| ListenError::Io { path: above.to_owned(), source })?;
            if let Some(why) = lets_others_move(&metadata) {
                return Err(ListenError::UnsafeFolder { folder: above.to_owned(), why });
            }
        }
        return Ok((found.dev(), found.ino()));
    };
    Err(ListenError::UnsafeFolder { folder: folder.to_owned(), why })
}

/// Whether others could rename or remove a folder that stands in this one.
fn lets_others_move(above: &Metadata) -> Option<&'static str> {
    if ![user(), 0, NOBODY].contains(&above.uid()) {
        return Some("stands above it and belongs to another user");
    }
    // The group of a user alone, as most systems have it, lets in nobody else.
    let own_group = above.gid() == rustix::process::getegid().as_raw();
    let others = if own_group { 0o002 } else { 0o022 };
    let sticky = above.mode() & 0o1000 != 0;
    (above.mode() & others != 0 && !sticky)
        .then_some("stands above it and can be changed by other users")
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
