//! Programs that go from seed to seed until their time is over, as they would be shipped: the soak of `tests/soak`, the stress
//! on real processes of `tests/stress`. What a seed leads to, and what must hold, is their business.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::{fuzz, place, process};

#[derive(Args)]
pub(crate) struct Run {
    /// How long: 90s, 10m, 1h.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = fuzz::duration)]
    time: Duration,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Make the choices of this seed again, and no others.
    #[arg(long)]
    seed: Option<u64>,
}

impl Run {
    /// Runs the program of that package.
    pub(crate) fn of(&self, package: &str) -> Result<()> {
        process::run(process::cargo(&["build", "--release", "--package", package]))?;
        let program = place::target().join("release").join(package);
        let mut run = process::command(program, &["--seconds", &self.time.as_secs().to_string()]);
        run.args(["--first", &self.first.to_string()]);
        if let Some(seed) = self.seed {
            run.args(["--seed", &seed.to_string()]);
        }
        process::run(run)
    }
}
