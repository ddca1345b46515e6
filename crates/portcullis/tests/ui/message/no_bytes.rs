//! What is counted occupies bytes.

#[portcullis::message]
struct Unit;

#[portcullis::message]
struct Holder {
    list: Vec<Unit>,
    array: [(); 3],
}

#[portcullis::message]
struct Keys {
    map: std::collections::BTreeMap<(), u8>,
}

fn main() {}
