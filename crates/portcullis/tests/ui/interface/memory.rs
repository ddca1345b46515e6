//! What a small message could fill the memory with has a limit; a reply has it on a field of a message.

use portcullis::{Call, Sink, Source};

#[portcullis::message]
struct Large {
    numbers: [u64; 32],
}

#[portcullis::message]
struct Page {
    #[limit(items <= 100)]
    found: Vec<Option<Large>>,
}

#[portcullis::interface(name = "test.memory", version = 1)]
trait Memory {
    #[call]
    async fn argument(&self, cx: &Call, some: Vec<Option<Large>>);
    #[call]
    async fn reply(&self, cx: &Call) -> Vec<Option<Large>>;
    #[stream]
    async fn flow(&self, cx: &Call, out: Sink<Vec<Option<Large>>>);
    #[event]
    fn told(some: Vec<Option<Large>>);
    #[call]
    async fn fits(&self, cx: &Call, #[limit(items <= 9)] some: Vec<Option<Large>>) -> Page;
    #[stream]
    async fn flow_fits(&self, cx: &Call, input: Source<Page>) -> Vec<Large>;
    #[event]
    fn told_fits(#[limit(items <= 9)] some: Vec<Option<Large>>);
}

fn main() {}
