//! What a failed call tells: the body of `end`, and the error that callers and handlers see (`docs/protocol.md`, section 5).

use std::fmt;

use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message};
use crate::schema::{Fields, SchemaBuilder, Type, TypeBody, TypeDef, Variant};
use crate::session::SendError;
use crate::status::{RetryAdvice, Status};
use crate::text::beginning;
use crate::wire::wire_struct;

/// Longest channel name in an error, in bytes.
pub const CHANNEL_BYTES_MAX: u32 = 256;
/// Longest field path in an error, in bytes.
pub const PATH_BYTES_MAX: u32 = 512;
/// Longest message in an error, in bytes.
pub const MESSAGE_BYTES_MAX: u32 = 1024;

wire_struct! {
    /// The body of an `end` that is neither `ok` nor `application`.
    pub struct FailureBody {
        /// `interface.method`, where it is known.
        pub channel: String [..CHANNEL_BYTES_MAX],
        /// The field that is wrong, where one is.
        pub path: String [..PATH_BYTES_MAX],
        /// What happened, for people.
        pub message: String [..MESSAGE_BYTES_MAX],
        /// Whether to try again.
        pub retry: Retry,
        /// Names the call in the logs of hub and callee.
        pub correlation: u64,
    }
}

impl FailureBody {
    /// A failure with a message alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The same, with every text cut to its limit, and on one line: it may end up in the log of whoever called.
    #[must_use]
    pub fn bounded(&self) -> Self {
        Self {
            channel: cut(&self.channel, CHANNEL_BYTES_MAX),
            path: cut(&self.path, PATH_BYTES_MAX),
            message: cut(&self.message, MESSAGE_BYTES_MAX),
            ..self.clone()
        }
    }
}

fn cut(text: &str, max: u32) -> String {
    beginning(text, max as usize).replace(char::is_control, "?")
}

/// Whether making the call again can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// It cannot.
    #[default]
    Never,
    /// Later it can.
    Later,
    /// After that many milliseconds it can.
    After(u32),
}

impl Message for Retry {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        match self {
            Self::Never => out.varint(0),
            Self::Later => out.varint(1),
            Self::After(ms) => {
                out.varint(2);
                out.enter()?;
                ms.encode(out)?;
                out.leave();
            }
        }
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        match input.varint(32)? {
            0 => Ok(Self::Never),
            1 => Ok(Self::Later),
            2 => {
                input.enter()?;
                let ms = u32::decode(input).map_err(|error| error.field("0").field("After"))?;
                input.leave();
                Ok(Self::After(ms))
            }
            _ => Err(CodecError::new(ErrorKind::UnknownTag)),
        }
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        let variant = |name: &str, tag, fields| Variant {
            name: name.to_owned(),
            tag,
            docs: String::new(),
            fields,
        };
        schema.named::<Self>("Retry", |schema| TypeDef {
            docs: String::new(),
            body: TypeBody::Enum(vec![
                variant("Never", 0, Fields::Unit),
                variant("Later", 1, Fields::Unit),
                variant("After", 2, Fields::Tuple(vec![u32::describe(schema)])),
            ]),
        })
    }
}

/// A call that failed for a reason that is not the application's own: what, where, why, and whether a retry can help.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    status: Status,
    body: FailureBody,
    sent: bool,
}

