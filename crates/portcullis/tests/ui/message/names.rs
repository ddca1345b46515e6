//! Names that TypeScript could not tell apart.

#[portcullis::message]
struct Fields {
    frame_rate: u8,
    frameRate: u8,
    _: u8,
}

#[portcullis::message]
struct Named {
    frame_rate: u8,
    frameRate: u8,
    __: u8,
}

#[portcullis::message]
struct Long {
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: u8,
}

#[portcullis::message]
enum Variants {
    A_b,
    AB,
    Typed { r#type: u8 },
}

fn main() {}
