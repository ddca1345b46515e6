//! Errors that JavaScript gets: the property `code` says which, the message what to do.

/// What is wrong, as in Node's own errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The hub cannot be set up like that: roles, limits, or what is not known at all.
    Config,
    /// The policy file is wrong.
    Policy,
    /// Something cannot be granted or revoked.
    Grant,
    /// The contract is not one.
    Schema,
    /// The application's services in Rust were not served.
    Services,
    /// The hub is closed.
    Closed,
    /// A peer is not admitted: no such role.
    UnknownRole,
    /// A peer is not admitted: its label.
    Label,
    /// A peer is not admitted: there are as many as may be.
    Full,
    /// A peer is not admitted: the name of its user.
    User,
    /// A peer is not admitted: its user has as many connections as it may.
    UserBudget,
    /// A peer is not admitted: the hub is quitting.
    Quitting,
    /// An argument is no `Uint8Array`, or the drain buffer is too small.
    NotBytes,
    /// Bytes that another thread may change while they are read.
    SharedBuffer,
    /// The array's buffer was transferred.
    DetachedBuffer,
    /// Something in here panicked; the hub goes on.
    Panicked,
    /// Node refused.
    Node,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Self::Config => "ERR_PORTCULLIS_CONFIG",
            Self::Policy => "ERR_PORTCULLIS_POLICY",
            Self::Grant => "ERR_PORTCULLIS_GRANT",
            Self::Schema => "ERR_PORTCULLIS_SCHEMA",
            Self::Services => "ERR_PORTCULLIS_SERVICES",
            Self::Closed => "ERR_PORTCULLIS_CLOSED",
            Self::UnknownRole => "ERR_PORTCULLIS_UNKNOWN_ROLE",
            Self::Label => "ERR_PORTCULLIS_LABEL",
            Self::Full => "ERR_PORTCULLIS_FULL",
            Self::User => "ERR_PORTCULLIS_USER",
            Self::UserBudget => "ERR_PORTCULLIS_USER_BUDGET",
            Self::Quitting => "ERR_PORTCULLIS_QUITTING",
            Self::NotBytes => "ERR_PORTCULLIS_NOT_BYTES",
            Self::SharedBuffer => "ERR_PORTCULLIS_SHARED_BUFFER",
            Self::DetachedBuffer => "ERR_PORTCULLIS_DETACHED_BUFFER",
            Self::Panicked => "ERR_PORTCULLIS_PANICKED",
            Self::Node => "ERR_PORTCULLIS_NODE",
        }
    }
}

/// An error for JavaScript.
pub(crate) type Error = napi::Error<Code>;

/// What an entry point returns.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// An error with its sentence.
pub(crate) fn error(code: Code, text: impl ToString) -> Error {
    Error::new(code, text)
}

/// Runs the work of an entry point; a panic in it becomes an error, and goes no further.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            let text = (panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without a text".to_owned());
            tracing::error!(panic = %text, "the addon panicked");
            Err(error(Code::Panicked, format!("the addon panicked: {text}")))
        }
    }
}
