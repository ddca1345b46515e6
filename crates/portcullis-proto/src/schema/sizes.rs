//! The fewest bytes that a value of each type occupies: what bounds a count before anything is allocated. The
//! codec has the same numbers as `Message::BYTES_MIN`.

use std::collections::BTreeMap;

use super::{Float, Schema, Type, TypeBody};

/// The least sizes of the named types of one schema.
#[derive(Debug)]
pub struct Sizes<'a> {
    named: BTreeMap<&'a str, usize>,
}

impl<'a> Sizes<'a> {
    /// Works them out. Sizes grow from nothing until they stay the same, which takes as many rounds as types hold
    /// each other; a type that holds itself without an option or list between has no values, and only ends the search.
    pub fn new(schema: &'a Schema) -> Self {
        let mut sizes =
            Self { named: schema.types.keys().map(|name| (name.as_str(), 0)).collect() };
        for _ in 0..=schema.types.len() {
            let mut changed = false;
            for (name, def) in &schema.types {
                let size = sizes.body(&def.body);
                if let Some(known) = sizes.named.get_mut(name.as_str())
                    && *known != size
                {
                    *known = size;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        sizes
    }

    /// The fewest bytes that a value of `ty` occupies.
    pub fn of(&self, ty: &Type) -> usize {
        match ty {
            Type::Unit => 0,
            Type::Float { float: Float::F32, .. } => 4,
            Type::Float { float: Float::F64, .. } => 8,
            Type::Uuid => 16,
            Type::Array { item, len } => self.of(item).saturating_mul(*len as usize),
            Type::Tuple(items) => self.all(items.iter()),
            Type::Named(name) => self.named.get(name.as_str()).copied().unwrap_or(1),
            _ => 1,
        }
    }

    fn all<'t>(&self, types: impl Iterator<Item = &'t Type>) -> usize {
        types.map(|ty| self.of(ty)).fold(0, usize::saturating_add)
    }

    fn body(&self, body: &TypeBody) -> usize {
        match body {
            TypeBody::Struct(fields) => self.all(fields.iter().map(|field| &field.ty)),
            TypeBody::Tuple(types) => self.all(types.iter()),
            TypeBody::Table(_) | TypeBody::Enum(_) => 1,
            TypeBody::FlexibleEnum(_) => 2,
        }
    }
}
