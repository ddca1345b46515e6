//! An implementation that is not that of the trait.

use portcullis::Call;

#[portcullis::interface(name = "a", version = 1)]
pub trait Counter {
    #[call]
    async fn next(&self, cx: &Call, step: u32) -> u32;
    #[event]
    fn wrapped(value: u32);
}

struct Local;

impl Counter for Local {
    async fn next(&self, _: &Call, step: u32) -> u32 {
        let shared = std::rc::Rc::new(step);
        std::future::ready(()).await;
        *shared
    }
}

struct Topic;

impl Counter for Topic {
    async fn next(&self, _: &Call, step: u32) -> u32 {
        step
    }
    fn wrapped(_: u32) {}
}

fn main() {}
