//! The office under a virtual clock: its rules one by one, and any history against a model.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const CODE_LIFE: Duration = Duration::from_secs(60);
const TICKET_LIFE: Duration = Duration::from_secs(10);
const INSTANT: Duration = Duration::from_nanos(1);

/// The n-th secret; tests name secrets by number.
fn secret(n: u64) -> Secret {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Secret::from_bytes(bytes)
}

fn office() -> Office {
    Office::new(CODE_LIFE, TICKET_LIFE)
}

/// Enters by code and cookie number `n`.
fn enter(office: &mut Office, n: u64, now: Duration) -> SessionId {
    office.issue_code(secret(n), "/".into(), now).unwrap();
    office.enter(&secret(n), secret(n), now).unwrap().session
}

#[test]
fn a_code_buys_a_session_and_a_session_a_ticket() {
    let mut office = office();
    let now = Duration::from_secs(5);
    let id = office.issue_code(secret(1), "/viewer".into(), now).unwrap();
    let entered = office.enter(&secret(1), secret(2), now).unwrap();
    assert_eq!((entered.code, &*entered.open), (id, "/viewer"));
    assert!(office.session(entered.session, &secret(2)));
    assert!(!office.session(entered.session, &secret(1)));
    office.issue_ticket(entered.session, "viewer".into(), secret(3), now).unwrap();
    let redeemed = office.redeem(&secret(3), &[entered.session], now).unwrap();
    assert_eq!(redeemed, Redeemed { session: entered.session, window: "viewer".into() });
}

#[test]
fn f39_a_ticket_works_once() {
    let mut office = office();
    let session = enter(&mut office, 1, Duration::ZERO);
    office.issue_ticket(session, "viewer".into(), secret(9), Duration::ZERO).unwrap();
    assert!(office.redeem(&secret(9), &[session], Duration::ZERO).is_ok());
    let again = office.redeem(&secret(9), &[session], Duration::ZERO);
    assert_eq!(again, Err(TicketRefusal::Unknown));
}

#[test]
fn f39_a_ticket_expires_at_the_end_of_its_life() {
    for (after, expect) in [
        (Duration::ZERO, true),
        (TICKET_LIFE - INSTANT, true),
        (TICKET_LIFE, false),
        (TICKET_LIFE * 1000, false),
    ] {
        let mut office = office();
        let start = Duration::from_secs(100);
        let session = enter(&mut office, 1, start);
        office.issue_ticket(session, "viewer".into(), secret(9), start).unwrap();
        let outcome = office.redeem(&secret(9), &[session], start + after);
        assert_eq!(outcome.is_ok(), expect, "after {after:?}");
    }
}

#[test]
fn f39_a_guessed_ticket_is_unknown_and_spends_nothing() {
    let mut office = office();
    let session = enter(&mut office, 1, Duration::ZERO);
    office.issue_ticket(session, "viewer".into(), secret(9), Duration::ZERO).unwrap();
    for guess in (0..200).filter(|n| *n != 9) {
        let outcome = office.redeem(&secret(guess), &[session], Duration::ZERO);
        assert_eq!(outcome, Err(TicketRefusal::Unknown));
    }
    assert!(office.redeem(&secret(9), &[session], Duration::ZERO).is_ok());
}

#[test]
fn f39_a_ticket_shown_by_another_session_is_refused_and_spent() {
    let mut office = office();
    let owner = enter(&mut office, 1, Duration::ZERO);
    let thief = enter(&mut office, 2, Duration::ZERO);
    office.issue_ticket(owner, "viewer".into(), secret(9), Duration::ZERO).unwrap();
    let stolen = office.redeem(&secret(9), &[thief], Duration::ZERO);
    assert_eq!(stolen, Err(TicketRefusal::OtherSession));
    let late = office.redeem(&secret(9), &[owner], Duration::ZERO);
    assert_eq!(late, Err(TicketRefusal::Unknown));
}

#[test]
fn a_code_works_once_and_within_its_life() {
    let mut office = office();
    enter(&mut office, 1, Duration::ZERO);
    assert!(office.enter(&secret(1), secret(5), Duration::ZERO).is_none());
    office.issue_code(secret(2), "/".into(), Duration::ZERO).unwrap();
    assert!(office.enter(&secret(2), secret(5), CODE_LIFE).is_none());
    let id = office.issue_code(secret(3), "/".into(), CODE_LIFE).unwrap();
    office.revoke_code(id);
    assert!(office.enter(&secret(3), secret(5), CODE_LIFE).is_none());
}

#[test]
fn ending_a_session_ends_its_tickets() {
    let mut office = office();
    let gone = enter(&mut office, 1, Duration::ZERO);
    let stays = enter(&mut office, 2, Duration::ZERO);
    for (session, n) in [(gone, 11), (stays, 12)] {
        office.issue_ticket(session, "viewer".into(), secret(n), Duration::ZERO).unwrap();
    }
    office.end_session(gone);
    assert!(!office.session(gone, &secret(1)));
    assert!(office.redeem(&secret(11), &[gone], Duration::ZERO).is_err());
    assert!(office.redeem(&secret(12), &[stays], Duration::ZERO).is_ok());
    assert!(office.issue_ticket(gone, "viewer".into(), secret(13), Duration::ZERO).is_err());
}

