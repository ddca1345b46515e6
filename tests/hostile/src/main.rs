//! The command line of the attack on a live studio; what it does stands in [`hostile::attack`].
#![cfg(unix)]
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use hostile::attack::{Options, run};

/// Attacks a live studio, and says whether anybody else noticed.
#[derive(Parser)]
struct Arguments {
    /// The studio's binary
    #[arg(long, value_name = "FILE")]
    studio: PathBuf,
    /// How long (60s, 10m)
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "60s")]
    duration: Duration,
    /// Where the attackers' choices begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure the others' latency beside each case alone, too
    #[arg(long)]
    latency: bool,
    /// Of these, only those whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

fn time(text: &str) -> Result<Duration, String> {
    let malformed = || "write a whole number and its unit: 60s, 10m".to_owned();
    let (digits, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let number: u64 = digits.parse().map_err(|_| malformed())?;
    match unit {
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(malformed()),
    }
}

fn main() -> ExitCode {
    let Arguments { studio, duration, seed, latency, only } = Arguments::parse();
    match run(&Options { studio, duration, seed, latency, only }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hostile: {error:#}");
            ExitCode::FAILURE
        }
    }
}
