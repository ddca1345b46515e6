//! Where blobs, and typed arrays, whose bytes are blobs, may stand: nowhere that a reader may pass over, since blobs are told apart by how many came before.

use std::collections::BTreeSet;

use super::{Schema, SchemaError, Type, TypeBody};

/// Fails when a blob stands in a table, a flexible enum or a map, however deep.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    let holders = Holders::new(schema);
    for (name, def) in &schema.types {
        let passed_over = match &def.body {
            TypeBody::Table(_) | TypeBody::FlexibleEnum(_) => holders.body(&def.body),
            body => body.types().into_iter().any(|ty| holders.in_map(ty)),
        };
        if passed_over {
            return Err(SchemaError::BlobPlace(name.clone()));
        }
    }
    for interface in &schema.interfaces {
        for channel in &interface.channels {
            if channel.types().any(|ty| holders.in_map(ty)) {
                let place = format!("{}.{}", interface.name, channel.name);
                return Err(SchemaError::BlobPlace(place));
            }
        }
    }
    Ok(())
}

/// The named types that hold a blob somewhere.
struct Holders<'a>(BTreeSet<&'a str>);

impl<'a> Holders<'a> {
    /// The set grows until it stays the same: at most one round for each type.
    fn new(schema: &'a Schema) -> Self {
        let mut holders = Self(BTreeSet::new());
        for _ in 0..=schema.types.len() {
            let before = holders.0.len();
            for (name, def) in &schema.types {
                if holders.body(&def.body) {
                    holders.0.insert(name);
                }
            }
            if holders.0.len() == before {
                break;
            }
        }
        holders
    }

    fn body(&self, body: &TypeBody) -> bool {
        body.types().into_iter().any(|ty| self.holds(ty))
    }

    fn holds(&self, ty: &Type) -> bool {
        match ty {
            Type::Blob { .. } | Type::TypedArray { .. } => true,
            Type::Named(name) => self.0.contains(name.as_str()),
            Type::Map { key, value, .. } => self.holds(key) || self.holds(value),
            _ => ty.parts().into_iter().any(|part| self.holds(part)),
        }
    }

    fn in_map(&self, ty: &Type) -> bool {
        match ty {
            Type::Map { .. } => self.holds(ty),
            _ => ty.parts().into_iter().any(|part| self.in_map(part)),
        }
    }
}
