//! `cargo xtask test`: every check and test of the repository, one section after the other, until one fails. The
//! closing line counts tests, and a section that has none as one. What a section does stands in the modules below.

mod python;
mod rust;
mod watchdog;
mod web;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;
use crate::{place, provide, tidy};
use watchdog::Watchdog;

/// A part of the run.
struct Section {
    /// What to call it on the command line.
    name: &'static str,
    title: &'static str,
    /// Whether `--quick` leaves it out.
    slow: bool,
    work: fn(&mut Counts) -> Result<()>,
}

const fn section(
    name: &'static str,
    title: &'static str,
    work: fn(&mut Counts) -> Result<()>,
) -> Section {
    Section { name, title, slow: false, work }
}

const fn slow(section: Section) -> Section {
    Section { slow: true, ..section }
}

/// The whole run: what fails soonest comes first.
const SECTIONS: &[Section] = &[
    section("format", "formatting", rust::formatting),
    section("tidy", "tidy", |_| tidy::run(false)),
    section("lints", "lints", rust::lints),
    section("contract", "a contract alone, without a runtime", rust::contract_alone),
    section("systems", "other systems", rust::other_systems),
    section("rust", "Rust tests", rust::tests),
    section("models", "models of shared memory and of peers", rust::models),
    section("examples", "examples in the documentation", rust::doc_tests),
    section("docs", "documentation", rust::documentation),
    section("fuzz", "fuzz targets", rust::fuzz_targets),
    section("npm", "npm packages", |_| provide::npm_packages(place::in_ci())),
    section("gen", "generated files", rust::generated),
    section("types", "TypeScript types and pages", web::types),
    section("typescript", "TypeScript tests", web::tests),
    section("python", "Python tests", python::tests),
    slow(section("bench", "the benchmark builds", rust::benchmark)),
    slow(section("browser", "real browser", web::browser)),
];

/// The names of all sections.
pub(crate) fn names() -> Vec<&'static str> {
    SECTIONS.iter().map(|section| section.name).collect()
}

/// Runs the sections, or those of the names.
pub(crate) fn run(quick: bool, only: &[String]) -> ExitCode {
    let begun = now();
    let wanted = |section: &&Section| {
        let named = only.iter().any(|name| name == section.name);
        if only.is_empty() { !(quick && section.slow) } else { named }
    };
    let sections: Vec<&Section> = SECTIONS.iter().filter(wanted).collect();
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
