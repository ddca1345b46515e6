//! Typed arrays of what is no number of theirs, and limits of their numbers, which they do not have.

use portcullis::TypedArray;

#[portcullis::message]
struct Bytes {
    bytes: TypedArray<u8>,
}

#[portcullis::message]
struct Names {
    names: TypedArray<String>,
}

#[portcullis::message]
struct Levels {
    #[limit(each(0..=3))]
    levels: TypedArray<u16>,
}

#[portcullis::message]
struct Level {
    #[limit(0..=3)]
    level: TypedArray<f32>,
}

fn main() {}
