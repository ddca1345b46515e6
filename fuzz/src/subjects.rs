//! The messages of the sample contract, ready to be judged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use portcullis::{Stale, StateVersion, Versioned};
use sample_contract::*;

use super::support::agreement::Subject;

/// Every message type of the sample contract, and some types that hold them. The order is part of the seeds: new
/// ones go to the end.
pub static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    macro_rules! all {
        ($($type:ty)*) => { vec![$(Subject::of::<$type>()),*] };
    }
    let mut subjects = all! {
        Scalars Texts BuiltIn Foreign Options Lists Arrays Maps Tuples Limits
        Empty Id Name Wrapped Pair Level Tagged Shape Node Tree Expression
        Preferences Change ChangeKind EchoRequest EchoReply EchoError Who Picture Summary FlowsError
        Vec<Change> BTreeMap<Name, Preferences> Option<Shape>
    };
    subjects.push(Subject::with_conversion::<Converted>());
    subjects.extend(all! { StateVersion Stale Tally Versioned<Tally> });
    subjects.extend(all! { Scan BlobsError Samples });
    subjects
});
