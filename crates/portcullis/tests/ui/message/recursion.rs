//! A struct that always holds another of itself.

#[portcullis::message]
struct Endless {
    next: Box<Endless>,
}

#[portcullis::message]
struct AlsoEndless(std::sync::Arc<Self>);

fn main() {}
