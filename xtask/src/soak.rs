//! Soaks the hub and many peers in the simulator, `tests/soak`, as it would be shipped. What a run is, and what must hold, is its
//! business.

use std::time::Duration;

use anyhow::Result;

use crate::{place, process};

/// Runs seeds for that long, from `first` on; or the one seed that is to be replayed.
pub(crate) fn run(time: Duration, first: u64, seed: Option<u64>) -> Result<()> {
    process::run(process::cargo(&["build", "--release", "--package", "soak"]))?;
    let seconds = time.as_secs().to_string();
    let mut soak = process::command(place::target().join("release/soak"), &["--seconds", &seconds]);
    soak.args(["--first", &first.to_string()]);
    if let Some(seed) = seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    process::run(soak)
}
