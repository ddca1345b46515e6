//! Bodies as JSON, for people: interprets a schema as the validator does, and writes what it reads. What the contract marks
//! as secret is left out at every depth, and what a body holds beyond its schema is told by its length alone. Whether a value
//! keeps its limits is the validator's business; who may see it, the caller's.
//!
//! The form: declared names; `u64` and `i64` as texts, so that no reader rounds them; a float that JSON lacks as its name;
//! timestamps and durations in microseconds; an enum's variant as its name, or as an object with that one key; a newtype as
//! what it holds; a map as an object where its keys are texts, else as pairs. A key that begins with `$` is this form's own:
//!
//! | | stands for |
//! |---|---|
//! | `{"$secret":true}` | a field that the contract marks as secret |
//! | `{"$bytes":"00ff"}`, `{"$bytes":70000}` | bytes: the few, or how many |
//! | `{"$blob":921600}` | a blob, by its length |
//! | `{"$array":1200,"of":"f32"}` | a typed array, by its count |
//! | `{"$text":70000,"begins":"…"}` | the beginning of a long text, and the length of all of it |
//! | `{"$cut":true}` | what there was no room for; what follows it is missing too |
//! | `"$unknown":2` | fields of a table that a newer contract has |
//! | `{"$variant":9,"$bytes":12}` | a variant that a newer contract has |
//! | `{"$deep":true}` | what nests deeper than [`SHOWN_DEPTH_MAX`] |
//!
//! Whatever a peer writes, the text is one line, and holds no character that a terminal would obey.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod leaf;
mod read;
mod write;

use crate::codec::{ErrorKind, from_bytes};
use crate::error::FailureBody;

use super::{Channel, Schema, Type};
use read::{Reader, Stop};
use write::Out;

/// How deep arrays and objects of the form nest: what is read by others must not be too deep for them.
pub const SHOWN_DEPTH_MAX: u32 = 32;
/// Bytes that are shown in full, as hexadecimal digits.
pub const SHOWN_BYTES_MAX: usize = 32;
/// Bytes of a text that are shown, of a longer one its beginning.
pub const SHOWN_TEXT_BYTES_MAX: usize = 1024;
/// By so many bytes a text is longer than was asked for at most: what says that it is cut, and closes what is open.
pub const SHOWN_CLOSING_BYTES_MAX: usize = 64;

/// A body, or as much of its beginning as was kept.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whether more followed.
    pub cut: bool,
    /// The lengths of the body's blobs, in order.
    pub blobs: &'a [u32],
}

/// A body as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// JSON, on one line; whole JSON however little of the body is in it.
    pub json: String,
    /// How much of the body it tells.
    pub extent: Extent,
}

/// How much of a body was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it; of long texts, bytes and blobs their lengths.
    Whole,
    /// There was no room for more, or no more was kept.
    Cut,
    /// It ends where the body breaks its contract.
    Malformed(ErrorKind),
}

impl Schema {
    /// The arguments of a call, notification or stream, or a topic's value: an object by their names, of at most `bytes_max`
    /// bytes and [`SHOWN_CLOSING_BYTES_MAX`].
    ///
    /// ```
    /// use portcullis_proto::schema::shown::{Excerpt, Extent};
    /// # use portcullis_proto::schema::*;
    /// # let field = |name: &str, secret, ty| Field { name: name.into(), number: 0, docs: String::new(), secret, ty };
    /// # let text = || Type::String { min: None, max: None };
    /// # let channel = Channel {
    /// #     name: "sign_in".into(), kind: ChannelKind::Call, docs: String::new(), reply: Type::Unit, error: None, up: None,
    /// #     args: vec![field("name", false, text()), field("password", true, text())], down: None, deadline_ms: 1000,
    /// #     idempotent: false, overflow: Overflow::Wait, depth: 1, capability: "sign_in".into(),
    /// # };
    /// # let schema = Schema { format: FORMAT, contract: "c".into(), interfaces: vec![], types: Default::default() };
    /// // fn sign_in(name: String, #[secret] password: String)
    /// let excerpt = Excerpt { bytes: b"\x02me\x06sesame", cut: false, blobs: &[] };
    /// let shown = schema.show_args(&channel, excerpt, 1024);
    /// assert_eq!(shown.json, r#"{"name":"me","password":{"$secret":true}}"#);
    /// assert_eq!(shown.extent, Extent::Whole);
    /// ```
    pub fn show_args<'a>(
        &'a self,
        channel: &'a Channel,
        body: Excerpt<'a>,
        bytes_max: usize,
    ) -> Shown {
        self.show(body, bytes_max, |reader| reader.fields(&channel.args))
    }

    /// One value: a reply, an application's error, an item; otherwise as [`Self::show_args`].
    pub fn show_value<'a>(&'a self, ty: &'a Type, body: Excerpt<'a>, bytes_max: usize) -> Shown {
        self.show(body, bytes_max, |reader| reader.value(ty))
    }

    fn show<'a>(
        &'a self,
        body: Excerpt<'a>,
        bytes_max: usize,
        read: impl FnOnce(&mut Reader<'a, '_>) -> Result<(), Stop>,
    ) -> Shown {
        let mut out = Out::new(bytes_max);
        let mut reader = Reader::new(self, body, &mut out);
        let stopped = read(&mut reader).and_then(|()| reader.finish()).err();
        let extent = match stopped {
            None => Extent::Whole,
            Some(Stop::Full) => Extent::Cut,
            Some(Stop::Broken(ErrorKind::Truncated)) if body.cut => Extent::Cut,
            Some(Stop::Broken(kind)) => Extent::Malformed(kind),
        };
        Shown { json: out.finish(), extent }
    }
}

/// The body of a call that failed and not by the application's own error: what happened, and the field that is wrong where
/// one is. A text is shown as its author wrote it.
pub fn show_failure(body: Excerpt<'_>, bytes_max: usize) -> Shown {
    let mut out = Out::new(bytes_max);
    let extent = match from_bytes::<FailureBody>(body.bytes) {
        Ok(failure) => match write_failure(&failure, &mut out) {
            Ok(()) => Extent::Whole,
            Err(_) => Extent::Cut,
        },
        Err(_) if body.cut => Extent::Cut,
        Err(error) => Extent::Malformed(error.kind()),
    };
    Shown { json: out.finish(), extent }
}

fn write_failure(failure: &FailureBody, out: &mut Out) -> Result<(), Stop> {
    out.open('{')?;
    out.key("message")?;
    out.string(&failure.message)?;
    if !failure.path.is_empty() {
        out.key("path")?;
        out.string(&failure.path)?;
    }
    out.close();
    Ok(())
}
