//! Lays text out within a line length, as prettier does: a group stands on one line if it fits, and is broken at all
//! of its own line ends if it does not. Knows nothing of TypeScript.

/// The line length.
const WIDTH: usize = 100;
const INDENT: usize = 2;

/// Text that knows where it may be broken.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Text without line ends.
    Text(String),
    /// One after the other.
    Concat(Vec<Doc>),
    /// Broken as one.
    Group(Box<Doc>),
    /// Two columns further in, behind the line ends inside.
    Indent(Box<Doc>),
    /// A space, or a line end.
    Line,
    /// Nothing, or a line end.
    Soft,
    /// A line end.
    Hard,
    /// Text that is there only where the group is broken.
    Broken(&'static str),
}

/// Text without line ends.
pub(super) fn text(text: impl Into<String>) -> Doc {
    Doc::Text(text.into())
}

/// One after the other.
pub(super) fn concat(parts: Vec<Doc>) -> Doc {
    Doc::Concat(parts)
}

/// `open a, b, c close`, one a line where it does not fit; then with a trailing comma, which type arguments cannot have.
pub(super) fn list(open: &str, items: Vec<Doc>, close: &str, padded: bool) -> Doc {
    if items.is_empty() {
        return text(format!("{open}{close}"));
    }
    let edge = || if padded { Doc::Line } else { Doc::Soft };
    let mut inner = vec![edge()];
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            inner.extend([text(","), Doc::Line]);
        }
        inner.push(item);
    }
    if close != ">" {
        inner.push(Doc::Broken(","));
    }
    Doc::Group(Box::new(concat(vec![
        text(open),
        Doc::Indent(Box::new(concat(inner))),
        edge(),
        text(close),
    ])))
}

/// A call: `name(a, b)`.
pub(super) fn call(name: &str, arguments: Vec<Doc>) -> Doc {
    concat(vec![text(name), list("(", arguments, ")", false)])
}

/// A function: `name(parameters): result {`, the lines further in, `}`.
pub(super) fn function(name: &str, parameters: Vec<Doc>, result: &str, body: Vec<Doc>) -> Doc {
    concat(vec![
        text(name),
        list("(", parameters, ")", false),
        text(format!(": {result} ")),
        block("", body, ""),
    ])
}

/// `head {`, the lines further in, `}`.
pub(super) fn block(head: impl Into<String>, lines: Vec<Doc>, tail: &str) -> Doc {
    if lines.is_empty() {
        return text(format!("{}{{}}{tail}", head.into()));
    }
    let mut inner = Vec::new();
    for line in lines {
        inner.extend([Doc::Hard, line]);
    }
    concat(vec![
        text(head),
        text("{"),
        Doc::Indent(Box::new(concat(inner))),
        Doc::Hard,
        text(format!("}}{tail}")),
    ])
}

/// Lines one below the other.
pub(super) fn lines(lines: Vec<Doc>) -> Doc {
    let mut all = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        if index > 0 {
            all.push(Doc::Hard);
        }
        all.push(line);
    }
    concat(all)
}

/// Whether a doc holds a line end that is always there.
fn has_hard(doc: &Doc) -> bool {
    match doc {
        Doc::Hard => true,
        Doc::Concat(parts) => parts.iter().any(has_hard),
        Doc::Group(inner) | Doc::Indent(inner) => has_hard(inner),
        _ => false,
    }
}

/// The text, ending without a line end.
pub(super) fn render(doc: &Doc) -> String {
    let mut out = String::new();
    let mut column = 0;
    // What is still to be written, the next at the end: its indent, and whether its group is flat.
    let mut rest = vec![(0usize, false, doc)];
    while let Some((indent, flat, doc)) = rest.pop() {
        match doc {
            Doc::Text(text) => {
                out.push_str(text);
                column += text.chars().count();
            }
            Doc::Concat(parts) => {
                rest.extend(parts.iter().rev().map(|part| (indent, flat, part)));
            }
            Doc::Indent(inner) => rest.push((indent + INDENT, flat, inner)),
            Doc::Group(inner) => {
                let flat = !has_hard(inner) && fits(WIDTH.saturating_sub(column), inner, &rest);
                rest.push((indent, flat, inner));
            }
            Doc::Broken(text) if !flat => {
                out.push_str(text);
                column += text.chars().count();
            }
            Doc::Line if flat => {
                out.push(' ');
                column += 1;
            }
            Doc::Broken(_) => {}
            Doc::Soft if flat => {}
            Doc::Line | Doc::Soft | Doc::Hard => {
                // No blanks at the end of a line.
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
        }
    }
    // Empty lines have no indent.
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Whether `doc` and what follows it up to the next line end fit into `width` columns.
fn fits(width: usize, doc: &Doc, rest: &[(usize, bool, &Doc)]) -> bool {
    let mut left = width;
    let mut todo = vec![(true, doc)];
    let mut following = rest.iter().rev();
    loop {
        let Some((flat, doc)) =
            todo.pop().or_else(|| following.next().map(|&(_, flat, doc)| (flat, doc)))
        else {
            return true;
        };
        match doc {
            Doc::Text(text) => match left.checked_sub(text.chars().count()) {
                Some(less) => left = less,
                None => return false,
            },
            Doc::Concat(parts) => todo.extend(parts.iter().rev().map(|part| (flat, part))),
            Doc::Group(inner) | Doc::Indent(inner) => todo.push((flat, inner)),
            Doc::Line if flat => match left.checked_sub(1) {
                Some(less) => left = less,
                None => return false,
            },
            Doc::Broken(text) if !flat => left = left.saturating_sub(text.len()),
            Doc::Line | Doc::Soft if !flat => return true,
            Doc::Hard => return true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Doc, block, call, concat, list, render, text};

    fn words(count: usize) -> Vec<Doc> {
        (0..count).map(|index| text(format!("argument{index}"))).collect()
    }

    #[test]
    fn a_group_that_fits_stands_on_one_line() {
        assert_eq!(render(&call("f", words(3))), "f(argument0, argument1, argument2)");
        assert_eq!(render(&list("{", words(1), "}", true)), "{ argument0 }");
        assert_eq!(render(&list("{", Vec::new(), "}", true)), "{}");
        assert_eq!(render(&block("class A ", Vec::new(), ";")), "class A {};");
    }

    #[test]
    fn what_follows_on_the_line_counts() {
        // The group itself ends at column 99; with `;;` behind it, the line would have 101.
        let group = || call("f", vec![text("a".repeat(48)), text("b".repeat(46))]);
        assert_eq!(render(&group()).len(), 99);
        assert!(!render(&concat(vec![group(), text(";")])).contains('\n'));
        assert!(render(&concat(vec![group(), text(";;")])).contains('\n'));
    }

    #[test]
    fn a_group_that_does_not_fit_is_broken_at_all_of_its_own_line_ends() {
        let inner = call("g", words(2));
        let mut arguments = words(9);
        arguments.push(inner);
        let broken = render(&call("f", arguments));
        assert_eq!(broken.lines().count(), 12);
        assert!(broken.ends_with("  g(argument0, argument1),\n)"), "{broken}");
    }

    #[test]
    fn type_arguments_have_no_trailing_comma() {
        let broken = render(&list("<", words(12), ">", false));
        assert!(broken.ends_with("  argument11\n>"), "{broken}");
    }

    #[test]
    fn no_line_ends_in_a_blank() {
        let doc = block("a ", vec![text("b "), text(""), text("c")], "");
        assert_eq!(render(&doc), "a {\n  b\n\n  c\n}");
    }
}
