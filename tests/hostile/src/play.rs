//! Plays a case through a door, and tells what came of it. It never panics over what a hub does: whoever plays many
//! cases wants to count.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use conformance::raw::Got;
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::status::Status;

use crate::case::{Case, Others, Step};
use crate::descriptors::{self, Descriptors};
use crate::door::{Door, Line};
use crate::frames::{Seen, compare_of, frame_of, show};
use crate::http;

/// How what is sent is cut, where it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Not at all.
    Whole,
    /// After every byte, as far as `BYTES_ALONE_MAX`.
    EveryByte,
}

/// Bytes of one sending that go one by one; the others go in larger pieces.
const BYTES_ALONE_MAX: usize = 256;
const PIECE_BYTES: usize = 1021;

/// What came of a case that went as it should.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Connections that were ended: the label under which they came, and why.
    pub ended: Vec<(String, Goodbye)>,
    /// How calls ended.
    pub statuses: Vec<Status>,
    /// What the gate answered.
    pub answers: Vec<u16>,
}

/// Plays `case`; the error says what was expected and what came.
///
/// # Errors
///
/// When it goes otherwise than it says.
pub async fn play(case: &Case, door: &dyn Door, cut: Cut, role: &str) -> Result<Outcome, String> {
    let mut player = Player {
        door,
        cut,
        role,
        lines: BTreeMap::new(),
        outcome: Outcome::default(),
        answer: None,
    };
    for step in &case.steps {
        player.step(step).await.map_err(|why| {
            format!("`{}` over {}, {cut:?}, at {step:?}: {why}", case.name, door.way().name())
        })?;
    }
    let rest = player.rest().await;
    rest.map_err(|why| format!("`{}` over {}, at its end: {why}", case.name, door.way().name()))?;
    Ok(player.outcome)
}

struct Player<'a> {
    door: &'a dyn Door,
    cut: Cut,
    role: &'a str,
    lines: BTreeMap<String, Connection>,
    outcome: Outcome,
    answer: Option<u16>,
}

