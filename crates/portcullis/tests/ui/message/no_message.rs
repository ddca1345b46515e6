//! Types of which only the compiler knows that they are no messages.

struct Plain;

#[portcullis::message]
struct Holder {
    plain: Plain,
    list: Vec<Plain>,
}

#[portcullis::message]
enum Choice {
    Plain(Plain),
}

fn main() {}
