//! Names as other languages see them: the schema's text of an identifier, and the camel case of TypeScript, in which
//! two names must not become one.

use proc_macro2::Span;
use syn::Ident;
use syn::ext::IdentExt;

use crate::errors::Errors;

/// Longest name that the schema takes, in bytes (`portcullis_proto::schema`).
const NAME_BYTES_MAX: usize = 128;

/// The text of an identifier, without `r#`.
pub(crate) fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `frame_rate` and `FrameRate` become `frameRate`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = !camel.is_empty(),
            _ if camel.is_empty() => camel.extend(c.to_lowercase()),
            _ if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            _ => camel.push(c),
        }
    }
    camel
}

/// Notes a name that the schema would refuse.
pub(crate) fn check(ident: &Ident, errors: &mut Errors) {
    let name = text(ident);
    if !name.is_ascii() {
        errors.at(
            ident,
            format!("`{name}` crosses to other languages: use ASCII letters, digits and `_` only"),
        );
    } else if name.len() > NAME_BYTES_MAX {
        errors.at(ident, format!("names in a contract have at most {NAME_BYTES_MAX} bytes"));
    } else if camel_case(&name).is_empty() {
        errors.at(ident, format!("`{name}` has no name in TypeScript: use a letter"));
    }
}

/// Notes names that TypeScript could not tell apart. `what` is `fields`, `variants` or `channels`.
pub(crate) fn check_distinct<'a>(
    names: impl Iterator<Item = &'a Ident>,
    what: &str,
    errors: &mut Errors,
) {
    let mut seen: Vec<(String, String)> = Vec::new();
    for ident in names {
        let name = text(ident);
        let camel = camel_case(&name);
        match seen.iter().find(|(other, _)| *other == camel) {
            Some((_, other)) if *other != name => errors.at(
                ident,
                format!(
                    "the {what} `{other}` and `{name}` are both `{camel}` in TypeScript: rename one"
                ),
            ),
            Some(_) => {}
            None => seen.push((camel, name)),
        }
    }
}

/// Notes a wire name (of an interface, a contract, a capability) that the schema would refuse.
pub(crate) fn check_wire(name: &str, span: Span, what: &str, errors: &mut Errors) {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(good) {
        errors.at_span(
            span,
            format!(
                "{what} has 1 to {NAME_BYTES_MAX} of ASCII letters, digits, `_`, `-` and `.`, as in `studio.cameras`"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn camel_case_is_that_of_typescript() {
        let cases = [
            ("frame_rate", "frameRate"),
            ("FrameRate", "frameRate"),
            ("id", "id"),
            ("x_2", "x2"),
            ("_private", "private"),
            ("a__b", "aB"),
            ("trailing_", "trailing"),
            ("HTTPError", "hTTPError"),
        ];
        for (name, camel) in cases {
            assert_eq!(camel_case(name), camel);
        }
    }
}
