//! The shared state, owned by main.

use portcullis::{Call, SharedState, Stale, StateVersion, Versioned};
use sample_contract::{Shared, Tally};

/// Counts what each has counted, and writes down who was last.
#[derive(Debug, Default)]
pub struct SharedService {
    /// The state, whose publisher is whoever serves it.
    pub state: SharedState<Tally>,
}

impl Shared for SharedService {
    async fn replace(
        &self,
        cx: &Call,
        mut change: Versioned<Tally>,
    ) -> Result<StateVersion, Stale> {
        change.value.changed_by =
            cx.caller().map(|caller| caller.label.clone()).unwrap_or_default();
        self.state.replace(change)
    }
}
