//! All windows, and what each thing that happens makes of them. Without clock, lock or hub: what is to be told is gathered.

use portcullis::Timestamp;
use portcullis::hub::{Goodbye, PeerId, PeerInfo, Reason};
use tokio::time::Instant;

use super::kinds::Kind;
use super::told::Told;
use crate::{
    LABEL_BYTES_MAX, REASON_BYTES_MAX, TITLE_BYTES_MAX, WINDOWS_MAX, WindowError, WindowInfo,
    WindowList, WindowPhase,
};

/// When something happens: for people, and for what runs out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) now: Instant,
}

/// What has happened to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
    Focused,
    Hidden,
    Shown,
    Unresponsive,
    Responsive,
    Crashed,
    Reloaded,
}

/// The windows.
#[derive(Debug)]
pub(super) struct Table {
    kinds: Vec<Kind>,
    /// Windows of each kind that are being opened and have no label yet.
    reserved: Vec<u32>,
    /// In the order in which they were opened; at most [`WINDOWS_MAX`].
    windows: Vec<Entry>,
    news: Vec<(Change, WindowInfo)>,
    changed: bool,
}

#[derive(Debug)]
struct Entry {
    info: WindowInfo,
    peer: Option<PeerId>,
    /// When it counts as closed, unless its peer comes.
    due: Option<Instant>,
}

impl Table {
    pub(super) fn new(kinds: Vec<Kind>) -> Self {
        let reserved = vec![0; kinds.len()];
        Self { kinds, reserved, windows: Vec::new(), news: Vec::new(), changed: false }
    }

    /// What is to be told since the last time: the events, and whether the state differs.
    pub(super) fn take_news(&mut self) -> (Vec<(Change, WindowInfo)>, bool) {
        (std::mem::take(&mut self.news), std::mem::take(&mut self.changed))
    }

    pub(super) fn list(&self) -> WindowList {
        WindowList {
            kinds: self.kinds.iter().map(|kind| kind.info.clone()).collect(),
            windows: self.windows.iter().map(|entry| entry.info.clone()).collect(),
        }
    }

