//! The phases of the application's life, and quitting within a bound.

use std::time::Duration;

use portcullis::Failure;
use portcullis::hub::Reason;
use portcullis::peer::Target;
use portcullis::testing::ANYTHING;
use portcullis_desktop::registry::Asker;
use portcullis_desktop::{ApplicationClient, ApplicationPhase, QuitError};

use crate::support::{next, settle, start};

#[tokio::test(start_paused = true)]
async fn phases_follow_each_other_and_none_follows_quitting() {
    let bench = start().await;
    let life: ApplicationClient = bench.hub.client("editor").await;
    let mut phase = life.watch_phase();
    assert_eq!(next(&mut phase).await, ApplicationPhase::Starting);
    bench.registry.ready();
    assert_eq!(next(&mut phase).await, ApplicationPhase::Ready);
    bench.registry.suspending();
    assert_eq!(next(&mut phase).await, ApplicationPhase::Suspending);
    bench.registry.resumed();
    assert_eq!(next(&mut phase).await, ApplicationPhase::Resumed);
    let heard = bench.registry.quit(Duration::from_secs(1)).await.heard.unwrap();
    assert_eq!(
        heard.delivered.iter().map(|each| each.label.as_str()).collect::<Vec<_>>(),
        ["editor"]
    );
    assert_eq!(next(&mut phase).await, ApplicationPhase::Quitting { grace_ms: 1000 });
    bench.registry.ready();
    assert_eq!(bench.registry.phase(), ApplicationPhase::Quitting { grace_ms: 1000 });
}

#[tokio::test(start_paused = true)]
async fn quitting_waits_for_a_hold_and_no_longer_than_that() {
    let bench = start().await;
    let peer = bench.hub.peer("editor");
    let life: ApplicationClient = peer.bind(Target::Any).await.unwrap();
    life.hold("draft".to_owned()).await.unwrap();
    life.hold("two drafts".to_owned()).await.unwrap();
    let mut phase = life.watch_phase();
    next(&mut phase).await;
    let began = tokio::time::Instant::now();
    let editor = async {
        assert!(matches!(next(&mut phase).await, ApplicationPhase::Quitting { .. }));
        assert_eq!(began.elapsed().as_secs(), 0);
        let late = life.hold("more".to_owned()).await.unwrap_err();
        assert!(matches!(late, Failure::App(QuitError::Quitting)), "{late:?}");
        tokio::time::sleep(Duration::from_secs(3)).await;
        life.release().await.unwrap();
        peer.closed().await
    };
    let (report, goodbye) = tokio::join!(bench.registry.quit(Duration::from_secs(60)), editor);
    assert_eq!(report.held, []);
    assert_eq!(goodbye.reason, Reason::GoingAway);
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_kept_ends_with_the_grace_and_is_named() {
    let bench = start().await;
    let life: ApplicationClient = bench.hub.client("editor").await;
    life.hold("draft".to_owned()).await.unwrap();
    let other = bench.hub.peer("other");
    let others: ApplicationClient = other.bind(Target::Any).await.unwrap();
    others.hold("left".to_owned()).await.unwrap();
    other.close();
    settle().await;
    let began = tokio::time::Instant::now();
    let report = bench.registry.quit(Duration::from_secs(5)).await;
    let held: Vec<_> = report.held.iter().map(|each| (&*each.label, &*each.reason)).collect();
    assert_eq!(held, [("editor", "draft")]);
    assert!(began.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_peer_may_ask_for_the_end() {
    let bench = start().await;
    let guest: ApplicationClient = bench.hub.client("guest").await;
    let refused = guest.quit().await.unwrap_err();
    assert!(matches!(refused, Failure::App(QuitError::Refused { .. })), "{refused:?}");
    let life: ApplicationClient = bench.hub.client("editor").await;
    let (asker, asked) = tokio::join!(bench.registry.quit_asked(), life.quit());
    asked.unwrap();
    assert_eq!(asker, Asker { label: "editor".to_owned(), role: ANYTHING.to_owned() });
}
