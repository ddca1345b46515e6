//! What no line may hold: white space at its end, a word that says that it is not finished, a path of somebody's
//! machine; and what a lock file may not: where a registry stood.

use super::Finding;
use super::tree::{Kind, Tree, has_extension};

/// Words of work that was left. Split, so that this file has none of them.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Macros of work that was left, in Rust.
const UNFINISHED_MACROS: &[&str] =
    &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];

/// Folders of a machine on which this was written.
const MACHINE: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !file.text.is_empty()) {
        let is_rust = has_extension(&file.path, "rs");
        let is_lock = file.path.ends_with("package-lock.json");
        for (index, line) in file.text.lines().enumerate() {
            for text in of_line(line, is_rust, is_lock, file.kind == Kind::Data) {
                findings.push(Finding::at(&file.path, index + 1, text));
            }
        }
        if file.kind == Kind::Data {
            continue;
        }
        if !file.text.ends_with('\n') || file.text.ends_with("\n\n") {
            findings.push(Finding::of(&file.path, "a file ends with one end of line"));
        }
    }
    findings
}

/// What is wrong with a line; of data, only what must not be published.
fn of_line(line: &str, is_rust: bool, is_lock: bool, is_data: bool) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(path) = MACHINE.iter().find(|path| has_path(line, path)) {
        found.push(format!("a path of somebody's machine, {path}"));
    }
    if is_lock {
        if line.trim_start().starts_with("\"resolved\": \"http") {
            found.push("the address of a registry: npm writes none under .npmrc".to_owned());
        }
        return found;
    }
    if is_data {
        return found;
    }
    if line.ends_with([' ', '\t', '\r']) {
        found.push("white space at the end".to_owned());
    }
    if let Some(word) = UNFINISHED.iter().find(|word| has_word(line, word)) {
        found.push(format!("{word}: do it, or write an issue"));
    }
    if is_rust && let Some(name) = UNFINISHED_MACROS.iter().find(|name| line.contains(**name)) {
        found.push(format!("{name}…) is work that was left"));
    }
    found
}

/// Whether a path begins here: it is not the middle of a longer one.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'))
    })
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::{MACHINE, UNFINISHED, UNFINISHED_MACROS, of_line};

    fn count(line: &str) -> usize {
        of_line(line, true, false, false).len()
    }

    #[test]
    fn unfinished_work_machines_and_white_space_are_found() {
        assert_eq!(count("let a = 1; "), 1);
        assert_eq!(count(&format!("// {}: later", UNFINISHED[0])), 1);
        assert_eq!(count(&format!("let {}S = 1;", UNFINISHED[0])), 0);
        assert_eq!(count(&format!("{})", UNFINISHED_MACROS[0])), 1);
        assert_eq!(count(&format!("let a = \"{}me\";", MACHINE[0])), 1);
        assert_eq!(count(&format!("see src{}a.rs", MACHINE[2])), 0);
    }

    #[test]
    fn a_lock_file_names_no_registry() {
        let line = "      \"resolved\": \"https://example.org/a.tgz\",";
        assert_eq!(of_line(line, false, true, true).len(), 1);
        assert_eq!(of_line(line, false, false, false).len(), 0);
    }
}
