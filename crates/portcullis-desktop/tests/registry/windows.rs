//! Windows that come and go, are opened and closed, and what cannot be done with them.

use std::time::Duration;

use portcullis::hub::{Admission, Hub, Reason};
use portcullis::link::IoLink;
use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::rpc::Interface;
use portcullis::testing::{ANYTHING, TestHub, anything};
use portcullis::{Call, Role, Status};
use portcullis_desktop::registry::{Kind, Registry, RegistryError, Told};
use portcullis_desktop::{
    Application, ApplicationClient, ApplicationInterface, ApplicationServer, OpenOptions,
    QuitError, WINDOWS_MAX, WindowAction, WindowError, WindowPhase, WindowsClient, contract,
};

use crate::support::{Desk, RETURNS, error, next, settle, start};

#[tokio::test(start_paused = true)]
async fn windows_come_and_go_with_their_peers() {
    let bench = start().await;
    let mut opened = bench.windows.subscribe_opened();
    let mut closed = bench.windows.subscribe_closed();
    let mut state = bench.windows.watch_windows();
    assert_eq!(next(&mut state).await.kinds.len(), 3);
    settle().await;
    let one = bench.join("page-1").await;
    let window = next(&mut opened).await;
    assert_eq!((window.label.as_str(), window.kind.as_str()), ("page-1", "page"));
    assert_eq!((window.phase, window.connected), (WindowPhase::Open, true));
    assert_eq!(window.role.as_deref(), Some(ANYTHING));
    assert_eq!(next(&mut state).await.windows, [window]);
    // A peer of a kind that is not declared is no window, nor is the one that asks.
    let _worker = bench.join("worker-1").await;
    assert_eq!(bench.labels(), ["page-1"]);

    one.close();
    settle().await;
    let left = bench.window("page-1").unwrap();
    assert_eq!((left.phase, left.connected), (WindowPhase::Open, false));
    tokio::time::sleep(RETURNS).await;
    let window = next(&mut closed).await;
    assert_eq!((window.label.as_str(), window.phase), ("page-1", WindowPhase::Closed));
    assert_eq!(bench.windows.list().await.unwrap().windows, []);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_back_under_its_label_was_reloaded() {
    let bench = start().await;
    let mut reloaded = bench.windows.subscribe_reloaded();
    let mut closed = bench.windows.subscribe_closed();
    settle().await;
    bench.join("page-1").await.close();
    tokio::time::sleep(RETURNS / 2).await;
    let _second = bench.join("page-1").await;
    let window = next(&mut reloaded).await;
    assert_eq!((window.reloads, window.connected), (1, true));
    // The next document may connect before the last has left.
    let third = bench.join("page-1").await;
    assert_eq!(next(&mut reloaded).await.reloads, 2);
    drop(_second);
    tokio::time::sleep(RETURNS * 2).await;
    assert!(bench.window("page-1").unwrap().connected, "the one that left was replaced before");
    // What comes back too late is another window.
    third.close();
    tokio::time::sleep(RETURNS * 2).await;
    assert_eq!(next(&mut closed).await.reloads, 2);
    let _fourth = bench.join("page-1").await;
    assert_eq!(bench.window("page-1").unwrap().reloads, 0);
}

#[tokio::test(start_paused = true)]
async fn a_window_is_opened_by_its_host_and_connects() {
    let bench = start().await;
    let mut opened = bench.windows.subscribe_opened();
    let options = OpenOptions { argument: Some("a.txt".to_owned()), background: Some(true) };
    let window = bench.windows.open("native".to_owned(), options).await.unwrap();
    assert_eq!((window.label.as_str(), window.phase), ("native-1", WindowPhase::Opening));
    assert_eq!(bench.desk.asked(), ["test opens native a.txt true"]);
    let full = bench.windows.open("native".to_owned(), OpenOptions::default()).await;
    assert_eq!(error(full), WindowError::TooMany { windows_max: 1 });
    let native = bench.join("native-1").await;
    assert_eq!(next(&mut opened).await.phase, WindowPhase::Open);

    // It does not come back: nothing is waited for.
    let mut closed = bench.windows.subscribe_closed();
    settle().await;
    native.close();
    assert_eq!(next(&mut closed).await.label, "native-1");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_never_connects_is_closed() {
    let bench = start().await;
    let mut closed = bench.windows.subscribe_closed();
    settle().await;
    bench.windows.open("native".to_owned(), OpenOptions::default()).await.unwrap();
    let window = next(&mut closed).await;
    assert_eq!(window.problem.as_deref(), Some("it did not connect in time"));
    assert_eq!(bench.labels(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_a_typed_error() {
    let bench = start().await;
    let _page = bench.join("page-1").await;
    let _plain = bench.join("plain-1").await;
    let open = |kind: &str, argument: Option<&str>| {
        let options = OpenOptions { argument: argument.map(str::to_owned), background: None };
        bench.windows.open(kind.to_owned(), options)
    };
    let unknown = WindowError::UnknownKind { kind: "palette".to_owned() };
    assert_eq!(error(open("palette", None).await), unknown);
    let not_possible = |error| match error {
        WindowError::NotPossible { action, .. } => action,
        other => panic!("{other:?}"),
    };
    assert_eq!(not_possible(error(open("page", None).await)), WindowAction::Open);
    let focus = bench.windows.focus("page-1".to_owned()).await;
    assert_eq!(not_possible(error(focus)), WindowAction::Focus);
    let close = bench.windows.close("plain-1".to_owned()).await;
    assert_eq!(not_possible(error(close)), WindowAction::Close);
    let gone = WindowError::NoSuchWindow { label: "page-9".to_owned() };
    assert_eq!(error(bench.windows.close("page-9".to_owned()).await), gone);
    assert_eq!(error(bench.windows.focus("page-9".to_owned()).await), gone);
    assert_eq!(bench.desk.asked(), [""; 0], "the host was not troubled");

    // What a host answers is made to fit, and what it makes up is not believed.
    match error(open("native", Some("long")).await) {
        WindowError::Refused { reason } => assert_eq!(reason.len(), 512),
        other => panic!("{other:?}"),
    }
    assert!(matches!(error(open("native", Some("odd")).await), WindowError::Failed { .. }));
    // Whoever gives up leaves no room taken.
    let options = OpenOptions { argument: Some("never".to_owned()), background: None };
    let late = bench.windows.open("native".to_owned(), options).await;
    assert_eq!(late.unwrap_err().status(), Status::DeadlineExceeded);
    settle().await;
    open("native", None).await.unwrap();
    // Too long for the contract: refused before it leaves.
    let long = open(&"k".repeat(65), None).await.unwrap_err();
    assert_eq!(long.status(), Status::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_was_asked_to_close_is_gone_with_its_peer() {
    let bench = start().await;
    let mut closed = bench.windows.subscribe_closed();
    settle().await;
    let page = bench.join("page-1").await;
    bench.windows.close("page-1".to_owned()).await.unwrap();
    assert_eq!(bench.desk.asked(), ["test closes page-1"]);
    assert_eq!(bench.window("page-1").unwrap().phase, WindowPhase::Closing);
    page.close();
    settle().await;
    assert_eq!(bench.labels(), [""; 0], "it is not waited for");
    assert_eq!(next(&mut closed).await.phase, WindowPhase::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_window_whose_grant_was_taken_back_is_closed() {
    let bench = start().await;
    let _page = bench.join("page-1").await;
    let peers = bench.hub.hub().peers();
    let page = peers.iter().find(|peer| peer.label == "page-1").unwrap().peer;
    assert!(bench.hub.hub().disconnect(page, Reason::Revoked));
    settle().await;
    assert_eq!(bench.labels(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_the_application_tells_is_told_on() {
    let bench = start().await;
    let (_one, _two) = (bench.join("page-1").await, bench.join("page-2").await);
    let mut focused = bench.windows.subscribe_focused();
    let mut hidden = bench.windows.subscribe_hidden();
    let mut shown = bench.windows.subscribe_shown();
    let mut crashed = bench.windows.subscribe_crashed();
    let mut closed = bench.windows.subscribe_closed();
    settle().await;
    let tell = |label: &str, told| bench.registry.tell(label, told);
    assert!(tell("page-1", Told::Focused) && tell("page-2", Told::Focused));
    assert_eq!(
        [next(&mut focused).await.label, next(&mut focused).await.label],
        ["page-1", "page-2"]
    );
    assert!(!bench.window("page-1").unwrap().focused, "the keyboard is in one place");
    assert!(tell("page-2", Told::Hidden));
    assert!(!next(&mut hidden).await.focused);
    assert!(tell("page-2", Told::Shown) && tell("page-2", Told::Title("é".repeat(200))));
    assert!(!next(&mut shown).await.hidden);
    let title = bench.window("page-2").unwrap().title.unwrap();
    assert_eq!(title.len(), 256);
    assert!(tell("page-2", Told::Crashed("exit status 9".to_owned())));
    let window = next(&mut crashed).await;
    assert_eq!(
        (window.phase, window.problem.as_deref()),
        (WindowPhase::Crashed, Some("exit status 9"))
    );
    assert!(tell("page-2", Told::Closed));
    assert_eq!(next(&mut closed).await.label, "page-2");
    assert!(!tell("page-2", Told::Focused), "there is no such window any more");
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_told_once_and_a_return_heals_it() {
    let bench = start().await;
    let mut reloaded = bench.windows.subscribe_reloaded();
    let page = bench.join("page-1").await;
    bench.registry.tell("page-1", Told::Crashed("killed".to_owned()));
    page.close();
    settle().await;
    let window = bench.window("page-1").unwrap();
    assert_eq!((window.phase, window.connected), (WindowPhase::Crashed, false));
    let _again = bench.join("page-1").await;
    let window = next(&mut reloaded).await;
    assert_eq!((window.phase, window.problem), (WindowPhase::Open, None));
}

#[tokio::test(start_paused = true)]
async fn peers_that_were_there_before_the_registry_are_seen() {
    let hub = TestHub::start(contract());
    let page = hub.peer("page-1");
    page.ready().await.unwrap();
    let builder = Registry::builder().kind(Kind::new("page"));
    let registry = builder.clone().start(hub.hub(), Desk::default()).unwrap();
    settle().await;
    assert_eq!(registry.windows().windows.len(), 1);
    // Only one registry serves, until it is dropped.
    let second = builder.clone().start(hub.hub(), Desk::default());
    assert!(matches!(second, Err(RegistryError::Serve(_))));
    drop(registry);
    assert!(builder.start(hub.hub(), Desk::default()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_missed_events_finds_out_what_is_there() {
    let hub =
        TestHub::start_with(Hub::builder(contract()).role(anything(contract())).events_max(4));
    let builder = Registry::builder().kind(Kind::new("page"));
    let registry = builder.start(hub.hub(), Desk::default()).unwrap();
    settle().await;
    let gone: Vec<Peer> = (0..8).map(|number| hub.peer(&format!("page-{number}"))).collect();
    for peer in &gone {
        peer.ready().await.unwrap();
    }
    let _stays = hub.peer("page-8");
    gone.iter().for_each(Peer::close);
    settle().await;
    settle().await;
    let labels: Vec<_> = registry.windows().windows.into_iter().map(|each| each.label).collect();
    assert_eq!(labels, ["page-8"]);
}

#[tokio::test(start_paused = true)]
async fn more_windows_than_the_contract_holds_are_not_listed_and_disturb_nobody() {
    let bench = start().await;
    let mut peers = Vec::new();
    for number in 0..WINDOWS_MAX + 3 {
        peers.push(bench.join(&format!("page-{number}")).await);
    }
    assert_eq!(bench.windows.list().await.unwrap().windows.len(), WINDOWS_MAX as usize);
    let full = bench.windows.open("native".to_owned(), OpenOptions::default()).await;
    assert_eq!(error(full), WindowError::TooMany { windows_max: WINDOWS_MAX });
}

#[tokio::test(start_paused = true)]
async fn roles_decide_who_may_what() {
    let viewer = Role::new("viewer").subscribe("portcullis.windows.windows");
    let hub = TestHub::start_with(Hub::builder(contract()).role(anything(contract())).role(viewer));
    let _registry =
        Registry::builder().kind(Kind::new("page").closes()).start(hub.hub(), Desk::default());
    let peer = hub.peer_as("viewer-1", "viewer");
    let windows: WindowsClient = peer.bind(Target::Any).await.unwrap();
    let mut state = windows.watch_windows();
    assert_eq!(next(&mut state).await.kinds.len(), 1);
    let denied = windows.close("page-1".to_owned()).await.unwrap_err();
    assert_eq!(denied.status(), Status::PermissionDenied);
}

/// Never answers.
struct Stuck;

impl Application for Stuck {
    async fn quit(&self, _: &Call) -> Result<(), QuitError> {
        std::future::pending().await
    }
    async fn hold(&self, _: &Call, _: String) -> Result<(), QuitError> {
        Ok(())
    }
    async fn release(&self, _: &Call) {}
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_silent_while_it_is_awaited_is_unresponsive_until_it_speaks() {
    let bench = start().await;
    let mut unresponsive = bench.windows.subscribe_unresponsive();
    let mut responsive = bench.windows.subscribe_responsive();
    // A page behind a pipe that the test can stop.
    let (page_end, mut near) = tokio::io::duplex(1 << 16);
    let (mut far, hub_end) = tokio::io::duplex(1 << 16);
    let admission = Admission::new("page-1", ANYTHING, portcullis::hub::Kind::Page);
    bench.hub.hub().attach(IoLink::new(hub_end), &admission).unwrap();
    let config = PeerConfig {
        interfaces: vec![ApplicationInterface::descriptor()],
        ..PeerConfig::default()
    };
    let page = portcullis::client::connect(IoLink::new(page_end), &config);
    let serving = {
        let flowing = tokio::io::copy_bidirectional(&mut near, &mut far);
        tokio::select! {
            _ = flowing => panic!("the pipe has ended"),
            serving = page.serve(ApplicationServer::new(Stuck), "stuck") => serving.unwrap(),
        }
    };
    let asking = bench.hub.peer("asking");
    let target = Target::Label("page-1".to_owned());
    let client: ApplicationClient = asking.bind(target).await.unwrap();
    let calling = tokio::spawn(client.with_timeout(Duration::from_secs(3600)).quit());
    let window = next(&mut unresponsive).await;
    assert!(window.unresponsive && window.connected, "it is left alone");
    let flowing = tokio::io::copy_bidirectional(&mut near, &mut far);
    let window = tokio::select! {
        _ = flowing => panic!("the pipe has ended"),
        window = next(&mut responsive) => window,
    };
    assert!(!window.unresponsive);
    calling.abort();
    drop(serving);
}
