//! Each diagnostic of the macros at its token: the files of `tests/ui` do not compile, and what the compiler says is
//! kept beside them. The texts are those of the toolchain that continuous integration uses; `TRYBUILD=overwrite`
//! writes them anew.

#[test]
fn wrong_messages() {
    trybuild::TestCases::new().compile_fail("tests/ui/message/*.rs");
}

#[test]
fn wrong_interfaces() {
    trybuild::TestCases::new().compile_fail("tests/ui/interface/*.rs");
}

#[test]
fn wrong_uses_of_a_contract() {
    trybuild::TestCases::new().compile_fail("tests/ui/application/*.rs");
}
