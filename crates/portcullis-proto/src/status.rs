//! The one table of status codes (`docs/protocol.md`, section 9). TypeScript and the documentation are made from
//! [`Status::ALL`]; there is no other list.

use std::fmt;

/// Whether making a call again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryAdvice {
    /// It cannot.
    Never,
    /// Later it can: nothing was done.
    Later,
    /// Only for an idempotent call: it is not known whether the work was done.
    Idempotent,
}

macro_rules! statuses {
    ($($variant:ident $code:literal $name:literal $retry:ident $text:literal,)*) => {
        /// How a call ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $(#[doc = $text] $variant = $code,)*
        }

        impl Status {
            /// Every status, by code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The status with that code on the wire.
            pub fn from_code(code: u32) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The code on the wire.
            pub fn code(self) -> u32 {
                self as u32
            }

            /// The name, in snake case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one sentence.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether making the call again can help.
            pub fn retry(self) -> RetryAdvice {
                match self { $(Self::$variant => RetryAdvice::$retry,)* }
            }
        }
    };
}

statuses! {
    Ok 0 "ok" Never "the call succeeded",
    Cancelled 1 "cancelled" Never "the caller cancelled",
    InvalidArgument 3 "invalid_argument" Never "a value breaks its contract, or the handler refuses it",
    DeadlineExceeded 4 "deadline_exceeded" Idempotent "the time for the call ran out",
    NotFound 5 "not_found" Never "a named thing does not exist",
    AlreadyExists 6 "already_exists" Never "a named thing exists already",
    PermissionDenied 7 "permission_denied" Never "it is not granted, or it does not exist",
    ResourceExhausted 8 "resource_exhausted" Later "a limit or budget is used up",
    FailedPrecondition 9 "failed_precondition" Never "the callee is in a state that forbids it",
    Aborted 10 "aborted" Later "it lost against a concurrent change",
    OutOfRange 11 "out_of_range" Never "it is past the end",
    Unimplemented 12 "unimplemented" Never "the callee does not serve this",
    Internal 13 "internal" Never "the callee is at fault; its log has the correlation id",
    Unavailable 14 "unavailable" Idempotent "there is no server now, or it left",
    DataLoss 15 "data_loss" Never "data is lost for good",
    Application 16 "application" Never "the application's own error, typed by its contract",
    ContractMismatch 17 "contract_mismatch" Never "two builds of the interface disagree",
}

impl Status {
    /// Whether making the call again can help, when nobody says more.
    pub fn retry_helps(self, idempotent: bool) -> bool {
        match self.retry() {
            RetryAdvice::Never => false,
            RetryAdvice::Later => true,
            RetryAdvice::Idempotent => idempotent,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
