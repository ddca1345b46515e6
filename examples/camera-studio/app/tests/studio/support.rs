//! The studio from outside, for its tests: starting it, reading what it prints, and finding its processes again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How often is looked whether they have ended, and how long: a watchdog.
const LOOKS: u32 = 600;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A studio in a session of its own, by which its processes are found again, whosever children they are then.
pub(crate) struct Studio {
    session: Option<u32>,
    pub(crate) command: Command,
}

impl Studio {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        // It becomes the studio: what was started keeps its number, which is the session's.
        let mut command = Command::new("setsid");
        command.arg(env!("CARGO_BIN_EXE_camera-studio")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { session: None, command }
    }

    pub(crate) fn start(&mut self) -> Child {
        let child = self.command.spawn().expect("a tool of every Linux");
        self.session = Some(child.id());
        child
    }

    pub(crate) fn run(mut self) -> Output {
        let output = self.start().wait_with_output().expect("it was started");
        self.assert_gone();
        output
    }

    /// The processes of this test that run now.
    pub(crate) fn processes(&self) -> Vec<PathBuf> {
        let session = self.session.expect("it was started").to_string();
        let is_ours = |path: &Path| {
            let told = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
            // After the name, which may hold anything: state, parent, group, session.
            let told = told.rsplit_once(") ").map_or("", |(_, rest)| rest);
            let mut fields = told.split(' ');
            let (state, session_of) = (fields.next(), fields.nth(2));
            session_of == Some(&session) && state != Some("Z")
        };
        let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
        entries.map(|entry| entry.path()).filter(|path| is_ours(path)).collect()
    }

    /// The number of the process that was started with this as its last argument.
    pub(crate) fn process(&self, argument: &str) -> u32 {
        let ends = format!("\0{argument}\0");
        let is_it = |path: &PathBuf| {
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            line.ends_with(ends.as_bytes())
        };
        let found = self.processes().into_iter().find(is_it).expect("it runs");
        let number = found.file_name().and_then(|name| name.to_str()).map(str::parse);
        number.and_then(Result::ok).expect("a process has a number")
    }

    #[track_caller]
    pub(crate) fn assert_gone(&self) {
        for _ in 0..LOOKS {
            if self.processes().is_empty() {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("{:?} are left", self.processes());
    }
}

/// Reads what a studio prints until it has said so. Each studio ends by itself some time, so that this ends too.
pub(crate) fn wait_for(child: &mut Child, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().expect("piped")).lines() {
        let line = line.expect("UTF-8");
        let found = line.contains(text);
        lines.push(line);
        if found {
            return lines;
        }
    }
    panic!("{text} does not come: {lines:?}");
}

pub(crate) fn signal(process: u32, name: &str) {
    let id = process.to_string();
    let sent = Command::new("kill").args([name, &id]).status().expect("a shell's own tool");
    assert!(sent.success());
}

pub(crate) fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("camera-studio-{}-{name}", std::process::id()))
}

pub(crate) fn summary(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("it was written");
    std::fs::remove_file(path).expect("it can be removed");
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}
