//! `portcullis.windows`: what windows there are, and opening, closing and focusing them. What a window is, the host knows: a
//! window of Electron, a page in a browser, a native process that renders.

use portcullis::{Call, Timestamp};

use crate::REASON_BYTES_MAX;

/// The longest name of a kind, in bytes.
pub const KIND_BYTES_MAX: u32 = 64;

/// The longest label and the longest role in a window's description, in bytes.
pub const LABEL_BYTES_MAX: u32 = 128;

/// The longest title, in bytes; a host cuts what is longer.
pub const TITLE_BYTES_MAX: u32 = 256;

/// The longest argument for a new window, in bytes.
pub const ARGUMENT_BYTES_MAX: u32 = 4096;

/// The most kinds of an application.
pub const KINDS_MAX: u32 = 32;

/// The most windows of an application.
pub const WINDOWS_MAX: u32 = 256;

/// A kind of window that main has declared, and what its host can do with windows of it.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowKind {
    /// Its name, as [`Windows::open`] takes it.
    #[limit(len = 1..=KIND_BYTES_MAX)]
    pub name: String,
    /// What people call it.
    #[limit(len <= TITLE_BYTES_MAX)]
    pub title: String,
    /// Whether windows of it can be opened by a call.
    pub opens: bool,
    /// Whether they can be closed by a call.
    pub closes: bool,
    /// Whether they can be brought to the front by a call.
    pub focuses: bool,
    /// How many there may be at once.
    #[limit(range = 1..=WINDOWS_MAX)]
    pub windows_max: u32,
}

/// Where a window is in its life.
#[portcullis::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowPhase {
    /// It was asked for, and its host has not shown it yet.
    Opening,
    /// It is there.
    Open,
    /// The process that draws it is gone; the window may still be there. Why stands in [`WindowInfo::problem`].
    Crashed,
    /// It was asked to close.
    Closing,
    /// It is gone. Only the event tells this: a closed window is on no list.
    Closed,
}

/// One window, as far as its host can tell.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowInfo {
    /// Its label, by which calls name it: no two windows have the same at one time.
    #[limit(len = 1..=LABEL_BYTES_MAX)]
    pub label: String,
    /// The name of its kind.
    #[limit(len = 1..=KIND_BYTES_MAX)]
    pub kind: String,
    /// The role of what runs in it; nothing when that is not known before it connects.
    #[limit(len <= LABEL_BYTES_MAX)]
    pub role: Option<String>,
    /// Its title; nothing when the host cannot tell.
    #[limit(len <= TITLE_BYTES_MAX)]
    pub title: Option<String>,
    /// Where it is in its life.
    pub phase: WindowPhase,
    /// Since when.
    pub since: Timestamp,
    /// Whether its peer is connected: what runs in it has said hello and not left.
    pub connected: bool,
    /// Whether the keyboard is with it; false when the host cannot tell.
    pub focused: bool,
    /// Whether it is minimised or hidden; false when the host cannot tell.
    pub hidden: bool,
    /// Whether it does not answer.
    pub unresponsive: bool,
    /// How often its contents were loaded again.
    pub reloads: u32,
    /// Why it has crashed, in a sentence; nothing otherwise.
    #[limit(len <= REASON_BYTES_MAX)]
    pub problem: Option<String>,
}

/// What windows there are, and which could be.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowList {
    /// The kinds that main has declared, in its order; they stay while the application runs.
    #[limit(items <= KINDS_MAX)]
    pub kinds: Vec<WindowKind>,
    /// The windows, in the order in which they were opened.
    #[limit(items <= WINDOWS_MAX)]
    pub windows: Vec<WindowInfo>,
}

/// How a window is to be opened. What is absent is the host's choice.
#[portcullis::message(table)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// What the new window is to show: a document's name, say. It goes to main's own function for this kind, which must
    /// believe it no more than anything else from a peer.
    #[field(1)]
    #[limit(len <= ARGUMENT_BYTES_MAX)]
    pub argument: Option<String>,
    /// Whether the window is to be shown without taking the keyboard.
    #[field(2)]
    pub background: Option<bool>,
}

