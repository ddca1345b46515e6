//! Fault 39 on real sockets: codes, cookies and tickets used twice, late, guessed, stolen, raced.

use std::time::Duration;

use portcullis::web::{Denial, TICKETS_PER_SESSION_MAX};

use crate::support::*;

#[tokio::test]
async fn a_page_that_shows_everything_is_admitted() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "controls").await;
    let client = connect(&gate, &cookie, &ticket).await.expect("admitted");
    let admitted = within(gate.accept()).await.expect("an open gate");
    assert_eq!(admitted.window, "controls");
    assert_eq!(admitted.origin.to_string(), own_origin(&gate));
    assert_eq!(admitted.remote, client.get_ref().local_addr().unwrap());
    let counters = gate.counters();
    assert_eq!((counters.sessions_opened, counters.tickets_issued), (1, 1));
    assert_eq!((counters.admitted, counters.denied_total()), (1, 0));
}

#[tokio::test]
async fn f39_used_ticket_is_refused() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let _client = connect(&gate, &cookie, &ticket).await.expect("the first time");
    for _ in 0..3 {
        assert_eq!(connect(&gate, &cookie, &ticket).await.err(), Some(403));
    }
    assert_eq!(gate.counters().denied(Denial::UnknownTicket), 3);
    assert_eq!(gate.counters().admitted, 1);
}

#[tokio::test]
async fn f39_expired_ticket_is_refused() {
    let life = Duration::from_millis(20);
    let gate = gate_with(config().ticket_life(life));
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    tokio::time::sleep(life * 2).await;
    assert_eq!(connect(&gate, &cookie, &ticket).await.err(), Some(403));
    assert_eq!(gate.counters().denied(Denial::UnknownTicket), 1);
}

