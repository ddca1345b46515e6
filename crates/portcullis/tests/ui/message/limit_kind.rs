//! Limits on types that they do not apply to.

#[portcullis::message]
struct Id(u32);

#[portcullis::message]
struct Kinds {
    #[limit(len <= 3)]
    number: u32,
    #[limit(0..=3)]
    text: String,
    #[limit(items <= 3)]
    word: String,
    #[limit(0..=3)]
    own: Id,
    #[limit(each(len <= 3))]
    numbers: Vec<u32>,
    #[limit(0..=1)]
    flag: bool,
}

fn main() {}
