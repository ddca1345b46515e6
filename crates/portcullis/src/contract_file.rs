//! The program that `schema_main!` makes: it writes a contract's schema to its committed file, or checks that the
//! file is up to date. Reading the file, and what is generated from it, are others' business.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portcullis_proto::schema::Schema;

/// The file's name when none is given.
const FILE_NAME: &str = "contract.schema";

/// The file differs from the contract.
const DIFFERS: u8 = 1;
/// The program was called wrongly, or the file cannot be read or written.
const UNUSABLE: u8 = 2;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    check: bool,
    path: PathBuf,
}

/// Runs the program with the arguments of this process.
pub fn schema_main(schema: &Schema) -> ExitCode {
    match options(env::args().skip(1), env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)) {
        Ok(options) => run(schema, &options),
        Err(sentence) => fail(UNUSABLE, &sentence),
    }
}

/// Reads the command line. `folder` is the crate's, when cargo runs the program.
fn options(args: impl Iterator<Item = String>, folder: Option<PathBuf>) -> Result<Options, String> {
    let mut check = false;
    let mut path = None;
    for arg in args {
        match arg.as_str() {
            "--check" => check = true,
            flag if flag.starts_with('-') => {
                return Err(format!("`{flag}` is not known: [--check] [{FILE_NAME}]"));
            }
            _ if path.is_some() => {
                return Err(format!("one file at most: [--check] [{FILE_NAME}]"));
            }
            file => path = Some(PathBuf::from(file)),
        }
    }
    let path = path.unwrap_or_else(|| folder.unwrap_or_default().join(FILE_NAME));
    Ok(Options { check, path })
}

fn run(schema: &Schema, options: &Options) -> ExitCode {
    let (path, text) = (&options.path, schema.to_json());
    let found = match fs::read_to_string(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return fail(UNUSABLE, &format!("{} cannot be read: {error}", shown(path))),
    };
    if found.as_deref() == Some(text.as_str()) {
        return ExitCode::SUCCESS;
    }
    if options.check {
        let what = if found.is_some() { "is not that of the contract" } else { "does not exist" };
        let sentence = format!("{} {what}: run this program without --check", shown(path));
        return fail(DIFFERS, &sentence);
    }
    match fs::write(path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(UNUSABLE, &format!("{} cannot be written: {error}", shown(path))),
    }
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn fail(code: u8, sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::{Options, options};

    fn parse(args: &[&str], folder: Option<&str>) -> Result<Options, String> {
        options(args.iter().map(|arg| (*arg).to_owned()), folder.map(Into::into))
    }

    #[test]
    fn the_file_stands_beside_the_crate_unless_told_otherwise() {
        let options = |check, path: &str| Ok(Options { check, path: path.into() });
        assert_eq!(parse(&[], Some("a")), options(false, "a/contract.schema"));
        assert_eq!(parse(&["--check"], None), options(true, "contract.schema"));
        assert_eq!(parse(&["x.schema", "--check"], Some("a")), options(true, "x.schema"));
        assert!(parse(&["--chek"], None).is_err());
        assert!(parse(&["a", "b"], None).is_err());
    }
}
