//! Writes the golden vectors of the codec, `tests/vectors/codec`; with `--check`, says whether they are up to date.
//! Every implementation of the codec must read and write the valid ones, and refuse the invalid ones for the same
//! reason at the same place.

mod describe;
mod faults;
mod rows;
mod samples;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rows::Rows;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let check = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--check"] => true,
        _ => return fail("usage: sample-vectors [--check]"),
    };
    let mut rows = Rows::new(sample_contract::contract());
    samples::add(&mut rows);
    faults::add(&mut rows);
    if !rows.mistakes.is_empty() {
        return fail(&rows.mistakes.join("\n"));
    }
    for (name, rows) in [("valid.json", &rows.valid), ("invalid.json", &rows.invalid)] {
        if let Err(sentence) = write(name, &rows::to_text(rows), check) {
            return fail(&sentence);
        }
    }
    ExitCode::SUCCESS
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/codec")
}

fn write(name: &str, text: &str, check: bool) -> Result<(), String> {
    let path = folder().join(name);
    if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    if check {
        return Err(format!(
            "{name} is not up to date: cargo run -p sample-contract --bin sample-vectors"
        ));
    }
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| format!("{name}: {error}"))
}

fn fail(sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::FAILURE
}
