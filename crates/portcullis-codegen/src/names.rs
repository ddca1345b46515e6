//! How names are kept apart, in every language.

/// Most characters that a suffix `_` is tried for.
const SUFFIXES_MAX: usize = 8;

/// Adds `_` until `name` is not taken.
pub(crate) fn apart(mut name: String, taken: impl Fn(&str) -> bool) -> String {
    for _ in 0..SUFFIXES_MAX {
        if !taken(&name) {
            break;
        }
        name.push('_');
    }
    name
}
