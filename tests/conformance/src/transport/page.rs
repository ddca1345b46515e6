//! What a page does before it has a WebSocket: the code of its launcher for a cookie, the cookie for a ticket.

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
    let origin = format!("http://{}", gate.local_addr());
    let code = gate.new_code("/").expect("a code");
    let entered = post(gate, "/enter", &[("Origin", "null")], &code.form_body()).await;
    let cookie = entered
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("set-cookie: ").then(|| &line[12..]))
        .and_then(|cookie| cookie.split(';').next())
        .expect("a cookie");
    let headers = [("Origin", origin.as_str()), ("Cookie", cookie)];
    let answer = post(gate, "/ticket", &headers, "window=test").await;
    let (_, ticket) = answer.split_once("\r\n\r\n").expect("a ticket");
    let url = format!("ws://{}/connect", gate.local_addr());
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in [
        ("origin", origin.as_str()),
        ("cookie", cookie),
        ("sec-websocket-protocol", &format!("portcullis.v1, ticket.{ticket}")),
    ] {
        request.headers_mut().insert(name, value.parse().expect("a header value"));
    }
    let stream = TcpStream::connect(gate.local_addr()).await.expect("connect");
    stream.set_nodelay(true).expect("no delay");
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    client_async_with_config(request, stream, Some(config)).await.expect("admitted").0
}

/// Posts a form and returns the whole answer.
async fn post(gate: &Gate, path: &str, headers: &[(&str, &str)], form: &str) -> String {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        gate.local_addr(),
        form.len()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    request += form;
    let mut stream = TcpStream::connect(gate.local_addr()).await.expect("connect");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(answer).expect("text")
}
