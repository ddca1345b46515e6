//! Blobs, and typed arrays, whose bytes are blobs: whole and in order in every kind of channel, beside small messages,
//! within their limits (R7).

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use portcullis::codec::Blob;
use portcullis::hub::{Hosted, Reason};
use portcullis::peer::{Peer, PeerConfig, Serving, Target};
use portcullis::rpc::Failure;
use portcullis::{Error, Limits, Status, TypedArray};
use portcullis_proto::frame::{FLAG_ABANDON, Head, Kind};
use sample_contract::{
    BlobsClient, BlobsError, BlobsPublisher, BlobsServer, EchoClient, Samples, Scan,
};

use super::{barrier, limits, poll_once, until};
use crate::raw::{attached, frame};
use crate::scene::{ALL, By, Scene};
use crate::seen::Seen;
use crate::service::BlobsService;

/// A client of a service of blobs, and what keeps that service there.
struct Stage {
    client: Peer,
    blobs: BlobsClient,
    seen: Seen,
    _keep: (Option<Hosted>, Option<(Peer, Serving)>),
}

async fn stage(scene: &Scene, by: By) -> Stage {
    stage_with(scene, by, PeerConfig::default(), PeerConfig::default()).await
}

async fn stage_with(scene: &Scene, by: By, client: PeerConfig, server: PeerConfig) -> Stage {
    let seen = Seen::default();
    let service = Arc::new(BlobsService::new(&seen));
    let blobs = BlobsServer::from_arc(Arc::clone(&service));
    let (publisher, keep): (BlobsPublisher, _) = match by {
        By::Main => {
            let hosted = scene.hub().serve(blobs).expect("served");
            (hosted.publisher(), (Some(hosted), None))
        }
        By::Peer => {
            let server = scene.peer_with("server", ALL, server).await;
            let serving = server.serve(blobs, "").await.expect("served");
            (serving.publisher(), (None, Some((server, serving))))
        }
    };
    service.publish_with(publisher);
    let client = scene.peer_with("client", ALL, client).await;
    let blobs = client.bind(Target::Any).await.expect("bound");
    Stage { client, blobs, seen, _keep: keep }
}

/// Bytes that tell their places apart.
fn bytes(count: usize) -> Blob {
    (0..count).map(|place| (place % 251) as u8).collect::<Vec<u8>>().into()
}

fn scan(name: &str, points: usize) -> Scan {
    Scan { name: name.to_owned(), points: bytes(points), ..Scan::default() }
}

/// R7: blobs of every size come back as they were, several in one message, and none.
pub async fn blobs_of_any_size_pass(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    for size in [0, 1, 63, 64, 65_535, 65_536, 65_537, 300_000, 5_000_000] {
        let sent = Scan {
            pictures: vec![bytes(size / 2), Blob::default(), bytes(70_000)],
            preview: (size % 2 == 0).then(|| bytes(100)),
            ..scan("any", size)
        };
        assert_eq!(stage.blobs.echo(sent.clone()).await.expect("a reply"), sent, "{size} bytes");
    }
}

/// Blobs may be larger than frames.
pub async fn a_blob_may_be_larger_than_a_frame(scene: &Scene, by: By) {
    let small = limits(Limits { frame_bytes: 4096, window_bytes: 4096, ..Limits::DEFAULT });
    let stage = stage_with(scene, by, small.clone(), small).await;
    let sent = scan("large", 1_000_000);
    assert_eq!(stage.blobs.echo(sent.clone()).await.expect("a reply"), sent);
}

/// R13: an application's own error may have blobs.
pub async fn errors_have_blobs(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    let rejected = stage.blobs.echo(scan("", 200_000)).await.expect_err("it has no name");
    assert_eq!(rejected, Failure::App(BlobsError::Rejected { seen: bytes(200_000) }));
}

/// Small calls go on while a large blob is on its way.
pub async fn small_calls_go_on(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    let large = scan("large", 6_000_000);
    let mut echo = pin!(stage.blobs.echo(large.clone()));
    for number in 0..100 {
        assert_eq!(stage.blobs.small(number).await.expect("a reply"), number);
        if let Poll::Ready(back) = poll_once(echo.as_mut()).await {
            assert_eq!(back.expect("a reply"), large);
            return;
        }
    }
    assert_eq!(echo.await.expect("a reply"), large);
}

/// R5: what is sent on one channel arrives in order, however large each is.
pub async fn one_channel_keeps_its_order(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    let mut scanned = stage.blobs.subscribe_scanned();
    barrier(&stage.client).await;
    for number in 0..8u32 {
        let size = if number % 3 == 0 { 900_000 } else { 10 };
        stage.blobs.hand_over(scan(&format!("{number}"), size)).expect("sent");
    }
    for number in 0..8 {
        let scan = scanned.next().await.expect("an event").expect("an event");
        assert_eq!(scan.name, format!("{number}"));
    }
}

