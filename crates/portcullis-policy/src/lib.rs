//! The policy file: roles, grants and budgets in TOML, read into [`Role`]s and checked against the contract. Text comes in, and
//! roles or the list of everything that is wrong come out; reading files and starting hubs is left to others.
//!
//! ```
//! # let schema = sample_contract::contract();
//! let text = r#"
//! [role.viewer]
//! call = ["sample.echo.call", { grant = "sample.echo.bytes", for = "10m" }]
//! subscribe = ["sample.topics.*"]
//! "#;
//! let policy = portcullis_policy::parse(text, schema).expect("it fits the contract");
//! assert_eq!(policy.roles[0].name(), "viewer");
//!
//! let wrong = text.replace("echo.call", "echo.cal");
//! let problems = portcullis_policy::parse(&wrong, schema).expect_err("no such channel");
//! let text = problems.in_file("policy.toml").to_string();
//! assert!(text.contains("policy.toml:3:9: role.viewer.call[0]"));
//! assert!(text.contains("did you mean `sample.echo.call`?"));
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod advice;
mod budget;
mod problem;
mod read;
mod role;
mod time;

pub use problem::{InFile, PROBLEMS_MAX, Problem, Problems};
pub use read::{FILE_BYTES_MAX, ROLES_MAX};
pub use role::{GRANT_BYTES_MAX, GRANTS_MAX};
pub use time::LASTING_MAX_MS;

use portcullis_hub::{Budget, Role};
use portcullis_proto::schema::Schema;

/// What a policy file says.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its roles, in the order in which they stand there.
    pub roles: Vec<Role>,
    /// What all peers of a user together may have and do at once; says nothing where the file does not.
    pub user_budget: Budget,
    /// What it says in vain, or more widely than it may mean. It holds all the same.
    pub warnings: Problems,
}

/// Reads a policy file and checks it against the contract.
///
/// # Errors
///
/// Everything that is wrong with it, in the order of the text: syntax, keys that nobody knows, names that the contract
/// does not have, sizes beyond the limits. Nothing of such a file is to be used.
pub fn parse(text: &str, schema: &Schema) -> Result<Policy, Problems> {
    read::read(text, schema)
}
