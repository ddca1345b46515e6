//! The sections that Node runs: types, unit tests, and the test with a real browser. Which packages there are stands
//! in the root's `package.json`; what each of them checks and tests, in its own.

use anyhow::Result;

use super::rust;
use crate::counts::Counts;
use crate::{place, process, provide};

/// The package with the test that drives a browser, its script `e2e`.
const BROWSER_TEST: &str = "examples/camera-studio/pages";

/// What it starts.
const STUDIO: &str = "debug/camera-studio";

/// What the client's own test against the Rust hub starts.
const SAMPLE_HUB: &str = "debug/examples/sample-hub";

pub(super) fn types(_: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    process::run(process::command("npm", &["run", "check"]))
}

pub(super) fn tests(counts: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    rust::build_programs()?;
    let mut test = process::command("npm", &["test"]);
    test.env("PORTCULLIS_SAMPLE_HUB", place::target().join(SAMPLE_HUB));
    process::run_tests(test, counts)
}

pub(super) fn browser(counts: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    let chromium = provide::chromium()?;
    rust::build_programs()?;
    let mut test = process::command("npm", &["run", "e2e", "--workspace", BROWSER_TEST]);
    test.env("CHROMIUM", chromium).env("STUDIO", place::target().join(STUDIO));
    process::run_tests(test, counts)
}
