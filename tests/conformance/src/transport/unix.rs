//! Unix sockets: a connected pair, and a listening path.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use portcullis::Hub;
use portcullis::hub::{Admission, UnixListening};
use portcullis::link::UnixLink;

use super::{BoxFuture, BoxLink, Transport};

/// A connected pair, as a child process inherits one.
#[derive(Debug, Default)]
pub struct UnixPair;

impl Transport for UnixPair {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let (ours, theirs) = UnixLink::pair().expect("a pair");
            hub.attach(ours, admission).expect("admitted");
            BoxLink::new(theirs)
        })
    }
}

/// Who comes next, in the order of connections.
type Expected = Arc<Mutex<VecDeque<Admission>>>;

/// A listening path.
#[derive(Debug, Default)]
pub struct UnixPath {
    listening: Mutex<Option<(UnixListening, Expected)>>,
    folder: Folder,
}

impl UnixPath {
    /// Connects to the socket of `hub`, which listens from the first time on.
    fn connect(&self, hub: &Hub, admission: &Admission) -> UnixStream {
        let mut listening = self.listening.lock().expect("no test panics here");
        let (socket, expected) = listening.get_or_insert_with(|| {
            let expected = Expected::default();
            let next = Arc::clone(&expected);
            let path = self.folder.path().join("hub");
            let socket = hub.listen_unix(path, move |_| next.lock().ok()?.pop_front());
            (socket.expect("a socket"), expected)
        });
        // All of them run as one user of the system, and scenarios mean different ones.
        let admission = admission.clone().user(&admission.label);
        expected.lock().expect("no test panics here").push_back(admission);
        UnixStream::connect(socket.path()).expect("a connection")
    }
}

impl Transport for UnixPath {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let socket = self.connect(hub, admission);
            BoxLink::new(UnixLink::new(socket).expect("a link"))
        })
    }
}

/// A folder of a test's own, which does not exist yet, and which is removed in the end.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Default for Folder {
    fn default() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Of an earlier run that had the same number.
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Folder {
    /// Where it is, or will be.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
