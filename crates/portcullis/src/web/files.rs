//! The static files of the pages: a table in memory that the application fills before it binds.
//! There is no file system behind it, so no path can climb out of it; headers are left to the routes.

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use hyper::header::HeaderValue;

use super::config::GateError;
use super::http::{CONNECT_PATH, ENTER_PATH, TICKET_PATH};

/// The pages that a gate serves, by exact path.
///
/// ```
/// use portcullis::web::Files;
///
/// let files = Files::new()
///     .file("/", "text/html", "<!doctype html><title>Studio</title>")
///     .file("/app.js", "text/javascript", &b"console.log('hello')"[..]);
/// ```
///
/// The pages run under `script-src 'self'; style-src 'self'`: scripts and styles must be files of
/// their own, inline ones are blocked by the browser.
#[derive(Clone, Default)]
pub struct Files {
    list: Vec<(String, String, Bytes)>,
}

impl Files {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Text without a charset is served as UTF-8. A path that cannot be served (not
    /// absolute, given twice, one of the gate's own routes) is reported when the gate is bound.
    #[must_use]
    pub fn file(
        mut self,
        path: impl Into<String>,
        content_type: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Self {
        self.list.push((path.into(), content_type.into(), bytes.into()));
        self
    }

    /// Checks the list and makes it searchable.
    pub(super) fn into_table(self) -> Result<FileTable, GateError> {
        let mut table = HashMap::with_capacity(self.list.len());
        for (path, content_type, bytes) in self.list {
            if !is_plain_path(&path) {
                return Err(GateError::BadFile { path, why: "is not a plain absolute path" });
            }
            if [ENTER_PATH, TICKET_PATH, CONNECT_PATH].contains(&path.as_str()) {
                return Err(GateError::BadFile { path, why: "is a route of the gate itself" });
            }
            let text = content_type.starts_with("text/") && !content_type.contains("charset");
            let content_type =
                if text { format!("{content_type}; charset=utf-8") } else { content_type };
            let Ok(content_type) = HeaderValue::try_from(content_type) else {
                return Err(GateError::BadFile { path, why: "has a malformed content type" });
            };
            let file = File { content_type, bytes };
            if table.contains_key(&path) {
                return Err(GateError::BadFile { path, why: "was given twice" });
            }
            table.insert(path, file);
        }
        Ok(FileTable(table))
    }
}

/// A path that means the same to every reader: absolute, no query, no escapes, and no `//` start,
/// which in a redirect would name another host.
pub(super) fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| {
            matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~')
        })
}

/// One file, ready to send.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) content_type: HeaderValue,
    pub(super) bytes: Bytes,
}

/// The files by path.
pub(super) struct FileTable(HashMap<String, File>);

impl FileTable {
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

// Paths and sizes: whoever prints a gate does not want its pages in the log.

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.list.iter().map(|(path, _, bytes)| (path, bytes.len()))).finish()
    }
}

impl fmt::Debug for FileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(path, file)| (path, file.bytes.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, content_type: &str, expect: Result<&str, &str>) {
        let table = Files::new().file(path.to_owned(), content_type, "x").into_table();
        match (table, expect) {
            (Ok(table), Ok(content_type)) => {
                assert_eq!(table.get(path).expect("listed").content_type, content_type);
            }
            (Err(GateError::BadFile { why, .. }), Err(expect)) => assert_eq!(why, expect),
            (got, expect) => panic!("{path}: {got:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn files_are_checked_when_the_table_is_made() {
        check("/", "text/html", Ok("text/html; charset=utf-8"));
        check("/a/b.js", "text/javascript; charset=ascii", Ok("text/javascript; charset=ascii"));
        check("/a.wasm", "application/wasm", Ok("application/wasm"));
        for path in ["", "a", "//evil.example", "/a b", "/a?b", "/a#b", "/%61", "/\u{e9}", "/a\n"] {
            check(path, "text/html", Err("is not a plain absolute path"));
        }
        for path in ["/enter", "/ticket", "/connect"] {
            check(path, "text/html", Err("is a route of the gate itself"));
        }
        check("/a", "text/html\r\nx: y", Err("has a malformed content type"));
        let twice = Files::new().file("/a", "text/html", "x").file("/a", "text/html", "y");
        assert!(matches!(
            twice.into_table(),
            Err(GateError::BadFile { why: "was given twice", .. })
        ));
    }

    #[test]
    fn no_path_reaches_past_the_table() {
        let table = Files::new().file("/a", "text/plain", "x").into_table().unwrap();
        for path in ["/", "/A", "/a/", "/b/../a", "/../a", "/%61", "/a?x", "a"] {
            assert!(table.get(path).is_none(), "{path}");
        }
    }
}
