//! Channels whose methods would have the same names.

use portcullis::Call;

#[portcullis::interface(name = "a", version = 1)]
pub trait Names {
    #[call]
    async fn within(&self, cx: &Call);
    #[call]
    async fn then(&self, cx: &Call);
    #[event]
    fn changed(value: u32);
    #[call]
    async fn subscribe_changed(&self, cx: &Call);
    #[state]
    fn changed_reported(value: u32);
    #[call]
    async fn frame_rate(&self, cx: &Call);
    #[call]
    async fn frameRate(&self, cx: &Call);
    #[call]
    async fn from_binding(&self, cx: &Call);
    #[event]
    fn from_publisher(value: u32);
    #[call]
    async fn constructor(&self, cx: &Call);
    #[call]
    async fn größe(&self, cx: &Call);
}

fn main() {}
