//! The binary: reads the command line and turns every failure into one sentence and an exit code.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use camera_studio::cli::{Cli, Command};
use camera_studio::{probe, renderer, studio, worker};
use clap::Parser;

/// The exit code for what the user can mend: an argument, a file, a port.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        None => studio::run(&cli.studio).map_err(|error| (error.exit_code(), error.to_string())),
        Some(command) => run(command).map_err(|error| (EXIT_USAGE, error.to_string())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, error)) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(std::io::stderr(), "camera-studio: {error}");
            ExitCode::from(code)
        }
    }
}

fn run(command: &Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Worker { file } => worker::run(file.as_deref()),
        Command::Renderer { kind } => renderer::run(*kind),
        Command::Probe { cameras, pictures } => {
            let mut output = std::io::stdout().lock();
            for (spec, variant) in cameras.sources()?.iter().zip(0..) {
                probe::probe(spec, variant, *pictures, &mut output)?;
            }
            Ok(())
        }
    }
}
