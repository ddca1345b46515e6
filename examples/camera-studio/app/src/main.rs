//! The binary: reads the command line and turns every failure into one sentence and an exit code.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use camera_studio::cli::{Cli, Command};
use camera_studio::{probe, source};
use clap::Parser;

/// The exit code for what the user can mend: an argument, a file, a port.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(std::io::stderr(), "camera-studio: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    match &cli.command {
        Some(Command::Probe { cameras, pictures }) => {
            for (spec, variant) in cameras.sources()?.iter().zip(0..) {
                probe::probe(spec, variant, *pictures, &mut output)?;
            }
        }
        None => {
            for (spec, variant) in cli.studio.cameras.sources()?.iter().zip(0..) {
                let source = source::open(spec, variant)?;
                writeln!(output, "{spec}: {} at {}/s", source.size(), source.rate())?;
            }
        }
    }
    Ok(())
}
