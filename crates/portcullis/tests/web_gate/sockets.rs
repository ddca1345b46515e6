//! An admitted WebSocket: whole binary messages both ways, and what ends one that misbehaves.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use portcullis::web::{Admitted, Denial, Gate, WsError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

const LIMIT: usize = 64 * 1024;

/// Admits a raw TCP stream, for frames that no client library would write.
async fn raw_page(gate: &Gate) -> (TcpStream, Admitted) {
    let cookie = enter(gate).await;
    let ticket = ticket(gate, &cookie, "viewer").await;
    let mut stream = silent(gate.local_addr()).await;
    stream.write_all(&ask_connect(gate, &cookie, &ticket).bytes()).await.unwrap();
    let page = within(gate.accept()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(head.contains("sec-websocket-protocol: portcullis.v1\r\n"), "{head}");
    assert!(!head.contains("extensions") && !head.contains("ticket"), "{head}");
    (stream, page)
}

/// The code in the close frame that the raw stream gets next.
async fn raw_close_code(stream: &mut TcpStream) -> u16 {
    within(async {
        assert_eq!(stream.read_u8().await.unwrap(), 0x88);
        assert!(stream.read_u8().await.unwrap() >= 2);
        stream.read_u16().await.unwrap()
    })
    .await
}

/// A frame as a client writes it, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | 127];
    bytes.extend((payload.len() as u64).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn whole_messages_of_any_size_cross_both_ways() {
    let gate = gate();
    let (mut client, page) = admitted(&gate, "viewer").await;
    let (mut reader, mut writer) = page.socket.split();
    let echo = tokio::spawn(async move {
        while let Some(message) = reader.recv().await {
            writer.send(message.expect("a message")).await.expect("a listener");
        }
    });
    for size in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 5 << 20] {
        let sent: Bytes = (0..size).map(|n| (n % 251) as u8).collect();
        within(client.send(Message::Binary(sent.clone()))).await.unwrap();
        match within(client.next()).await.unwrap().unwrap() {
            Message::Binary(back) => assert_eq!(back, sent, "{size} bytes"),
            other => panic!("{other:?}"),
        }
    }
    within(client.close(None)).await.unwrap();
    within(echo).await.expect("the reader saw an orderly end");
}

#[tokio::test]
async fn bytes_right_behind_the_handshake_are_not_lost() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let mut bytes = ask_connect(&gate, &cookie, &ticket).bytes();
    bytes.extend(frame(0x82, b"early"));
    let mut stream = silent(gate.local_addr()).await;
    stream.write_all(&bytes).await.unwrap();
    let mut page = within(gate.accept()).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, Some(Ok("early".into())));
}

#[tokio::test]
async fn text_is_a_violation() {
    let gate = gate();
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    within(client.send(Message::Binary("good".into()))).await.unwrap();
    within(client.send(Message::Text("bad".into()))).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, Some(Ok("good".into())));
    let error = within(page.socket.recv()).await.unwrap().unwrap_err();
    assert_eq!(error, WsError::Text);
    assert!(error.is_violation());
    assert_eq!(close_code(&mut client).await, Some(1003));
    assert_eq!(within(page.socket.recv()).await, None);
}

#[tokio::test]
async fn a_reader_alone_tells_the_peer_of_its_violation() {
    let gate = gate();
    let (mut client, page) = admitted(&gate, "viewer").await;
    let (mut reader, _writer) = page.socket.split();
    within(client.send(Message::Text("bad".into()))).await.unwrap();
    assert_eq!(within(reader.recv()).await, Some(Err(WsError::Text)));
    assert_eq!(close_code(&mut client).await, Some(1003));
}

#[tokio::test]
async fn a_huge_message_ends_at_its_header() {
    let gate = gate_with(config().message_bytes_max(LIMIT));
    for announced in [LIMIT as u64 + 1, 1 << 40, (1 << 63) - 1] {
        let (mut stream, mut page) = raw_page(&gate).await;
        let mut header = vec![0x82, 0x80 | 127];
        header.extend(announced.to_be_bytes());
        header.extend([0; 4]);
        // Not one byte of payload follows: the header alone must do.
        stream.write_all(&header).await.unwrap();
        let error = within(page.socket.recv()).await.unwrap().unwrap_err();
        assert_eq!(error, WsError::TooBig { limit: LIMIT }, "{announced}");
        assert_eq!(raw_close_code(&mut stream).await, 1009, "{announced}");
        assert_eq!(within(page.socket.recv()).await, None);
    }
}

#[tokio::test]
async fn fragments_count_together() {
    let gate = gate_with(config().message_bytes_max(LIMIT));
    let (mut stream, mut page) = raw_page(&gate).await;
    let half = vec![7; LIMIT / 2];
    stream.write_all(&frame(0x02, &half)).await.unwrap();
    stream.write_all(&frame(0x80, &half)).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, Some(Ok(vec![7; LIMIT].into())));
    stream.write_all(&frame(0x02, &half)).await.unwrap();
    stream.write_all(&frame(0x00, &half)).await.unwrap();
    stream.write_all(&frame(0x80, b"x")).await.unwrap();
    let outcome = within(page.socket.recv()).await;
    assert_eq!(outcome, Some(Err(WsError::TooBig { limit: LIMIT })));
    assert_eq!(raw_close_code(&mut stream).await, 1009);
}

