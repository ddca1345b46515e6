//! The whole table of roles and channels, as a policy file resolves: a snapshot for the contract that uses everything, and
//! for the studio (R20).

use portcullis_hub::Matrix;
use portcullis_proto::schema::Schema;

fn matrix(text: &str, schema: &Schema) -> String {
    let policy = portcullis_policy::parse(text, schema).unwrap_or_else(|wrong| panic!("{wrong}"));
    let matrix = Matrix::new(schema, &policy.roles).expect("it was checked");
    matrix.user_budget(&policy.user_budget).to_string()
}

#[test]
fn f33_the_matrix_of_the_sample_contract() {
    let text = include_str!("policies/sample.toml");
    insta::assert_snapshot!(matrix(text, sample_contract::contract()));
}

#[test]
fn f33_the_matrix_of_the_studio() {
    let text = include_str!("../../../examples/camera-studio/electron/policy.toml");
    insta::assert_snapshot!(matrix(text, camera_studio_contract::contract()));
}

#[test]
fn the_studio_is_told_of_nothing_but_the_tap() {
    let text = include_str!("../../../examples/camera-studio/electron/policy.toml");
    let policy = portcullis_policy::parse(text, camera_studio_contract::contract()).expect("valid");
    // Its contract has the tap for the native main, and on Electron nobody may look on.
    let expected = "1:1: no role may use or serve `portcullis.tap`";
    assert_eq!(policy.warnings.to_string(), expected);
}
