//! What the registry asks of the application: what a window is, and how one is opened, closed and focused, is its business.

use std::future::Future;

use portcullis::hub::PeerInfo;

use crate::{QuitError, WindowAction, WindowError, WindowInfo};

/// Who asks, as main admitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Its label.
    pub label: String,
    /// Its role.
    pub role: String,
}

/// A window that is to be opened. The kind is declared and there is room; nothing else was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The name of the kind.
    pub kind: String,
    /// What the window is to show, as the asker has said; whatever it names was not looked at.
    pub argument: Option<String>,
    /// Whether it is to be shown without taking the keyboard.
    pub background: bool,
    /// Who asks.
    pub asker: Asker,
}

/// What carries an application's windows. Each function may answer that it is not possible, which is what they do unless
/// they are implemented; [`WindowError::Refused`] is for what this asker may not do.
///
/// A function is dropped where it waits when its caller gives up.
pub trait Host: Send + Sync + 'static {
    /// The declared kind of window that a peer is; nothing for a peer that is no window, a worker, say. By default the peer's role.
    fn kind_of(&self, peer: &PeerInfo) -> Option<String> {
        Some(peer.role.clone())
    }

    /// Opens a window, and answers with the label under which its peer will be admitted.
    ///
    /// # Errors
    ///
    /// Why there will be none.
    fn open(
        &self,
        request: OpenRequest,
    ) -> impl Future<Output = Result<String, WindowError>> + Send {
        let _ = request;
        async { Err(not_possible(WindowAction::Open)) }
    }

    /// Has a window closed. That it is gone is seen when its peer leaves, or told by [`Told::Closed`](super::Told::Closed).
    ///
    /// # Errors
    ///
    /// Why it stays.
    fn close(
        &self,
        window: WindowInfo,
        asker: Asker,
    ) -> impl Future<Output = Result<(), WindowError>> + Send {
        let _ = (window, asker);
        async { Err(not_possible(WindowAction::Close)) }
    }

    /// Brings a window to the front. That the keyboard is there is told by [`Told::Focused`](super::Told::Focused).
    ///
    /// # Errors
    ///
    /// Why it does not come.
    fn focus(
        &self,
        window: WindowInfo,
        asker: Asker,
    ) -> impl Future<Output = Result<(), WindowError>> + Send {
        let _ = (window, asker);
        async { Err(not_possible(WindowAction::Focus)) }
    }

    /// Whether this asker may end the application now. The role decides unless this says more.
    ///
    /// # Errors
    ///
    /// Why not.
    fn may_quit(&self, asker: &Asker) -> Result<(), QuitError> {
        let _ = asker;
        Ok(())
    }
}

/// The answer of a host to what it cannot do.
pub(super) fn not_possible(action: WindowAction) -> WindowError {
    let reason = match action {
        WindowAction::Open => "windows of this kind cannot be opened from here",
        WindowAction::Close => "windows of this kind cannot be closed from here",
        WindowAction::Focus => "windows of this kind cannot be brought to the front from here",
    };
    WindowError::NotPossible { action, reason: reason.to_owned() }
}
