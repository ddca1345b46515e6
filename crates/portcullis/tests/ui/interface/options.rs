//! The options of channels.

use portcullis::{Call, Sink};

#[portcullis::interface(name = "a", version = 1)]
pub trait Options {
    #[call(deadline = "2 hours")]
    async fn unit(&self, cx: &Call);
    #[call(deadline = "0s")]
    async fn zero(&self, cx: &Call);
    #[call(deadline = "99999999m")]
    async fn huge(&self, cx: &Call);
    #[call(deadline = 5)]
    async fn number(&self, cx: &Call);
    #[call(deadline)]
    async fn bare(&self, cx: &Call);
    #[call(dedline = "2s")]
    async fn misspelt(&self, cx: &Call);
    #[call(overflow = "wait")]
    async fn elsewhere(&self, cx: &Call);
    #[call(inline, blocking)]
    async fn both(&self, cx: &Call);
    #[call(idempotent, idempotent)]
    async fn twice(&self, cx: &Call);
    #[call = "2s"]
    async fn assigned(&self, cx: &Call);
    #[call(capability = "a b")]
    async fn capability(&self, cx: &Call);
    #[notify(deadline = "2s")]
    async fn one_way(&self, cx: &Call);
    #[stream(overflow = "conflate")]
    async fn stream(&self, cx: &Call, out: Sink<u8>);
    #[stream(depth = 0)]
    async fn depth(&self, cx: &Call, out: Sink<u8>);
    #[event(overflow = "wait")]
    fn event(value: u32);
    #[event(depth = 1025)]
    fn deep(value: u32);
    #[state(depth = 3)]
    fn state(value: u32);
    #[state(overflow = "drop_oldest")]
    fn dropped(value: u32);
}

fn main() {}
