//! Topics: events under each policy for a slow subscriber, and states.

use std::time::Duration;

use portcullis::{Limits, Status};
use sample_contract::{Change, Preferences, TopicsClient};

use super::{barrier, failed, limits, until};
use crate::scene::{By, Scene, Served};

/// Items that a slow subscriber takes before it has to give credit.
const CREDIT: u32 = 2;

async fn topics(scene: &Scene, by: By) -> (Served, TopicsClient) {
    let served = scene.served(by).await;
    let topics = served.bind().await;
    (served, topics)
}

/// A subscriber with little credit.
async fn slow(scene: &Scene, by: By) -> (Served, TopicsClient) {
    let slow = limits(Limits { stream_items: CREDIT, ..Limits::DEFAULT });
    let served = scene.served_with(by, slow, Default::default()).await;
    let topics = served.bind().await;
    (served, topics)
}

/// When this returns, the hub has everything that was published.
async fn published(served: &Served) {
    if let Some(server) = &served.server {
        barrier(server).await;
    }
}

/// R9: an event reaches every subscriber, in order.
pub async fn events_reach_everybody(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let other = scene.peer("other").await;
    let elsewhere: TopicsClient = other.bind(Default::default()).await.expect("bound");
    let mut all =
        [topics.subscribe_ticked(), topics.subscribe_ticked(), elsewhere.subscribe_ticked()];
    let mut changes = elsewhere.subscribe_changed();
    barrier(&served.client).await;
    barrier(&other).await;
    for number in 0..10 {
        served.publisher.ticked(&number).expect("published");
    }
    let change = vec![Change::Added("one".into()), Change::Swapped(1, 2)];
    served.publisher.changed(&change).expect("published");
    for subscription in &mut all {
        for number in 0..10 {
            assert_eq!(subscription.next().await.expect("a value"), Some(number));
            assert_eq!(subscription.missed(), 0);
        }
    }
    assert_eq!(changes.next().await.expect("a value"), Some(change));
}

/// A server publishes when it is called.
pub async fn a_call_makes_the_server_publish(scene: &Scene, by: By) {
    let (_served, topics) = topics(scene, by).await;
    let mut ticked = topics.subscribe_ticked();
    topics.emit(7, 3).await.expect("a reply");
    for _ in 0..3 {
        assert_eq!(ticked.next().await.expect("a value"), Some(7));
    }
}

/// Peers that are granted it publish to an instance that somebody else serves.
pub async fn clients_publish(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let mut ticked = topics.subscribe_ticked();
    let other = scene.peer("other").await;
    let elsewhere: TopicsClient = other.bind(Default::default()).await.expect("bound");
    barrier(&served.client).await;
    elsewhere.publisher().ticked(&5).expect("published");
    assert_eq!(ticked.next().await.expect("a value"), Some(5));
}

/// A value that breaks its contract is not published, and the error names the field.
pub async fn a_bad_value_is_refused_at_home(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let error = served.publisher.changed(&vec![Change::Reset; 5]).expect_err("too many");
    assert_eq!((error.status(), error.path()), (Status::InvalidArgument, "changes"));
    let error = topics.publisher().changed(&vec![Change::Reset; 5]).expect_err("too many");
    assert_eq!((error.status(), error.path()), (Status::InvalidArgument, "changes"));
}

/// Drop oldest: the newest values stay, and the subscriber learns how many are missing.
pub async fn a_slow_subscriber_loses_the_oldest(scene: &Scene, by: By) {
    let (served, topics) = slow(scene, by).await;
    let mut ticked = topics.subscribe_ticked();
    barrier(&served.client).await;
    // Two are taken by the subscriber's session; the hub keeps 16.
    for number in 0..40 {
        served.publisher.ticked(&number).expect("published");
    }
    published(&served).await;
    for number in (0..2).chain(24..40) {
        assert_eq!(ticked.next().await.expect("a value"), Some(number));
        assert_eq!(ticked.missed(), if number == 24 { 22 } else { 0 }, "before {number}");
    }
}

/// Drop newest: the oldest values stay.
pub async fn a_slow_subscriber_loses_the_newest(scene: &Scene, by: By) {
    let (served, topics) = slow(scene, by).await;
    let mut kept = topics.subscribe_kept();
    barrier(&served.client).await;
    for number in 0..10 {
        served.publisher.kept(&number).expect("published");
    }
    published(&served).await;
    for number in 0..4 {
        assert_eq!(kept.next().await.expect("a value"), Some(number));
        assert_eq!(kept.missed(), 0);
    }
    // The credit that was given back has to arrive.
    barrier(&served.client).await;
    served.publisher.kept(&10).expect("published");
    assert_eq!(kept.next().await.expect("a value"), Some(10));
    assert_eq!(kept.missed(), 6);
}

