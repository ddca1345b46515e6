//! The contracts of the templates, compiled: `new` writes the schema of a contract without compiling it, and a template
//! that does not compile does not get as far as that.

use portcullis_proto::schema::Schema;

use crate::arguments::AppKind;

#[allow(dead_code, unreachable_pub, reason = "in an application, a crate of its own")]
#[path = "../../templates/electron/contract/src/lib.rs"]
mod electron;
#[allow(dead_code, unreachable_pub, reason = "in an application, a crate of its own")]
#[path = "../../templates/native/contract/src/lib.rs"]
mod native;

/// The contract of an application of that kind and name.
pub(super) fn schema(kind: AppKind, name: &str) -> Schema {
    let schema = match kind {
        AppKind::Electron => electron::contract(),
        AppKind::Native => native::contract(),
    };
    // Hashes are those of interfaces: none of them says which application has it.
    Schema { contract: name.to_owned(), ..schema.clone() }
}
