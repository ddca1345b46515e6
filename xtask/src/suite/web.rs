//! The sections that Node runs: types, unit tests, and the tests with a real browser. Which packages there are stands
//! in the root's `package.json`; what each of them checks and tests, in its own.

use anyhow::Result;

use super::rust;
use crate::counts::Counts;
use crate::{place, process, provide};

/// The packages with tests that drive a browser, their script `e2e`: the studio's pages, Electron's stand-in, and the
/// studio in it.
const BROWSER_TESTS: &[&str] =
    &["examples/camera-studio/pages", "packages/electron", "examples/camera-studio/electron"];

/// What it starts.
const STUDIO: &str = "debug/camera-studio";

/// What the client's own test against the Rust hub starts.
const SAMPLE_HUB: &str = "debug/examples/sample-hub";

/// A hub of another version of a contract than a page's.
const EVOLUTION_HUB: &str = "debug/examples/evolution-hub";

/// What makes an application for the adapter's tests.
const COMMAND: &str = "debug/portcullis";

/// The addon without an application, as cargo calls its library.
const ADDON: &str = "portcullis_node";

/// The addon of the example of an application's own.
const EXAMPLE_ADDON: &str = "node_addon_example";

pub(super) fn types(_: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    process::run(process::command("npm", &["run", "check"]))
}

pub(super) fn tests(counts: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    rust::build_programs()?;
    let tests = || {
        let mut test = process::command("npm", &["test"]);
        test.env("PORTCULLIS_SAMPLE_HUB", place::target().join(SAMPLE_HUB));
        test.env("PORTCULLIS_EVOLUTION_HUB", place::target().join(EVOLUTION_HUB));
        test.env("PORTCULLIS_PLAIN_ADDON", place::library("debug", ADDON));
        test.env("PORTCULLIS_EXAMPLE_ADDON", place::library("debug", EXAMPLE_ADDON));
        test.env("PORTCULLIS_COMMAND", place::target().join(COMMAND));
        test
    };
    process::run_tests_of_runner(tests, counts)
}

pub(super) fn browser(counts: &mut Counts) -> Result<()> {
    provide::npm_packages(false)?;
    let chromium = provide::chromium()?;
    rust::build_programs()?;
    for package in BROWSER_TESTS {
        let tests = || {
            let mut test = process::command("npm", &["run", "e2e", "--workspace", package]);
            test.env("CHROMIUM", &chromium).env("STUDIO", place::target().join(STUDIO));
            test.env("PORTCULLIS_ADDON_PATH", place::library("debug", ADDON));
            test.env("STUDIO_TARGET", place::target().join("debug"));
            test
        };
        process::run_tests_of_runner(tests, counts)?;
    }
    Ok(())
}
