//! The command line: what to measure, how often, and where the rows go. It also starts itself again
//! as the processes of one measurement; measuring and reporting live in the modules.

mod frame;
mod load;
mod message;
mod meter;
mod plot;
mod process;
mod report;
mod resources;
mod run;
mod stats;
mod systems;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::load::TASKS;
use crate::process::Role;
use crate::run::{Case, Plan, Sort};

/// Measures Portcullis and its peers: real processes, the same work, interleaved rounds.
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
    /// Only these systems, tasks or variants (repeatable; one of each kind given must match).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How cost grows with payload and peers, and what idle peers take, instead of the tasks of one size.
    #[arg(long)]
    growth: bool,
    /// How many interleaved rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each case is measured in each round, in milliseconds (half of it again warms up).
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    millis: u64,
    /// Shows ratios to this system where it was measured too (repeatable).
    #[arg(long, value_name = "SYSTEM", default_values = ["raw-futex", "raw-tokio", "tarpc"])]
    baseline: Vec<String>,
    /// Writes the rows as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes pictures of the rows into this folder.
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Lists systems and tasks, and ends.
    #[arg(long)]
    list: bool,
}

/// How the program starts itself; not for people.
#[derive(Subcommand)]
enum Inner {
    /// The measuring process of one measurement: prints its sample as JSON.
    #[command(hide = true)]
    Drive {
        #[command(flatten)]
        case: Case,
        #[arg(long)]
        millis: u64,
    },
    /// Another process of one measurement: its end of the link is standard input.
    #[command(hide = true)]
    Serve {
        #[command(flatten)]
        role: Role,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.inner {
        Some(Inner::Drive { case, millis }) => return run::drive(&case, millis),
        Some(Inner::Serve { role }) => return process::serve(&role),
        None => {}
    }
    let measure = cli.measure;
    if measure.list {
        for system in systems::ALL {
            println!("{:20} {}", system.name(), system.about());
        }
        for task in TASKS {
            println!("{:20} {:?}", task.name, task.load);
        }
        return Ok(());
    }
    let sort = if measure.growth { Sort::Growing } else { Sort::Plain };
    let plan = Plan::new(&measure.only, sort, measure.rounds, measure.millis)?;
    let outcome = plan.run()?;
    let rows = report::rows(&outcome, &measure.baseline);
    print!("{}", report::table(&rows, &measure.baseline));
    if let Some(folder) = measure.plots {
        plot::write(&rows, &folder)?;
    }
    if let Some(path) = measure.json {
        std::fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    }
    Ok(())
}
