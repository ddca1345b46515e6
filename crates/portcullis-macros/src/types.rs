//! What a field, argument or item may be, as far as its tokens tell. What only the compiler knows is left to the
//! trait `Message`, whose own diagnostics say how to mend it.

use syn::visit::{self, Visit};
use syn::{GenericArgument, Ident, PathArguments, Type, TypePath};

use crate::errors::Errors;

/// Types that never cross, and what to write in their place.
const REFUSED: &[(&str, &str)] = &[
    (
        "usize",
        "`usize` differs between machines: use `u32`, `u64` or `SafeInt` (a `number` in TypeScript)",
    ),
    (
        "isize",
        "`isize` differs between machines: use `i32`, `i64` or `SafeInt` (a `number` in TypeScript)",
    ),
    ("char", "`char` does not cross: use `String`"),
    ("str", "borrowed text does not cross: use `String`"),
    ("u128", "no language but Rust has `u128`: use `[u8; 16]` or `Uuid`"),
    ("i128", "no language but Rust has `i128`: use `[u8; 16]`"),
    ("SystemTime", "use `Timestamp`, which is the same on every platform"),
    ("Instant", "an `Instant` means nothing to another process: use `Timestamp` or `Duration`"),
    ("PathBuf", "paths are not text on every platform: use `String`, or `Vec<u8>`"),
    ("OsString", "this is not text on every platform: use `String`, or `Vec<u8>`"),
    ("Rc", "a message must be `Send`: use `Arc` or `Box`"),
    ("HashSet", "a set has no form in TypeScript: use `Vec`, or a map to `bool`"),
    ("BTreeSet", "a set has no form in TypeScript: use `Vec`, or a map to `bool`"),
];

/// Notes what cannot cross a boundary in `ty`.
pub(crate) fn check(ty: &Type, errors: &mut Errors) {
    Walk { errors }.visit_type(ty);
}

/// The last segment of a path, when `ty` is one: `Vec` of `std::vec::Vec<u8>`.
fn last(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(TypePath { qself: None, path }) = strip(ty) else { return None };
    let segment = path.segments.last()?;
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((&segment.ident, arguments))
}

/// The type without parentheses and invisible groups.
pub(crate) fn strip(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => strip(&inner.elem),
        Type::Group(inner) => strip(&inner.elem),
        other => other,
    }
}

/// `T` of `name<T>`.
pub(crate) fn inside<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match last(ty) {
        Some((ident, arguments)) if ident == name => arguments.into_iter().next(),
        _ => None,
    }
}

/// Whether `ty` is the path `name`, from wherever.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|(ident, _)| ident == name)
}

/// The item of `Vec<T>` or `Option<Vec<T>>`.
pub(crate) fn list_item(ty: &Type) -> Option<&Type> {
    inside(inside(ty, "Option").unwrap_or(ty), "Vec")
}

/// The items of lists and arrays and the keys of maps in `ty`: they must occupy at least one byte.
pub(crate) fn items(ty: &Type) -> Vec<&Type> {
    struct Items<'a>(Vec<&'a Type>);
    impl<'a> Visit<'a> for Items<'a> {
        fn visit_type(&mut self, ty: &'a Type) {
            if let Type::Array(array) = ty {
                self.0.push(&array.elem);
            }
            for name in ["Vec", "HashMap", "BTreeMap"] {
                self.0.extend(inside(ty, name));
            }
            visit::visit_type(self, ty);
        }
    }
    let mut items = Items(Vec::new());
    items.visit_type(ty);
    items.0
}

/// The assertion about the items of a list without a limit.
pub(crate) const UNLIMITED_ITEM: &str = "unlimited_item";
/// The assertion about the entries of a map without a limit.
const UNLIMITED_ENTRY: &str = "unlimited_entry";

/// The lists and maps in `ty`: for each the name of the assertion that holds where it has no limit, and its arguments.
pub(crate) fn unlimited(ty: &Type) -> Vec<(&'static str, Vec<&Type>)> {
    struct Unlimited<'a>(Vec<(&'static str, Vec<&'a Type>)>);
    impl<'a> Visit<'a> for Unlimited<'a> {
        fn visit_type(&mut self, ty: &'a Type) {
            match last(ty) {
                Some((name, held)) if name == "Vec" && held.len() == 1 => {
                    self.0.push((UNLIMITED_ITEM, held));
                }
                Some((name, held)) if MAPS.iter().any(|map| name == map) && held.len() >= 2 => {
                    self.0.push((UNLIMITED_ENTRY, held.into_iter().take(2).collect()));
                }
                _ => {}
            }
            visit::visit_type(self, ty);
        }
    }
    let mut unlimited = Unlimited(Vec::new());
    unlimited.visit_type(ty);
    unlimited.0
}

/// What is left of `ty` behind a limit of how much it holds: what a list or a map holds.
pub(crate) fn counted(ty: &Type) -> Vec<&Type> {
    let ty = ["Option", "Box", "Arc"].iter().fold(ty, |ty, outer| inside(ty, outer).unwrap_or(ty));
    match last(ty) {
        Some((name, held)) if name == "Vec" || MAPS.iter().any(|map| name == map) => held,
        _ => Vec::new(),
    }
}

/// Maps that cross.
const MAPS: [&str; 2] = ["HashMap", "BTreeMap"];

struct Walk<'e> {
    errors: &'e mut Errors,
}

impl<'a> Visit<'a> for Walk<'_> {
    fn visit_type(&mut self, ty: &'a Type) {
        match ty {
            Type::Reference(_) => {
                return self.errors.at(
                    ty,
                    "a reference cannot cross to another process: use the owned type (`String`, `Vec<T>`)",
                );
            }
            Type::Ptr(_) | Type::BareFn(_) => {
                return self
                    .errors
                    .at(ty, "pointers and functions cannot cross to another process");
            }
            Type::TraitObject(_) | Type::ImplTrait(_) => {
                return self.errors.at(
                    ty,
                    "the other side must know the type: name it, or use an enum of the possible ones",
                );
            }
            Type::Slice(_) => {
                return self.errors.at(ty, "a slice has no size of its own: use `Vec<T>`");
            }
            Type::Never(_) | Type::Infer(_) | Type::Macro(_) => {
                return self.errors.at(ty, "write the type out: the contract is made from it");
            }
            Type::Tuple(tuple) if tuple.elems.len() == 1 || tuple.elems.len() > 4 => {
                self.errors
                    .at(ty, "a tuple has two to four values: use a struct with named fields");
            }
            _ => {}
        }
        visit::visit_type(self, ty);
    }

    fn visit_type_path(&mut self, path: &'a TypePath) {
        if let Some(segment) = path.path.segments.last()
            && let Some((_, why)) = REFUSED.iter().find(|(name, _)| segment.ident == name)
        {
            return self.errors.at(&segment.ident, why);
        }
        visit::visit_type_path(self, path);
    }

    fn visit_lifetime(&mut self, lifetime: &'a syn::Lifetime) {
        self.errors.at(lifetime, "a message owns what it holds: lifetimes cannot cross");
    }

    /// Lengths of arrays are expressions, not types.
    fn visit_expr(&mut self, _: &'a syn::Expr) {}
}
