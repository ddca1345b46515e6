//! The attack on a live studio: several attackers at once, over its socket and through its gate, beside a window and a
//! visitor that must not notice. It measures the studio before, under and after the attack, and says what broke.

mod attacker;
mod cores;
mod report;
mod studio;
mod tally;
mod victim;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Runtime;

use crate::case::{Case, cases};
use crate::door::Way;
use attacker::Attacker;
use conformance::gauge::Gauge;
use cores::{Cores, pin};
use studio::{Studio, StudioDoor, VISITOR};
use tally::Tally;
use victim::{Seen, Victim};

/// How long the victims are watched before the attack and after it.
const CALM: Duration = Duration::from_secs(4);

/// How long it takes until memory that only the first attacks need is in use: it is no growth.
const WARM_UP: Duration = Duration::from_secs(5);

/// How long descriptors and connections of those who have left may take to be given back.
const SETTLE: Duration = Duration::from_secs(8);

/// The most memory that a studio may hold more after an attack than after its warm-up, in KiB: what an allocator keeps.
const GROWTH_KIB_MAX: u64 = 64 * 1024;

/// How the attack goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The studio's binary.
    pub studio: PathBuf,
    /// How long it lasts, without what is measured around it.
    pub duration: Duration,
    /// The same seed makes the same choices, attacker by attacker.
    pub seed: u64,
    /// Measure each case alone, too.
    pub latency: bool,
    /// Only cases whose name contains this are measured alone.
    pub only: String,
}

/// Everything that was measured.
struct Measured {
    before: Seen,
    under: Seen,
    after: Seen,
    /// The window and the visitor beside one case alone, by its name.
    alone: Vec<(String, Seen)>,
    at_first: Gauge,
    warm: Gauge,
    at_last: Gauge,
    pinned: bool,
}

/// Attacks, prints what came of it, and fails when something broke.
///
/// # Errors
///
/// When the studio cannot be attacked, or when an invariant did not hold.
pub fn run(options: &Options) -> Result<()> {
    let cores = Cores::find();
    if let Some(cores) = cores {
        // The studio inherits it.
        pin(cores.others);
    }
    let mut studio = Studio::start(&options.studio)?;
    let runtime = current_thread()?;
    let [window, pages, asker] = [(); 3].map(|()| studio.browser(&runtime));
    let (window, pages, asker) = (window?, pages?, asker?);
    let announced = Arc::new(AtomicU32::new(0));
    let failed = |why: String| anyhow!("a victim does not come in: {why}");
    let mut victims = [
        runtime.block_on(Victim::window(&window, &announced)).map_err(failed)?,
        runtime.block_on(Victim::visitor(&studio.socket, &announced)).map_err(failed)?,
    ];

    let watch = |victims: &mut [Victim; 2], time: Duration| watched(&runtime, victims, time);
    let before = watch(&mut victims, CALM);
    let at_first = Gauge::of(studio.process())?;
    let tally = Arc::new(Tally::default());
    let stop = Arc::new(AtomicBool::new(false));
    let door = |way, browser: &_| {
        let browser = Clone::clone(browser);
        StudioDoor { way, socket: studio.socket.clone(), browser }
    };
    let frames = Arc::new(frames());
    let gate = Arc::new(cases("gate.txt", include_str!("../../cases/gate.txt")));
    let (page, path) = (door(Way::Page, &pages), door(Way::Path, &pages));
    let asking = door(Way::Page, &asker);
    let plan: Vec<(&StudioDoor, &'static str, &Arc<Vec<Case>>)> = vec![
        (&page, "viewer", &frames),
        (&page, "controls", &frames),
        (&page, "log", &frames),
        (&path, VISITOR, &frames),
        (&path, VISITOR, &frames),
        (&path, VISITOR, &frames),
        (&asking, "log", &gate),
    ];
    let attackers: Vec<Attacker> = plan
        .into_iter()
        .zip(options.seed..)
        .map(|((door, role, cases), seed)| Attacker {
            door: door.clone(),
            role,
            cases: Arc::clone(cases),
            seed,
            tally: Arc::clone(&tally),
            stop: Arc::clone(&stop),
        })
        .collect();
    let attack = start(attackers, cores)?;
    let mut under = watch(&mut victims, WARM_UP.min(options.duration));
    let warm = Gauge::of(studio.process()).context("main is gone")?;
    under = under.and(watch(&mut victims, options.duration.saturating_sub(WARM_UP)));
    stop.store(true, Ordering::Relaxed);
    attack.join().map_err(|_| anyhow!("an attacker panicked"))?;

    let mut alone = Vec::new();
    if options.latency {
        for (way, list) in [(&path, &frames), (&page, &frames), (&asking, &gate)] {
            for case in list.iter().filter(|case| case.name.contains(&options.only)) {
                alone.extend(one_alone(case, way, cores, &mut victims, &runtime)?);
            }
        }
    }
    let at_last = settled(&studio, at_first.descriptors);
    let after = watch(&mut victims, CALM);
    drop(victims);
    let alive = studio.runs();
    let summary = studio.end()?;
    let at_last = at_last.context("main is gone")?;
    let pinned = cores.is_some();
    let measured = Measured { before, under, after, alone, at_first, warm, at_last, pinned };
    report::print(options, &tally.counts(), &measured, &summary, alive)
}

