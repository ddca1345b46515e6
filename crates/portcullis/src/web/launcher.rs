//! The launcher file: the one thing through which the user's own browser, and nobody else's, gets
//! in. It posts a one-time code; that it is gone after use is seen to here, what the code opens is
//! left to the ticket office.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, Weak};

use super::config::GateError;
use super::gate::Shared;
use super::secret::Secret;
use super::ticket::CodeId;

/// A one-time code for a program that posts it itself, as the field `code` of a form to `/enter`.
///
/// Whoever has it can enter once, so it is shown only on request and never by `Debug`.
#[must_use]
pub struct EntryCode(pub(super) Secret);

impl EntryCode {
    /// The form to post, with `Content-Type: application/x-www-form-urlencoded`.
    pub fn form_body(&self) -> String {
        format!("code={}", self.0.to_hex())
    }
}

impl fmt::Debug for EntryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryCode(redacted)")
    }
}

/// A small HTML file, readable by this user alone, that opens a page once. Hand its path to the
/// browser. The file goes away when it was used, and with this value, which also ends its code: so
/// keep the value until the window is there.
#[must_use = "dropping a launcher removes its file"]
pub struct Launcher {
    path: PathBuf,
    code: CodeId,
    shared: Weak<Shared>,
}

impl Launcher {
    /// Writes the file for a code that the office has just issued.
    pub(super) fn write(
        shared: &std::sync::Arc<Shared>,
        dir: Option<&Path>,
        base_url: &str,
        code: CodeId,
        secret: &Secret,
        name: &Secret,
    ) -> Result<Self, GateError> {
        let dir = dir.map_or_else(default_dir, Path::to_path_buf);
        // Without a closing slash or dot, which would follow a symbolic link.
        let dir: PathBuf = dir.components().collect();
        let path = dir.join(format!("open-{}.html", name.to_hex()));
        private::write(&dir, &path, page(base_url, secret).as_bytes())?;
        shared.launchers.add(code, path.clone());
        Ok(Self { path, code, shared: std::sync::Arc::downgrade(shared) })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launcher").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // A gate that is gone took its files along.
        if let Some(shared) = self.shared.upgrade() {
            shared.office().revoke_code(self.code);
            shared.launchers.used(self.code);
        }
    }
}

/// The files that lie about, until their codes are used; at most one for each code.
#[derive(Debug, Default)]
pub(super) struct Launchers(Mutex<Vec<(CodeId, PathBuf)>>);

impl Launchers {
    fn add(&self, code: CodeId, path: PathBuf) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((code, path));
    }

    /// Removes the file of a code, if it has one.
    pub(super) fn used(&self, code: CodeId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, path) in held.extract_if(.., |(held, _)| *held == code) {
            remove(&path);
        }
    }
}

impl Drop for Launchers {
    fn drop(&mut self) {
        for (_, path) in self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            remove(path);
        }
    }
}

/// A file that stays behind holds a code that is worth nothing, hence only a word in the log.
fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(target: "portcullis::web", %error, "launcher file not removed");
    }
}

/// Posts by itself where scripts run, at the press of a button where they do not.
fn page(base_url: &str, code: &Secret) -> String {
    let code = code.to_hex();
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Opening</title>
<style>body {{ font: 1rem system-ui, sans-serif; display: grid; place-content: center; height: 90vh; }}</style>
<form method="post" action="{base_url}/enter">
<input type="hidden" name="code" value="{code}">
<button autofocus>Open the window</button>
</form>
<script>document.forms[0].submit();</script>
</html>
"#
    )
}

/// The runtime folder is the user's own and is emptied when the user leaves; the temporary folder
/// is shared, so the folder in it carries the user's id and is checked like any other.
#[cfg(unix)]
fn default_dir() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        Some(runtime) if runtime.is_absolute() && runtime.is_dir() => runtime.join("portcullis"),
        _ => {
            let user = rustix::process::geteuid().as_raw();
            std::env::temp_dir().join(format!("portcullis-{user}"))
        }
    }
}

/// The temporary folder is the user's own here.
#[cfg(not(unix))]
fn default_dir() -> PathBuf {
    std::env::temp_dir().join("portcullis")
}

#[cfg(unix)]
mod private {
    //! Files that this user alone can read, in a folder that this user alone can change.

    use std::fs::DirBuilder;
    use std::io::{self, Write};
    use std::os::unix::fs::DirBuilderExt;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    use super::GateError;

    /// The folder is opened once and checked, and the file made through that handle, so nobody can
    /// put another folder in its place between check and use.
    pub(super) fn write(dir: &Path, path: &Path, text: &[u8]) -> Result<(), GateError> {
        let failed = |source: io::Error| GateError::Launcher { path: path.to_path_buf(), source };
        let refused = |why| GateError::UnsafeDir { dir: dir.to_path_buf(), why };
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match rustix::fs::open(dir, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(refused("is a symbolic link, or no folder"));
            }
            Err(errno) => return Err(failed(errno.into())),
        };
        let stat = rustix::fs::fstat(&handle).map_err(|errno| failed(errno.into()))?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(refused("belongs to another user"));
        }
        if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
            return Err(refused("can be written by other users"));
        }
        let name = path.file_name().unwrap_or_default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&handle, name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| failed(errno.into()))?;
        std::fs::File::from(file).write_all(text).map_err(failed)
    }
}

#[cfg(not(unix))]
mod private {
    //! Elsewhere the user's temporary folder is closed to other users already.

    use std::fs::{File, create_dir_all};
    use std::io::Write;
    use std::path::Path;

    use super::GateError;

    pub(super) fn write(dir: &Path, path: &Path, text: &[u8]) -> Result<(), GateError> {
        create_dir_all(dir)
            .and_then(|()| File::create_new(path)?.write_all(text))
            .map_err(|source| GateError::Launcher { path: path.to_path_buf(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_posts_the_code_with_and_without_scripts() {
        let code = Secret::from_bytes([0x5a; 16]);
        let page = page("http://127.0.0.1:4000", &code);
        for part in [
            r#"<form method="post" action="http://127.0.0.1:4000/enter">"#,
            r#"<input type="hidden" name="code" value="5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a">"#,
            "<button",
            "submit()",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }

    #[test]
    fn f39_debug_of_a_code_shows_nothing() {
        let code = EntryCode(Secret::from_bytes([0x5a; 16]));
        assert_eq!(format!("{code:?}"), "EntryCode(redacted)");
        assert_eq!(code.form_body(), format!("code={}", "5a".repeat(16)));
    }
}
