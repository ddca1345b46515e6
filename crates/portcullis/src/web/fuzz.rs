//! A door for the fuzz targets (feature `unstable-fuzz`), and no part of what is promised: one exchange with a gate, in
//! memory, whose secrets are known. What must hold is the target's affair.

use std::cell::OnceCell;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

use super::config::GateConfig;
use super::files::Files;
use super::gate::{Shared, exchange};
use super::secret::Secret;

/// A code that opens a session, once.
pub const CODE: &str = "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0";
/// The cookie of a session that is open, as a browser sends it.
pub const COOKIE: &str = "portcullis-4000-2=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// A ticket of that session.
pub const TICKET: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// An origin that is listed besides the gate's own.
pub const ORIGIN: &str = "http://localhost:5173";
/// Where the gate listens, or would.
pub const PORT: u16 = 4000;

/// Longest request that is taken, in bytes: it waits in memory as a whole.
const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Room for an answer, in bytes: more than any has.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How an exchange went.
#[derive(Debug)]
pub struct Exchanged {
    /// What the gate sent.
    pub answer: Vec<u8>,
    /// Whether a WebSocket was granted.
    pub granted: bool,
}

thread_local! {
    static RUNTIME: OnceCell<Option<Runtime>> = const { OnceCell::new() };
}

/// One connection to a gate that has just opened: `request` comes, and then the end. `None` when it is too long, or
/// there is no runtime to be had.
pub fn exchange_once(request: &[u8]) -> Option<Exchanged> {
    if request.len() > REQUEST_BYTES_MAX {
        return None;
    }
    RUNTIME.with(|runtime| {
        let build = || Builder::new_current_thread().enable_time().build().ok();
        runtime.get_or_init(build).as_ref()?.block_on(run(request))
    })
}

async fn run(request: &[u8]) -> Option<Exchanged> {
    let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000));
    let shared = gate()?;
    let (mut near, far) = tokio::io::duplex(REQUEST_BYTES_MAX.max(ANSWER_BYTES_MAX));
    near.write_all(request).await.ok()?;
    near.shutdown().await.ok()?;
    let granted = exchange(&shared, far, remote).await.is_some();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.ok()?;
    Some(Exchanged { answer, granted })
}

fn gate() -> Option<Shared> {
    let config = GateConfig::new().windows(["viewer"]).allow_origin(ORIGIN.parse().ok()?);
    let files = Files::new().file("/viewer", "text/html", "<!doctype html>");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let shared = Shared::of(&config, address, files.into_table().ok()?);
    let now = shared.now();
    {
        let mut office = shared.office();
        let (_, cookie) = COOKIE.split_once('=')?;
        let first = Secret::from_hex(CODE)?;
        office.issue_code(first.clone(), "/viewer".into(), now).ok()?;
        let session = office.enter(&first, Secret::from_hex(cookie)?, now)?.session;
        let window = shared.windows.first()?.clone();
        office.issue_ticket(session, window, Secret::from_hex(TICKET)?, now).ok()?;
        office.issue_code(first, "/viewer".into(), now).ok()?;
    }
    Some(shared)
}