/// R10: items with blobs come in order, and a fast sender waits for a slow reader.
pub async fn streams_of_blobs(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    let mut frames = stage.blobs.frames(40, 300_000);
    for number in 0..40u8 {
        let frame = frames.next().await.expect("an item").expect("an item");
        assert_eq!((frame.len(), frame[0], frame[299_999]), (300_000, number, number));
    }
    assert_eq!(frames.next().await.expect("the end"), None);
    let (mut sink, total) = stage.blobs.total();
    for number in 1..=10u8 {
        sink.send(&Blob::from(vec![number; 200_000])).await.expect("sent");
    }
    sink.finish();
    assert_eq!(total.await.expect("a sum"), 55 * 200_000);
}

/// R7: typed arrays of every kind of number come back as they were, bit by bit, and a stream brings them in order.
pub async fn typed_arrays_pass(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    for count in [0, 1, 3, 16_384, 100_000] {
        let sent = samples(count);
        assert_eq!(stage.blobs.mirror(sent.clone()).await.expect("a reply"), sent, "{count}");
    }
    let mut waves = stage.blobs.waves(10, 100_000);
    for number in 0..10u8 {
        let wave = waves.next().await.expect("an item").expect("an item");
        let at = |place| wave.get(place).map(|value| value - f32::from(number));
        assert_eq!((wave.len(), at(0), at(99_999)), (100_000, Some(0.0), Some(49_999.5)));
    }
    assert_eq!(waves.next().await.expect("the end"), None);
}

/// A typed array beyond its limit is refused at home, with its path.
pub async fn typed_arrays_beyond_their_limits(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    for count in [1, 9] {
        let sent = Samples { f64s: Some(vec![0.5; count].into()), ..Samples::default() };
        let error = stage.blobs.mirror(sent).await.expect_err("from 2 to 8");
        assert_eq!((error.status(), error.path()), (Status::InvalidArgument, "samples.f64s"));
    }
}

/// So many numbers of each kind but one, of which there are few; among the floats is a NaN that is not the protocol's.
fn samples(count: usize) -> Samples {
    Samples {
        i8s: (0..count).map(|place| place as i8).collect(),
        i16s: (0..count).map(|place| place as i16).collect(),
        u16s: (0..count).map(|place| place as u16).collect(),
        i32s: (0..count).map(|place| -(place as i32)).collect(),
        u32s: (0..count).map(|place| u32::MAX - place as u32).collect(),
        i64s: (0..count).map(|place| i64::MIN + place as i64).collect(),
        u64s: (0..count).map(|place| u64::MAX - place as u64).collect(),
        f32s: (0..count).map(|place| f32::from_bits(0xff80_0001 + place as u32)).collect(),
        f64s: Some(vec![f64::INFINITY, -0.0].into()),
        channels: vec![vec![0.25; count].into(), TypedArray::default()],
    }
}

/// R9, R24: every subscriber gets a value's blobs, and a late one the last state's.
pub async fn topics_with_blobs(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    let viewer = scene.peer("viewer").await;
    let blobs: BlobsClient = viewer.bind(Target::Any).await.expect("bound");
    let (mut one, mut two) = (stage.blobs.subscribe_scanned(), blobs.subscribe_scanned());
    barrier(&stage.client).await;
    barrier(&viewer).await;
    let sent = scan("shown", 2_000_000);
    stage.blobs.hand_over(sent.clone()).expect("sent");
    for scanned in [&mut one, &mut two] {
        assert_eq!(scanned.next().await.expect("an event").expect("an event"), sent);
    }
    let mut latest = blobs.watch_latest();
    assert_eq!(latest.next().await.expect("a state").expect("a state"), sent.points);
}

/// A blob over its declared limit is refused at home; one that the other side does not take ends its call alone.
pub async fn blobs_beyond_their_limits(scene: &Scene, by: By) {
    let few = Limits { blob_bytes: 100_000, ..Limits::DEFAULT };
    let stage = stage_with(scene, by, PeerConfig::default(), limits(few)).await;
    let over = Scan { preview: Some(bytes(65_537)), ..scan("over", 1) };
    let error = status_of(stage.blobs.echo(over).await);
    assert_eq!((error.status(), error.path()), (Status::InvalidArgument, "scan.preview"));
    let too_large = scan("too large", 100_000_000);
    let error = status_of(stage.blobs.echo(too_large).await);
    assert_eq!(error.status(), Status::InvalidArgument, "{error}");
    if by == By::Peer {
        let error = status_of(stage.blobs.echo(scan("for the server", 200_000)).await);
        assert_eq!(error.status(), Status::ResourceExhausted, "{error}");
    }
    assert_eq!(stage.blobs.small(5).await.expect("the others go on"), 5);
}

