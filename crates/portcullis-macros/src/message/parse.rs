//! What a `#[message]` item says, taken down without judging it; helper attributes are taken off the item.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Fields, Generics, Ident, Item, LitInt, Meta};

use crate::args::{self, Krate};
use crate::errors::Errors;
use crate::field::{Field, is_helper};
use crate::{docs, names};

/// Helper attributes of variants, and those of fields where they do not belong.
const VARIANT_HELPERS: &[&str] = &["tag", "unknown"];
const FIELD_HELPERS: &[&str] = &["limit", "with", "secret", "field"];

/// A message, as declared.
pub(crate) struct Message {
    pub(crate) args: Args,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) docs: String,
    pub(crate) body: Body,
}

/// What stands in `#[message(…)]`.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) krate: Krate,
    pub(crate) table: Option<Span>,
    pub(crate) flexible: Option<Span>,
}

/// What a message is made of.
pub(crate) enum Body {
    Struct(Shape),
    Enum(Vec<Variant>),
}

/// The fields of a struct or a variant.
pub(crate) struct Shape {
    pub(crate) named: bool,
    pub(crate) fields: Vec<Field>,
}

/// One variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// The name in paths of errors and in the schema.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) shape: Shape,
    pub(crate) tag: Option<LitInt>,
    pub(crate) unknown: Option<Span>,
    pub(crate) discriminant: Option<Span>,
    /// The declaration index.
    pub(crate) position: u32,
}

impl Variant {
    /// The number on the wire. A tag that is no `u32` has been noted by the judge.
    pub(crate) fn number(&self) -> u32 {
        let written = self.tag.as_ref().and_then(|tag| tag.base10_parse().ok());
        written.unwrap_or(self.position)
    }
}

/// Takes the item down; `None` when it is neither struct nor enum.
pub(crate) fn parse(args: TokenStream, item: &mut Item, errors: &mut Errors) -> Option<Message> {
    let args = errors.take(parse_args.parse2(args)).unwrap_or_default();
    match item {
        Item::Struct(item) => {
            misplaced(&mut item.attrs, "struct", errors);
            Some(Message {
                args,
                ident: item.ident.clone(),
                generics: item.generics.clone(),
                docs: docs::of(&item.attrs),
                body: Body::Struct(shape(&mut item.fields, errors)),
            })
        }
        Item::Enum(item) => {
            misplaced(&mut item.attrs, "enum", errors);
            let mut variants = Vec::new();
            for (position, variant) in item.variants.iter_mut().enumerate() {
                variants.push(parse_variant(position as u32, variant, errors));
            }
            Some(Message {
                args,
                ident: item.ident.clone(),
                generics: item.generics.clone(),
                docs: docs::of(&item.attrs),
                body: Body::Enum(variants),
            })
        }
        Item::Union(item) => {
            errors.at(
                item.union_token,
                "a union does not say which of its fields holds: use an enum",
            );
            None
        }
        other => {
            errors.at(other, "`#[message]` stands before a struct or an enum");
            None
        }
    }
}

fn parse_args(input: ParseStream<'_>) -> syn::Result<Args> {
    let mut parsed = Args::default();
    args::keys(input, |key, input| {
        match key.name.as_str() {
            "crate" => {
                key.equals(input, "crate = \"portcullis_proto\"")?;
                parsed.krate = Krate::parse(input)?;
            }
            "table" => parsed.table = Some(key.span),
            "flexible" => parsed.flexible = Some(key.span),
            other => {
                return Err(syn::Error::new(
                    key.span,
                    format!("`{other}` is not known here: `table`, `flexible` or `crate = \"…\"`"),
                ));
            }
        }
        Ok(())
    })?;
    Ok(parsed)
}

fn parse_variant(position: u32, variant: &mut syn::Variant, errors: &mut Errors) -> Variant {
    let mut parsed = Variant {
        ident: variant.ident.clone(),
        name: names::text(&variant.ident),
        docs: docs::of(&variant.attrs),
        shape: Shape { named: false, fields: Vec::new() },
        tag: None,
        unknown: None,
        discriminant: variant.discriminant.as_ref().map(|(_, value)| value.span()),
        position,
    };
    for attribute in variant.attrs.extract_if(.., |it| is_helper(it, VARIANT_HELPERS)) {
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("tag") => match list.parse_args::<LitInt>() {
                Ok(tag) if parsed.tag.is_none() => parsed.tag = Some(tag),
                Ok(_) => errors.at(&attribute, "`#[tag]` stands here twice: keep one"),
                Err(_) => errors.at(&list.tokens, TAG),
            },
            Meta::NameValue(pair) if pair.path.is_ident("tag") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(tag), .. }) => {
                    if parsed.tag.is_none() {
                        parsed.tag = Some(tag.clone());
                    } else {
                        errors.at(&attribute, "`#[tag]` stands here twice: keep one");
                    }
                }
                other => errors.at(other, TAG),
            },
            Meta::Path(path) if path.is_ident("unknown") => {
                parsed.unknown = Some(attribute.span());
            }
            meta if meta.path().is_ident("tag") => errors.at(&attribute, TAG),
            _ => errors.at(&attribute, "`#[unknown]` takes no arguments"),
        }
    }
    misplaced(&mut variant.attrs, "variant", errors);
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.at(attribute, "two builds of one contract must not differ: remove this `#[cfg]`");
    }
    parsed.shape = shape(&mut variant.fields, errors);
    parsed
}

fn shape(fields: &mut Fields, errors: &mut Errors) -> Shape {
    let named = matches!(fields, Fields::Named(_));
    let mut parsed = Vec::new();
    for (position, field) in fields.iter_mut().enumerate() {
        let ident = field.ident.clone();
        parsed.push(Field::parse(&mut field.attrs, ident, position, &field.ty, errors));
    }
    Shape { named, fields: parsed }
}

/// Takes off and notes helper attributes that stand before a whole struct, enum or variant.
fn misplaced(attributes: &mut Vec<Attribute>, what: &str, errors: &mut Errors) {
    let mut helpers = FIELD_HELPERS.to_vec();
    if what != "variant" {
        helpers.extend(VARIANT_HELPERS);
    }
    for attribute in attributes.extract_if(.., |attribute| is_helper(attribute, &helpers)) {
        let name = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        let home = if VARIANT_HELPERS.contains(&name.as_str()) { "variant" } else { "field" };
        errors.at(attribute, format!("`#[{name}]` belongs to a {home}, not to the whole {what}"));
    }
}

const TAG: &str = "a tag is the variant's number on the wire: `#[tag = 3]`";
