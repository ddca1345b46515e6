//! The plan of a run: which cases there are, in which order the rounds visit them, and the measuring
//! process of each. Figures come back as samples; the report makes rows of them.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::load::{Load, TASKS, Work};
use crate::meter::{Meter, Sample};
use crate::process::{self, Role, Server};
use crate::systems;

/// Where the processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Variant {
    /// All on one core: what the software costs.
    Same,
    /// The measuring process has a core, all others share another: with the price of waking a core.
    Diff,
    /// Wherever the kernel puts them.
    Free,
}

/// One thing to measure.
#[derive(Args, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Case {
    #[arg(long)]
    pub(crate) system: String,
    /// The name of its task.
    #[arg(long)]
    pub(crate) task: String,
    #[command(flatten)]
    pub(crate) load: Load,
    #[arg(long)]
    pub(crate) variant: Variant,
}

/// What was measured: for each case one sample a round, in the order of the rounds.
pub(crate) type Outcome = Vec<(Case, Vec<Sample>)>;

/// Which tasks a run has that names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Those of one size.
    Plain,
    /// Those that show how cost grows.
    Growing,
}

/// What a run measures.
pub(crate) struct Plan {
    cases: Vec<Case>,
    rounds: u32,
    millis: u64,
}

/// What a measuring process may take beyond its measurement until it is given up for hung.
const GRACE: Duration = Duration::from_secs(20);

impl Plan {
    /// All cases whose system, task and variant are among the names in `only`; where `only` names nothing of a kind, all
    /// of that kind, but for the tasks of the other `sort`: those that grow, and those that do not.
    pub(crate) fn new(only: &[String], sort: Sort, rounds: u32, millis: u64) -> Result<Self> {
        let cores = process::cores()?.len();
        let mut variants = Variant::value_variants().to_vec();
        variants.retain(|variant| cores > 1 || *variant == Variant::Same);
        let systems: Vec<String> = systems::ALL.iter().map(|s| s.name().to_owned()).collect();
        let tasks: Vec<String> = TASKS.iter().map(|task| task.name.to_owned()).collect();
        let places: Vec<String> = variants.iter().map(name).collect();
        for given in only {
            let known = [&systems, &tasks, &places].iter().any(|names| names.contains(given));
            ensure!(known, "nothing here is called {given}; see --list");
        }
        let named = |kind: &[String]| only.iter().any(|given| kind.contains(given));
        let wanted =
            |kind: &[String], name: &str| !named(kind) || only.iter().any(|given| given == name);
        let mut cases = Vec::new();
        for task in TASKS.iter().filter(|task| wanted(&tasks, task.name)) {
            if !named(&tasks) && task.grows.is_some() != (sort == Sort::Growing) {
                continue;
            }
            for variant in variants.iter().filter(|variant| wanted(&places, &name(*variant))) {
                // Growth is shown where it is told apart best: on one core.
                if task.grows.is_some() && !named(&places) && *variant != Variant::Same {
                    continue;
                }
                for system in systems::ALL {
                    // On one core, looking takes it from whoever is looked for.
                    let pointless = system.spins() && *variant == Variant::Same;
                    if !system.does(task.load) || pointless || !wanted(&systems, system.name()) {
                        continue;
                    }
                    let (system, task_name) = (system.name().to_owned(), task.name.to_owned());
                    cases.push(Case {
                        system,
                        task: task_name,
                        load: task.load,
                        variant: *variant,
                    });
                }
            }
        }
        ensure!(!cases.is_empty(), "no system does what --only asks for");
        Ok(Self { cases, rounds, millis })
    }

    /// Measures every case once a round, each in fresh processes, so that a drift of the
    /// machine meets all of them alike; each round starts at another case.
    pub(crate) fn run(&self) -> Result<Outcome> {
        let mut outcome: Outcome =
            self.cases.iter().map(|case| (case.clone(), Vec::new())).collect();
        for round in 0..self.rounds {
            eprintln!("round {} of {}, {} cases", round + 1, self.rounds, self.cases.len());
            let first = round as usize * self.cases.len() / self.rounds as usize;
            let (behind, ahead) = outcome.split_at_mut(first);
            for (case, samples) in ahead.iter_mut().chain(behind) {
                samples.push(self.measure(case).with_context(|| format!("measuring {case:?}"))?);
            }
        }
        Ok(outcome)
    }

    fn measure(&self, case: &Case) -> Result<Sample> {
        let Load { work, bytes, peers } = case.load;
        let output = Command::new(std::env::current_exe()?)
            .args(["drive", "--system", &case.system, "--task", &case.task])
            .args(["--work", &name(&work), "--bytes", &bytes.to_string()])
            .args(["--peers", &peers.to_string(), "--variant", &name(&case.variant)])
            .args(["--millis", &self.millis.to_string()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the measuring process failed: {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Runs as the measuring process: starts the others, does the work, prints the sample.
pub(crate) fn drive(case: &Case, millis: u64) -> Result<()> {
    let measured = Duration::from_millis(millis);
    let cores = process::cores()?;
    let first = *cores.first().context("this process may not run on any core")?;
    let (own, others) = match case.variant {
        Variant::Same => (Some(first), Some(first)),
        Variant::Diff => (Some(first), Some(*cores.get(1).context("there is only one core")?)),
        Variant::Free => (None, None),
    };
    if let Some(core) = own {
        process::pin(core)?;
    }
    thread::spawn(move || {
        thread::sleep(2 * measured + GRACE);
        eprintln!("the measurement hangs; giving it up");
        std::process::exit(1);
    });
    let role = Role { system: case.system.clone(), load: case.load, core: others };
    let started: Result<Vec<_>> = (0..case.load.peers).map(|_| Server::start(&role)).collect();
    let (servers, mut links): (Vec<_>, Vec<_>) = started?.into_iter().unzip();
    let mut meter = Meter::new(servers, measured)?;
    let system = systems::find(&case.system)?;
    let sample = match case.load.work {
        work @ (Work::Call | Work::InFlight) => {
            let link = links.pop().context("calls are made to one process")?;
            system.drive(work, link, &mut meter)?
        }
        Work::Stream | Work::Deliver | Work::Idle => system.send(case.load, links, &mut meter)?,
    };
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

/// The name of a work or variant on the command line and in the rows.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
