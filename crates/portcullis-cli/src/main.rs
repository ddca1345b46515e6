//! `portcullis`: the command line. A leaf: it reads files, calls the libraries, and says what came of it in one of three
//! exit codes: 0 for all well, 1 for a finding, 2 for bad input.
#![forbid(unsafe_code)]

mod arguments;
mod files;
mod lock;
mod new;
#[cfg(unix)]
mod tap;
mod work;

use std::process::ExitCode;

use clap::Parser;

/// The code of a finding: a break, a difference, a policy that does not hold.
const FINDING: u8 = 1;
/// The code for bad input. The parser of arguments has the same.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    match work::run(arguments::Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FINDING),
        Err(message) => {
            eprintln!("portcullis: {message}");
            ExitCode::from(BAD_INPUT)
        }
    }
}
