//! Puts generated files into a folder, or says how the folder differs from them. Knows nothing of what is in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path inside the folder.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// What a run did or found, for each file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file differed or was not there.
    Differs(PathBuf),
    /// The file is not generated any more, and says of itself that it was.
    Stale(PathBuf),
}

impl Outcome {
    /// What is told of it: of a folder that was only looked at (`checked`), or of one that was written.
    pub fn line(&self, checked: bool) -> String {
        let (path, what) = match (self, checked) {
            (Self::Differs(path), true) => (path, "differs, generate it anew"),
            (Self::Differs(path), false) => (path, "written"),
            (Self::Stale(path), true) => (path, "is not generated any more, remove it"),
            (Self::Stale(path), false) => (path, "removed"),
        };
        format!("{}: {what}", path.display())
    }
}

/// Compares the folder with `files`. `marker` is the first line of files that were generated.
pub fn check(folder: &Path, files: &[File], marker: &str) -> io::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        match fs::read_to_string(&path) {
            Ok(text) if text == file.text => {}
            Ok(_) => outcomes.push(Outcome::Differs(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                outcomes.push(Outcome::Differs(path));
            }
            Err(error) => return Err(error),
        }
    }
    outcomes.extend(stale(folder, files, marker)?.into_iter().map(Outcome::Stale));
    Ok(outcomes)
}

/// Writes what differs and removes what is not generated any more; says which files were touched.
///
/// # Errors
///
/// What the system says; and [`io::ErrorKind::AlreadyExists`], before anything is written, where a file would be
/// overwritten that does not begin with the marker: somebody else has written it.
pub fn write(folder: &Path, files: &[File], marker: &str) -> io::Result<Vec<Outcome>> {
    let outcomes = check(folder, files, marker)?;
    for outcome in &outcomes {
        if let Outcome::Differs(path) = outcome
            && fs::read(path).is_ok_and(|it| !it.is_empty() && !it.starts_with(marker.as_bytes()))
        {
            let text = format!("{} is there, and was not generated", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
    }
    fs::create_dir_all(folder)?;
    for outcome in &outcomes {
        match outcome {
            Outcome::Differs(path) => {
                if let Some(file) = files.iter().find(|file| folder.join(&file.path) == *path) {
                    fs::write(path, &file.text)?;
                }
            }
            Outcome::Stale(path) => fs::remove_file(path)?,
        }
    }
    Ok(outcomes)
}

/// Files of the folder that begin with the marker and are not among `files`.
fn stale(folder: &Path, files: &[File], marker: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut stale = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let known = files.iter().any(|file| folder.join(&file.path) == path);
        let is_module = path.extension().is_some_and(|it| it == "ts" || it == "py");
        if !known && is_module && fs::read_to_string(&path)?.starts_with(marker) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}
