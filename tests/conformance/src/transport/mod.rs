//! The transports under test: each opens a connection to a hub, and hands out the client's end of it.

mod embedded;
mod page;
mod web_socket;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use portcullis::Hub;
use portcullis::hub::Admission;
#[cfg(target_os = "linux")]
use portcullis::link::LinkedWith;
use portcullis::link::{Framing, IoLink, Link, RecvBuffer};
#[cfg(target_os = "linux")]
use portcullis_proto::session::Lane;

pub use embedded::Embedded;
pub use page::Browser;
pub use web_socket::{WebSocket, WsClientLink};

#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
pub use ring::{Ring, RungRing, offered, offered_to};
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{Folder, UnixPair, UnixPath};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way to a hub.
pub trait Transport: Send + Sync + 'static {
    /// Opens a connection, which `hub` admits as `admission` says, and returns the client's end.
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink>;
}

/// Any link.
pub struct BoxLink(Box<dyn Link>);

impl BoxLink {
    /// Boxes a link.
    pub fn new(link: impl Link) -> Self {
        Self(Box::new(link))
    }
}

impl Link for BoxLink {
    fn framing(&self) -> Framing {
        self.0.framing()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(context, into)
    }

    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        self.0.has_hung_up(context)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(context, from)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(context)
    }

    #[cfg(target_os = "linux")]
    fn lane(&mut self, other: LinkedWith) -> Option<Box<dyn Lane>> {
        self.0.lane(other)
    }
}

/// A pipe in memory.
#[derive(Debug, Default)]
pub struct Memory;

impl Transport for Memory {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let (ours, theirs) = IoLink::memory();
            hub.attach(ours, admission).expect("admitted");
            BoxLink::new(theirs)
        })
    }
}
