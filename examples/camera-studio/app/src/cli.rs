//! The command line: what may be written, and what it means. Nothing is opened or started here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::renderer;
use crate::source::SourceSpec;

/// The most cameras that one studio has.
pub const CAMERAS_MAX: usize = 8;

/// The longest time that `--for` takes.
const FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A camera studio with many windows: the demonstration of Portcullis.
#[derive(Debug, Parser)]
#[command(name = "camera-studio", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of running the studio.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run the studio.
    #[command(flatten)]
    pub studio: Studio,
}

/// What the studio itself takes.
#[derive(Debug, Args)]
pub struct Studio {
    /// The cameras.
    #[command(flatten)]
    pub cameras: Cameras,
    /// End by itself after this time (10s, 500ms, 2m)
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Write the summary to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// The port on which the windows are served; any free one when it is 0
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Let other processes of this user in at a socket of this path, to look on; its folder must be theirs alone
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Let `portcullis tap` of this user read every message at a socket of this path; its folder must be theirs alone
    #[arg(long, value_name = "PATH")]
    pub tap: Option<PathBuf>,
    /// Leave out the line a second
    #[arg(long)]
    pub quiet: bool,
    /// Leave out the kill of a renderer in the middle of the run
    #[arg(long)]
    pub no_kill: bool,
    /// Measure the pictures with this program instead of the light meter of the studio
    #[arg(long, value_name = "FILE")]
    pub light_meter: Option<PathBuf>,
    /// Start cameras and renderers from this program instead of this one: for tests
    #[arg(long, value_name = "FILE", hide = true)]
    pub child_program: Option<PathBuf>,
}

/// Where pictures come from, for every command that needs some.
#[derive(Debug, Default, Args)]
pub struct Cameras {
    /// A camera's pictures: y4m:FILE, y4m:- (standard input) or pattern[:WxH@FPS]; may be repeated
    #[arg(long = "source", value_name = "SOURCE")]
    sources: Vec<SourceSpec>,
    /// One camera of 1920x1080 at 60 pictures a second: short for --source pattern:1920x1080@60
    #[arg(long, conflicts_with = "sources")]
    hd: bool,
}

impl Cameras {
    /// The cameras' sources, in order: two patterns when none is named.
    pub fn sources(&self) -> Result<Vec<SourceSpec>, String> {
        if self.hd {
            return Ok(vec![SourceSpec::hd()]);
        }
        if self.sources.is_empty() {
            return Ok(vec![SourceSpec::default(); 2]);
        }
        if self.sources.len() > CAMERAS_MAX {
            return Err(format!(
                "there are {} sources; at most {CAMERAS_MAX} cameras can be attached",
                self.sources.len()
            ));
        }
        if self.sources.iter().filter(|&source| *source == SourceSpec::Stdin).count() > 1 {
            return Err("standard input can be the source of one camera only".to_owned());
        }
        Ok(self.sources.clone())
    }
}

/// What can be done instead of running the studio.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be a camera worker: only main starts this
    #[command(hide = true)]
    Worker {
        /// The file that its source is, which it may read.
        file: Option<PathBuf>,
    },
    /// Be a native renderer: only main starts this
    #[command(hide = true)]
    Renderer {
        /// Which one.
        kind: renderer::Kind,
    },
    /// Read pictures as fast as possible, and print what they measure
    Probe {
        /// The cameras.
        #[command(flatten)]
        cameras: Cameras,
        /// How many pictures to read from each source
        #[arg(long, default_value_t = 30)]
        pictures: u32,
    },
}

/// Reads a time with its unit: `500ms`, `10s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let malformed = || "write a whole number and its unit: 500ms, 10s, 2m".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(malformed)?;
    let (digits, unit) = text.split_at(unit_at);
    let number: u64 = digits.parse().map_err(|_| malformed())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        _ => return Err(malformed()),
    };
    let duration = milliseconds.map(Duration::from_millis).filter(|d| *d <= FOR_MAX);
    duration.ok_or_else(|| "a day is the longest time".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    const HD: &str = "pattern:1920x1080@60";

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["camera-studio"], arguments].concat())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_have_units_and_a_limit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "10", "s", "-1s", "1h", "1.5s", "2m ", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("2000m"), Err("a day is the longest time".to_owned()));
    }

    #[test]
    fn two_patterns_are_the_default_and_sources_are_bounded() {
        let cli = parse(&["--for", "10s", "--quiet"]).expect("valid");
        assert_eq!(cli.studio.cameras.sources().map(|s| s.len()), Ok(2));
        let cli = parse(&["--hd"]).expect("valid");
        let sources = cli.studio.cameras.sources().expect("one");
        assert_eq!(sources.iter().map(ToString::to_string).collect::<Vec<_>>(), [HD]);
        assert!(parse(&["--hd", "--source", HD]).is_err());
        let cli = parse(&["--source", "y4m:-", "--source", "y4m:-"]).expect("valid");
        assert!(cli.studio.cameras.sources().is_err());
        let many = ["--source", "pattern"].repeat(CAMERAS_MAX + 1);
        assert!(parse(&many).expect("valid").studio.cameras.sources().is_err());
    }

    #[test]
    fn a_source_that_means_nothing_is_named() {
        let error = parse(&["--source", "webcam"]).expect_err("not a source").to_string();
        assert!(error.contains("\"webcam\" is not a source"), "{error}");
    }
}
