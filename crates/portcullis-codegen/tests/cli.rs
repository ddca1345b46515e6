//! The command: what it writes, what it says, and its exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portcullis-codegen"))
        .args(arguments)
        .output()
        .expect("the command")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("portcullis-command-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sample() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sample-contract/contract.schema");
    path.display().to_string()
}

#[test]
fn writes_then_checks_then_notices_an_edit() {
    let folder = Folder::new("typescript");
    let (schema, out) = (sample(), folder.path("out"));
    let arguments = ["typescript", "--schema", &schema, "--out", &out];
    let checking = [&arguments[..], &["--check"]].concat();
    assert_eq!(run(&checking).status.code(), Some(1), "nothing is there yet");
    assert_eq!(run(&arguments).status.code(), Some(0));
    assert_eq!(run(&checking).status.code(), Some(0));
    let types = folder.path("out/types.ts");
    fs::write(&types, "edited").expect("edited");
    let checked = run(&checking);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(text(&checked.stdout), format!("{types}: differs, generate it anew\n"));
}

#[test]
fn writes_tables() {
    let folder = Folder::new("tables");
    let out = folder.path("tables.ts");
    assert_eq!(run(&["tables", "--out", &out]).status.code(), Some(0));
    assert_eq!(run(&["tables", "--out", &out, "--check"]).status.code(), Some(0));
    assert!(fs::read_to_string(&out).expect("the tables").contains("permission_denied: 7"));
}

#[test]
fn writes_the_page_of_errors() {
    let folder = Folder::new("errors");
    let out = folder.path("errors.md");
    assert_eq!(run(&["errors", "--out", &out, "--check"]).status.code(), Some(1));
    assert_eq!(run(&["errors", "--out", &out]).status.code(), Some(0));
    assert_eq!(run(&["errors", "--out", &out, "--check"]).status.code(), Some(0));
    assert!(fs::read_to_string(&out).expect("the page").contains("`permission_denied`"));
}

#[test]
fn bad_input_is_one_sentence_and_exit_code_2() {
    let folder = Folder::new("bad");
    let (missing, broken, edited) =
        (folder.path("missing"), folder.path("broken"), folder.path("edited"));
    fs::write(&broken, "{").expect("written");
    let schema = fs::read_to_string(sample()).expect("the sample");
    fs::write(&edited, schema.replacen("\"version\": 1", "\"version\": 9", 1)).expect("written");
    for (path, says) in [
        (&missing, "No such file"),
        (&broken, "this is no schema file"),
        (&edited, "the file was edited"),
    ] {
        let refused = run(&["typescript", "--schema", path, "--out", &folder.path("out")]);
        let message = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{message}");
        assert!(message.contains(says), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert!(!folder.0.join("out").exists());
}
