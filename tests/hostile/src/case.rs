//! Cases as text: files, taken apart into the steps of each case. `cases/README.md` tells the format; frames within a
//! line are left as they are, `frames.rs` reads them.

use crate::words::{BOUND, blocks, relay};

/// One case: its name, what it needs, and what happens.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it stands, and its name.
    pub name: String,
    /// Over which transport alone it can be played; anywhere when it says nothing.
    pub on: Option<On>,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// What a case may need of its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A Unix socket.
    Unix,
    /// A page's WebSocket.
    Page,
}

/// One line of a case.
#[derive(Clone, Debug)]
pub enum Step {
    /// Connects under a name and a role, of a user or of none.
    Connect(String, String, Option<String>),
    /// Sends a frame, so many times; those of steps one behind the other leave at once.
    Say(String, u32, String),
    /// The next frame.
    Hear(String, Others, String),
    /// The connection ends for that reason.
    Ends(String, Others, String),
    /// So many milliseconds pass.
    Wait(u64),
    /// The connection is not let in: it ends without a word.
    TurnedAway(String),
    /// The connection is dropped.
    Close(String),
    /// What is sent next carries so many descriptors.
    Descriptors(String, usize),
    /// What is sent next carries the descriptors of a new pool: so many slots of so many bytes.
    Pool(String, usize, usize),
    /// A request to the gate, in words.
    Ask(String),
    /// What the gate answers: a status, or 0 when it closes without a word.
    Answer(u16),
}

/// What becomes of frames that come before the one that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// There must be none.
    Refused,
    /// They are passed over.
    Skipped,
}

/// The cases of a file.
///
/// # Panics
///
/// When a line is none, for whoever has written it.
pub fn cases(file: &str, text: &str) -> Vec<Case> {
    let cases: Vec<Case> = blocks(text)
        .map(|(name, script)| {
            let name = format!("{file}: {name}");
            let mut case = Case { name, on: None, steps: Vec::new() };
            case.lines(script);
            case
        })
        .collect();
    assert!(!cases.is_empty(), "{file} has no cases");
    cases
}

impl Case {
    fn lines(&mut self, script: &str) {
        for line in script.lines().map(str::trim) {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("", _) => {}
                (word, _) if word.starts_with('#') => {}
                ("bound", "") => self.lines(BOUND),
                ("relay", interface) => self.lines(&relay(interface)),
                ("on", "unix") => self.on = Some(On::Unix),
                ("on", "page") => self.on = Some(On::Page),
                ("wait", ms) => self.steps.push(Step::Wait(self.number(ms))),
                ("?", words) => {
                    self.on = Some(On::Page);
                    self.steps.push(Step::Ask(words.to_owned()));
                }
                ("=", status) => self.steps.push(Step::Answer(self.number(status))),
                _ => {
                    let step = self.of_connection(line);
                    self.steps.push(step);
                }
            }
        }
    }

    fn of_connection(&self, line: &str) -> Step {
        let Some(at) = line.find([':', '>', '<', '!', '*']) else {
            panic!("`{}`: what is `{line}`?", self.name);
        };
        let (who, rest) = line.split_at(at);
        let who = who.trim().to_owned();
        let (sign, rest) = rest.split_at(1);
        let (others, rest) = match rest.strip_prefix(sign) {
            Some(rest) => (Others::Skipped, rest.trim().to_owned()),
            None => (Others::Refused, rest.trim().to_owned()),
        };
        match sign {
            ":" => match rest.split_once(" of ") {
                Some((role, user)) => Step::Connect(who, role.to_owned(), Some(user.to_owned())),
                None => Step::Connect(who, rest, None),
            },
            ">" => {
                let repeated = rest.split_once("x ").and_then(|(times, frame)| {
                    Some((times.parse::<u32>().ok()?, frame.to_owned()))
                });
                let (times, frame) = repeated.unwrap_or((1, rest));
                Step::Say(who, times, frame)
            }
            "<" => Step::Hear(who, others, rest),
            "!" => Step::Ends(who, others, rest),
            _ => match rest.split_once(' ') {
                None if rest == "closes" => Step::Close(who),
                None if rest == "refused" => Step::TurnedAway(who),
                Some(("descriptors", count)) => Step::Descriptors(who, self.number(count)),
                Some(("pool", shape)) if let Some((slots, bytes)) = shape.split_once(' ') => {
                    Step::Pool(who, self.number(slots), self.number(bytes))
                }
                _ => panic!("`{}`: what is `{line}`?", self.name),
            },
        }
    }

    fn number<T: std::str::FromStr>(&self, text: &str) -> T {
        text.parse().unwrap_or_else(|_| panic!("`{}`: `{text}` is no number", self.name))
    }
}
