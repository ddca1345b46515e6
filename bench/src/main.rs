//! The command line: what to measure, how often, and where the rows go. It also starts itself again
//! as the client and the server of one measurement; measuring and reporting live in the modules.

mod message;
mod meter;
mod process;
mod report;
mod run;
mod stats;
mod systems;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::run::{Case, Plan};

/// Measures Portcullis and its peers: two real processes, the same request, interleaved rounds.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    inner: Option<Inner>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Args)]
struct Measure {
    /// Only these systems, works or variants (repeatable; one of each kind given must match).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How many interleaved rounds.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each case is measured in each round, in milliseconds (half of it again warms up).
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    millis: u64,
    /// Shows ratios to this system where it was measured too (repeatable).
    #[arg(long, value_name = "SYSTEM", default_values = ["raw-blocking", "raw-tokio", "tokio-bincode", "tarpc"])]
    baseline: Vec<String>,
    /// Writes the rows as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Lists the systems and ends.
    #[arg(long)]
    list: bool,
}

/// How the program starts itself; not for people.
#[derive(Subcommand)]
enum Inner {
    /// The client of one measurement: prints its sample as JSON.
    #[command(hide = true)]
    Drive {
        #[command(flatten)]
        case: Case,
        #[arg(long)]
        millis: u64,
    },
    /// The server of one measurement: its end of the link is standard input.
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        system: String,
        #[arg(long)]
        core: usize,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.inner {
        Some(Inner::Drive { case, millis }) => return run::drive(&case, millis),
        Some(Inner::Serve { system, core }) => return process::serve(&system, core),
        None => {}
    }
    let measure = cli.measure;
    if measure.list {
        for system in systems::ALL {
            println!("{:16} {}", system.name(), system.about());
        }
        return Ok(());
    }
    let plan = Plan::new(&measure.only, measure.rounds, measure.millis)?;
    let outcome = plan.run()?;
    let rows = report::rows(&outcome, &measure.baseline);
    print!("{}", report::table(&rows, &measure.baseline));
    if let Some(path) = measure.json {
        std::fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    }
    Ok(())
}
