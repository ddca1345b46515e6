//! Where `each` may stand.

mod text {
    pub type Wire = Vec<String>;
    pub fn to_wire(_: &Vec<char>) -> Wire {
        Vec::new()
    }
    pub fn from_wire(_: Wire) -> Result<Vec<char>, String> {
        Ok(Vec::new())
    }
}

#[portcullis::message]
struct Each {
    #[limit(each(len <= 3))]
    name: String,
    #[limit(each(0..=9))]
    bytes: Vec<u8>,
    #[limit(each(items <= 3, each(len <= 4)))]
    nested: Vec<Vec<String>>,
    #[limit(each(len <= 3))]
    #[with(text)]
    converted: Vec<char>,
}

fn main() {}
