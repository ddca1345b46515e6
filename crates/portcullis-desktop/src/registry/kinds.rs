//! The kinds of windows that main declares, and what cannot be declared.

use std::fmt;
use std::time::Duration;

use portcullis::hub::ServeError;

use crate::{KIND_BYTES_MAX, KINDS_MAX, TITLE_BYTES_MAX, WINDOWS_MAX, WindowKind};

/// How long a window that was opened by a call has to connect, unless its kind says otherwise.
pub const OPENING: Duration = Duration::from_secs(30);

/// A kind of window, as main declares it. Without further words nothing can be done with its windows but to see them.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis_desktop::registry::Kind;
///
/// let page = Kind::new("viewer").title("Viewer").closes().returns_within(Duration::from_secs(2));
/// let process = Kind::new("light").opens().closes().windows_max(1);
/// # drop((page, process));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Kind {
    pub(super) info: WindowKind,
    pub(super) opening: Duration,
    pub(super) returns: Duration,
}

impl Kind {
    /// A kind with that name, which is its title too.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let info = WindowKind {
            title: name.clone(),
            name,
            opens: false,
            closes: false,
            focuses: false,
            windows_max: WINDOWS_MAX,
        };
        Self { info, opening: OPENING, returns: Duration::ZERO }
    }

    /// What people call it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = title.into();
        self
    }

    /// Windows of it can be opened by a call: the host implements [`Host::open`](super::Host::open) for it.
    pub fn opens(mut self) -> Self {
        self.info.opens = true;
        self
    }

    /// They can be closed by a call.
    pub fn closes(mut self) -> Self {
        self.info.closes = true;
        self
    }

    /// They can be brought to the front by a call.
    pub fn focuses(mut self) -> Self {
        self.info.focuses = true;
        self
    }

    /// How many there may be at once: one more cannot be opened by a call. Windows that come by themselves are seen all the same.
    pub fn windows_max(mut self, windows: u32) -> Self {
        self.info.windows_max = windows;
        self
    }

    /// How long a window that was opened by a call has to connect before it counts as closed; [`OPENING`] unless told.
    pub fn opens_within(mut self, time: Duration) -> Self {
        self.opening = time;
        self
    }

    /// How long a window whose peer has left is waited for: a page that loads again leaves and comes back under its label, which is
    /// one reload then and no close. Not at all unless told.
    pub fn returns_within(mut self, time: Duration) -> Self {
        self.returns = time;
        self
    }
}

/// Why a registry cannot be started: a mistake of the application's author.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// A kind's name or title is empty or too long, its most windows are none or more than a registry holds, or two kinds have one name.
    BadKind(String),
    /// More kinds than a registry holds.
    TooManyKinds(usize),
    /// The hub's contract does not list the built-in interfaces, or somebody serves them already.
    Serve(ServeError),
    /// The hub does not take the first state.
    Publish(portcullis::Error),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadKind(name) => write!(
                f,
                "`{name}` cannot be declared: names are unique and have 1 to {KIND_BYTES_MAX} bytes, titles at most \
                 {TITLE_BYTES_MAX}, and there may be 1 to {WINDOWS_MAX} windows of a kind"
            ),
            Self::TooManyKinds(kinds) => {
                write!(
                    f,
                    "{kinds} kinds of windows are more than the {KINDS_MAX} that a registry holds"
                )
            }
            Self::Serve(error) => error.fmt(f),
            Self::Publish(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RegistryError {}

/// Checks what was declared.
pub(super) fn check(kinds: &[Kind]) -> Result<(), RegistryError> {
    if kinds.len() > KINDS_MAX as usize {
        return Err(RegistryError::TooManyKinds(kinds.len()));
    }
    for (index, Kind { info, .. }) in kinds.iter().enumerate() {
        let named = (1..=KIND_BYTES_MAX as usize).contains(&info.name.len());
        let titled = info.title.len() <= TITLE_BYTES_MAX as usize;
        let bounded = (1..=WINDOWS_MAX).contains(&info.windows_max);
        let twice = kinds.iter().take(index).any(|each| each.info.name == info.name);
        if !named || !titled || !bounded || twice {
            return Err(RegistryError::BadKind(info.name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_declared_is_named() {
        let bad = |kinds: &[Kind]| match check(kinds) {
            Err(RegistryError::BadKind(name)) => Some(name),
            _ => None,
        };
        assert_eq!(check(&[Kind::new("a"), Kind::new("b").windows_max(WINDOWS_MAX)]), Ok(()));
        assert_eq!(bad(&[Kind::new("a"), Kind::new("a")]), Some("a".to_owned()));
        assert_eq!(bad(&[Kind::new("")]), Some(String::new()));
        assert_eq!(bad(&[Kind::new("a").windows_max(0)]), Some("a".to_owned()));
        assert_eq!(bad(&[Kind::new("a").title("t".repeat(257))]), Some("a".to_owned()));
        let many: Vec<Kind> = (0..=KINDS_MAX).map(|number| Kind::new(number.to_string())).collect();
        assert_eq!(check(&many), Err(RegistryError::TooManyKinds(33)));
    }
}
