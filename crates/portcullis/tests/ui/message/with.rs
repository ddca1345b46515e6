//! Modules that do not fit the field they convert.

pub struct Colour;

mod wrong {
    use super::Colour;
    pub type Wire = String;
    pub fn to_wire(_: &Colour) -> u32 {
        0
    }
    pub fn from_wire(_: Wire) -> Result<u8, String> {
        Ok(0)
    }
}

mod empty {}

#[portcullis::message]
struct Pen {
    #[with(wrong)]
    colour: Colour,
}

#[portcullis::message]
struct Brush {
    #[with(empty)]
    colour: Colour,
}

fn main() {}
