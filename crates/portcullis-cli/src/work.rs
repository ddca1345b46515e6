//! What each command does: `Ok(true)` is all well, `Ok(false)` a finding, `Err` one sentence about bad input.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use clap::CommandFactory as _;
use portcullis_codegen::{HEADER, Options, Outcome, compat};
use portcullis_hub::Matrix;

use crate::arguments::{Arguments, Command, Format};
use crate::files;

/// How often `gen --watch` looks at the schema.
const WATCH_MS: u64 = 300;

pub(crate) fn run(command: Command) -> Result<bool, String> {
    match command {
        Command::Gen { schema, out, runtime, check, watch } => {
            let options = Options { runtime };
            if watch {
                self::watch(&schema, &out, &options)
            } else {
                generate(&schema, &out, &options, check)
            }
        }
        Command::Docs { schema, format } => {
            let schema = files::schema(&schema)?;
            print(&match format {
                Format::Markdown => portcullis_codegen::markdown(&schema),
                Format::Html => portcullis_codegen::html(&schema),
            })
        }
        Command::Compat { old, new, callers } => {
            let report = compat::compare(&files::schema(&old)?, &files::schema(&new)?);
            print(&report.to_string())?;
            Ok(!report.breaks(callers.into()))
        }
        Command::Policy { policy, schema } => self::policy(&policy, &schema),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "portcullis", &mut text);
            print(&String::from_utf8_lossy(&text))
        }
    }
}

fn generate(path: &Path, out: &Path, options: &Options, check: bool) -> Result<bool, String> {
    let schema = files::schema(path)?;
    let modules = portcullis_codegen::typescript(&schema, options)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let outcomes = if check {
        portcullis_codegen::check(out, &modules, HEADER)
    } else {
        portcullis_codegen::write(out, &modules, HEADER)
    };
    let outcomes = outcomes.map_err(|error| format!("{}: {error}", out.display()))?;
    let mut text = String::new();
    for outcome in &outcomes {
        let (what, path) = match (outcome, check) {
            (Outcome::Differs(path), true) => ("differs, generate it anew", path),
            (Outcome::Differs(path), false) => ("written", path),
            (Outcome::Stale(path), true) => ("is not generated any more, remove it", path),
            (Outcome::Stale(path), false) => ("removed", path),
        };
        text.push_str(&format!("{}: {what}\n", path.display()));
    }
    print(&text)?;
    Ok(!check || outcomes.is_empty())
}

/// Generates whenever the text of the schema changes, until it is ended from outside. A schema that cannot be used, half
/// written perhaps, is told once, and waited for.
fn watch(path: &Path, out: &Path, options: &Options) -> Result<bool, String> {
    let mut last = files::text(path)?;
    generate(path, out, options, false)?;
    loop {
        std::thread::sleep(Duration::from_millis(WATCH_MS));
        let Ok(text) = files::text(path) else { continue };
        if text != last {
            last = text;
            if let Err(message) = generate(path, out, options, false) {
                eprintln!("portcullis: {message}");
            }
        }
    }
}

fn policy(path: &Path, schema: &Path) -> Result<bool, String> {
    let schema = files::schema(schema)?;
    let name = path.display().to_string();
    let policy = match portcullis_policy::parse(&files::text(path)?, &schema) {
        Ok(policy) => policy,
        Err(problems) => {
            eprintln!("{}", problems.in_file(&name));
            return Ok(false);
        }
    };
    if !policy.warnings.is_empty() {
        eprintln!("{}\n", policy.warnings.in_file(&name));
    }
    let matrix = Matrix::new(&schema, &policy.roles).map_err(|error| format!("{name}: {error}"))?;
    print(&matrix.user_budget(&policy.user_budget).to_string())
}

/// Prints; whoever reads may go away in the middle (`portcullis docs | head`), which is no failure.
fn print(text: &str) -> Result<bool, String> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot print: {error}"))
        }
        _ => Ok(true),
    }
}
