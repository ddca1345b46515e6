//! Sends a shot over a connection and looks what comes of it: the end of the connection for what is wrong, an outcome for
//! what is right, a denial for what is not granted, whatever it says.

use portcullis_proto::codec::Body;
use portcullis_proto::frame::{self, Head, Kind};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::schema::ChannelKind;
use portcullis_proto::status::Status;

use super::Shot;
use crate::door::Line;
use conformance::raw::frame;

/// How long the hub has for what a shot asks for, in milliseconds.
const BUDGET_MS: u32 = 400;

/// Bytes of a blob in one frame: more than one frame for most of those that are too long.
const PIECE_BYTES: usize = 40_000;

/// Where a shot goes.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// The binding on its interface.
    pub binding: u32,
    /// An id that is free.
    pub id: u32,
}

/// What came of a shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The call ended, and the connection lives.
    Ended(Status),
    /// Nothing was to come of it, and the connection lives.
    Nothing,
    /// The connection ended.
    Killed(Reason),
}

/// A message behind its parcels, each in one frame or in pieces, by turns.
fn with_parcels(head: Head, body: &Body) -> Vec<u8> {
    let numbers: Vec<u32> = (1..).take(body.blobs.len()).collect();
    let mut bytes = Vec::new();
    let longest = body.blobs.iter().map(|blob| blob.len()).max().unwrap_or(0);
    for piece in 0..longest.div_ceil(PIECE_BYTES).max(1) {
        for (&id, blob) in numbers.iter().zip(&body.blobs) {
            let start = piece * PIECE_BYTES;
            if piece > 0 && start >= blob.len() {
                continue;
            }
            let end = blob.len().min(start + PIECE_BYTES);
            let part = blob.get(start..end).unwrap_or_default();
            let head = Head { id, budget: blob.len() as u32, ..Head::new(Kind::Parcel) };
            bytes.extend(frame(head, part));
        }
    }
    let start = frame::begin(&mut bytes, head);
    bytes.extend_from_slice(&body.bytes);
    frame::attach(&mut bytes, start, numbers.iter().copied());
    frame::finish(&mut bytes, start);
    bytes
}

/// Shoots. A valid stream is cancelled at once.
///
/// # Errors
///
/// When nothing that may come does.
pub async fn shoot(line: &mut Line, shot: &Shot, aim: Aim) -> Result<Hit, String> {
    let Aim { binding, id } = aim;
    let kind = match shot.kind {
        ChannelKind::Notify => Kind::Notify,
        ChannelKind::Call | ChannelKind::Stream => Kind::Request,
        ChannelKind::Event | ChannelKind::State => Kind::Publish,
    };
    let mut head = Head { binding, ordinal: shot.ordinal, ..Head::new(kind) };
    let asked = kind != Kind::Notify;
    if asked {
        head = Head { id, budget: BUDGET_MS, ..head };
    }
    let mut bytes = with_parcels(head, &shot.body);
    if let Some(item) = &shot.item {
        bytes.extend(with_parcels(Head { id, ..Head::new(Kind::Item) }, item));
    }
    if shot.kind == ChannelKind::Stream && shot.valid {
        bytes.extend(frame(Head { id, ..Head::new(Kind::Cancel) }, &[]));
    }
    line.send(&bytes).await;
    // Whoever is not answered asks for signs of life. The second is given when what came before the first is dealt with.
    let ping = frame(Head { id: 1, ..Head::new(Kind::Ping) }, &[]);
    if !asked {
        line.send(&ping).await;
    }
    let mut pongs = 0;
    // Every turn takes a frame, or the watchdog ends it.
    loop {
        let Some(got) = line.next().await? else {
            return Err(format!("{}: the connection ended without a goodbye", shot.channel));
        };
        match got.head.kind {
            Kind::Goodbye => {
                let reason = Reason::from_code(got.head.ordinal).ok_or("that is no reason")?;
                return Ok(Hit::Killed(reason));
            }
            Kind::End if got.head.id == id => {
                let status = Status::from_code(got.head.ordinal).ok_or("that is no status")?;
                return Ok(Hit::Ended(status));
            }
            Kind::Pong if pongs == 1 => return Ok(Hit::Nothing),
            Kind::Pong => {
                pongs += 1;
                line.send(&ping).await;
            }
            _ => {}
        }
    }
}
