//! Helper attributes in the wrong place, twice, or without what they need.

#[portcullis::message]
#[limit(len <= 3)]
struct Whole {
    #[secret(true)]
    a: String,
    #[limit]
    b: String,
    #[limit(len <= 3)]
    #[limit(len <= 4)]
    c: String,
    #[with]
    d: u8,
    #[with("text")]
    e: u8,
    #[field(1)]
    f: u8,
    #[field]
    g: u8,
    #[field("x")]
    h: u8,
    #[cfg(unix)]
    i: u8,
}

#[portcullis::message]
struct Tuple(#[secret] String, u8);

#[portcullis::message]
enum Variants {
    #[secret]
    A,
    #[tag]
    B,
    #[tag = "x"]
    C,
    #[tag(1, 2)]
    D,
    #[tag = 4]
    #[tag = 5]
    E,
    #[cfg(unix)]
    F,
}

#[portcullis::message]
#[tag = 1]
struct Tagged {
    a: u8,
}

fn main() {}
