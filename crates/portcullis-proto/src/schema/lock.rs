//! The lock file of a contract, `contract.lock`: the shapes of its interfaces that builds in use have, so that a newer
//! build knows with which it gets along. Whether it does is proven by the compatibility checker, which is another crate's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Channel, Field, Fields, Hash, Schema, SchemaError, Type, TypeBody, TypeDef, builder};

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
        let lock: Self = serde_json::from_str(text).map_err(|error| {
            bad(format!("this is no lock file ({error}): restore it from version control"))
        })?;
        if lock.format != LOCK_FORMAT {
            let found = lock.format;
            return Err(bad(format!(
                "this lock file has format {found}, and this build reads format {LOCK_FORMAT}: use the version of Portcullis that wrote it"
            )));
        }
        for (name, shapes) in &lock.interfaces {
            if shapes.len() > LOCKED_SHAPES_MAX {
                return Err(bad(format!(
                    "the lock file has more than {LOCKED_SHAPES_MAX} shapes of `{name}`: forget the oldest"
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
            let known = self.hashes(&interface.name).any(|hash| hash == interface.hash);
            if let (false, Some(shape)) = (known, schema.only(&interface.name)) {
                self.interfaces.entry(interface.name.clone()).or_default().push(shape);
                added.push(interface.name.clone());
            }
        }
        added
    }
}

impl Schema {
    /// One interface and the types that it reaches, without documentation: its shape, as a schema. `None` when there is
    /// no such interface.
    pub fn only(&self, interface: &str) -> Option<Self> {
        let mut interface = self.interface(interface)?.clone();
        interface.docs.clear();
        interface.earlier.clear();
        for channel in &mut interface.channels {
            channel.docs.clear();
            undocumented(&mut channel.args);
        }
        let mut found = BTreeSet::new();
        let mut open: Vec<&Type> = Vec::new();
        let channels = self.interface(&interface.name)?.channels.iter();
        open.extend(channels.flat_map(Channel::types));
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
