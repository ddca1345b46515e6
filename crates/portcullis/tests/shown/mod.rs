//! Lines of a test that a page shows: what stands between two of its comments, `// name begin` and `// name end`.

/// The lines between the two, without their indentation.
pub(crate) fn part(source: &str, name: &str) -> String {
    let begin = format!("// {name} begin\n");
    let end = format!("// {name} end");
    let start = source.find(&begin).expect("the part begins") + begin.len();
    let text = &source[start..];
    let text = &text[..text.find(&end).expect("the part ends")];
    let indent = text.len() - text.trim_start_matches(' ').len();
    let lines = text.lines().map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n");
    let mut lines: Vec<String> = lines.collect();
    if lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines.concat()
}

/// The page shows those parts of the source.
pub(crate) fn shows(page: &str, source: &str, names: &[&str]) {
    for name in names {
        let part = part(source, name);
        assert!(page.contains(&format!("```rust\n{part}```")), "{name}:\n{part}");
    }
}
