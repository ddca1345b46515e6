//! Faults 14 and 18 on real sockets, and the other bounds of the HTTP side: sizes, counts, times.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use portcullis::web::{
    BODY_BYTES_MAX, Denial, Gate, GateConfig, HALF_OPEN_MAX, HEAD_BYTES_MAX, HEADERS_MAX,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

/// A gate whose other deadline is too far off to help.
fn only_head_timeout(time: Duration) -> GateConfig {
    config().head_timeout(time).exchange_timeout(Duration::from_secs(600))
}

/// Waits until the gate has let go of enough connections to serve a new one.
async fn serves_again(gate: &Gate) {
    let ask = Ask::new(gate, "GET", "/").bytes();
    within(async {
        while raw(gate, &ask).await.is_none_or(|reply| reply.status != 200) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Fills every half-open slot with silence.
async fn fill(gate: &Gate) -> Vec<TcpStream> {
    let mut held = Vec::new();
    let before = gate.counters().connections;
    for _ in 0..HALF_OPEN_MAX {
        held.push(silent(gate.local_addr()).await);
    }
    within(async {
        while gate.counters().connections < before + HALF_OPEN_MAX as u64 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    held
}

#[tokio::test]
async fn f14_half_open_connections_are_capped_and_disturb_nobody() {
    let gate = gate_with(config().head_timeout(Duration::from_secs(600)));
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    serves_again(&gate).await;
    let mut held = fill(&gate).await;
    let refused_before = gate.counters().denied(Denial::TooManyConnections);
    for _ in 0..10 {
        // Closed at once: the end comes though nothing was sent.
        let mut late = silent(gate.local_addr()).await;
        let mut byte = [0];
        assert!(matches!(within(late.read(&mut byte)).await, Ok(0) | Err(_)));
    }
    assert_eq!(gate.counters().denied(Denial::TooManyConnections), refused_before + 10);
    // Who was admitted goes on.
    client.send(Message::Binary("still here".into())).await.unwrap();
    let message = within(page.socket.recv()).await.unwrap().unwrap();
    within(page.socket.send(message)).await.unwrap();
    let echo = within(client.next()).await.unwrap().unwrap();
    assert_eq!(echo.into_data(), Bytes::from("still here"));
    // So does who holds a slot, and a slot that is given back is free.
    let mut first = held.remove(0);
    first.write_all(&Ask::new(&gate, "GET", "/").bytes()).await.unwrap();
    assert_eq!(within(read_reply(&mut first)).await.unwrap().status, 200);
    drop(first);
    serves_again(&gate).await;
}

#[tokio::test]
async fn f14_a_silent_connection_loses_its_slot_at_the_deadline() {
    let gate = gate_with(only_head_timeout(Duration::from_millis(50)));
    let mut held = fill(&gate).await;
    serves_again(&gate).await;
    for stream in &mut held {
        let mut byte = [0];
        assert!(matches!(within(stream.read(&mut byte)).await, Ok(0) | Err(_)));
    }
    assert!(gate.counters().denied(Denial::TimedOut) >= HALF_OPEN_MAX as u64);
}

#[tokio::test]
async fn f14_a_body_that_never_ends_loses_its_slot_too() {
    let gate = gate_with(config().exchange_timeout(Duration::from_millis(100)));
    let mut stream = silent(gate.local_addr()).await;
    let ask = Ask::new(&gate, "POST", "/enter").form("code=0000").set("Content-Length", "100");
    stream.write_all(&ask.bytes()).await.unwrap();
    assert!(within(read_reply(&mut stream)).await.is_none());
    assert_eq!(gate.counters().denied(Denial::TimedOut), 1);
}

#[tokio::test]
async fn f14_dripping_a_head_does_not_move_the_deadline() {
    let gate = gate_with(only_head_timeout(Duration::from_millis(100)));
    let mut stream = silent(gate.local_addr()).await;
    let head = Ask::new(&gate, "GET", "/").bytes();
    let closed = within(async {
        // Without the deadline this would go on for ever.
        for byte in head[..head.len() - 4].iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).await.is_err() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    })
    .await;
    assert!(closed);
    assert_eq!(gate.counters().denied(Denial::TimedOut), 1);
}

#[tokio::test]
async fn f18_a_huge_upgrade_header_in_one_byte_pieces_is_refused_at_the_limit() {
    let gate = gate_with(config().head_timeout(Duration::from_secs(600)));
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let mut stream = silent(gate.local_addr()).await;
    stream.set_nodelay(true).unwrap();
    let mut head = ask_connect(&gate, &cookie, &ticket).bytes();
    head.truncate(head.len() - 2);
    head.extend_from_slice(b"X-Padding: ");
    head.resize(HEAD_BYTES_MAX, b'x');
    for byte in head {
        stream.write_all(&[byte]).await.expect("under the limit the gate goes on reading");
    }
    let reply = within(read_reply(&mut stream)).await.expect("an answer");
    assert_eq!(reply.status, 431, "{}", reply.head);
    assert_eq!(gate.counters().denied(Denial::MalformedRequest), 1);
    assert!(connect(&gate, &cookie, &ticket).await.is_ok(), "nothing was spent");
}

#[tokio::test]
async fn f18_a_whole_request_in_one_byte_pieces_is_as_good_as_any() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let mut stream = silent(gate.local_addr()).await;
    stream.set_nodelay(true).unwrap();
    for byte in ask_connect(&gate, &cookie, &ticket).bytes() {
        stream.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(within(gate.accept()).await.unwrap().window, "viewer");
}

#[tokio::test]
async fn f18_too_many_or_too_large_headers_are_refused() {
    let gate = gate();
    let mut many = Ask::new(&gate, "GET", "/");
    for n in 0..HEADERS_MAX {
        many = many.also(&format!("X-{n}"), "x");
    }
    assert_eq!(many.status(&gate).await, 431);
    let large = Ask::new(&gate, "GET", "/").set("X", "x".repeat(HEAD_BYTES_MAX));
    assert_eq!(large.status(&gate).await, 431);
    for garbage in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"] {
        assert_eq!(raw(&gate, garbage.as_bytes()).await.unwrap().status, 400, "{garbage:?}");
    }
    assert_eq!(gate.counters().denied(Denial::MalformedRequest), 5);
    assert_eq!(Ask::new(&gate, "GET", "/").status(&gate).await, 200);
}

#[tokio::test]
async fn bodies_are_bounded_whether_they_say_their_length_or_not() {
    let gate = gate();
    let full = format!("code={}", "0".repeat(BODY_BYTES_MAX - 5));
    let ask = |body: &str| Ask::new(&gate, "POST", "/enter").form(body);
    assert_eq!(ask(&full).status(&gate).await, 403, "as large as allowed, and wrong");
    assert_eq!(ask(&(full.clone() + "0")).status(&gate).await, 413);
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", full.len() + 1, full + "0");
    let chunked = ask(&chunk).without("Content-Length").set("Transfer-Encoding", "chunked");
    assert_eq!(chunked.status(&gate).await, 413);
    assert_eq!(gate.counters().denied(Denial::BodyTooLarge), 2);
}

#[tokio::test]
async fn forms_that_are_not_the_expected_one_are_refused() {
    let gate = gate();
    let code = gate.new_code("/").unwrap().form_body();
    let ask = |body: &str| Ask::new(&gate, "POST", "/enter").form(body);
    for body in ["", "code", "x=y", &format!("{code}&{code}"), &format!("a=b&{code}")] {
        assert_eq!(ask(body).status(&gate).await, 400, "{body}");
    }
    for kind in ["text/plain", "application/json", "multipart/form-data"] {
        let status = ask(&code).set("Content-Type", kind).status(&gate).await;
        assert_eq!(status, 400, "{kind}");
    }
    assert_eq!(ask(&code).without("Content-Type").status(&gate).await, 400);
    assert_eq!(ask(&code).status(&gate).await, 303, "the code is still good");
}

#[tokio::test]
async fn open_sockets_are_bounded_and_a_closed_one_makes_room() {
    let gate = gate_with(config().sockets_max(2));
    let first = admitted(&gate, "viewer").await;
    let _second = admitted(&gate, "viewer").await;
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    assert_eq!(connect(&gate, &cookie, &ticket).await.err(), Some(503));
    // Half a socket is still a socket.
    let (reader, writer) = first.1.socket.split();
    drop(reader);
    assert_eq!(connect(&gate, &cookie, &ticket).await.err(), Some(503));
    drop(writer);
    assert!(connect(&gate, &cookie, &ticket).await.is_ok(), "the ticket was not spent");
}
