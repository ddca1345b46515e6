//! Violations: each ends its peer with its reason, is counted, and disturbs nobody (groups A and B of the faults).

use portcullis::hub::Reason;
use portcullis::peer::Target;
use portcullis_proto::frame::{FLAG_ACK, FLAG_CALLEE, Head, Kind};
use sample_contract::{EchoClient, EchoInterface, FlowsInterface};

use crate::raw::{FIRST_ID, RawPeer, frame, hello_frame};
use crate::scene::{ALL, By, Scene, Served};

/// The last id that the set-up has used.
const USED: u32 = FIRST_ID + 1;
/// An id that is free behind the set-up.
const FREE: u32 = FIRST_ID + 5;

/// Channels, by their places in their interfaces.
mod ordinal {
    pub(super) const CALL: u32 = 0;
    pub(super) const BYTES: u32 = 1;
    pub(super) const JOIN: u32 = 2;
    pub(super) const NOTHING: u32 = 3;
    pub(super) const PANIC: u32 = 6;
    pub(super) const NEVER: u32 = 8;
    pub(super) const INLINE: u32 = 10;
    pub(super) const TELL: u32 = 12;
    pub(super) const MIRROR: u32 = 2;
}

/// A peer that is taken in, with a binding on the echo and one on the flows.
async fn joined(scene: &Scene) -> (RawPeer, u32, u32) {
    let mut raw = scene.raw("raw", ALL).await;
    raw.join().await;
    let echo = raw.bind::<EchoInterface>(FIRST_ID).await;
    let flows = raw.bind::<FlowsInterface>(USED).await;
    (raw, echo, flows)
}

/// Says `bytes`, and looks that the peer is ended for `reason`, that this is counted, and that nobody else notices.
async fn ends(served: &Served, mut raw: RawPeer, bytes: &[u8], reason: Reason, what: &str) {
    let counted = |served: &Served| served.hub.counters().ended.get(&reason).copied().unwrap_or(0);
    let before = counted(served);
    raw.send(bytes).await;
    let goodbye = raw.goodbye().await.unwrap_or_else(|| panic!("no goodbye: {what}"));
    assert_eq!(goodbye.reason, reason, "{what}: {goodbye}");
    assert_eq!(counted(served), before + 1, "{what}");
    let echo: EchoClient = served.client.bind(Target::Any).await.expect("the others live");
    assert_eq!(echo.inline(1).await.expect("the others live"), 1, "{what}");
}

fn header(length: u32, kind: u8, flags: u8, attachments: u16) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(attachments.to_le_bytes());
    bytes.resize(24, 0);
    bytes
}

/// f02, f03: headers that cannot be.
pub async fn f02_f03_bad_headers(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let limit = 16 * 1024 * 1024;
    for (what, bytes, reason) in [
        ("length 0", header(0, 4, 0, 0), Reason::MalformedFrame),
        ("length 23", header(23, 4, 0, 0), Reason::MalformedFrame),
        ("length limit + 1", header(limit + 1, 8, 0, 0), Reason::FrameTooLarge),
        ("length 2^32 - 1", header(u32::MAX, 8, 0, 0), Reason::FrameTooLarge),
        ("kind 0", header(24, 0, 0, 0), Reason::UnknownKind),
        ("kind 22", header(24, 22, 0, 0), Reason::UnknownKind),
        ("kind 127", header(24, 127, 0, 0), Reason::UnknownKind),
        ("a flag on a ping", header(24, 4, 1, 0), Reason::UnknownFlag),
        ("a third flag on an item", header(24, 11, 4, 0), Reason::UnknownFlag),
        ("a flag on a loan", header(24, 20, 4, 0), Reason::UnknownFlag),
        ("an attachment of a ping", header(24, 4, 0, 1), Reason::MalformedFrame),
        ("a ping with a body", frame(Head::new(Kind::Ping), &[1]), Reason::MalformedFrame),
        ("a cancel with a body", frame(Head::new(Kind::Cancel), &[1]), Reason::MalformedFrame),
    ] {
        let (raw, _, _) = joined(scene).await;
        ends(&served, raw, &bytes, reason, what).await;
    }
}

/// f03: kinds from 128 on are optional.
pub async fn f03_optional_kinds_are_skipped(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let (mut raw, _, _) = joined(scene).await;
    for kind in [128, 200, 255] {
        let mut bytes = header(24 + 100, kind, 0xff, 0);
        bytes.resize(24 + 100, 0xaa);
        raw.send(&bytes).await;
    }
    raw.say(Head { id: 77, ..Head::new(Kind::Ping) }, &[]).await;
    let pong = raw.next_of(Kind::Pong).await.expect("it lives");
    assert_eq!(pong.head.id, 77);
}

