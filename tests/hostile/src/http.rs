//! Requests to the gate in words: a route with everything that a page would send, and then what is wrong with it.
//!
//! `connect Origin=null -Cookie`: the route (`page`, `enter`, `ticket`, `connect`), headers to set, to add (`+Host=…`) and
//! to leave out. `PORT` stands for the gate's port, `_` for a space, `ticket=…` and `body=…` for what the page would
//! have been given; `head=9000` fills the head with so many bytes, `bytewise` sends one byte after the other.

use conformance::transport::Browser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::door::WATCHDOG;

/// Asks, and returns the status; 0 when the gate closes without a word.
///
/// # Errors
///
/// When the gate does neither, or cannot be reached.
pub async fn ask(browser: &Browser, words: &str, window: &str) -> Result<u16, String> {
    let asked = tokio::time::timeout(WATCHDOG, exchange(browser, words, window)).await;
    asked.map_err(|_| "the gate neither answered nor closed".to_owned())?
}

async fn exchange(browser: &Browser, words: &str, window: &str) -> Result<u16, String> {
    let io = |error: std::io::Error| error.to_string();
    let mut words = words.split(' ');
    let route = words.next().unwrap_or_default();
    let mut request = Request::new(browser, route);
    let (mut ticket, mut fill, mut bytewise) = (None, 0, false);
    for word in words {
        let value = |value: &str| {
            value.replace("PORT", &browser.address.port().to_string()).replace('_', " ")
        };
        match word.split_once('=') {
            None if word == "bytewise" => bytewise = true,
            None => request.without(word.trim_start_matches('-')),
            Some(("ticket", text)) => ticket = Some(text.to_owned()),
            Some(("body", text)) => request.body = value(text),
            Some(("head", bytes)) => fill = bytes.parse().map_err(|_| "no number of bytes")?,
            Some((name, text)) => match name.strip_prefix('+') {
                Some(name) => request.headers.push((name.to_owned(), value(text))),
                None => request.set(name, &value(text)),
            },
        }
    }
    if route == "connect" {
        let ticket = match ticket {
            None => browser.ticket(window).await.map_err(io)?,
            Some(text) if text == "used" => used(browser, window).await?,
            Some(text) => text,
        };
        let offer = format!("portcullis.v1, ticket.{ticket}");
        request.headers.push(("Sec-WebSocket-Protocol".to_owned(), offer));
    }
    if fill > 0 {
        request.set("X-Padding", &"x".repeat(fill));
    }
    let bytes = request.bytes();
    let mut stream = TcpStream::connect(browser.address).await.map_err(io)?;
    stream.set_nodelay(true).map_err(io)?;
    // The gate may answer and close before it has read everything.
    if bytewise {
        for byte in bytes.chunks(1) {
            if stream.write_all(byte).await.is_err() {
                break;
            }
        }
    } else {
        let _ = stream.write_all(&bytes).await;
    }
    status(&mut stream).await
}

/// A ticket that has let somebody in already.
async fn used(browser: &Browser, window: &str) -> Result<String, String> {
    let ticket = browser.ticket(window).await.map_err(|error| error.to_string())?;
    let words = format!("connect ticket={ticket}");
    match Box::pin(exchange(browser, &words, window)).await? {
        101 => Ok(ticket),
        status => Err(format!("a good ticket got {status}")),
    }
}

async fn status(stream: &mut TcpStream) -> Result<u16, String> {
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    // Every turn takes bytes, or ends.
    while !answer.windows(2).any(|two| two == b"\r\n") {
        match stream.read(&mut piece).await {
            Ok(count @ 1..) => answer.extend_from_slice(piece.get(..count).unwrap_or_default()),
            _ if answer.is_empty() => return Ok(0),
            _ => break,
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    status.ok_or_else(|| format!("the gate answered `{}`", line.lines().next().unwrap_or_default()))
}

struct Request {
    line: &'static str,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn new(browser: &Browser, route: &str) -> Self {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![own("Host", &browser.address.to_string())];
        let page = [own("Origin", &browser.origin()), own("Cookie", &browser.cookie)];
        let form = own("Content-Type", "application/x-www-form-urlencoded");
        let mut body = "";
        let line = match route {
            "enter" => {
                headers.extend([own("Origin", "null"), form]);
                body = "code=00000000000000000000000000000000";
                "POST /enter"
            }
            "ticket" => {
                headers.extend(page);
                headers.push(form);
                body = "window=viewer";
                "POST /ticket"
            }
            "connect" => {
                headers.extend(page);
                headers.extend([
                    own("Connection", "Upgrade"),
                    own("Upgrade", "websocket"),
                    own("Sec-WebSocket-Version", "13"),
                    own("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ]);
                "GET /connect"
            }
            _ => "GET /",
        };
        Self { line, headers, body: body.to_owned() }
    }

    fn without(&mut self, name: &str) {
        self.headers.retain(|(held, _)| held != name);
    }

    fn set(&mut self, name: &str, value: &str) {
        self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} HTTP/1.1\r\n", self.line);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if self.line.starts_with("POST") {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        text += "\r\n";
        text += &self.body;
        text.into_bytes()
    }
}
