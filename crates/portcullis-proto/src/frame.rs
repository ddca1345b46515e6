//! Frames: the header, its checks, and writing one in place (`docs/protocol.md`, section 1). What a frame means is the
//! session's business.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::ops::Range;

use crate::codec::BLOBS_MAX;
use crate::goodbye::{Goodbye, Reason};

/// Bytes of a frame header.
pub const HEADER_BYTES: usize = 24;
/// Kinds from here on may be skipped by a receiver that does not know them.
pub const OPTIONAL_KINDS_FROM: u8 = 128;
/// On `item` and `credit`: the sender is the callee.
pub const FLAG_CALLEE: u8 = 1;
/// On `item`: the receiver answers with `ack`.
pub const FLAG_ACK: u8 = 2;
/// On `parcel`: the rest of it will not come.
pub const FLAG_ABANDON: u8 = 4;
/// On `item`: the body is a row of items. Not beside [`FLAG_ACK`].
pub const FLAG_ROW: u8 = 8;
/// Bytes of a parcel's number behind a body.
const NUMBER_BYTES: usize = 4;

macro_rules! kinds {
    ($($variant:ident $code:literal $name:literal $data:literal $flags:expr;)*) => {
        /// What a frame is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the table in the protocol text says what each is")]
        pub enum Kind {
            $($variant = $code,)*
        }

        impl Kind {
            /// Every kind, by code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The name in the protocol text.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether it counts against the connection window, and keeps its place in the order.
            pub fn is_data(self) -> bool {
                match self { $(Self::$variant => $data,)* }
            }

            /// Whether it defines these flags, and all of them together.
            fn defines(self, flags: u8) -> bool {
                let allowed = match self { $(Self::$variant => $flags,)* };
                flags & !allowed == 0 && flags & (FLAG_ACK | FLAG_ROW) != FLAG_ACK | FLAG_ROW
            }

            /// How many blobs a frame of it may have.
            fn attachments_max(self, flags: u8) -> usize {
                match self {
                    Self::Item if flags & FLAG_ROW != 0 => 0,
                    Self::Request | Self::Notify | Self::Publish | Self::Item | Self::End => BLOBS_MAX,
                    _ => 0,
                }
            }
        }
    };
}

kinds! {
    Hello 1 "hello" false 0;
    Welcome 2 "welcome" false 0;
    Goodbye 3 "goodbye" false 0;
    Ping 4 "ping" false 0;
    Pong 5 "pong" false 0;
    Window 6 "window" false 0;
    Request 7 "request" true 0;
    Notify 8 "notify" true 0;
    Subscribe 9 "subscribe" true 0;
    Publish 10 "publish" true 0;
    Item 11 "item" true FLAG_CALLEE | FLAG_ACK | FLAG_ROW;
    Ack 12 "ack" false 0;
    Credit 13 "credit" false FLAG_CALLEE;
    Finish 14 "finish" true 0;
    Cancel 15 "cancel" true 0;
    End 16 "end" true 0;
    Unbound 17 "unbound" true 0;
    Caller 18 "caller" true 0;
    Parcel 19 "parcel" true FLAG_ABANDON;
    Lend 20 "lend" true 0;
    Pool 21 "pool" false 0;
}

/// A frame's header without its length: what a sender fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the frame is.
    pub kind: Kind,
    /// Bits that the kind defines.
    pub flags: u8,
    /// Which instance.
    pub binding: u32,
    /// Which channel; other uses by kind.
    pub ordinal: u32,
    /// Which call.
    pub id: u32,
    /// Remaining time in milliseconds; other uses by kind.
    pub budget: u32,
}

impl Head {
    /// A header of that kind, all else 0.
    pub const fn new(kind: Kind) -> Self {
        Self { kind, flags: 0, binding: 0, ordinal: 0, id: 0, budget: 0 }
    }
}

/// A frame in a receive buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its header.
    pub head: Head,
    /// Its body.
    pub body: &'a [u8],
    /// The parcels that it takes.
    pub parcels: Parcels<'a>,
}

/// The numbers of the parcels that a message takes, as they stand behind its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parcels<'a>(&'a [u8]);

impl Parcels<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len().checked_div(NUMBER_BYTES).unwrap_or_default()
    }

    /// Whether the message has no blobs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.as_chunks::<NUMBER_BYTES>().0.iter().map(|number| u32::from_le_bytes(*number))
    }
}

/// What stands at the start of a receive buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// Not a whole frame yet; it will have `needed` bytes, as far as is known.
    Incomplete {
        /// Bytes of the whole frame, or of a header.
        needed: usize,
    },
    /// An optional kind that this build does not know: pass over `length` bytes.
    Skip {
        /// Bytes of the frame.
        length: usize,
    },
    /// A frame of `length` bytes.
    Frame {
        /// The frame.
        frame: Frame<'a>,
        /// Its bytes, header included.
        length: usize,
    },
}

