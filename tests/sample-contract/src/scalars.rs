//! Single values: numbers, texts, and the types that the contract language adds or takes from other crates.

use portcullis::{Json, SafeInt, Timestamp, Uuid};

/// Every number, and the flag.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scalars {
    /// A flag.
    pub flag: bool,
    /// 8 bits.
    pub byte: u8,
    /// 16 bits.
    pub short: u16,
    /// 32 bits.
    pub word: u32,
    /// 64 bits: a `bigint`.
    pub long: u64,
    /// 8 bits, signed.
    pub signed_byte: i8,
    /// 16 bits, signed.
    pub signed_short: i16,
    /// 32 bits, signed.
    pub signed_word: i32,
    /// 64 bits, signed: a `bigint`.
    pub signed_long: i64,
    /// What a JavaScript number holds.
    pub safe: SafeInt,
    /// Single precision.
    pub single: f32,
    /// Double precision.
    pub double: f64,
}

/// Text and bytes.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Text.
    pub text: String,
    /// Raw bytes.
    pub bytes: Vec<u8>,
    /// What tools must not show.
    #[secret]
    pub password: String,
    /// A name that is a keyword.
    pub r#type: String,
}

/// The types that the contract language adds.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// A moment.
    pub at: Timestamp,
    /// A span of time.
    pub lasts: std::time::Duration,
    /// A UUID.
    pub uuid: Uuid,
    /// Data whose shape is open.
    pub json: Json,
    /// Nothing at all.
    pub nothing: (),
}

/// Types of other crates, which travel like the built-in ones.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// An absolute URL.
    pub url: url::Url,
    /// A UUID of the crate `uuid`.
    pub uuid: uuid::Uuid,
    /// A moment of the crate `chrono`.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Bytes of the crate `bytes`.
    pub bytes: bytes::Bytes,
}
