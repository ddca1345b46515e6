//! Old builds with a new main, new builds with an old one, and both at once (R3, f48): what both know works, what one side
//! does not know is skipped, kept as unknown, or refused, and nobody is ended for it.

use evolution::{new, old};
use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::rpc::{Descriptor, Interface};
use portcullis::testing::{ANYTHING, TestHub};
use portcullis::{Failure, Status, Unknown};

/// A peer that says at the handshake what it was built with.
async fn built_with(bench: &TestHub, label: &str, interface: &'static Descriptor) -> Peer {
    let config = PeerConfig { interfaces: vec![interface], ..PeerConfig::default() };
    let peer = bench.hub().connect(label, ANYTHING, &config).expect("admitted");
    peer.ready().await.expect("the builds get along");
    peer
}

fn old_build() -> &'static Descriptor {
    old::CatalogInterface::descriptor()
}

fn new_build() -> &'static Descriptor {
    new::CatalogInterface::descriptor()
}

/// What an old client sees of a server of any version.
async fn an_old_client_gets_along(
    catalog: &old::CatalogClient,
    name: &str,
    mood: Option<old::Mood>,
) {
    let found = catalog.find(old::Query { name: Some("lamp".into()) }).await.expect("a lamp");
    assert_eq!((found.name.as_deref(), found.mood), (Some(name), mood));
    let mut all = catalog.all();
    let mut names = Vec::new();
    while let Some(item) = all.next().await.expect("an item") {
        names.extend(item.name);
    }
    assert_eq!(names, ["lamp", "chair"]);
}

#[tokio::test]
async fn f48_an_old_window_works_with_a_new_main() {
    let mut bench = TestHub::start(new::contract());
    let publisher: new::CatalogPublisher =
        bench.serve_publishing(new::CatalogServer::new(new::Shelf));
    let peer = built_with(&bench, "old window", old_build()).await;
    let catalog: old::CatalogClient = peer.bind(Target::Any).await.expect("bound");

    // `Wild(7)` is kept as the variant that it is to an old build: its number and its bytes.
    let wild = Unknown { tag: 1, bytes: vec![7] };
    an_old_client_gets_along(&catalog, "lamp", Some(old::Mood::Other(wild.clone()))).await;
    let missing = catalog.find(old::Query { name: None }).await.expect_err("nothing");
    assert_eq!(missing, Failure::App(old::Problem::Missing));
    let lent = catalog.find(old::Query { name: Some("ladder".into()) }).await.expect_err("lent");
    let Failure::App(old::Problem::Other(Unknown { tag: 1, .. })) = &lent else {
        panic!("a variant that an old build does not know: {lent:?}");
    };
    let (mut added, mut latest) = (catalog.subscribe_added(), catalog.watch_latest());
    // The subscriptions are there once a call behind them is answered.
    an_old_client_gets_along(&catalog, "lamp", Some(old::Mood::Other(wild.clone()))).await;
    publisher.added(&new::item("stool")).expect("published");
    publisher.latest(&new::item("stool")).expect("published");
    for value in [added.next().await, latest.next().await] {
        let item = value.expect("a value").expect("the topic goes on");
        assert_eq!(
            item,
            old::Item { name: Some("stool".into()), mood: Some(old::Mood::Other(wild.clone())) }
        );
    }
    assert_eq!(bench.hub().counters().violations(), 0);
}

#[tokio::test]
async fn f48_a_new_window_works_with_an_old_main() {
    let mut bench = TestHub::start(old::contract());
    let publisher: old::CatalogPublisher =
        bench.serve_publishing(old::CatalogServer::new(old::Shelf));
    let peer = built_with(&bench, "new window", new_build()).await;
    let catalog: new::CatalogClient = peer.bind(Target::Any).await.expect("bound");

    let query = |name: &str| new::Query { name: Some(name.into()), attic: Some(true) };
    let found = catalog.find(query("lamp")).await.expect("a lamp");
    assert_eq!(
        found,
        new::Item { name: Some("lamp".into()), mood: Some(new::Mood::Calm), tags: None }
    );
    // An old main skips what it does not know: nobody looks in the attic.
    let missing = catalog.find(query("trunk")).await.expect_err("nothing");
    assert_eq!(missing, Failure::App(new::Problem::Missing));
    // A channel that an old main does not know is answered like one that is not granted.
    let unknown = catalog.count().await.expect_err("no such channel there");
    assert_eq!(unknown.status(), Status::PermissionDenied, "{unknown}");
    let mut added = catalog.subscribe_added();
    catalog.find(query("lamp")).await.expect("the subscription is there");
    publisher.added(&old::item("stool")).expect("published");
    let item = added.next().await.expect("a value").expect("the topic goes on");
    assert_eq!(
        item,
        new::Item { name: Some("stool".into()), mood: Some(new::Mood::Calm), tags: None }
    );
    assert_eq!(bench.hub().counters().violations(), 0);
}

/// A worker of one version serves windows of both, through a main of either.
#[tokio::test]
async fn f48_workers_and_windows_of_both_versions_meet_at_the_hub() {
    for (schema, main) in [(old::contract(), "old"), (new::contract(), "new")] {
        let bench = TestHub::start(schema);
        let workers = [
            built_with(&bench, "old", old_build()).await,
            built_with(&bench, "new", new_build()).await,
        ];
        let _old =
            workers[0].serve(old::CatalogServer::new(old::Shelf), "old").await.expect("served");
        let _new =
            workers[1].serve(new::CatalogServer::new(new::Shelf), "new").await.expect("served");
        let window = built_with(&bench, "window", old_build()).await;
        let newer = built_with(&bench, "newer", new_build()).await;
        for instance in ["old", "new"] {
            let catalog: old::CatalogClient =
                window.bind(Target::Instance(instance.into())).await.expect("bound");
            let mood = match instance {
                "old" => old::Mood::Calm,
                _ => old::Mood::Other(Unknown { tag: 1, bytes: vec![7] }),
            };
            an_old_client_gets_along(&catalog, "lamp", Some(mood)).await;
            let catalog: new::CatalogClient =
                newer.bind(Target::Instance(instance.into())).await.expect("bound");
            let query = new::Query { name: Some("trunk".into()), attic: Some(true) };
            let found = catalog.find(query).await;
            assert_eq!(
                found.is_ok(),
                instance == "new",
                "main {main}, worker {instance}: {found:?}"
            );
            let counted = catalog.count().await.map_err(|error| error.status());
            let expected = match (main, instance) {
                ("new", "new") => Ok(2),
                ("new", _) => Err(Status::Unimplemented),
                _ => Err(Status::PermissionDenied),
            };
            assert_eq!(counted, expected, "main {main}, worker {instance}");
        }
        assert_eq!(bench.hub().counters().violations(), 0, "main {main}");
    }
}

/// A peer that says nothing at the handshake is compared when it binds, by the same rule.
#[tokio::test]
async fn f48_a_bind_alone_names_what_it_gets_along_with() {
    let mut bench = TestHub::start(old::contract());
    bench.serve(old::CatalogServer::new(old::Shelf));
    let catalog: new::CatalogClient = bench.client("new window").await;
    assert!(catalog.find(new::Query { name: Some("lamp".into()), attic: None }).await.is_ok());
}
