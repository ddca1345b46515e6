//! The lock file of a contract, `contract.lock`: the shapes of its interfaces that builds in use have, so that a newer
//! build knows with which it gets along. Whether it does is proven by the compatibility checker, which is another crate's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Channel, Field, Fields, Hash, Schema, SchemaError, Type, TypeBody, TypeDef, builder, format_of,
};

/// The version of the lock's JSON form.
pub const LOCK_FORMAT: u32 = 1;
/// Most shapes of one interface that a lock holds.
pub const LOCKED_SHAPES_MAX: usize = 1024;

/// Shapes in use, by the name of their interface, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// [`LOCK_FORMAT`] of the build that wrote it.
    pub format: u32,
    /// Each as a schema of that interface alone, without documentation.
    pub interfaces: BTreeMap<String, Vec<Schema>>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { format: LOCK_FORMAT, interfaces: BTreeMap::new() }
    }
}

impl Lock {
    /// Reads a lock file. Every hash is compared with its shape, so that an edit is found; the error is one sentence.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        let bad = |what: String| SchemaError::Lock(what);
        let no_lock = |error: serde_json::Error| {
            bad(format!("this is no lock file ({error}): restore it from version control"))
        };
        let format = format_of(text).map_err(no_lock)?;
        if format != LOCK_FORMAT {
            return Err(bad(format!(
                "this lock file has format {format}, and this build reads format {LOCK_FORMAT}: use the version of Portcullis that wrote it"
            )));
        }
        let lock: Self = serde_json::from_str(text).map_err(no_lock)?;
        for (name, shapes) in &lock.interfaces {
            if shapes.len() > LOCKED_SHAPES_MAX {
                return Err(bad(format!(
                    "the lock file has more than {LOCKED_SHAPES_MAX} shapes of `{name}`: forget it"
                )));
            }
            for shape in shapes {
                let whole = builder::check(shape).is_ok() && shape.interfaces.len() == 1;
                if !whole || shape.interface(name).is_none() {
                    return Err(bad(format!(
                        "the lock file was edited: a shape of `{name}` is not what its hash says; restore it from version control"
                    )));
                }
            }
        }
        Ok(lock)
    }

    /// The committed form: JSON, indented, ending in a new line.
    pub fn to_json(&self) -> String {
        // As in a schema, there is nothing that JSON lacks.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The hashes of an interface's shapes, the oldest first.
    pub fn hashes(&self, interface: &str) -> impl Iterator<Item = Hash> {
        let shapes = self.interfaces.get(interface).into_iter().flatten();
        shapes.flat_map(|shape| &shape.interfaces).map(|each| each.hash)
    }

    /// Adds the shapes that a contract has now. Returns the interfaces of which there was none of that hash.
    pub fn record(&mut self, schema: &Schema) -> Vec<String> {
        let mut added = Vec::new();
        for interface in &schema.interfaces {
            let name = &interface.name;
            if self.hashes(name).any(|hash| hash == interface.hash) {
                continue;
            }
            self.interfaces.entry(name.clone()).or_default().extend(schema.only(name));
            added.push(name.clone());
        }
        added
    }
}

impl Schema {
    /// One interface and the types that it reaches, without documentation: its shape, as a schema. `None` when there is
    /// no such interface.
    pub fn only(&self, interface: &str) -> Option<Self> {
        let of_contract = self.interface(interface)?;
        let mut found = BTreeSet::new();
        let mut open: Vec<&Type> = of_contract.channels.iter().flat_map(Channel::types).collect();
        // Every turn takes a type out, and a named one opens what it is made of once.
        while let Some(ty) = open.pop() {
            open.extend(ty.parts());
            if let Type::Named(name) = ty
                && found.insert(name)
                && let Some(def) = self.types.get(name)
            {
                open.extend(def.body.types());
            }
        }
        let mut interface = of_contract.clone();
        interface.docs.clear();
        interface.earlier.clear();
        for channel in &mut interface.channels {
            channel.docs.clear();
            undocumented(&mut channel.args);
        }
        let bare = |name: &String| Some((name.clone(), bare(self.types.get(name)?.clone())));
        Some(Self {
            format: self.format,
            contract: self.contract.clone(),
            interfaces: vec![interface],
            types: found.into_iter().filter_map(bare).collect(),
        })
    }
}

/// A type without its documentation.
fn bare(mut def: TypeDef) -> TypeDef {
    def.docs.clear();
    match &mut def.body {
        TypeBody::Struct(fields) | TypeBody::Table(fields) => undocumented(fields),
        TypeBody::Tuple(_) => {}
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
            for variant in variants {
                variant.docs.clear();
                if let Fields::Struct(fields) = &mut variant.fields {
                    undocumented(fields);
                }
            }
        }
    }
    def
}

fn undocumented(fields: &mut [Field]) {
    fields.iter_mut().for_each(|field| field.docs.clear());
}
