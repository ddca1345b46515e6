//! What an application tells its registry of a window, because no hub can know it.

/// News of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// The keyboard went to it, and away from every other window.
    Focused,
    /// The keyboard went elsewhere.
    Blurred,
    /// It was minimised or hidden.
    Hidden,
    /// It can be seen again.
    Shown,
    /// It has another title; what is longer than [`TITLE_BYTES_MAX`](crate::TITLE_BYTES_MAX) is cut.
    Title(String),
    /// The process that draws it is gone, for a reason that is cut at [`REASON_BYTES_MAX`](crate::REASON_BYTES_MAX).
    Crashed(String),
    /// It is gone, whether its peer has left or not.
    Closed,
}
