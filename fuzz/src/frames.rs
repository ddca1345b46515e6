//! The target of the frame parser.

use portcullis_proto::frame::{self, HEADER_BYTES, Parsed};

use super::input::Input;

/// Largest frames that are tried, in bytes.
const LIMITS: &[u32] = &[4096, 24, 64, 16 * 1024 * 1024, u32::MAX];

/// The first byte picks the limit, the others are what was received: each frame is as long as its header says and no
/// longer than the limit; of a part of it only its length is said; written anew it is the same bytes.
pub fn frames(data: &[u8]) {
    let mut input = Input::new(data);
    let limit = input.pick(LIMITS);
    let mut rest = input.rest();
    // Every turn uses up a header at least, or ends the loop.
    loop {
        match frame::parse(rest, limit) {
            Err(goodbye) => {
                assert!(goodbye.reason.is_violation() && goodbye.message.len() < 200);
                return;
            }
            Ok(Parsed::Incomplete { needed }) => {
                assert!(needed >= HEADER_BYTES && needed > rest.len().min(HEADER_BYTES - 1));
                assert!(needed <= (limit as usize).max(HEADER_BYTES));
                return;
            }
            Ok(Parsed::Skip { length }) => {
                assert!((HEADER_BYTES..=rest.len()).contains(&length));
                rest = &rest[length..];
            }
            Ok(Parsed::Frame { frame, length }) => {
                assert!((HEADER_BYTES..=rest.len()).contains(&length) && length <= limit as usize);
                let numbers: Vec<u32> = frame.parcels.numbers().collect();
                let end = length - frame::numbers_bytes(numbers.len());
                assert_eq!(frame.body, &rest[HEADER_BYTES..end]);
                for end in [0, 3, 4, HEADER_BYTES - 1, length - 1] {
                    let part = frame::parse(&rest[..end.min(length - 1)], limit);
                    let Ok(Parsed::Incomplete { needed }) = part else { panic!("{part:?}") };
                    assert!(needed == length || needed == HEADER_BYTES);
                }
                let mut again = Vec::new();
                let start = frame::begin(&mut again, frame.head);
                again.extend_from_slice(frame.body);
                frame::attach(&mut again, start, numbers.iter().copied());
                assert_eq!(frame::finish(&mut again, start) as usize, length);
                assert_eq!(again, &rest[..length]);
                rest = &rest[length..];
            }
        }
    }
}
