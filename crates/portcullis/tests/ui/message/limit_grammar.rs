//! What `#[limit(…)]` says.

#[portcullis::message]
struct Grammar {
    #[limit()]
    a: String,
    #[limit(length <= 3)]
    b: String,
    #[limit(3)]
    c: String,
    #[limit(len < 3)]
    d: String,
    #[limit(len = 3)]
    e: String,
    #[limit(len = 0..3)]
    f: String,
    #[limit(len <= 3, len <= 4)]
    g: String,
    #[limit(len <= 3 each(len <= 4))]
    h: Vec<String>,
    #[limit(len = 4..=3)]
    i: String,
    #[limit(len <= -1)]
    j: String,
    #[limit(len <= 1.5)]
    k: String,
    #[limit(range >= 0)]
    l: u8,
    #[limit(5..=-5)]
    m: i8,
    #[limit(0..)]
    n: i8,
    #[limit(each)]
    o: Vec<String>,
}

fn main() {}
