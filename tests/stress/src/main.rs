//! The command line of the stress, which is main and each of its peers as well: they are started by it. What a round is stands
//! in the library.
#![cfg_attr(not(target_os = "linux"), allow(missing_docs, reason = "there is nothing elsewhere"))]
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod command {
    use std::path::PathBuf;
    use std::process::ExitCode;
    use std::time::Duration;

    use anyhow::Result;
    use clap::{Parser, Subcommand};
    use stress::{Fault, Options, house, peer, run};

    /// Plays rounds until the time is over; the first in which something does not hold ends it.
    #[derive(Parser)]
    #[command(subcommand_negates_reqs = true)]
    pub(crate) struct Arguments {
        #[command(subcommand)]
        part: Option<Part>,
        /// How long, in seconds
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// The seed of the first round
        #[arg(long, default_value_t = 1)]
        first: u64,
        /// This seed alone
        #[arg(long)]
        seed: Option<u64>,
        /// Put something wrong in, which has to be found
        #[arg(long, value_enum)]
        fault: Option<Fault>,
    }

    #[derive(Subcommand)]
    enum Part {
        /// Main, which is told what to do on its standard input
        Main {
            /// Where its journal stands before the first round
            #[arg(long)]
            folder: PathBuf,
            /// What is wrong with it or its peers
            #[arg(long, value_enum)]
            fault: Option<Fault>,
        },
        /// A peer
        Peer(peer::Orders),
    }

    /// What takes this long hangs.
    const PATIENCE: Duration = Duration::from_secs(120);

    pub(crate) fn main() -> ExitCode {
        let Arguments { part, seconds, first, seed, fault } = Arguments::parse();
        let done = match part {
            Some(Part::Main { folder, fault }) => house::run(&folder, fault),
            Some(Part::Peer(orders)) => peer::run(&orders),
            None => stress(seconds, first, seed, fault),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("stress: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn stress(seconds: u64, first: u64, seed: Option<u64>, fault: Option<Fault>) -> Result<()> {
        let report = run(&Options {
            program: std::env::current_exe()?,
            time: Duration::from_secs(seconds),
            first: seed.unwrap_or(first),
            rounds: seed.map(|_| 1),
            patience: PATIENCE,
            fault,
            news: true,
        })?;
        print!("seeds {} to {}\n{report}", seed.unwrap_or(first), report.last);
        anyhow::ensure!(report.broken.is_empty(), "something does not hold");
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    command::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
