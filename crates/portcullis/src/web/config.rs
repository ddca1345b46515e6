//! What an application may set about a gate, the limits it may not, and what can be wrong with it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::files::Files;
use super::origin::{ORIGINS_ALLOWED_MAX, Origin};

/// The longest request head, all headers together.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most headers in one request.
pub const HEADERS_MAX: usize = 64;

/// How long a request head may take to arrive.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one HTTP exchange may take in all, from accept to the last byte of the answer.
pub const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// The longest request body.
pub const BODY_BYTES_MAX: usize = 4 * 1024;

/// How many connections may be short of admission at once; further ones are closed unread.
pub const HALF_OPEN_MAX: usize = 64;

/// The longest name of a window kind.
pub const WINDOW_BYTES_MAX: usize = 32;

/// How many window kinds an application may declare.
pub const WINDOWS_MAX: usize = 64;

/// The default of [`GateConfig::message_bytes_max`]: 16 MiB of payload and room for its frame.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024 + 64 * 1024;

/// The default of [`GateConfig::sockets_max`].
pub const SOCKETS_MAX: usize = 256;

/// The default of [`GateConfig::ticket_life`].
pub const TICKET_LIFE: Duration = Duration::from_secs(10);

/// The default of [`GateConfig::code_life`].
pub const CODE_LIFE: Duration = Duration::from_secs(60);

/// How a gate is to be built.
///
/// ```
/// use portcullis::web::{Files, GateConfig};
///
/// let config = GateConfig::new()
///     .files(Files::new().file("/", "text/html", "<!doctype html>"))
///     .windows(["viewer", "controls"]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GateConfig {
    pub(super) address: SocketAddr,
    pub(super) files: Files,
    pub(super) windows: Vec<String>,
    pub(super) origins: Vec<Origin>,
    pub(super) message_bytes_max: usize,
    pub(super) sockets_max: usize,
    pub(super) ticket_life: Duration,
    pub(super) code_life: Duration,
    pub(super) head_timeout: Duration,
    pub(super) exchange_timeout: Duration,
    pub(super) launcher_dir: Option<PathBuf>,
    pub(super) runtime: Option<tokio::runtime::Handle>,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl GateConfig {
    /// Any free port of 127.0.0.1, no pages, no window kinds: what is not declared is refused.
    pub fn new() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            files: Files::new(),
            windows: Vec::new(),
            origins: Vec::new(),
            message_bytes_max: MESSAGE_BYTES_MAX,
            sockets_max: SOCKETS_MAX,
            ticket_life: TICKET_LIFE,
            code_life: CODE_LIFE,
            head_timeout: HEAD_TIMEOUT,
            exchange_timeout: EXCHANGE_TIMEOUT,
            launcher_dir: None,
            runtime: None,
        }
    }

    /// Where to listen: 127.0.0.1 or ::1, with a port or 0 for any free one.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The pages to serve.
    pub fn files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// The window kinds for which a page may ask tickets, each of `a`-`z`, `0`-`9`, `-`, `_`.
    ///
    /// All pages of one origin can script one another, so a kind tells windows apart but does not
    /// protect one from another.
    pub fn windows<W: Into<String>>(mut self, kinds: impl IntoIterator<Item = W>) -> Self {
        self.windows.extend(kinds.into_iter().map(Into::into));
        self
    }

    /// Lets pages of one more origin connect (a development server, say). They still need a
    /// ticket, and since no answer ever permits cross-origin reading, one that somebody gives them.
    pub fn allow_origin(mut self, origin: Origin) -> Self {
        self.origins.push(origin);
        self
    }

    /// The longest WebSocket message that is taken from a page.
    pub fn message_bytes_max(mut self, bytes: usize) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    /// How many admitted WebSockets may be open at once.
    pub fn sockets_max(mut self, sockets: usize) -> Self {
        self.sockets_max = sockets;
        self
    }

    /// How long a ticket can be used.
    pub fn ticket_life(mut self, life: Duration) -> Self {
        self.ticket_life = life;
        self
    }

    /// How long an entry code can be used.
    pub fn code_life(mut self, life: Duration) -> Self {
        self.code_life = life;
        self
    }

    /// How long a request head may take, [`HEAD_TIMEOUT`] unless told.
    pub fn head_timeout(mut self, time: Duration) -> Self {
        self.head_timeout = time;
        self
    }

    /// How long a whole exchange may take, [`EXCHANGE_TIMEOUT`] unless told.
    pub fn exchange_timeout(mut self, time: Duration) -> Self {
        self.exchange_timeout = time;
        self
    }

    /// Where launcher files are written. Unless told: `portcullis` in the user's runtime folder,
    /// or where there is none, a folder of the user's own in the temporary folder. Made with mode
    /// 0700 if it does not exist; its parent must.
    pub fn launcher_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.launcher_dir = Some(dir.into());
        self
    }

    /// The runtime to run on; unless told, the one from whose context [`Gate::bind`] is called.
    ///
    /// [`Gate::bind`]: super::Gate::bind
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Checks what can be checked before a port is taken.
    pub(super) fn check(&self) -> Result<(), GateError> {
        let loopback = match self.address.ip() {
            IpAddr::V4(ip) => ip == Ipv4Addr::LOCALHOST,
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        if !loopback {
            return Err(GateError::NotLoopback(self.address.ip()));
        }
        if let Some(kind) = self.windows.iter().find(|kind| !is_window_kind(kind)) {
            return Err(GateError::BadWindow(kind.clone()));
        }
        for (what, given, max) in [
            ("window kinds", self.windows.len(), WINDOWS_MAX),
            ("allowed origins", self.origins.len(), ORIGINS_ALLOWED_MAX),
            // The queue behind it counts in a semaphore, which has a limit of its own.
            ("sockets", self.sockets_max, tokio::sync::Semaphore::MAX_PERMITS),
        ] {
            if given > max {
                return Err(GateError::TooMany { what, given, max });
            }
        }
        if self.sockets_max == 0 {
            return Err(GateError::NoSockets);
        }
        Ok(())
    }
}

