//! Looks at one connection from outside, at what both ends write: an id has one end, credit and windows are not overdrawn,
//! nothing comes behind a goodbye, and no end says that the other broke the protocol. It knows nothing of either session: it
//! reads `docs/protocol.md` on its own.

use std::collections::BTreeMap;

use portcullis_proto::codec::from_bytes;
use portcullis_proto::frame::{
    self, FLAG_ABANDON, FLAG_CALLEE, FLAG_ROW, Frame, Head, Kind, Parsed,
};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::row::Row;
use portcullis_proto::session::{Hello, Limits, PARCELS_MAX, Welcome};

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Peer = 0,
    Hub = 1,
}

/// Credit of a flow as those know it who have given it: never less than its sender knows.
#[derive(Clone, Copy, Debug)]
struct Credit {
    items: i64,
    bytes: i64,
}

impl Credit {
    fn of(limits: &Limits) -> Self {
        Self { items: limits.stream_items.into(), bytes: limits.stream_bytes.into() }
    }
}

#[derive(Debug)]
struct Open {
    id: u32,
    up: Credit,
    down: Credit,
    finished: bool,
}

/// What one end has written, and may.
struct Side {
    /// The beginning of a frame.
    rest: Vec<u8>,
    /// What it accepts.
    limits: Limits,
    /// What it may still send, in bytes.
    window: i64,
    /// Calls that it has opened, by slot.
    open: BTreeMap<u16, Open>,
    /// Lengths of its parcels that no message has taken.
    parcels: BTreeMap<u32, u64>,
    gone: bool,
}

impl Side {
    fn new() -> Self {
        Self {
            rest: Vec::new(),
            limits: Limits::DEFAULT,
            window: 0,
            open: BTreeMap::new(),
            parcels: BTreeMap::new(),
            gone: false,
        }
    }

    fn find(&mut self, id: u32) -> Option<&mut Open> {
        self.open.get_mut(&(id as u16)).filter(|open| open.id == id)
    }
}

