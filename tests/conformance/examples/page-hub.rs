//! A hub over the sample contract behind a gate for pages, and behind the same gate the bare WebSockets that
//! `bench/js/websocket.mjs` measures it against: `page-hub SCRIPT`. It serves an empty page and the script as `/page.js`,
//! prints where the page is and the file that lets a browser in, and ends when its input ends.

use std::io::Read;

use bytes::Bytes;
use conformance::service::{BlobsService, EchoService, FlowsService};
use portcullis::hub::{Admission, Kind};
use portcullis::link::WebSocketLink;
use portcullis::web::{Files, Gate, GateConfig, MESSAGE_BYTES_MAX, WebSocket};
use portcullis::{Hub, Role};
use sample_contract::{BlobsServer, EchoServer, FlowsServer, contract};

/// The kinds of window: the hub's peer, and whoever has a socket without anything on it.
const PAGE: &str = "portcullis";
const BARE: &str = "bare";

/// Frames that a bare socket sends for one question at most.
const FRAMES_MAX: u32 = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let script = std::env::args_os().nth(1).ok_or("usage: page-hub SCRIPT")?;
    let interfaces = ["sample.blobs", "sample.echo", "sample.flows"];
    let role =
        interfaces.into_iter().fold(Role::new(PAGE), |role, name| role.call(format!("{name}.*")));
    let hub = Hub::builder(contract()).role(role).build()?;
    let _blobs = hub.serve(BlobsServer::new(BlobsService::default()))?;
    let _echo = hub.serve(EchoServer::new(EchoService::default()))?;
    let _flows = hub.serve(FlowsServer::new(FlowsService::default()))?;

    let files = Files::new().file("/", "text/html", "<!doctype html><title>Page</title>").file(
        "/page.js",
        "text/javascript",
        std::fs::read(script)?,
    );
    let gate = Gate::bind(GateConfig::new().files(files).windows([PAGE, BARE]))?;
    let launcher = gate.launcher("/")?;
    println!("{}\n{}", gate.url("/"), launcher.path().display());
    // Whoever started it holds its input open, so that it never outlives them.
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        () = admit(&gate, &hub) => {}
        ended = ended => {
            ended??;
        }
    }
    Ok(())
}

/// Ties each page to the hub, or leaves it its socket.
async fn admit(gate: &Gate, hub: &Hub) {
    let mut count = 0_u32;
    while let Some(admitted) = gate.accept().await {
        if admitted.window == BARE {
            tokio::spawn(bare(admitted.socket));
            continue;
        }
        count += 1;
        let admission = Admission::new(format!("page-{count}"), PAGE, Kind::Page);
        if let Err(error) = hub.attach(WebSocketLink::new(admitted.socket), &admission) {
            eprintln!("a page was not taken in: {error}");
        }
    }
}

/// Sends every message back, but for one of eight bytes: two numbers, which ask for so many frames of so many bytes, each
/// filled with its place. To ask for too much ends the connection.
async fn bare(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Ok(question) = <[u8; 8]>::try_from(&*message) else {
            if socket.send(message).await.is_err() {
                return;
            }
            continue;
        };
        let question = u64::from_le_bytes(question);
        let (count, bytes) = (question as u32, (question >> 32) as usize);
        if count > FRAMES_MAX || bytes > MESSAGE_BYTES_MAX {
            return;
        }
        for number in 0..count {
            let frame = Bytes::from(vec![number as u8; bytes]);
            if socket.send(frame).await.is_err() {
                return;
            }
        }
    }
}
