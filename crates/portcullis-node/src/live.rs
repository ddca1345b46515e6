//! A hub that lives: its runtime, its services, the peers whose bytes JavaScript carries, and what waits to be drained.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use portcullis::Hub;
use portcullis::hub::{
    Admission, AdmitError, Embedded, EmbeddedWake, Goodbye, Grant, GrantError, Hosted, PeerId,
    Reason, Transmitted,
};
use tokio::runtime::{Builder, Runtime};

use crate::application::application;
use crate::code::{Code, Error, Result, error};
use crate::config::Config;
use crate::record::{Kind, Records};
use crate::report::Reports;
use crate::wakeups::Wakeups;

/// Threads for handlers that are not inline, and for the hub's own tasks.
const WORKERS: usize = 2;
/// A buffer that has grown beyond this is not kept, in bytes.
const SCRATCH_BYTES_MAX: usize = 1024 * 1024;

/// A hub and all that belongs to it. Used by JavaScript's thread only.
pub(crate) struct Live {
    hub: Hub,
    /// What its policy file says in vain.
    warnings: Vec<String>,
    runtime: Option<Runtime>,
    hosted: Vec<Hosted>,
    wakeups: Arc<Wakeups>,
    wake: EmbeddedWake,
    reports: Arc<Reports>,
    peers: HashMap<u32, Embedded>,
    /// Peers that have output.
    ready: VecDeque<u32>,
    /// Peers that have ended, whose messages were all written.
    ended: VecDeque<u32>,
    /// A message that had no room in the buffer, and whose it is.
    held: Option<(u32, Vec<u8>)>,
    scratch: Vec<u8>,
}

impl Live {
    pub(crate) fn new(config: Config, wakeups: Arc<Wakeups>) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("portcullis")
            .enable_all()
            .build()
            .map_err(|problem| error(Code::Node, format!("no threads for the hub: {problem}")))?;
        let events = config.events;
        let (hub, warnings) = config.build(runtime.handle().clone())?;
        let woken = Arc::clone(&wakeups);
        let mut live = Self {
            hub,
            warnings,
            runtime: Some(runtime),
            hosted: Vec::new(),
            wake: Arc::new(move |peer: PeerId| woken.peer(peer.number())),
            wakeups,
            reports: Arc::default(),
            peers: HashMap::new(),
            ready: VecDeque::new(),
            ended: VecDeque::new(),
            held: None,
            scratch: Vec::new(),
        };
        if let Some(runtime) = &live.runtime {
            if events {
                let reports = Arc::clone(&live.reports);
                let wakeups = Arc::clone(&live.wakeups);
                runtime.spawn(reports.gather(live.hub.events(), wakeups));
            }
            if let Some(application) = application() {
                let _entered = runtime.enter();
                live.hosted = (application.services)(&live.hub)
                    .map_err(|text| error(Code::Services, format!("the services: {text}")))?;
            }
        }
        Ok(live)
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What the policy file says in vain, a line for each; told once.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Gives something to a peer or takes it, whoever carries its bytes.
    pub(crate) fn change_peer(&self, peer: u32, grant: &Grant, gives: bool) -> Result<()> {
        let found = self.hub.peers().into_iter().find(|info| info.peer.number() == peer);
        let peer = found.ok_or(GrantError::UnknownPeer).map(|info| info.peer);
        let change =
            |peer| if gives { self.hub.grant(peer, grant) } else { self.hub.revoke(peer, grant) };
        peer.and_then(change).map_err(|problem| error(Code::Grant, problem))
    }

    /// Gives something to a role or takes it.
    pub(crate) fn change_role(&self, role: &str, grant: &Grant, gives: bool) -> Result<()> {
        let changed = if gives {
            self.hub.grant_role(role, grant)
        } else {
            self.hub.revoke_role(role, grant)
        };
        changed.map_err(|problem| error(Code::Grant, problem))
    }

    /// Some events, as JSON. If there are more, a record of the next drain says so.
    pub(crate) fn take_events(&self) -> String {
        let (events, more) = self.reports.take();
        if more {
            self.wakeups.events();
        }
        events
    }

    pub(crate) fn attach(&mut self, admission: &Admission) -> Result<u32> {
        let embedded = self
            .hub
            .attach_embedded(admission, Arc::clone(&self.wake))
            .map_err(|refused| not_admitted(&refused))?;
        // Into the records that JavaScript drains, and out of them into a message of its own.
        embedded.count_copies(2);
        let peer = embedded.peer().number();
        self.peers.insert(peer, embedded);
        Ok(peer)
    }

    /// Takes in a message. One of a peer that has left meanwhile is dropped. JavaScript drains before it returns to its
    /// event loop.
    pub(crate) fn deliver(&mut self, peer: u32, message: &[u8]) {
        self.wakeups.enter();
        if let Some(embedded) = self.peers.get(&peer) {
            embedded.deliver(message);
        }
    }

