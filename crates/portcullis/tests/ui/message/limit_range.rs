//! Limits that the types cannot keep, found by the compiler.

const LEAST: i32 = 10;

#[portcullis::message]
struct Ranges {
    #[limit(0..=256)]
    byte: u8,
    #[limit(-1..=5)]
    unsigned: Option<u32>,
    #[limit(0.0..=1.0)]
    whole: u32,
    #[limit(LEAST..=5)]
    none: i32,
    #[limit(0.0..=f64::INFINITY)]
    open: f64,
    #[limit(2.0..=1.0)]
    empty: f64,
    #[limit(0..=9007199254740992)]
    safe: portcullis::SafeInt,
    #[limit(len = LEAST..=5)]
    len: String,
}

fn main() {}
