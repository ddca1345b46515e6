//! The registry's state under its locks, and publishing what has changed of it in order.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use portcullis::hub::Hub;
use portcullis::{Error, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::application::Life;
use super::host::Asker;
use super::kinds::Kind;
use super::table::{Change, Moment, Table};
use crate::{ApplicationPublisher, WindowList, WindowsPublisher};

/// What the services, the watching task and the application's handle share.
pub(super) struct Shared {
    pub(super) hub: Hub,
    table: Mutex<Table>,
    life: Mutex<Life>,
    /// Told whenever a hold ends.
    pub(super) released: Notify,
    /// Who has asked to end the application.
    pub(super) asked: watch::Sender<Option<Asker>>,
    /// Told whenever what runs out first may have changed.
    pub(super) due_changed: Notify,
    publishers: OnceLock<(WindowsPublisher, ApplicationPublisher)>,
}

impl Shared {
    pub(super) fn new(hub: Hub, kinds: Vec<Kind>) -> Self {
        Self {
            hub,
            table: Mutex::new(Table::new(kinds)),
            life: Mutex::default(),
            released: Notify::new(),
            asked: watch::channel(None).0,
            due_changed: Notify::new(),
            publishers: OnceLock::new(),
        }
    }

    /// Publishes both states, and from now on what changes of them.
    pub(super) fn publish_with(
        &self,
        windows: WindowsPublisher,
        life: ApplicationPublisher,
    ) -> Result<(), Error> {
        let (table, phase) = (self.table(), self.life());
        windows.windows(&table.list())?;
        life.phase(&phase.phase)?;
        // Both locks are held: nothing has changed in between.
        let _ = self.publishers.set((windows, life));
        Ok(())
    }

    pub(super) fn list(&self) -> WindowList {
        self.table().list()
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        // Whatever panics does so before it has changed anything.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn life_publisher(&self) -> Option<&ApplicationPublisher> {
        self.publishers.get().map(|(_, life)| life)
    }

    /// Changes something about the windows, and publishes what came of it.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Table, Moment) -> R) -> R {
        // Held while it is published, so that what follows each other is told in that order.
        let mut table = self.table();
        let result = change(&mut table, moment());
        let (news, changed) = table.take_news();
        if let Some((windows, _)) = self.publishers.get() {
            // Publishing fails only when the hub is gone, and then nobody is there to see it. The state comes first: who
            // hears of an event finds it there.
            if changed {
                let _ = windows.windows(&table.list());
            }
            for (change, window) in &news {
                let _ = match change {
                    Change::Opened => windows.opened(window),
                    Change::Closed => windows.closed(window),
                    Change::Focused => windows.focused(window),
                    Change::Hidden => windows.hidden(window),
                    Change::Shown => windows.shown(window),
                    Change::Unresponsive => windows.unresponsive(window),
                    Change::Responsive => windows.responsive(window),
                    Change::Crashed => windows.crashed(window),
                    Change::Reloaded => windows.reloaded(window),
                };
            }
        }
        drop(table);
        if changed {
            self.due_changed.notify_one();
        }
        result
    }

    pub(super) async fn quit_asked(&self) -> Asker {
        let mut asked = self.asked.subscribe();
        let asker = match asked.wait_for(Option::is_some).await {
            Ok(asker) => (*asker).clone(),
            Err(_) => None,
        };
        match asker {
            Some(asker) => asker,
            // The sender is here, so it cannot be gone.
            None => std::future::pending().await,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the registry is a driver: people see when things happened"
)]
fn moment() -> Moment {
    let at = Timestamp::from_system(std::time::SystemTime::now());
    Moment { at, now: Instant::now() }
}

/// The caller of a handler in main.
pub(super) fn asker(cx: &portcullis::Call) -> Asker {
    let caller = cx.caller();
    Asker {
        label: caller.map(|caller| caller.label.clone()).unwrap_or_default(),
        role: caller.map(|caller| caller.role.clone()).unwrap_or_default(),
    }
}
