//! One mechanism a file: no source file is longer than the limit, but for those that were when the list was made.
//! The list is a ratchet, `xtask/tidy/lengths.txt`: a file on it may only shrink, and the list with it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use super::Finding;
use super::tree::{File, Kind, Tree};
use crate::place;

/// The longest source file, in lines.
const LINES_MAX: usize = 500;

/// From here on a file is counted as worth a second look.
const LINES_MANY: usize = 250;

const LIST: &str = "xtask/tidy/lengths.txt";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let list = tree.files.iter().find(|file| file.path == LIST).map_or("", |file| &file.text);
    let allowed = match parse(list) {
        Ok(allowed) => allowed,
        Err(line) => return vec![Finding::at(LIST, line, "a line is a number and a path")],
    };
    let mut findings = Vec::new();
    for file in sources(tree) {
        let lines = file.text.lines().count();
        let text = match allowed.get(file.path.as_str()) {
            None if lines > LINES_MAX => {
                format!("{lines} lines, and {LINES_MAX} is the most: split it")
            }
            Some(&allowed) if lines > allowed => {
                format!("{lines} lines, and it had {allowed}: a long file may only shrink")
            }
            Some(&allowed) if lines < allowed => {
                format!("{lines} lines, and it had {allowed}: `cargo xtask tidy --ratchet`")
            }
            _ => continue,
        };
        findings.push(Finding::of(&file.path, text));
    }
    for path in allowed.keys().filter(|path| !tree.paths.contains(**path)) {
        findings.push(Finding::of(LIST, format!("{path} does not exist any more")));
    }
    findings
}

/// Writes the list anew: only lower numbers than before, and no file that was not on it.
pub(super) fn ratchet(tree: &Tree) -> Result<()> {
    let path = place::root().join(LIST);
    let list = fs::read_to_string(&path).with_context(|| LIST.to_owned())?;
    let allowed = parse(&list).ok().with_context(|| format!("{LIST} cannot be read"))?;
    let mut text: String =
        list.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    for file in sources(tree) {
        let lines = file.text.lines().count();
        if let Some(&most) = allowed.get(file.path.as_str())
            && lines > LINES_MAX
        {
            text.push_str(&format!("{} {}\n", lines.min(most), file.path));
        }
    }
    fs::write(&path, text).with_context(|| LIST.to_owned())
}

/// How long the files are, in a sentence.
pub(super) fn summary(tree: &Tree) -> String {
    let lengths: Vec<usize> = sources(tree).map(|file| file.text.lines().count()).collect();
    let many = lengths.iter().filter(|lines| **lines > LINES_MANY).count();
    format!("{} source files, {many} of them over {LINES_MANY} lines", lengths.len())
}

fn sources(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.kind == Kind::Source)
}

/// Lines of each listed path; or the number of the line that cannot be read.
fn parse(list: &str) -> Result<BTreeMap<&str, usize>, usize> {
    let lines = list.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            let (lines, path) = line.split_once(' ').ok_or(index + 1)?;
            Ok((path, lines.parse().map_err(|_| index + 1)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LIST, check};
    use crate::tidy::tree::{File, Kind, Tree};

    fn found(list: &str, lines: usize) -> Vec<String> {
        let file = |path: &str, text: String, kind| File { path: path.to_owned(), text, kind };
        let tree = Tree {
            files: vec![
                file("a.rs", "x\n".repeat(lines), Kind::Source),
                file(LIST, list.to_owned(), Kind::Other),
            ],
            paths: BTreeSet::from(["a.rs".to_owned()]),
        };
        check(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_listed_file_may_stay_and_shrink_but_not_grow() {
        assert_eq!(found("", 500), [""; 0]);
        assert_eq!(found("", 501).len(), 1);
        assert_eq!(found("# long\n600 a.rs\n", 600), [""; 0]);
        assert!(found("600 a.rs\n", 601)[0].contains("only shrink"));
        assert!(found("600 a.rs\n", 599)[0].contains("--ratchet"));
        assert!(found("600 b.rs\n", 1)[0].contains("not exist"));
        assert!(found("many a.rs\n", 1)[0].contains(":1:"));
    }
}
