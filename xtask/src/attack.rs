//! Attacks a live studio with the hostile peer, `tests/hostile`: both are built as they would be shipped. What is done,
//! measured and judged is its business.

use anyhow::Result;

use crate::{place, process};

/// Attacks for that long; the arguments are those of the hostile peer.
pub(crate) fn run(duration: &str, seed: u64, latency: bool, only: &str) -> Result<()> {
    let packages = ["--package", "camera-studio", "--package", "hostile"];
    let mut build = process::cargo(&["build", "--release", "--bins"]);
    build.args(packages);
    process::run(build)?;
    let program = |name: &str| place::target().join("release").join(name);
    let mut attack = process::command(program("hostile"), &["--for", duration]);
    attack.arg("--studio").arg(program("camera-studio"));
    attack.args(["--seed", &seed.to_string()]);
    if latency {
        attack.args(["--latency", "--only", only]);
    }
    process::run(attack)
}
