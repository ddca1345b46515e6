//! Who is there: processes and pages with their connections, and the programs that they run. A member that comes back is
//! another incarnation under the same label.

use std::sync::{Arc, Mutex};

use portcullis_hub::Kind as PeerKind;
use portcullis_proto::peer::{Peer, PeerConfig};
use portcullis_proto::session::{Config, Limits};

use crate::bench::{Handle, Node, Rng, Sim};
use crate::fault::{Broken, Fault};
use crate::programs::Kind;
use crate::wire::{From, Wire};

/// Somebody with a connection, or who had one.
pub(crate) struct Member {
    pub(crate) label: String,
    pub(crate) kind: PeerKind,
    pub(crate) node: Node,
    pub(crate) core: Peer,
    pub(crate) wire: Arc<Mutex<Wire>>,
    pub(crate) programs: Vec<(Kind, Handle<()>)>,
    /// Bytes of blobs that it takes.
    pub(crate) blob_bytes: u32,
}

/// The role of every member.
pub(crate) const ROLE: &str = "soak";

/// What a peer says that it accepts: sometimes little.
fn limits(rng: &mut Rng) -> Limits {
    let mut limits = Limits::DEFAULT;
    if rng.one_in(3) {
        limits.stream_items = rng.within(1, 4) as u32;
    }
    if rng.one_in(3) {
        limits.window_bytes = [4 * 1024, 64 * 1024][rng.index(2)];
    }
    if rng.one_in(4) {
        limits.calls = rng.within(2, 8) as u16;
    }
    if rng.one_in(4) {
        limits.stream_bytes = rng.within(1, 5_000) as u32;
    }
    if rng.one_in(4) {
        limits.blob_bytes = [0, 20_000, 1_000_000][rng.index(3)];
    }
    limits
}

impl Member {
    /// Connects; nobody waits for the welcome.
    pub(crate) fn connect(
        sim: &mut Sim,
        rng: &mut Rng,
        label: &str,
        kind: PeerKind,
        fault: Option<Fault>,
    ) -> Self {
        let limits = limits(rng);
        let session = Config { limits, ..Config::default() };
        let config = PeerConfig { session, ..PeerConfig::default() };
        let node = sim.peer_with(label, ROLE, kind, &config);
        let wire = Arc::new(Mutex::new(Wire::new()));
        let link = sim.link(node);
        for (from, pipe) in [(From::Peer, &mut link.up), (From::Hub, &mut link.down)] {
            let wire = Arc::clone(&wire);
            let mut broken = fault.map(|fault| Broken::new(fault, Rng::new(rng.next())));
            pipe.on_wire = Some(Box::new(move |bytes, _| {
                wire.lock().expect("nothing panics under this lock").see(from, bytes);
                if let Some(broken) = &mut broken {
                    broken.pass(bytes);
                }
            }));
        }
        let core = sim.core(node);
        let (label, blob_bytes) = (label.to_owned(), limits.blob_bytes);
        Self { label, kind, node, core, wire, programs: Vec::new(), blob_bytes }
    }

    /// Ends the programs, as the end of their process does.
    pub(crate) fn die(&mut self, sim: &mut Sim) {
        for (_, program) in self.programs.drain(..) {
            sim.abort(&program);
        }
    }

    /// The programs that have not ended.
    pub(crate) fn at_work(&self) -> Vec<Kind> {
        let at_work = self.programs.iter().filter(|(_, program)| !program.is_done());
        at_work.map(|(kind, _)| *kind).collect()
    }

    /// What its wire has seen.
    pub(crate) fn wire<R>(&self, look: impl FnOnce(&mut Wire) -> R) -> R {
        look(&mut self.wire.lock().expect("nothing panics under this lock"))
    }
}
