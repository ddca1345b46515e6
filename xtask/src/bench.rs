//! Builds and runs the benchmark, a workspace of its own because it links every peer that it measures. What is
//! measured, and how, is its business.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{place, process, provide};

/// What Node runs for `--js`, in order, with its arguments: a port is one of Node's own, or one in a page.
const SCRIPTS: &[&[&str]] = &[
    &["codec.mjs"],
    &["processes.mjs"],
    &["addon.mjs"],
    &["port.mjs"],
    &["port.mjs", "--chromium"],
    &["websocket.mjs"],
];

/// Where pictures of the rows go, which docs/performance.md shows.
const PLOTS: &str = "docs/images";

/// Has what only the scripts need: the frameworks that they measure.
const SCRIPT_PACKAGES: &str = "bench/js";

/// The example of an application's own addon, which the scripts load: the crate, and its library.
const ADDON: (&str, &str) = ("node-addon-example", "node_addon_example");

/// The hub that pages in a browser reach over a WebSocket: the crate, and its example.
const PAGE_HUB: (&str, &str) = ("conformance", "page-hub");

/// The profile of what is shipped as an addon.
const ADDON_PROFILE: &str = "addon";

/// Measures; `json` gets the rows, and the documents their pictures if `plots`.
pub(crate) fn run(json: Option<PathBuf>, plots: bool, js: bool, args: &[String]) -> Result<()> {
    // The benchmark runs at the root, whoever called from wherever.
    let json = json.map(|path| absolute(&path)).transpose()?;
    if js {
        return scripts(json.as_deref(), args);
    }
    let mut command = native();
    if let Some(path) = json {
        command.arg("--json").arg(path);
    }
    if plots {
        command.args(["--plots", PLOTS]);
    }
    command.args(args);
    process::run(command)
}

/// The folder that the benchmark is built into.
pub(crate) fn target() -> PathBuf {
    place::target().join("bench")
}

fn native() -> std::process::Command {
    let mut command = process::cargo(&["run", "--release", "--locked"]);
    command.args(["--manifest-path", "bench/Cargo.toml", "--"]);
    command.env("CARGO_TARGET_DIR", target());
    command
}

/// Runs the scripts, or those that `only` names, and joins their rows.
fn scripts(json: Option<&Path>, only: &[String]) -> Result<()> {
    let mut names: Vec<&str> = SCRIPTS.iter().map(|script| script[0]).collect();
    names.dedup();
    if let Some(name) = only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no script {name}, only {}", names.join(", "));
    }
    provide::npm_packages(false)?;
    let mut rows: Vec<serde_json::Value> = Vec::new();
    let wanted = |script: &&&[&str]| only.is_empty() || only.iter().any(|name| name == script[0]);
    for script in SCRIPTS.iter().filter(wanted) {
        let (name, args) = (script[0], &script[1..]);
        let mut command = process::command("node", &[&format!("bench/js/{name}")]);
        command.args(args);
        match name {
            "addon.mjs" => _ = command.env("PORTCULLIS_EXAMPLE_ADDON", addon()?),
            _ => provide::npm_packages_of(SCRIPT_PACKAGES, false)?,
        }
        let in_chromium = name == "websocket.mjs" || args.contains(&"--chromium");
        if in_chromium {
            command.env("CHROMIUM", provide::chromium()?);
        }
        if name == "websocket.mjs" {
            command.env("PORTCULLIS_PAGE_HUB", page_hub()?);
        }
        if let Some(path) = json {
            command.arg("--json").arg(path);
        }
        process::run(command)?;
        if let Some(path) = json {
            let text = std::fs::read_to_string(path)?;
            rows.extend(serde_json::from_str::<Vec<serde_json::Value>>(&text)?);
        }
    }
    if let Some(path) = json {
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
    }
    Ok(())
}

/// Builds the addon that is measured, as one is built that is shipped.
fn addon() -> Result<PathBuf> {
    let (krate, library) = ADDON;
    process::run(process::cargo(&["build", "--profile", ADDON_PROFILE, "--package", krate]))?;
    Ok(place::library(ADDON_PROFILE, library))
}

/// Builds the hub that pages reach, as an application is built.
fn page_hub() -> Result<PathBuf> {
    let (krate, example) = PAGE_HUB;
    process::run(process::cargo(&[
        "build",
        "--release",
        "--package",
        krate,
        "--example",
        example,
    ]))?;
    Ok(place::target().join("release/examples").join(example))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    Ok(env::current_dir()?.join(path))
}
