//! Builds and runs the benchmark, a workspace of its own because it links every peer that it measures. What is
//! measured, and how, is its business.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{place, process, provide};

/// Measures; `json` gets the rows.
pub(crate) fn run(json: Option<PathBuf>, js: bool, args: &[String]) -> Result<()> {
    // The benchmark runs at the root, whoever called from wherever.
    let json = json.map(|path| absolute(&path)).transpose()?;
    let mut command = if js { node()? } else { native() };
    if let Some(path) = json {
        command.arg("--json").arg(path);
    }
    command.args(args);
    process::run(command)
}

/// The folder that the benchmark is built into.
pub(crate) fn target() -> PathBuf {
    place::target().join("bench")
}

fn native() -> std::process::Command {
    let mut command = process::cargo(&["run", "--release", "--locked"]);
    command.args(["--manifest-path", "bench/Cargo.toml", "--"]);
    command.env("CARGO_TARGET_DIR", target());
    command
}

fn node() -> Result<std::process::Command> {
    let script = "bench/js/codec.mjs";
    if !place::root().join(script).is_file() {
        bail!("there is no {script}");
    }
    provide::npm_packages(false)?;
    Ok(process::command("node", &[script]))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    Ok(env::current_dir()?.join(path))
}
