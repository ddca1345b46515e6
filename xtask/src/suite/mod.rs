//! `cargo xtask test`: every check and test of the repository, one section after the other, until one fails. The
//! closing line counts tests, and a section that has none as one. What a section does stands in the modules below.

mod rust;
mod watchdog;
mod web;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;
use crate::{generate, place, provide, tidy};
use watchdog::Watchdog;

/// A part of the run.
struct Section {
    title: &'static str,
    /// Whether `--quick` leaves it out.
    slow: bool,
    work: fn(&mut Counts) -> Result<()>,
}

const fn section(title: &'static str, work: fn(&mut Counts) -> Result<()>) -> Section {
    Section { title, slow: false, work }
}

const fn slow(title: &'static str, work: fn(&mut Counts) -> Result<()>) -> Section {
    Section { title, slow: true, work }
}

/// The whole run: what fails soonest comes first.
const SECTIONS: &[Section] = &[
    section("formatting", rust::formatting),
    section("tidy", |_| tidy::run(false)),
    section("lints", rust::lints),
    section("a contract alone, without a runtime", rust::contract_alone),
    section("other systems", rust::other_systems),
    section("Rust tests", rust::tests),
    section("examples in the documentation", rust::doc_tests),
    section("documentation", rust::documentation),
    section("fuzz targets", rust::fuzz_targets),
    section("npm packages", |_| provide::npm_packages()),
    section("generated files", |_| generate::run(true)),
    section("TypeScript types and pages", web::types),
    section("TypeScript tests", web::tests),
    slow("the benchmark builds", rust::benchmark),
    slow("real browser", web::browser),
];

/// Runs the sections.
pub(crate) fn run(quick: bool) -> ExitCode {
    let begun = now();
    let sections: Vec<&Section> =
        SECTIONS.iter().filter(|section| !(quick && section.slow)).collect();
    let mut total = Counts::default();
    let mut times = Vec::new();
    let mut failure = None;
    for (index, section) in sections.iter().enumerate() {
        println!("\n=== {}/{} {} ===", index + 1, sections.len(), section.title);
        let section_begun = now();
        let watchdog = Watchdog::set(section.title, total);
        let mut counts = Counts::default();
        let done = (section.work)(&mut counts);
        watchdog.stop();
        times.push((section.title, section_begun.elapsed()));
        match done {
            Ok(()) if counts == Counts::default() => counts.passed = 1,
            Ok(()) => {}
            Err(error) => {
                counts.failed = counts.failed.max(1);
                failure = Some(format!("{} failed: {error:#}", section.title));
            }
        }
        total += counts;
        if failure.is_some() {
            break;
        }
    }
    println!("\n=== times ===");
    for (title, time) in times {
        println!("{:>8}  {title}", seconds(time));
    }
    println!("{:>8}  in all\n", seconds(begun.elapsed()));
    if let Some(sentence) = &failure {
        println!("{sentence}");
    }
    println!("{total}");
    if failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[allow(clippy::disallowed_methods, reason = "a chore tells how long it took")]
fn now() -> Instant {
    Instant::now()
}

/// Cargo's flags that hold for every section, so that all of them share what was built.
fn flags() -> Vec<&'static str> {
    let mut flags = vec!["--workspace", "--all-features"];
    if place::in_ci() {
        flags.push("--locked");
    }
    flags
}
