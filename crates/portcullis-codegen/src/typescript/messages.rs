//! The module `types.ts`: each message with its type, the two functions that write and read it, and its codec.

use portcullis_proto::schema::{Field, Type, TypeBody, TypeDef};

use super::docs::{documented, field_docs, joined, limits};
use super::layout::{Doc, block, concat, function, list, text};
use super::names;
use super::scope::Scope;

/// Everything of one named type.
pub(super) fn message(scope: &Scope<'_, '_>, name: &str, def: &TypeDef) -> Vec<Doc> {
    let code = scope.contract.names.ty(name);
    let mut items = declaration(scope, name, code, def);
    let (write, read) = match &def.body {
        TypeBody::Struct(fields) => {
            (write_struct(scope, name, fields), read_struct(scope, name, fields))
        }
        TypeBody::Tuple(types) => (write_tuple(scope, name, types), read_tuple(scope, name, types)),
        TypeBody::Table(fields) => super::tables::functions(scope, name, fields),
        TypeBody::Enum(variants) => super::enums::functions(scope, name, variants, false),
        TypeBody::FlexibleEnum(variants) => super::enums::functions(scope, name, variants, true),
    };
    items.extend([write, read]);
    let members =
        vec![text(format!("encode: encode{code}")), text(format!("decode: decode{code}"))];
    let codec = format!("export const {code}Codec: {}<{code}> = ", scope.ty("Codec"));
    items.push(documented(
        &format!("Writes and reads `{code}`."),
        concat(vec![text(codec), list("{", members, "}", true), text(";")]),
    ));
    items
}

fn declaration(scope: &Scope<'_, '_>, name: &str, code: &str, def: &TypeDef) -> Vec<Doc> {
    let docs = &def.docs;
    match &def.body {
        TypeBody::Struct(fields) | TypeBody::Table(fields) if fields.is_empty() => {
            let code = format!("export type {code} = Readonly<Record<string, never>>;");
            vec![documented(docs, text(code))]
        }
        TypeBody::Struct(fields) => {
            let members = fields.iter().map(|field| member(scope, field, &field.ty)).collect();
            vec![documented(docs, block(format!("export interface {code} "), members, ""))]
        }
        TypeBody::Table(fields) => {
            let members = fields
                .iter()
                .map(|field| member(scope, field, &Type::Option(Box::new(field.ty.clone()))))
                .collect();
            vec![
                documented(docs, block(format!("export interface {code} "), members, "")),
                super::tables::maker(code, fields),
            ]
        }
        TypeBody::Tuple(types) => match types.as_slice() {
            [inner] => newtype(scope, name, code, docs, inner),
            _ => {
                let ty = scope.type_of(&Type::Tuple(types.clone()));
                vec![documented(docs, text(format!("export type {code} = {ty};")))]
            }
        },
        TypeBody::Enum(variants) => {
            vec![documented(docs, super::enums::declaration(scope, code, variants, false))]
        }
        TypeBody::FlexibleEnum(variants) => {
            vec![documented(docs, super::enums::declaration(scope, code, variants, true))]
        }
    }
}

/// A property of an interface.
pub(super) fn member(scope: &Scope<'_, '_>, field: &Field, ty: &Type) -> Doc {
    let code = format!("readonly {}: {};", names::camel(&field.name), scope.type_of(ty));
    documented(&field_docs(field), text(code))
}

fn newtype(scope: &Scope<'_, '_>, name: &str, code: &str, docs: &str, inner: &Type) -> Vec<Doc> {
    let docs = joined(docs, &limits(inner).join(" "));
    let ty = scope.type_of(inner);
    if !scope.branded(&Type::Named(name.to_owned())) {
        return vec![documented(&docs, text(format!("export type {code} = {ty};")))];
    }
    let brand = scope.ty("Brand");
    vec![
        documented(&docs, text(format!("export type {code} = {brand}<{ty}, '{code}'>;"))),
        documented(
            &format!("Makes a `{code}` of a plain value."),
            text(format!("export const {code} = (value: {ty}): {code} => value as {code};")),
        ),
    ]
}

/// A function `encodeX`; `uses_value` is whether its body mentions the value.
pub(super) fn write_function(scope: &Scope<'_, '_>, name: &str, body: Vec<Doc>, used: bool) -> Doc {
    let code = scope.contract.names.ty(name);
    let writer = scope.ty("Writer");
    let (out, value) = if used { ("out", "value") } else { ("_out", "_value") };
    let parameters = vec![text(format!("{out}: {writer}")), text(format!("{value}: {code}"))];
    function(&format!("export function encode{code}"), parameters, "void", body)
}

/// A function `decodeX`.
pub(super) fn read_function(scope: &Scope<'_, '_>, name: &str, body: Vec<Doc>, used: bool) -> Doc {
    let code = scope.contract.names.ty(name);
    let reader = scope.ty("Reader");
    let input = if used { "input" } else { "_input" };
    let parameters = vec![text(format!("{input}: {reader}"))];
    function(&format!("export function decode{code}"), parameters, code, body)
}

/// `try { … } catch (error) { throw refused(error, at); }`.
pub(super) fn guarded(scope: &Scope<'_, '_>, tries: Vec<Doc>, writes: bool, at: &str) -> Doc {
    let adds = scope.value(if writes { "refused" } else { "within" });
    concat(vec![
        block("try ", tries, " "),
        block("catch (error) ", vec![text(format!("throw {adds}(error, {at});"))], ""),
    ])
}

