//! What goes wrong with bytes: single and several faults, cuts, additions.

use portcullis_proto::codec::Body;

use super::Rng;

/// Bytes at which the rules of the codec turn.
const TURNS: &[u8] = &[0x00, 0x01, 0x02, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xf8, 0xfe, 0xff];

/// Changes `bytes` in one to four places.
pub fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.below(4) {
        one(bytes, rng);
    }
}

/// Changes the bytes or, where there are blobs, how many there are or how long one is.
pub fn mutate_body(body: &mut Body, rng: &mut Rng) {
    if body.blobs.is_empty() || rng.one_in(2) {
        return mutate(&mut body.bytes, rng);
    }
    let at = rng.below(body.blobs.len());
    let length = rng.below(body.blobs[at].len() + 4);
    match rng.below(4) {
        0 => drop(body.blobs.pop()),
        1 => body.blobs.push(Vec::new().into()),
        _ => body.blobs[at] = rng.bytes(length).into(),
    }
}

fn one(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.below(bytes.len() + 1);
    let Some(byte) = bytes.get_mut(at) else {
        // Behind the end: something more, or one less.
        if rng.one_in(2) {
            bytes.push(*rng.pick(TURNS));
        } else {
            bytes.pop();
        }
        return;
    };
    match rng.below(9) {
        0 => *byte ^= 1 << rng.below(8),
        1 => *byte = rng.draw() as u8,
        2 => *byte = *rng.pick(TURNS),
        3 => *byte = byte.wrapping_add(1),
        4 => *byte = byte.wrapping_sub(1),
        5 => bytes.insert(at, *rng.pick(TURNS)),
        6 => drop(bytes.remove(at)),
        7 => bytes.truncate(at),
        _ => {
            // An overlong form of what may be a varint.
            *byte |= 0x80;
            bytes.insert(at + 1, 0);
        }
    }
}
