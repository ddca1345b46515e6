//! The loops and clocks of the works, the same for every system. A system only says how one call, one delivery or one
//! burst is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::load::{IN_FLIGHT, Work};
use crate::message::Request;
use crate::process::{Server, own_cpu};
use crate::resources::{Resources, own_memory_kib};
use crate::stats;
use crate::systems::Client;

/// After how many calls in flight the clock is read: rarely enough to cost nothing.
const CLOCK_EVERY: u64 = 128;

/// How long everybody has for settling before wake-ups are counted, and how long they are.
const SETTLING: Duration = Duration::from_millis(700);
const IDLE: Duration = Duration::from_secs(3);

/// One measurement of one case, as the measuring process prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Sample {
    /// Calls, items or deliveries were made.
    Done {
        count: u64,
        seconds: f64,
        /// User and system time of all processes, for each.
        cpu_us: f64,
        /// Of those that were made one at a time.
        p50_us: Option<f64>,
        p99_us: Option<f64>,
    },
    /// Nothing was done.
    Idle {
        /// Memory that this process has written for each receiver.
        main_kib: f64,
        /// Memory that one receiver's process has written.
        peer_kib: f64,
        /// Wake-ups a second of all processes.
        wakes: f64,
    },
}

/// The clocks of one measurement.
pub(crate) struct Meter {
    servers: Vec<Server>,
    warm_up: Duration,
    measured: Duration,
    /// Memory of this process before the system began.
    memory_kib: u64,
}

impl Meter {
    pub(crate) fn new(servers: Vec<Server>, measured: Duration) -> Result<Self> {
        let memory_kib = own_memory_kib()?;
        Ok(Self { servers, warm_up: measured / 2, measured, memory_kib })
    }

    /// Does one after the other; `each` makes the one with this number and checks what comes back.
    pub(crate) async fn one_at_a_time(
        &mut self,
        mut each: impl AsyncFnMut(u64) -> Result<()>,
    ) -> Result<Sample> {
        let mut number = 0;
        let started = Instant::now();
        while started.elapsed() < self.warm_up || number == 0 {
            each(number).await?;
            number += 1;
        }

        let mut latencies_us = Vec::new();
        let cpu_before = self.cpu()?;
        let started = Instant::now();
        let mut last = started;
        while last - started < self.measured {
            each(number).await?;
            number += 1;
            let now = Instant::now();
            latencies_us.push((now - last).as_nanos() as f64 / 1e3);
            last = now;
        }
        let mut sample = self.sample(latencies_us.len() as u64, last - started, cpu_before)?;
        latencies_us.sort_by(f64::total_cmp);
        if let Sample::Done { p50_us, p99_us, .. } = &mut sample {
            *p50_us = stats::quantile(&latencies_us, 0.5);
            *p99_us = stats::quantile(&latencies_us, 0.99);
        }
        Ok(sample)
    }

    /// The same for what blocks: nothing in it ever waits for a runtime.
    pub(crate) fn one_at_a_time_blocking(
        &mut self,
        mut each: impl FnMut(u64) -> Result<()>,
    ) -> Result<Sample> {
        let done = self.one_at_a_time(async |number| each(number));
        done.now_or_never().context("what blocks was pending")?
    }

    /// Keeps calls in flight from as many tasks, as independent parts of an application would.
    pub(crate) async fn in_flight<C: Client>(&mut self, client: C) -> Result<Sample> {
        let warmed_up = call_from_many_tasks(&client, 0, self.warm_up).await?;
        let cpu_before = self.cpu()?;
        let started = Instant::now();
        let calls = call_from_many_tasks(&client, warmed_up, self.measured).await?;
        self.sample(calls, started.elapsed(), cpu_before)
    }

    /// Calls or items where the system has a loop of its own: `pump` makes them until the instant given, waits until the
    /// other side has had all, and says how many they were.
    pub(crate) async fn pump(
        &mut self,
        mut pump: impl AsyncFnMut(Instant) -> Result<u64>,
    ) -> Result<Sample> {
        pump(Instant::now() + self.warm_up).await?;
        let cpu_before = self.cpu()?;
        let started = Instant::now();
        let count = pump(started + self.measured).await?;
        self.sample(count, started.elapsed(), cpu_before)
    }

    /// The same for what blocks.
    pub(crate) fn pump_blocking(
        &mut self,
        mut pump: impl FnMut(Instant) -> Result<u64>,
    ) -> Result<Sample> {
        let done = self.pump(async |until| pump(until));
        done.now_or_never().context("what blocks was pending")?
    }

    /// Lets nothing happen; this thread is the system's meanwhile.
    async fn idle(&mut self) -> Result<Sample> {
        let (servers, memory_kib) = (std::mem::take(&mut self.servers), self.memory_kib);
        let (sender, sample) = oneshot::channel();
        thread::spawn(move || sender.send(watch_idle(servers, memory_kib)));
        sample.await.context("nobody watched")?
    }

    /// Deliveries, or one and then nothing.
    pub(crate) async fn deliver(
        &mut self,
        work: Work,
        mut each: impl AsyncFnMut(u64) -> Result<()>,
    ) -> Result<Sample> {
        if work == Work::Idle {
            each(0).await?;
            return self.idle().await;
        }
        self.one_at_a_time(each).await
    }

    /// The same for what blocks.
    pub(crate) fn deliver_blocking(
        &mut self,
        work: Work,
        mut each: impl FnMut(u64) -> Result<()>,
    ) -> Result<Sample> {
        if work == Work::Idle {
            each(0)?;
            return watch_idle(std::mem::take(&mut self.servers), self.memory_kib);
        }
        self.one_at_a_time_blocking(each)
    }

    /// The processor time of all processes so far.
    fn cpu(&mut self) -> Result<Duration> {
        let mut total = own_cpu();
        for server in &mut self.servers {
            total += server.cpu()?;
        }
        Ok(total)
    }

    fn sample(&mut self, count: u64, elapsed: Duration, cpu_before: Duration) -> Result<Sample> {
        let cpu = self.cpu()?.saturating_sub(cpu_before);
        Ok(Sample::Done {
            count,
            seconds: elapsed.as_secs_f64(),
            cpu_us: cpu.as_secs_f64() * 1e6 / count as f64,
            p50_us: None,
            p99_us: None,
        })
    }
}

fn watch_idle(mut servers: Vec<Server>, memory_before_kib: u64) -> Result<Sample> {
    let mut all = || {
        let mut theirs = Resources::default();
        for server in &mut servers {
            let Resources { switches, memory_kib } = server.resources()?;
            theirs.switches += switches;
            theirs.memory_kib += memory_kib;
        }
        anyhow::Ok((Resources::of_other_threads()?, theirs))
    };
    thread::sleep(SETTLING);
    let (ours_before, theirs_before) = all()?;
    thread::sleep(IDLE);
    let (ours, theirs) = all()?;
    let switches = ours.switches + theirs.switches - ours_before.switches - theirs_before.switches;
    let peers = servers.len() as f64;
    Ok(Sample::Idle {
        main_kib: ours.memory_kib.saturating_sub(memory_before_kib) as f64 / peers,
        peer_kib: theirs.memory_kib as f64 / peers,
        wakes: switches as f64 / IDLE.as_secs_f64(),
    })
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
