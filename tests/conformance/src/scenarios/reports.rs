//! Delivery reports: who got a value, and who did not and why (R9).

use std::time::Duration;

use portcullis::Limits;
use portcullis::peer::{DeliveryReport, Peer, Why};
use portcullis_proto::frame::{Head, Kind};
use sample_contract::{TopicsClient, TopicsInterface};

use super::{barrier, limits};
use crate::raw::{FIRST_ID, RawPeer};
use crate::scene::{ALL, By, Scene};

/// Long enough to be no part of what is looked at.
const LONG: Duration = Duration::from_secs(100);
/// The topic `ticked`, by its place in its interface.
const TICKED: u32 = 1;

/// Labels of those who have it, and of those who missed it with the reason; each in alphabetical order.
fn names(report: &DeliveryReport) -> (Vec<&str>, Vec<(&str, Why)>) {
    let mut delivered: Vec<_> = report.delivered.iter().map(|got| got.label.as_str()).collect();
    let mut missed: Vec<_> =
        report.missed.iter().map(|miss| (miss.label.as_str(), miss.why)).collect();
    delivered.sort_unstable();
    missed.sort_unstable_by_key(|(label, _)| *label);
    (delivered, missed)
}

async fn subscriber(scene: &Scene, label: &str) -> (Peer, TopicsClient) {
    let peer = scene.peer(label).await;
    let topics = peer.bind(Default::default()).await.expect("bound");
    (peer, topics)
}

/// A subscriber of `ticked` that never says that it has got anything.
async fn mute(scene: &Scene, label: &str) -> RawPeer {
    let mut raw = scene.raw(label, ALL).await;
    raw.join().await;
    let binding = raw.bind::<TopicsInterface>(FIRST_ID).await;
    let head = Head { binding, ordinal: TICKED, id: FIRST_ID + 1, ..Head::new(Kind::Subscribe) };
    raw.say(head, &[]).await;
    // A ping behind it: when it is answered, the subscription stands.
    raw.say(Head { id: 9, ..Head::new(Kind::Ping) }, &[]).await;
    raw.next_of(Kind::Pong).await.expect("a pong");
    raw
}

/// Everybody who has it is named, and nobody else.
pub async fn a_report_names_everybody(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let report = served.publisher.ticked_reported(&1, LONG).await.expect("a report");
    assert_eq!(names(&report), (vec![], vec![]));
    let (one, first) = subscriber(scene, "one").await;
    let (two, second) = subscriber(scene, "two").await;
    let mut subscriptions = [first.subscribe_ticked(), second.subscribe_ticked()];
    let _other_topic = second.subscribe_kept();
    barrier(&one).await;
    barrier(&two).await;
    let report = served.publisher.ticked_reported(&2, LONG).await.expect("a report");
    assert_eq!(names(&report), (vec!["one", "two"], vec![]));
    let report = first.publisher().ticked_reported(&3, LONG).await.expect("a report");
    assert_eq!(names(&report), (vec!["one", "two"], vec![]));
    for subscription in &mut subscriptions {
        assert_eq!(subscription.next().await.expect("a value"), Some(2));
        assert_eq!(subscription.next().await.expect("a value"), Some(3));
    }
}

/// Two subscriptions of one peer are two recipients.
pub async fn a_report_counts_subscriptions(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let (one, first) = subscriber(scene, "one").await;
    let _subscriptions = [first.subscribe_ticked(), first.subscribe_ticked()];
    barrier(&one).await;
    let report = served.publisher.ticked_reported(&2, LONG).await.expect("a report");
    assert_eq!(names(&report), (vec!["one", "one"], vec![]));
}

/// Who is too slow for the topic has missed it.
pub async fn a_report_names_who_dropped_it(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let slow = limits(Limits { stream_items: 1, ..Limits::DEFAULT });
    let slow = scene.peer_with("slow", ALL, slow).await;
    let topics: TopicsClient = slow.bind(Default::default()).await.expect("bound");
    let _kept = topics.subscribe_kept();
    barrier(&slow).await;
    // One is taken by the subscriber's session; the hub keeps two.
    for number in 0..3 {
        served.publisher.kept(&number).expect("published");
    }
    let report = served.publisher.kept_reported(&3, LONG).await.expect("a report");
    assert_eq!(names(&report), (vec![], vec![("slow", Why::Dropped)]));
}

/// Who leaves before it has said that it has it counts as gone.
pub async fn a_report_names_who_left(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let (one, first) = subscriber(scene, "one").await;
    let _ticked = first.subscribe_ticked();
    barrier(&one).await;
    let mut raw = mute(scene, "two").await;
    let report = served.publisher.ticked_reported(&1, LONG);
    let item = raw.next_of(Kind::Item).await.expect("the value");
    assert_eq!(item.body, [1]);
    drop(raw);
    let report = report.await.expect("a report");
    assert_eq!(names(&report), (vec!["one"], vec![("two", Why::Left)]));
}

/// Who has not said in time that it has it counts as late; the report comes all the same.
pub async fn a_report_names_who_is_late(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let (one, first) = subscriber(scene, "one").await;
    let _ticked = first.subscribe_ticked();
    barrier(&one).await;
    let mut raw = mute(scene, "two").await;
    let soon = Duration::from_millis(80);
    let report = served.publisher.ticked_reported(&1, soon).await.expect("a report");
    // On a machine that is busy the first one may be late, too.
    assert!(names(&report).1.contains(&("two", Why::TimedOut)), "{report:?}");
    let item = raw.next_of(Kind::Item).await.expect("the value");
    let ack = Head { id: item.head.id, budget: item.head.budget, ..Head::new(Kind::Ack) };
    // Too late, and no violation.
    raw.say(ack, &[]).await;
    raw.say(Head { id: 10, ..Head::new(Kind::Ping) }, &[]).await;
    raw.next_of(Kind::Pong).await.expect("the connection lives");
}
