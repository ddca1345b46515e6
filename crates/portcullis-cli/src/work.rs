//! What each command does: `Ok(true)` is all well, `Ok(false)` a finding, `Err` one sentence about bad input.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::CommandFactory as _;
use portcullis_codegen::{File, HEADER, Options, PYTHON_HEADER, compat};
use portcullis_hub::Matrix;

use crate::arguments::{Arguments, Command, Format};
use crate::{files, lock, new};

/// How often `gen --watch` looks at the schema.
const WATCH_MS: u64 = 300;

pub(crate) fn run(command: Command) -> Result<bool, String> {
    match command {
        Command::New { name, kind, portcullis } => print(&new::run(&name, kind, portcullis)?),
        Command::Gen { schema, out, runtime, python, check, watch } => {
            let typescript = out.map(|out| (out, Options { runtime }));
            let targets = Targets { typescript, python };
            if watch { self::watch(&schema, &targets) } else { targets.generate(&schema, check) }
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
        Command::Lock { schema, lock, check, forget } => {
            let lock = lock.unwrap_or_else(|| schema.with_file_name(files::LOCK));
            let schema = files::schema(&schema)?;
            if check { lock::check(&schema, &lock) } else { lock::record(&schema, &lock, &forget) }
        }
        Command::Policy { policy, schema } => self::policy(&policy, &schema),
        #[cfg(unix)]
        Command::Tap { socket, peers, channels, json, width, count } => {
            let printing = crate::tap::Printing { json, width, count };
            crate::tap::run(&socket, portcullis_tap::TapFilter { peers, channels }, &printing)
        }
        #[cfg(not(unix))]
        Command::Tap { .. } => {
            Err("a tap needs a Unix socket, which this system does not have".to_owned())
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "portcullis", &mut text);
            print(&String::from_utf8_lossy(&text))
        }
    }
}

/// Where the modules of each language go, and what they are made with.
struct Targets {
    typescript: Option<(PathBuf, Options)>,
    python: Option<PathBuf>,
}

impl Targets {
    /// Writes the modules of every language, or only compares them.
    fn generate(&self, path: &Path, check: bool) -> Result<bool, String> {
        let schema = files::schema(path)?;
        // A schema that names earlier shapes is believed by all that is made of it.
        let lock = path.with_file_name(files::LOCK);
        if lock.exists() && !lock::check(&schema, &lock)? {
            return Ok(false);
        }
        let unfit = |error: &dyn Display| format!("{}: {error}", path.display());
        let mut all = true;
        // What one language cannot say is told before a file of another is written.
        let typescript = self.typescript.as_ref().map(|(out, options)| {
            let modules = portcullis_codegen::typescript(&schema, options);
            modules.map(|modules| (out, modules)).map_err(|error| unfit(&error))
        });
        let python = self.python.as_ref().map(|out| {
            let modules = portcullis_codegen::python(&schema);
            modules.map(|modules| (out, modules)).map_err(|error| unfit(&error))
        });
        let (typescript, python) = (typescript.transpose()?, python.transpose()?);
        for (made, marker) in [(typescript, HEADER), (python, PYTHON_HEADER)] {
            if let Some((out, modules)) = made {
                all &= put(out, &modules, marker, check)?;
            }
        }
        Ok(all)
    }
}

fn put(out: &Path, modules: &[File], marker: &str, check: bool) -> Result<bool, String> {
    let outcomes = if check {
        portcullis_codegen::check(out, modules, marker)
    } else {
        portcullis_codegen::write(out, modules, marker)
    };
    let outcomes = outcomes.map_err(|error| files::no_folder(out, &error))?;
    let text: String = outcomes.iter().map(|outcome| outcome.line(check) + "\n").collect();
    print(&text)?;
    Ok(!check || outcomes.is_empty())
}

/// Generates whenever the text of the schema changes, until it is ended from outside. A schema that cannot be used, half
/// written perhaps, is told once, and waited for.
fn watch(path: &Path, targets: &Targets) -> Result<bool, String> {
    let mut last = files::text(path)?;
    targets.generate(path, false)?;
    eprintln!("portcullis: looking at {} until it is ended, by Ctrl+C perhaps", path.display());
    loop {
        std::thread::sleep(Duration::from_millis(WATCH_MS));
        let Ok(text) = files::text(path) else { continue };
        if text != last {
            last = text;
            if let Err(message) = targets.generate(path, false) {
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
pub(crate) fn print(text: &str) -> Result<bool, String> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot print: {error}"))
        }
        _ => Ok(true),
    }
}
