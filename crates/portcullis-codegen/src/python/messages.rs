//! The module `types.py`: each message with its class and its codec.

use std::collections::BTreeSet;

use portcullis_proto::schema::{Field, Fields, Type, TypeBody, TypeDef, Variant};

use super::docs::{docstring, field_docs, limits};
use super::names::{distinct, members, unit_only, variant_class};
use super::types::Place;
use super::{Contract, PYTHON_HEADER};
use crate::newtypes::newtype;
use crate::prose::joined;

/// What every module of messages imports, under names that no message can have.
const IMPORTS: &str = "from __future__ import annotations

import builtins as _builtins
import dataclasses as _dataclasses
import datetime as _datetime
import enum as _enum
import typing as _typing
import uuid as _uuid
from collections.abc import Mapping as _Mapping, Sequence as _Sequence

from portcullis import codec as _codec
";

/// The text of `types.py`.
pub(super) fn module(contract: &Contract<'_>) -> String {
    let name = &contract.schema.contract;
    let mut out =
        format!("{PYTHON_HEADER}\n\"\"\"The messages of the contract `{name}`.\"\"\"\n\n{IMPORTS}");
    let mut exports = Vec::new();
    for name in ordered(contract) {
        if let Some(def) = contract.schema.types.get(name) {
            message(contract, name, def, &mut out, &mut exports);
        }
    }
    exports.sort();
    out.push_str("\n__all__ = [\n");
    for name in exports {
        out.push_str(&format!("    \"{name}\",\n"));
    }
    out.push_str("]\n");
    out
}

/// The names of all types; a newtype stands behind the newtype that it is made of.
fn ordered<'a>(contract: &Contract<'a>) -> Vec<&'a str> {
    let mut placed = BTreeSet::new();
    let mut order = Vec::new();
    for name in contract.schema.types.keys() {
        let mut chain = vec![name.as_str()];
        // A chain holds each type once.
        while let Some(Type::Named(inner)) =
            chain.last().and_then(|name| newtype(contract.schema, name))
        {
            match contract.schema.types.get_key_value(inner) {
                Some((inner, _)) if !chain.contains(&inner.as_str()) => chain.push(inner),
                _ => break,
            }
        }
        order.extend(chain.into_iter().rev().filter(|name| placed.insert(*name)));
    }
    order
}

fn message(
    contract: &Contract<'_>,
    name: &str,
    def: &TypeDef,
    out: &mut String,
    exports: &mut Vec<String>,
) {
    let code = contract.names.ty(name);
    let docs = &def.docs;
    exports.extend([code.to_owned(), format!("{code}Codec")]);
    let (annotation, codec) = match &def.body {
        TypeBody::Struct(fields) => {
            let names = field_names(fields);
            class(contract, code, docs, &pairs(fields, &names), false, out);
            let codec = format!(
                "_codec.Struct(\n    {code},\n{})",
                codecs(contract, fields, &names, false)
            );
            (code.to_owned(), codec)
        }
        TypeBody::Table(fields) => {
            let names = field_names(fields);
            class(contract, code, docs, &pairs(fields, &names), true, out);
            let codec =
                format!("_codec.Table(\n    {code},\n{})", codecs(contract, fields, &names, true));
            (code.to_owned(), codec)
        }
        TypeBody::Tuple(types) => {
            tuple(contract, code, docs, types, out);
            let parts: Vec<String> =
                types.iter().map(|ty| contract.codec_of(ty, Place::TYPES)).collect();
            let kind = if types.len() == 1 { "Newtype" } else { "TupleStruct" };
            (code.to_owned(), format!("_codec.{kind}({})", parts.join(", ")))
        }
        TypeBody::Enum(variants) => {
            enumeration(contract, code, docs, variants, false, out, exports)
        }
        TypeBody::FlexibleEnum(variants) => {
            enumeration(contract, code, docs, variants, true, out, exports)
        }
    };
    out.push_str(&format!(
        "\n\n{code}Codec: _codec.Codec[{annotation}] = {codec}\n\"\"\"Writes and reads `{code}`.\"\"\"\n"
    ));
}

fn field_names(fields: &[Field]) -> Vec<String> {
    distinct(fields.iter().map(|field| field.name.as_str()), &[])
}

/// A member of a class: its name, type and documentation.
struct Member<'a> {
    name: &'a str,
    ty: &'a Type,
    docs: String,
}

fn pairs<'a>(fields: &'a [Field], names: &'a [String]) -> Vec<Member<'a>> {
    fields
        .iter()
        .zip(names)
        .map(|(field, name)| Member { name, ty: &field.ty, docs: field_docs(field) })
        .collect()
}

