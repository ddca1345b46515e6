//! Tags and the variant for what is unknown.

use portcullis::Unknown;

#[portcullis::message]
enum Tags {
    A,
    #[tag = 0]
    B,
    #[tag = 3]
    C,
    D,
    #[tag = 4294967296]
    E,
    F = 12,
}

#[portcullis::message(flexible)]
enum KeepsNothing {
    A,
}

#[portcullis::message]
enum Strict {
    A,
    #[unknown]
    Other(Unknown),
}

#[portcullis::message(flexible)]
enum First {
    #[unknown]
    Other(Unknown),
    A,
}

#[portcullis::message(flexible)]
enum Two {
    A,
    #[unknown]
    Other(Unknown),
    #[unknown]
    Another(Unknown),
}

#[portcullis::message(flexible)]
enum Holds {
    A,
    #[unknown]
    Other(u32, Vec<u8>),
}

#[portcullis::message(flexible)]
enum Tagged {
    A,
    #[tag = 9]
    #[unknown]
    Other(Unknown),
}

#[portcullis::message(flexible)]
enum Arguments {
    A,
    #[unknown(all)]
    Other(Unknown),
}

#[portcullis::message(flexible)]
enum Taken {
    Unknown,
    #[unknown]
    Other(Unknown),
}

fn main() {}
