//! Each thing that must hold is missed when it does not.

use portcullis_proto::status::Status;

use super::judge;
use crate::fact::{Fact, Fate, How, Name, Topic, Value, What};
use crate::journal::Journals;

const OK: How = How::Told(Status::Ok);
const NUMBER: u64 = 1 << 32 | 1;
/// A process that calls and reads, one that serves, and main.
const CALLER: u32 = 1;
const SERVER: u32 = 2;
const TOPIC: Topic = Topic { serial: SERVER, name: Name::Ticked };

fn value(place: u32) -> Value {
    Value { topic: TOPIC, place }
}

fn begun(what: What) -> Fact {
    Fact::Begun { number: NUMBER, what }
}

fn ended(how: How) -> Fact {
    Fact::Ended { number: NUMBER, how }
}

fn handled(answered: bool) -> Vec<Fact> {
    vec![Fact::Handling { number: NUMBER }, Fact::Handled { number: NUMBER, answered }]
}

fn seat(places: &[(u32, u32)]) -> Vec<Fact> {
    let subscribed = Fact::Subscribed { seat: NUMBER, topic: TOPIC };
    let read = |(place, missed): &(u32, u32)| Fact::Read {
        seat: NUMBER,
        value: value(*place),
        missed: *missed,
    };
    [subscribed].into_iter().chain(places.iter().map(read)).collect()
}

/// The server has published so many values, and the report of one of them names the caller so.
fn reported(place: u32, fates: &[Fate]) -> Vec<Fact> {
    let number = 7;
    let mut facts: Vec<Fact> =
        (1..=9).map(|place| Fact::Published { value: value(place) }).collect();
    facts.push(Fact::Begun { number, what: What::Report });
    facts.push(Fact::Reported { number, value: value(place) });
    facts.extend(fates.iter().map(|fate| Fact::Named { number, serial: CALLER, fate: *fate }));
    facts.push(Fact::Ended { number, how: OK });
    facts
}

/// What is broken when the two have written this down, each of whom has stayed unless a signal has ended it.
fn broken(caller: &[Fact], server: &[Fact], signals: [u32; 2]) -> Vec<String> {
    let mut journals = Journals::default();
    let mut of_main = Vec::new();
    for (serial, facts, signal) in [(CALLER, caller, signals[0]), (SERVER, server, signals[1])] {
        let mut facts = facts.to_vec();
        if signal == 0 {
            facts.push(Fact::Stayed);
        }
        journals.facts.insert(serial, facts);
        of_main.push(Fact::Started { serial });
        of_main.push(Fact::Exited { serial, signal, code: 0 });
    }
    journals.facts.insert(0, of_main);
    judge(&journals).0
}

/// With both alive, exactly one thing is broken, and it says so.
fn says(caller: &[Fact], server: &[Fact], what: &str) {
    let found = broken(caller, server, [0, 0]);
    assert!(found.len() == 1 && found[0].contains(what), "{what}: {found:?}");
}

#[test]
fn what_is_right_is_not_found() {
    for (caller, server, signals) in [
        (vec![begun(What::Ask), ended(OK)], handled(true), [0, 0]),
        (vec![begun(What::Ask), ended(How::GivenUp)], handled(false), [0, 0]),
        (vec![begun(What::Ask)], handled(true), [9, 0]),
        (vec![begun(What::Ask), ended(How::Told(Status::Unavailable))], handled(true), [0, 9]),
        (
            vec![begun(What::Ask), ended(How::Told(Status::Unavailable))],
            vec![Fact::Handling { number: NUMBER }],
            [0, 6],
        ),
        (
            vec![begun(What::Hurry), ended(How::Told(Status::DeadlineExceeded))],
            handled(true),
            [0, 0],
        ),
        (vec![begun(What::Bind), ended(OK)], Vec::new(), [0, 0]),
        (seat(&[(1, 0), (2, 0), (5, 2)]), reported(5, &[Fate::Delivered]), [0, 0]),
        (seat(&[(1, 0), (3, 1)]), reported(2, &[Fate::Dropped]), [0, 0]),
        (seat(&[(1, 0)]), reported(2, &[Fate::Delivered]), [9, 0]),
    ] {
        assert_eq!(broken(&caller, &server, signals), [""; 0], "{caller:?} {server:?}");
    }
}

#[test]
fn a_lost_outcome_and_a_second_one_are_found() {
    says(&[begun(What::Ask)], &handled(true), "told of no outcome");
    says(&[begun(What::Ask), ended(OK), ended(OK)], &handled(true), "2 outcomes");
    let unavailable = ended(How::Told(Status::Unavailable));
    says(&[begun(What::Ask), unavailable], &handled(true), "was answered by 2");
    says(&[begun(What::Ask), ended(How::Told(Status::DeadlineExceeded))], &[], "ran out");
    says(&[begun(What::Ask), ended(How::Told(Status::PermissionDenied))], &[], "ended with");
}

#[test]
fn handlers_that_nobody_asked_for_that_run_twice_or_for_ever_are_found() {
    says(&[], &handled(true), "nobody has asked");
    says(&[begun(What::Ask), ended(OK)], &[], "no handler has said");
    says(&[begun(What::Ask), ended(OK)], &handled(false), "no handler has said");
    let twice = [handled(true), handled(true)].concat();
    says(&[begun(What::Ask), ended(OK)], &twice, "2 handlers");
    says(&[begun(What::Ask), ended(How::GivenUp)], &handled(true)[..1], "never over");
}

#[test]
fn rows_and_topics_out_of_order_are_found() {
    let told = |place| Fact::Told { row: NUMBER, place };
    says(&[], &[told(1), told(3), told(2)], "2 came behind 3");
    says(&[], &[told(1), told(1)], "1 came behind 1");
    let published = reported(1, &[]);
    says(&seat(&[(2, 0), (4, 0)]), &published, "0 missed");
    says(&seat(&[(4, 0), (3, 0)]), &published, "missed");
    says(&seat(&[(12, 0)]), &published, "read 12");
}

#[test]
fn reports_that_are_not_true_are_found() {
    let read = seat(&[(1, 0), (3, 1)]);
    says(&read, &reported(2, &[Fate::Delivered]), "has it, it says; it has not");
    says(&read, &reported(3, &[Fate::Dropped]), "lost it, it says; it has it");
    says(&read, &reported(3, &[]), "does not name");
    says(&read, &reported(3, &[Fate::Delivered, Fate::Delivered]), "2 times");
    says(&[], &reported(3, &[Fate::Delivered]), "subscribed 0 times");
}

#[test]
fn processes_that_end_strangely_or_are_never_heard_of_again_are_found() {
    let found = broken(&[], &[], [11, 0]);
    assert!(found.len() == 1 && found[0].contains("by signal 11"), "{found:?}");
    let mut journals = Journals::default();
    journals.facts.insert(0, vec![Fact::Started { serial: 5 }]);
    assert!(judge(&journals).0[0].contains("what has become of process 5"));
}
