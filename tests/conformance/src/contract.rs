//! The suite's contract: the sample's interfaces, and one whose calls call onward.

use portcullis::{Call, Error};

/// Calls that call onward, within their own time.
#[portcullis::interface(name = "conformance.chain", version = 1)]
pub trait Chain {
    /// Calls `sample.echo.later` within this call's time.
    #[call(deadline = "60s")]
    async fn later(&self, cx: &Call, ms: u32) -> Result<u32, Error>;
}

portcullis::contract! {
    name = "conformance",
    interfaces = [
        sample_contract::Blobs,
        sample_contract::Echo,
        sample_contract::Flows,
        sample_contract::Topics,
        sample_contract::Values,
        Chain,
    ],
}

/// `sample.echo` as another build has it: one channel differs, and the others are missing.
pub mod other_build {
    use portcullis::Call;

    /// What the other build calls by the same name.
    #[portcullis::interface(name = "sample.echo", version = 7)]
    pub trait Echo {
        /// It takes a number there.
        #[call]
        async fn call(&self, cx: &Call, request: u64) -> u64;
    }
}
