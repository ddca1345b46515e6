//! The templates: which files an application of each kind has, and what stands in them for its name and for where
//! Portcullis comes from. They are files like any other in `templates`: what has a meaning for tools where it lies
//! (a manifest, a list of what git leaves out) lies there under another name.

use super::Source;
use crate::arguments::AppKind;

/// What stands for the name in a template, and for the name as Rust writes it.
const NAME: &str = "my-app";
const RUST_NAME: &str = "my_app";

/// A file of an application.
#[derive(Debug)]
pub(super) struct Template {
    /// Its path in the application, with `/`.
    pub(super) path: &'static str,
    text: &'static str,
}

macro_rules! templates {
    ($folder:literal: $($file:literal => $path:literal,)*) => {
        &[$(Template {
            path: $path,
            text: include_str!(concat!("../../templates/", $folder, "/", $file)),
        }),*]
    };
}

const NATIVE: &[Template] = templates! { "native":
    "README.md" => "README.md",
    "app/manifest.toml" => "app/Cargo.toml",
    "app/src/hub.rs" => "app/src/hub.rs",
    "app/src/main.rs" => "app/src/main.rs",
    "app/src/notes.rs" => "app/src/notes.rs",
    "app/src/worker.rs" => "app/src/worker.rs",
    "app/tests/processes.rs" => "app/tests/processes.rs",
    "contract/manifest.toml" => "contract/Cargo.toml",
    "contract/src/lib.rs" => "contract/src/lib.rs",
    "contract/src/main.rs" => "contract/src/main.rs",
    "gitignore" => ".gitignore",
    "rustfmt.toml" => "rustfmt.toml",
    "workspace.toml" => "Cargo.toml",
};

const ELECTRON: &[Template] = templates! { "electron":
    "README.md" => "README.md",
    "contract/manifest.toml" => "contract/Cargo.toml",
    "contract/src/lib.rs" => "contract/src/lib.rs",
    "contract/src/main.rs" => "contract/src/main.rs",
    "gitignore" => ".gitignore",
    "package.json" => "package.json",
    "pages/index.html" => "pages/index.html",
    "src/main.ts" => "src/main.ts",
    "src/notes.test.ts" => "src/notes.test.ts",
    "src/page.ts" => "src/page.ts",
    "src/pages.ts" => "src/pages.ts",
    "tsconfig.json" => "tsconfig.json",
};

/// The files of a kind that people wrote; the schema and what is generated from it come on top.
pub(super) fn of(kind: AppKind) -> &'static [Template] {
    match kind {
        AppKind::Electron => ELECTRON,
        AppKind::Native => NATIVE,
    }
}

impl Template {
    /// Its text in an application of that name.
    pub(super) fn render(&self, name: &str, source: &Source) -> String {
        let text = named(self.text, name);
        match (source, self.path.rsplit('/').next()) {
            (Source::Checkout(checkout), Some("Cargo.toml" | "package.json")) => {
                from_checkout(&text, &checkout.named_for(self.path))
            }
            _ => text,
        }
    }
}

/// The text with the name in its places, found in one pass: a name may hold what stands for it.
fn named(text: &str, name: &str) -> String {
    let rust = name.replace('-', "_");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let found = [(NAME, name), (RUST_NAME, rust.as_str())].into_iter();
        let next = found.filter_map(|(what, by)| Some((rest.find(what)?, what, by))).min();
        let Some((at, what, by)) = next else { break };
        out.push_str(&rest[..at]);
        out.push_str(by);
        rest = &rest[at + what.len()..];
    }
    out + rest
}

/// A manifest with Portcullis out of a checkout in the place of released versions.
fn from_checkout(manifest: &str, checkout: &str) -> String {
    let line = |line: &str| {
        crate_of(line, checkout)
            .or_else(|| package_of(line, checkout))
            .unwrap_or_else(|| line.to_owned())
    };
    manifest.lines().map(|each| line(each) + "\n").collect()
}

/// `portcullis… = { version = "…", …` with a path.
fn crate_of(line: &str, checkout: &str) -> Option<String> {
    let (name, rest) = line.split_once(" = { version = \"")?;
    let (_, rest) = rest.split_once('"')?;
    name.starts_with("portcullis")
        .then(|| format!("{name} = {{ path = \"{checkout}/crates/{name}\"{rest}"))
}

/// `"@portcullis/…": "…"` with a path.
fn package_of(line: &str, checkout: &str) -> Option<String> {
    let (before, rest) = line.split_once("\"@portcullis/")?;
    let (name, rest) = rest.split_once("\": \"")?;
    let (_, rest) = rest.split_once('"')?;
    Some(format!("{before}\"@portcullis/{name}\": \"file:{checkout}/packages/{name}\"{rest}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::{ELECTRON, NAME, NATIVE, RUST_NAME, Template, from_checkout, named};

    /// The files below a folder, as texts.
    fn texts(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                texts(&path, into);
            } else {
                into.push(fs::read_to_string(path).expect("text"));
            }
        }
    }

    #[test]
    fn every_file_of_a_template_is_listed() {
        for (kind, list) in [("native", NATIVE), ("electron", ELECTRON)] {
            let mut there = Vec::new();
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(kind);
            texts(&folder, &mut there);
            let mut listed: Vec<_> = list.iter().map(|file| file.text.to_owned()).collect();
            there.sort();
            listed.sort();
            assert!(there == listed, "{kind}: {} files, {} listed", there.len(), listed.len());
            let paths: BTreeSet<_> = list.iter().map(|file| file.path).collect();
            assert_eq!(paths.len(), list.len(), "two files of {kind} have one path");
        }
    }

    #[test]
    fn a_name_is_put_in_once_whatever_it_is() {
        let text = "my-app my_app::x app://my-app";
        assert_eq!(named(text, "a-b"), "a-b a_b::x app://a-b");
        assert_eq!(named(text, "x_my_app"), "x_my_app x_my_app::x app://x_my_app");
        assert_eq!(named(text, "my-app-2"), "my-app-2 my_app_2::x app://my-app-2");
        assert_eq!(named("", "a"), "");
    }

    #[test]
    fn nothing_else_in_a_template_wants_to_be_filled_in() {
        let marks = |text: &str| text.matches("{{").count() + text.matches("<%").count();
        for Template { path, text } in NATIVE.iter().chain(ELECTRON) {
            let name = named(text, "notes");
            assert!(!name.contains(NAME) && !name.contains(RUST_NAME), "{path}");
            assert_eq!(marks(text), 0, "{path}");
        }
    }

    /// A release that raises its version raises that of the templates.
    #[test]
    fn versions_are_those_of_this_build() {
        let mut found = 0;
        let marker = "(a checkout)";
        for Template { path, text } in NATIVE.iter().chain(ELECTRON) {
            let changed = from_checkout(text, marker);
            for (old, _) in
                text.lines().zip(changed.lines()).filter(|(_, new)| new.contains(marker))
            {
                assert!(
                    old.contains(concat!('"', env!("CARGO_PKG_VERSION"), '"')),
                    "{path}: {old}"
                );
                found += 1;
            }
        }
        assert_eq!(found, 6, "three crates and three packages");
    }
}
