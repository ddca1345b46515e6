//! The attribute macros of Portcullis: `message` and `interface`, and the two macros that put a contract together.
//! They only read tokens and write code that stands on `portcullis_proto`; what they write is described there.
//!
//! Each macro parses, then judges, then writes. A declaration that is wrong gives its diagnostics at the tokens that
//! are to change, and the item is written again without our attributes, so that editors keep working.

mod args;
mod contract;
mod docs;
mod errors;
mod field;
mod interface;
mod limit;
mod message;
mod names;
mod types;

use proc_macro::TokenStream;

/// Lets a struct or an enum cross a boundary: it implements `Message`, and becomes part of the schema.
///
/// ```
/// use portcullis::{SafeInt, Unknown};
///
/// /// A camera's number: a newtype, encoded as what is inside it.
/// #[portcullis::message]
/// #[derive(Clone, Debug, PartialEq)]
/// pub struct CameraId(pub u32);
///
/// /// A struct is frozen: fields in order.
/// #[portcullis::message]
/// #[derive(Clone, Debug, PartialEq)]
/// pub struct Camera {
///     pub id: CameraId,
///     #[limit(len = 1..=128)]
///     pub name: String,
///     #[limit(items <= 8, each(len <= 32))]
///     pub tags: Vec<String>,
///     #[limit(0.0..=1.0)]
///     pub gain: f32,
///     #[limit(range = 0..=1_000_000)]
///     pub frames: SafeInt,
///     #[secret]
///     pub password: Option<String>,
///     pub next: Option<Box<Camera>>,
/// }
///
/// /// An enum is frozen too; a variant's tag is its place, or the one that is given.
/// #[portcullis::message]
/// pub enum Status {
///     Live,
///     Failed { reason: String },
///     #[tag = 9]
///     Moved(u32, u32),
/// }
///
/// /// To a flexible enum variants may be added: what a build does not know is kept.
/// #[portcullis::message(flexible)]
/// pub enum Event {
///     Attached(Camera),
///     #[unknown]
///     Other(Unknown),
/// }
///
/// /// To a table fields may be added; each is optional and keeps its number for ever.
/// #[portcullis::message(table)]
/// #[derive(Default)]
/// pub struct Settings {
///     #[field(1)]
///     pub rate: Option<u32>,
///     #[field(2)]
///     #[limit(len <= 64)]
///     pub title: Option<String>,
/// }
/// # fn main() {
/// let bytes = portcullis::codec::to_bytes(&CameraId(300)).unwrap();
/// assert_eq!(bytes, [0xac, 0x02]);
/// # }
/// ```
///
/// # Attributes of fields (and of the arguments of channels)
///
/// | attribute | meaning |
/// |---|---|
/// | `#[limit(len <= 8)]`, `len >= 1`, `len == 4`, `len = 1..=8` | length of text or bytes in bytes, count of a list or map |
/// | `#[limit(items <= 8)]` … | the same, for lists and maps only |
/// | `#[limit(range = 0..=9)]` or `#[limit(0..=9)]` | range of a number, both ends included |
/// | `#[limit(…, each(…))]` | limit of each item of a `Vec` |
/// | `#[with(module)]` | crosses as `module::Wire`, by `module::to_wire(&T) -> Wire` and `module::from_wire(Wire) -> Result<T, E>`; `E` can be displayed |
/// | `#[secret]` | tools that show values hide this one |
/// | `#[field(1)]` | the number of a table's field |
///
/// A list whose items can be much larger in memory than on the wire (`Vec<Option<Large>>`, or of an enum with a large variant) needs a
/// limit of how many there are, or does not compile: an absent value is one byte on the wire.
///
/// Ends of limits are literals or constants. The limit of an option is that of the value inside it. Documentation comments go into
/// the schema. Attributes of other macros (serde's, say) stay as they are, in whatever order the derives stand.
/// `#[message(crate = "path")]` names the crate that re-exports `portcullis`, when it has another name.
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    message::expand(args.into(), item.into()).into()
}

