//! The blocks of documents: headings, tables and code stand apart, and tables have a header. A document that has lost its
//! blank lines still looks like one to whoever does not read it.

use super::Finding;
use super::tree::Tree;

/// What is wrong with the blocks of every document.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents
        .flat_map(|file| {
            let found = of_document(&file.text).into_iter();
            found.map(|(line, text)| Finding::at(&file.path, line, text))
        })
        .collect()
}

/// What is wrong in a document, with the number of the line.
fn of_document(text: &str) -> Vec<(usize, &'static str)> {
    let lines: Vec<&str> = text.lines().collect();
    let at = |index: Option<usize>| index.and_then(|index| lines.get(index)).copied().unwrap_or("");
    let mut findings = Vec::new();
    let mut code_since = None;
    for (index, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("```") {
            code_since = if code_since.is_some() { None } else { Some(index + 1) };
        }
        if code_since.is_some() || line.starts_with("```") {
            continue;
        }
        let (before, behind) = (at(index.checked_sub(1)), at(Some(index + 1)));
        if line.starts_with('#') && !(before.is_empty() && behind.is_empty()) {
            findings.push((index + 1, "a heading with text right before or behind it"));
        }
        if line.starts_with('|') && !before.starts_with('|') {
            if !before.is_empty() {
                findings.push((index + 1, "a table right behind text"));
            }
            if !behind.starts_with("|--") && !behind.starts_with("| --") {
                findings.push((index + 1, "a table without the line below its header"));
            }
        }
    }
    findings.extend(code_since.map(|line| (line, "code without an end")));
    findings
}

#[cfg(test)]
mod tests {
    use super::of_document;

    #[test]
    fn blocks_stand_apart() {
        let good = "# A\n\ntext\n\n| a |\n|---|\n| b |\n\n```text\n# no heading\n| no table\n```\n";
        assert_eq!(of_document(good), []);
        let found = |text| of_document(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(found("# A\ntext\n## B\n"), [1, 3]);
        assert_eq!(found("text\n| a |\n|---|\n"), [2]);
        assert_eq!(found("| a |\n| b |\n"), [1]);
        assert_eq!(found("```\n# A\ntext\n"), [1]);
    }
}
