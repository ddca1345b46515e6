//! A gate under test and the two clients that call on it: raw bytes on a TCP stream for what no
//! browser would send, and a real WebSocket client for the good path.

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use portcullis::web::{Admitted, Files, Gate, GateConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) type Client = WebSocketStream<TcpStream>;

/// Nothing here takes long; what takes this long hangs. Less than the 30 s after which the HTTP
/// library loses patience by itself, so that a test of our own deadline does not pass by its.
const WATCHDOG: Duration = Duration::from_secs(25);

/// Waits, but not for ever.
#[track_caller]
pub(crate) fn within<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(WATCHDOG, work).await {
            Ok(output) => output,
            Err(_) => panic!("still waiting at {caller}"),
        }
    }
}

/// Three window kinds and two pages.
pub(crate) fn config() -> GateConfig {
    let files = Files::new()
        .file("/", "text/html", "<!doctype html><title>Home</title>")
        .file("/viewer", "text/html", "<!doctype html><title>Viewer</title>")
        .file("/app.js", "text/javascript", "export {};");
    GateConfig::new().files(files).windows(["viewer", "controls", "log"])
}

pub(crate) fn gate() -> Gate {
    gate_with(config())
}

pub(crate) fn gate_with(config: GateConfig) -> Gate {
    log();
    Gate::bind(config).expect("a free port of 127.0.0.1")
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// The value of a header that stands once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert!(values.next().is_none(), "{name} stands twice in {}", self.head);
        value
    }
}

/// Sends bytes as they are and reads until the gate closes; `None` if it closed without a word.
pub(crate) async fn raw(gate: &Gate, bytes: &[u8]) -> Option<Reply> {
    within(async {
        let mut stream = TcpStream::connect(gate.local_addr()).await.expect("connect");
        // The gate may answer and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        read_reply(&mut stream).await
    })
    .await
}

/// Reads until the end, be it an orderly one or a reset.
pub(crate) async fn read_reply(stream: &mut TcpStream) -> Option<Reply> {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        answer.extend_from_slice(&piece[..read]);
    }
    Reply::parse(&answer)
}

/// A request built line by line; Host is right unless told otherwise.
#[derive(Clone)]
pub(crate) struct Ask {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Ask {
    pub(crate) fn new(gate: &Gate, method: &str, target: &str) -> Self {
        let headers = vec![("Host".to_owned(), gate.local_addr().to_string())];
        Self { line: format!("{method} {target} HTTP/1.1"), headers, body: String::new() }
    }

    /// Sets a header in place of those that have its name.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self.also(name, value)
    }

    /// Adds a header to those that are there.
    pub(crate) fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self
    }

    pub(crate) fn form(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.set("Content-Type", "application/x-www-form-urlencoded").set("Content-Length", length)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        text += &self.body;
        text.into_bytes()
    }

    /// The answer's status.
    pub(crate) async fn status(&self, gate: &Gate) -> u16 {
        self.send(gate).await.status
    }

    pub(crate) async fn send(&self, gate: &Gate) -> Reply {
        raw(gate, &self.bytes()).await.expect("an answer")
    }
}

pub(crate) fn own_origin(gate: &Gate) -> String {
    format!("http://{}", gate.local_addr())
}

/// `POST /ticket` as a page of the gate would send it.
pub(crate) fn ask_ticket(gate: &Gate, cookie: &str, window: &str) -> Ask {
    Ask::new(gate, "POST", "/ticket")
        .set("Origin", own_origin(gate))
        .set("Cookie", cookie)
        .form(format!("window={window}"))
}

/// `GET /connect` as a page of the gate would send it.
pub(crate) fn ask_connect(gate: &Gate, cookie: &str, ticket: &str) -> Ask {
    Ask::new(gate, "GET", "/connect")
        .set("Origin", own_origin(gate))
        .set("Cookie", cookie)
        .set("Connection", "Upgrade")
        .set("Upgrade", "websocket")
        .set("Sec-WebSocket-Version", "13")
        .set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .set("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
        .set("Sec-WebSocket-Protocol", format!("portcullis.v1, ticket.{ticket}"))
}

/// Posts a fresh code as a launcher would; gives the cookie as a browser would send it back.
pub(crate) async fn enter(gate: &Gate) -> String {
    let code = gate.new_code("/viewer").expect("a code");
    let ask = Ask::new(gate, "POST", "/enter").set("Origin", "null").form(code.form_body());
    let reply = ask.send(gate).await;
    assert_eq!(reply.status, 303, "{}", reply.head);
    cookie_of(&reply)
}

pub(crate) fn cookie_of(reply: &Reply) -> String {
    let cookie = reply.header("Set-Cookie").expect("a cookie");
    cookie.split(';').next().expect("name=value").to_owned()
}

pub(crate) async fn ticket(gate: &Gate, cookie: &str, window: &str) -> String {
    let reply = ask_ticket(gate, cookie, window).send(gate).await;
    assert_eq!(reply.status, 200, "{}", reply.head);
    reply.body
}

/// Opens a WebSocket with the real client; `Err` is the status of the refusal.
pub(crate) async fn connect(gate: &Gate, cookie: &str, ticket: &str) -> Result<Client, u16> {
    within(async {
        let url = format!("ws://{}/connect", gate.local_addr());
        let mut request = url.into_client_request().expect("a request");
        let protocols = format!("portcullis.v1, ticket.{ticket}");
        for (name, value) in [
            ("origin", own_origin(gate)),
            ("cookie", cookie.to_owned()),
            ("sec-websocket-protocol", protocols),
        ] {
            request.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        let stream = TcpStream::connect(gate.local_addr()).await.expect("connect");
        match client_async(request, stream).await {
            Ok((client, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                assert_eq!(protocol.expect("a protocol"), "portcullis.v1");
                assert!(response.headers().get("sec-websocket-extensions").is_none());
                Ok(client)
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("neither admitted nor refused: {error}"),
        }
    })
    .await
}

/// The whole way in, both ends.
pub(crate) async fn admitted(gate: &Gate, window: &str) -> (Client, Admitted) {
    let cookie = enter(gate).await;
    let ticket = ticket(gate, &cookie, window).await;
    let client = connect(gate, &cookie, &ticket).await.expect("admitted");
    (client, within(gate.accept()).await.expect("an open gate"))
}

/// The code of the close frame that a client gets next; what comes before it is passed over.
pub(crate) async fn close_code(client: &mut Client) -> Option<u16> {
    use futures_util::StreamExt;
    within(async {
        while let Some(Ok(message)) = client.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    })
    .await
}

/// Opens a TCP connection and sends nothing.
pub(crate) async fn silent(address: SocketAddr) -> TcpStream {
    within(TcpStream::connect(address)).await.expect("connect")
}

/// Everything that any crate here logs, at every level, of all tests of this program.
pub(crate) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let sink = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || sink.clone())
            .init();
        log
    })
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
