//! `portcullis-codegen`: writes what is generated from a schema, or checks that it stands there already. A leaf: all
//! of the work is in the library.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::{Parser, Subcommand};
use portcullis_codegen::{
    ERRORS_HEADER, File, HEADER, Options, PYTHON_HEADER, PYTHON_TABLES_HEADER, RUNTIME,
    TABLES_HEADER,
};
use portcullis_proto::schema::Schema;

/// Generates code from a contract's schema.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// TypeScript: `types.ts`, a module for each interface, and `index.ts`.
    Typescript {
        /// The contract's `contract.schema`.
        #[arg(long)]
        schema: PathBuf,
        /// The folder that they are written to. Generated modules in it that are not needed any more are removed.
        #[arg(long)]
        out: PathBuf,
        /// Where the modules import the runtime from.
        #[arg(long, default_value = RUNTIME)]
        runtime: String,
        /// Write nothing; fail if the folder differs.
        #[arg(long)]
        check: bool,
    },
    /// Python: `types.py`, a module for each interface, and `__init__.py`.
    Python {
        /// The contract's `contract.schema`.
        #[arg(long)]
        schema: PathBuf,
        /// The folder that they are written to. Generated modules in it that are not needed any more are removed.
        #[arg(long)]
        out: PathBuf,
        /// Write nothing; fail if the folder differs.
        #[arg(long)]
        check: bool,
    },
    /// The protocol's tables of codes, as a Python module.
    PythonTables {
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// Write nothing; fail if the file differs.
        #[arg(long)]
        check: bool,
    },
    /// The protocol's tables of codes, as a TypeScript module.
    Tables {
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// Write nothing; fail if the file differs.
        #[arg(long)]
        check: bool,
    },
    /// The same tables as a page of documentation.
    Errors {
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// Write nothing; fail if the file differs.
        #[arg(long)]
        check: bool,
    },
}

/// The code for bad input, as of all commands of Portcullis.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("portcullis-codegen: {message}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Whether everything is as it should be now.
fn run(command: Command) -> Result<bool, String> {
    match command {
        Command::Typescript { schema: path, out, runtime, check } => {
            let schema = read(&path)?;
            let files = portcullis_codegen::typescript(&schema, &Options { runtime })
                .map_err(|error| error.to_string())?;
            put(&out, &files, HEADER, check)
        }
        Command::Python { schema: path, out, check } => {
            let schema = read(&path)?;
            let files = portcullis_codegen::python(&schema).map_err(|error| error.to_string())?;
            put(&out, &files, PYTHON_HEADER, check)
        }
        Command::PythonTables { out, check } => {
            put_one(&out, portcullis_codegen::python_tables(), PYTHON_TABLES_HEADER, check)
        }
        Command::Tables { out, check } => {
            put_one(&out, portcullis_codegen::tables(), TABLES_HEADER, check)
        }
        Command::Errors { out, check } => {
            put_one(&out, portcullis_codegen::errors(), ERRORS_HEADER, check)
        }
    }
}

fn read(path: &Path) -> Result<Schema, String> {
    let text = fs::read_to_string(path).map_err(|error| at(path, &error))?;
    Schema::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn put_one(out: &Path, text: String, marker: &str, check: bool) -> Result<bool, String> {
    let folder = out.parent().unwrap_or(Path::new(""));
    let name = out.file_name().and_then(|name| name.to_str());
    let path = name.ok_or("--out must name a file")?.to_owned();
    put(folder, &[File { path, text }], marker, check)
}

fn put(folder: &Path, files: &[File], marker: &str, check: bool) -> Result<bool, String> {
    let outcomes = if check {
        portcullis_codegen::check(folder, files, marker)
    } else {
        portcullis_codegen::write(folder, files, marker)
    };
    let outcomes = outcomes.map_err(|error| at(folder, &error))?;
    for outcome in &outcomes {
        println!("{}", outcome.line(check));
    }
    Ok(!check || outcomes.is_empty())
}
