//! The windows: pages in a browser, let in by the gate and labelled by main. What the pages are is `pages`.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::hub::{Admission, Hub, Kind};
use portcullis::link::WebSocketLink;
use portcullis::web::{Admitted, Gate, GateConfig, Launcher};

use super::error::StudioError;
use super::{pages, roles};

/// How long a launcher file can be used: people may take their time to open it.
const LAUNCHER_LIFE: Duration = Duration::from_secs(60 * 60);

/// The page that a launcher opens; the others are linked from it.
const FIRST_PAGE: &str = "/viewer.html";

/// The gate, and the launcher that waits to be used.
pub(super) struct Windows {
    gate: Arc<Gate>,
    launcher: Launcher,
}

impl Windows {
    /// Takes the port.
    pub(super) fn bind(port: u16) -> Result<Self, StudioError> {
        let config = GateConfig::new()
            .address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .files(pages::files())
            .windows(roles::WINDOWS)
            .code_life(LAUNCHER_LIFE);
        let gate = Arc::new(Gate::bind(config)?);
        let launcher = gate.launcher(FIRST_PAGE)?;
        Ok(Self { gate, launcher })
    }

    /// Lets windows in from now on.
    pub(super) fn open(&self, hub: &Hub) {
        let (gate, hub) = (Arc::clone(&self.gate), hub.clone());
        let labels = Labels::default();
        tokio::spawn(async move {
            while let Some(admitted) = gate.accept().await {
                admit(&hub, &labels, admitted);
            }
        });
    }

    /// The file that lets a browser in.
    pub(super) fn launcher(&self) -> String {
        self.launcher.path().display().to_string()
    }

    /// The windows' names and addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, String)> {
        roles::WINDOWS.into_iter().map(|kind| (kind, self.gate.url(&format!("/{kind}.html"))))
    }

    /// Writes another launcher when the last one was used; true when it did.
    pub(super) fn renew_launcher(&mut self) -> bool {
        if self.launcher.path().exists() {
            return false;
        }
        match self.gate.launcher(FIRST_PAGE) {
            Ok(launcher) => {
                self.launcher = launcher;
                true
            }
            // It is tried again a second later.
            Err(_) => false,
        }
    }
}

fn admit(hub: &Hub, labels: &Labels, admitted: Admitted) {
    let label = labels.take(&admitted.window);
    let admission = Admission::new(label.text(), admitted.window.clone(), Kind::Page)
        .user(admitted.session.to_string());
    // The hub refuses nobody but when it is quitting or full; the page sees its connection close.
    if let Ok(connection) = hub.attach(WebSocketLink::new(admitted.socket), &admission) {
        tokio::spawn(async move {
            connection.closed().await;
            drop(label);
        });
    }
}

/// Which numbers are taken, for each kind of window.
#[derive(Debug, Clone, Default)]
struct Labels(Arc<Mutex<BTreeSet<(String, u32)>>>);

/// A window's label, until this is dropped.
#[derive(Debug)]
struct Label {
    labels: Labels,
    key: (String, u32),
}

impl Labels {
    /// The lowest number that is free.
    fn take(&self, kind: &str) -> Label {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (kind.to_owned(), 1);
        // As many turns as windows of this kind are open, which the gate bounds.
        while taken.contains(&key) {
            key.1 += 1;
        }
        taken.insert(key.clone());
        Label { labels: self.clone(), key }
    }
}

impl Label {
    fn text(&self) -> String {
        format!("{}-{}", self.key.0, self.key.1)
    }
}

impl Drop for Label {
    fn drop(&mut self) {
        self.labels.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_take_the_lowest_number_that_is_free() {
        let labels = Labels::default();
        let [one, two, other] = ["viewer", "viewer", "log"].map(|kind| labels.take(kind));
        assert_eq!([one.text(), two.text(), other.text()], ["viewer-1", "viewer-2", "log-1"]);
        drop(one);
        assert_eq!(labels.take("viewer").text(), "viewer-1");
    }
}
