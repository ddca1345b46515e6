//! Faults 40 and 41 on real sockets: who may call, from which page, under which name.

use portcullis::web::{Denial, Gate, GateError};

use crate::support::*;

const FOREIGN: [&str; 16] = [
    "null",
    "",
    "http://evil.example",
    "https://evil.example",
    "http://localhost.evil.example:PORT",
    "http://127.0.0.1.evil.example:PORT",
    "http://127.0.0.1:PORT.evil.example",
    "http://127.0.0.1:PORT@evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "http://192.168.1.10:PORT",
    "http://0.0.0.0:PORT",
    "http://[::1]:PORT",
    "http://localhost6:PORT",
];

fn here(gate: &Gate, text: &str) -> String {
    text.replace("PORT", &gate.local_addr().port().to_string())
}

#[tokio::test]
async fn f40_foreign_null_or_absent_origin_gets_403_before_the_upgrade() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let real = ticket(&gate, &cookie, "viewer").await;
    let (asks, own) = (
        [ask_connect(&gate, &cookie, &real), ask_ticket(&gate, &cookie, "viewer")],
        own_origin(&gate),
    );
    for ask in &asks {
        for origin in FOREIGN {
            let origin = here(&gate, origin);
            let reply = ask.clone().set("Origin", &origin).send(&gate).await;
            assert_eq!((reply.status, &*reply.body), (403, ""), "{origin:?}");
        }
        assert_eq!(ask.clone().without("Origin").status(&gate).await, 403);
        assert_eq!(ask.clone().also("Origin", &own).status(&gate).await, 403, "twice");
        assert_eq!(ask.clone().also("Origin", "http://evil.example").status(&gate).await, 403);
    }
    let expected = 2 * (FOREIGN.len() as u64 + 3);
    assert_eq!(gate.counters().denied(Denial::ForeignOrigin), expected);
    // Refused before the ticket was looked at: it is still good.
    assert!(connect(&gate, &cookie, &real).await.is_ok());
}

#[tokio::test]
async fn f40_a_listed_origin_still_needs_the_ticket() {
    let gate = gate_with(config().allow_origin("http://localhost:5173".parse().unwrap()));
    let cookie = enter(&gate).await;
    let real = ticket(&gate, &cookie, "viewer").await;
    let from_listed =
        |ticket| ask_connect(&gate, &cookie, ticket).set("Origin", "http://localhost:5173");
    assert_eq!(from_listed("").status(&gate).await, 403);
    let mut stream = silent(gate.local_addr()).await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, &from_listed(&real).bytes()).await.unwrap();
    let admitted = within(gate.accept()).await.unwrap();
    assert_eq!(admitted.origin.to_string(), "http://localhost:5173");
}

#[tokio::test]
async fn f40_only_the_code_route_takes_a_null_origin_and_no_foreign_one() {
    let gate = gate();
    let enter = |origin: Option<&str>| {
        let ask = Ask::new(&gate, "POST", "/enter").form(gate.new_code("/").unwrap().form_body());
        match origin {
            Some(origin) => ask.set("Origin", origin),
            None => ask,
        }
    };
    assert_eq!(enter(None).status(&gate).await, 303);
    assert_eq!(enter(Some("null")).status(&gate).await, 303);
    assert_eq!(enter(Some(&own_origin(&gate))).status(&gate).await, 303);
    for origin in FOREIGN.into_iter().filter(|origin| *origin != "null") {
        let origin = here(&gate, origin);
        assert_eq!(enter(Some(&origin)).status(&gate).await, 403, "{origin:?}");
    }
}

#[tokio::test]
async fn f40_no_answer_lets_another_origin_read_it() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let preflight = |path| {
        Ask::new(&gate, "OPTIONS", path)
            .set("Origin", "http://evil.example")
            .set("Access-Control-Request-Method", "POST")
    };
    for (ask, status) in [
        (preflight("/ticket"), 405),
        (preflight("/"), 405),
        (preflight("/nothing"), 404),
        (Ask::new(&gate, "GET", "/").set("Origin", "http://evil.example"), 200),
        (ask_ticket(&gate, &cookie, "viewer"), 200),
        (ask_ticket(&gate, &cookie, "viewer").set("Origin", "http://evil.example"), 403),
    ] {
        let reply = ask.send(&gate).await;
        assert_eq!(reply.status, status, "{}", reply.head);
        assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
        assert_eq!(reply.header("Cross-Origin-Resource-Policy"), Some("same-origin"));
    }
}

