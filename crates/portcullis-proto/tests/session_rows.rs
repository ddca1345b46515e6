//! Items that share a frame: what is sent, what is charged for it, and what the other side is told.

mod session_support;

use portcullis_proto::codec::{Blob, CodecError, Encoder, ErrorKind};
use portcullis_proto::frame::{FLAG_ROW, HEADER_BYTES, Kind};
use portcullis_proto::row::ROW_ITEM_BYTES_MAX;
use portcullis_proto::session::{Config, Event, Leg, Limits, Opening, SendError};
use portcullis_proto::time::Time;
use proptest::prelude::*;
use session_support::*;

/// What an item is made of.
#[derive(Clone, Debug)]
enum Item {
    Bytes(usize),
    Blob(usize),
    /// It breaks its contract.
    Bad,
}

impl Item {
    fn write(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        match self {
            Self::Bytes(bytes) => out.raw(&vec![7; *bytes]),
            Self::Blob(bytes) => out.blob(&Blob::from(vec![9; *bytes]))?,
            Self::Bad => {
                // What it has written by then is taken back.
                out.raw(&[1, 2, 3]);
                return Err(CodecError::new(ErrorKind::TooLong));
            }
        }
        Ok(())
    }

    /// What credit it takes.
    fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => *bytes,
            Self::Blob(bytes) => bytes + 1,
            Self::Bad => 0,
        }
    }
}

/// A stream with items up, and with what the hub accepts of them.
fn stream(limits: Limits) -> (Pair, Pair, u32) {
    let (mut hub, mut peer) = open(Config { limits, ..Config::default() }, Config::default());
    let opening = Opening { up: true, ..request(0) };
    let id = peer.open(opening, Time::ZERO, 1, |_| Ok(())).expect("opened");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a request");
    hub.accept(id, true, false);
    (hub, peer, id)
}

/// Takes everything in, and returns the size of each item with what was missed before it, and how many frames counted.
fn taken(hub: &mut Pair, bytes: &[u8]) -> (Vec<(usize, u32)>, u32) {
    let (mut items, mut frames, mut rest) = (Vec::new(), 0, bytes);
    while !rest.is_empty() {
        let received = hub.receive(rest, Time::ZERO).expect("in order");
        rest = &rest[received.consumed..];
        frames += received.frames;
        match received.event {
            Some(Event::Item { missed, body, blobs, .. }) => {
                items.push((body.len() + Blob::total(&blobs), missed));
            }
            Some(Event::Row { missed, row, .. }) => {
                let missed = std::iter::once(missed).chain(std::iter::repeat(0));
                items.extend(row.bodies().map(<[u8]>::len).zip(missed));
                assert_eq!(row.bodies().count(), row.count() as usize);
                assert_eq!(row.bodies().map(<[u8]>::len).sum::<usize>(), row.size());
            }
            None => assert_eq!(rest.len(), 0, "only items are sent"),
            other => panic!("{other:?}"),
        }
    }
    (items, frames)
}

/// How many frames of items stand in `bytes`, and how many of them are rows.
fn frames_of(bytes: &[u8]) -> (usize, usize) {
    let (mut items, mut rows, mut rest) = (0, 0, bytes);
    while let Some(length) = rest.first_chunk::<4>() {
        if rest[4] == Kind::Item as u8 {
            items += 1;
            rows += usize::from(rest[5] & FLAG_ROW != 0);
        }
        rest = &rest[u32::from_le_bytes(*length) as usize..];
    }
    (items, rows)
}

fn items_up(peer: &mut Pair, id: u32, items: &[Item]) -> (usize, Result<(), SendError>) {
    let mut written = 0;
    peer.items(Leg::Outbound(id), 5, items.len(), |place, out| {
        assert!(place == written || place + 1 == written, "in order, some a second time");
        written = place + 1;
        items[place].write(out)
    })
}

#[test]
fn small_items_share_a_frame() {
    let (mut hub, mut peer, id) = stream(Limits { stream_items: 200, ..Limits::DEFAULT });
    let items = vec![Item::Bytes(10); 100];
    assert_eq!(items_up(&mut peer, id, &items), (100, Ok(())));
    let bytes = sent(&mut peer);
    assert_eq!(frames_of(&bytes), (1, 1));
    assert_eq!(bytes.len(), HEADER_BYTES + 100 * 12);
    let (came, frames) = taken(&mut hub, &bytes);
    assert_eq!(came.len(), 100);
    assert_eq!(came[0], (10, 5));
    assert!(came[1..].iter().all(|item| *item == (10, 0)));
    // Who counts frames counts what they carry.
    assert_eq!(frames, 100);
}

