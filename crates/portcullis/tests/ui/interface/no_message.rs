//! Types of which only the compiler knows that they cannot cross.

use portcullis::{Call, Sink};

pub struct Plain;

#[portcullis::interface(name = "a", version = 1)]
pub trait Arguments {
    #[call]
    async fn argument(&self, cx: &Call, plain: Plain);
}

#[portcullis::interface(name = "b", version = 1)]
pub trait Replies {
    #[call]
    async fn reply(&self, cx: &Call) -> Plain;
}

#[portcullis::interface(name = "c", version = 1)]
pub trait Errors {
    #[call]
    async fn error(&self, cx: &Call) -> Result<u8, Plain>;
}

#[portcullis::interface(name = "d", version = 1)]
pub trait Items {
    #[stream]
    async fn items(&self, cx: &Call, out: Sink<Plain>);
}

#[portcullis::interface(name = "e", version = 1)]
pub trait Values {
    #[event]
    fn value(plain: Plain);
}

#[portcullis::interface(name = "f", version = 1)]
pub trait Limited {
    #[call]
    async fn limited(&self, cx: &Call, #[limit(len <= 3)] number: u32);
}

fn main() {}
