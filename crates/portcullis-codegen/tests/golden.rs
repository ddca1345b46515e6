//! The committed TypeScript and Python of the sample contract, and the committed tables, are what this build generates. The
//! sample has every form that a contract can have, so these files are the golden files of the mapping. (R1, R3)

use std::path::{Path, PathBuf};

use portcullis_codegen::{
    ERRORS_HEADER, File, HEADER, Options, PYTHON_HEADER, PYTHON_TABLES_HEADER, TABLES_HEADER,
    check, errors, python, python_tables, tables, typescript,
};
use portcullis_proto::schema::Schema;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_sample_contract_is_generated_as_committed() {
    let text = std::fs::read_to_string(root().join("tests/sample-contract/contract.schema"))
        .expect("the schema");
    let schema = Schema::from_json(&text).expect("a schema");
    let options = Options { runtime: "../../src/index.js".to_owned() };
    let files = typescript(&schema, &options).expect("a form in TypeScript");
    let folder = root().join("packages/client/test/generated");
    let differing = check(&folder, &files, HEADER).expect("the folder");
    assert_eq!(differing, [], "generate them anew: packages/client/test/generated/README.md");
}

#[test]
fn the_sample_contract_is_generated_in_python_as_committed() {
    let text = std::fs::read_to_string(root().join("tests/sample-contract/contract.schema"))
        .expect("the schema");
    let schema = Schema::from_json(&text).expect("a schema");
    let files = python(&schema).expect("a form in Python");
    let folder = root().join("packages/python/tests/generated");
    assert_eq!(check(&folder, &files, PYTHON_HEADER).expect("the folder"), []);
    let file = File { path: "tables.py".to_owned(), text: python_tables() };
    let folder = root().join("packages/python/portcullis");
    assert_eq!(check(&folder, &[file], PYTHON_TABLES_HEADER).expect("the folder"), []);
}

#[test]
fn the_tables_are_generated_as_committed() {
    let file = File { path: "tables.ts".to_owned(), text: tables() };
    let folder = root().join("packages/client/src/generated");
    assert_eq!(check(&folder, &[file], TABLES_HEADER).expect("the folder"), []);
}

#[test]
fn the_page_of_errors_is_generated_as_committed() {
    let file = File { path: "errors.md".to_owned(), text: errors() };
    assert_eq!(check(&root().join("docs"), &[file], ERRORS_HEADER).expect("the folder"), []);
}
