//! Which named types must count their depth. Most cannot nest deeper than the limit whatever a peer sends, and their
//! code does without counting.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_proto::codec::DEPTH_MAX;
use portcullis_proto::schema::{Schema, Type, TypeBody};

/// The types that count.
#[derive(Debug)]
pub(super) struct Nesting<'a> {
    counting: BTreeSet<&'a str>,
}

impl<'a> Nesting<'a> {
    /// Works it out: a type counts if it can be inside a type that holds itself, or can hold one. If a chain of types
    /// alone is longer than the limit, all count.
    pub(super) fn new(schema: &'a Schema) -> Self {
        let mut reach: BTreeMap<&str, BTreeSet<&str>> =
            schema.types.iter().map(|(name, def)| (name.as_str(), mentioned(&def.body))).collect();
        // The transitive closure: grows at most as often as there are types.
        for _ in 0..schema.types.len() {
            let mut grown = false;
            for name in schema.types.keys() {
                let near = reach.get(name.as_str()).cloned().unwrap_or_default();
                let mut far = near.clone();
                for next in &near {
                    far.extend(reach.get(next).into_iter().flatten());
                }
                grown |= far.len() > near.len();
                reach.insert(name, far);
            }
            if !grown {
                break;
            }
        }
        let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|far| far.contains(to));
        let recursive: Vec<&str> =
            reach.keys().copied().filter(|name| reaches(name, name)).collect();
        // Without recursion a chain holds each type once.
        let deep = schema.types.len() > DEPTH_MAX as usize;
        let counting = schema
            .types
            .keys()
            .map(String::as_str)
            .filter(|name| {
                deep || recursive.iter().any(|it| reaches(it, name) || reaches(name, it))
            })
            .collect();
        Self { counting }
    }

    /// Whether the code of a type must count.
    pub(super) fn counts(&self, name: &str) -> bool {
        self.counting.contains(name)
    }
}

/// The named types that a type mentions.
fn mentioned(body: &TypeBody) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    body.types().into_iter().for_each(|ty| collect(ty, &mut names));
    names
}

fn collect<'a>(ty: &'a Type, names: &mut BTreeSet<&'a str>) {
    match ty {
        Type::Named(name) => {
            names.insert(name);
        }
        Type::Option(inner) => collect(inner, names),
        Type::List { item, .. } | Type::Array { item, .. } => collect(item, names),
        Type::Map { key, value, .. } => {
            collect(key, names);
            collect(value, names);
        }
        Type::Tuple(types) => types.iter().for_each(|ty| collect(ty, names)),
        _ => {}
    }
}
