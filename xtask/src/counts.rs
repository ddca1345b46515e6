//! How many tests passed and failed, read from the closing lines of the runners that this repository uses: cargo's
//! test harness, vitest, and Node's own runner.

use std::fmt;
use std::ops::AddAssign;

/// A number of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// What a line of a runner's output says about its tests; nothing, for most lines.
pub(crate) fn of_line(line: &str) -> Counts {
    let line = without_colours(line);
    let line = line.trim();
    let of = |passed, failed| Counts { passed, failed };
    if line.starts_with("test result: ") || line.starts_with("Tests  ") {
        return of(before(line, "passed"), before(line, "failed"));
    }
    // Python's runner tells how many ran, and then how many of them failed.
    if let Some(rest) = line.strip_prefix("Ran ").filter(|rest| rest.contains(" test")) {
        return of(rest.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0), 0);
    }
    if line.starts_with("FAILED (") {
        return of(0, named(line, "failures=") + named(line, "errors="));
    }
    for mark in ["# ", "\u{2139} "] {
        if let Some(rest) = line.strip_prefix(mark) {
            return match rest.split_once(' ') {
                Some(("pass", count)) => of(count.parse().unwrap_or(0), 0),
                Some(("fail", count)) => of(0, count.parse().unwrap_or(0)),
                _ => Counts::default(),
            };
        }
    }
    Counts::default()
}

/// The number that stands before a word.
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ';', '|']).filter(|part| !part.is_empty()).collect();
    let at = words.iter().position(|each| *each == word).unwrap_or(0);
    at.checked_sub(1).and_then(|at| words[at].parse().ok()).unwrap_or(0)
}

/// The number that stands behind a word.
fn named(line: &str, word: &str) -> u64 {
    let rest = line.split_once(word).map_or("", |(_, rest)| rest);
    rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or("");
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::{Counts, of_line};

    fn check(line: &str, passed: u64, failed: u64) {
        assert_eq!(of_line(line), Counts { passed, failed }, "{line}");
    }

    #[test]
    fn python_tells_how_many_ran_and_how_many_of_them_failed() {
        let of = |passed, failed| Counts { passed, failed };
        assert_eq!(of_line("Ran 26 tests in 10.540s"), of(26, 0));
        assert_eq!(of_line("Ran 1 test in 0.1s"), of(1, 0));
        assert_eq!(of_line("FAILED (failures=1, errors=2)"), of(0, 3));
        assert_eq!(of_line("FAILED (errors=1, skipped=4)"), of(0, 1));
        assert_eq!(of_line("Ran away"), of(0, 0));
    }

    #[test]
    fn closing_lines_are_read_and_others_are_not() {
        check("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out", 12, 0);
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured", 3, 2);
        check("      Tests  46 passed (46)", 46, 0);
        check("      Tests  1 failed | 45 passed | 2 skipped (48)", 45, 1);
        check(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m (7)",
            7,
            0,
        );
        check("# pass 4", 4, 0);
        check("\u{2139} fail 1", 0, 1);
        check("# tests 5", 0, 0);
        check(" Test Files  3 passed (3)", 0, 0);
        check("test decodes_what_passed ... ok", 0, 0);
    }
}
