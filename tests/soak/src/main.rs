//! The command line of the soak: runs seeds one after the other until the time is over, and prints what they came to. What a
//! run is stands in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use soak::{Figures, run};

/// Runs seeds until the time is over; the first that fails ends it.
#[derive(Parser)]
struct Arguments {
    /// How long, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// This seed alone
    #[arg(long)]
    seed: Option<u64>,
}

/// How often the state of things is printed.
const NEWS: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let Arguments { seconds, first, seed } = Arguments::parse();
    let begun = now();
    let mut figures = Figures::default();
    let mut told = begun;
    // Ends by the clock, or with the seed that was asked for.
    for next in seed.unwrap_or(first).. {
        match run(next, None) {
            Ok(of_run) => figures.add(&of_run),
            Err(failure) => {
                eprintln!("{failure}");
                return ExitCode::FAILURE;
            }
        }
        if seed.is_some() || begun.elapsed() >= Duration::from_secs(seconds) {
            println!("seeds {} to {next}, {:.0?}", seed.unwrap_or(first), begun.elapsed());
            break;
        }
        if told.elapsed() >= NEWS {
            told = now();
            println!("{:.0?}: seed {next}, {} steps", begun.elapsed(), figures.steps);
        }
    }
    print!("{figures}");
    ExitCode::SUCCESS
}

#[allow(clippy::disallowed_methods, reason = "a soak runs for a time")]
fn now() -> Instant {
    Instant::now()
}
