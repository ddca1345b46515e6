//! The sections that cargo runs. Flags are the same everywhere, so that a crate is built once for all sections that
//! check, and once for all that run.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::flags;
use crate::counts::Counts;
use crate::{bench, generate, place, process};

/// The crates that are meant for every system, with the features that are.
const PORTABLE: &[&[&str]] = &[
    &["--package", "portcullis-proto", "--all-features"],
    &["--package", "portcullis-hub"],
    &["--package", "portcullis-policy"],
    &["--package", "portcullis-macros"],
    &["--package", "portcullis-codegen"],
    &["--package", "portcullis-cli"],
    &["--package", "portcullis", "--features", "web"],
    &["--package", "portcullis-desktop", "--features", "registry"],
    &["--package", "portcullis-tap", "--features", "serve"],
    &["--package", "portcullis-node"],
    &["--package", "portcullis-shm"],
];

/// The crates that a contract may stand on: without features they are that and nothing more.
const CONTRACT_ALONE: &[&str] = &["portcullis", "portcullis-desktop", "portcullis-tap"];

/// What a contract's crate must not pull in: whoever only declares messages needs no runtime.
const RUNTIMES: &[&str] = &["hyper", "mio", "socket2", "tokio"];

pub(super) fn formatting(_: &mut Counts) -> Result<()> {
    process::run(process::cargo(&["fmt", "--all", "--check"]))?;
    for manifest in ["bench/Cargo.toml", "fuzz/Cargo.toml"] {
        process::run(process::cargo(&["fmt", "--manifest-path", manifest, "--check"]))?;
    }
    Ok(())
}

pub(super) fn lints(_: &mut Counts) -> Result<()> {
    let mut clippy = process::cargo(&["clippy", "--all-targets"]);
    clippy.args(flags()).args(["--", "-D", "warnings"]);
    process::run(clippy)
}

pub(super) fn contract_alone(_: &mut Counts) -> Result<()> {
    for name in CONTRACT_ALONE {
        process::run(process::cargo(&["check", "--package", name, "--no-default-features"]))?;
        let tree = process::cargo(&[
            "tree",
            "--package",
            name,
            "--no-default-features",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ]);
        let tree = process::output(tree)?;
        let found: Vec<&str> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| RUNTIMES.contains(name))
            .collect();
        if !found.is_empty() {
            bail!("{name} without features depends on {}", found.join(", "));
        }
        println!("{name}: no runtime among its {} dependencies", tree.lines().count());
    }
    Ok(())
}

pub(super) fn other_systems(_: &mut Counts) -> Result<()> {
    // Without rustup the only target is this system's own.
    let installed = process::output(process::command("rustup", &["target", "list", "--installed"]))
        .unwrap_or_default();
    let others: Vec<&str> = installed
        .lines()
        .filter(|target| target.contains("-windows-") || target.contains("-apple-"))
        .collect();
    if others.is_empty() {
        println!(
            "no Windows or macOS target is installed here: the portable crates are not checked \
             against them (rustup target add x86_64-pc-windows-msvc aarch64-apple-darwin)"
        );
    }
    for target in others {
        for crate_flags in PORTABLE {
            let mut check = process::cargo(&["check", "--target", target]);
            check.args(*crate_flags);
            process::run(check)?;
        }
    }
    Ok(())
}

pub(super) fn tests(counts: &mut Counts) -> Result<()> {
    build_programs()?;
    let mut test = process::cargo(&["test", "--lib", "--bins", "--tests"]);
    test.args(flags());
    process::run_tests(test, counts)
}

/// What processes do in shared memory (Linux only), and what threads do with a peer, in every order that the memory model
/// allows. Built apart: the flag changes every crate.
pub(super) fn models(counts: &mut Counts) -> Result<()> {
    let packages = ["--package", "portcullis-shm", "--package", "portcullis-proto"];
    let mut test = process::cargo(&["test", "--release", "--lib"]);
    test.args(packages).arg("models");
    test.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", place::target().join("loom"));
    process::run_tests(test, counts)
}

/// Builds everything that tests start as processes of their own or load into Node, with the features that the tests
/// have: built apart, much would be built twice.
pub(super) fn build_programs() -> Result<()> {
    let mut build = process::cargo(&["build", "--lib", "--bins", "--examples"]);
    build.args(flags());
    process::run(build)
}

pub(super) fn generated(_: &mut Counts) -> Result<()> {
    build_programs()?;
    generate::run_built(true)
}

pub(super) fn doc_tests(counts: &mut Counts) -> Result<()> {
    let mut test = process::cargo(&["test", "--doc"]);
    test.args(flags());
    process::run_tests(test, counts)
}

pub(super) fn documentation(_: &mut Counts) -> Result<()> {
    let mut doc = process::cargo(&["doc", "--no-deps"]);
    doc.args(flags()).env("RUSTDOCFLAGS", "-D warnings");
    process::run(doc)
}

/// The targets themselves; their runs on seeds and bounded mutations are Rust tests and TypeScript tests.
pub(super) fn fuzz_targets(_: &mut Counts) -> Result<()> {
    let mut clippy = apart("fuzz/Cargo.toml", place::target().join("fuzz"));
    // Nothing is linked here, so libFuzzer itself need not be compiled.
    clippy.env("CUSTOM_LIBFUZZER_PATH", "/dev/null");
    process::run(clippy)
}

pub(super) fn benchmark(_: &mut Counts) -> Result<()> {
    process::run(apart("bench/Cargo.toml", bench::target()))
}

/// Lints of a workspace of its own, which is built into a folder of its own.
fn apart(manifest: &str, target: PathBuf) -> Command {
    let mut clippy = process::cargo(&["clippy", "--locked", "--all-targets"]);
    clippy.args(["--manifest-path", manifest, "--", "-D", "warnings"]);
    clippy.env("CARGO_TARGET_DIR", target);
    clippy
}
