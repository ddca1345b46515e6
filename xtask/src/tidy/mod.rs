//! `cargo xtask tidy`: reads the whole tree for what no compiler sees, and prints everything it finds at once. Each
//! check is a module; none of them changes a file.

mod blocks;
mod documents;
mod length;
mod lines;
mod manifests;
mod modules;
mod tree;

use std::fmt;

use anyhow::{Result, bail};

use tree::Tree;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; 0 is the file as a whole.
    line: usize,
    text: String,
}

impl Finding {
    fn at(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, text: text.into() }
    }

    fn of(path: &str, text: impl Into<String>) -> Self {
        Self::at(path, 0, text)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.text),
            line => write!(f, "{}:{line}: {}", self.path, self.text),
        }
    }
}

const CHECKS: &[fn(&Tree) -> Vec<Finding>] = &[
    length::check,
    lines::check,
    modules::check,
    manifests::check,
    blocks::check,
    documents::links,
    documents::paths,
    documents::tests,
    documents::decisions,
];

/// Prints all findings; `ratchet` first lowers the listed lengths of long files.
pub(crate) fn run(ratchet: bool) -> Result<()> {
    let tree = Tree::read()?;
    if ratchet {
        length::ratchet(&tree)?;
        return run(false);
    }
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("{}", length::summary(&tree));
    match findings.len() {
        0 => Ok(()),
        1 => bail!("1 finding"),
        count => bail!("{count} findings"),
    }
}

/// The paths of all files that git knows of or would add.
pub(crate) fn tracked_paths() -> Result<Vec<String>> {
    tree::paths()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_is_tidy() {
        assert!(super::run(false).is_ok(), "the findings stand above");
    }
}