/// Disconnect: a subscription that is too slow ends, in so many words; what had come is still there.
pub async fn a_slow_subscriber_is_put_off(scene: &Scene, by: By) {
    let (served, topics) = slow(scene, by).await;
    let mut strict = topics.subscribe_strict();
    barrier(&served.client).await;
    for number in 0..10 {
        served.publisher.strict(&number).expect("published");
    }
    published(&served).await;
    for number in 0..2 {
        assert_eq!(strict.next().await.expect("a value"), Some(number));
    }
    failed(strict.next().await, Status::ResourceExhausted);
    let mut again = topics.subscribe_strict();
    barrier(&served.client).await;
    served.publisher.strict(&10).expect("published");
    assert_eq!(again.next().await.expect("a value"), Some(10));
}

/// A slow subscriber of one topic costs a quick one of the same topic nothing.
pub async fn f20_a_slow_subscriber_disturbs_nobody(scene: &Scene, by: By) {
    let (served, topics) = slow(scene, by).await;
    let _slow = topics.subscribe_ticked();
    let other = scene.peer("other").await;
    let elsewhere: TopicsClient = other.bind(Default::default()).await.expect("bound");
    let mut quick = elsewhere.subscribe_ticked();
    barrier(&served.client).await;
    barrier(&other).await;
    for number in 0..200 {
        served.publisher.ticked(&number).expect("published");
        assert_eq!(quick.next().await.expect("a value"), Some(number));
        assert_eq!(quick.missed(), 0);
    }
}

/// State: the last value comes first, whenever it was published.
pub async fn a_state_comes_first(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let mut early = topics.watch_level();
    barrier(&served.client).await;
    for level in [1, 2, 3] {
        served.publisher.level(&level).expect("published");
        assert_eq!(early.next().await.expect("a value"), Some(level));
    }
    let settings = Preferences { user_name: Some("ann".into()), ..Preferences::default() };
    served.publisher.preferences(&settings).expect("published");
    published(&served).await;
    let other = scene.peer("other").await;
    let elsewhere: TopicsClient = other.bind(Default::default()).await.expect("bound");
    assert_eq!(elsewhere.watch_level().next().await.expect("a value"), Some(3));
    assert_eq!(elsewhere.watch_preferences().next().await.expect("a value"), Some(settings));
}

/// State: who is slow gets the newest value and none of those before it.
pub async fn a_slow_watcher_gets_the_newest(scene: &Scene, by: By) {
    let (served, topics) = slow(scene, by).await;
    let mut level = topics.watch_level();
    barrier(&served.client).await;
    for value in 1..=10 {
        served.publisher.level(&value).expect("published");
    }
    published(&served).await;
    for value in [1, 2, 10] {
        assert_eq!(level.next().await.expect("a value"), Some(value));
    }
    assert_eq!(level.missed(), 7);
}

/// A subscription that is dropped is gone from the hub.
pub async fn a_dropped_subscription_is_gone(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let all: Vec<_> = (0..20).map(|_| topics.subscribe_ticked()).collect();
    barrier(&served.client).await;
    assert!(served.hub.open_work() >= 20);
    drop(all);
    until(|| served.hub.open_work() == 0).await;
    let report = served.publisher.ticked_reported(&1, Duration::from_secs(60));
    let report = report.await.expect("a report");
    assert!(report.delivered.is_empty() && report.missed.is_empty(), "{report:?}");
}

/// A subscription outlives the client that made it; the binding lives as long as either.
pub async fn a_subscription_keeps_its_binding(scene: &Scene, by: By) {
    let (served, topics) = topics(scene, by).await;
    let mut ticked = topics.subscribe_ticked();
    drop(topics);
    barrier(&served.client).await;
    served.publisher.ticked(&3).expect("published");
    assert_eq!(ticked.next().await.expect("a value"), Some(3));
}

/// When the instance leaves, its subscribers get what was published before, and are told.
pub async fn subscribers_hear_that_the_instance_left(scene: &Scene, by: By) {
    let (mut served, topics) = topics(scene, by).await;
    let mut ticked = topics.subscribe_ticked();
    barrier(&served.client).await;
    served.publisher.ticked(&1).expect("published");
    published(&served).await;
    served.withdraw();
    assert_eq!(ticked.next().await.expect("a value"), Some(1));
    failed(ticked.next().await, Status::Unavailable);
    assert_eq!(ticked.next().await.expect("told once"), None);
}
