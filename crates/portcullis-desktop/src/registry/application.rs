//! Serves `portcullis.application`: the phases, who holds the quit, and quitting within a bound.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis::Call;
use portcullis::peer::DeliveryReport;
use tokio::time::{Instant, timeout_at};

use super::host::{Asker, Host};
use super::shared::{Shared, asker};
use super::table::cut;
use crate::{Application, ApplicationPhase, QuitError, REASON_BYTES_MAX};

/// How long it is waited, of the grace, until every peer that listens has heard that the application quits: one that does
/// not answer must not cost the others all of it.
const HEARD: Duration = Duration::from_millis(500);

/// Where the application is, and who holds the quit: at most one hold for each peer that is connected.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) phase: ApplicationPhase,
    holds: BTreeMap<u32, Held>,
}

impl Default for Life {
    fn default() -> Self {
        Self { phase: ApplicationPhase::Starting, holds: BTreeMap::new() }
    }
}

impl Life {
    fn is_quitting(&self) -> bool {
        matches!(self.phase, ApplicationPhase::Quitting { .. })
    }
}

/// A peer that asked quitting to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its label.
    pub label: String,
    /// Why, as it has said.
    pub reason: String,
}

/// How quitting went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuitReport {
    /// Who has heard of it in time, and who has not, of the peers that listen to the phase; nothing when that could not be told.
    pub heard: Option<DeliveryReport>,
    /// Those who held the quit until the grace was over.
    pub held: Vec<Held>,
}

impl Shared {
    pub(super) fn phase(&self) -> ApplicationPhase {
        self.life().phase
    }

    /// Goes on to another phase; from `quitting` there is none.
    pub(super) fn enter(&self, phase: ApplicationPhase) {
        // Held while it is published, so that phases leave in order.
        let mut life = self.life();
        if life.phase == phase || life.is_quitting() {
            return;
        }
        life.phase = phase;
        if let Some(publisher) = self.life_publisher() {
            // It fails only when the hub is gone.
            let _ = publisher.phase(&phase);
        }
    }

    pub(super) async fn quit(&self, grace: Duration) -> QuitReport {
        let until = Instant::now() + grace;
        let reporting = {
            let mut life = self.life();
            if life.is_quitting() {
                None
            } else {
                let grace_ms = u32::try_from(grace.as_millis()).unwrap_or(u32::MAX);
                life.phase = ApplicationPhase::Quitting { grace_ms };
                let publisher = self.life_publisher();
                publisher.map(|each| each.phase_reported(&life.phase, grace.min(HEARD)))
            }
        };
        let heard = match reporting {
            Some(reporting) => reporting.await.ok(),
            None => None,
        };
        let released = async {
            // Every turn waits for a hold to end.
            loop {
                let released = self.released.notified();
                if self.life().holds.is_empty() {
                    return;
                }
                released.await;
            }
        };
        // What is held longer is told in the report.
        let _ = timeout_at(until, released).await;
        let held = self.life().holds.values().cloned().collect();
        self.hub.shutdown(until.saturating_duration_since(Instant::now())).await;
        QuitReport { heard, held }
    }

    /// A peer is gone, and so is its hold.
    pub(super) fn forget_hold(&self, peer: u32) {
        let held = self.life().holds.remove(&peer);
        if held.is_some() {
            self.released.notify_waiters();
        }
    }

    /// Keeps the holds of these peers only.
    pub(super) fn keep_holds(&self, keep: impl Fn(u32) -> bool) {
        self.life().holds.retain(|peer, _| keep(*peer));
        self.released.notify_waiters();
    }
}

pub(super) struct Service<H> {
    pub(super) shared: Arc<Shared>,
    pub(super) host: Arc<H>,
}

impl<H: Host> Application for Service<H> {
    async fn quit(&self, cx: &Call) -> Result<(), QuitError> {
        if self.shared.life().is_quitting() {
            return Err(QuitError::Quitting);
        }
        let asker: Asker = asker(cx);
        self.host.may_quit(&asker).map_err(bounded)?;
        self.shared.asked.send_replace(Some(asker));
        Ok(())
    }

    async fn hold(&self, cx: &Call, reason: String) -> Result<(), QuitError> {
        // Main's own handlers always know their caller.
        let Some(caller) = cx.caller() else { return Ok(()) };
        {
            let mut life = self.shared.life();
            if life.is_quitting() {
                return Err(QuitError::Quitting);
            }
            life.holds.insert(caller.peer, Held { label: caller.label.clone(), reason });
        }
        // One that has left in this moment may be told to the registry before it held anything.
        if !self.shared.hub.peers().iter().any(|peer| peer.peer.number() == caller.peer) {
            self.shared.forget_hold(caller.peer);
        }
        Ok(())
    }

    async fn release(&self, cx: &Call) {
        if let Some(caller) = cx.caller() {
            self.shared.forget_hold(caller.peer);
        }
    }
}

/// A host's error, within the contract's bounds.
fn bounded(error: QuitError) -> QuitError {
    match error {
        QuitError::Refused { reason } => {
            QuitError::Refused { reason: cut(&reason, REASON_BYTES_MAX) }
        }
        QuitError::Quitting => QuitError::Quitting,
    }
}
