//! `portcullis lock`: records the shapes that builds in use have, and proves that the contract gets along with them.

use std::fs;
use std::path::Path;

use portcullis_codegen::lock::breaks;
use portcullis_proto::schema::{Lock, Schema};

use crate::files;
use crate::work::print;

/// What can be done about a break.
const ADVICE: &str = "Undo the change; or make it an addition (a table field, a flexible variant, a channel at the end); or, when no \
build of the old shape is in use any more, drop it by `portcullis lock --forget INTERFACE`.";

/// Whether the contract gets along with every recorded shape; what it breaks is told.
pub(crate) fn check(schema: &Schema, path: &Path) -> Result<bool, String> {
    Ok(holds(schema, path, &files::lock(path)?))
}

/// Records the shapes of now, once those of before were compared. Nothing is written when one of them is broken.
pub(crate) fn record(schema: &Schema, path: &Path, forget: &[String]) -> Result<bool, String> {
    let mut lock = if path.exists() { files::lock(path)? } else { Lock::default() };
    for name in forget {
        if lock.interfaces.remove(name).is_none() {
            let known: Vec<&str> = lock.interfaces.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            return Err(format!("{}: it has no `{name}`, but {known}", path.display()));
        }
    }
    if !holds(schema, path, &lock) {
        return Ok(false);
    }
    let added = lock.record(schema);
    if !added.is_empty() || !forget.is_empty() {
        fs::write(path, lock.to_json())
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    match added.as_slice() {
        [] => {
            print(&format!("{}: every shape of the contract is recorded already\n", path.display()))
        }
        names => print(&format!("{}: recorded {}\n", path.display(), names.join(", "))),
    }
}

fn holds(schema: &Schema, path: &Path, lock: &Lock) -> bool {
    let breaks = breaks(lock, schema);
    for each in &breaks {
        eprintln!("{}: {each}", path.display());
    }
    if !breaks.is_empty() {
        eprintln!("{ADVICE}");
    }
    breaks.is_empty()
}
