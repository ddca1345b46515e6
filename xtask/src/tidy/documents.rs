//! Documents: what they link to and what they name exists, and each decision says when it was taken and against what.

use super::Finding;
use super::modules::joined;
use super::tree::{File, Tree};

/// Links between documents resolve, headings included.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (number, line) in prose(&file.text) {
            for target in targets(&line) {
                if let Some(text) = broken(tree, file, target) {
                    findings.push(Finding::at(&file.path, number, text));
                }
            }
        }
    }
    findings
}

/// What a document names in code form, as a path from the root, is there.
pub(super) fn paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.written() {
        let is_document = file.path.ends_with(".md");
        for (index, line) in file.text.lines().enumerate() {
            if !is_document && !line.trim_start().starts_with("//") {
                continue;
            }
            for span in line.split('`').skip(1).step_by(2) {
                if names_a_path(tree, span, is_document) && !tree.has(span) {
                    findings.push(Finding::at(
                        &file.path,
                        index + 1,
                        format!("`{span}` does not exist"),
                    ));
                }
            }
        }
    }
    findings
}

/// A test that a document names as `file.rs::name` is there: a proof that is cited must exist.
pub(super) fn tests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (index, line) in file.text.lines().enumerate() {
            for span in line.split('`').skip(1).step_by(2) {
                if let Some((path, name)) = span.split_once(".rs::")
                    && !has_test(tree, path, name)
                {
                    let text = format!("there is no test `{span}`");
                    findings.push(Finding::at(&file.path, index + 1, text));
                }
            }
        }
    }
    findings
}

/// Whether some file of that name has the function; the folders before it may be shortened.
fn has_test(tree: &Tree, path: &str, name: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let (ending, function) = (format!("/{stem}.rs"), format!("fn {name}"));
    tree.with_extension("rs").filter(|file| file.path.ends_with(&ending)).any(|file| {
        file.text.match_indices(&function).any(|(at, found)| {
            file.text[at + found.len()..].starts_with(|c: char| !c.is_alphanumeric() && c != '_')
        })
    })
}

/// Each page of `docs/decisions` has a date and the alternatives.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| is_decision(&file.path)) {
        if !file.text.split_whitespace().any(is_date) {
            findings.push(Finding::of(&file.path, "no date (2026-01-31) of the decision"));
        }
        if !file.text.contains("Alternatives") {
            findings.push(Finding::of(&file.path, "no alternatives"));
        }
    }
    findings
}

fn is_decision(path: &str) -> bool {
    let name = path.strip_prefix("docs/decisions/");
    name.is_some_and(|name| name.ends_with(".md") && name != "README.md")
}

fn is_date(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The lines outside of code blocks, numbered, with what stands in code form cut out.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push((index + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("`")));
        }
    }
    lines
}

/// What the links of a line point to.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let html = ["src=\"", "srcset=\"", "href=\""]
        .into_iter()
        .flat_map(|mark| line.split(mark).skip(1))
        .filter_map(|rest| rest.split('"').next());
    inline.chain(html).collect()
}

fn broken(tree: &Tree, from: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if path.is_empty() { from.path.clone() } else { joined(folder, path) };
    if !tree.has(&path) {
        return Some(format!("the link to {target} leads nowhere"));
    }
    let there = tree.files.iter().find(|file| file.path == path && path.ends_with(".md"))?;
    let known = heading.is_empty() || headings(&there.text).any(|each| each == heading);
    (!known).then(|| format!("{path} has no heading #{heading}"))
}

/// The names that headings of a document can be linked by.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// Whether a span of code is a path from the root. In source files only documents are looked for: much else there
/// looks like a path.
fn names_a_path(tree: &Tree, span: &str, is_document: bool) -> bool {
    let Some((top, rest)) = span.split_once('/') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@');
    if rest.is_empty() && !is_document || !span.chars().all(plain) || span.contains("node_modules")
    {
        return false;
    }
    if is_document { tree.has(top) } else { top == "docs" && span.ends_with(".md") }
}

#[cfg(test)]
mod tests {
    use super::{decisions, links, paths, tests};
    use crate::tidy::Finding;
    use crate::tidy::tree::{File, Kind, Tree};

    fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |&(path, text): &(&str, &str)| File {
            path: path.to_owned(),
            text: text.to_owned(),
            kind: Kind::Other,
        };
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        Tree { files: files.iter().map(file).collect(), paths }
    }

    fn lines(findings: Vec<Finding>) -> Vec<(String, usize)> {
        findings.into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn links_lead_to_files_and_headings() {
        let text = "[a](docs/a.md#the-word-here)\n[b](docs/b.md)\n[c](docs/a.md#none)\n\
                    `[d](none)`\n```\n[e](none)\n```\n[f](#top)\n<img src=\"none.png\">\n[g](docs)";
        let found = lines(links(&tree(&[
            ("README.md", &format!("# Top\n{text}")),
            ("docs/a.md", "## The word, `here`\n[up](../README.md)"),
        ])));
        let at = |line| ("README.md".to_owned(), line);
        assert_eq!(found, [at(3), at(4), at(10)]);
    }

    #[test]
    fn paths_that_documents_name_exist() {
        let text = "`docs/a.md` `docs/none.md` `docs/<name>.md` `and/or` `docs/`\n`crate::docs`";
        let found = lines(paths(&tree(&[
            ("docs/a.md", text),
            ("src/x.rs", "//! `docs/none.md`\n//! `src/none.rs` `docs/a.md`"),
        ])));
        assert_eq!(found, [("docs/a.md".to_owned(), 1), ("src/x.rs".to_owned(), 1)]);
    }

    #[test]
    fn tests_that_documents_name_exist() {
        let text = "`a/x.rs::one` `x.rs::on`\n`a/y.rs::one` `mod::one`";
        let found = lines(tests(&tree(&[("d.md", text), ("a/tests/x.rs", "fn one() {}")])));
        assert_eq!(found, [("d.md".to_owned(), 1), ("d.md".to_owned(), 2)]);
    }

    #[test]
    fn decisions_have_a_date_and_alternatives() {
        let good = ("docs/decisions/a.md", "Decided on 2026-01-31.\n## Alternatives\n");
        let bad = ("docs/decisions/b.md", "Decided in 2026.");
        let found = lines(decisions(&tree(&[good, bad, ("docs/decisions/README.md", "")])));
        assert_eq!(
            found,
            [("docs/decisions/b.md".to_owned(), 0), ("docs/decisions/b.md".to_owned(), 0)]
        );
    }
}
