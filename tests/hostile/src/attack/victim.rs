//! Those who must not notice: a window that calls and announces, and a visitor that calls and listens. Each tells how long
//! its calls took, and what went wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use camera_studio_contract::{CamerasClient, Notice, NoticesClient};
use conformance::transport::{Browser, WsClientLink};
use portcullis::client::{connect, connect_unix};
use portcullis::peer::{Peer, PeerConfig, Subscription, Target};

/// Between two calls of one victim.
const PAUSE: Duration = Duration::from_millis(2);

/// Calls between two notices.
const CALLS_A_NOTICE: u32 = 200;

/// What stands before the number of a notice.
const MARK: &str = "notice ";

/// What a victim has seen in one stretch of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How long each call took, in microseconds.
    pub(super) latencies_us: Vec<u32>,
    /// Notices that came, in order.
    pub(super) notices: u32,
    /// What went wrong.
    pub(super) troubles: Vec<String>,
}

impl Seen {
    /// The latency below which `share` of the calls stayed, in microseconds.
    pub(super) fn quantile(&self, share: f64) -> u32 {
        let mut sorted = self.latencies_us.clone();
        sorted.sort_unstable();
        let place = (sorted.len() as f64 * share) as usize;
        sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.latencies_us.extend(other.latencies_us);
        self.notices += other.notices;
        self.troubles.extend(other.troubles);
        self
    }
}

/// One who is watched.
pub(super) struct Victim {
    name: &'static str,
    peer: Peer,
    cameras: CamerasClient,
    notices: NoticesClient,
    heard: Subscription<Notice>,
    /// Announces; the other one only listens.
    announces: bool,
    /// The number of the last notice that was announced, and that was heard here.
    announced: Arc<AtomicU32>,
    last: u32,
}

impl Victim {
    /// A window, which announces.
    pub(super) async fn window(
        browser: &Browser,
        announced: &Arc<AtomicU32>,
    ) -> Result<Self, String> {
        let socket = browser.connect("controls").await.map_err(|error| error.to_string())?;
        let peer = connect(WsClientLink::new(socket), &PeerConfig::default());
        Self::new("window", peer, true, announced).await
    }

    /// A visitor, which listens.
    pub(super) async fn visitor(path: &Path, announced: &Arc<AtomicU32>) -> Result<Self, String> {
        let peer = connect_unix(path, &PeerConfig::default()).map_err(|error| error.to_string())?;
        Self::new("visitor", peer, false, announced).await
    }

    async fn new(
        name: &'static str,
        peer: Peer,
        announces: bool,
        announced: &Arc<AtomicU32>,
    ) -> Result<Self, String> {
        peer.ready().await.map_err(|goodbye| format!("{name}: {goodbye}"))?;
        let failed = |error: portcullis::Error| format!("{name}: {error}");
        let cameras: CamerasClient = peer.bind(Target::Any).await.map_err(failed)?;
        let notices: NoticesClient = peer.bind(Target::Any).await.map_err(failed)?;
        let heard = notices.subscribe_notice();
        let announced = Arc::clone(announced);
        Ok(Self { name, peer, cameras, notices, heard, announces, announced, last: 0 })
    }

    /// Calls until it is told to stop, and then looks for the notices that are still on their way.
    pub(super) async fn watch(&mut self, stop: &AtomicBool) -> Seen {
        let mut seen = Seen::default();
        let mut calls = 0_u32;
        while !stop.load(Ordering::Relaxed) && seen.troubles.is_empty() {
            let begun = now();
            match self.cameras.list().await {
                Ok(_) => {
                    let took = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
                    seen.latencies_us.push(took);
                }
                Err(error) => seen.troubles.push(format!("{}: a call: {error}", self.name)),
            }
            calls += 1;
            if self.announces && calls.is_multiple_of(CALLS_A_NOTICE) {
                let number = self.announced.load(Ordering::Relaxed) + 1;
                match self.notices.announce(format!("{MARK}{number}")).await {
                    Ok(_) => self.announced.store(number, Ordering::Relaxed),
                    Err(error) => seen.troubles.push(format!("{}: {error}", self.name)),
                }
            }
            self.listen(&mut seen, Duration::ZERO).await;
            tokio::time::sleep(PAUSE).await;
        }
        if self.peer.has_ended() {
            let goodbye = self.peer.closed().await;
            seen.troubles.push(format!("{} was ended: {goodbye}", self.name));
        }
        while seen.troubles.is_empty() && self.last < self.announced.load(Ordering::Relaxed) {
            self.listen(&mut seen, Duration::from_secs(10)).await;
        }
        seen
    }

    /// Takes what has come, or comes within `patience`.
    async fn listen(&mut self, seen: &mut Seen, patience: Duration) {
        loop {
            let next = tokio::time::timeout(patience, self.heard.next()).await;
            let Ok(next) = next else {
                if !patience.is_zero() {
                    seen.troubles.push(format!("{}: notice {} is lost", self.name, self.last + 1));
                }
                return;
            };
            match next {
                Ok(Some(notice)) => {
                    let Some(number) = notice.text.strip_prefix(MARK) else { continue };
                    self.last += 1;
                    seen.notices += 1;
                    if number.parse() != Ok(self.last) {
                        let last = self.last;
                        seen.troubles.push(format!("{}: {number} came for {last}", self.name));
                    }
                    if self.heard.missed() > 0 {
                        seen.troubles.push(format!("{}: it missed a notice", self.name));
                    }
                    if !patience.is_zero() {
                        return;
                    }
                }
                Ok(None) => seen.troubles.push(format!("{}: the topic ended", self.name)),
                Err(error) => seen.troubles.push(format!("{}: {error}", self.name)),
            }
            if !seen.troubles.is_empty() {
                return;
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "what is measured here is real time")]
fn now() -> Instant {
    Instant::now()
}
