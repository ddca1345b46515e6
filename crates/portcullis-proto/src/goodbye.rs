//! Why a connection ended (`docs/protocol.md`, section 10): one table of codes for goodbyes and violations.

use std::fmt;

/// The first code that is a violation: the other side broke the protocol.
pub const VIOLATIONS_FROM: u32 = 32;

macro_rules! reasons {
    ($($variant:ident $code:literal $name:literal $again:ident $text:literal,)*) => {
        /// Why a connection ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $text] $variant = $code,)*
        }

        impl Reason {
            /// Every reason, by code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The reason with that code on the wire.
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

            /// Whether the other side broke the protocol.
            pub fn is_violation(self) -> bool {
                self.code() >= VIOLATIONS_FROM
            }

            /// Whether a new connection may be better off: what ended this one may pass. Where not, the same would happen
            /// again, or it was wanted so, and a client that reconnects ends as well.
            pub fn may_reconnect(self) -> bool {
                match self { $(Self::$variant => reasons!(@ $again),)* }
            }
        }
    };
    (@ again) => { true };
    (@ never) => { false };
}

reasons! {
    Closed 0 "closed" never "the application closed the connection",
    GoingAway 1 "going_away" again "the other side is quitting",
    Revoked 2 "revoked" never "main took the grant back",
    VersionMismatch 16 "version_mismatch" never "no protocol version is known to both sides",
    ContractMismatch 17 "contract_mismatch" never "the two sides were built from different contracts",
    HandshakeTimeout 18 "handshake_timeout" again "no hello came in time",
    Unresponsive 19 "unresponsive" again "the peer was silent while it was awaited",
    SlowConsumer 20 "slow_consumer" again "more is waiting for the peer than its outbox may hold",
    MalformedFrame 32 "malformed_frame" never "a frame header is not valid",
    FrameTooLarge 33 "frame_too_large" never "a frame is larger than the receiver accepts",
    UnknownKind 34 "unknown_kind" never "a frame kind is not known",
    UnknownFlag 35 "unknown_flag" never "a frame has a flag that its kind does not define",
    UnexpectedFrame 36 "unexpected_frame" never "a frame came in a state, or from a side, that forbids it",
    DuplicateId 37 "duplicate_id" never "a call id is in use already, or is not valid",
    UnknownId 38 "unknown_id" never "a frame belongs to no call",
    UnknownBinding 39 "unknown_binding" never "a binding was never given to this peer",
    CreditExceeded 40 "credit_exceeded" never "a stream item came without credit, or on a flow that is not open",
    WindowExceeded 41 "window_exceeded" never "more data came than the connection window allows",
    MalformedPayload 42 "malformed_payload" never "a body breaks its contract",
    PartialMessage 43 "partial_message" never "a message of the transport ends inside a frame",
    RateExceeded 44 "rate_exceeded" never "far more came than the budget of the peer allows",
    BadParcel 45 "bad_parcel" never "a parcel of bytes is too much, unknown, used twice or not whole",
    BadPool 46 "bad_pool" never "a pool or a loan is not what it says, or a descriptor was not declared",
}

/// How a connection ended: the reason, and a sentence for whoever reads the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// Why.
    pub reason: Reason,
    /// More about it; never secret, at most 1,024 bytes.
    pub message: String,
}

impl Goodbye {
    /// A goodbye with the reason's own sentence.
    pub fn new(reason: Reason) -> Self {
        Self { reason, message: reason.text().to_owned() }
    }

    /// A goodbye with a sentence of its own.
    #[cold]
    pub fn because(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

impl fmt::Display for Goodbye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.message)
    }
}

impl std::error::Error for Goodbye {}
