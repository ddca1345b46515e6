//! What `#[message]` stands before.

#[portcullis::message]
union Either {
    a: u32,
    b: f32,
}

#[portcullis::message]
fn function() {}

#[portcullis::message]
enum Nothing {}

#[portcullis::message(flexible)]
enum NothingKnown {
    #[unknown]
    Other(portcullis::Unknown),
}

#[portcullis::message]
struct Généré {
    prénom: String,
}

#[portcullis::message]
struct Broken {
    a: u32
    b: u32,
}

fn main() {}
