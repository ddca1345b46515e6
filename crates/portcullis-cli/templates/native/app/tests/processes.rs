//! The whole application, with real processes.

use std::process::Command;

#[test]
fn the_worker_adds_notes_and_hears_of_them() {
    let program = env!("CARGO_BIN_EXE_my-app");
    let output = Command::new(program).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "main: `hello` by worker",
        "worker: that makes 1",
        "worker: heard of `hello`",
        "worker: 3 are enough",
        "main: the worker has ended: exited with code 0",
    ] {
        assert!(said.lines().any(|each| each == line), "no line `{line}` in:\n{said}");
    }
}

/// What is made from the schema, documentation and policies, is made from the contract as it is.
#[test]
fn the_schema_is_that_of_the_contract() {
    let committed = include_str!("../../contract/contract.schema");
    let differs = "write it anew: cargo run -p my-app-contract";
    assert!(committed == my_app_contract::contract().to_json(), "{differs}");
}