/// A dataclass.
fn class(
    contract: &Contract<'_>,
    code: &str,
    docs: &str,
    members: &[Member<'_>],
    optional: bool,
    out: &mut String,
) {
    out.push_str(&format!("\n\n@_dataclasses.dataclass(frozen=True, slots=True)\nclass {code}:\n"));
    let documentation = docstring(docs, "    ");
    out.push_str(&documentation);
    if members.is_empty() && documentation.is_empty() {
        out.push_str("    pass\n");
    }
    if !members.is_empty() && !documentation.is_empty() {
        out.push('\n');
    }
    let place = Place::TYPES.inside(members.iter().map(|member| member.name));
    for Member { name, ty, docs } in members {
        if optional {
            let option = Type::Option(Box::new((*ty).clone()));
            out.push_str(&format!("    {name}: {} = None\n", contract.type_of(&option, place)));
        } else {
            out.push_str(&format!("    {name}: {}\n", contract.type_of(ty, place)));
        }
        out.push_str(&docstring(docs, "    "));
    }
}

/// The rows `_codec.Field(…)` of a struct or table.
fn codecs(contract: &Contract<'_>, fields: &[Field], names: &[String], table: bool) -> String {
    let row = |(field, name): (&Field, &String)| {
        let mut codec = contract.codec_of(&field.ty, Place::TYPES);
        if table && contract.nullable(&field.ty) {
            codec = format!("_codec.Present({codec})");
        }
        let number = if table { format!(", {}", field.number) } else { String::new() };
        format!("    _codec.Field(\"{}\", \"{name}\", {codec}{number}),\n", field.name)
    };
    fields.iter().zip(names).map(row).collect()
}

/// A tuple struct: a type of its own where its values are of a built-in class, else another name for what is inside.
fn tuple(contract: &Contract<'_>, code: &str, docs: &str, types: &[Type], out: &mut String) {
    let (declared, docs) = match types {
        [inner] => {
            let docs = joined(docs, &limits(inner).join(" "));
            let ty = contract.type_of(inner, Place::TYPES);
            match contract.primitive(inner) {
                Some(_) => (format!("{code} = _typing.NewType(\"{code}\", {ty})"), docs),
                None => (format!("{code}: _typing.TypeAlias = \"{ty}\""), docs),
            }
        }
        _ => {
            let ty = contract.tuple_of(types, Place::TYPES);
            (format!("{code}: _typing.TypeAlias = \"{ty}\""), docs.to_owned())
        }
    };
    out.push_str(&format!("\n\n{declared}\n{}", docstring(&docs, "")));
}

/// An enum; what its codec is for, and the codec.
fn enumeration(
    contract: &Contract<'_>,
    code: &str,
    docs: &str,
    variants: &[Variant],
    flexible: bool,
    out: &mut String,
    exports: &mut Vec<String>,
) -> (String, String) {
    let flag = if flexible { "True" } else { "False" };
    let mut rows = String::new();
    if unit_only(variants) && !variants.is_empty() {
        out.push_str(&format!("\n\nclass {code}(_enum.Enum):\n"));
        let documentation = docstring(docs, "    ");
        out.push_str(&documentation);
        if !documentation.is_empty() {
            out.push('\n');
        }
        for (variant, member) in variants.iter().zip(members(variants)) {
            out.push_str(&format!("    {member} = {}\n", variant.tag));
            out.push_str(&docstring(&variant.docs, "    "));
            rows.push_str(&format!(
                "    _codec.Variant(\"{}\", {}, {code}.{member}),\n",
                variant.name, variant.tag
            ));
        }
        let annotation =
            if flexible { format!("{code} | _codec.Unknown") } else { code.to_owned() };
        return (annotation, format!("_codec.Enum(\n    {flag},\n{rows})"));
    }
    let mut classes = Vec::new();
    for variant in variants {
        let class_name = variant_class(code, variant);
        variant_class_text(contract, &class_name, variant, out, &mut rows);
        classes.push(class_name);
    }
    exports.extend(classes.iter().cloned());
    if flexible {
        classes.push("_codec.Unknown".to_owned());
    }
    let union =
        if classes.is_empty() { "_typing.NoReturn".to_owned() } else { classes.join(" | ") };
    out.push_str(&format!("\n\n{code}: _typing.TypeAlias = \"{union}\"\n{}", docstring(docs, "")));
    (code.to_owned(), format!("_codec.Enum(\n    {flag},\n{rows})"))
}

/// The dataclass of a variant, and its row in the codec.
fn variant_class_text(
    contract: &Contract<'_>,
    class_name: &str,
    variant: &Variant,
    out: &mut String,
    rows: &mut String,
) {
    let fields: Vec<(String, &Type, String)> = match &variant.fields {
        Fields::Unit => Vec::new(),
        Fields::Tuple(types) => types
            .iter()
            .enumerate()
            .map(|(index, ty)| (index.to_string(), ty, limits(ty).join(" ")))
            .collect(),
        Fields::Struct(fields) => {
            fields.iter().map(|field| (field.name.clone(), &field.ty, field_docs(field))).collect()
        }
    };
    let names: Vec<String> = match &variant.fields {
        Fields::Unit => Vec::new(),
        Fields::Tuple(types) if types.len() == 1 => vec!["value".to_owned()],
        Fields::Tuple(types) => (0..types.len()).map(|index| format!("value{index}")).collect(),
        Fields::Struct(fields) => field_names(fields),
    };
    let members: Vec<Member<'_>> = fields
        .iter()
        .zip(&names)
        .map(|((_, ty, docs), name)| Member { name, ty, docs: docs.clone() })
        .collect();
    class(contract, class_name, &variant.docs, &members, false, out);
    let parts: Vec<String> = fields
        .iter()
        .zip(&names)
        .map(|((path, ty, _), name)| {
            format!("_codec.Field(\"{path}\", \"{name}\", {})", contract.codec_of(ty, Place::TYPES))
        })
        .collect();
    let parts = match parts.as_slice() {
        [] => String::new(),
        [one] => format!(", ({one},)"),
        _ => format!(", ({})", parts.join(", ")),
    };
    rows.push_str(&format!(
        "    _codec.Variant(\"{}\", {}, {class_name}{parts}),\n",
        variant.name, variant.tag
    ));
}
