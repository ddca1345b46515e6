//! The stress on real processes, `tests/stress`, as they would be shipped. What a round is, and what must hold, is its business.

use std::time::Duration;

use anyhow::Result;

use crate::{place, process};

/// Plays rounds for that long, from the seed `first` on; or the one whose choices are to be made again.
pub(crate) fn run(time: Duration, first: u64, seed: Option<u64>) -> Result<()> {
    process::run(process::cargo(&["build", "--release", "--package", "stress"]))?;
    let seconds = time.as_secs().to_string();
    let program = place::target().join("release/stress");
    let mut stress = process::command(program, &["--seconds", &seconds]);
    stress.args(["--first", &first.to_string()]);
    if let Some(seed) = seed {
        stress.args(["--seed", &seed.to_string()]);
    }
    process::run(stress)
}