/// Looks at the first frame of `input`. Lengths are checked before anything is waited for.
#[inline]
pub fn parse(input: &[u8], frame_bytes_max: u32) -> Result<Parsed<'_>, Goodbye> {
    let Some((length, _)) = input.split_first_chunk::<4>() else {
        return Ok(Parsed::Incomplete { needed: HEADER_BYTES });
    };
    let length_wire = u32::from_le_bytes(*length);
    let length = length_wire as usize;
    if length < HEADER_BYTES {
        return Err(Goodbye::because(
            Reason::MalformedFrame,
            format!("a frame of {length} bytes is shorter than its header of {HEADER_BYTES}"),
        ));
    }
    if length_wire > frame_bytes_max {
        return Err(Goodbye::because(
            Reason::FrameTooLarge,
            format!("a frame of {length} bytes exceeds the limit of {frame_bytes_max}"),
        ));
    }
    let Some(header) = input.first_chunk::<HEADER_BYTES>() else {
        return Ok(Parsed::Incomplete { needed: length });
    };
    let [_, _, _, _, kind, flags, a0, a1, fields @ ..] = *header;
    let Some(kind) = Kind::from_code(kind) else {
        return unknown_kind(kind, input.len(), length);
    };
    if !kind.defines(flags) {
        return Err(Goodbye::because(
            Reason::UnknownFlag,
            format!("`{}` does not define flags {flags:#04x}", kind.name()),
        ));
    }
    let attachments = usize::from(u16::from_le_bytes([a0, a1]));
    if attachments > kind.attachments_max(flags) {
        return Err(Goodbye::because(
            Reason::MalformedFrame,
            format!("a `{}` with {attachments} attachments", kind.name()),
        ));
    }
    let Some(body) = input.get(HEADER_BYTES..length) else {
        return Ok(Parsed::Incomplete { needed: length });
    };
    let [b0, b1, b2, b3, o0, o1, o2, o3, i0, i1, i2, i3, t0, t1, t2, t3] = fields;
    let head = Head {
        kind,
        flags,
        binding: u32::from_le_bytes([b0, b1, b2, b3]),
        ordinal: u32::from_le_bytes([o0, o1, o2, o3]),
        id: u32::from_le_bytes([i0, i1, i2, i3]),
        budget: u32::from_le_bytes([t0, t1, t2, t3]),
    };
    let Some((body, numbers)) = body
        .len()
        .checked_sub(numbers_bytes(attachments))
        .and_then(|body_bytes| body.split_at_checked(body_bytes))
    else {
        let text = format!("a frame of {length} bytes has no room for {attachments} parcels");
        return Err(Goodbye::because(Reason::MalformedFrame, text));
    };
    let frame = Frame { head, body, parcels: Parcels(numbers) };
    Ok(Parsed::Frame { frame, length })
}

#[cold]
fn unknown_kind<'a>(kind: u8, have: usize, length: usize) -> Result<Parsed<'a>, Goodbye> {
    if kind < OPTIONAL_KINDS_FROM {
        return Err(Goodbye::because(
            Reason::UnknownKind,
            format!("frame kind {kind} is not known"),
        ));
    }
    if have < length {
        Ok(Parsed::Incomplete { needed: length })
    } else {
        Ok(Parsed::Skip { length })
    }
}

/// Begins a frame at the end of `out`; the body is appended next, and [`finish`] fills in the length.
#[inline]
pub fn begin(out: &mut Vec<u8>, head: Head) -> usize {
    let start = out.len();
    let mut header = [0u8; HEADER_BYTES];
    let [_, _, _, _, kind, flags, _, _, fields @ ..] = &mut header;
    *kind = head.kind as u8;
    *flags = head.flags;
    let words = [head.binding, head.ordinal, head.id, head.budget];
    for (field, word) in fields.chunks_exact_mut(4).zip(words) {
        field.copy_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&header);
    start
}

/// Bytes that the numbers of so many parcels take.
pub fn numbers_bytes(parcels: usize) -> usize {
    parcels.saturating_mul(NUMBER_BYTES)
}

/// Where the body of a message with so many parcels stands, whose frame ends at `end`.
#[inline]
pub fn body_range(end: usize, body_bytes: usize, parcels: usize) -> Range<usize> {
    let end = end.saturating_sub(numbers_bytes(parcels));
    end.saturating_sub(body_bytes)..end
}

/// Puts the numbers of a message's parcels behind its body: the frame began at `start` and ends where `out` ends.
pub fn attach(out: &mut Vec<u8>, start: usize, numbers: impl ExactSizeIterator<Item = u32>) {
    let count = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
    if let Some([.., low, high]) =
        out.get_mut(start..).and_then(|frame| frame.first_chunk_mut::<8>())
    {
        [*low, *high] = count.to_le_bytes();
    }
}

/// Fills in the length of the frame that began at `start` and ends where `out` ends. Returns it.
#[inline]
pub fn finish(out: &mut [u8], start: usize) -> u32 {
    // Senders check their bodies against the frame limit, which fits an u32.
    let length = u32::try_from(out.len().saturating_sub(start)).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..).and_then(|frame| frame.first_chunk_mut::<4>()) {
        *field = length.to_le_bytes();
    }
    length
}
