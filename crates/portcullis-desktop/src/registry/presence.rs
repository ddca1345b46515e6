//! What peers that come and go, and what the application tells, make of the windows.

use portcullis::hub::{Goodbye, PeerId, PeerInfo, Reason};

use super::table::{Change, Entry, Moment, Table, cut, enter, new};
use super::told::Told;
use crate::{REASON_BYTES_MAX, TITLE_BYTES_MAX, WINDOWS_MAX, WindowPhase};

impl Table {
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
}