impl Error {
    /// An error that a handler answers with, or that a client makes itself.
    #[cold]
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        let retry = match status.retry() {
            RetryAdvice::Later => Retry::Later,
            RetryAdvice::Never | RetryAdvice::Idempotent => Retry::Never,
        };
        Self::from_body(status, FailureBody { retry, ..FailureBody::new(message) })
    }

    /// From the `end` of a call.
    #[cold]
    pub fn from_body(status: Status, body: FailureBody) -> Self {
        Self(Box::new(Inner { status, body, sent: true }))
    }

    /// From the bytes of an `end`; a body that cannot be read is `internal`.
    #[cold]
    pub fn from_end(status: Status, body: &[u8]) -> Self {
        match crate::codec::from_bytes::<FailureBody>(body) {
            Ok(body) => Self::from_body(status, body),
            Err(error) => Self::new(Status::Internal, format!("an unreadable error: {error}")),
        }
    }

    /// A value that breaks its contract.
    #[cold]
    pub fn invalid(error: &CodecError) -> Self {
        Self::new(Status::InvalidArgument, error.to_string()).at(error.path())
    }

    /// The same, for the field at `path`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.0.body.path = path.into();
        self
    }

    /// The same, for `interface.method`; one that is known already stays.
    #[must_use]
    pub fn on(mut self, channel: &str) -> Self {
        if self.0.body.channel.is_empty() {
            channel.clone_into(&mut self.0.body.channel);
        }
        self
    }

    /// The same, with the number by which logs name the call.
    #[must_use]
    pub fn correlated(mut self, correlation: u64) -> Self {
        self.0.body.correlation = correlation;
        self
    }

    /// The same, with other advice on trying again.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.0.body.retry = retry;
        self
    }

    /// The same, of a call that the hub has never seen.
    #[must_use]
    pub fn unsent(mut self) -> Self {
        self.0.sent = false;
        self
    }

    /// How the call ended.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// `interface.method`, where it is known.
    pub fn channel(&self) -> &str {
        &self.0.body.channel
    }

    /// The field that is wrong, where one is.
    pub fn path(&self) -> &str {
        &self.0.body.path
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.0.body.message
    }

    /// Whether to try again.
    pub fn retry(&self) -> Retry {
        self.0.body.retry
    }

    /// Names the call in the logs of hub and callee; 0 when it never got there.
    pub fn correlation(&self) -> u64 {
        self.0.body.correlation
    }

    /// Whether the call may have been carried out. False only when it surely was not: its request never left this side, so
    /// that it is safe to make again, idempotent or not. This is the caller's own knowledge, and does not travel.
    pub fn was_sent(&self) -> bool {
        self.0.sent
    }

    /// What travels.
    pub fn body(&self) -> &FailureBody {
        &self.0.body
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.channel().is_empty() {
            write!(f, "{}: ", self.channel())?;
        }
        write!(f, "{}: {}", self.status(), self.message())?;
        if self.correlation() != 0 {
            write!(f, " [{:x}]", self.correlation())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status())
            .field("channel", &self.channel())
            .field("path", &self.path())
            .field("message", &self.message())
            .field("retry", &self.retry())
            .field("correlation", &self.correlation())
            .finish()
    }
}

impl std::error::Error for Error {}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        let status = match &error {
            SendError::Codec(error) => return Self::invalid(error).unsent(),
            SendError::Closed => Status::Unavailable,
            SendError::CallEnded => Status::Cancelled,
            SendError::TooManyCalls
            | SendError::OutboxFull
            | SendError::NoCredit
            | SendError::TooLarge { .. } => Status::ResourceExhausted,
        };
        let never = matches!(error, SendError::TooLarge { .. });
        let built = Self::new(status, error.to_string()).unsent();
        if never { built.retrying(Retry::Never) } else { built }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f06_texts_of_a_failure_are_cut_and_stand_on_one_line() {
        let forged = "no\nportcullis: all is well \u{1b}[2J\u{85}";
        let failure = FailureBody { path: "a\rb".into(), ..FailureBody::new(forged) }.bounded();
        assert_eq!(failure.message, "no?portcullis: all is well ?[2J?");
        assert_eq!(failure.path, "a?b");
        let long = FailureBody::new("é".repeat(1024)).bounded();
        assert_eq!(long.message.len(), MESSAGE_BYTES_MAX as usize);
        let odd = FailureBody::new(format!("x{}", "é".repeat(1024))).bounded();
        assert_eq!(odd.message.len(), MESSAGE_BYTES_MAX as usize - 1);
    }
}