/// Whether a text may name a window kind.
pub(super) fn is_window_kind(text: &str) -> bool {
    (1..=WINDOW_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// Why a gate, a code or a launcher could not be made. Each message is one whole sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// Another machine could reach this address.
    #[error("the gate listens on 127.0.0.1 or ::1 only, not on {0}")]
    NotLoopback(IpAddr),
    /// Somebody listens there already.
    #[error("{0} is in use by another program; choose another port, or 0 for any free one")]
    PortInUse(SocketAddr),
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No runtime was given and the caller is not inside one.
    #[error("the gate needs a tokio runtime: bind it inside one or give GateConfig::runtime")]
    NoRuntime,
    /// A window kind is not of `a`-`z`, `0`-`9`, `-`, `_`, or too long.
    #[error("{0:?} cannot name a window kind: 1 to {WINDOW_BYTES_MAX} of a-z, 0-9, - and _")]
    BadWindow(String),
    /// More of something than a gate takes.
    #[error("{given} {what} are more than the {max} that a gate takes")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A gate that may hold no socket admits nobody.
    #[error("sockets_max is 0, so the gate could admit nobody")]
    NoSockets,
    /// A file cannot be served.
    #[error("the file {path:?} {why}")]
    BadFile {
        /// Under which path it was given.
        path: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The page to open is not among the files.
    #[error("{0:?} is not the path of a file that the gate serves")]
    BadPage(String),
    /// Too many codes wait to be used.
    #[error("too many entry codes are waiting to be used; they expire by themselves")]
    TooManyCodes,
    /// The machine gave no random bits.
    #[error("the system gave no random bits")]
    NoRandomBits,
    /// The folder for launcher files is not safe to write secrets to.
    #[error("launcher files cannot be kept in {}: it {why}", dir.display())]
    UnsafeDir {
        /// Which folder.
        dir: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// The launcher file could not be written.
    #[error("cannot write the launcher file {}: {source}", path.display())]
    Launcher {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<GateError> for io::Error {
    fn from(error: GateError) -> Self {
        let kind = match &error {
            GateError::PortInUse(_) => io::ErrorKind::AddrInUse,
            GateError::Listen { source, .. } | GateError::Launcher { source, .. } => source.kind(),
            GateError::NoRuntime | GateError::NoRandomBits | GateError::TooManyCodes => {
                io::ErrorKind::Other
            }
            GateError::UnsafeDir { .. } => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::InvalidInput,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f41_only_loopback_addresses_pass() {
        for (address, expect) in [
            ("127.0.0.1:0", true),
            ("127.0.0.1:8080", true),
            ("[::1]:0", true),
            ("0.0.0.0:0", false),
            ("127.0.0.2:0", false),
            ("192.168.1.1:80", false),
            ("[::]:0", false),
            ("[::ffff:127.0.0.1]:0", false),
            ("[fe80::1]:0", false),
        ] {
            let checked = GateConfig::new().address(address.parse().unwrap()).check();
            assert_eq!(checked.is_ok(), expect, "{address}");
            if let Err(error) = checked {
                assert!(matches!(error, GateError::NotLoopback(_)), "{error}");
            }
        }
    }

    #[test]
    fn declarations_are_checked() {
        for kind in ["", "Viewer", "a b", "a&b", "\u{e9}", &"a".repeat(WINDOW_BYTES_MAX + 1)] {
            let checked = GateConfig::new().windows([kind]).check();
            assert!(matches!(checked, Err(GateError::BadWindow(_))), "{kind:?}");
        }
        assert!(GateConfig::new().windows(["viewer", "log_2", "a-b"]).check().is_ok());
        let many = GateConfig::new().windows((0..=WINDOWS_MAX).map(|n| format!("w{n}"))).check();
        assert!(matches!(many, Err(GateError::TooMany { .. })));
        assert!(matches!(GateConfig::new().sockets_max(0).check(), Err(GateError::NoSockets)));
    }
}