/// Statements that write fields in order. The path of the field at hand stands in `at`, unless there is but one.
pub(super) fn write_fields(
    scope: &Scope<'_, '_>,
    fields: &[(String, &Type, String)],
    counts: bool,
) -> Vec<Doc> {
    let steps: Vec<(String, Vec<Doc>)> = fields
        .iter()
        .filter_map(|(path, ty, value)| Some((path.clone(), vec![scope.write(ty, value)?])))
        .collect();
    let mut body = Vec::new();
    if counts {
        body.push(text("out.enter();"));
    }
    body.extend(stepped(scope, steps, counts.then(|| text("out.leave();")), true));
    body
}

/// Steps inside a `try`, each with its path.
pub(super) fn stepped(
    scope: &Scope<'_, '_>,
    steps: Vec<(String, Vec<Doc>)>,
    last: Option<Doc>,
    writes: bool,
) -> Vec<Doc> {
    match steps.as_slice() {
        [] => last.into_iter().collect(),
        [(path, docs)] => {
            let tries = docs.iter().cloned().chain(last).collect();
            vec![guarded(scope, tries, writes, &format!("'{path}'"))]
        }
        [(first, _), ..] => {
            let head = text(format!("let at = '{first}';"));
            let mut tries = Vec::new();
            for (index, (path, docs)) in steps.into_iter().enumerate() {
                if index > 0 {
                    tries.push(text(format!("at = '{path}';")));
                }
                tries.extend(docs);
            }
            tries.extend(last);
            vec![head, guarded(scope, tries, writes, "at")]
        }
    }
}

fn write_struct(scope: &Scope<'_, '_>, name: &str, fields: &[Field]) -> Doc {
    let counts = scope.contract.nesting.counts(name);
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            let value = format!("value.{}", names::camel(&field.name));
            (field.name.clone(), &field.ty, value)
        })
        .collect();
    let body = write_fields(scope, &fields, counts);
    let used = !body.is_empty();
    write_function(scope, name, body, used)
}

fn read_struct(scope: &Scope<'_, '_>, name: &str, fields: &[Field]) -> Doc {
    let counts = scope.contract.nesting.counts(name);
    let locals = names::locals(fields.iter().map(|field| field.name.as_str()), &[]);
    let members = fields.iter().zip(&locals).map(|(field, local)| {
        let member = names::camel(&field.name);
        if member == *local { text(member) } else { text(format!("{member}: {local}")) }
    });
    let built = list("{", members.collect(), "}", true);
    let fields: Vec<_> = fields
        .iter()
        .zip(&locals)
        .map(|(field, local)| (field.name.clone(), &field.ty, local.clone()))
        .collect();
    let body = read_fields(scope, &fields, built, counts);
    read_function(scope, name, body, counts || !fields.is_empty())
}

/// Statements that read fields in order into constants, and return what is built from them.
pub(super) fn read_fields(
    scope: &Scope<'_, '_>,
    fields: &[(String, &Type, String)],
    built: Doc,
    counts: bool,
) -> Vec<Doc> {
    let mut body = Vec::new();
    if counts {
        body.push(text("input.enter();"));
    }
    let steps: Vec<(String, Vec<Doc>)> = fields
        .iter()
        .map(|(path, ty, local)| (path.clone(), vec![constant(scope, ty, local)]))
        .collect();
    let mut last = Vec::new();
    if counts {
        last.extend([text("input.leave();"), Doc::Hard]);
    }
    last.extend([text("return "), built, text(";")]);
    body.extend(stepped(scope, steps, Some(concat(last)), false));
    body
}

/// `const local = …;`.
pub(super) fn constant(scope: &Scope<'_, '_>, ty: &Type, local: &str) -> Doc {
    concat(vec![text(format!("const {local} = ")), scope.read(ty), text(";")])
}

fn write_tuple(scope: &Scope<'_, '_>, name: &str, types: &[Type]) -> Doc {
    let counts = scope.contract.nesting.counts(name);
    if let [inner] = types {
        let write = scope.write(inner, "value");
        let mut body = Vec::new();
        if counts {
            body.push(text("out.enter();"));
        }
        let used = counts || write.is_some();
        body.extend(write);
        if counts {
            body.push(text("out.leave();"));
        }
        return write_function(scope, name, body, used);
    }
    let fields: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, ty)| (index.to_string(), ty, format!("value[{index}]")))
        .collect();
    let body = write_fields(scope, &fields, counts);
    let used = !body.is_empty();
    write_function(scope, name, body, used)
}

fn read_tuple(scope: &Scope<'_, '_>, name: &str, types: &[Type]) -> Doc {
    let counts = scope.contract.nesting.counts(name);
    let code = scope.contract.names.ty(name);
    if let [inner] = types {
        let read = scope.read(inner);
        let cast = if scope.branded(inner) { format!(" as {code};") } else { ";".to_owned() };
        let body = if counts {
            vec![
                text("input.enter();"),
                concat(vec![text("const value = "), read, text(cast)]),
                text("input.leave();"),
                text("return value;"),
            ]
        } else {
            vec![concat(vec![text("return "), read, text(cast)])]
        };
        return read_function(scope, name, body, counts || *inner != Type::Unit);
    }
    let fields: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, ty)| (index.to_string(), ty, format!("value{index}")))
        .collect();
    let built = fields.iter().map(|(_, _, local)| text(local.clone())).collect();
    let built = list("[", built, "]", false);
    let body = read_fields(scope, &fields, built, counts);
    read_function(scope, name, body, counts || !types.is_empty())
}