    /// The declared kind of that name.
    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.info.name == name)
    }

    /// The window with that label, and its kind.
    pub(super) fn window(&self, label: &str) -> Option<(&WindowInfo, &Kind)> {
        let info = &self.windows.iter().find(|entry| entry.info.label == label)?.info;
        Some((info, self.kind(&info.kind)?))
    }

    /// When to call [`Self::expire`].
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.windows.iter().filter_map(|entry| entry.due).min()
    }

    /// Keeps room for a window that is about to be opened; given back by [`Self::unreserve`] or [`Self::opening`].
    pub(super) fn reserve(&mut self, name: &str) -> Result<(), WindowError> {
        let Some(index) = self.index(name) else {
            return Err(WindowError::UnknownKind { kind: name.to_owned() });
        };
        let max = self.kinds[index].info.windows_max;
        let there = self.windows.iter().filter(|entry| entry.info.kind == name).count();
        if there + self.reserved[index] as usize >= max as usize {
            return Err(WindowError::TooMany { windows_max: max });
        }
        let all = self.windows.len() + self.reserved.iter().sum::<u32>() as usize;
        if all >= WINDOWS_MAX as usize {
            return Err(WindowError::TooMany { windows_max: WINDOWS_MAX });
        }
        self.reserved[index] += 1;
        Ok(())
    }

    /// Gives back what [`Self::reserve`] has kept.
    pub(super) fn unreserve(&mut self, name: &str) {
        if let Some(index) = self.index(name) {
            self.reserved[index] = self.reserved[index].saturating_sub(1);
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.info.name == name)
    }

    fn find(&mut self, label: &str) -> Option<&mut Entry> {
        self.windows.iter_mut().find(|entry| entry.info.label == label)
    }

    /// A host has begun to open a window, whose peer may be there already.
    pub(super) fn opening(
        &mut self,
        label: &str,
        kind: &str,
        moment: Moment,
    ) -> Result<WindowInfo, WindowError> {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX as usize {
            return Err(failed("the host has given it no label that can be used"));
        }
        let Some(opening) = self.kind(kind).map(|kind| kind.opening) else {
            return Err(WindowError::UnknownKind { kind: kind.to_owned() });
        };
        if let Some(entry) = self.find(label) {
            // Its peer was quicker than the host's answer.
            return if entry.info.kind == kind {
                Ok(entry.info.clone())
            } else {
                Err(failed("the host has given it the label of another window"))
            };
        }
        if self.windows.len() >= WINDOWS_MAX as usize {
            return Err(WindowError::TooMany { windows_max: WINDOWS_MAX });
        }
        let info = new(label, kind, WindowPhase::Opening, moment);
        let due = moment.now.checked_add(opening);
        self.windows.push(Entry { info: info.clone(), peer: None, due });
        self.changed = true;
        Ok(info)
    }

    /// A host was asked to close a window, and will.
    pub(super) fn closing(&mut self, label: &str, moment: Moment) {
        let Some(entry) = self.find(label) else { return };
        enter(&mut entry.info, WindowPhase::Closing, moment);
        let gone = entry.peer.is_none();
        self.changed = true;
        if gone {
            self.close(label, moment);
        }
    }

    /// A window's peer is there; false when there is no room to show it. A peer of a kind that is not declared is no window.
    pub(super) fn joined(&mut self, kind: &str, peer: &PeerInfo, moment: Moment) -> bool {
        if self.kind(kind).is_none() || peer.label.is_empty() {
            return true;
        }
        if self.find(&peer.label).is_some_and(|entry| entry.info.kind != kind) {
            self.close(&peer.label, moment);
        }
        let full = self.windows.len() >= WINDOWS_MAX as usize;
        let (change, entry) = match self.windows.iter().position(|e| e.info.label == peer.label) {
            Some(index) => {
                let entry = &mut self.windows[index];
                let first = entry.info.phase == WindowPhase::Opening;
                entry.info.reloads = entry.info.reloads.saturating_add(u32::from(!first));
                (if first { Change::Opened } else { Change::Reloaded }, entry)
            }
            None if full => return false,
            None => {
                let info = new(&peer.label, kind, WindowPhase::Opening, moment);
                self.windows.push(Entry { info, peer: None, due: None });
                let Some(entry) = self.windows.last_mut() else { return false };
                (Change::Opened, entry)
            }
        };
        entry.peer = Some(peer.peer);
        entry.due = None;
        let info = &mut entry.info;
        info.role = Some(peer.role.clone());
        info.connected = true;
        (info.focused, info.hidden, info.unresponsive) = (false, false, false);
        info.problem = None;
        enter(info, WindowPhase::Open, moment);
        self.news.push((change, info.clone()));
        self.changed = true;
        true
    }

    /// A window's peer is gone. Whether the window is, only time may tell.
    pub(super) fn left(&mut self, peer: PeerId, goodbye: &Goodbye, moment: Moment) {
        let Some(entry) = self.windows.iter_mut().find(|entry| entry.peer == Some(peer)) else {
            return;
        };
        entry.peer = None;
        let info = &mut entry.info;
        info.connected = false;
        (info.focused, info.unresponsive) = (false, false);
        self.changed = true;
        let (label, kind, phase) = (info.label.clone(), info.kind.clone(), info.phase);
        let meant = matches!(goodbye.reason, Reason::GoingAway | Reason::Revoked);
        if meant || phase == WindowPhase::Closing {
            return self.close(&label, moment);
        }
        if goodbye.reason != Reason::Closed {
            self.crash(&label, &goodbye.to_string(), moment);
        }
        let returns = self.kind(&kind).map_or_else(Default::default, |kind| kind.returns);
        if returns.is_zero() {
            self.close(&label, moment);
        } else if let Some(entry) = self.find(&label) {
            entry.due = moment.now.checked_add(returns);
        }
    }

    /// The hub waits for an answer of a window's peer, or has got one after all.
    pub(super) fn responds(&mut self, peer: PeerId, does: bool) {
        let Some(entry) = self.windows.iter_mut().find(|entry| entry.peer == Some(peer)) else {
            return;
        };
        if entry.info.unresponsive == does {
            entry.info.unresponsive = !does;
            let change = if does { Change::Responsive } else { Change::Unresponsive };
            self.news.push((change, entry.info.clone()));
            self.changed = true;
        }
    }

    /// What only the application knows of a window; false when there is no such window.
    pub(super) fn told(&mut self, label: &str, told: Told, moment: Moment) -> bool {
        let Some(index) = self.windows.iter().position(|entry| entry.info.label == label) else {
            return false;
        };
        let info = &mut self.windows[index].info;
        let before = info.clone();
        let change = match told {
            Told::Closed => {
                self.close(label, moment);
                return true;
            }
            Told::Crashed(reason) => {
                self.crash(label, &reason, moment);
                return true;
            }
            Told::Title(title) => {
                info.title = Some(cut(&title, TITLE_BYTES_MAX));
                None
            }
            Told::Focused => {
                info.focused = true;
                Some(Change::Focused)
            }
            Told::Blurred => {
                info.focused = false;
                None
            }
            Told::Hidden => {
                (info.hidden, info.focused) = (true, false);
                Some(Change::Hidden)
            }
            Told::Shown => {
                info.hidden = false;
                Some(Change::Shown)
            }
        };
        if *info == before {
            return true;
        }
        let after = info.clone();
        if change == Some(Change::Focused) {
            // The keyboard is in one place.
            let others = self.windows.iter_mut().filter(|entry| entry.info.label != label);
            others.for_each(|entry| entry.info.focused = false);
        }
        self.news.extend(change.map(|change| (change, after)));
        self.changed = true;
        true
    }

    /// Windows whose peers have not come in time are gone.
    pub(super) fn expire(&mut self, moment: Moment) {
        let due = |entry: &Entry| entry.due.is_some_and(|due| due <= moment.now);
        // Each turn takes one away.
        while let Some(entry) = self.windows.iter_mut().find(|entry| due(entry)) {
            if entry.info.phase == WindowPhase::Opening {
                entry.info.problem = Some("it did not connect in time".to_owned());
            }
            let label = entry.info.label.clone();
            self.close(&label, moment);
        }
    }

    /// The peers of all windows.
    pub(super) fn peers(&self) -> Vec<PeerId> {
        self.windows.iter().filter_map(|entry| entry.peer).collect()
    }

    fn crash(&mut self, label: &str, reason: &str, moment: Moment) {
        let Some(entry) = self.find(label) else { return };
        if entry.info.phase == WindowPhase::Crashed {
            return;
        }
        enter(&mut entry.info, WindowPhase::Crashed, moment);
        entry.info.problem = Some(cut(reason, REASON_BYTES_MAX));
        let info = entry.info.clone();
        self.news.push((Change::Crashed, info));
        self.changed = true;
    }

    fn close(&mut self, label: &str, moment: Moment) {
        let Some(index) = self.windows.iter().position(|entry| entry.info.label == label) else {
            return;
        };
        let mut info = self.windows.remove(index).info;
        (info.connected, info.focused, info.unresponsive) = (false, false, false);
        enter(&mut info, WindowPhase::Closed, moment);
        self.news.push((Change::Closed, info));
        self.changed = true;
    }
}

fn new(label: &str, kind: &str, phase: WindowPhase, moment: Moment) -> WindowInfo {
    WindowInfo {
        label: label.to_owned(),
        kind: kind.to_owned(),
        role: None,
        title: None,
        phase,
        since: moment.at,
        connected: false,
        focused: false,
        hidden: false,
        unresponsive: false,
        reloads: 0,
        problem: None,
    }
}

fn enter(info: &mut WindowInfo, phase: WindowPhase, moment: Moment) {
    if info.phase != phase {
        (info.phase, info.since) = (phase, moment.at);
    }
}

fn failed(reason: &str) -> WindowError {
    WindowError::Failed { reason: reason.to_owned() }
}

/// As much of a text as fits.
pub(super) fn cut(text: &str, bytes_max: u32) -> String {
    let mut end = text.len().min(bytes_max as usize);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
