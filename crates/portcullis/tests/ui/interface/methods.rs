//! The signatures of calls, notifications and streams.

use portcullis::{Call, Sink, Source};

#[portcullis::interface(name = "a", version = 1)]
pub trait Methods {
    #[call]
    fn not_async(&self, cx: &Call);
    #[call]
    async fn alone(cx: &Call);
    #[call]
    async fn changes(&mut self, cx: &Call);
    #[call]
    async fn takes(self, cx: &Call);
    #[call]
    async fn no_context(&self);
    #[call]
    async fn context_later(&self, id: u32, cx: &Call);
    #[call]
    async fn generic<T>(&self, cx: &Call, value: T);
    #[call]
    async unsafe fn dangerous(&self, cx: &Call);
    #[call]
    async extern "C" fn foreign(&self, cx: &Call);
    #[call]
    async fn body(&self, cx: &Call) {}
    #[call]
    async fn pattern(&self, cx: &Call, (a, b): (u8, u8));
    #[call]
    async fn borrowed(&self, cx: &Call, name: &str) -> usize;
    #[call]
    async fn alias(&self, cx: &Call) -> std::io::Result<u32>;
    #[call]
    async fn error(&self, cx: &Call) -> Result<char, usize>;
    #[notify]
    async fn answers(&self, cx: &Call) -> u32;
    #[call]
    async fn flows(&self, cx: &Call, out: Sink<u8>);
    #[stream]
    async fn no_flow(&self, cx: &Call, count: u32);
    #[stream]
    async fn two_flows(&self, cx: &Call, input: Source<u8>, more: Source<u8>);
    #[stream]
    async fn items(&self, cx: &Call, out: Sink<&'static str>);
    #[call]
    async fn helpers(&self, cx: &Call, #[limit(len < 3)] a: String, #[field(1)] b: u8);
    #[call]
    async fn names(&self, cx: &Call, frame_rate: u8, frameRate: u8);
}

fn main() {}
