//! The chores of this repository, `cargo xtask <chore>`: what CI runs, what is generated, what is measured, what is
//! kept tidy. Nothing here is part of Portcullis itself.
#![forbid(unsafe_code)]

mod attack;
mod bench;
mod counts;
mod fuzz;
mod generate;
mod hung;
mod place;
mod policy;
mod process;
mod provide;
mod seeded;
mod suite;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

/// The chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Runs every check and test there is; stops at the first that fails.
    Test {
        /// Leave out what takes longest: the browser, and the peers that the benchmark links.
        #[arg(long)]
        quick: bool,
        /// Only these sections, in their order.
        #[arg(value_parser = PossibleValuesParser::new(suite::names()))]
        sections: Vec<String>,
    },
    /// Writes everything that is generated and checked in.
    Gen {
        /// Write nothing; fail with the list of what differs.
        #[arg(long)]
        check: bool,
    },
    /// Measures Portcullis and its peers in one run.
    Bench {
        /// Write the rows to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Write pictures of the rows into docs/images.
        #[arg(long, conflicts_with = "js")]
        plots: bool,
        /// Measure what runs on Node instead: codecs, calls between processes, addon, and a page's
        /// port in Node and in Chromium; a script's name measures that alone.
        #[arg(long)]
        js: bool,
        /// Handed on to the benchmark; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Prints what a policy file comes to: every role, and what it may do with every channel.
    Policy {
        /// The policy file; the studio's on Electron when absent.
        #[arg(long, value_name = "FILE", requires = "schema")]
        file: Option<PathBuf>,
        /// The contract that it is checked against, a `contract.schema`.
        #[arg(long, value_name = "FILE", requires = "file")]
        schema: Option<PathBuf>,
    },
    /// Attacks a live studio over its socket and through its gate, and says whether anybody else noticed.
    Attack {
        /// How long: 60s, 10m.
        #[arg(long = "for", value_name = "TIME", default_value = "60s")]
        duration: String,
        /// Where the attackers' choices begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Measure the others' latency beside each case alone, too.
        #[arg(long)]
        latency: bool,
        /// Of these, only those whose name contains this.
        #[arg(long, value_name = "TEXT", default_value = "")]
        only: String,
    },
    /// Runs the fuzz targets; fails when one of them finds something.
    Fuzz {
        /// How long each runs: 90s, 10m, 1h.
        #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = fuzz::duration)]
        time: Duration,
        /// Targets at once.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(fuzz::JOBS_MAX)))]
        jobs: u8,
        /// Which sanitizer watches.
        #[arg(long, default_value = "none", value_parser = ["none", "address"])]
        sanitizer: String,
        /// Only these targets.
        targets: Vec<String>,
    },
    /// Runs the hub and many peers in the simulator, with everything that may go wrong; fails at the first thing that does not hold.
    Soak(seeded::Run),
    /// Runs a main and many peers as real processes that crash, stop, stall and leave; fails at the first thing that does not hold.
    Stress(seeded::Run),
    /// Reads the tree for what no compiler sees.
    Tidy {
        /// Lower the lengths in the list of long files to what they are now.
        #[arg(long)]
        ratchet: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Test { quick, sections } => return suite::run(quick, &sections),
        Chore::Gen { check } => generate::run(check),
        Chore::Bench { json, plots, js, args } => bench::run(json, plots, js, &args),
        Chore::Policy { file, schema } => policy::run(file, schema),
        Chore::Attack { duration, seed, latency, only } => {
            attack::run(&duration, seed, latency, &only)
        }
        Chore::Fuzz { time, jobs, sanitizer, targets } => {
            fuzz::run(time, jobs, &sanitizer, &targets)
        }
        Chore::Soak(run) => run.of("soak"),
        Chore::Stress(run) => run.of("stress"),
        Chore::Tidy { ratchet } => tidy::run(ratchet),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