/// The cases that say frames: those of the studio, and those that fit any contract.
fn frames() -> Vec<Case> {
    let mut frames = cases("studio.txt", include_str!("../../cases/studio.txt"));
    frames.extend(cases("parcels.txt", include_str!("../../cases/parcels.txt")));
    if cfg!(target_os = "linux") {
        frames.extend(cases("pools.txt", include_str!("../../cases/pools.txt")));
    }
    frames
}

fn current_thread() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// What the victims see within that time.
fn watched(runtime: &Runtime, victims: &mut [Victim; 2], time: Duration) -> Seen {
    let stop = AtomicBool::new(false);
    runtime.block_on(async {
        let timer = async {
            tokio::time::sleep(time).await;
            stop.store(true, Ordering::Relaxed);
        };
        let [one, two] = victims;
        let ((), one, two) = tokio::join!(timer, one.watch(&stop), two.watch(&stop));
        one.and(two)
    })
}

/// Starts the attackers, on a thread and a processor of their own.
fn start(attackers: Vec<Attacker>, cores: Option<Cores>) -> Result<std::thread::JoinHandle<()>> {
    let runtime = current_thread()?;
    Ok(std::thread::spawn(move || {
        if let Some(cores) = cores {
            pin(cores.attackers);
        }
        runtime.block_on(async {
            let mut all = tokio::task::JoinSet::new();
            attackers.into_iter().for_each(|each| drop(all.spawn(each.run())));
            while all.join_next().await.is_some() {}
        });
    }))
}

/// One case again and again, alone, for a while.
fn one_alone(
    case: &Case,
    door: &StudioDoor,
    cores: Option<Cores>,
    victims: &mut [Victim; 2],
    runtime: &Runtime,
) -> Result<Option<(String, Seen)>> {
    use crate::case::On;
    let page = door.way == Way::Page;
    if case.on == Some(if page { On::Unix } else { On::Page }) {
        return Ok(None);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let attacker = Attacker {
        door: door.clone(),
        role: if page { "viewer" } else { VISITOR },
        cases: Arc::new(vec![case.clone()]),
        seed: 0,
        tally: Arc::default(),
        stop: Arc::clone(&stop),
    };
    let attack = start(vec![attacker], cores)?;
    let seen = watched(runtime, victims, Duration::from_secs(2));
    stop.store(true, Ordering::Relaxed);
    attack.join().map_err(|_| anyhow!("an attacker panicked"))?;
    Ok(Some((format!("{} ({})", case.name, door.way.name()), seen)))
}

/// Main as it is when those who left are gone.
fn settled(studio: &Studio, descriptors: usize) -> std::io::Result<Gauge> {
    let pause = Duration::from_millis(100);
    for _ in 0..SETTLE.as_millis() / pause.as_millis() {
        if Gauge::of(studio.process())?.descriptors <= descriptors {
            break;
        }
        std::thread::sleep(pause);
    }
    Gauge::of(studio.process())
}
