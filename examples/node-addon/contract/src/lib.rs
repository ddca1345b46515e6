//! The contract of an application whose main process is JavaScript and whose services are in Rust: one channel of every
//! kind.

use portcullis::{Call, Sink};

/// A shape on the page.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// To the right, in pixels.
    pub x: f64,
    /// Downwards, in pixels.
    pub y: f64,
    /// What people call it.
    #[limit(len <= 64)]
    pub name: String,
}

/// Why a thumbnail cannot be made.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThumbnailError {
    /// The picture is larger than this application takes.
    TooLarge {
        /// Its width and height, in pixels.
        size: u32,
    },
    /// There is nothing to see.
    Empty,
}

/// Work for the pictures of a page. Served in Rust.
#[portcullis::interface(name = "example.pictures", version = 1)]
pub trait Pictures {
    /// The point in the mirror. Inline: it takes nanoseconds, and is answered before the event loop goes on.
    #[call(inline, idempotent)]
    async fn mirror(&self, cx: &Call, point: Point) -> Point;

    /// Holds up its thread for so long: what an inline handler must not do.
    #[call(inline)]
    async fn linger(&self, cx: &Call, ms: u32);

    /// Waits, without a thread.
    #[call(deadline = "10s")]
    async fn later(&self, cx: &Call, ms: u32) -> u32;

    /// A square of grey that gets brighter; takes a thread of the pool.
    #[call(blocking)]
    async fn thumbnail(&self, cx: &Call, size: u32) -> Result<Vec<u8>, ThumbnailError>;

    /// Blocks a thread of the pool for so long.
    #[call(blocking)]
    async fn block(&self, cx: &Call, ms: u32) -> u32;

    /// The numbers below `count`.
    #[stream]
    async fn count(&self, cx: &Call, count: u32, out: Sink<u32>) -> u32;

    /// The same bytes.
    #[call]
    async fn bytes(&self, cx: &Call, bytes: Vec<u8>) -> Vec<u8>;

    /// Chooses a picture: the state `chosen` follows.
    #[call]
    async fn choose(&self, cx: &Call, picture: u32);

    /// Panics, inline or not: a caller is told `internal`, and nothing else comes of it.
    #[call]
    async fn fault(&self, cx: &Call);

    /// As `fault`, on the thread of the page.
    #[call(inline)]
    async fn fault_inline(&self, cx: &Call);

    /// Publishes the numbers below `count` on `ticked`, from a thread of the pool.
    #[call(blocking)]
    async fn tick(&self, cx: &Call, count: u32);

    /// A number.
    #[event(overflow = "drop_oldest", depth = 1024)]
    fn ticked(number: u32);

    /// The picture that was chosen last.
    #[state]
    fn chosen(picture: u32);
}

/// A page that is asked for its title. Served in TypeScript.
#[portcullis::interface(name = "example.pages", version = 1)]
pub trait Pages {
    /// The page's title.
    #[call]
    async fn title(&self, cx: &Call, prefix: String) -> String;
}

portcullis::contract! {
    name = "example",
    interfaces = [Pictures, Pages],
}
