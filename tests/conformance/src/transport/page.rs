//! What a page does before it has a WebSocket: the code of its launcher for a cookie, the cookie for a ticket.

use std::io;
use std::net::SocketAddr;

use portcullis::web::{Files, Gate, GateConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Longest message that the hub may send to a test, in bytes: a window and a frame of default size, and more.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) fn gate() -> Gate {
    let files = Files::new().file("/", "text/html", "<!doctype html><title>Test</title>");
    Gate::bind(GateConfig::new().files(files).windows(["test"])).expect("a free port")
}

/// The whole way in.
pub(super) async fn connect(gate: &Gate) -> WebSocketStream<TcpStream> {
    let code = gate.new_code("/").expect("a code");
    let browser = Browser::enter(gate.local_addr(), &code.form_body()).await.expect("let in");
    browser.connect("test").await.expect("admitted")
}

/// A browser that a gate has let in: its cookie, and where the gate is.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where the gate listens.
    pub address: SocketAddr,
    /// What it sends with every request, as `name=value`.
    pub cookie: String,
}

impl Browser {
    /// Posts a launcher's form, and keeps the cookie that comes back.
    ///
    /// # Errors
    ///
    /// When the gate does not take the form.
    pub async fn enter(address: SocketAddr, form: &str) -> io::Result<Self> {
        let entered = post(address, "/enter", &[("Origin", "null")], form).await?;
        let cookie = entered
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().starts_with("set-cookie: ").then(|| &line[12..])
            })
            .and_then(|cookie| cookie.split(';').next())
            .ok_or_else(|| refused(&entered))?;
        Ok(Self { address, cookie: cookie.to_owned() })
    }

    /// The origin of the gate's own pages.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A ticket for a window of that kind.
    ///
    /// # Errors
    ///
    /// When the gate gives none.
    pub async fn ticket(&self, window: &str) -> io::Result<String> {
        let origin = self.origin();
        let headers = [("Origin", origin.as_str()), ("Cookie", self.cookie.as_str())];
        let form = format!("window={window}");
        let answer = post(self.address, "/ticket", &headers, &form).await?;
        match answer.split_once("\r\n\r\n") {
            Some((head, ticket)) if head.contains(" 200 ") => Ok(ticket.to_owned()),
            _ => Err(refused(&answer)),
        }
    }

    /// Opens the socket of a window of that kind.
    ///
    /// # Errors
    ///
    /// When the gate gives no ticket, or refuses the upgrade.
    pub async fn connect(&self, window: &str) -> io::Result<WebSocketStream<TcpStream>> {
        let ticket = self.ticket(window).await?;
        let url = format!("ws://{}/connect", self.address);
        let mut request = url.into_client_request().map_err(io::Error::other)?;
        for (name, value) in [
            ("origin", self.origin().as_str()),
            ("cookie", &self.cookie),
            ("sec-websocket-protocol", &format!("portcullis.v1, ticket.{ticket}")),
        ] {
            let value = value.parse().map_err(io::Error::other)?;
            request.headers_mut().insert(name, value);
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opened = client_async_with_config(request, stream, Some(config)).await;
        opened.map(|(socket, _)| socket).map_err(io::Error::other)
    }
}

/// What to make of an answer that is not the one that was wanted: its first line says why.
fn refused(answer: &str) -> io::Error {
    let line = answer.lines().next().unwrap_or("it closed without a word");
    io::Error::other(format!("the gate refused: {line}"))
}

/// Posts a form and returns the whole answer.
async fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> io::Result<String> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        form.len()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    request += form;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(answer).map_err(io::Error::other)
}
