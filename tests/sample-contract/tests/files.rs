//! The committed files that are made from the contract are those of this build.

use std::process::Command;

fn check(program: &str) {
    let output = Command::new(program).arg("--check").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_schema_is_up_to_date() {
    check(env!("CARGO_BIN_EXE_sample-schema"));
}

#[test]
fn the_golden_vectors_are_up_to_date() {
    check(env!("CARGO_BIN_EXE_sample-vectors"));
}

#[test]
fn a_schema_file_that_differs_is_noticed_and_written() {
    let folder = std::env::temp_dir().join(format!("portcullis-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("contract.schema");
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sample-schema"))
            .args(args)
            .arg(&file)
            .output()
            .expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&["--check"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not exist"), "{said}");
    assert_eq!(run(&[]).0, Some(0));
    assert_eq!(run(&["--check"]).0, Some(0));
    std::fs::write(&file, "{}").expect("the file is written");
    let (code, said) = run(&["--check"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not that of the contract"), "{said}");
    let (code, said) = run(&["--chek"]);
    assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}