/// What is done with a window.
#[portcullis::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowAction {
    /// Opening one.
    Open,
    /// Closing it.
    Close,
    /// Bringing it to the front.
    Focus,
}

/// Why something was not done with a window.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowError {
    /// Main has declared no such kind.
    UnknownKind {
        /// What was asked for.
        #[limit(len <= KIND_BYTES_MAX)]
        kind: String,
    },
    /// No window has this label; it may have closed in this very moment.
    NoSuchWindow {
        /// The label.
        #[limit(len <= LABEL_BYTES_MAX)]
        label: String,
    },
    /// There are as many windows as there may be: of this kind, or of all.
    TooMany {
        /// How many there may be.
        windows_max: u32,
    },
    /// Main does not let the caller do this, or not now.
    Refused {
        /// Why, in a sentence.
        #[limit(len <= REASON_BYTES_MAX)]
        reason: String,
    },
    /// Nobody can do this on this host: a page in a browser cannot be brought to the front from outside, say. To try again does not help.
    NotPossible {
        /// What.
        action: WindowAction,
        /// Why, in a sentence.
        #[limit(len <= REASON_BYTES_MAX)]
        reason: String,
    },
    /// The host has tried, and it went wrong.
    Failed {
        /// Why, in a sentence.
        #[limit(len <= REASON_BYTES_MAX)]
        reason: String,
    },
}

/// The windows of the application. Served by main.
///
/// Each event carries the window as it is after what has happened. The state has all of that too, so that who only shows
/// windows needs no events.
#[portcullis::interface(name = "portcullis.windows", version = 1)]
pub trait Windows {
    /// Opens a window of a declared kind. Answers when its host has begun; that it is there is told by the event and the
    /// phase, that its peer is there by [`WindowInfo::connected`].
    #[call(deadline = "10s")]
    async fn open(
        &self,
        cx: &Call,
        #[limit(len = 1..=KIND_BYTES_MAX)] kind: String,
        options: OpenOptions,
    ) -> Result<WindowInfo, WindowError>;

    /// Closes a window. Answers when it was asked to; that it is gone is told by the event. The caller's own window is closed as any other.
    #[call(deadline = "10s")]
    async fn close(
        &self,
        cx: &Call,
        #[limit(len = 1..=LABEL_BYTES_MAX)] label: String,
    ) -> Result<(), WindowError>;

    /// Brings a window to the front, and the keyboard to it.
    #[call(deadline = "5s", idempotent)]
    async fn focus(
        &self,
        cx: &Call,
        #[limit(len = 1..=LABEL_BYTES_MAX)] label: String,
    ) -> Result<(), WindowError>;

    /// What windows there are now, and which could be.
    #[call(deadline = "2s", idempotent)]
    async fn list(&self, cx: &Call) -> WindowList;

    /// A window is there.
    #[event(depth = 64)]
    fn opened(window: WindowInfo);

    /// A window is gone.
    #[event(depth = 64)]
    fn closed(window: WindowInfo);

    /// The keyboard went to a window.
    #[event(depth = 64)]
    fn focused(window: WindowInfo);

    /// A window was hidden or minimised.
    #[event(depth = 64)]
    fn hidden(window: WindowInfo);

    /// A window that was hidden can be seen again.
    #[event(depth = 64)]
    fn shown(window: WindowInfo);

    /// A window does not answer. It is left alone: it may be stopped in a debugger, or its machine was asleep.
    #[event(depth = 64)]
    fn unresponsive(window: WindowInfo);

    /// A window that did not answer does again.
    #[event(depth = 64)]
    fn responsive(window: WindowInfo);

    /// The process that draws a window is gone. Why stands in [`WindowInfo::problem`].
    #[event(depth = 64)]
    fn crashed(window: WindowInfo);

    /// A window's contents were loaded again: its peer is a new one.
    #[event(depth = 64)]
    fn reloaded(window: WindowInfo);

    /// All windows, whenever something about one has changed.
    #[state]
    fn windows(value: WindowList);
}