struct Connection {
    line: Line,
    to_send: Vec<u8>,
    descriptors: Descriptors,
    ended: bool,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Connect(who, role, user) => self.connect(who, role, user.as_deref()).await?,
            Step::Say(who, times, frame) => {
                let another =
                    |(name, each): (&String, &Connection)| name != who && !each.to_send.is_empty();
                if self.lines.iter().any(another) {
                    self.flush().await?;
                }
                let mut bytes = Vec::new();
                for number in 0..*times {
                    bytes.extend(frame_of(self.door.schema(), &numbered(frame, number)));
                }
                self.line(who).await?.to_send.extend(bytes);
            }
            Step::Hear(who, others, frame) => {
                self.flush().await?;
                self.hear(who, *others, frame).await?;
            }
            Step::Ends(who, others, reason) => {
                self.flush().await?;
                self.ends(who, *others, reason).await?;
            }
            Step::Wait(ms) => {
                self.flush().await?;
                tokio::time::sleep(Duration::from_millis(*ms)).await;
            }
            Step::TurnedAway(who) => {
                self.flush().await?;
                let connection = self.line(who).await?;
                connection.ended = true;
                if let Some(got) = connection.line.next().await? {
                    return Err(format!("it was let in, and got {}", show(&seen(got))));
                }
            }
            Step::Close(who) => {
                self.flush().await?;
                self.lines.remove(who);
            }
            Step::Descriptors(who, count) => {
                self.line(who).await?.descriptors =
                    descriptors::of_nothing(*count).map_err(|error| error.to_string())?;
            }
            Step::Pool(who, slots, slot_bytes) => {
                // What is said before it brings nothing.
                self.flush().await?;
                self.line(who).await?.descriptors = descriptors::of_a_pool(*slots, *slot_bytes)
                    .map_err(|error| error.to_string())?;
            }
            Step::Ask(words) => {
                let browser = self.door.browser().ok_or("there is no gate here")?;
                self.answer = Some(http::ask(browser, words, self.door.window(self.role)).await?);
            }
            Step::Answer(status) => {
                let answer = self.answer.take().ok_or("nothing was asked")?;
                if answer != *status {
                    return Err(format!("the gate answered {answer}"));
                }
                self.outcome.answers.push(answer);
            }
        }
        Ok(())
    }

    async fn connect(&mut self, who: &str, role: &str, user: Option<&str>) -> Result<(), String> {
        let line = self.door.open(who, role, user).await.map_err(|error| error.to_string())?;
        let connection =
            Connection { line, to_send: Vec::new(), descriptors: Vec::new(), ended: false };
        self.lines.insert(who.to_owned(), connection);
        Ok(())
    }

    /// The connection of that name, which is opened when it is named first.
    async fn line(&mut self, who: &str) -> Result<&mut Connection, String> {
        if !self.lines.contains_key(who) {
            self.connect(who, self.role, None).await?;
        }
        self.lines.get_mut(who).ok_or_else(|| "it was closed".to_owned())
    }

    async fn flush(&mut self) -> Result<(), String> {
        for connection in self.lines.values_mut() {
            let bytes = std::mem::take(&mut connection.to_send);
            if bytes.is_empty() {
                continue;
            }
            let descriptors = std::mem::take(&mut connection.descriptors);
            if !descriptors.is_empty() {
                let sent = connection.line.send_descriptors(&bytes, &descriptors);
                sent.map_err(|error| error.to_string())?;
                continue;
            }
            if self.cut == Cut::Whole || !connection.line.is_stream() {
                connection.line.send(&bytes).await;
                continue;
            }
            let (alone, rest) = bytes.split_at(bytes.len().min(BYTES_ALONE_MAX));
            for piece in alone.chunks(1).chain(rest.chunks(PIECE_BYTES)) {
                connection.line.send(piece).await;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    async fn next(&mut self, who: &str) -> Result<Seen, String> {
        let got = self.line(who).await?.line.next().await?;
        let got = seen(got.ok_or("the connection ended without a goodbye")?);
        if got.kind == Kind::End
            && let Some(status) = Status::from_code(got.ordinal)
        {
            self.outcome.statuses.push(status);
        }
        Ok(got)
    }

    async fn hear(&mut self, who: &str, others: Others, frame: &str) -> Result<(), String> {
        // Every turn takes a frame, and what never comes ends with the connection or the watchdog.
        loop {
            let got = self.next(who).await?;
            let compared = compare_of(self.door.schema(), &got, frame);
            if compared.is_ok() || others == Others::Refused || got.kind == Kind::Goodbye {
                return compared;
            }
        }
    }

    async fn ends(&mut self, who: &str, others: Others, reason: &str) -> Result<(), String> {
        // Every turn takes a frame.
        let got = loop {
            let got = self.next(who).await?;
            if others == Others::Refused || got.kind == Kind::Goodbye {
                break got;
            }
        };
        compare_of(self.door.schema(), &got, &format!("goodbye reason={reason}"))?;
        let connection = self.line(who).await?;
        connection.ended = true;
        if let Some(more) = connection.line.next().await? {
            return Err(format!("behind the goodbye came {}", show(&seen(more))));
        }
        let reason = Reason::from_code(got.ordinal).ok_or("that is no reason")?;
        let message = String::from_utf8(got.body).map_err(|_| "the goodbye is not text")?;
        self.outcome.ended.push((who.to_owned(), Goodbye { reason, message }));
        Ok(())
    }

    /// What still comes was not expected.
    async fn rest(&mut self) -> Result<(), String> {
        self.flush().await?;
        for (name, connection) in &mut self.lines {
            if !connection.ended
                && let Some(more) = connection.line.has_more().await
            {
                return Err(format!("`{name}` also got {}", show(&seen(more))));
            }
        }
        Ok(())
    }
}

fn seen(got: Got) -> Seen {
    let Got { head, body } = got;
    Seen {
        kind: head.kind,
        flags: head.flags,
        binding: head.binding,
        ordinal: head.ordinal,
        id: head.id,
        budget: head.budget,
        body,
    }
}

/// A frame with `+n` replaced: `id=0x10000+n` is another id each time.
fn numbered(frame: &str, number: u32) -> String {
    if !frame.contains("+n") {
        return frame.to_owned();
    }
    let mut text = String::new();
    for (place, word) in frame.split(' ').enumerate() {
        let space = if place > 0 { " " } else { "" };
        let base = word.strip_suffix("+n").and_then(|word| word.split_once('='));
        let sum = base.and_then(|(name, value)| {
            let value = match value.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => value.parse().ok()?,
            };
            Some((name, value.wrapping_add(number)))
        });
        // Writing to a string cannot fail.
        let _ = match sum {
            Some((name, value)) => write!(text, "{space}{name}={value}"),
            None => write!(text, "{space}{word}"),
        };
    }
    text
}
