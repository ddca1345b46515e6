//! The signatures of topics.

use portcullis::{Call, Sink};

#[portcullis::interface(name = "a", version = 1)]
pub trait Topics {
    #[event]
    async fn waits(value: u32);
    #[event]
    fn handled(&self, value: u32);
    #[state]
    fn answers(value: u32) -> u32;
    #[event]
    fn none();
    #[state]
    fn two(left: u32, right: u32);
    #[event]
    fn flow(out: Sink<u32>);
    #[event]
    fn borrowed(value: &str);
    #[event]
    fn converted(#[with(crate::text)] value: char);
    #[event]
    fn looks_like_a_call(cx: &Call);
}

fn main() {}
