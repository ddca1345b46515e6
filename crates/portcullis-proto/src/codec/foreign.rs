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

#[cfg(feature = "url")]
mod with_url {
    use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message};
    use crate::schema::{SchemaBuilder, Type};

    /// A URL crosses as its serialized text and must come in that form: one value, one encoding.
    impl Message for url::Url {
        const BYTES_MIN: usize = 1;
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
            out.string(self.as_str());
            Ok(())
        }
        fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
            let text = input.string()?;
            match Self::parse(text) {
                Ok(url) if url.as_str() == text => Ok(url),
                _ => Err(CodecError::new(ErrorKind::BadUrl)),
            }
        }
        fn describe(_: &mut SchemaBuilder) -> Type {
            Type::Url
        }
    }
}
