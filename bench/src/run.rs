//! The plan of a run: which cases there are, in which order the rounds visit them, and the client
//! process of each. Figures come back as samples; the report makes rows of them.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::meter::{Meter, Sample, Work};
use crate::process::{self, Server};
use crate::systems;

/// Where the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Variant {
    /// Both on one core: what the software costs.
    Same,
    /// One core each: with the price of waking a core.
    Diff,
}

/// One thing to measure.
#[derive(Args, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Case {
    #[arg(long)]
    pub(crate) system: String,
    #[arg(long)]
    pub(crate) work: Work,
    #[arg(long)]
    pub(crate) variant: Variant,
}

/// What was measured: for each case one sample a round, in the order of the rounds.
pub(crate) type Outcome = Vec<(Case, Vec<Sample>)>;

/// What a run measures.
pub(crate) struct Plan {
    cases: Vec<Case>,
    rounds: u32,
    millis: u64,
}

/// What a client process may take beyond its measurement until it is given up for hung.
const GRACE: Duration = Duration::from_secs(20);

impl Plan {
    /// All cases whose system, work and variant are among the names in `only`; where `only` names
    /// nothing of a kind, all of that kind.
    pub(crate) fn new(only: &[String], rounds: u32, millis: u64) -> Result<Self> {
        let mut variants = vec![Variant::Same];
        if process::cores()?.len() > 1 {
            variants.push(Variant::Diff);
        }
        let systems: Vec<String> = systems::ALL.iter().map(|s| s.name().to_owned()).collect();
        let works: Vec<String> = Work::value_variants().iter().map(name).collect();
        let places: Vec<String> = variants.iter().map(name).collect();
        for given in only {
            let known = [&systems, &works, &places].iter().any(|names| names.contains(given));
            ensure!(known, "nothing here is called {given}; see --list");
        }
        let wanted = |kind: &[String], name: &String| {
            only.contains(name) || !only.iter().any(|given| kind.contains(given))
        };
        let mut cases = Vec::new();
        for work in Work::value_variants().iter().filter(|work| wanted(&works, &name(*work))) {
            for variant in variants.iter().filter(|variant| wanted(&places, &name(*variant))) {
                for system in systems::ALL {
                    let case =
                        Case { system: system.name().to_owned(), work: *work, variant: *variant };
                    if system.works().contains(work) && wanted(&systems, &case.system) {
                        cases.push(case);
                    }
                }
            }
        }
        ensure!(!cases.is_empty(), "no system does what --only asks for");
        Ok(Self { cases, rounds, millis })
    }

    /// Measures every case once a round, each in two fresh processes, so that a drift of the
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
        let output = Command::new(std::env::current_exe()?)
            .args(["drive", "--system", &case.system, "--work", &name(&case.work)])
            .args(["--variant", &name(&case.variant), "--millis", &self.millis.to_string()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the client process failed: {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Runs as the client: starts the server, does the work, prints the sample.
pub(crate) fn drive(case: &Case, millis: u64) -> Result<()> {
    let measured = Duration::from_millis(millis);
    let (Some(&first), cores) = (process::cores()?.first(), process::cores()?) else {
        bail!("this process may not run on any core");
    };
    let second = match case.variant {
        Variant::Same => first,
        Variant::Diff => *cores.get(1).context("there is only one core")?,
    };
    process::pin(first)?;
    thread::spawn(move || {
        thread::sleep(2 * measured + GRACE);
        eprintln!("the measurement hangs; giving it up");
        std::process::exit(1);
    });
    let (server, link) = Server::start(&case.system, second)?;
    let mut meter = Meter::new(server, measured);
    let sample = systems::find(&case.system)?.drive(case.work, link, &mut meter)?;
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

/// The name of a work or variant on the command line and in the rows.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
