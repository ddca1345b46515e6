//! What a small message could fill the memory with has a limit.

use std::collections::BTreeMap;

#[portcullis::message]
struct Large {
    numbers: [u64; 32],
}

#[portcullis::message]
enum Change {
    Nothing,
    Everything(Large),
}

#[portcullis::message]
struct Unlimited {
    list: Vec<Option<Large>>,
    map: BTreeMap<u8, Change>,
    #[limit(items >= 1)]
    least: Vec<Change>,
    #[limit(items <= 4)]
    inner: Vec<Vec<Change>>,
    deep: Option<BTreeMap<String, Vec<Change>>>,
}

#[portcullis::message]
struct Limited {
    large: Vec<Large>,
    boxed: Vec<Option<Box<Large>>>,
    texts: Vec<(Option<String>, Vec<u8>)>,
    #[limit(items <= 100)]
    list: Vec<Option<Large>>,
    #[limit(items <= 100)]
    map: Option<BTreeMap<u8, Change>>,
    #[limit(items <= 100, each(items <= 100))]
    lists: Vec<Vec<Change>>,
    #[limit(each(items <= 100))]
    outer: Vec<Vec<Change>>,
}

fn main() {}
