//! Calls of every kind, and a notification.

use portcullis::{Call, Error};

/// What the benchmark sends.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EchoRequest {
    /// A number.
    pub number: u64,
    /// A text, 16 characters in the benchmark.
    #[limit(len <= 64)]
    pub text: String,
    /// A float.
    pub value: f64,
}

/// What comes back.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EchoReply {
    /// The number after the request's.
    pub number: u64,
    /// The request's text.
    #[limit(len <= 64)]
    pub text: String,
    /// Twice the request's value.
    pub value: f64,
}

/// How a call may fail on request.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub enum EchoError {
    /// It was asked to.
    Asked,
    /// The number is odd.
    Odd {
        /// The number.
        number: u64,
    },
    /// Several reasons.
    Reasons(Vec<String>),
}

/// Who calls, as the handler is told.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The label of the window or worker.
    pub label: String,
    /// Its role.
    pub role: String,
}

/// Calls that answer with what they were sent.
#[portcullis::interface(name = "sample.echo", version = 1)]
pub trait Echo {
    /// The benchmark's call.
    #[call(deadline = "5s")]
    async fn call(&self, cx: &Call, request: EchoRequest) -> EchoReply;

    /// Answers with the same bytes.
    #[call]
    async fn bytes(&self, cx: &Call, bytes: Vec<u8>) -> Vec<u8>;

    /// Takes several arguments, one of them limited, and puts them together.
    #[call(idempotent)]
    async fn join(
        &self,
        cx: &Call,
        #[limit(len <= 16)] left: String,
        right: Option<String>,
        times: u8,
    ) -> String;

    /// Takes and gives nothing.
    #[call]
    async fn nothing(&self, cx: &Call);

    /// Fails with an error of its own when the number is odd, or with the reasons that it is given.
    #[call]
    async fn fail(&self, cx: &Call, number: u64, reasons: Vec<String>) -> Result<u64, EchoError>;

    /// Fails with a status.
    #[call]
    async fn refuse(&self, cx: &Call, message: String) -> Result<(), Error>;

    /// Panics.
    #[call]
    async fn panic(&self, cx: &Call, message: String);

    /// Answers after so many milliseconds.
    #[call(deadline = "500ms")]
    async fn later(&self, cx: &Call, ms: u32) -> u32;

    /// Never answers.
    #[call(deadline = "200ms", capability = "wait")]
    async fn never(&self, cx: &Call);

    /// Runs on a thread of a pool.
    #[call(blocking)]
    async fn block(&self, cx: &Call, ms: u32) -> u32;

    /// Runs in place.
    #[call(inline)]
    async fn inline(&self, cx: &Call, number: u32) -> u32;

    /// Tells the caller who it is.
    #[call(capability = "who")]
    async fn who(&self, cx: &Call) -> Who;

    /// Counts notifications.
    #[notify]
    async fn tell(&self, cx: &Call, text: String);

    /// How many notifications there were.
    #[call]
    async fn told(&self, cx: &Call) -> u32;
}
