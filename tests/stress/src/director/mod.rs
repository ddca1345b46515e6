//! Plays rounds: starts main, tells it what the plan of a seed says, waits until everybody has come to rest and has left, and
//! looks at what is left of it in main. What must hold of what the processes have done is the judge's.

mod house;
mod report;
mod round;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use conformance::gauge::Gauge;
use conformance::transport::Folder;

use crate::fault::Fault;
use crate::figures::Figures;
use crate::house::State;
use crate::journal;
use crate::judge::judge;
use house::{Main, grown, settled};
use round::Round;

pub use report::Report;

/// How often it is looked whether something is over.
const LOOKS: Duration = Duration::from_millis(20);
/// Rounds until memory that main needs once is in use.
const WARM_UP: u64 = 3;
/// Rounds, at least: there is nothing to compare otherwise.
const ROUNDS_MIN: u64 = WARM_UP + 1;

/// How the stress goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// This crate's program.
    pub program: PathBuf,
    /// Rounds begin until so much time is over.
    pub time: Duration,
    /// The seed of the first round; each has the next.
    pub first: u64,
    /// This many rounds, whatever the time.
    pub rounds: Option<u64>,
    /// What takes this long hangs.
    pub patience: Duration,
    /// Something that must be found.
    pub fault: Option<Fault>,
    /// Print how it goes.
    pub news: bool,
}

/// Plays rounds until the time is over, or until something does not hold.
///
/// # Errors
///
/// When it cannot be played: there is no main, or its journals cannot be read.
pub fn run(options: &Options) -> Result<Report> {
    let folder = Folder::default();
    let top = folder.path();
    std::fs::create_dir_all(top)?;
    let mut main = Main::start(options, top)?;
    // Once it answers it is set up.
    main.look()?;
    let mut report = Report::default();
    report.gauges[0] = main.gauge()?;
    let begun = now();
    let mut serial = 1;
    for seed in options.first.. {
        report.last = seed;
        let folder = top.join(format!("round{seed}"));
        std::fs::create_dir(&folder)?;
        let mut round = Round {
            main: &mut main,
            folder: &folder,
            patience: options.patience,
            broken: Vec::new(),
        };
        let mut figures = Figures::default();
        round.play(seed, serial, &mut figures)?;
        round.come_to_rest()?;
        round.part()?;
        let mut broken = round.broken;
        let journals = journal::read(&folder)?;
        let (untrue, of_round) = judge(&journals);
        broken.extend(untrue);
        figures.add(&of_round);
        serial = journals.facts.keys().next_back().map_or(serial, |last| last + 1);
        drop(journals);
        std::fs::remove_dir_all(&folder)?;
        report.figures.add(&figures);
        // Main counts from its start on.
        let State { blobs_lent, blobs_copied, .. } = main.look()?;
        (report.figures.blobs_lent, report.figures.blobs_copied) = (blobs_lent, blobs_copied);
        let warm = report.figures.rounds >= WARM_UP;
        let is_first_warm = report.figures.rounds == WARM_UP;
        let before = if is_first_warm { None } else { Some(report.gauges[1]).filter(|_| warm) };
        let gauge = settled(&main, before, options.patience)?;
        broken.extend(before.map(|before| grown(&before, &gauge)).unwrap_or_default());
        if is_first_warm {
            report.gauges[1] = gauge;
        }
        if warm {
            report.most_kib = report.most_kib.max(gauge.rss_kib);
        }
        report.gauges[2] = gauge;
        if options.news {
            let Gauge { rss_kib, descriptors, threads, .. } = gauge;
            println!(
                "{:>5.0?}: seed {seed}, {} requests; main: {rss_kib} KiB, {descriptors} descriptors, {threads} threads",
                begun.elapsed(),
                report.figures.count(None),
            );
        }
        if !broken.is_empty() {
            report.broken = broken;
            return Ok(report);
        }
        let enough = match options.rounds {
            Some(rounds) => report.figures.rounds >= rounds,
            None => begun.elapsed() >= options.time && report.figures.rounds >= ROUNDS_MIN,
        };
        if enough {
            break;
        }
    }
    Ok(report)
}

#[allow(clippy::disallowed_methods, reason = "a stress runs for a time")]
fn now() -> Instant {
    Instant::now()
}
