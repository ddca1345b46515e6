//! The target that Node runs: batches of mutated bodies with Rust's verdicts, which TypeScript's decoder must share.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::report::Report;
use crate::{place, process, provide};

/// Bodies of a batch.
const BATCH: u64 = 200_000;

/// Batches with another seed each, until the time is over.
pub(super) fn run(time: Duration) -> Result<Report> {
    provide::npm_packages(false)?;
    // What it takes to build is none of its time.
    process::run(example("build"))?;
    let mut report = Report::new(super::TYPESCRIPT);
    let begun = now();
    let file = place::target().join("fuzz").join("verdicts.txt");
    for seed in 1u64.. {
        if begun.elapsed() >= time {
            break;
        }
        let mut write = example("run");
        write.arg("--").args([seed.to_string(), BATCH.to_string()]).arg(&file);
        process::output(write)?;
        let test = ["test", "--workspace", "packages/client", "--", "codec-agreement"];
        let mut decode = process::command("npm", &test);
        decode.env("FUZZ_VERDICTS", &file);
        if let Err(error) = process::output(decode) {
            // The batch stays for whoever looks into it.
            report.finding = Some(format!("seed {seed}, in {}: {error:#}", file.display()));
            break;
        }
        report.runs += BATCH;
    }
    report.per_second = report.runs / begun.elapsed().as_secs().max(1);
    Ok(report)
}

/// Cargo, to build or run what writes the bodies.
fn example(verb: &str) -> Command {
    let mut command =
        process::cargo(&[verb, "--release", "--quiet", "--example", "write_verdicts"]);
    command.args(["--manifest-path", "fuzz/Cargo.toml"]);
    command.env("CARGO_TARGET_DIR", place::target().join("fuzz"));
    command
}

#[allow(clippy::disallowed_methods, reason = "a chore runs for a time")]
fn now() -> Instant {
    Instant::now()
}
