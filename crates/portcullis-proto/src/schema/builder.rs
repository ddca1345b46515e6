//! Collects the types and interfaces of a contract, and refuses a contract that could not work.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use super::sizes::Sizes;
use super::{Channel, FORMAT, Hash, Interface, Lock, Schema, Type, TypeDef, blobs, interface_hash};
use crate::session::EARLIER_MAX;

/// Most interfaces in a contract.
pub(super) const INTERFACES_MAX: usize = 256;
/// Most channels in an interface.
pub(super) const CHANNELS_MAX: usize = 1024;
/// How many options, lists, arrays, maps and tuples may stand in one another without a named type between: with
/// the nesting limit of values it bounds the stack that reading any value takes.
pub(crate) const TYPE_DEPTH_MAX: usize = 16;
/// Longest name of an interface, channel, type or field, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 128;

/// A contract or a schema file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// Two Rust types of one name.
    SameTypeName {
        /// The name.
        name: String,
        /// The Rust paths of both.
        paths: [String; 2],
    },
    /// Two interfaces of one name.
    SameInterfaceName(String),
    /// A name is empty, too long, or has a character that is not a letter, digit, `_`, `-` or `.`.
    BadName(String),
    /// More interfaces or channels than fit.
    TooMany(String),
    /// A list, array or map of values that occupy no bytes.
    EmptyItems(String),
    /// A limit that no value can meet, that its type does not reach, or that is no finite number.
    BadLimit(String),
    /// Options, lists, arrays, maps and tuples stand in one another too deep.
    NestedTypes(String),
    /// A blob or typed array stands in a table, a flexible enum or a map.
    BlobPlace(String),
    /// A type that the schema mentions and does not define.
    UnknownType(String),
    /// Not the JSON of a schema.
    Json(String),
    /// A schema of another format.
    Format {
        /// The format found.
        found: u32,
    },
    /// A lock file that cannot be used.
    Lock(String),
    /// A recorded hash that is not that of the shape: the file was edited by hand.
    HashDiffers(String),
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameTypeName { name, paths: [one, two] } => {
                write!(f, "two message types are called `{name}`: {one} and {two}; rename one")
            }
            Self::SameInterfaceName(name) => write!(f, "two interfaces are called `{name}`"),
            Self::BadName(name) => write!(
                f,
                "`{name}` is no name: 1 to {NAME_BYTES_MAX} of letters, digits, `_`, `-` and `.`"
            ),
            Self::TooMany(what) => write!(f, "{what}"),
            Self::EmptyItems(place) => {
                write!(f, "{place}: items of a list, array or map must occupy at least one byte")
            }
            Self::BadLimit(place) => write!(
                f,
                "{place}: a limit must be finite, within its type, and its first end not above its second"
            ),
            Self::NestedTypes(place) => write!(
                f,
                "{place}: more than {TYPE_DEPTH_MAX} types stand in one another; give one of them a name"
            ),
            Self::BlobPlace(place) => write!(
                f,
                "{place}: a blob or typed array cannot stand in a table, a flexible enum or a map, whose readers may pass over it"
            ),
            Self::UnknownType(name) => write!(f, "the schema does not define the type `{name}`"),
            Self::Json(error) => write!(f, "this is no schema file: {error}"),
            Self::Format { found } => write!(
                f,
                "this schema has format {found}, and this build reads format {FORMAT}: write it anew"
            ),
            Self::Lock(sentence) => f.write_str(sentence),
            Self::HashDiffers(name) => write!(
                f,
                "the hash of `{name}` is not that of its shape: the file was edited, write it anew"
            ),
        }
    }
}

impl std::error::Error for SchemaError {}

/// Collects a contract. Messages add themselves by [`crate::codec::Message::describe`].
#[derive(Debug, Default)]
pub struct SchemaBuilder {
    types: BTreeMap<String, Entry>,
    interfaces: Vec<Interface>,
    /// Shapes in use, of interfaces that have been released.
    earlier: BTreeMap<String, Vec<Hash>>,
    errors: Vec<SchemaError>,
}

#[derive(Debug)]
struct Entry {
    path: &'static str,
    /// `None` while the type is being described: it mentions itself.
    def: Option<TypeDef>,
}

impl SchemaBuilder {
    /// An empty contract.
    pub fn new() -> Self {
        Self::default()
    }

