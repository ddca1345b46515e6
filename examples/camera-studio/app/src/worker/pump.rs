//! The pump: a thread that reads a source at its own pace, applies the settings and publishes. It never waits for
//! receivers: when main does not take pictures in time, they are dropped here and counted. A picture is written straight
//! into memory that main maps.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use camera_studio_contract::{CameraId, Frame, LivePublisher, Progress, Quality, Settings};
use portcullis::peer::Peer;
use portcullis::{Blob, BlobPool};

use super::pace::Thinning;
use crate::clock;
use crate::picture::Picture;
use crate::picture::adjust::{Adjustment, Shrink};
use crate::source::Source;
use crate::text;

/// Bytes that may wait for main; a picture that comes when there are more is dropped.
const WAITING_BYTES_MAX: usize = 8 << 20;

/// Slots of the memory that main maps. A receiver is lent at most half of a pool, and would be sent a copy of what comes then:
/// a picture that comes when main has so many is dropped.
const SLOTS: usize = 8;
/// See [`SLOTS`].
const LENT_MAX: usize = SLOTS / 2;

/// A pump that is later than this gives up what it has missed instead of hurrying.
const LATE_MAX: Duration = Duration::from_millis(250);

/// A running pump; it stops when this is dropped.
#[derive(Debug)]
pub(super) struct Pump(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Told when the pump is to stop: it need not sleep to the end then.
    stopped: Condvar,
}

#[derive(Debug)]
struct State {
    settings: Settings,
    publishing: bool,
    /// Counts the changes, so that tables are computed once for each.
    revision: u64,
    stopped: bool,
    progress: Progress,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pump {
    pub(super) fn start(
        source: Box<dyn Source>,
        camera: CameraId,
        (settings, publishing): (Settings, bool),
        peer: Peer,
        publisher: LivePublisher,
    ) -> std::io::Result<Self> {
        let state = State {
            settings,
            publishing,
            revision: 0,
            stopped: false,
            progress: Progress::default(),
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), stopped: Condvar::new() });
        let running = Running {
            shared: Arc::clone(&shared),
            thinning: Thinning::new(source.rate().per_second()),
            source,
            peer,
            publisher,
            frame: Frame {
                camera,
                sequence: 0,
                captured: clock::now(),
                width: 1,
                height: 1,
                data: Blob::default(),
            },
            pool: None,
        };
        std::thread::Builder::new().name("camera".to_owned()).spawn(move || running.run())?;
        Ok(Self(shared))
    }

    pub(super) fn adjust(&self, settings: Settings, publishing: bool) {
        let mut state = self.0.lock();
        state.settings = settings;
        state.publishing = publishing;
        state.revision += 1;
    }

    pub(super) fn progress(&self) -> Progress {
        self.0.lock().progress.clone()
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.stopped.notify_all();
    }
}

/// What the thread owns.
struct Running {
    shared: Arc<Shared>,
    source: Box<dyn Source>,
    thinning: Thinning,
    peer: Peer,
    publisher: LivePublisher,
    frame: Frame,
    /// Memory that main maps, of the size of the last picture.
    pool: Option<BlobPool>,
}

impl Running {
    fn run(mut self) {
        let interval = Duration::from_micros(self.source.rate().interval_us());
        let mut taken = Picture::new(self.source.size());
        let mut known = None;
        let mut adjustment = Adjustment::new(0.0, 0.0, false, Shrink::Full);
        let mut due = clock::monotonic();
        // Every turn reads a picture; the last one finds that the pump is to stop, or that the source has ended.
        loop {
            if !self.sleep_until(due) {
                return;
            }
            if let Err(error) = self.source.read(clock::now_us(), &mut taken) {
                self.shared.lock().progress.ended = Some(text::cut(error.to_string()));
                return;
            }
            // A camera's driver would say when it hands the picture over: drawing or reading it is no latency.
            taken.captured_us = clock::now_us();
            let publishing = {
                let mut state = self.shared.lock();
                state.progress.taken += 1;
                if known != Some(state.revision) {
                    known = Some(state.revision);
                    adjustment = adjustment_of(&state.settings);
                    self.thinning.limit(state.settings.frames_per_second_max);
                }
                state.publishing
            };
            if self.thinning.passes() && publishing {
                self.publish(&taken, &adjustment);
            }
            due += interval;
            let now = clock::monotonic();
            if now.saturating_duration_since(due) > LATE_MAX {
                due = now;
            }
        }
    }

    /// False when the pump is to stop.
    fn sleep_until(&self, due: Instant) -> bool {
        let mut state = self.shared.lock();
        // Every turn waits until the time has come, or until it is told.
        while !state.stopped {
            let left = due.saturating_duration_since(clock::monotonic());
            if left.is_zero() {
                return true;
            }
            let waited = self.shared.stopped.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn publish(&mut self, taken: &Picture, adjustment: &Adjustment) {
        let frame = &mut self.frame;
        let size = adjustment.size_of(taken.size());
        let bytes = size.picture_bytes();
        let write = |out: &mut [u8]| adjustment.apply(taken, out);
        let in_time = self.peer.outbox_bytes() <= WAITING_BYTES_MAX;
        let blob = if in_time { blob_of(&mut self.pool, bytes, write) } else { None };
        let sent = blob.is_some_and(|blob| {
            frame.captured = clock::timestamp(taken.captured_us);
            frame.width = u32::try_from(size.width()).unwrap_or(u32::MAX);
            frame.height = u32::try_from(size.height()).unwrap_or(u32::MAX);
            frame.data = blob;
            let sent = self.publisher.frame(frame).is_ok();
            // The slot is main's alone from here on.
            frame.data = Blob::default();
            sent
        });
        // A picture that is dropped here leaves a gap, as one that is dropped later does.
        frame.sequence += 1;
        let mut state = self.shared.lock();
        if sent {
            state.progress.published += 1;
            state.progress.bytes += bytes as u64;
        } else {
            state.progress.dropped += 1;
        }
    }
}

/// A picture of so many bytes, in a slot of shared memory; where there is none, in memory of its own. `None` when main has
/// not given back what it was lent.
fn blob_of(
    pool: &mut Option<BlobPool>,
    bytes: usize,
    write: impl FnOnce(&mut [u8]),
) -> Option<Blob> {
    if pool.as_ref().is_some_and(|pool| SLOTS - pool.free() >= LENT_MAX) {
        return None;
    }
    let mut slot = pool.as_ref().and_then(|pool| pool.lease(bytes).ok());
    if slot.is_none() {
        // The first picture, or the first that is so large.
        *pool = BlobPool::new(SLOTS, bytes).ok();
        slot = pool.as_ref().and_then(|pool| pool.lease(bytes).ok());
    }
    let Some(mut slot) = slot else {
        let mut picture = vec![0; bytes];
        write(&mut picture);
        return Some(picture.into());
    };
    write(&mut slot);
    Some(slot.freeze())
}

fn adjustment_of(settings: &Settings) -> Adjustment {
    let shrink = match settings.quality {
        Quality::Full => Shrink::Full,
        Quality::Half => Shrink::Half,
        Quality::Quarter => Shrink::Quarter,
    };
    Adjustment::new(settings.exposure as f32, settings.gain as f32, settings.mirror, shrink)
}
