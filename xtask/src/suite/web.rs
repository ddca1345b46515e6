//! The sections that Node runs: types, unit tests, and the tests with a real browser. Which packages there are stands
//! in the root's `package.json`; what each of them checks and tests, in its own.

use anyhow::Result;

use super::rust;
use crate::counts::Counts;
use crate::{place, process, provide};

/// The packages with tests that drive a browser, their script `e2e`: the studio's pages, and Electron's stand-in.
const BROWSER_TESTS: &[&str] = &["examples/camera-studio/pages", "packages/electron"];

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
    for package in BROWSER_TESTS {
        let mut test = process::command("npm", &["run", "e2e", "--workspace", package]);
        test.env("CHROMIUM", &chromium).env("STUDIO", place::target().join(STUDIO));
        test.env("PORTCULLIS_ADDON_PATH", place::addon());
        process::run_tests(test, counts)?;
    }
    Ok(())
}
