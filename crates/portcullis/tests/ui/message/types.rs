//! Types that cannot cross, each with what to write instead.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

#[portcullis::message]
struct Sizes {
    count: usize,
    offset: Vec<isize>,
    wide: u128,
    signed: i128,
    letter: char,
}

#[portcullis::message]
struct Borrows {
    name: &'static str,
    boxed: Box<str>,
    slice: Box<[u8]>,
}

#[portcullis::message]
enum Open {
    Trait(Box<dyn Send>),
    Pointer(*const u8),
    Function { call: fn(u8) -> u8 },
}

#[portcullis::message]
struct Machine {
    started: Instant,
    now: SystemTime,
    file: PathBuf,
    shared: std::rc::Rc<u8>,
    set: HashSet<u8>,
    one: (u8,),
    many: (u8, u8, u8, u8, u8),
    name: std::ffi::OsString,
    ordered: std::collections::BTreeSet<u8>,
    made: format!("u8"),
}

fn main() {}
