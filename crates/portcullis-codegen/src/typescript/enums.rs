//! The code of enums: a union of strings where no variant carries anything, else a union of objects with a `type`.

use portcullis_proto::schema::{Fields, Type, Variant};

use super::docs::documented;
use super::layout::{Doc, block, concat, lines, list, text};
use super::messages::{constant, guarded, member, read_function, write_function};
use super::names;
use super::scope::Scope;

/// The `type` of a variant that a build does not know.
const UNKNOWN: &str = "unknown";

/// The `type` of a variant.
fn tag_name(variant: &Variant) -> String {
    let name = names::camel(&variant.name);
    if name == UNKNOWN { format!("{name}_") } else { name }
}

/// Whether no variant carries anything.
fn unit_only(variants: &[Variant]) -> bool {
    variants.iter().all(|variant| variant.fields == Fields::Unit)
}

/// The name of a field of a variant beside `type`.
fn field_name(name: &str) -> String {
    let name = names::camel(name);
    if name == "type" { "type_".to_owned() } else { name }
}

/// The declaration of the union.
pub(super) fn declaration(
    scope: &Scope<'_, '_>,
    code: &str,
    variants: &[Variant],
    flexible: bool,
) -> Doc {
    let unit_only = unit_only(variants);
    let mut members: Vec<Doc> = variants
        .iter()
        .map(|variant| {
            let ty = if unit_only {
                text(format!("'{}'", tag_name(variant)))
            } else {
                variant_type(scope, variant)
            };
            let member = concat(vec![text("| "), ty]);
            documented(&variant.docs, member)
        })
        .collect();
    if flexible {
        members.push(text(format!("| {}", scope.ty("Unknown"))));
    }
    if members.is_empty() {
        return text(format!("export type {code} = never;"));
    }
    let documented = variants.iter().any(|variant| !variant.docs.trim().is_empty());
    if unit_only && !documented {
        let flat: Vec<String> = variants
            .iter()
            .map(|variant| format!("'{}'", tag_name(variant)))
            .chain(flexible.then(|| scope.ty("Unknown").to_owned()))
            .collect();
        let line = format!("export type {code} = {};", flat.join(" | "));
        if line.chars().count() <= 100 {
            return text(line);
        }
    }
    concat(vec![
        text(format!("export type {code} =")),
        Doc::Indent(Box::new(concat(vec![Doc::Hard, lines(members)]))),
        text(";"),
    ])
}

fn variant_type(scope: &Scope<'_, '_>, variant: &Variant) -> Doc {
    let head = format!("readonly type: '{}'", tag_name(variant));
    match &variant.fields {
        Fields::Unit => text(format!("{{ {head} }}")),
        Fields::Tuple(types) => match types.as_slice() {
            [one] => text(format!("{{ {head}; readonly value: {} }}", scope.type_of(one))),
            _ => {
                let ty = scope.type_of(&Type::Tuple(types.clone()));
                text(format!("{{ {head}; readonly values: {ty} }}"))
            }
        },
        Fields::Struct(fields) => {
            let plain = fields.iter().all(|field| super::docs::field_docs(field).is_empty());
            let flat: Vec<String> = std::iter::once(head.clone())
                .chain(fields.iter().map(|field| {
                    format!("readonly {}: {}", field_name(&field.name), scope.type_of(&field.ty))
                }))
                .collect();
            let line = format!("{{ {} }}", flat.join("; "));
            if plain && line.chars().count() <= 90 {
                return text(line);
            }
            let mut members = vec![text(format!("{head};"))];
            members.extend(fields.iter().map(|field| {
                let mut renamed = field.clone();
                renamed.name = field_name(&field.name);
                member(scope, &renamed, &field.ty)
            }));
            Doc::Indent(Box::new(block("", members, "")))
        }
    }
}

/// The functions that write and read an enum.
pub(super) fn functions(
    scope: &Scope<'_, '_>,
    name: &str,
    variants: &[Variant],
    flexible: bool,
) -> (Doc, Doc) {
    let counts = scope.contract.nesting.counts(name);
    (write(scope, name, variants, flexible, counts), read(scope, name, variants, flexible, counts))
}

/// The fields of a variant: path, type, and the property that holds it.
fn fields_of(variant: &Variant) -> Vec<(String, &Type, String)> {
    let path = |name: &str| format!("{}.{name}", variant.name);
    match &variant.fields {
        Fields::Unit => Vec::new(),
        Fields::Tuple(types) => match types.as_slice() {
            [one] => vec![(path("0"), one, "value".to_owned())],
            _ => types
                .iter()
                .enumerate()
                .map(|(index, ty)| (path(&index.to_string()), ty, format!("values[{index}]")))
                .collect(),
        },
        Fields::Struct(fields) => fields
            .iter()
            .map(|field| (path(&field.name), &field.ty, field_name(&field.name)))
            .collect(),
    }
}