    pub(crate) fn lost(&mut self, peer: u32, why: &str) {
        if let Some(embedded) = self.peers.get(&peer) {
            embedded.lost(why);
        }
    }

    pub(crate) fn close(&mut self, peer: u32, goodbye: Goodbye) {
        if let Some(embedded) = self.peers.get(&peer) {
            embedded.close(goodbye);
        }
    }

    /// Ends every peer that JavaScript carries; their goodbyes wait to be drained.
    pub(crate) fn close_all(&mut self) {
        for embedded in self.peers.values() {
            embedded.close(Goodbye::new(Reason::GoingAway));
        }
    }

    /// Lets calls end within the grace period, then tells every peer that the application quits. A record says when that
    /// is done.
    pub(crate) fn shutdown(&self, grace: Duration) {
        // From here on: whoever calls in JavaScript next is refused.
        self.hub.begin_shutdown();
        let hub = self.hub.clone();
        let wakeups = Arc::clone(&self.wakeups);
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                hub.shutdown(grace).await;
                wakeups.shut_down();
            });
        }
    }

    /// Writes what there is into `buffer`; how many bytes.
    pub(crate) fn drain(&mut self, buffer: &mut [u8]) -> usize {
        self.wakeups.enter();
        let mut records = Records::new(buffer);
        let done = self.write(&mut records) && self.wakeups.leave();
        if !done {
            let needed = self.held.as_ref().map_or(0, |(_, message)| message.len());
            let needed = u32::try_from(needed).unwrap_or(u32::MAX);
            records.push(Kind::More, needed, [&[], &[]]);
        }
        if self.scratch.capacity() > SCRATCH_BYTES_MAX {
            self.scratch = Vec::new();
        }
        records.length()
    }

    /// False when the buffer is full.
    fn write(&mut self, records: &mut Records<'_>) -> bool {
        if let Some((peer, message)) = self.held.take()
            && !records.push(Kind::Message, peer, [&message, &[]])
        {
            self.held = Some((peer, message));
            return false;
        }
        self.take_ready();
        // Every turn is over with a peer, or finds the buffer full; peers that come meanwhile wait for the next drain.
        while let Some(peer) = self.ready.pop_front() {
            if !self.write_peer(peer, records) {
                self.ready.push_front(peer);
                return false;
            }
        }
        // Behind what they have asked of others.
        while let Some(peer) = self.ended.pop_front() {
            if !self.write_end(peer, records) {
                self.ended.push_front(peer);
                return false;
            }
        }
        if self.wakeups.take_events() && !records.push(Kind::Events, 0, [&[], &[]]) {
            self.wakeups.events();
            return false;
        }
        if self.wakeups.take_shut_down() && !records.push(Kind::Shutdown, 0, [&[], &[]]) {
            self.wakeups.shut_down();
            return false;
        }
        true
    }

    fn take_ready(&mut self) {
        let mut ready = Vec::from(std::mem::take(&mut self.ready));
        self.wakeups.take_ready(&mut ready);
        self.ready = ready.into();
    }

    /// Writes all messages that one peer has; false when the buffer is full.
    fn write_peer(&mut self, peer: u32, records: &mut Records<'_>) -> bool {
        let Some(embedded) = self.peers.get(&peer) else { return true };
        // Every turn moves a message; a window's worth at most is there.
        loop {
            self.scratch.clear();
            let Transmitted { moved, more, ended } = embedded.transmit(&mut self.scratch);
            if moved && !records.push(Kind::Message, peer, [&self.scratch, &[]]) {
                self.held = Some((peer, std::mem::take(&mut self.scratch)));
                return false;
            }
            if more {
                continue;
            }
            if ended {
                self.ended.push_back(peer);
            }
            return true;
        }
    }

    /// Writes how a peer has ended; false when the buffer is full.
    fn write_end(&mut self, peer: u32, records: &mut Records<'_>) -> bool {
        let Some(embedded) = self.peers.get(&peer) else { return true };
        let goodbye = embedded.ended().unwrap_or_else(|| Goodbye::new(Reason::Closed));
        let own = embedded.has_left();
        if !records.ended(peer, goodbye.reason.code(), own, &goodbye.message) {
            return false;
        }
        self.peers.remove(&peer);
        true
    }
}

impl Drop for Live {
    /// Ends everything, and waits for nobody: threads that are in the middle of a handler end by themselves.
    fn drop(&mut self) {
        self.wakeups.silence();
        self.peers.clear();
        self.hosted.clear();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn not_admitted(refused: &AdmitError) -> Error {
    let code = match refused {
        AdmitError::UnknownRole(_) => Code::UnknownRole,
        AdmitError::LabelTooLong => Code::Label,
        AdmitError::Full => Code::Full,
        AdmitError::UserTooLong => Code::User,
        AdmitError::UserBudget(_) => Code::UserBudget,
        _ => Code::Quitting,
    };
    error(code, refused)
}
