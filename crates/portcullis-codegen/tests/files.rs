//! Writing and checking folders: only what differs is touched, and only what was generated is removed.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use portcullis_codegen::{File, Outcome, check, write};

const MARKER: &str = "// Made by a machine.";

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("portcullis-codegen-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: format!("{MARKER}\n{text}\n") }
}

#[test]
fn writes_what_differs_and_then_nothing() {
    let folder = Folder::new("writes");
    let files = [file("a.ts", "a"), file("b.ts", "b")];
    let missing = check(&folder.0, &files, MARKER).expect("a folder that is not there yet");
    assert_eq!(missing.len(), 2);
    assert!(!folder.0.exists(), "a check writes nothing");
    assert_eq!(write(&folder.0, &files, MARKER).expect("written"), missing);
    assert_eq!(check(&folder.0, &files, MARKER).expect("the folder"), []);
    fs::write(folder.0.join("b.ts"), format!("{MARKER} edited")).expect("edited");
    let edited = Outcome::Differs(folder.0.join("b.ts"));
    assert_eq!(write(&folder.0, &files, MARKER).expect("written"), [edited]);
    assert_eq!(check(&folder.0, &files, MARKER).expect("the folder"), []);
}

#[test]
fn what_somebody_else_has_written_is_not_overwritten() {
    let folder = Folder::new("spares");
    let files = [file("a.ts", "a"), file("b.ts", "b"), file("c.ts", "c")];
    fs::create_dir(&folder.0).expect("made");
    fs::write(folder.0.join("b.ts"), "// mine\n").expect("written");
    // Nothing is in it that could be lost.
    fs::write(folder.0.join("c.ts"), "").expect("written");
    let error = write(&folder.0, &files, MARKER).expect_err("b.ts is mine");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().ends_with("b.ts is there, and was not generated"), "{error}");
    assert_eq!(fs::read_to_string(folder.0.join("b.ts")).expect("text"), "// mine\n");
    assert!(!folder.0.join("a.ts").exists(), "nothing is begun");
    fs::remove_file(folder.0.join("b.ts")).expect("removed");
    assert_eq!(write(&folder.0, &files, MARKER).expect("written").len(), 3);
}

#[test]
fn removes_what_was_generated_once_and_nothing_else() {
    let folder = Folder::new("removes");
    write(&folder.0, &[file("a.ts", "a"), file("old.ts", "old")], MARKER).expect("written");
    fs::write(folder.0.join("by-hand.ts"), "// mine\n").expect("written");
    fs::write(folder.0.join("notes.md"), MARKER).expect("written");
    let files = [file("a.ts", "a")];
    let stale = Outcome::Stale(folder.0.join("old.ts"));
    assert_eq!(check(&folder.0, &files, MARKER).expect("the folder"), std::slice::from_ref(&stale));
    assert_eq!(write(&folder.0, &files, MARKER).expect("written"), [stale]);
    assert!(folder.0.join("by-hand.ts").exists() && folder.0.join("notes.md").exists());
    assert!(!folder.0.join("old.ts").exists());
}
