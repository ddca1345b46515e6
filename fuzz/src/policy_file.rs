//! The target of the reader of policy files, which people write.

use portcullis_hub::{Hub, HubConfig};
use portcullis_policy::{PROBLEMS_MAX, Problems, parse};
use sample_contract::contract;

/// Longest message of a problem, in bytes: a line that somebody reads.
const PROBLEM_BYTES_MAX: usize = 2048;

/// A text that claims to be a policy for the sample contract: read, or refused with places that are in the text. On what is
/// read a hub starts.
pub fn policy_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text, contract()) {
        Ok(policy) => {
            check(&policy.warnings, text);
            let config = HubConfig::new(contract());
            let config = policy.roles.into_iter().fold(config, HubConfig::role);
            Hub::new(config).expect("a hub starts on a policy that fits its contract");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            check(&problems, text);
        }
    }
}

fn check(problems: &Problems, text: &str) {
    assert!(problems.iter().count() <= PROBLEMS_MAX && problems.iter().count() <= problems.len());
    let lines = text.split('\n').count();
    for problem in problems.iter() {
        let line = problem.line as usize;
        assert!((1..=lines).contains(&line) && problem.column >= 1, "{problem}");
        assert!(problem.to_string().len() <= PROBLEM_BYTES_MAX, "{problem}");
    }
}
