//! The gate itself: listens on loopback, bounds what is under way, and hands out the connections
//! that were admitted. The one place here that reads a clock and draws random bits.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::config::{GateConfig, GateError, HALF_OPEN_MAX, HEAD_BYTES_MAX, HEADERS_MAX};
use super::denial::{Counters, Denial, GateCounters, count};
use super::fields::CookieNames;
use super::files::FileTable;
use super::http::{self, StrictHeaders};
use super::launcher::{EntryCode, Launcher, Launchers};
use super::origin::{Hosts, Origin, Origins};
use super::secret::{SECRET_BYTES, Secret};
use super::socket::WebSocket;
use super::ticket::{CodeId, Office, SessionId};
use super::upgrade::Passage;
use crate::accept::Failures;

/// A browser gate: pages in, admitted WebSockets out. See the [module](super) for the way of a page.
///
/// Dropping it stops the server at once; WebSockets that the application holds live on.
#[derive(Debug)]
pub struct Gate {
    shared: Arc<Shared>,
    address: SocketAddr,
    launcher_dir: Option<PathBuf>,
    queue: tokio::sync::Mutex<mpsc::Receiver<Admitted>>,
    server: AbortHandle,
}

/// A page that showed everything it had to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// The connection.
    pub socket: WebSocket,
    /// The window kind for which the ticket was given; one of those that were declared.
    pub window: String,
    /// The origin of the page, one of those on the list.
    pub origin: Origin,
    /// The browser session whose cookie the page showed.
    pub session: SessionId,
    /// The other end of the TCP connection.
    pub remote: SocketAddr,
}

/// What all connections of a gate look at.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) hosts: Hosts,
    pub(super) origins: Origins,
    pub(super) headers: StrictHeaders,
    pub(super) files: FileTable,
    pub(super) windows: Vec<Arc<str>>,
    pub(super) cookies: CookieNames,
    pub(super) counters: Counters,
    pub(super) launchers: Launchers,
    pub(super) sockets: Arc<Semaphore>,
    office: Mutex<Office>,
    started: Instant,
    message_bytes_max: usize,
    head_timeout: Duration,
    exchange_timeout: Duration,
}

impl Shared {
    /// Of a gate that listens at `address`, whose time begins now.
    pub(super) fn of(config: &GateConfig, address: SocketAddr, files: FileTable) -> Self {
        let hosts = Hosts::of(address);
        Self {
            origins: Origins::of(&hosts, &config.origins),
            headers: StrictHeaders::of(&hosts),
            hosts,
            files,
            windows: config.windows.iter().map(|kind| kind.as_str().into()).collect(),
            cookies: CookieNames::of(address.port()),
            counters: Counters::new(),
            launchers: Launchers::default(),
            sockets: Arc::new(Semaphore::new(config.sockets_max)),
            office: Mutex::new(Office::new(config.code_life, config.ticket_life)),
            started: start(),
            message_bytes_max: config.message_bytes_max,
            head_timeout: config.head_timeout,
            exchange_timeout: config.exchange_timeout,
        }
    }

    /// The ticket office. Never held across a wait.
    pub(super) fn office(&self) -> MutexGuard<'_, Office> {
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The office's time: since the gate began.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// 128 fresh random bits.
    #[expect(clippy::disallowed_methods, reason = "the gate is the edge that draws random bits")]
    pub(super) fn draw(&self) -> Result<Secret, Denial> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| Denial::NoRandomBits)?;
        Ok(Secret::from_bytes(bytes))
    }
}

impl Gate {
    /// Listens, and serves from now on.
    ///
    /// # Errors
    /// Every variant of [`GateError`] that is about an address or a declaration. It converts to
    /// [`io::Error`], with the kind that fits.
    pub fn bind(mut config: GateConfig) -> Result<Self, GateError> {
        config.check()?;
        let runtime = match config.runtime.take() {
            Some(runtime) => runtime,
            None => tokio::runtime::Handle::try_current().map_err(|_| GateError::NoRuntime)?,
        };
        let files = std::mem::take(&mut config.files).into_table()?;
        let asked = config.address;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => GateError::PortInUse(asked),
            _ => GateError::Listen { address: asked, source },
        };
        let listener = StdListener::bind(asked).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener).map_err(failed)?
        };
        let shared = Arc::new(Shared::of(&config, address, files));
        // Each entry holds a permit, so the queue never fills and a granted page is never lost.
        let (admit, queue) = mpsc::channel(config.sockets_max);
        let server = runtime.spawn(serve(shared.clone(), listener, admit)).abort_handle();
        tracing::debug!(target: "portcullis::web", %address, "gate open");
        Ok(Self {
            shared,
            address,
            launcher_dir: config.launcher_dir,
            queue: tokio::sync::Mutex::new(queue),
            server,
        })
    }

    /// Where the gate listens; with the port that it got.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path of this gate, as in `http://127.0.0.1:4000/viewer`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next page that was admitted; `None` once the gate is shut. Safe to drop at any time,
    /// and callable from several tasks.
    pub async fn accept(&self) -> Option<Admitted> {
        self.queue.lock().await.recv().await
    }

    /// Writes a launcher file that opens the page `open` (a path among the files) once.
    ///
    /// # Errors
    /// When there is no such page, when too many codes wait, or when the file cannot be written
    /// where nobody else can read it.
    pub fn launcher(&self, open: &str) -> Result<Launcher, GateError> {
        let name = self.draw()?;
        let (id, secret) = self.issue(open)?;
        let dir = self.launcher_dir.as_deref();
        Launcher::write(&self.shared, dir, &self.url(""), id, &secret, &name)
            .inspect_err(|_| self.shared.office().revoke_code(id))
    }

    /// A one-time code that opens the page `open`, for a program that posts it itself.
    ///
    /// # Errors
    /// When there is no such page, or when too many codes wait.
    pub fn new_code(&self, open: &str) -> Result<EntryCode, GateError> {
        self.issue(open).map(|(_, secret)| EntryCode(secret))
    }

    /// Forgets a browser session: its cookie and its unused tickets open nothing more. WebSockets
    /// that it has stay open; they belong to the application.
    pub fn end_session(&self, session: SessionId) {
        self.shared.office().end_session(session);
    }

    /// What has happened so far.
    pub fn counters(&self) -> GateCounters {
        self.shared.counters.snapshot()
    }

    /// Stops listening and drops what is under way. [`accept`](Self::accept) gives what was
    /// admitted before, then `None`.
    pub fn shutdown(&self) {
        self.server.abort();
    }

    fn issue(&self, open: &str) -> Result<(CodeId, Secret), GateError> {
        if self.shared.files.get(open).is_none() {
            return Err(GateError::BadPage(open.to_owned()));
        }
        let secret = self.draw()?;
        let now = self.shared.now();
        let id = self.shared.office().issue_code(secret.clone(), open.into(), now);
        Ok((id.map_err(|_| GateError::TooManyCodes)?, secret))
    }

    fn draw(&self) -> Result<Secret, GateError> {
        self.shared.draw().map_err(|_| GateError::NoRandomBits)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "the gate is the edge that reads the clock")]
