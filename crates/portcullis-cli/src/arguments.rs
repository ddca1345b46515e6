//! What the command takes, and its help.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use portcullis_codegen::{RUNTIME, compat};

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 something was found, 2 bad input.";

/// New applications; code, documentation, compatibility and policies from a contract's schema; and the messages of a running
/// application.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a small application that builds and passes its test.
    #[command(
        after_help = "Examples:\n  portcullis new notes\n  portcullis new notes --kind electron\n  portcullis new notes --portcullis ../portcullis"
    )]
    New {
        /// Its name, which is that of its folder, too.
        name: String,
        /// What it is.
        #[arg(long, value_enum, default_value_t)]
        kind: AppKind,
        /// A checkout of Portcullis, whose crates and packages it depends on; unless named, on those that are released.
        #[arg(long, value_name = "FOLDER")]
        portcullis: Option<PathBuf>,
    },
    /// Write the TypeScript modules of a contract, its Python modules, or both.
    #[command(
        after_help = "Examples:\n  portcullis gen --out src/generated\n  portcullis gen --out src/generated --check\n  portcullis gen --python meter/contract\n  portcullis gen --schema contract/contract.schema --out src/generated --watch"
    )]
    Gen {
        /// The contract's schema.
        #[arg(long, default_value = "contract.schema")]
        schema: PathBuf,
        /// The folder that the TypeScript modules are written to. Generated modules in it that are not needed any more are
        /// removed.
        #[arg(long, value_name = "FOLDER", required_unless_present = "python")]
        out: Option<PathBuf>,
        /// Where the TypeScript modules import the runtime from.
        #[arg(long, default_value = RUNTIME)]
        runtime: String,
        /// The folder of the Python modules: a package, which stands on the package `portcullis`. One of this and --out is
        /// needed.
        #[arg(long, value_name = "FOLDER")]
        python: Option<PathBuf>,
        /// Write nothing; exit with 1 if a folder differs.
        #[arg(long)]
        check: bool,
        /// Go on, and write them anew whenever the schema changes.
        #[arg(long, conflicts_with = "check")]
        watch: bool,
    },
    /// Write the reference of a contract, as Markdown or as one page of HTML.
    #[command(
        after_help = "Examples:\n  portcullis docs\n  portcullis docs --format html > contract.html"
    )]
    Docs {
        /// The contract's schema.
        #[arg(long, default_value = "contract.schema")]
        schema: PathBuf,
        /// Its form.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Compare two versions of a contract; exit with 1 if the new one breaks anybody.
    #[command(
        after_help = "Examples:\n  portcullis compat old.schema contract.schema\n  portcullis compat old.schema contract.schema --callers old"
    )]
    Compat {
        /// The schema of the old version.
        old: PathBuf,
        /// The schema of the new version.
        new: PathBuf,
        /// Which callers meet servers of the other version.
        #[arg(long, value_enum, default_value_t)]
        callers: Callers,
    },
    /// Record the shapes of a contract, with which later builds get along; exit with 1 if this one breaks a recorded one.
    #[command(
        after_help = "Examples:\n  portcullis lock                        at a release: builds of these shapes are in use from now on\n  portcullis lock --check                before every commit: nothing recorded is broken\n  portcullis lock --forget studio.log    no build of its earlier shapes is in use any more"
    )]
    Lock {
        /// The contract's schema.
        #[arg(long, default_value = "contract.schema")]
        schema: PathBuf,
        /// The lock file; beside the schema unless it is said.
        #[arg(long)]
        lock: Option<PathBuf>,
        /// Write nothing, and compare.
        #[arg(long)]
        check: bool,
        /// Drop what is recorded of this interface, and record its shape of now. May be said several times.
        #[arg(long, value_name = "INTERFACE", conflicts_with = "check")]
        forget: Vec<String>,
    },
    /// Check a policy file against a contract, and print what every role may do.
    #[command(
        after_help = "Examples:\n  portcullis policy policy.toml\n  portcullis policy policy.toml --schema contract/contract.schema"
    )]
    Policy {
        /// The policy file.
        policy: PathBuf,
        /// The contract's schema.
        #[arg(long, default_value = "contract.schema")]
        schema: PathBuf,
    },
    /// Print the messages of a running application, one a line, until Ctrl-C.
    ///
    /// The application must have switched its tap on, and grant it to whoever connects at the socket. What its contract marks
    /// as secret is not shown. Times are UTC.
    #[command(
        after_help = "Examples:\n  portcullis tap --socket /run/user/1000/studio/tap\n  portcullis tap --socket tap/socket --peer viewer-1 --channel 'studio.cameras.*'\n  portcullis tap --socket tap/socket --json | jq 'select(.status != \"ok\")'"
    )]
    Tap {
        /// The socket of the tap.
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
        /// Only messages from or to the peer with this label; `main` is main itself. May be repeated.
        #[arg(long = "peer", value_name = "LABEL")]
        peers: Vec<String>,
        /// Only this channel, as `interface.channel`; with a `*` at the end all that begin so. May be repeated.
        #[arg(long = "channel", value_name = "PATTERN")]
        channels: Vec<String>,
        /// Print each message as an object of JSON, uncut.
        #[arg(long)]
        json: bool,
        /// The most characters of a line; 0 for no limit.
        #[arg(long, default_value_t = 200, conflicts_with = "json")]
        width: usize,
        /// End after so many messages.
        #[arg(long, value_name = "MESSAGES")]
        count: Option<u64>,
    },
    /// Print the completions of a shell.
    #[command(
        after_help = "Example:\n  portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What an application is.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum AppKind {
    /// Native processes: main, and a worker that it keeps running.
    #[default]
    Native,
    /// Electron: main and a window in TypeScript.
    Electron,
}

/// The form of a reference.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Markdown,
    Html,
}

/// Which callers must go on to work.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Callers {
    /// Old callers with new servers: servers are always updated first.
    Old,
    /// New callers with old servers.
    New,
    /// Any mixture.
    #[default]
    Both,
}

impl From<Callers> for compat::Callers {
    fn from(callers: Callers) -> Self {
        match callers {
            Callers::Old => Self::Old,
            Callers::New => Self::New,
            Callers::Both => Self::Both,
        }
    }
}