/// f08: nothing may come before the hello, and the hello is whole.
pub async fn f08_before_hello(scene: &Scene) {
    let served = scene.served(By::Main).await;
    for kind in [Kind::Ping, Kind::Request, Kind::Notify, Kind::Subscribe, Kind::Window, Kind::End]
    {
        let raw = scene.raw("raw", ALL).await;
        let bytes = frame(Head { id: FIRST_ID, ..Head::new(kind) }, &[]);
        ends(&served, raw, &bytes, Reason::UnexpectedFrame, kind.name()).await;
    }
    for (what, body) in [("empty", &[][..]), ("garbage", &[0xff; 40]), ("cut short", &[1, 1, 3])] {
        let raw = scene.raw("raw", ALL).await;
        let bytes = frame(Head::new(Kind::Hello), body);
        ends(&served, raw, &bytes, Reason::MalformedPayload, what).await;
    }
}

/// f09: a second hello; and what only the hub may say.
pub async fn f09_from_the_wrong_side(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let (raw, _, _) = joined(scene).await;
    ends(&served, raw, &hello_frame(), Reason::UnexpectedFrame, "a second hello").await;
    for kind in [Kind::Welcome, Kind::Unbound] {
        let (raw, _, _) = joined(scene).await;
        let bytes = frame(Head::new(kind), &[]);
        ends(&served, raw, &bytes, Reason::UnexpectedFrame, kind.name()).await;
    }
}

/// A call that stays open.
fn never(echo: u32, id: u32) -> Vec<u8> {
    let ordinal = ordinal::NEVER;
    frame(Head { binding: echo, ordinal, id, budget: 600_000, ..Head::new(Kind::Request) }, &[])
}

/// f11: ids that are in use, or cannot be.
pub async fn f11_ids_that_are_not_free(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let (raw, echo, _) = joined(scene).await;
    ends(&served, raw, &never(echo, 2), Reason::DuplicateId, "generation 0").await;
    let (raw, echo, _) = joined(scene).await;
    let twice = [never(echo, FREE), never(echo, FREE)].concat();
    ends(&served, raw, &twice, Reason::DuplicateId, "an id in flight").await;
    let (raw, echo, _) = joined(scene).await;
    let slot = [never(echo, FREE), never(echo, FREE + 0x1_0000)].concat();
    ends(&served, raw, &slot, Reason::DuplicateId, "a slot in flight").await;
    let (raw, echo, _) = joined(scene).await;
    ends(&served, raw, &never(echo, USED), Reason::DuplicateId, "the id used last").await;
}

/// f10: frames that belong to no call.
pub async fn f10_frames_of_no_call(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let id = FIRST_ID + 30;
    for (what, head) in [
        ("an end", Head { id, ..Head::new(Kind::End) }),
        ("an item", Head { id, ..Head::new(Kind::Item) }),
        ("an item that asks for an ack", Head { id, flags: FLAG_ACK, ..Head::new(Kind::Item) }),
        ("a callee's item", Head { id, flags: FLAG_CALLEE, ..Head::new(Kind::Item) }),
        ("credit", Head { id, ..Head::new(Kind::Credit) }),
        ("a callee's credit", Head { id, flags: FLAG_CALLEE, ..Head::new(Kind::Credit) }),
        ("a cancel", Head { id, ..Head::new(Kind::Cancel) }),
        ("a finish", Head { id, ..Head::new(Kind::Finish) }),
        ("an ack", Head { id, ..Head::new(Kind::Ack) }),
        ("a cancel of id 0", Head::new(Kind::Cancel)),
    ] {
        let (raw, _, _) = joined(scene).await;
        ends(&served, raw, &frame(head, &[]), Reason::UnknownId, what).await;
    }
}

/// f10, f13: what still comes for a call that has ended is ignored, as long as it is the last one of its slot.
pub async fn f10_f13_late_frames_are_ignored(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let (mut raw, echo, _) = joined(scene).await;
    let head =
        Head { binding: echo, ordinal: ordinal::NOTHING, id: FREE, ..Head::new(Kind::Request) };
    raw.say(head, &[]).await;
    raw.next_of(Kind::End).await.expect("an end");
    for kind in [Kind::Cancel, Kind::Cancel, Kind::Finish, Kind::Item, Kind::Credit, Kind::Ack] {
        raw.say(Head { id: FREE, ..Head::new(kind) }, &[]).await;
    }
    raw.say(Head { id: 78, ..Head::new(Kind::Ping) }, &[]).await;
    assert_eq!(raw.next().await.expect("it lives").head.kind, Kind::Pong);
}

