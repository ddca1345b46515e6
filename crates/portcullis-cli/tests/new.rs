//! `portcullis new`: what it makes, and what it refuses without leaving anything. That what it makes builds and passes its
//! test is shown in `made.rs` and in `packages/electron/test/made.test.ts`.

mod common;

use std::fs;
use std::path::Path;

use common::run_in;

/// Every path below a folder, in order, with `/`.
fn tree(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, paths);
            } else {
                let inside = path.strip_prefix(root).expect("inside");
                paths.push(inside.display().to_string().replace('\\', "/"));
            }
        }
    }
    let mut paths = Vec::new();
    walk(folder, folder, &mut paths);
    paths.sort();
    paths
}

/// What an application of a kind is: its tree, and the manifests of both sources.
fn picture(kind: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, error) = run_in(folder.path(), &["new", "quick_notes", "--kind", kind]);
    assert_eq!((code, error.as_str()), (0, ""));
    // Relative to where it is called, as people name it.
    let checkout = folder.path().join("portcullis");
    for file in ["crates/portcullis/Cargo.toml", "packages/client/package.json"] {
        let file = checkout.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, "").expect("written");
    }
    let other = ["new", "other", "--kind", kind, "--portcullis", "portcullis"];
    assert_eq!(run_in(folder.path(), &other).0, 0);
    let text = |path: &str| fs::read_to_string(folder.path().join(path)).expect("text");
    let paths = tree(&folder.path().join("quick_notes"));
    let mut picture = format!("{out}\n{}\n", paths.join("\n"));
    for path in paths.iter().filter(|p| p.ends_with("Cargo.toml") || p.ends_with("package.json")) {
        let (released, checkout) =
            (text(&format!("quick_notes/{path}")), text(&format!("other/{path}")));
        picture.push_str(&format!("\n---- {path}\n{released}"));
        let lines = checkout.lines().filter(|line| line.contains("../"));
        for line in lines {
            picture.push_str(&format!("with a checkout: {}\n", line.trim()));
        }
    }
    picture
}

#[test]
fn a_native_application() {
    insta::assert_snapshot!(picture("native"));
}

#[test]
fn an_electron_application() {
    insta::assert_snapshot!(picture("electron"));
}

/// The command reads what it has written.
#[test]
fn the_schema_and_what_is_generated_are_in_step() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run_in(folder.path(), &["new", "notes", "--kind", "electron"]).0, 0);
    let app = folder.path().join("notes");
    let check =
        ["gen", "--schema", "contract/contract.schema", "--out", "src/generated", "--check"];
    assert_eq!(run_in(&app, &check), (0, String::new(), String::new()));
    let (code, reference, _) = run_in(&app, &["docs", "--schema", "contract/contract.schema"]);
    assert_eq!((code, reference.contains("\n### notes.list.add\n")), (0, true), "{reference}");
}

#[test]
fn refusals_are_one_sentence_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("full/of")).expect("made");
    fs::write(folder.path().join("file"), "mine").expect("written");
    let before = tree(folder.path());
    for (arguments, says) in [
        (&["full"][..], "the folder full is not empty: take another name, or remove what is in it"),
        (&["file"], "file is there already: take another name, or remove it"),
        (&["Notes"], "`Notes` cannot be a name: take at most 48 of a-z, 0-9, `-` and `_`"),
        (&["match"], "`match` has a meaning of its own for cargo, npm or the system: take another"),
        (&["a/b"], "`a/b` is a path: go to the folder that the application shall stand in"),
        (
            &["notes", "--portcullis", "full"],
            "full is no checkout of Portcullis, for it has no crates/portcullis/Cargo.toml",
        ),
    ] {
        let (code, out, error) = run_in(folder.path(), &[&["new"][..], arguments].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(error.starts_with(&format!("portcullis: {says}")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(tree(folder.path()), before);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing beside them");
}

#[test]
fn an_empty_folder_gives_way() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("notes")).expect("made");
    assert_eq!(run_in(folder.path(), &["new", "notes"]).0, 0);
    assert!(folder.path().join("notes/app/src/main.rs").is_file());
}

/// A folder that cannot be written to: what was begun is gone.
#[cfg(unix)]
#[test]
fn a_failure_in_the_middle_leaves_nothing() {
    use std::process::Command;

    let folder = tempfile::tempdir().expect("a folder");
    // No file may be longer than so many blocks of 512 bytes: the schema is, and some files before it are not.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" new notes";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_portcullis")])
        .current_dir(folder.path())
        .output()
        .expect("the command");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("notes cannot be made here, and nothing of it is left"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
}
