//! Brings what a run needs besides Rust: Node's packages, and on Debian and its kin the system packages too. Where it
//! may not install, it names the one command that does.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{place, process};

/// The oldest Node whose language the packages are written in.
const NODE_MAJOR_MIN: u32 = 20;

/// The oldest Python 3 whose language the peer for Python is written in.
const PYTHON_MINOR_MIN: u32 = 10;

/// Node and npm, and the packages of the root's lock file; `anew` even when they are there.
pub(crate) fn npm_packages(anew: bool) -> Result<()> {
    npm_packages_of(".", anew)
}

/// The same for a folder with a lock file of its own.
pub(crate) fn npm_packages_of(folder: &str, anew: bool) -> Result<()> {
    node()?;
    let place = place::root().join(folder);
    let lock = place.join("package-lock.json");
    let shown = Path::new(folder).join("package-lock.json");
    let wanted =
        fs::read_to_string(&lock).with_context(|| format!("{} cannot be read", shown.display()))?;
    // What was installed from this very lock file is there already.
    let stamp = place.join("node_modules/.installed-from");
    if !anew && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        println!("the packages of {} are installed", shown.display());
        return Ok(());
    }
    process::run(process::command("npm", &["ci", "--no-audit", "--no-fund", "--prefix", folder]))?;
    fs::write(&stamp, wanted).with_context(|| format!("{} cannot be written", stamp.display()))
}

/// Node and npm themselves.
pub(crate) fn node() -> Result<()> {
    if !process::exists("node") || !process::exists("npm") {
        debian(&["nodejs", "npm"])?;
    }
    let version = process::output(process::command("node", &["--version"]))?;
    let major = version.trim().trim_start_matches('v').split('.').next().unwrap_or("");
    if major.parse::<u32>().unwrap_or(0) < NODE_MAJOR_MIN {
        let version = version.trim();
        bail!(
            "Node {NODE_MAJOR_MIN} or newer is needed, and this is {version}: install a newer one"
        );
    }
    Ok(())
}

/// A Python that the peer for Python runs on.
pub(crate) fn python() -> Result<()> {
    if !process::exists("python3") {
        debian(&["python3"])?;
    }
    let version = process::output(process::command("python3", &["--version"]))?;
    let minor = version.trim().split('.').nth(1).unwrap_or("");
    if minor.parse::<u32>().unwrap_or(0) < PYTHON_MINOR_MIN {
        let version = version.trim();
        bail!("Python 3.{PYTHON_MINOR_MIN} or newer is needed, and this is {version}");
    }
    Ok(())
}

/// A Chromium, under the name that `CHROMIUM` gives it or the usual one; says which.
pub(crate) fn chromium() -> Result<String> {
    let named = std::env::var("CHROMIUM").ok();
    if let Some(name) = named {
        if !process::exists(&name) {
            bail!("CHROMIUM names `{name}`, which does not start");
        }
        return Ok(name);
    }
    let usual = ["chromium", "chromium-browser", "google-chrome"];
    if let Some(name) = usual.iter().find(|name| process::exists(name)) {
        return Ok((*name).to_owned());
    }
    debian(&["chromium"])?;
    Ok("chromium".to_owned())
}

/// Installs packages of the system, if this is root on Debian or Ubuntu.
fn debian(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian(&release) {
        bail!("{names} cannot be started: install it with this system's package manager");
    }
    if process::output(process::command("id", &["-u"]))?.trim() != "0" {
        bail!(
            "{names} cannot be started: `sudo apt-get update && sudo apt-get install --yes {names}` installs it"
        );
    }
    process::run(process::command("apt-get", &["update", "--quiet"]))?;
    let mut install = process::command("apt-get", &["install", "--yes", "--quiet"]);
    install.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    process::run(install)
}

/// Whether `/etc/os-release` is that of Debian, or of a system made from it.
fn is_debian(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|id| id == "debian" || id == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::is_debian;

    #[test]
    fn systems_made_from_debian_are_known() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nVARIANT_ID=debian\n"));
        assert!(!is_debian(""));
    }
}