/// f12: items without credit, on a flow that does not exist, or behind its end.
pub async fn f12_items_out_of_turn(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let open = |flows| {
        let ordinal = ordinal::MIRROR;
        frame(Head { binding: flows, ordinal, id: FREE, ..Head::new(Kind::Request) }, &[])
    };
    let item = frame(Head { id: FREE, ..Head::new(Kind::Item) }, &[1, b'x']);
    let finish = frame(Head { id: FREE, ..Head::new(Kind::Finish) }, &[]);
    let (raw, _, flows) = joined(scene).await;
    let mut flood = open(flows);
    for _ in 0..200 {
        flood.extend_from_slice(&item);
    }
    ends(&served, raw, &flood, Reason::CreditExceeded, "items beyond credit").await;
    let (raw, _, flows) = joined(scene).await;
    let behind = [open(flows), finish.clone(), item.clone()].concat();
    ends(&served, raw, &behind, Reason::CreditExceeded, "an item behind the finish").await;
    let (raw, _, flows) = joined(scene).await;
    let twice = [open(flows), finish.clone(), finish].concat();
    ends(&served, raw, &twice, Reason::CreditExceeded, "two finishes").await;
    let (raw, echo, _) = joined(scene).await;
    let on_call = [never(echo, FREE), item].concat();
    ends(&served, raw, &on_call, Reason::CreditExceeded, "an item on a call").await;
}

/// f05: bodies that break the contract, in arguments and in items.
pub async fn f05_bad_bodies(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    for (what, ordinal, body) in [
        ("trailing bytes", ordinal::NOTHING, &[0][..]),
        ("an overlong varint", ordinal::INLINE, &[0x80, 0x00]),
        ("a varint too wide", ordinal::INLINE, &[0xff, 0xff, 0xff, 0xff, 0x7f]),
        ("cut short", ordinal::CALL, &[5]),
        ("a length beyond the body", ordinal::BYTES, &[0xff, 0xff, 0x03]),
        ("bad UTF-8", ordinal::PANIC, &[2, 0xc0, 0x80]),
        ("an option of 2", ordinal::JOIN, &[1, b'a', 2, 0]),
        ("a text too long", ordinal::JOIN, b"\x11aaaaaaaaaaaaaaaaa\x00\x01"),
    ] {
        let (raw, echo, _) = joined(scene).await;
        let head = Head { binding: echo, ordinal, id: FREE, ..Head::new(Kind::Request) };
        ends(&served, raw, &frame(head, body), Reason::MalformedPayload, what).await;
    }
    let (raw, echo, _) = joined(scene).await;
    let notify = Head { binding: echo, ordinal: ordinal::TELL, ..Head::new(Kind::Notify) };
    ends(&served, raw, &frame(notify, &[9]), Reason::MalformedPayload, "a notification").await;
    let (raw, _, flows) = joined(scene).await;
    let open =
        Head { binding: flows, ordinal: ordinal::MIRROR, id: FREE, ..Head::new(Kind::Request) };
    let item = frame(Head { id: FREE, ..Head::new(Kind::Item) }, &[1, 0xff]);
    let both = [frame(open, &[]), item].concat();
    ends(&served, raw, &both, Reason::MalformedPayload, "an item").await;
    assert_eq!(served.seen.told.get(), 0, "no handler has seen any of it");
}

/// A message of a message transport holds whole frames.
pub async fn messages_hold_whole_frames(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let (raw, _, _) = joined(scene).await;
    if raw.is_stream() {
        return;
    }
    let whole = frame(Head { id: 1, ..Head::new(Kind::Ping) }, &[]);
    let cut = [&whole[..], &whole[..whole.len() - 1]].concat();
    ends(&served, raw, &cut, Reason::PartialMessage, "a frame cut short").await;
}

/// f01: delivered in two pieces, or byte by byte, it is the same conversation.
pub async fn f01_split_at_every_byte(scene: &Scene) {
    let _served = scene.served(By::Main).await;
    let mut raw = scene.raw("raw", ALL).await;
    if !raw.is_stream() {
        return;
    }
    for byte in hello_frame() {
        raw.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.next().await.expect("an answer").head.kind, Kind::Welcome);
    let echo = raw.bind::<EchoInterface>(FIRST_ID).await;
    let body = [3, 7, 8, 9];
    let request = |id| {
        frame(
            Head { binding: echo, ordinal: ordinal::BYTES, id, ..Head::new(Kind::Request) },
            &body,
        )
    };
    for cut in 1..request(FREE).len() {
        let id = FREE + (u32::try_from(cut).expect("short") << 16);
        let request = request(id);
        raw.send(&request[..cut]).await;
        tokio::task::yield_now().await;
        raw.send(&request[cut..]).await;
        let end = raw.next_of(Kind::End).await.expect("an answer");
        assert_eq!((end.head.id, end.head.ordinal, end.body), (id, 0, body.to_vec()), "{cut}");
    }
}