#[test]
fn one_item_alone_is_no_row() {
    let (_, mut peer, id) = stream(Limits::DEFAULT);
    assert_eq!(items_up(&mut peer, id, &[Item::Bytes(10)]), (1, Ok(())));
    assert_eq!(frames_of(&sent(&mut peer)), (1, 0));
}

#[test]
fn others_come_between_long_rows() {
    let (_, mut peer, id) = stream(Limits { stream_items: 200, ..Limits::DEFAULT });
    let items = vec![Item::Bytes(1000); 100];
    assert_eq!(items_up(&mut peer, id, &items), (100, Ok(())));
    // A row is not begun anew before it has 16 KiB.
    assert_eq!(frames_of(&sent(&mut peer)), (6, 6));
}

#[test]
fn what_may_not_stand_in_a_row_goes_alone() {
    let (mut hub, mut peer, id) = stream(Limits::DEFAULT);
    let large = Item::Bytes(ROW_ITEM_BYTES_MAX + 1);
    let (a, blob) = (Item::Bytes(1), Item::Blob(30));
    let items = [a.clone(), blob.clone(), blob, a.clone(), a.clone(), large, a];
    assert_eq!(items_up(&mut peer, id, &items), (7, Ok(())));
    let bytes = sent(&mut peer);
    // A row of one, two blobs, a row of two, the large one; the last item is alone again.
    assert_eq!(frames_of(&bytes), (6, 2));
    let (came, _) = taken(&mut hub, &bytes);
    let sizes: Vec<usize> = came.iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes, items.iter().map(Item::size).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn a_row_is_its_items(
        items in prop::collection::vec(
            prop_oneof![
                8 => (0usize..40).prop_map(Item::Bytes),
                2 => (0usize..9_000).prop_map(Item::Bytes),
                1 => (60_000usize..70_000).prop_map(Item::Bytes),
                1 => (0usize..50).prop_map(Item::Blob),
                1 => Just(Item::Bad),
            ],
            0..60,
        ),
        stream_items in 1u32..50,
        stream_bytes in prop_oneof![1u32..200, 1u32..200_000],
        frame_bytes in prop_oneof![Just(4096u32), Just(65_536), Just(16 << 20)],
    ) {
        let limits = Limits { stream_items, stream_bytes, frame_bytes, ..Limits::DEFAULT };
        let (mut hub, mut peer, id) = stream(limits);
        // What is to be, item by item.
        let (mut credit, mut bytes_left) = (stream_items, i64::from(stream_bytes));
        let (mut expected, mut ends) = (Vec::new(), Ok(()));
        for item in &items {
            if credit == 0 || bytes_left <= 0 {
                break;
            }
            let room = frame_bytes as usize - HEADER_BYTES;
            match item {
                Item::Bad => {
                    ends = Err(SendError::Codec(CodecError::new(ErrorKind::TooLong)));
                    break;
                }
                Item::Bytes(bytes) if *bytes > room => {
                    ends = Err(SendError::TooLarge { bytes: bytes + HEADER_BYTES, limit: frame_bytes });
                    break;
                }
                _ => {}
            }
            credit -= 1;
            bytes_left -= item.size() as i64;
            expected.push((item.size(), if expected.is_empty() { 5 } else { 0 }));
        }
        prop_assert_eq!(items_up(&mut peer, id, &items), (expected.len(), ends));
        let (came, _) = taken(&mut hub, &sent(&mut peer));
        prop_assert_eq!(came, expected);
        // Both sides have the same credit left.
        prop_assert_eq!(peer.may_send(Leg::Outbound(id)), Some(credit > 0 && bytes_left > 0));
        if credit > 0 && bytes_left > 0 {
            let (some, _) = items_up(&mut peer, id, &vec![Item::Bytes(0); 60]);
            prop_assert_eq!(some, (credit as usize).min(60));
            prop_assert_eq!(taken(&mut hub, &sent(&mut peer)).0.len(), some);
        }
    }
}
