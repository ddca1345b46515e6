//! Rust modules: each says in its first line what it does, and each belongs to some crate. Modules are followed from
//! the roots that cargo finds by itself or that a manifest names; `mod` lines are read as text.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reached = reached(tree);
    let mut findings = Vec::new();
    for file in tree.with_extension("rs") {
        if !file.text.starts_with("//! ") {
            findings.push(Finding::at(&file.path, 1, "a `//!` line says what the module does"));
        }
        if !reached.contains(&file.path) {
            findings.push(Finding::of(&file.path, "no crate has it: dead, or a `mod` is missing"));
        }
    }
    findings
}

/// Every Rust file that some crate is made of.
fn reached(tree: &Tree) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<String> = tree
        .with_extension("rs")
        .filter(|file| is_root(&file.path))
        .map(|file| file.path.clone())
        .chain(named_roots(tree))
        .collect();
    while let Some(path) = waiting.pop() {
        let file = tree.files.iter().find(|file| file.path == path);
        if let Some(file) = file
            && reached.insert(path)
        {
            waiting.extend(children(file));
        }
    }
    reached
}

/// Whether cargo makes a crate of the file because of where it stands.
fn is_root(path: &str) -> bool {
    const FOLDERS: [&str; 4] = ["tests", "examples", "benches", "bin"];
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "src", name] => matches!(*name, "lib.rs" | "main.rs"),
        [.., folder, _] if FOLDERS.contains(folder) => true,
        [.., folder, _, "main.rs"] => FOLDERS.contains(folder),
        _ => false,
    }
}

/// The roots that manifests name: `path = "….rs"`.
fn named_roots(tree: &Tree) -> Vec<String> {
    let mut roots = Vec::new();
    for manifest in tree.with_extension("toml") {
        for line in manifest.text.lines() {
            let path =
                line.trim().strip_prefix("path = \"").and_then(|path| path.strip_suffix('"'));
            if let Some(path) = path.filter(|path| path.ends_with(".rs")) {
                roots.push(joined(folder(&manifest.path), path));
            }
        }
    }
    roots
}

/// Where the modules that a file declares may stand.
fn children(file: &File) -> Vec<String> {
    let here = folder(&file.path);
    let name = file.path.rsplit('/').next().unwrap_or("");
    let stem = name.trim_end_matches(".rs");
    let own_folder = matches!(stem, "mod" | "lib" | "main") || is_root(&file.path);
    let below = if own_folder { here.to_owned() } else { joined(here, stem) };

    let mut children = Vec::new();
    let mut named = None;
    for line in file.text.lines().map(str::trim) {
        if let Some(path) = line.strip_prefix("#[path = \"").and_then(|l| l.strip_suffix("\"]")) {
            named = Some(joined(here, path));
        } else if let Some(module) = declared(line) {
            match named.take() {
                Some(path) => children.push(path),
                None => {
                    children.push(joined(&below, &format!("{module}.rs")));
                    children.push(joined(&below, &format!("{module}/mod.rs")));
                }
            }
        }
    }
    children
}

/// The name in `mod name;`, whatever its visibility.
fn declared(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.strip_prefix(' ')?,
        None => line,
    };
    rest.strip_prefix("mod ")?.strip_suffix(';')
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `folder/path`, without `..`.
pub(super) fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::{File, Kind, Tree};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let file = |&(path, text): &(&str, &str)| File {
            path: path.to_owned(),
            text: format!("//! Says.\n{text}\n"),
            kind: Kind::Source,
        };
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let tree = Tree { files: files.iter().map(file).collect(), paths };
        check(&tree).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn modules_are_followed_and_dead_ones_are_found() {
        let files = [
            (
                "a/src/lib.rs",
                "pub mod one;\npub(crate) mod two;\n#[path = \"../odd.rs\"]\nmod odd;",
            ),
            ("a/src/one.rs", "mod below;"),
            ("a/src/one/below.rs", ""),
            ("a/src/two/mod.rs", "mod deep;"),
            ("a/src/two/deep.rs", ""),
            ("a/odd.rs", ""),
            ("a/src/dead.rs", "mod deader;"),
            ("a/src/dead/deader.rs", ""),
            ("a/tests/whole.rs", "mod common;"),
            ("a/tests/common/mod.rs", ""),
        ];
        assert_eq!(found(&files), ["a/src/dead.rs", "a/src/dead/deader.rs"]);
    }

    #[test]
    fn roots_are_also_those_that_a_manifest_names() {
        let manifest = ("a/Cargo.toml", "[[bin]]\npath = \"targets/x.rs\"");
        assert_eq!(found(&[manifest, ("a/targets/x.rs", "")]), [""; 0]);
        assert_eq!(found(&[("a/targets/x.rs", "")]), ["a/targets/x.rs"]);
    }
}
