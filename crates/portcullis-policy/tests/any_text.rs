//! Any text at all, and any change of a valid file, is roles or problems that stand inside the text; never a panic.

use proptest::prelude::*;
use sample_contract::contract;

const VALID: &str = include_str!("policies/sample.toml");

fn holds(text: &str) -> Result<(), TestCaseError> {
    match portcullis_policy::parse(text, contract()) {
        Ok(policy) => {
            // What the file's own checks let through, the hub takes.
            let config = policy
                .roles
                .into_iter()
                .fold(portcullis_hub::HubConfig::new(contract()), |config, role| config.role(role))
                .user_budget(policy.user_budget);
            prop_assert!(portcullis_hub::Hub::new(config).is_ok());
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            let lines = text.matches('\n').count() as u32 + 1;
            for problem in problems.iter() {
                prop_assert!(problem.line >= 1 && problem.line <= lines, "{problem}");
                prop_assert!(problem.column >= 1);
                prop_assert!(problem.to_string().lines().count() == 1, "{problem:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        holds(&text)?;
    }

    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(vec![
        "[role.a]", "[role.b.addresses]", "call", "deny", "serve", "admit", "=", "[", "]", "{", "}", ",", "\n", "\"",
        "\"sample.echo.*\"", "\"sample.topics.ticked\"", "grant", "for", "\"1m\"", "main", "[user.budget]", "peers", "calls", "7", "true", "#", "é", "'''", ".",
    ]), 0..40)) {
        holds(&words.concat())?;
    }

    #[test]
    fn any_change_of_a_valid_file(at in 0..VALID.len(), cut in 0..12usize, put in "[\\PC\n]{0,4}") {
        let end = (at + cut).min(VALID.len());
        let text = format!("{}{put}{}", &VALID[..at], &VALID[end..]);
        holds(&text)?;
    }
}

#[test]
fn the_valid_file_is_valid() {
    assert!(portcullis_policy::parse(VALID, contract()).is_ok());
}
