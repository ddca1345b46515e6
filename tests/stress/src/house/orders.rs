//! What main is told, and what it says of itself, as lines.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::peer::Part;

/// What main is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// A round begins, with its folder and the serial of its first process.
    Round { folder: PathBuf, first: u32 },
    /// A place is taken by a new process, unless one is there.
    Join { place: usize, page: bool, part: Part, seed: u64 },
    /// A process is killed.
    Kill { place: usize },
    /// A process is stopped, and continued after some time.
    Stop { place: usize, ms: u64 },
    /// The connection of a process is ended.
    End { place: usize },
    /// The process that is kept running is killed.
    KillKept,
    /// Main publishes.
    Publish { seed: u64 },
    /// The process that is kept running is stopped.
    Leave,
    /// How things stand.
    Look,
}

/// How main stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The serials of processes that have not ended, but for the one that is kept running.
    pub(crate) living: Vec<u32>,
    /// Processes of that one that have not ended.
    pub(crate) kept: usize,
    /// Goes of publishing that are not over.
    pub(crate) busy: usize,
    /// Peers of the hub.
    pub(crate) peers: usize,
    /// What the hub has open.
    pub(crate) open: usize,
    /// Connections that have ended because a peer broke the protocol.
    pub(crate) violations: u64,
    /// Slots of main's own memory for blobs that somebody has.
    pub(crate) lent: usize,
    /// Blobs that those who have left were lent.
    pub(crate) blobs_lent: u64,
    /// Blobs that were copied for them.
    pub(crate) blobs_copied: u64,
}

/// A choice of the command line as it is written there.
pub(crate) fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl Order {
    pub(crate) fn to_line(&self) -> String {
        match self {
            // The folder is last: it may have blanks.
            Self::Round { folder, first } => format!("round {first} {}", folder.display()),
            Self::Join { place, page, part, seed } => {
                format!("join {place} {page} {} {seed}", word(*part))
            }
            Self::Kill { place } => format!("kill {place}"),
            Self::Stop { place, ms } => format!("stop {place} {ms}"),
            Self::End { place } => format!("end {place}"),
            Self::KillKept => "kill-kept".to_owned(),
            Self::Publish { seed } => format!("publish {seed}"),
            Self::Leave => "leave".to_owned(),
            Self::Look => "look".to_owned(),
        }
    }

    pub(crate) fn of_line(line: &str) -> Result<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.split(' ');
        let mut next = || words.next().context("an order with too few words");
        Ok(match word {
            "round" => {
                let (first, folder) = rest.split_once(' ').context("a round without folder")?;
                Self::Round { folder: folder.into(), first: first.parse()? }
            }
            "join" => Self::Join {
                place: next()?.parse()?,
                page: next()?.parse()?,
                part: Part::from_str(next()?, false).map_err(anyhow::Error::msg)?,
                seed: next()?.parse()?,
            },
            "kill" => Self::Kill { place: next()?.parse()? },
            "stop" => Self::Stop { place: next()?.parse()?, ms: next()?.parse()? },
            "end" => Self::End { place: next()?.parse()? },
            "kill-kept" => Self::KillKept,
            "publish" => Self::Publish { seed: next()?.parse()? },
            "leave" => Self::Leave,
            "look" => Self::Look,
            _ => bail!("nobody understands {line:?}"),
        })
    }
}

impl State {
    pub(crate) fn to_line(&self) -> String {
        let Self { living, kept, busy, peers, open, violations, lent, blobs_lent, blobs_copied } =
            self;
        let mut line =
            format!("{kept} {busy} {peers} {open} {violations} {lent} {blobs_lent} {blobs_copied}");
        for serial in living {
            line += &format!(" {serial}");
        }
        line
    }

    pub(crate) fn of_line(line: &str) -> Result<Self> {
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [kept, busy, peers, open, violations, lent, blobs_lent, blobs_copied, living @ ..] =
            &numbers[..]
        else {
            bail!("{line:?} says nothing of main");
        };
        Ok(Self {
            living: living.iter().map(|serial| *serial as u32).collect(),
            kept: *kept as usize,
            busy: *busy as usize,
            peers: *peers as usize,
            open: *open as usize,
            violations: *violations,
            lent: *lent as usize,
            blobs_lent: *blobs_lent,
            blobs_copied: *blobs_copied,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_answers_are_understood() {
        for order in [
            Order::Round { folder: "/tmp/a b".into(), first: 9 },
            Order::Join { place: 3, page: true, part: Part::Witness, seed: u64::MAX },
            Order::Stop { place: 1, ms: 20 },
            Order::KillKept,
            Order::Look,
        ] {
            assert_eq!(Order::of_line(&order.to_line()).expect("understood"), order);
        }
        let state = State { living: vec![4, 7], busy: 1, open: 3, ..State::default() };
        assert_eq!(State::of_line(&state.to_line()).expect("understood"), state);
    }
}
