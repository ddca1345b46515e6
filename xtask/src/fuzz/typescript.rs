//! The target that Node runs: batches of mutated bodies with Rust's verdicts, which TypeScript's decoder must share.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::report::Report;
use crate::{place, process, provide};

/// Bodies of a batch.
const BATCH: u64 = 200_000;

/// Batches with another seed each, until the time is over.
pub(super) fn run(time: Duration) -> Result<Report> {
    provide::npm_packages(false)?;
    let mut report = Report::new(super::TYPESCRIPT);
    let begun = now();
    let file = place::target().join("fuzz").join("verdicts.txt");
    for seed in 1u64.. {
        if begun.elapsed() >= time {
            break;
        }
        let mut write =
            process::cargo(&["run", "--release", "--quiet", "--example", "write_verdicts"]);
        write.args(["--manifest-path", "fuzz/Cargo.toml", "--"]);
        write.args([seed.to_string(), BATCH.to_string()]).arg(&file);
        write.env("CARGO_TARGET_DIR", place::target().join("fuzz"));
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

#[allow(clippy::disallowed_methods, reason = "a chore runs for a time")]
fn now() -> Instant {
    Instant::now()
}