#[tokio::test]
async fn f39_guessed_ticket_is_refused_and_the_real_one_stays_good() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let real = ticket(&gate, &cookie, "viewer").await;
    let mut near = real.clone().into_bytes();
    near[31] = if near[31] == b'0' { b'1' } else { b'0' };
    let near = String::from_utf8(near).unwrap();
    let upper = "A".repeat(32);
    for guess in ["", "0", &near, &real[..31], &format!("{real}0"), &upper, &"0".repeat(32)] {
        let status = ask_connect(&gate, &cookie, guess).status(&gate).await;
        assert_eq!(status, 403, "{guess:?}");
    }
    let twice = format!("portcullis.v1, ticket.{real}, ticket.{real}");
    let ask = ask_connect(&gate, &cookie, "").set("Sec-WebSocket-Protocol", twice);
    assert_eq!(ask.status(&gate).await, 403);
    assert!(connect(&gate, &cookie, &real).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f39_of_many_that_race_with_one_ticket_one_is_admitted() {
    let gate = std::sync::Arc::new(gate());
    let cookie = enter(&gate).await;
    for round in 0..10 {
        let ticket = ticket(&gate, &cookie, "viewer").await;
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(16));
        let racers: Vec<_> = (0..16)
            .map(|_| {
                let (gate, cookie, ticket, start) =
                    (gate.clone(), cookie.clone(), ticket.clone(), start.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    connect(&gate, &cookie, &ticket).await
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for racer in racers {
            statuses.push(within(racer).await.expect("no panic").map(drop));
        }
        assert_eq!(statuses.iter().filter(|s| s.is_ok()).count(), 1, "round {round}");
        assert_eq!(statuses.iter().filter(|s| **s == Err(403)).count(), 15, "round {round}");
    }
}

#[tokio::test]
async fn f39_stolen_ticket_is_refused_and_spent() {
    let gate = gate();
    let (owner, thief) = (enter(&gate).await, enter(&gate).await);
    let ticket = ticket(&gate, &owner, "viewer").await;
    assert_eq!(connect(&gate, &thief, &ticket).await.err(), Some(403));
    assert_eq!(gate.counters().denied(Denial::TicketOfOtherSession), 1);
    assert_eq!(connect(&gate, &owner, &ticket).await.err(), Some(403));
    assert_eq!(gate.counters().denied(Denial::UnknownTicket), 1);
}

#[tokio::test]
async fn f39_a_cookie_without_a_ticket_or_a_ticket_without_a_cookie_is_refused() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let real = ticket(&gate, &cookie, "viewer").await;
    let ask = ask_connect(&gate, &cookie, &real);
    let bare = ask.clone().set("Sec-WebSocket-Protocol", "portcullis.v1");
    assert_eq!(bare.status(&gate).await, 403);
    assert_eq!(ask.clone().without("Cookie").status(&gate).await, 403);
    let (name, value) = cookie.split_once('=').unwrap();
    for wrong in [
        format!("{name}={}", "0".repeat(32)),
        format!("{name}="),
        format!("{name}9={value}"),
        format!("portcullis={value}"),
        value.to_owned(),
    ] {
        assert_eq!(ask.clone().set("Cookie", &wrong).status(&gate).await, 403, "{wrong}");
        let asked = ask_ticket(&gate, &wrong, "viewer").status(&gate).await;
        assert_eq!(asked, 403, "{wrong}");
    }
    assert_eq!(ask_ticket(&gate, "", "viewer").without("Cookie").status(&gate).await, 403);
    // None of all that spent the ticket.
    assert!(connect(&gate, &cookie, &real).await.is_ok());
}

#[tokio::test]
async fn f39_an_ended_session_gets_and_uses_no_ticket() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let (first, second) =
        (ticket(&gate, &cookie, "viewer").await, ticket(&gate, &cookie, "viewer").await);
    let _client = connect(&gate, &cookie, &first).await.expect("admitted");
    let session = within(gate.accept()).await.expect("an open gate").session;
    gate.end_session(session);
    assert_eq!(connect(&gate, &cookie, &second).await.err(), Some(403));
    assert_eq!(ask_ticket(&gate, &cookie, "viewer").status(&gate).await, 403);
}

#[tokio::test]
async fn f39_a_second_launcher_leaves_the_first_page_its_ticket() {
    let gate = gate();
    let first = enter(&gate).await;
    let ticket = ticket(&gate, &first, "viewer").await;
    // A browser now holds both cookies, under different names, and sends both.
    let second = enter(&gate).await;
    let both = format!("{second}; other=x; {first}");
    assert!(connect(&gate, &both, &ticket).await.is_ok());
    assert_eq!(ask_ticket(&gate, &both, "viewer").status(&gate).await, 200);
}

#[tokio::test]
async fn f39_a_code_opens_once_and_in_time() {
    let gate = gate();
    let enter = |body: String| Ask::new(&gate, "POST", "/enter").form(body);
    let code = gate.new_code("/viewer").unwrap();
    let reply = enter(code.form_body()).send(&gate).await;
    assert_eq!((reply.status, reply.header("Location")), (303, Some("/viewer")));
    let cookie = reply.header("Set-Cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    for body in [code.form_body(), format!("code={}", "0".repeat(32)), "code=x".to_owned()] {
        let reply = enter(body).send(&gate).await;
        assert_eq!((reply.status, reply.header("Set-Cookie")), (403, None));
    }

    let life = Duration::from_millis(20);
    let gate = gate_with(config().code_life(life));
    let code = gate.new_code("/viewer").unwrap();
    tokio::time::sleep(life * 2).await;
    let ask = Ask::new(&gate, "POST", "/enter").form(code.form_body());
    assert_eq!(ask.status(&gate).await, 403);
    assert_eq!(gate.counters().denied(Denial::UnknownCode), 1);
}

#[tokio::test]
async fn f39_a_secret_in_a_url_is_refused_even_if_it_is_right() {
    let gate = gate();
    let cookie = enter(&gate).await;
    let ticket = ticket(&gate, &cookie, "viewer").await;
    let code = gate.new_code("/viewer").unwrap().form_body();
    let connect = String::from_utf8(ask_connect(&gate, &cookie, &ticket).bytes()).unwrap();
    let connect = connect.replace("GET /connect ", &format!("GET /connect?ticket={ticket} "));
    assert_eq!(raw(&gate, connect.as_bytes()).await.unwrap().status, 400);
    let enter = Ask::new(&gate, "POST", &format!("/enter?{code}")).form(&code);
    assert_eq!(enter.status(&gate).await, 400);
    let asked = Ask::new(&gate, "POST", "/ticket?window=viewer")
        .set("Origin", own_origin(&gate))
        .set("Cookie", &cookie)
        .form("window=viewer");
    assert_eq!(asked.status(&gate).await, 400);
    assert_eq!(gate.counters().denied(Denial::QueryRefused), 3);
}

#[tokio::test]
async fn f39_no_secret_is_logged_echoed_or_shown_by_debug() {
    let gate = gate();
    let code = gate.new_code("/viewer").unwrap();
    let launcher = gate.launcher("/viewer").unwrap();
    let page = std::fs::read_to_string(launcher.path()).unwrap();
    let launched = page.split("value=\"").nth(1).unwrap()[..32].to_owned();
    let reply = Ask::new(&gate, "POST", "/enter").form(code.form_body()).send(&gate).await;
    let cookie = cookie_of(&reply);
    let (used, stolen, kept) = (
        ticket(&gate, &cookie, "viewer").await,
        ticket(&gate, &cookie, "viewer").await,
        ticket(&gate, &cookie, "viewer").await,
    );
    let client = connect(&gate, &cookie, &used).await.expect("admitted");
    let admitted = within(gate.accept()).await.unwrap();
    assert!(connect(&gate, &cookie, &used).await.is_err());
    assert!(connect(&gate, &enter(&gate).await, &stolen).await.is_err());
    let refused = ask_connect(&gate, &cookie, &used).send(&gate).await;
    drop(client);

    let log = log().text();
    assert!(log.contains("refused") && log.contains("unknown_ticket"), "the log is captured");
    let shown = format!("{gate:?} {admitted:?} {code:?} {launcher:?} {:?}", gate.counters());
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let code = code.form_body().split_once('=').unwrap().1.to_owned();
    for secret in [code, launched, cookie, used.clone(), stolen, kept] {
        // The client's own log of what it sends is not the gate's.
        let gates = |line: &&str| !line.contains("tungstenite::handshake::client");
        let line = log.lines().filter(gates).find(|line| line.contains(&secret));
        assert_eq!(line, None, "in the log");
        assert!(!shown.contains(&secret), "in {shown}");
        assert!(!refused.head.contains(&secret) && !refused.body.contains(&secret));
    }
}

#[tokio::test]
async fn tickets_are_for_declared_windows_and_bounded_in_number() {
    let gate = gate();
    let cookie = enter(&gate).await;
    for window in ["inspector", "", "Viewer", "viewer%20", "viewer "] {
        let status = ask_ticket(&gate, &cookie, window).status(&gate).await;
        assert_eq!(status, 403, "{window:?}");
    }
    for _ in 0..TICKETS_PER_SESSION_MAX {
        ticket(&gate, &cookie, "log").await;
    }
    assert_eq!(ask_ticket(&gate, &cookie, "log").status(&gate).await, 429);
    let other = enter(&gate).await;
    ticket(&gate, &other, "log").await;
}
