//! A hub that listens on a Unix socket: for processes that main has not started itself. It looks after the folder, the
//! socket and who knocks; who is let in, and as what, is the application's word.

mod acceptor;
mod credentials;

use std::fmt;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};

use portcullis_hub::{Admission, Rate};
use tokio::net::UnixListener;
use tokio::task::AbortHandle;

use super::folder::safe_folder;
use super::shared::Hub;
use acceptor::Acceptor;
pub use credentials::PeerCredentials;

/// Connections that a listener takes in a second, on average; further ones wait in the system.
pub const CONNECTIONS_PER_SECOND: u32 = 100;

/// How many of them may come at once beyond that.
pub const CONNECTIONS_BURST: u32 = 64;

/// Most connections of a listener that have not said hello yet; further ones are closed unread.
pub const HANDSHAKES_MAX: usize = 64;

/// Why a hub cannot listen.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenError {
    /// The folder of the socket is a link, belongs to somebody else, or is open to others; or somebody else could put
    /// another in its place, since a folder above it is open to them.
    UnsafeFolder {
        /// The folder: the socket's, or the one above it.
        folder: PathBuf,
        /// What is wrong with it, as in "… belongs to another user".
        why: &'static str,
    },
    /// Somebody listens there already.
    InUse(PathBuf),
    /// Something that is no socket stands there; it is left alone.
    NotASocket(PathBuf),
    /// The system refused.
    Io {
        /// What was to be made or looked at.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsafeFolder { folder, why } => {
                write!(f, "no socket can safely stand in {}: it {why}", folder.display())
            }
            Self::InUse(path) => write!(f, "somebody listens on {} already", path.display()),
            Self::NotASocket(path) => {
                write!(f, "{} is in the way: it is no socket", path.display())
            }
            Self::Io { path, source } => {
                write!(f, "cannot listen on {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Where and to whom a hub listens. Whose the connections are: see [`Hub::listen_unix`].
#[derive(Clone, Debug)]
#[must_use]
pub struct UnixListen {
    path: PathBuf,
    other_users: bool,
    handshakes_max: usize,
    rate: Rate,
}

impl UnixListen {
    /// A socket at `path`, for processes of this user.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let rate = Rate::new(CONNECTIONS_PER_SECOND.into(), CONNECTIONS_BURST.into());
        Self { path: path.into(), other_users: false, handshakes_max: HANDSHAKES_MAX, rate }
    }

    /// Whether processes of other users are put before `admit`, too. The folder lets in none but the superuser's.
    pub fn other_users(mut self, allow: bool) -> Self {
        self.other_users = allow;
        self
    }

    /// Most connections that have not said hello yet, [`HANDSHAKES_MAX`] unless told.
    pub fn handshakes_max(mut self, connections: usize) -> Self {
        self.handshakes_max = connections.max(1);
        self
    }

    /// Connections that are taken in a second, on average, and how many may come at once beyond that;
    /// [`CONNECTIONS_PER_SECOND`] and [`CONNECTIONS_BURST`] unless told. Each begins with limits of its own, so that who comes
    /// and goes is held by nothing else. Who is behind many waits with them: those who must get in need a path of their own.
    pub fn connections_per_second(mut self, connections: u32, burst: u32) -> Self {
        self.rate = Rate::new(connections.into(), burst.into());
        self
    }
}

impl<P: Into<PathBuf>> From<P> for UnixListen {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}

/// A hub listens while this lives; dropping it removes the socket. Connections that stand live on.
#[derive(Debug)]
#[must_use = "the hub stops listening when this is dropped"]
pub struct UnixListening {
    path: PathBuf,
    /// Which file the socket is: somebody may have put another one in its place.
    file: (u64, u64),
    accepting: AbortHandle,
    /// Held for as long as the socket stands, so that of two programs that start at once only one listens.
    _lock: File,
}

impl UnixListening {
    /// Where the hub listens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixListening {
    fn drop(&mut self) {
        self.accepting.abort();
        if identity(&self.path).is_ok_and(|found| found == self.file) {
            // If it cannot be removed it is stale, and the next one to listen here removes it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Hub {
    /// Listens on a Unix socket. `admit` says as what a process is let in, or `None`; it is called on the runtime and
    /// must not block.
    ///
    /// The socket's folder must be this user's alone: mode 0700, no link, and in folders that nobody else can change
    /// (but for the likes of `/tmp`, which let nobody move what is another's). It is made if it is missing. A socket that a
    /// crash has left behind is replaced. Beside it stands a file with the ending `.lock`, which stays.
    ///
    /// # Whose a connection is
    ///
    /// All that one account of the system connects is **one user's**, unless `admit` names another: its connections share what
    /// a user may have ([`HubBuilder::user_budget`](super::HubBuilder::user_budget)), so that one of them that floods leaves less
    /// for the others. Where programs of one account should not share, name a user for each: by the path at which they knock, say.
    /// A process id tells well-meant programs apart, and whoever means ill starts another process.
    ///
    /// ```
    /// use portcullis::hub::{Admission, Budget, Kind};
    /// use portcullis::{Hub, Role};
    /// # mod notes {
    /// #     #[portcullis::interface(name = "notes.notes", version = 1)]
    /// #     pub trait Notes {
    /// #         #[event]
    /// #         fn written(number: u32);
    /// #     }
    /// #     portcullis::contract! { name = "notes", interfaces = [Notes] }
    /// # }
    /// # use std::os::unix::fs::DirBuilderExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("portcullis-two-paths-{}", std::process::id()));
    /// # std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    ///
    /// let hub = Hub::builder(notes::contract())
    ///     .role(Role::new("tool").subscribe("notes.notes.*"))
    ///     .user_budget(Budget::new().calls(500).peers(20))
    ///     .build()?;
    /// // Tools are many and share what a user may have; the indexer has as much for itself.
    /// let _tools = hub.listen_unix(folder.join("tools"), |_| {
    ///     Some(Admission::new("tool", "tool", Kind::Native).user("tools"))
    /// })?;
    /// let _indexer = hub.listen_unix(folder.join("indexer"), |_| {
    ///     Some(Admission::new("indexer", "tool", Kind::Native).user("indexer"))
    /// })?;
    /// # drop((_tools, _indexer));
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ListenError`].
    pub fn listen_unix<F>(
        &self,
        at: impl Into<UnixListen>,
        admit: F,
    ) -> Result<UnixListening, ListenError>
    where
        F: Fn(&PeerCredentials) -> Option<Admission> + Send + Sync + 'static,
    {
        let UnixListen { path, other_users, handshakes_max, rate } = at.into();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let checked = safe_folder(&folder)?;
        let lock = lock(&path)?;
        remove_stale(&path)?;
        let failed = |source| ListenError::Io { path: path.clone(), source };
        let listener = StdListener::bind(&path).map_err(failed)?;
        let listening = {
            let _entered = self.0.runtime.enter();
            prepare(listener, &path)
        };
        // Between the look at the folder and the socket in it, the folder must not have become another.
        let same = safe_folder(&folder)? == checked;
        let (listener, file) = listening.map_err(failed)?;
        if !same {
            return Err(ListenError::UnsafeFolder { folder, why: "was replaced meanwhile" });
        }
        let acceptor = Acceptor::new(self.clone(), admit, other_users, handshakes_max, rate);
        let accepting = self.0.runtime.spawn(acceptor.run(listener)).abort_handle();
        Ok(UnixListening { path, file, accepting, _lock: lock })
    }
}

/// Device and number of a file, of a link itself.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Takes the lock beside the socket, or finds that somebody else has it.
fn lock(path: &Path) -> Result<File, ListenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let failed = |source| ListenError::Io { path: name.clone(), source };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&name)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(ListenError::InUse(path.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Removes a socket on which nobody answers.
fn remove_stale(path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Io { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match StdStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed)
        }
        // Whoever does not even take connections is still there.
        Ok(_) | Err(_) => Err(ListenError::InUse(path.to_owned())),
    }
}

/// Hands a bound socket to tokio, and tells which file it is.
fn prepare(listener: StdListener, path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok((UnixListener::from_std(listener)?, identity(path)?))
}
