//! The section that Python runs: the tests of the Python peer, the ones against the Rust hub and the studio included.

use anyhow::Result;

use super::rust;
use crate::counts::Counts;
use crate::{place, process, provide};

/// What the tests start.
const SAMPLE_HUB: &str = "debug/examples/sample-hub";
const STUDIO: &str = "debug/camera-studio";

pub(super) fn tests(counts: &mut Counts) -> Result<()> {
    provide::python()?;
    rust::build_programs()?;
    // The runner writes what it has to say to its standard error, where nobody would count it.
    let mut test = process::command("sh", &["-c", "exec python3 -B -m unittest 2>&1"]);
    test.current_dir(place::root().join("packages/python"));
    test.env("PORTCULLIS_SAMPLE_HUB", place::target().join(SAMPLE_HUB));
    test.env("STUDIO", place::target().join(STUDIO));
    process::run_tests(test, counts)
}
