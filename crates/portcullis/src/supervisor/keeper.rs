//! The task that keeps one process running: it starts it, watches it until it ends, and asks the rules what follows. The
//! rules are `policy`, making a process end is `stopping`.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use portcullis_hub::{HubEvent, PeerId};
use portcullis_proto::time::Time;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::exit::{Exit, KilledFor, ending_of};
use super::handle::Orders;
use super::policy::{Decision, Ending, Restarts};
use super::spec::Spec;
use super::status::{Happened, Phase, Status, SupervisorEvent};
use super::stopping::Stopping;
use crate::backoff::roll;
use crate::clock::Clock;
use crate::hub::{Events, Hub};
use crate::process::{Process, spawn_bound};

pub(super) struct Keeper {
    hub: Hub,
    spec: Spec,
    restarts: Restarts,
    orders: Arc<Orders>,
    stop: watch::Receiver<bool>,
    status: watch::Sender<Status>,
    events: broadcast::Sender<SupervisorEvent>,
}

impl Keeper {
    pub(super) fn new(
        hub: Hub,
        spec: Spec,
        orders: Arc<Orders>,
        status: watch::Sender<Status>,
        events: broadcast::Sender<SupervisorEvent>,
    ) -> Self {
        let (restarts, stop) = (Restarts::new(spec.policy), orders.stop.subscribe());
        Self { hub, spec, restarts, orders, stop, status, events }
    }

    /// Until the process is stopped, rests or is given up.
    pub(super) async fn run(mut self) {
        let clock = Clock::tokio();
        // Every turn is one run of the process; before each but the first there is a wait.
        loop {
            let (exit, ending) = self.run_once().await;
            self.tell(Happened::Exited(exit.clone()));
            let now = clock.now().since(Time::ZERO);
            match self.restarts.ended(now, exit.ready, ending, roll()) {
                Decision::Restart(after) => {
                    let restarts = self.status.borrow().restarts.saturating_add(1);
                    self.over(Phase::Waiting, exit, restarts);
                    self.tell(Happened::Restarting { after, restarts });
                    tokio::select! {
                        () = sleep(after) => {}
                        () = asked(&mut self.stop) => {
                            self.status.send_modify(|status| status.phase = Phase::Ended);
                            return;
                        }
                    }
                }
                Decision::Rest => {
                    let restarts = self.status.borrow().restarts;
                    return self.over(Phase::Ended, exit, restarts);
                }
                Decision::GiveUp => {
                    let restarts = self.status.borrow().restarts;
                    self.tell(Happened::GaveUp { exit: exit.clone(), restarts });
                    return self.over(Phase::GaveUp, exit, restarts);
                }
            }
        }
    }

    async fn run_once(&mut self) -> (Exit, Ending) {
        self.status.send_modify(|status| {
            status.phase = Phase::Starting;
            status.run = status.run.saturating_add(1);
        });
        // Before the start, so that nothing that comes of it is missed.
        let events = self.hub.events();
        let orders = Arc::clone(&self.orders);
        let mut killing = pin!(orders.kill.notified());
        killing.as_mut().enable();
        let began = Instant::now();
        let mut process = match self.start().await {
            Ok(process) => process,
            Err(failed) => return failed,
        };
        let number = process.id();
        self.status.send_modify(|status| status.process = number);
        self.tell(Happened::Started { process: number });
        let mut stopping = Stopping::new(self.spec.leave);
        let ready_at = self.attend(&mut process, events, killing, began, &mut stopping).await;
        let ready = ready_at.map_or(Duration::ZERO, |at: Instant| at.elapsed());
        let (reason, goodbye) = stopping.end(&mut process).await;
        let exit = Exit { reason, goodbye, ready, asked: *self.stop.borrow() };
        let ending = exit.ending();
        (exit, ending)
    }

    async fn start(&mut self) -> Result<Process, (Exit, Ending)> {
        let asked = *self.stop.borrow();
        let failed = |error: &dyn std::fmt::Display, ending| {
            Err((Exit::not_started(error, asked), if asked { Ending::Asked } else { ending }))
        };
        if let Some(unknown) = self.spec.serves.iter().find(|name| !self.hub.has_interface(name)) {
            let error = format!("the hub's contract has no interface `{unknown}`");
            return failed(&error, Ending::Hopeless);
        }
        let command = match (self.spec.command)() {
            Ok(command) => command,
            Err(error) => return failed(&error, Ending::Abnormal),
        };
        match spawn_bound(&self.hub, self.spec.spawn, command, &self.spec.admission).await {
            Ok(process) => Ok(process),
            Err(error) => failed(&error, ending_of(&error)),
        }
    }

    /// Watches a process until it has ended or is about to. Returns since when it was ready.
    async fn attend(
        &mut self,
        process: &mut Process,
        events: Events,
        mut killing: std::pin::Pin<&mut tokio::sync::futures::Notified<'_>>,
        began: Instant,
        stopping: &mut Stopping,
    ) -> Option<Instant> {
        let connection = process.connection().clone();
        let peer = connection.peer();
        let mut events = Some(events);
        let mut due = pin!(sleep_until(began + self.spec.ready_within));
        let mut ready_at = None;
        let (label, serves) = (&self.spec.admission.label, &self.spec.serves);
        // Every turn but one ends it; that one is when it is ready.
        loop {
            tokio::select! {
                biased;
                _ = process.wait() => return ready_at,
                () = asked(&mut self.stop) => {
                    self.status.send_modify(|status| status.phase = Phase::Stopping);
                    stopping.drain(&self.hub, process, self.spec.drain).await;
                    return ready_at;
                }
                () = killing.as_mut() => {
                    stopping.kill(process, KilledFor::Asked);
                    return ready_at;
                }
                goodbye = connection.closed() => {
                    stopping.left(process, goodbye.reason).await;
                    return ready_at;
                }
                () = ready(&self.hub, events.as_mut(), peer, label, serves) => {
                    // Nothing more is to be heard from the hub.
                    events = None;
                    ready_at = Some(Instant::now());
                    self.status.send_modify(|status| {
                        status.phase = Phase::Ready;
                        status.peer = Some(peer);
                    });
                    self.tell(Happened::Ready { peer, after: began.elapsed() });
                }
                () = due.as_mut(), if ready_at.is_none() => {
                    stopping.kill(process, KilledFor::NotReady);
                    return ready_at;
                }
            }
        }
    }

    /// A run is over.
    fn over(&self, phase: Phase, exit: Exit, restarts: u32) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.restarts = restarts;
            status.process = None;
            status.peer = None;
            status.exit = Some(exit);
        });
    }

    fn tell(&self, what: Happened) {
        let label = self.spec.admission.label.clone();
        what.log(&label);
        // Nobody may be listening.
        let _ = self.events.send(SupervisorEvent { label, what });
    }
}

/// Waits until the process is to be stopped, or nobody holds it any more.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits until the peer is ready; for ever without `events`.
async fn ready(
    hub: &Hub,
    events: Option<&mut Events>,
    peer: PeerId,
    server: &str,
    serves: &[String],
) {
    let Some(events) = events else { return pending().await };
    let mut missed = events.missed();
    // Every turn waits for an event that may make the difference.
    while !hub.is_ready(peer, serves) {
        loop {
            let Some(event) = events.next().await else { return pending().await };
            let tells = match &event {
                HubEvent::Joined(joined) => joined.peer == peer,
                HubEvent::Served { label, .. } => label == server,
                _ => false,
            };
            if tells || events.missed() != missed {
                missed = events.missed();
                break;
            }
        }
    }
}
