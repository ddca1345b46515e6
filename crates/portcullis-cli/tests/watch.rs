//! `portcullis gen --watch`: what it writes when the schema changes, breaks, goes and comes back.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// What hangs ends: not a measurement.
const WATCHDOG: Duration = Duration::from_secs(60);

/// The command, ended with the test, and the lines that it says.
struct Watching {
    child: Child,
    out: Receiver<String>,
    error: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["gen", "--out", "generated", "--watch"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let out = lines(child.stdout.take().expect("its output"));
        let error = lines(child.stderr.take().expect("its error output"));
        Self { child, out, error }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// The next line; nobody waits for ever.
fn next(lines: &Receiver<String>, what: &str) -> String {
    lines.recv_timeout(WATCHDOG).unwrap_or_else(|_| panic!("waiting for {what}"))
}

/// Puts a file there all at once, as careful programs do.
fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).expect("written");
    fs::rename(beside, path).expect("renamed");
}

#[test]
fn it_writes_what_changes_and_outlives_a_broken_schema() {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sample-contract/contract.schema");
    let sample = fs::read_to_string(sample).expect("the sample");
    // Documentation is no part of a hash.
    let said = |words: &str| sample.replacen("\"docs\": \"", &format!("\"docs\": \"{words} "), 1);
    let folder = tempfile::tempdir().expect("a folder");
    let schema = folder.path().join("contract.schema");
    put(&schema, &sample);

    let watching = Watching::start(folder.path());
    let begun = next(&watching.error, "the first line");
    assert!(begun.contains("looking at contract.schema until it is ended"), "{begun}");
    let generated = || {
        let files = fs::read_dir(folder.path().join("generated")).expect("a folder");
        let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()));
        texts.collect::<Result<String, _>>().expect("text")
    };
    let written = |words: &str| {
        while !generated().contains(words) {
            let line = next(&watching.out, words);
            assert!(line.ends_with(": written"), "{line}");
        }
    };

    put(&schema, &said("Otherwise."));
    written("Otherwise.");

    // Half of it, as an editor or a full disk may leave it: told once, and waited for.
    put(&schema, &sample[..sample.len() / 2]);
    let told = next(&watching.error, "what is wrong");
    assert!(told.contains("this is no schema file"), "{told}");
    assert!(generated().contains("Otherwise."), "what was written stays");

    // Gone, and there again.
    fs::remove_file(&schema).expect("removed");
    put(&schema, &said("Again."));
    written("Again.");
    assert_eq!(watching.error.try_recv().ok(), None);
}