const REBOUND: [&str; 18] = [
    "",
    "evil.example",
    "evil.example:PORT",
    "localhost",
    "127.0.0.1",
    "localhost:1",
    "localhost6:PORT",
    "localhost.:PORT",
    "localhost.localdomain:PORT",
    "LOCALHOST:PORT",
    "127.0.0.1.nip.io:PORT",
    "0.0.0.0:PORT",
    "0177.0.0.1:PORT",
    "0x7f000001:PORT",
    "2130706433:PORT",
    "127.1:PORT",
    "127.0.0.2:PORT",
    "[::1]:PORT",
];

#[tokio::test]
async fn f41_rebound_host_gets_403_on_every_route() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let real = ticket(&gate, &cookie, "viewer").await;
    let code = gate.new_code("/").unwrap();
    let asks = [
        Ask::new(&gate, "GET", "/"),
        Ask::new(&gate, "GET", "/nothing"),
        Ask::new(&gate, "POST", "/enter").form(code.form_body()),
        ask_ticket(&gate, &cookie, "viewer"),
        ask_connect(&gate, &cookie, &real),
    ];
    for ask in &asks {
        for host in REBOUND {
            let host = here(&gate, host);
            let reply = ask.clone().set("Host", &host).send(&gate).await;
            assert_eq!((reply.status, &*reply.body), (403, ""), "{host:?}");
        }
        assert_eq!(ask.clone().without("Host").status(&gate).await, 403);
        assert_eq!(ask.clone().also("Host", "evil.example").status(&gate).await, 403);
    }
    let expected = asks.len() as u64 * (REBOUND.len() as u64 + 2);
    assert_eq!(gate.counters().denied(Denial::ForeignHost), expected);
    // An absolute target names a host too, and it is not the Host header that a proxy believes.
    let target = here(&gate, "http://127.0.0.1:PORT/");
    assert_eq!(Ask::new(&gate, "GET", &target).status(&gate).await, 403);
    assert_eq!(Ask::new(&gate, "GET", "http://evil.example/").status(&gate).await, 403);
    // Nothing of all that spent a secret.
    assert_eq!(asks[2].status(&gate).await, 303);
    assert!(connect(&gate, &cookie, &real).await.is_ok());
}

#[tokio::test]
async fn f41_both_names_of_the_gate_work() {
    let gate = gate();
    let localhost = here(&gate, "localhost:PORT");
    let cookie = enter(&gate).await;
    let reply = ask_ticket(&gate, &cookie, "viewer")
        .set("Host", &localhost)
        .set("Origin", format!("http://{localhost}"))
        .send(&gate)
        .await;
    assert_eq!(reply.status, 200);
    let policy = reply.header("Content-Security-Policy").unwrap();
    assert!(policy.contains(&format!("connect-src 'self' ws://{localhost};")), "{policy}");
}

#[tokio::test]
async fn f41_the_gate_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "127.0.0.2:0"] {
        let error = Gate::bind(config().address(address.parse().unwrap())).unwrap_err();
        assert!(matches!(error, GateError::NotLoopback(_)), "{address}: {error}");
        let kind = std::io::Error::from(error).kind();
        assert_eq!(kind, std::io::ErrorKind::InvalidInput);
    }
    assert!(gate().local_addr().ip().is_loopback());
}

#[tokio::test]
async fn f41_on_ipv6_the_gate_answers_to_its_own_address() {
    let Ok(gate) = Gate::bind(config().address("[::1]:0".parse().unwrap())) else {
        eprintln!("no IPv6 on this machine; nothing shown");
        return;
    };
    let get = |host| Ask::new(&gate, "GET", "/").set("Host", here(&gate, host));
    assert_eq!(get("[::1]:PORT").status(&gate).await, 200);
    assert_eq!(get("localhost:PORT").status(&gate).await, 200);
    assert_eq!(get("127.0.0.1:PORT").status(&gate).await, 403);
    let (_client, admitted) = admitted(&gate, "viewer").await;
    assert_eq!(admitted.origin.to_string(), own_origin(&gate));
}
