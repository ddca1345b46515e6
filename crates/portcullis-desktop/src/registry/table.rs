//! All windows, and those that are asked for. Without clock, lock or hub: what is to be told is gathered. What peers that come
//! and go make of windows is `presence`.

use portcullis::Timestamp;
use portcullis::hub::PeerId;
use tokio::time::Instant;

use super::kinds::Kind;
use crate::{LABEL_BYTES_MAX, WINDOWS_MAX, WindowError, WindowInfo, WindowList, WindowPhase};

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
    pub(super) windows: Vec<Entry>,
    pub(super) news: Vec<(Change, WindowInfo)>,
    pub(super) changed: bool,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) info: WindowInfo,
    pub(super) peer: Option<PeerId>,
    /// When it counts as closed, unless its peer comes.
    pub(super) due: Option<Instant>,
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

    pub(super) fn find(&mut self, label: &str) -> Option<&mut Entry> {
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

    /// The peers of all windows.
    pub(super) fn peers(&self) -> Vec<PeerId> {
        self.windows.iter().filter_map(|entry| entry.peer).collect()
    }

    pub(super) fn close(&mut self, label: &str, moment: Moment) {
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

pub(super) fn new(label: &str, kind: &str, phase: WindowPhase, moment: Moment) -> WindowInfo {
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

pub(super) fn enter(info: &mut WindowInfo, phase: WindowPhase, moment: Moment) {
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