fn start() -> Instant {
    Instant::now()
}

/// Accepts until aborted; the connections under way end with it.
async fn serve(shared: Arc<Shared>, listener: TcpListener, admit: mpsc::Sender<Admitted>) {
    let half_open = Arc::new(Semaphore::new(HALF_OPEN_MAX));
    let mut connections = JoinSet::new();
    let mut failures = Failures::default();
    loop {
        let (stream, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                failures.pause(&error).await;
                continue;
            }
        };
        failures.end();
        while connections.try_join_next().is_some() {}
        count(&shared.counters.connections);
        match half_open.clone().try_acquire_owned() {
            Ok(slot) => {
                connections.spawn(connection(shared.clone(), stream, remote, admit.clone(), slot));
            }
            Err(_) => shared.counters.deny(Denial::TooManyConnections, remote),
        }
    }
}

/// One TCP connection: one request, one answer, and if that was 101, an admitted WebSocket. Every
/// other answer says `Connection: close`, so nothing but a WebSocket outlives its exchange.
async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    remote: SocketAddr,
    admit: mpsc::Sender<Admitted>,
    slot: OwnedSemaphorePermit,
) {
    // Without it the kernel would hold small messages back; if it fails they are merely late.
    let _ = stream.set_nodelay(true);
    let passage = exchange(&shared, stream, remote).await;
    if let Some(passage) = passage
        && let Some(admitted) = admitted(&shared, passage, remote).await
    {
        let (session, window) = (admitted.session, admitted.window.as_str());
        tracing::debug!(target: "portcullis::web", %session, window, %remote, "admitted");
        count(&shared.counters.admitted);
        // Fails only when the gate is gone, and then the connection should be too.
        let _ = admit.send(admitted).await;
    }
    drop(slot);
}

/// One request and its answer, whatever carries them; a granted upgrade comes back.
pub(super) async fn exchange<S>(shared: &Shared, stream: S, remote: SocketAddr) -> Option<Passage>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let granted: Mutex<Option<Passage>> = Mutex::new(None);
    let service = service_fn(async |request| {
        let mut passage = None;
        let answer = http::answer(shared, remote, &mut passage, request).await;
        *granted.lock().unwrap_or_else(PoisonError::into_inner) = passage;
        Ok::<_, Infallible>(answer)
    });
    let exchange = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .timer(TokioTimer::new())
        .header_read_timeout(shared.head_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(shared.exchange_timeout, exchange).await {
        Ok(Ok(())) => {}
        Err(_) => shared.counters.deny(Denial::TimedOut, remote),
        Ok(Err(error)) if error.is_timeout() => shared.counters.deny(Denial::TimedOut, remote),
        Ok(Err(error)) if error.is_parse() => {
            shared.counters.deny(Denial::MalformedRequest, remote);
        }
        Ok(Err(error)) => {
            tracing::debug!(target: "portcullis::web", %error, %remote, "exchange broken off");
        }
    }
    granted.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the TCP connection back from the HTTP server, with what was read beyond the request.
async fn admitted(shared: &Shared, passage: Passage, remote: SocketAddr) -> Option<Admitted> {
    let upgraded = timeout(shared.exchange_timeout, passage.upgrade).await.ok()?.ok()?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    let socket = WebSocket::server(
        parts.io.into_inner(),
        parts.read_buf.to_vec(),
        shared.message_bytes_max,
        passage.permit,
    )
    .await;
    Some(Admitted {
        socket,
        window: passage.window.as_ref().to_owned(),
        origin: passage.origin,
        session: passage.session,
        remote,
    })
}
