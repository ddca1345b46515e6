//! `cargo xtask policy`: the table of a policy file, printed by the library's own example, so that this crate need not be
//! built with the hub.

use std::path::PathBuf;

use anyhow::Result;

use crate::{place, process};

/// The studio's own.
const FILE: &str = "examples/camera-studio/electron/policy.toml";
const SCHEMA: &str = "examples/camera-studio/contract/contract.schema";

pub(super) fn run(file: Option<PathBuf>, schema: Option<PathBuf>) -> Result<()> {
    let root = place::root();
    // Cargo runs it where this was started, or at the root: a path that is given means the former.
    let given = |path: Option<PathBuf>, own: &str| match path {
        Some(path) => std::path::absolute(path),
        None => Ok(root.join(own)),
    };
    let (file, schema) = (given(file, FILE)?, given(schema, SCHEMA)?);
    let mut run = process::cargo(&["run", "--quiet", "--package", "portcullis-policy"]);
    run.args(["--example", "matrix", "--"]).arg(file).arg(schema);
    process::run(run)
}