/// Makes a trait an interface: its methods become channels, with a typed client, a publisher and a server beside it.
///
/// ```
/// use portcullis::{Call, Sink, Source};
///
/// #[portcullis::message]
/// #[derive(Debug)]
/// pub enum CameraError { Unplugged }
///
/// /// The cameras of the studio.
/// #[portcullis::interface(name = "studio.cameras", version = 1)]
/// pub trait Cameras {
///     /// One request, one reply. Without a `Result`, only failures of the connection are possible.
///     #[call(deadline = "2s", idempotent)]
///     async fn list(&self, cx: &Call) -> Vec<String>;
///
///     /// The contract's own error arrives typed. Arguments take the attributes of fields.
///     #[call(capability = "control")]
///     async fn plug(&self, cx: &Call, #[limit(len <= 64)] name: String) -> Result<(), CameraError>;
///
///     /// One request, no reply.
///     #[notify]
///     async fn log(&self, cx: &Call, line: String);
///
///     /// Items to the caller (`Sink`), from the caller (`Source`), or both; then one reply.
///     #[stream(overflow = "drop_oldest", depth = 4)]
///     async fn frames(&self, cx: &Call, rate: u32, out: Sink<Vec<u8>>, input: Source<u32>) -> u32;
///
///     /// Published values; nothing is retained.
///     #[event(overflow = "disconnect", depth = 64)]
///     fn attached(name: String);
///
///     /// Published values, of which the last is retained.
///     #[state]
///     fn selected(name: Option<String>);
/// }
///
/// struct Studio;
///
/// // Implementations keep `async fn`; topics have no handler.
/// impl Cameras for Studio {
///     async fn list(&self, _: &Call) -> Vec<String> {
///         vec!["left".to_owned()]
///     }
///     async fn plug(&self, _: &Call, _: String) -> Result<(), CameraError> {
///         Err(CameraError::Unplugged)
///     }
///     async fn log(&self, _: &Call, _: String) {}
///     async fn frames(&self, _: &Call, _: u32, _: Sink<Vec<u8>>, _: Source<u32>) -> u32 {
///         0
///     }
/// }
///
/// // What was generated: the marker, the client, the publisher and the server.
/// fn generated(client: &CamerasClient, publisher: &CamerasPublisher) {
///     let _ = CamerasServer::new(Studio);
///     let calling = client.plug("left".to_owned()); // a future of Result<(), Failure<CameraError>>
///     let (sink, incoming) = client.frames(25);
///     let attached = client.subscribe_attached();
///     let selected = client.watch_selected();
///     publisher.attached(&"left".to_owned()).unwrap();
///     # drop((calling, sink, incoming, attached, selected));
/// }
/// # fn main() {}
/// ```
///
/// # Options of channels
///
/// | option | of | meaning |
/// |---|---|---|
/// | `deadline = "2s"` (`ms`, `s`, `m`) | call, stream | how long it may take, to the first item of a stream; 30 s |
/// | `idempotent` | call | may be made again when it was lost |
/// | `overflow = "…"` | stream: `wait` (default), `drop_oldest`; event: `drop_oldest` (default), `drop_newest`, `disconnect`; state: `conflate` | what happens to a receiver that is too slow |
/// | `depth = 16` | stream, event | values that are kept for it, 1 to 1024 |
/// | `capability = "…"` | all | the name by which policies grant it; its own by default |
/// | `inline`, `blocking` | call, notify, stream | the handler runs in place, or on a thread of a pool |
#[proc_macro_attribute]
pub fn interface(args: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(args.into(), item.into()).into()
}

/// Puts interfaces together to a contract: a function `contract()` that returns its schema, and a test that it is valid.
///
/// ```
/// mod cameras {
///     #[portcullis::interface(name = "studio.cameras", version = 1)]
///     pub trait Cameras {
///         #[call]
///         async fn count(&self, cx: &portcullis::Call) -> u32;
///     }
/// }
///
/// portcullis::contract! { name = "studio", interfaces = [cameras::Cameras] }
/// # fn main() {
/// assert_eq!(contract().interfaces[0].name, "studio.cameras");
/// # }
/// ```
#[proc_macro]
pub fn contract(input: TokenStream) -> TokenStream {
    contract::contract(input.into()).into()
}

/// The program that writes the schema of a contract to `contract.schema` beside its `Cargo.toml`, or to the file that it is given;
/// with `--check`, it says whether the file is up to date.
///
/// ```
/// # mod studio_contract {
/// #     #[portcullis::interface(name = "studio.cameras", version = 1)]
/// #     pub trait Cameras {
/// #         #[call]
/// #         async fn count(&self, cx: &portcullis::Call) -> u32;
/// #     }
/// #     portcullis::contract! { name = "studio", interfaces = [Cameras] }
/// # }
/// # mod program {
/// # use super::studio_contract;
/// portcullis::schema_main!(studio_contract::contract);
/// # }
/// # fn main() {}
/// ```
#[proc_macro]
pub fn schema_main(input: TokenStream) -> TokenStream {
    contract::schema_main(input.into()).into()
}
