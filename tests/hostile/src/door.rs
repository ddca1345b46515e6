//! Doors: where connections to a hub come from, whichever hub it is; and a connection that says and hears what a case
//! wants, wrong or not.

use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::time::Duration;

use conformance::raw::{Got, RawPeer};
use conformance::transport::{BoxLink, Browser, WsClientLink};
use portcullis::link::UnixLink;
use portcullis_proto::schema::Schema;

use crate::descriptors::{self, Descriptors};

/// What takes this long hangs.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// How long a case waits, at its end, for what should not come.
const MOMENT: Duration = Duration::from_millis(10);

/// How long is waited for a hub that reads no further.
const UNREAD: Duration = Duration::from_secs(5);

/// Bytes of which a hub that reads takes some within that time.
const PART_BYTES: usize = 16 * 1024;

/// How a door is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One end of a pair, as a child inherits it.
    Pair,
    /// A listening path.
    Path,
    /// The browser gate.
    Page,
}

impl Way {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pair => "a connected pair",
            Self::Path => "a listening path",
            Self::Page => "a page's socket",
        }
    }
}

/// A future in a box.
pub type Opening<'a> = Pin<Box<dyn Future<Output = io::Result<Line>> + Send + 'a>>;

/// Where connections come from.
pub trait Door: Send + Sync {
    /// Over what they go.
    fn way(&self) -> Way;
    /// What they speak about.
    fn schema(&self) -> &Schema;
    /// A connection that nothing was said on yet; of that user, where whose it is can be chosen.
    fn open<'a>(&'a self, label: &'a str, role: &'a str, user: Option<&'a str>) -> Opening<'a>;
    /// A browser that the gate has let in, where there is a gate.
    fn browser(&self) -> Option<&Browser>;
    /// The kind of window that comes in with that role.
    fn window<'a>(&'a self, role: &'a str) -> &'a str;
}

/// A connection.
pub struct Line {
    peer: RawPeer,
    /// The socket itself, for what a link never does.
    socket: Option<UnixStream>,
}

impl Line {
    /// Over a Unix socket.
    ///
    /// # Errors
    ///
    /// When the system has no descriptors left.
    pub fn unix(socket: UnixStream) -> io::Result<Self> {
        let own = socket.try_clone()?;
        Ok(Self { peer: RawPeer::new(BoxLink::new(UnixLink::new(socket)?)), socket: Some(own) })
    }

    /// Over a page's socket.
    ///
    /// # Errors
    ///
    /// When the gate does not let it in.
    pub async fn page(browser: &Browser, window: &str) -> io::Result<Self> {
        let socket = WsClientLink::new(browser.connect(window).await?);
        Ok(Self { peer: RawPeer::new(BoxLink::new(socket)), socket: None })
    }

    /// Whether frames may be cut anywhere on their way.
    pub fn is_stream(&self) -> bool {
        self.peer.is_stream()
    }

    /// Sends bytes. Whether somebody takes them does not matter: who is ended for what it said first, says the rest to
    /// nobody, and who takes no answers is not read for ever.
    pub async fn send(&mut self, bytes: &[u8]) {
        // A message of a page's is whole; of a stream, a hub that is slow takes one part after the other.
        let part = if self.is_stream() { PART_BYTES } else { bytes.len().max(1) };
        for part in bytes.chunks(part) {
            if tokio::time::timeout(UNREAD, self.peer.send(part)).await.is_err() {
                return;
            }
        }
    }

    /// Sends bytes with descriptors.
    ///
    /// # Errors
    ///
    /// When this is no Unix socket, or it does not take them.
    pub fn send_descriptors(&mut self, bytes: &[u8], descriptors: &Descriptors) -> io::Result<()> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        descriptors::send(socket, bytes, descriptors)
    }

    /// Whether something has come that nobody waits for; it is waited for a moment.
    pub async fn has_more(&mut self) -> Option<Got> {
        tokio::time::timeout(MOMENT, self.peer.next()).await.ok().flatten()
    }

    /// The next frame; `None` at the end of the connection.
    ///
    /// # Errors
    ///
    /// When neither comes.
    pub async fn next(&mut self) -> Result<Option<Got>, String> {
        let next = tokio::time::timeout(WATCHDOG, self.peer.next()).await;
        next.map_err(|_| "nothing came, and the connection did not end".to_owned())
    }
}
