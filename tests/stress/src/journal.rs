//! Where a process writes its facts down: one file a process and round, written with one system call a fact, so that nothing
//! is lost with a process that is killed.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::fact::{FACT_BYTES, Fact};

/// The end of the name of a file with facts, and of one with what a process itself has found to be wrong.
const FACTS: &str = "facts";
const BROKEN: &str = "broken";
/// Facts that are read at once.
const READ_AT_ONCE: usize = 4_096;

/// A process's journal of a round.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Mutex<Files>>);

#[derive(Debug)]
struct Files {
    facts: File,
    broken: PathBuf,
}

fn files(folder: &Path, serial: u32) -> io::Result<Files> {
    let path = folder.join(format!("{serial}.{FACTS}"));
    let facts = OpenOptions::new().append(true).create_new(true).open(path)?;
    Ok(Files { facts, broken: folder.join(format!("{serial}.{BROKEN}")) })
}

impl Journal {
    /// The journal of a process for a round, whose files stand in `folder`.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or is there already.
    pub fn create(folder: &Path, serial: u32) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(files(folder, serial)?))))
    }

    /// Goes on in the files of another round.
    ///
    /// # Errors
    ///
    /// As [`Self::create`].
    pub fn turn_to(&self, folder: &Path, serial: u32) -> io::Result<()> {
        let files = files(folder, serial)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = files;
        Ok(())
    }

    /// Writes a fact down.
    ///
    /// # Panics
    ///
    /// When it cannot be written: what follows would be held against half of the truth.
    pub fn note(&self, fact: Fact) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = files.facts.write_all(&fact.to_bytes());
        // The panic is written down, too, if that can be done.
        drop(files);
        written.expect("the journal can be written");
    }

    /// Something does not hold, as this process can tell by itself.
    pub fn broken(&self, text: &str) {
        let path = self.0.lock().unwrap_or_else(PoisonError::into_inner).broken.clone();
        let file = OpenOptions::new().append(true).create(true).open(path);
        // Panics are written down here, so that this must be none. What is lost so is seen on standard error.
        if let Err(error) = file.and_then(|mut file| writeln!(file, "{text}")) {
            eprintln!("stress: {error}, and: {text}");
        }
    }
}

/// What all processes of a round have written, by their serial.
#[derive(Debug, Default)]
pub struct Journals {
    /// Facts in the order in which each process wrote them.
    pub facts: BTreeMap<u32, Vec<Fact>>,
    /// What they found to be wrong.
    pub broken: Vec<String>,
}

/// Reads all journals of a round.
///
/// # Errors
///
/// When one cannot be read, or holds what is no fact.
pub fn read(folder: &Path) -> io::Result<Journals> {
    let mut all = Journals::default();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((serial, kind)) = name.split_once('.') else { continue };
        let Ok(serial) = serial.parse::<u32>() else { continue };
        if kind == FACTS {
            all.facts.insert(serial, facts(&path)?);
        } else if kind == BROKEN {
            let text = std::fs::read_to_string(&path)?;
            all.broken.extend(text.lines().map(|line| format!("process {serial}: {line}")));
        }
    }
    Ok(all)
}

fn facts(path: &Path) -> io::Result<Vec<Fact>> {
    let mut file = File::open(path)?;
    let mut facts = Vec::new();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = (&mut file).take((FACT_BYTES * READ_AT_ONCE) as u64).read_to_end(&mut bytes)?;
        let (whole, rest) = bytes.as_chunks::<FACT_BYTES>();
        for fact in whole {
            let wrong = || io::Error::other(format!("{} holds what is no fact", path.display()));
            facts.push(Fact::from_bytes(fact).ok_or_else(wrong)?);
        }
        // A process that was killed while it wrote may leave less than one at its end.
        if read < FACT_BYTES * READ_AT_ONCE || !rest.is_empty() {
            return Ok(facts);
        }
    }
}
