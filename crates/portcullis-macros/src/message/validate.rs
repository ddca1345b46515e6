//! Judges a parsed `#[message]`: every diagnostic that the tokens alone allow, each at the token that is to change.

use std::collections::HashMap;

use super::parse::{Body, Message, Shape, Variant};
use crate::errors::Errors;
use crate::{field::Field, names, types};

/// Notes all that is wrong with `message`.
pub(crate) fn check(message: &Message, errors: &mut Errors) {
    names::check(&message.ident, errors);
    if !message.generics.params.is_empty() {
        errors.at(
            &message.generics,
            "a message is one concrete type in every language: write one for each case, without generics",
        );
    } else if let Some(clause) = &message.generics.where_clause {
        errors.at(clause, "a message has no generics to constrain: remove the clause");
    }
    match &message.body {
        Body::Struct(shape) => {
            if let Some(span) = message.args.flexible {
                errors.at_span(
                    span,
                    "`flexible` is for enums: a struct that may gain fields is a `table`",
                );
            }
            match message.args.table {
                Some(span) if !shape.named => {
                    errors.at_span(
                        span,
                        "a table has named fields: `struct T { #[field(1)] a: Option<u32> }`",
                    );
                }
                Some(_) => check_table(shape, errors),
                None => check_struct(message, shape, errors),
            }
        }
        Body::Enum(variants) => {
            if let Some(span) = message.args.table {
                errors.at_span(
                    span,
                    "`table` is for structs: an enum that may gain variants is `flexible`",
                );
            }
            check_enum(message, variants, errors);
        }
    }
}

fn check_struct(message: &Message, shape: &Shape, errors: &mut Errors) {
    for field in &shape.fields {
        field.check(&field.ty, errors);
        field.check_no_number(errors);
        let held = ["Box", "Arc"].iter().find_map(|pointer| types::inside(&field.ty, pointer));
        if let Some(held) = held
            && (types::is(held, "Self") || types::is(held, &names::text(&message.ident)))
        {
            errors.at(
                &field.ty,
                "a struct that always holds another of itself has no end: use `Option<Box<…>>` or `Vec<…>`",
            );
        }
    }
    distinct(shape, errors);
}

fn distinct(shape: &Shape, errors: &mut Errors) {
    names::check_distinct(shape.fields.iter().filter_map(|f| f.ident.as_ref()), "fields", errors);
}

fn check_table(shape: &Shape, errors: &mut Errors) {
    let mut taken: HashMap<u32, String> = HashMap::new();
    let numbers = shape.fields.iter().filter_map(number);
    let next = numbers.max().unwrap_or(0).saturating_add(1);
    for field in &shape.fields {
        match types::inside(&field.ty, "Option") {
            Some(inner) => field.check(inner, errors),
            None => errors.at(
                &field.ty,
                "another build may not send this field: every field of a table is an `Option<…>`",
            ),
        }
        match (&field.number, number(field)) {
            (None, _) => errors.at(
                &field.ident,
                format!("a field of a table keeps its number for ever: add `#[field({next})]`"),
            ),
            (Some(literal), None | Some(0)) => {
                errors.at(literal, "the numbers of a table's fields go from 1 to 4294967295");
            }
            (Some(literal), Some(number)) => {
                if let Some(other) = taken.insert(number, field.name.clone()) {
                    errors.at(
                        literal,
                        format!(
                            "number {number} is taken by `{other}`: the next free one is {next}"
                        ),
                    );
                }
            }
        }
    }
    distinct(shape, errors);
}

fn number(field: &Field) -> Option<u32> {
    field.number.as_ref().and_then(|literal| literal.base10_parse().ok())
}

fn check_enum(message: &Message, variants: &[Variant], errors: &mut Errors) {
    let flexible = message.args.flexible;
    let known: Vec<&Variant> = variants.iter().filter(|it| it.unknown.is_none()).collect();
    let unknown: Vec<&Variant> = variants.iter().filter(|it| it.unknown.is_some()).collect();
    if known.is_empty() {
        errors.at(&message.ident, "an enum without variants has no values: give it one");
    }
    match (flexible, unknown.as_slice()) {
        (Some(span), []) => errors.at_span(
            span,
            "a flexible enum keeps what it does not know: add `#[unknown] Other(Unknown)` as the last variant",
        ),
        (None, [first, ..]) => errors.at(
            &first.ident,
            "only a flexible enum keeps unknown variants: write `#[message(flexible)]`",
        ),
        (_, [_, second, ..]) => {
            errors.at(&second.ident, "one variant keeps all that is unknown: remove this one");
        }
        _ => {}
    }
    for variant in &unknown {
        check_unknown(variant, variants, errors);
    }
    names::check_distinct(known.iter().map(|it| &it.ident), "variants", errors);
    let mut taken: HashMap<u32, String> = HashMap::new();
    let next = known.iter().map(|it| it.number()).max().unwrap_or(0).saturating_add(1);
    for variant in known {
        check_variant(variant, flexible.is_some(), errors);
        if let Some(other) = taken.insert(variant.number(), variant.name.clone()) {
            let number = variant.number();
            let text = format!("tag {number} is taken by `{other}`: write `#[tag = {next}]`");
            match &variant.tag {
                Some(tag) => errors.at(tag, text),
                None => errors.at(&variant.ident, text),
            }
        }
    }
}

fn check_unknown(variant: &Variant, all: &[Variant], errors: &mut Errors) {
    let holds_one = !variant.shape.named && variant.shape.fields.len() == 1;
    if !holds_one || variant.shape.fields.iter().any(|field| !types::is(&field.ty, "Unknown")) {
        errors.at(
            &variant.ident,
            "the variant for what is unknown holds its tag and bytes: `Other(Unknown)`",
        );
    }
    if let Some(tag) = &variant.tag {
        errors.at(tag, "what is unknown brings its own tag: remove this one");
    }
    if all.last().is_some_and(|last| last.ident != variant.ident) {
        errors.at(
            &variant.ident,
            "the variant for what is unknown stands last, so that it takes no tag",
        );
    }
}

fn check_variant(variant: &Variant, flexible: bool, errors: &mut Errors) {
    names::check(&variant.ident, errors);
    if let Some(tag) = &variant.tag
        && tag.base10_parse::<u32>().is_err()
    {
        errors.at(tag, "a tag is a number from 0 to 4294967295");
    }
    if let (Some(span), None) = (variant.discriminant, &variant.tag) {
        errors.at_span(
            span,
            "a discriminant is not the number on the wire: add `#[tag = …]`, or remove it",
        );
    }
    if flexible && names::camel_case(&variant.name) == "unknown" {
        errors.at(
            &variant.ident,
            "in TypeScript `unknown` is what a flexible enum does not know: choose another name",
        );
    }
    for field in &variant.shape.fields {
        field.check(&field.ty, errors);
        field.check_no_number(errors);
        if let Some(ident) = &field.ident
            && names::camel_case(&field.name) == "type"
        {
            errors.at(ident, "in TypeScript `type` names the variant: choose another name");
        }
    }
    distinct(&variant.shape, errors);
}
