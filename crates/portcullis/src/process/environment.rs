//! What a process that main starts gets to know of main's environment: what is on a list, and what its owner has set.

use std::ffi::{OsStr, OsString};

use tokio::process::Command;

/// Variables that a process gets from main without being told to: how to speak and to log, and where programs are. All
/// others may hold secrets, or name sockets and libraries; who needs one sets it on the command.
pub const ENVIRONMENT_KEPT: &[&str] = &[
    "LANG",
    "LANGUAGE",
    "NO_COLOR",
    "PATH",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_LOG",
    "TERM",
    "TMPDIR",
    "TZ",
];

/// As [`ENVIRONMENT_KEPT`], for all variables that begin so.
const KEPT_PREFIX: &str = "LC_";

/// Clears the environment of `command`, but for what is kept and what was set on it.
pub(super) fn clear(command: &mut Command) {
    let set: Vec<(OsString, Option<OsString>)> = command
        .as_std()
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(OsStr::to_owned)))
        .collect();
    command.env_clear();
    command.envs(std::env::vars_os().filter(|(name, _)| is_kept(name)));
    for (name, value) in set {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

fn is_kept(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| ENVIRONMENT_KEPT.contains(&name) || name.starts_with(KEPT_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_a_secret_is_not_kept() {
        for name in ["PATH", "LC_ALL", "RUST_LOG"] {
            assert!(is_kept(OsStr::new(name)), "{name}");
        }
        for name in
            ["LD_PRELOAD", "SSH_AUTH_SOCK", "API_TOKEN", "HOME", "DBUS_SESSION_BUS_ADDRESS", ""]
        {
            assert!(!is_kept(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn what_the_owner_has_set_stays_and_what_it_has_removed_goes() {
        let mut command = Command::new("program");
        command.env("API_TOKEN", "given").env_remove("PATH");
        clear(&mut command);
        let left: Vec<_> = command.as_std().get_envs().collect();
        assert!(left.contains(&(OsStr::new("API_TOKEN"), Some(OsStr::new("given")))));
        assert!(left.iter().all(|(name, value)| *name != "PATH" || value.is_none()), "{left:?}");
        // Cargo sets this one for every test.
        assert!(left.iter().all(|(name, _)| *name != "CARGO_MANIFEST_DIR"), "{left:?}");
    }
}
