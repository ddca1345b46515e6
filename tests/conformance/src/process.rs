//! The helper process of this crate, started with its words piped to the test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, PipeReader};
use std::process::{Command, Stdio};

/// What a helper says, word by word.
#[derive(Debug)]
pub struct Words(Option<BufReader<PipeReader>>);

impl Words {
    /// The next word; `None` once nobody is left who could say one.
    pub async fn next(&mut self) -> Option<String> {
        let mut reader = self.0.take()?;
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let count = reader.read_line(&mut line).unwrap_or(0);
            (reader, (count > 0).then(|| line.trim_end().to_owned()))
        });
        let (reader, word) = read.await.ok()?;
        self.0 = Some(reader);
        word
    }

    /// Waits for a word.
    pub async fn expect(&mut self, word: &str) {
        assert_eq!(self.next().await.as_deref(), Some(word));
    }
}

/// A helper that is yet to be started by a hub: `program` is `env!("CARGO_BIN_EXE_echo-peer")`.
pub fn helper(program: impl AsRef<OsStr>, mode: &str) -> (tokio::process::Command, Words) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = tokio::process::Command::new(program);
    command.arg(mode).stdout(writer);
    (command, Words(Some(BufReader::new(reader))))
}

/// A helper that is no child of a hub, killed in the end.
#[derive(Debug)]
pub struct Main(std::process::Child);

impl Main {
    /// Starts it.
    pub fn start(program: impl AsRef<OsStr>, args: &[&OsStr]) -> (Self, Words) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = Command::new(program);
        let child = command.args(args).stdin(Stdio::null()).stdout(writer).spawn();
        // The pipe's end in `command` would keep it open.
        drop(command);
        (Self(child.expect("started")), Words(Some(BufReader::new(reader))))
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.0.wait().expect("its end is known")
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it is gone");
    }
}

impl Drop for Main {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
