//! Reading what the command is given: each failure is one sentence that names the file and says what to do.

use std::path::Path;
use std::{fs, io};

use portcullis_proto::schema::{Lock, Schema};

/// The lock file of a contract, beside its schema.
pub(crate) const LOCK: &str = "contract.lock";

pub(crate) fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "{} is not there: go to the folder that has it, or name its path",
                path.display()
            )
        }
        _ => format!("{}: {error}", path.display()),
    })
}

pub(crate) fn schema(path: &Path) -> Result<Schema, String> {
    Schema::from_json(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn lock(path: &Path) -> Result<Lock, String> {
    Lock::from_json(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}
