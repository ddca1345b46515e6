//! The applications that `portcullis new` makes build and pass their tests, with the crates of this checkout. The half of
//! Electron's that is TypeScript: `packages/electron/test/made.test.ts`.
//!
//! Cargo builds into the folder that everything else is built into, so that most of it is there already; nothing is
//! fetched, since the lock file is that of the checkout.

mod common;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::run_in;

/// The checkout.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Makes an application in a place that stays the same, so that cargo finds what it has built for it before.
fn make(name: &str, kind: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made");
    fs::create_dir_all(&folder).expect("made");
    let app = folder.join(name);
    if app.exists() {
        fs::remove_dir_all(&app).expect("removed");
    }
    let made = run_in(&folder, &["new", name, "--kind", kind, "--portcullis", ROOT]);
    assert_eq!((made.0, made.2.as_str()), (0, ""));
    app
}

/// Runs cargo where a user would, without the network.
fn cargo(folder: &Path, arguments: &[&str]) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", target)
        // As the checkout has it, for the sake of what both can use.
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .output()
        .expect("cargo");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "cargo {}:\n{said}", arguments.join(" "));
    assert!(!said.contains("warning: "), "cargo {}:\n{said}", arguments.join(" "));
}

#[cfg(unix)]
#[test]
fn a_native_application_builds_and_passes_its_test() {
    let app = make("made-native", "native");
    fs::copy(Path::new(ROOT).join("Cargo.lock"), app.join("Cargo.lock")).expect("copied");
    cargo(&app, &["fmt", "--all", "--check"]);
    cargo(&app, &["test", "--quiet"]);
}

#[test]
fn the_contract_of_an_electron_application_is_what_its_schema_says() {
    let contract = make("made-electron", "electron").join("contract");
    fs::copy(Path::new(ROOT).join("Cargo.lock"), contract.join("Cargo.lock")).expect("copied");
    cargo(&contract, &["fmt", "--all", "--check"]);
    cargo(&contract, &["run", "--quiet", "--", "--check"]);
}
