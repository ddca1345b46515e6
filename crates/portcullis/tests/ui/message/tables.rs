//! The fields of a table.

#[portcullis::message(table)]
struct Settings {
    #[field(1)]
    rate: u32,
    name: Option<String>,
    #[field(0)]
    zero: Option<u8>,
    #[field(4294967296)]
    huge: Option<u8>,
    #[field(7)]
    one: Option<u8>,
    #[field(7)]
    other: Option<u8>,
    #[field(9)]
    size: Option<usize>,
}

fn main() {}
