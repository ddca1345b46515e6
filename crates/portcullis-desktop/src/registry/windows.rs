//! Serves `portcullis.windows`: judges what can be judged here, and asks the host for the rest.

use std::sync::Arc;

use portcullis::Call;

use super::host::{Host, OpenRequest, not_possible};
use super::shared::{Shared, asker};
use super::table::cut;
use crate::{
    LABEL_BYTES_MAX, OpenOptions, REASON_BYTES_MAX, WindowAction, WindowError, WindowInfo,
    WindowList, Windows,
};

pub(super) struct Service<H> {
    pub(super) shared: Arc<Shared>,
    pub(super) host: Arc<H>,
}

impl<H: Host> Service<H> {
    /// A window, if its kind lets this be done with it.
    fn window(&self, label: &str, action: WindowAction) -> Result<WindowInfo, WindowError> {
        let table = self.shared.table();
        let Some((info, kind)) = table.window(label) else {
            return Err(WindowError::NoSuchWindow { label: label.to_owned() });
        };
        let possible = match action {
            WindowAction::Open => kind.info.opens,
            WindowAction::Close => kind.info.closes,
            WindowAction::Focus => kind.info.focuses,
        };
        if possible { Ok(info.clone()) } else { Err(not_possible(action)) }
    }
}

impl<H: Host> Windows for Service<H> {
    async fn open(
        &self,
        cx: &Call,
        kind: String,
        options: OpenOptions,
    ) -> Result<WindowInfo, WindowError> {
        match self.shared.table().kind(&kind) {
            None => return Err(WindowError::UnknownKind { kind }),
            Some(declared) if !declared.info.opens => {
                return Err(not_possible(WindowAction::Open));
            }
            Some(_) => {}
        }
        let reservation = Reservation::take(&self.shared, &kind)?;
        let request = OpenRequest {
            kind: kind.clone(),
            argument: options.argument,
            background: options.background.unwrap_or(false),
            asker: asker(cx),
        };
        let label = self.host.open(request).await.map_err(bounded)?;
        self.shared.change(|table, moment| {
            reservation.give_back(table);
            table.opening(&label, &kind, moment)
        })
    }

    async fn close(&self, cx: &Call, label: String) -> Result<(), WindowError> {
        let window = self.window(&label, WindowAction::Close)?;
        self.host.close(window, asker(cx)).await.map_err(bounded)?;
        self.shared.change(|table, moment| table.closing(&label, moment));
        Ok(())
    }

    async fn focus(&self, cx: &Call, label: String) -> Result<(), WindowError> {
        let window = self.window(&label, WindowAction::Focus)?;
        self.host.focus(window, asker(cx)).await.map_err(bounded)
    }

    async fn list(&self, _: &Call) -> WindowList {
        self.shared.list()
    }
}

/// Room for a window that is being opened; given back when its caller gives up.
struct Reservation<'a> {
    shared: &'a Shared,
    kind: Option<String>,
}

impl<'a> Reservation<'a> {
    fn take(shared: &'a Shared, kind: &str) -> Result<Self, WindowError> {
        shared.table().reserve(kind)?;
        Ok(Self { shared, kind: Some(kind.to_owned()) })
    }

    /// Gives it back to a table that is locked already.
    fn give_back(mut self, table: &mut super::table::Table) {
        if let Some(kind) = self.kind.take() {
            table.unreserve(&kind);
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if let Some(kind) = self.kind.take() {
            self.shared.table().unreserve(&kind);
        }
    }
}

/// A host's error, within the contract's bounds.
fn bounded(error: WindowError) -> WindowError {
    let reason = |reason: String| cut(&reason, REASON_BYTES_MAX);
    match error {
        WindowError::UnknownKind { kind } => {
            WindowError::UnknownKind { kind: cut(&kind, crate::KIND_BYTES_MAX) }
        }
        WindowError::NoSuchWindow { label } => {
            WindowError::NoSuchWindow { label: cut(&label, LABEL_BYTES_MAX) }
        }
        WindowError::TooMany { windows_max } => WindowError::TooMany { windows_max },
        WindowError::Refused { reason: text } => WindowError::Refused { reason: reason(text) },
        WindowError::NotPossible { action, reason: text } => {
            WindowError::NotPossible { action, reason: reason(text) }
        }
        WindowError::Failed { reason: text } => WindowError::Failed { reason: reason(text) },
    }
}
