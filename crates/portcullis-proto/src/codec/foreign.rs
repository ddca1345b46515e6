//! `Message` for types of other crates, each behind the feature of that crate's name. They travel as the built-in
//! types do, so switching a feature on changes nothing on the wire.

#[cfg(feature = "bytes")]
mod with_bytes {
    use crate::codec::{CodecError, Decoder, Encoder, Message};
    use crate::schema::{SchemaBuilder, Type};

    impl Message for bytes::Bytes {
        const BYTES_MIN: usize = 1;
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
            out.bytes(self);
            Ok(())
        }
        fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
            input.bytes().map(Self::copy_from_slice)
        }
        fn describe(_: &mut SchemaBuilder) -> Type {
            Type::Bytes { min: None, max: None }
        }
    }
}

#[cfg(feature = "uuid")]
mod with_uuid {
    use crate::codec::{CodecError, Decoder, Encoder, Message};
    use crate::schema::{SchemaBuilder, Type};

    impl Message for uuid::Uuid {
        const BYTES_MIN: usize = 16;
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
            out.raw(self.as_bytes());
            Ok(())
        }
        fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
            input.array().map(Self::from_bytes)
        }
        fn describe(_: &mut SchemaBuilder) -> Type {
            Type::Uuid
        }
    }
}

#[cfg(feature = "chrono")]
mod with_chrono {
    use chrono::{DateTime, Utc};

    use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message, Timestamp};
    use crate::schema::{SchemaBuilder, Type};

    /// Whole microseconds cross; what is finer is cut off.
    impl Message for DateTime<Utc> {
        const BYTES_MIN: usize = 1;
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
            Timestamp::from_micros(self.timestamp_micros())
                .ok_or_else(|| CodecError::new(ErrorKind::OutOfRange))?
                .encode(out)
        }
        fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
            let micros = Timestamp::decode(input)?.as_micros();
            Self::from_timestamp_micros(micros)
                .ok_or_else(|| CodecError::new(ErrorKind::OutOfRange))
        }
        fn describe(_: &mut SchemaBuilder) -> Type {
            Type::Timestamp
        }
    }
}

use super::CodecError;

/// Fails unless `text` is an absolute URL in its serialized form.
#[cfg(feature = "url")]
pub(crate) fn check_url(text: &str) -> Result<(), CodecError> {
    with_url::parse(text).map(drop)
}

/// Fails unless `text` begins as an absolute URL does in its serialized form, with a scheme and a colon, and holds
/// printable ASCII alone. To parse the rest takes the feature `url`.
#[cfg(not(feature = "url"))]
pub(crate) fn check_url(text: &str) -> Result<(), CodecError> {
    let mut scheme = text.split(':').next().unwrap_or_default().bytes();
    let starts = scheme.next().is_some_and(|byte| byte.is_ascii_lowercase());
    let goes_on = scheme.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if starts && goes_on && printable && text.contains(':') {
        Ok(())
    } else {
        Err(CodecError::new(super::ErrorKind::BadUrl))
    }
}

#[cfg(feature = "url")]
mod with_url {
    use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message};
    use crate::schema::{SchemaBuilder, Type};

    pub(super) fn parse(text: &str) -> Result<url::Url, CodecError> {
        match url::Url::parse(text) {
            Ok(url) if url.as_str() == text => Ok(url),
            _ => Err(CodecError::new(ErrorKind::BadUrl)),
        }
    }

    /// A URL crosses as its serialized text and must come in that form: one value, one encoding.
    impl Message for url::Url {
        const BYTES_MIN: usize = 1;
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
            out.string(self.as_str());
            Ok(())
        }
        fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
            parse(input.string()?)
        }
        fn describe(_: &mut SchemaBuilder) -> Type {
            Type::Url
        }
    }
}