fn write(
    scope: &Scope<'_, '_>,
    name: &str,
    variants: &[Variant],
    flexible: bool,
    counts: bool,
) -> Doc {
    let unit_only = unit_only(variants);
    let mut cases = Vec::new();
    for variant in variants {
        let fields = fields_of(variant);
        let mut body = vec![text(format!("out.count({});", variant.tag))];
        if fields.is_empty() && flexible {
            body.push(text("out.count(0);"));
        } else if !fields.is_empty() {
            let enters = counts || flexible;
            if enters {
                body.push(text(format!("at = '{}';", variant.name)));
            }
            if flexible {
                body.push(text("const part = out.beginPart();"));
            }
            if counts {
                body.push(text("out.enter();"));
            }
            for (path, ty, property) in &fields {
                if let Some(write) = scope.write(ty, &format!("value.{property}")) {
                    body.push(text(format!("at = '{path}';")));
                    body.push(write);
                }
            }
            if counts {
                body.push(text("out.leave();"));
            }
            if flexible {
                body.push(text("out.endPart(part);"));
            }
        }
        body.push(text("break;"));
        let head = format!("case '{}': ", tag_name(variant));
        cases.push(case(head, body, flexible && !fields.is_empty()));
    }
    if flexible && !unit_only {
        let tags = known_tags(variants);
        let write = format!("{}(out, value, {tags});", scope.value("writeUnknown"));
        cases.push(case("case 'unknown': ".to_owned(), vec![text(write), text("break;")], false));
    }
    let no_variant = format!("{}(value);", scope.value("noVariant"));
    cases.push(case("default: ".to_owned(), vec![text(no_variant)], false));
    let has_fields = variants.iter().any(|variant| !fields_of(variant).is_empty());
    let mut body = Vec::new();
    if unit_only && flexible {
        let tags = known_tags(variants);
        body.push(block(
            "if (typeof value === 'object') ",
            vec![
                text(format!("{}(out, value, {tags});", scope.value("writeUnknown"))),
                text("return;"),
            ],
            "",
        ));
    }
    let on = if unit_only { "value" } else { "value.type" };
    let switch = block(format!("switch ({on}) "), cases, "");
    if has_fields {
        body.push(text("let at = '';"));
        body.push(guarded(scope, vec![switch], true, "at"));
    } else {
        body.push(switch);
    }
    write_function(scope, name, body, true)
}

fn known_tags(variants: &[Variant]) -> String {
    let tags: Vec<String> = variants.iter().map(|variant| variant.tag.to_string()).collect();
    format!("[{}]", tags.join(", "))
}

/// `case x:` and its statements, in a block of their own where they declare something.
fn case(head: String, body: Vec<Doc>, braces: bool) -> Doc {
    if braces {
        return block(head, body, "");
    }
    let mut inner = Vec::new();
    for line in body {
        inner.extend([Doc::Hard, line]);
    }
    concat(vec![text(head.trim_end()), Doc::Indent(Box::new(concat(inner)))])
}

fn read(
    scope: &Scope<'_, '_>,
    name: &str,
    variants: &[Variant],
    flexible: bool,
    counts: bool,
) -> Doc {
    let unit_only = unit_only(variants);
    let mut cases = Vec::new();
    let mut uses_path = false;
    for variant in variants {
        let fields = fields_of(variant);
        let ty = tag_name(variant);
        let mut body = Vec::new();
        if flexible || (counts && !fields.is_empty()) {
            body.push(text(format!("at = '{}';", variant.name)));
            uses_path = true;
        }
        if flexible && fields.is_empty() {
            body.push(text("input.endPart(input.beginPart());"));
        } else if flexible {
            body.push(text("const outer = input.beginPart();"));
        }
        if counts && !fields.is_empty() {
            body.push(text("input.enter();"));
        }
        let locals = locals(variant);
        for ((path, ty, _), local) in fields.iter().zip(&locals) {
            body.push(text(format!("at = '{path}';")));
            body.push(constant(scope, ty, local));
            uses_path = true;
        }
        if counts && !fields.is_empty() {
            body.push(text("input.leave();"));
        }
        if flexible && !fields.is_empty() {
            body.push(text(format!("at = '{}';", variant.name)));
            body.push(text("input.endPart(outer);"));
        }
        let built = if unit_only { text(format!("'{ty}'")) } else { built(variant, &ty, &locals) };
        body.push(concat(vec![text("return "), built, text(";")]));
        cases.push(case(format!("case {}: ", variant.tag), body, !fields.is_empty()));
    }
    let other = if flexible {
        format!("return {}(input, tag);", scope.value("readUnknown"))
    } else {
        format!("return {}('unknown_tag');", scope.value("fail"))
    };
    cases.push(case("default: ".to_owned(), vec![text(other)], false));
    let mut inside = Vec::new();
    if flexible {
        inside.push(text("const tag = input.u32();"));
        inside.push(block("switch (tag) ", cases, ""));
    } else {
        inside.push(block("switch (input.u32()) ", cases, ""));
    }
    let body = if uses_path {
        vec![text("let at = '';"), guarded(scope, inside, false, "at")]
    } else {
        inside
    };
    read_function(scope, name, body, true)
}

/// The constants that the fields of a variant are read into.
fn locals(variant: &Variant) -> Vec<String> {
    match &variant.fields {
        Fields::Unit => Vec::new(),
        Fields::Tuple(types) => match types.len() {
            1 => vec!["value".to_owned()],
            count => (0..count).map(|index| format!("value{index}")).collect(),
        },
        Fields::Struct(fields) => {
            names::locals(fields.iter().map(|field| field.name.as_str()), &[])
        }
    }
}

/// The object of a variant.
fn built(variant: &Variant, ty: &str, locals: &[String]) -> Doc {
    let mut members = vec![text(format!("type: '{ty}'"))];
    match &variant.fields {
        Fields::Unit => {}
        Fields::Tuple(types) if types.len() == 1 => members.push(text("value")),
        Fields::Tuple(_) => {
            let values = locals.iter().map(|local| text(local.clone())).collect();
            members.push(concat(vec![text("values: "), list("[", values, "]", false)]));
        }
        Fields::Struct(fields) => {
            for (field, local) in fields.iter().zip(locals) {
                let name = field_name(&field.name);
                let member = if name == *local { name } else { format!("{name}: {local}") };
                members.push(text(member));
            }
        }
    }
    list("{", members, "}", true)
}