/// One connection.
pub(crate) struct Wire {
    sides: [Side; 2],
    pub(crate) frames: u64,
    pub(crate) digest: u64,
    broken: Option<String>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { sides: [Side::new(), Side::new()], frames: 0, digest: 0, broken: None }
    }

    /// What is wrong, once.
    pub(crate) fn take_broken(&mut self) -> Option<String> {
        self.broken.take()
    }

    /// Calls that have no end yet.
    pub(crate) fn open(&self) -> usize {
        self.sides.iter().map(|side| side.open.len()).sum()
    }

    /// One end has written.
    pub(crate) fn see(&mut self, from: From, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let side = &mut self.sides[from as usize];
        side.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut side.rest);
        let mut at = 0;
        // Every turn uses up at least a header.
        let found = loop {
            match frame::parse(&rest[at..], u32::MAX) {
                Ok(Parsed::Incomplete { .. }) => break Ok(()),
                Ok(Parsed::Skip { length }) => at += length,
                Ok(Parsed::Frame { frame, length }) => {
                    self.frames += 1;
                    if let Err(text) = self.frame(from, frame, length) {
                        break Err(text);
                    }
                    at += length;
                }
                Err(goodbye) => break Err(format!("no frame: {goodbye:?}")),
            }
        };
        self.sides[from as usize].rest = rest[at..].to_vec();
        if let Err(text) = found
            && self.broken.is_none()
        {
            self.broken = Some(format!("{from:?} wrote {text}"));
        }
    }

    fn frame(&mut self, from: From, frame: Frame<'_>, length: usize) -> Result<(), String> {
        let [me, other] = match (from, &mut self.sides) {
            (From::Peer, [peer, hub]) => [peer, hub],
            (From::Hub, [peer, hub]) => [hub, peer],
        };
        let Frame { head, body, parcels } = frame;
        let what = format!("{} id {:#x}", head.kind.name(), head.id);
        if me.gone {
            return Err(format!("{what} behind its goodbye"));
        }
        if head.kind.is_data() {
            if me.window <= 0 {
                return Err(format!("{what} without window: {}", me.window));
            }
            me.window -= length as i64;
        }
        let mut size = body.len() as u64;
        for number in parcels.numbers() {
            let parcel = me.parcels.remove(&number);
            size += parcel.ok_or_else(|| format!("{what} with parcel {number}, which is none"))?;
        }
        match head.kind {
            Kind::Hello | Kind::Welcome => {
                let limits = match from {
                    From::Peer => from_bytes::<Hello>(body).map(|hello| hello.limits),
                    From::Hub => from_bytes::<Welcome>(body).map(|welcome| welcome.limits),
                };
                me.limits = limits.map_err(|error| format!("{what}: {error}"))?;
                other.window += i64::from(me.limits.window_bytes);
            }
            Kind::Goodbye => {
                me.gone = true;
                let reason = Reason::from_code(head.ordinal);
                if reason.is_none_or(Reason::is_violation) {
                    let text = String::from_utf8_lossy(body);
                    return Err(format!("goodbye {reason:?}: {text}"));
                }
            }
            Kind::Window => other.window += i64::from(head.budget),
            Kind::Request | Kind::Subscribe | Kind::Publish if head.id != 0 => {
                let (up, down) = (Credit::of(&other.limits), Credit::of(&me.limits));
                let open = Open { id: head.id, up, down, finished: false };
                if let Some(taken) = me.open.insert(head.id as u16, open) {
                    return Err(format!("{what} while {:#x} is open", taken.id));
                }
            }
            Kind::Item if head.flags & FLAG_CALLEE != 0 => {
                let open = other.find(head.id).ok_or_else(|| format!("{what} behind its end"))?;
                spend(&mut open.down, &sizes(head, body, size)?, &what)?;
            }
            // What has ended meanwhile, its caller may not know yet.
            Kind::Item => {
                if let Some(open) = me.find(head.id) {
                    if open.finished {
                        return Err(format!("{what} behind its finish"));
                    }
                    spend(&mut open.up, &sizes(head, body, size)?, &what)?;
                }
            }
            Kind::Credit => {
                let flow = match head.flags & FLAG_CALLEE {
                    0 => me.find(head.id).map(|open| &mut open.down),
                    _ => other.find(head.id).map(|open| &mut open.up),
                };
                if let Some(flow) = flow {
                    flow.items += i64::from(head.ordinal);
                    flow.bytes += i64::from(head.budget);
                }
            }
            Kind::Finish => {
                if let Some(open) = me.find(head.id) {
                    open.finished = true;
                }
            }
            Kind::End => {
                other.find(head.id).ok_or_else(|| format!("{what}, which has ended"))?;
                other.open.remove(&(head.id as u16));
            }
            Kind::Parcel if head.flags & FLAG_ABANDON != 0 => {
                me.parcels.remove(&head.id);
            }
            Kind::Parcel | Kind::Lend => {
                me.parcels.insert(head.id, head.budget.into());
                let (count, bytes) = (me.parcels.len(), me.parcels.values().sum::<u64>());
                if count > PARCELS_MAX || bytes > other.limits.blob_bytes.into() {
                    return Err(format!("{what}: {count} parcels of {bytes} bytes are not used"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The sizes of the items of a frame, which has `size` bytes with its blobs.
fn sizes(head: Head, body: &[u8], size: u64) -> Result<Vec<u64>, String> {
    if head.flags & FLAG_ROW == 0 {
        return Ok(vec![size]);
    }
    let row = Row::parse(body).map_err(|goodbye| format!("no row: {goodbye:?}"))?;
    Ok(row.bodies().map(|item| item.len() as u64).collect())
}

fn spend(credit: &mut Credit, items: &[u64], what: &str) -> Result<(), String> {
    for size in items {
        if credit.items <= 0 || credit.bytes <= 0 {
            return Err(format!("{what} without credit: {credit:?}"));
        }
        credit.items -= 1;
        credit.bytes -= *size as i64;
    }
    Ok(())
}
