//! What stands inside newtypes: types of the contract that hold one other.

use portcullis_proto::schema::{Schema, Type, TypeBody};

/// How far newtypes of newtypes are followed; further ones hold themselves.
const NEWTYPES_MAX: usize = 64;

/// What is inside a newtype; `None` for any other type.
pub(crate) fn newtype<'a>(schema: &'a Schema, name: &str) -> Option<&'a Type> {
    match schema.types.get(name).map(|def| &def.body) {
        Some(TypeBody::Tuple(types)) => match types.as_slice() {
            [inner] => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// A type, or what is inside of all the newtypes that it is; `None` where these hold themselves.
pub(crate) fn unwrapped<'a>(schema: &'a Schema, ty: &'a Type) -> Option<&'a Type> {
    let mut ty = ty;
    for _ in 0..NEWTYPES_MAX {
        let Type::Named(name) = ty else { return Some(ty) };
        let Some(inner) = newtype(schema, name) else { return Some(ty) };
        ty = inner;
    }
    None
}