#[tokio::test]
async fn broken_frames_end_the_connection_with_1002() {
    let gate = gate();
    for (what, bytes) in [
        ("unmasked", vec![0x82, 1, b'x']),
        ("reserved bit, as of a compressed frame", frame(0xc2, b"x")),
        ("unknown opcode", frame(0x83, b"x")),
        ("continues nothing", frame(0x80, b"x")),
        ("fragmented control", frame(0x09, b"x")),
        ("long control", frame(0x89, &[0; 126])),
    ] {
        let (mut stream, mut page) = raw_page(&gate).await;
        stream.write_all(&bytes).await.unwrap();
        let error = within(page.socket.recv()).await.unwrap().unwrap_err();
        assert!(matches!(error, WsError::Protocol(_)), "{what}: {error}");
        assert_eq!(raw_close_code(&mut stream).await, 1002, "{what}");
    }
}

#[tokio::test]
async fn pings_are_answered_and_not_handed_on() {
    let gate = gate();
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    within(client.send(Message::Ping("are you there".into()))).await.unwrap();
    within(client.send(Message::Binary("x".into()))).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, Some(Ok("x".into())));
    within(page.socket.send("y".into())).await.unwrap();
    let pong = within(client.next()).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn closing_tells_the_peer_why() {
    let gate = gate();
    for (code, expect) in [(1000, 1000), (4001, 4001), (1006, 1011), (0, 1011)] {
        let (mut client, page) = admitted(&gate, "viewer").await;
        let long = "\u{e9}".repeat(100);
        let closing = tokio::spawn(async move { page.socket.close(code, &long).await });
        let frame = match within(client.next()).await.unwrap().unwrap() {
            Message::Close(Some(frame)) => frame,
            other => panic!("{other:?}"),
        };
        assert_eq!(u16::from(frame.code), expect);
        assert_eq!(frame.reason.as_str(), "\u{e9}".repeat(61), "cut between characters");
        assert!(within(client.next()).await.is_none());
        within(closing).await.unwrap();
    }
}

#[tokio::test]
async fn an_end_is_reported_once_as_what_it_was() {
    let gate = gate();
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    within(client.close(None)).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, None);
    assert_eq!(within(page.socket.recv()).await, None);
    assert_eq!(within(page.socket.send("late".into())).await, Err(WsError::Closed));

    let (client, mut page) = admitted(&gate, "viewer").await;
    drop(client);
    let lost = within(page.socket.recv()).await.unwrap().unwrap_err();
    assert!(matches!(lost, WsError::Lost(_)) && !lost.is_violation(), "{lost}");
    assert_eq!(within(page.socket.recv()).await, None);
}

#[tokio::test]
async fn a_dropped_recv_loses_no_message() {
    let gate = gate();
    let (mut stream, mut page) = raw_page(&gate).await;
    let bytes = frame(0x82, b"in small pieces");
    for piece in bytes.chunks(3) {
        stream.write_all(piece).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        if piece.len() == 3 {
            tokio::select! {
                biased;
                got = page.socket.recv() => panic!("too early: {got:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(within(page.socket.recv()).await, Some(Ok("in small pieces".into())));
}

#[tokio::test]
async fn an_upgrade_that_is_not_one_is_refused_and_spends_nothing() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let ask = ask_connect(&gate, &cookie, &ticket);
    let offer = format!("ticket.{ticket}");
    for (what, broken) in [
        ("no upgrade", ask.clone().without("Upgrade")),
        ("h2c", ask.clone().set("Upgrade", "h2c")),
        ("no connection", ask.clone().set("Connection", "keep-alive")),
        ("no key", ask.clone().without("Sec-WebSocket-Key")),
        ("two keys", ask.clone().also("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")),
        ("short key", ask.clone().set("Sec-WebSocket-Key", "dGhl")),
        ("old version", ask.clone().set("Sec-WebSocket-Version", "8")),
        ("no version", ask.clone().without("Sec-WebSocket-Version")),
        ("body", ask.clone().form("x=y")),
        ("no protocol", ask.clone().without("Sec-WebSocket-Protocol")),
        ("ticket only", ask.clone().set("Sec-WebSocket-Protocol", offer)),
    ] {
        assert_eq!(broken.status(&gate).await, 400, "{what}");
    }
    assert_eq!(gate.counters().denied(Denial::BadUpgrade), 11);
    assert!(connect(&gate, &cookie, &ticket).await.is_ok());
}

#[tokio::test]
async fn pings_of_a_peer_that_takes_no_answers_are_not_read_without_end() {
    let gate = gate();
    let (stream, page) = raw_page(&gate).await;
    let (mut reader, _writer) = page.socket.split();
    let reading = tokio::spawn(async move { while reader.recv().await.is_some() {} });
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.resize(ping.len() + 125, 0);
    let pings = ping.repeat(1024);
    // What the system holds for both directions is far less than this; all of it is taken only by a gate that goes on
    // reading whatever it owes.
    const FLOOD: usize = 64 * 1024 * 1024;
    let mut sent = 0;
    let mut still = 0;
    while sent < FLOOD && still < 20 {
        match stream.try_write(&pings[sent % ping.len()..]) {
            Ok(count) => (sent, still) = (sent + count, 0),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                still += 1;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    assert!(sent < FLOOD, "the gate stops reading");
    assert!(!reading.is_finished(), "and waits");
}