fn status_of(outcome: Result<Scan, Failure<BlobsError>>) -> Error {
    match outcome.expect_err("a failure") {
        Failure::Error(error) => error,
        Failure::App(error) => panic!("{error:?}"),
    }
}

/// f13: a call that is dropped while its blob is on its way leaves nothing behind.
pub async fn f13_a_dropped_call_gives_its_blobs_up(scene: &Scene, by: By) {
    let stage = stage(scene, by).await;
    for size in [100_000, 6_000_000] {
        let large = scan("dropped", size);
        {
            let mut echo = pin!(stage.blobs.echo(large.clone()));
            // It may be answered already; most are on their way.
            let _ = poll_once(echo.as_mut()).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(stage.blobs.echo(scan("kept", 10)).await.expect("a reply").points.len(), 10);
    }
    until(|| stage.seen.started.get() == stage.seen.stopped.get()).await;
    until(|| stage.client.calls_open() == (0, 0)).await;
}

/// f12: parcels that break the rules end their sender, and nobody else.
pub async fn f12_parcels_out_of_turn(scene: &Scene) {
    let hub = scene.hub();
    let parcel = |id, length, bytes: &[u8]| {
        frame(Head { id, budget: length, ..Head::new(Kind::Parcel) }, bytes)
    };
    let abandon = |id| frame(Head { id, flags: FLAG_ABANDON, ..Head::new(Kind::Parcel) }, &[]);
    let watcher = scene.peer("watcher").await;
    for (what, bytes, reason) in [
        ("number 0", parcel(0, 1, &[1]), Reason::BadParcel),
        ("longer than it said", parcel(1, 1, &[1, 2]), Reason::BadParcel),
        ("no bytes", parcel(1, 1, &[]), Reason::BadParcel),
        ("more than may be", parcel(1, 64 * 1024 * 1024 + 1, &[1]), Reason::BadParcel),
        (
            "more than may be, in two",
            [parcel(1, 64 * 1024 * 1024, &[1]), parcel(2, 1, &[1])].concat(),
            Reason::BadParcel,
        ),
        ("another length", [parcel(1, 3, &[1]), parcel(1, 4, &[1])].concat(), Reason::BadParcel),
        (
            "more of a whole one",
            [parcel(1, 1, &[1]), parcel(1, 1, &[1])].concat(),
            Reason::BadParcel,
        ),
        ("an unknown one given up", abandon(7), Reason::BadParcel),
        ("one too many", (1..=65).flat_map(|id| parcel(id, 1, &[1])).collect(), Reason::BadParcel),
        ("too large a piece", parcel(1, 70_000, &[0; 65_537]), Reason::BadParcel),
        (
            "a pool that brings nothing",
            frame(Head::new(Kind::Pool), &[4, 128, 128, 1]),
            Reason::BadPool,
        ),
        (
            "a loan of no pool",
            [frame(Head { id: 1, budget: 5, ..Head::new(Kind::Lend) }, &[1]), attached(&[1])]
                .concat(),
            Reason::BadPool,
        ),
    ] {
        let mut raw = scene.raw("raw", ALL).await;
        raw.join().await;
        raw.send(&bytes).await;
        let goodbye = raw.goodbye().await.unwrap_or_else(|| panic!("no goodbye: {what}"));
        assert_eq!(goodbye.reason, reason, "{what}: {goodbye}");
    }
    assert!(hub.peers().iter().any(|peer| peer.label == "watcher"));
    assert!(watcher.bind::<EchoClient>(Target::Any).await.is_err(), "it is still answered");
}

/// A message with parcels that are not there, or not whole, ends its sender.
pub async fn f12_messages_without_their_parcels(scene: &Scene) {
    let _hub = scene.hub();
    let half = frame(Head { id: 1, budget: 2, ..Head::new(Kind::Parcel) }, &[1]);
    let mut cut = attached(&[1]);
    cut.truncate(26);
    cut[0] = 26;
    for (what, bytes, reason) in [
        ("not there", attached(&[1]), Reason::BadParcel),
        ("not whole", [half, attached(&[1])].concat(), Reason::BadParcel),
        ("17 of them", attached(&[1; 17]), Reason::MalformedFrame),
        ("cut", cut, Reason::MalformedFrame),
    ] {
        let mut raw = scene.raw("raw", ALL).await;
        raw.join().await;
        raw.send(&bytes).await;
        let goodbye = raw.goodbye().await.unwrap_or_else(|| panic!("no goodbye: {what}"));
        assert_eq!(goodbye.reason, reason, "{what}: {goodbye}");
    }
}
