//! Every crate says what it is and under which licence, and takes the lints of the workspace. A crate that is a
//! workspace of its own has its own lints.

use super::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("toml").filter(|file| file.path.ends_with("/Cargo.toml")) {
        for text in of_manifest(&file.text) {
            findings.push(Finding::of(&file.path, text));
        }
    }
    findings
}

fn of_manifest(text: &str) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let package = section(text, "package");
    if !package.iter().any(|line| line.starts_with("description = \"")) {
        missing.push("no description");
    }
    if !package
        .iter()
        .any(|line| line.starts_with("license = ") || *line == "license.workspace = true")
    {
        missing.push("no license");
    }
    let is_member = !text.lines().any(|line| line == "[workspace]");
    let shares_lints = section(text, "lints").contains(&"workspace = true");
    if is_member && !shares_lints {
        missing.push("no `workspace = true` under [lints]");
    }
    missing
}

/// The lines of a table.
fn section<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let heading = format!("[{name}]");
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with('[')).collect()
}

#[cfg(test)]
mod tests {
    use super::of_manifest;

    #[test]
    fn what_is_missing_is_named() {
        let package = "[package]\ndescription = \"x\"\nlicense.workspace = true\n";
        assert_eq!(of_manifest(&format!("{package}\n[lints]\nworkspace = true\n")), [""; 0]);
        assert_eq!(of_manifest(&format!("{package}\n[workspace]\n")), [""; 0]);
        assert_eq!(of_manifest(package).len(), 1);
        assert_eq!(of_manifest("[package]\nname = \"x\"\n[workspace]\n").len(), 2);
    }
}