#[test]
fn every_store_has_a_limit_and_expiry_makes_room() {
    let mut office = office();
    for n in 0..CODES_MAX as u64 {
        office.issue_code(secret(n), "/".into(), Duration::ZERO).unwrap();
    }
    assert_eq!(office.issue_code(secret(900), "/".into(), Duration::ZERO), Err(Full));
    assert!(office.issue_code(secret(900), "/".into(), CODE_LIFE).is_ok());

    let mut office = self::office();
    let session = enter(&mut office, 1, Duration::ZERO);
    let other = enter(&mut office, 2, Duration::ZERO);
    let mut issue = |session, n, now| office.issue_ticket(session, "w".into(), secret(n), now);
    for n in 0..TICKETS_PER_SESSION_MAX as u64 {
        issue(session, 100 + n, Duration::ZERO).unwrap();
    }
    assert_eq!(issue(session, 900, Duration::ZERO), Err(Full));
    assert!(issue(other, 901, Duration::ZERO).is_ok());
    assert!(issue(session, 902, TICKET_LIFE).is_ok());
}

#[test]
fn the_session_unused_for_longest_gives_way() {
    let mut office = office();
    let ids: Vec<SessionId> =
        (0..SESSIONS_MAX as u64).map(|n| enter(&mut office, n, Duration::ZERO)).collect();
    assert!(office.session(ids[0], &secret(0)));
    enter(&mut office, 1000, Duration::ZERO);
    assert!(office.session(ids[0], &secret(0)), "just used");
    assert!(!office.session(ids[1], &secret(1)), "unused for longest");
    assert_eq!(office.sessions.len(), SESSIONS_MAX);
}

#[test]
fn f39_debug_shows_counts_only() {
    let mut office = office();
    let session = enter(&mut office, 1, Duration::ZERO);
    office.issue_ticket(session, "viewer".into(), secret(9), Duration::ZERO).unwrap();
    assert_eq!(format!("{office:?}"), "Office { codes: 0, sessions: 1, tickets: 1 }");
}

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    Enter,
    Ticket(usize),
    /// Of the tickets issued, so many from the latest.
    Redeem {
        recent: usize,
        by: usize,
    },
    End(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0u64..6_000).prop_map(Op::Wait),
        2 => Just(Op::Enter),
        6 => (0usize..4).prop_map(Op::Ticket),
        8 => (0usize..6, 0usize..4).prop_map(|(recent, by)| Op::Redeem { recent, by }),
        1 => (0usize..4).prop_map(Op::End),
    ]
}

proptest! {
    /// Against a model that keeps every ticket for ever: a redemption succeeds exactly when
    /// the ticket was issued, is young enough, was never presented, and its session lives and
    /// is the one that presents it.
    #[test]
    fn f39_any_history_admits_exactly_what_the_model_admits(ops in prop::collection::vec(op(), 1..80)) {
        let mut office = office();
        let mut now = Duration::ZERO;
        let mut sessions: Vec<(SessionId, bool)> = Vec::new();
        let mut issued: HashMap<usize, (usize, Duration, bool)> = HashMap::new();
        for op in ops {
            match op {
                Op::Wait(ms) => now += Duration::from_millis(ms),
                Op::Enter => {
                    let n = sessions.len() as u64;
                    if sessions.len() < 4 {
                        sessions.push((enter(&mut office, n, now), true));
                    }
                }
                Op::Ticket(by) => {
                    let number = issued.len();
                    if let Some((id, alive)) = sessions.get(by).copied() {
                        let made = office.issue_ticket(id, "w".into(), secret(1000 + number as u64), now);
                        let held = issued.values().filter(|(s, at, spent)| {
                            *s == by && !spent && now < *at + TICKET_LIFE
                        }).count();
                        prop_assert_eq!(made.is_ok(), alive && held < TICKETS_PER_SESSION_MAX);
                        if made.is_ok() {
                            issued.insert(number, (by, now, false));
                        }
                    }
                }
                Op::Redeem { recent, by } => {
                    let Some(ticket) = issued.len().checked_sub(recent + 1) else { continue };
                    let Some((presenter, _)) = sessions.get(by).copied() else { continue };
                    let outcome = office.redeem(&secret(1000 + ticket as u64), &[presenter], now);
                    let expect = issued.get_mut(&ticket).is_some_and(|(owner, at, spent)| {
                        let fresh = !*spent && now < *at + TICKET_LIFE && sessions[*owner].1;
                        *spent = true;
                        fresh && *owner == by
                    });
                    prop_assert_eq!(outcome.is_ok(), expect);
                }
                Op::End(by) => {
                    if let Some((id, alive)) = sessions.get_mut(by) {
                        office.end_session(*id);
                        *alive = false;
                        issued.values_mut().filter(|(s, ..)| *s == by).for_each(|t| t.2 = true);
                    }
                }
            }
        }
    }
}
