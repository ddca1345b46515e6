//! The schema: a contract as data. Everything but the Rust code of the contract itself is made from it: TypeScript,
//! documentation, the hub's validator, the access policy's vocabulary, and the hashes that two builds compare.
//!
//! Its JSON form is `contract.schema`, which is committed beside the contract; [`FORMAT`] names that form's version.

mod blobs;
mod builder;
mod hash;
mod interface;
mod lock;
pub mod shown;
mod sizes;
mod types;
pub mod validate;

pub use builder::{SchemaBuilder, SchemaError};
pub use hash::{Hash, channel_digest, interface_hash};
pub use interface::{Channel, ChannelKind, Interface, Overflow};
pub use lock::{LOCK_FORMAT, LOCKED_SHAPES_MAX, Lock};
pub use sizes::Sizes;
pub use types::{Field, Fields, Float, Int, Number, Type, TypeBody, TypeDef, Variant};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

/// The contract of one application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// [`FORMAT`] of the build that wrote it.
    pub format: u32,
    /// The contract's name.
    pub contract: String,
    /// Its interfaces, by name.
    pub interfaces: Vec<Interface>,
    /// Every named type that they mention, by name.
    pub types: BTreeMap<String, TypeDef>,
}

impl Schema {
    /// The interface of that name.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// The committed form: JSON, indented, ending in a new line.
    pub fn to_json(&self) -> String {
        // Maps have string keys and floats are finite, so there is nothing in a schema that JSON lacks.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the committed form; the error is one sentence for whoever passed the file.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        let not_a_schema = |error: serde_json::Error| SchemaError::Json(error.to_string());
        let format = format_of(text).map_err(not_a_schema)?;
        if format != FORMAT {
            return Err(SchemaError::Format { found: format });
        }
        let schema: Self = serde_json::from_str(text).map_err(not_a_schema)?;
        builder::check(&schema)?;
        Ok(schema)
    }
}

/// The format of a file. What else there is in one of another format need not be understood to name it.
fn format_of(text: &str) -> serde_json::Result<u32> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    serde_json::from_str(text).map(|Head { format }| format)
}
