//! What is wrong with a policy file, and where: for the person who has to put it right.

use std::fmt;

/// Problems of one file that are told; what comes beyond is counted.
pub const PROBLEMS_MAX: usize = 100;

/// Characters of the file's own that a message repeats.
const SHOWN_CHARS_MAX: usize = 96;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// The path of the key that it is about, `role.viewer.call[1]`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// The valid name that was most likely meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a file, in the order of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    found: Vec<(usize, Problem)>,
    /// Those that are not told one by one.
    more: usize,
}

impl Problems {
    pub(crate) fn push(&mut self, offset: usize, problem: Problem) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push((offset, problem));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.found.sort_by_key(|(offset, _)| *offset);
        self
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len() + self.more
    }

    /// Those that are told one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.found.iter().map(|(_, problem)| problem)
    }

    /// The same with the name of the file in front of each, a line for each.
    pub fn in_file<'a>(&'a self, file: &'a str) -> InFile<'a> {
        InFile { problems: self, file }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_file("").fmt(f)
    }
}

impl std::error::Error for Problems {}

/// See [`Problems::in_file`].
#[derive(Clone, Copy, Debug)]
pub struct InFile<'a> {
    problems: &'a Problems,
    file: &'a str,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if !self.file.is_empty() {
                write!(f, "{}:", self.file)?;
            }
            problem.fmt(f)?;
        }
        match self.problems.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// Text of the file as a message repeats it: on one line, and not at any length.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
