//! Whoever waits for the hub is woken once its lock is gone: a waker may do anything, and come back to the hub (f49).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use portcullis::peer::{PeerConfig, Target};
use portcullis::{Hub, Role};

mod topics;

use topics::{TopicsClient, TopicsInterface, TopicsPublisher, contract};

/// Whatever hangs is ended.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Asks the hub something whenever it is woken, and when it is dropped.
struct Asks {
    hub: Hub,
    woken: Arc<AtomicUsize>,
}

impl Wake for Asks {
    fn wake(self: Arc<Self>) {
        let _ = self.hub.counters();
        self.woken.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        let _ = self.hub.counters();
    }
}

async fn report_with_a_waker_that_comes_back() {
    let role = Role::new("all").subscribe("test.topics.*");
    let hub = Hub::builder(contract()).role(role).build().expect("roles fit");
    let hosted = hub.host_topics::<TopicsInterface>("").expect("hosted");
    let peer = hub.connect("one", "all", &PeerConfig::default()).expect("admitted");
    let topics: TopicsClient = peer.bind(Target::Any).await.expect("bound");
    let mut subscription = topics.subscribe_happened();
    let publisher: TopicsPublisher = hosted.publisher();
    // The subscription has reached the hub when a report names its subscriber.
    while publisher.happened_reported(&1, WATCHDOG).await.expect("a report").delivered.is_empty() {}

    let woken = Arc::new(AtomicUsize::new(0));
    let mut report = Box::pin(publisher.happened_reported(&2, WATCHDOG));
    let waker = Waker::from(Arc::new(Asks { hub: hub.clone(), woken: Arc::clone(&woken) }));
    let polled = report.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending(), "its subscriber has not answered");
    drop(waker);
    for number in [1, 2] {
        assert_eq!(subscription.next().await.expect("a value"), Some(number));
    }
    while woken.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(report.await.expect("a report").delivered.len(), 1);
}

#[test]
fn f49_whoever_waits_for_a_report_may_come_back_to_the_hub() {
    let (done, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(report_with_a_waker_that_comes_back());
        let _ = done.send(());
    });
    waiting.recv_timeout(WATCHDOG).expect("it neither hangs nor fails");
}
