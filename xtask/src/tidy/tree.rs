//! The tree as the checks see it: the text files that git knows of or would add, and which of them people write.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::{place, process};

/// A text file.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// Who writes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// People, as code.
    Source,
    /// People, as prose or settings.
    Other,
    /// A generator; or it is the input or expected output of a test.
    Data,
}

/// All files.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    /// Every path, those of files that are not text too.
    pub(super) paths: BTreeSet<String>,
}

/// Extensions of code.
const SOURCE: &[&str] = &["css", "html", "js", "mjs", "rs", "sh", "ts", "tsx"];

impl Tree {
    /// Reads it all.
    pub(super) fn read() -> Result<Self> {
        let paths = paths()?;
        let generated = generated(&paths)?;
        let mut files = Vec::new();
        for path in &paths {
            let bytes = fs::read(place::root().join(path)).with_context(|| path.clone())?;
            if bytes.contains(&0) {
                continue;
            }
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let kind = kind(path, generated.contains(path));
            files.push(File { path: path.clone(), text, kind });
        }
        Ok(Self { files, paths: paths.into_iter().collect() })
    }

    /// The files that people write.
    pub(super) fn written(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.kind != Kind::Data)
    }

    /// The files with that extension that people write.
    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &File> {
        self.written().filter(move |file| has_extension(&file.path, extension))
    }

    /// Whether a path is a file, or a folder with files.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.paths.contains(path)
            || self.paths.range(folder.clone()..).next().is_some_and(|p| p.starts_with(&folder))
    }
}

/// The paths of all files that git knows of or would add, in order.
pub(super) fn paths() -> Result<Vec<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = process::output(process::command("git", &list))?;
    let mut paths: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && place::root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Those that `.gitattributes` marks as generated.
fn generated(paths: &[String]) -> Result<BTreeSet<String>> {
    let mut command =
        process::command("git", &["check-attr", "-z", "--stdin", "linguist-generated"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("git has an input")?;
    let all = paths.join("\0");
    let writer = std::thread::spawn(move || input.write_all(all.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().ok().context("the writer of paths ended badly")??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields: Vec<&str> = text.split('\0').collect();
    let triples = fields.chunks_exact(3);
    Ok(triples.filter(|t| t[2] == "true" || t[2] == "set").map(|t| t[0].to_owned()).collect())
}

fn kind(path: &str, generated: bool) -> Kind {
    let is_test_data = path.starts_with("fuzz/seeds/")
        || path.starts_with("fuzz/corpus/")
        || path.contains("/tests/ui/")
        || path.contains("/snapshots/")
        || path.contains("/fixtures/");
    if generated || is_test_data {
        Kind::Data
    } else if SOURCE.iter().any(|extension| has_extension(path, extension)) {
        Kind::Source
    } else {
        Kind::Other
    }
}

pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .is_some_and(|(_, e)| e == extension)
}
