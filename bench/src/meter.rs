//! The two works, the same for every system: calls one after the other, and calls kept in flight.
//! A system only says how one call is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::message::Request;
use crate::process::{Server, own_cpu};
use crate::stats;
use crate::systems::Client;

/// What the client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Work {
    /// One call at a time.
    #[value(name = "call")]
    Call,
    /// Calls kept in flight: as one is answered, the next is made.
    #[value(name = "inflight64")]
    InFlight,
}

/// How many calls the work [`Work::InFlight`] keeps in flight.
pub(crate) const IN_FLIGHT: usize = 64;

/// After how many calls in flight the clock is read: rarely enough to cost nothing.
const CLOCK_EVERY: u64 = 128;

/// One measurement of one case, as the client process prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) calls: u64,
    pub(crate) seconds: f64,
    /// User and system time of all processes.
    pub(crate) cpu_us_per_call: f64,
    /// Of the single calls; none while many are in flight.
    pub(crate) p50_us: Option<f64>,
    pub(crate) p99_us: Option<f64>,
}

/// The clocks of one measurement.
pub(crate) struct Meter {
    server: Server,
    warm_up: Duration,
    measured: Duration,
}

impl Meter {
    pub(crate) fn new(server: Server, measured: Duration) -> Self {
        Self { server, warm_up: measured / 2, measured }
    }

    /// Makes calls one at a time; `call` makes the one with this number and checks its reply.
    pub(crate) async fn one_at_a_time(
        &mut self,
        mut call: impl AsyncFnMut(u64) -> Result<()>,
    ) -> Result<Sample> {
        let mut number = 0;
        let started = Instant::now();
        while started.elapsed() < self.warm_up {
            call(number).await?;
            number += 1;
        }

        let mut latencies_us = Vec::new();
        let cpu = self.cpu()?;
        let started = Instant::now();
        let mut last = started;
        while last - started < self.measured {
            call(number).await?;
            number += 1;
            let now = Instant::now();
            latencies_us.push((now - last).as_nanos() as f64 / 1e3);
            last = now;
        }
        let mut sample = self.sample(latencies_us.len() as u64, last - started, cpu)?;
        latencies_us.sort_by(f64::total_cmp);
        sample.p50_us = stats::quantile(&latencies_us, 0.5);
        sample.p99_us = stats::quantile(&latencies_us, 0.99);
        Ok(sample)
    }

    /// Keeps calls in flight from as many tasks, as independent parts of an application would.
    pub(crate) async fn in_flight<C: Client>(&mut self, client: C) -> Result<Sample> {
        let warmed_up = call_from_many_tasks(&client, 0, self.warm_up).await?;
        let cpu = self.cpu()?;
        let started = Instant::now();
        let calls = call_from_many_tasks(&client, warmed_up, self.measured).await?;
        self.sample(calls, started.elapsed(), cpu)
    }

    /// Keeps calls in flight where the system has a loop of its own: `pump` makes calls until the
    /// instant given, waits for all replies, and says how many calls it made.
    pub(crate) fn in_flight_by(
        &mut self,
        mut pump: impl FnMut(Instant) -> Result<u64>,
    ) -> Result<Sample> {
        pump(Instant::now() + self.warm_up)?;
        let cpu = self.cpu()?;
        let started = Instant::now();
        let calls = pump(started + self.measured)?;
        self.sample(calls, started.elapsed(), cpu)
    }

    /// The processor time of all processes so far.
    fn cpu(&mut self) -> Result<Duration> {
        Ok(self.server.cpu()? + own_cpu())
    }

    fn sample(&mut self, calls: u64, elapsed: Duration, cpu_before: Duration) -> Result<Sample> {
        let cpu = self.cpu()?.saturating_sub(cpu_before);
        Ok(Sample {
            calls,
            seconds: elapsed.as_secs_f64(),
            cpu_us_per_call: cpu.as_secs_f64() * 1e6 / calls as f64,
            p50_us: None,
            p99_us: None,
        })
    }
}

async fn call_from_many_tasks<C: Client>(client: &C, first: u64, window: Duration) -> Result<u64> {
    let next = Arc::new(AtomicU64::new(first));
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (client, next, stop) = (client.clone(), next.clone(), stop.clone());
        tasks.spawn(async move {
            let mut calls = 0;
            while !stop.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                client.call(Request::new(number)).await?.check(number)?;
                calls += 1;
                if number.is_multiple_of(CLOCK_EVERY) && started.elapsed() >= window {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(done) = tasks.join_next().await {
        calls += done??;
    }
    Ok(calls)
}
