//! The two kinds of errors that a call can end with: the application's own, typed by its contract, and all others.

use std::fmt;

use crate::codec::{Blob, CodecError, Encoder, Message, from_parts};
use crate::error::Error;
use crate::schema::{SchemaBuilder, Type};
use crate::status::Status;

/// A failed call of a channel that declares an error of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The application's own error, with every field.
    App(E),
    /// Anything else: refused, timed out, gone, broken.
    Error(Error),
}

impl<E> Failure<E> {
    /// The status: `application` for the application's own.
    pub fn status(&self) -> Status {
        match self {
            Self::App(_) => Status::Application,
            Self::Error(error) => error.status(),
        }
    }
}

impl<E: fmt::Debug> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(error) => write!(f, "{error:?}"),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug> std::error::Error for Failure<E> {}

impl<E> From<Error> for Failure<E> {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a client's call can fail with: [`Error`], or [`Failure`] where the channel declares an error.
pub trait CallError: From<Error> + Send + 'static {
    /// From the body of an `end` with the status `application`.
    fn from_application(body: &[u8], blobs: &[Blob]) -> Result<Self, CodecError>;

    /// The error, unless it is the application's own.
    fn as_error(&self) -> Option<&Error>;
}

impl CallError for Error {
    fn from_application(_: &[u8], _: &[Blob]) -> Result<Self, CodecError> {
        Ok(Self::new(Status::Internal, "an application error on a channel that declares none"))
    }
    fn as_error(&self) -> Option<&Error> {
        Some(self)
    }
}

impl<E: Message> CallError for Failure<E> {
    fn from_application(body: &[u8], blobs: &[Blob]) -> Result<Self, CodecError> {
        from_parts(body, blobs).map(Self::App)
    }
    fn as_error(&self) -> Option<&Error> {
        match self {
            Self::App(_) => None,
            Self::Error(error) => Some(error),
        }
    }
}

/// What a handler's error can be: a message of the contract, [`Error`], or [`Failure`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`",
    label = "this is no error of a contract",
    note = "put `#[portcullis::message]` on it, or answer with `portcullis::Error`"
)]
pub trait IntoFailure: Send + 'static {
    /// What a client's call fails with, when its handler fails with this.
    type CallError: CallError;

    /// The application's own error, where the channel has one.
    fn describe(schema: &mut SchemaBuilder) -> Option<Type>;

    /// Writes the application's own error; anything else comes back to be answered with its status.
    fn write(self, out: &mut Encoder<'_>) -> Result<(), WriteError>;
}

/// Why an application error was not written.
#[derive(Debug)]
pub enum WriteError {
    /// It is none: answer with its status.
    Other(Error),
    /// It breaks its contract.
    Codec(CodecError),
}

impl<E: Message> IntoFailure for E {
    type CallError = Failure<E>;
    fn describe(schema: &mut SchemaBuilder) -> Option<Type> {
        Some(E::describe(schema))
    }
    fn write(self, out: &mut Encoder<'_>) -> Result<(), WriteError> {
        self.encode(out).map_err(WriteError::Codec)
    }
}

impl IntoFailure for Error {
    type CallError = Self;
    fn describe(_: &mut SchemaBuilder) -> Option<Type> {
        None
    }
    fn write(self, _: &mut Encoder<'_>) -> Result<(), WriteError> {
        Err(WriteError::Other(self))
    }
}

impl<E: Message> IntoFailure for Failure<E> {
    type CallError = Self;
    fn describe(schema: &mut SchemaBuilder) -> Option<Type> {
        Some(E::describe(schema))
    }
    fn write(self, out: &mut Encoder<'_>) -> Result<(), WriteError> {
        match self {
            Self::App(error) => error.encode(out).map_err(WriteError::Codec),
            Self::Error(error) => Err(WriteError::Other(error)),
        }
    }
}

/// What a handler returns.
pub trait Reply: Send + 'static {
    /// Writes the body of the `end`, and says with which status.
    fn write(self, out: &mut Encoder<'_>) -> Result<Status, Error>;
}

impl<T: Message, E: IntoFailure> Reply for Result<T, E> {
    #[inline]
    fn write(self, out: &mut Encoder<'_>) -> Result<Status, Error> {
        let broken = |error: CodecError| {
            Error::new(
                Status::Internal,
                format!("the handler's answer breaks its contract: {error}"),
            )
        };
        match self {
            Ok(value) => value.encode(out).map(|()| Status::Ok).map_err(broken),
            Err(error) => match error.write(out) {
                Ok(()) => Ok(Status::Application),
                Err(WriteError::Other(error)) => Err(error),
                Err(WriteError::Codec(error)) => Err(broken(error)),
            },
        }
    }
}
