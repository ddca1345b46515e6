//! Reading what the command is given: each failure is one sentence that names the file and says what to do.

use std::path::Path;
use std::{fs, io};

use portcullis_proto::schema::{Lock, Schema, SchemaError};

/// The lock file of a contract, beside its schema.
pub(crate) const LOCK: &str = "contract.lock";

/// How a schema is written.
const WRITE_ANEW: &str = "`cargo run` in the contract's crate does";

pub(crate) fn text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{shown} is not there: go to the folder that has it, or name its path")
        }
        io::ErrorKind::InvalidData => format!("{shown} is no text: name another file"),
        _ if path.is_dir() => format!("{shown} is a folder: name the file in it"),
        _ => format!("{shown} cannot be read: {error}"),
    })
}

pub(crate) fn schema(path: &Path) -> Result<Schema, String> {
    Schema::from_json(&text(path)?).map_err(|error| {
        let advice = match error {
            SchemaError::Json(_) => "; name the `contract.schema` of a contract's crate".to_owned(),
            SchemaError::Format { .. } => {
                format!(" ({WRITE_ANEW}), or take the `portcullis` of the build that wrote it")
            }
            _ => format!(" ({WRITE_ANEW})"),
        };
        format!("{}: {error}{advice}", path.display())
    })
}

/// What is told of a folder that cannot be written to, or compared.
pub(crate) fn no_folder(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    if path.is_file() {
        format!("{shown} is a file: name the folder that the modules belong in")
    } else {
        format!("{shown} cannot be used: {error}; name a folder of its own for what is generated")
    }
}

pub(crate) fn lock(path: &Path) -> Result<Lock, String> {
    Lock::from_json(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}