    /// The named type `T`, described by `define` when it is met for the first time.
    pub fn named<T: 'static>(
        &mut self,
        name: &str,
        define: impl FnOnce(&mut Self) -> TypeDef,
    ) -> Type {
        let path = type_name::<T>();
        match self.types.get(name) {
            Some(entry) if entry.path == path => {}
            Some(entry) => {
                let paths = [entry.path.to_owned(), path.to_owned()];
                self.errors.push(SchemaError::SameTypeName { name: name.to_owned(), paths });
            }
            None => {
                self.types.insert(name.to_owned(), Entry { path, def: None });
                let def = define(self);
                self.types.insert(name.to_owned(), Entry { path, def: Some(def) });
            }
        }
        Type::Named(name.to_owned())
    }

    /// Adds an interface; its hash is filled in by [`Self::finish`].
    pub fn interface(
        &mut self,
        name: &str,
        version: u16,
        trait_name: &str,
        docs: &str,
        channels: Vec<Channel>,
    ) {
        self.interfaces.push(Interface {
            name: name.to_owned(),
            version,
            trait_name: trait_name.to_owned(),
            docs: docs.to_owned(),
            hash: Hash::default(),
            earlier: Vec::new(),
            channels,
        });
    }

    /// Says that the interface `name` was released before: `lock` is the text of its lock file.
    pub fn locked(&mut self, name: &str, lock: &str) {
        match Lock::from_json(lock) {
            Ok(lock) => {
                self.earlier.insert(name.to_owned(), lock.hashes(name).collect());
            }
            Err(error) => self.errors.push(error),
        }
    }

    /// The schema of the contract called `contract`.
    pub fn finish(mut self, contract: &str) -> Result<Schema, SchemaError> {
        if let Some(error) = self.errors.pop() {
            return Err(error);
        }
        let types =
            self.types.into_iter().filter_map(|(name, entry)| Some((name, entry.def?))).collect();
        self.interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        let mut schema = Schema {
            format: FORMAT,
            contract: contract.to_owned(),
            interfaces: self.interfaces,
            types,
        };
        let hashes: Vec<Hash> =
            schema.interfaces.iter().map(|each| interface_hash(&schema, each)).collect();
        for (interface, hash) in schema.interfaces.iter_mut().zip(hashes) {
            interface.hash = hash;
            let earlier = self.earlier.remove(&interface.name).unwrap_or_default();
            // The newest ones, of which most are in use.
            let newest = earlier.into_iter().rev().filter(|each| *each != hash);
            interface.earlier = newest.take(EARLIER_MAX as usize).collect();
        }
        check(&schema)?;
        Ok(schema)
    }
}

/// What every schema keeps, whether it was built or read.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    if schema.interfaces.len() > INTERFACES_MAX {
        return Err(SchemaError::TooMany(format!("more than {INTERFACES_MAX} interfaces")));
    }
    check_name(&schema.contract)?;
    let sizes = Sizes::new(schema);
    for (index, interface) in schema.interfaces.iter().enumerate() {
        check_name(&interface.name)?;
        if schema.interfaces.iter().skip(index + 1).any(|other| other.name == interface.name) {
            return Err(SchemaError::SameInterfaceName(interface.name.clone()));
        }
        if interface.channels.len() > CHANNELS_MAX {
            return Err(SchemaError::TooMany(format!(
                "`{}` has more than {CHANNELS_MAX} channels",
                interface.name
            )));
        }
        if interface.earlier.len() > EARLIER_MAX as usize {
            return Err(SchemaError::TooMany(format!(
                "`{}` names more than {EARLIER_MAX} earlier shapes",
                interface.name
            )));
        }
        for channel in &interface.channels {
            check_name(&channel.name)?;
            for ty in channel.types() {
                let place = format!("{}.{}", interface.name, channel.name);
                check_type(schema, &sizes, ty, &place, 0)?;
            }
        }
        if interface_hash(schema, interface) != interface.hash {
            return Err(SchemaError::HashDiffers(interface.name.clone()));
        }
    }
    for (name, def) in &schema.types {
        check_name(name)?;
        for ty in def.body.types() {
            check_type(schema, &sizes, ty, name, 0)?;
        }
    }
    blobs::check(schema)
}

fn check_name(name: &str) -> Result<(), SchemaError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(good) {
        return Err(SchemaError::BadName(name.to_owned()));
    }
    Ok(())
}

/// Checks a type where it is used; `depth` is how many others it stands in.
fn check_type(
    schema: &Schema,
    sizes: &Sizes<'_>,
    ty: &Type,
    place: &str,
    depth: usize,
) -> Result<(), SchemaError> {
    if depth > TYPE_DEPTH_MAX {
        return Err(SchemaError::NestedTypes(place.to_owned()));
    }
    if !limit_works(ty) {
        return Err(SchemaError::BadLimit(place.to_owned()));
    }
    let inside = |ty: &Type| check_type(schema, sizes, ty, place, depth + 1);
    match ty {
        Type::Named(name) if !schema.types.contains_key(name) => {
            Err(SchemaError::UnknownType(name.clone()))
        }
        Type::Option(inner) => inside(inner),
        Type::List { item, .. } | Type::Array { item, .. } => {
            inside(item)?;
            check_occupies(sizes, item, place)
        }
        Type::Map { key, value, .. } => {
            inside(key)?;
            inside(value)?;
            check_occupies(sizes, key, place)
        }
        Type::Tuple(items) => items.iter().try_for_each(inside),
        _ => Ok(()),
    }
}

/// Whether values can meet the limit of a type, and the file form can hold it.
fn limit_works(ty: &Type) -> bool {
    match ty {
        Type::Int { int, min, max } => {
            let (least, most) = int.range();
            let (min, max) = (min.unwrap_or(least), max.unwrap_or(most));
            least <= min && min <= max && max <= most
        }
        Type::Float { min, max, .. } => {
            let finite = [min, max].into_iter().flatten().all(|bound| bound.is_finite());
            finite && min.unwrap_or(f64::MIN) <= max.unwrap_or(f64::MAX)
        }
        Type::String { min, max }
        | Type::Bytes { min, max }
        | Type::Blob { min, max }
        | Type::TypedArray { min, max, .. }
        | Type::List { min, max, .. }
        | Type::Map { min, max, .. } => min.unwrap_or(0) <= max.unwrap_or(u32::MAX),
        _ => true,
    }
}

fn check_occupies(sizes: &Sizes<'_>, ty: &Type, place: &str) -> Result<(), SchemaError> {
    if sizes.of(ty) == 0 {
        return Err(SchemaError::EmptyItems(place.to_owned()));
    }
    Ok(())
}
