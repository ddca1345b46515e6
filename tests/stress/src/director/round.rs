//! One round, as its plan says: everybody works, everybody comes to rest, everybody leaves.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::house::Main;
use super::{LOOKS, now};
use crate::figures::Figures;
use crate::house::{Order, State};
use crate::peer::{Phase, rested_file};
use crate::plan::plan;

/// A round that is being played.
pub(super) struct Round<'a> {
    pub(super) main: &'a mut Main,
    pub(super) folder: &'a Path,
    pub(super) patience: Duration,
    pub(super) broken: Vec<String>,
}

impl Round<'_> {
    /// Does what the plan of a seed says.
    pub(super) fn play(&mut self, seed: u64, first: u32, figures: &mut Figures) -> Result<()> {
        self.main.tell(&Order::Round { folder: self.folder.to_owned(), first })?;
        for step in plan(seed) {
            self.main.tell(&step.order)?;
            figures.stopped += u64::from(matches!(step.order, Order::Stop { .. }));
            std::thread::sleep(Duration::from_millis(step.wait_ms));
        }
        Ok(())
    }

    fn say(&self, phase: Phase) -> Result<()> {
        Ok(std::fs::write(self.folder.join(phase.file()), "")?)
    }

    /// Nobody begins anything any more, and waits until everything has its outcome.
    pub(super) fn come_to_rest(&mut self) -> Result<()> {
        self.say(Phase::Rest)?;
        let begun = now();
        loop {
            let State { living, busy, .. } = self.main.look()?;
            let rests = |serial: &&u32| self.folder.join(rested_file(**serial)).exists();
            let awake: Vec<&u32> = living.iter().filter(|serial| !rests(serial)).collect();
            if awake.is_empty() && busy == 0 {
                return Ok(());
            }
            if begun.elapsed() > self.patience {
                self.broken.push(format!(
                    "processes {awake:?} do not come to rest; main has {busy} publications open"
                ));
                return Ok(());
            }
            std::thread::sleep(LOOKS);
        }
    }

    /// Everybody leaves, and nothing of them is left at the hub.
    pub(super) fn part(&mut self) -> Result<()> {
        self.say(Phase::Leave)?;
        self.main.tell(&Order::Leave)?;
        let begun = now();
        loop {
            let state = self.main.look()?;
            let gone = state.living.is_empty() && state.kept == 0 && state.peers == 0;
            if gone && state.open == 0 && state.lent == 0 {
                return Ok(());
            }
            if begun.elapsed() > self.patience {
                self.broken.push(format!("all were to leave, and there is left: {state:?}"));
                return Ok(());
            }
            std::thread::sleep(LOOKS);
        }
    }
}
