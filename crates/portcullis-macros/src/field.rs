//! One field of a message or one argument of a channel: its helper attributes, what is wrong with them, and the code
//! that writes, reads and describes it. Structs, variants, tables and argument lists are all made of these.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitInt, Meta, Path, Type};

use crate::errors::Errors;
use crate::limit::Limit;
use crate::{args, docs, limit, names, types};

/// The helper attributes of a field. They are ours alone, so they are taken off before the item goes to rustc.
const HELPERS: &[&str] = &["limit", "with", "secret", "field"];

/// A field or argument, as declared.
pub(crate) struct Field {
    /// The name in paths of errors and in the schema: the identifier, or the position in a tuple.
    pub(crate) name: String,
    /// The identifier; `None` in a tuple.
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: Type,
    pub(crate) docs: String,
    pub(crate) limit: Option<Limit>,
    pub(crate) with: Option<Path>,
    pub(crate) secret: Option<Span>,
    pub(crate) number: Option<LitInt>,
}

impl Field {
    /// Takes the helper attributes off `attributes`; what cannot be parsed is noted and left out.
    pub(crate) fn parse(
        attributes: &mut Vec<Attribute>,
        ident: Option<Ident>,
        position: usize,
        ty: &Type,
        errors: &mut Errors,
    ) -> Self {
        let mut field = Self {
            name: ident.as_ref().map_or_else(|| position.to_string(), names::text),
            ident,
            ty: ty.clone(),
            docs: docs::of(attributes),
            limit: None,
            with: None,
            secret: None,
            number: None,
        };
        let mut seen = Vec::new();
        for attribute in attributes.extract_if(.., |attribute| is_helper(attribute, HELPERS)) {
            let name = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
            if seen.contains(&name) {
                errors.at(&attribute, format!("`#[{name}]` stands here twice: keep one"));
                continue;
            }
            field.take(&name, &attribute, errors);
            seen.push(name);
        }
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
            errors.at(
                attribute,
                "two builds of one contract must not differ: remove this `#[cfg]`, or make the field an `Option`",
            );
        }
        field
    }

    fn take(&mut self, name: &str, attribute: &Attribute, errors: &mut Errors) {
        match (name, &attribute.meta) {
            ("limit", Meta::List(list)) => {
                self.limit = errors.take(list.parse_args::<Limit>());
                if let Some(limit) = &mut self.limit {
                    limit.span = attribute.path().span();
                }
            }
            ("limit", _) => {
                errors.at(attribute, "a limit says what it limits: `#[limit(len <= 128)]`")
            }
            ("with", Meta::List(list)) => {
                let path = Path::parse_mod_style.parse2(list.tokens.clone());
                match path {
                    Ok(path) => self.with = Some(path),
                    Err(_) => errors.at(&list.tokens, WITH),
                }
            }
            ("with", _) => errors.at(attribute, WITH),
            ("secret", Meta::Path(_)) => self.secret = Some(attribute.span()),
            ("secret", _) => errors.at(attribute, "`#[secret]` takes no arguments"),
            ("field", Meta::List(list)) => match list.parse_args::<LitInt>() {
                Ok(number) => self.number = Some(number),
                Err(_) => errors.at(&list.tokens, NUMBER),
            },
            _ => errors.at(attribute, NUMBER),
        }
    }

    /// Notes what is wrong with a field that may stand anywhere. `ty` is its type, or what is in a table's option.
    pub(crate) fn check(&self, ty: &Type, errors: &mut Errors) {
        if let Some(ident) = &self.ident {
            names::check(ident, errors);
        } else if let Some(secret) = self.secret {
            errors.at_span(
                secret,
                "`#[secret]` needs a named field: a tuple's fields have no names to hide",
            );
        }
        if self.with.is_none() {
            types::check(ty, errors);
        }
        let Some(limit) = &self.limit else { return };
        limit.check(errors);
        if limit.each.is_some() {
            match types::list_item(ty) {
                Some(item) if types::is(item, "u8") => errors.at(
                    item,
                    "`Vec<u8>` is bytes, and `each` limits the items of a list: limit the `len` alone",
                ),
                Some(_) if self.with.is_none() => {}
                Some(_) => errors.at_span(limit.span, "`each` does not go with `#[with]`: limit the items inside the module's `Wire`"),
                None => errors.at(ty, "`each` limits the items of a list: it needs a `Vec<T>` here"),
            }
        }
    }

    /// Notes a `#[field(…)]` where there is no table.
    pub(crate) fn check_no_number(&self, errors: &mut Errors) {
        if let Some(number) = &self.number {
            errors.at(
                number,
                "only a table has numbered fields: write `#[message(table)]`, or remove this",
            );
        }
    }

    /// Assertions that stand beside the generated code.
    pub(crate) fn assertions(&self, krate: &TokenStream, ty: &Type) -> TokenStream {
        let mut all = TokenStream::new();
        if let (Some(limit), None) = (&self.limit, &self.with) {
            let applies = limit.assert_applies(krate, ty);
            all.extend(quote!(const _: () = { #applies };));
        }
        if self.with.is_none() {
            let unlimited = limit::unlimited(self.limit.as_ref(), ty);
            all.extend(limit::assert_in_proportion(krate, &unlimited));
            let seen = |item: &Type| unlimited.iter().any(|(_, held)| std::ptr::eq(held[0], item));
            for item in types::items(ty).into_iter().filter(|item| !seen(item)) {
                let assertion = args::at(&quote!(#krate::codec::applies::item), item.span());
                all.extend(quote_spanned!(item.span()=> const _: () = #assertion::<#item>();));
            }
        }
        all
    }

    /// The type that stands on the wire.
    fn wire(&self, ty: &Type) -> TokenStream {
        match &self.with {
            Some(module) => quote_spanned!(module.span()=> #module::Wire),
            None => quote!(#ty),
        }
    }

    /// The fewest bytes it occupies.
    pub(crate) fn bytes_min(&self, krate: &TokenStream) -> TokenStream {
        let wire = self.wire(&self.ty);
        quote!(<#wire as #krate::codec::Message>::BYTES_MIN)
    }

    /// An expression of type `Result<(), CodecError>` that writes `value`, a reference to `ty`, to `out`.
    pub(crate) fn encode(
        &self,
        krate: &TokenStream,
        ty: &Type,
        value: &TokenStream,
    ) -> TokenStream {
        let wire = self.wire(ty);
        let converted = match &self.with {
            Some(module) => {
                quote_spanned!(module.span()=> let wire: #module::Wire = #module::to_wire(#value); let value = &wire;)
            }
            None => quote!(let value = #value;),
        };
        let write = quote!(<#wire as #krate::codec::Message>::encode(value, out));
        let Some(limit) = &self.limit else { return quote!({ #converted #write }) };
        let constant = limit.expand(krate);
        let mut check = quote!();
        if limit.len.is_some() || limit.range.is_some() {
            check = quote!(<#wire as #krate::codec::Limited>::check(value, &const { #constant }));
        }
        if let Some(each) = &limit.each {
            let each = each.expand(krate);
            let mut items = quote!(#krate::codec::check_each(value, &const { #each }));
            if types::inside(ty, "Option").is_some() {
                items = quote!(match value {
                    ::core::option::Option::Some(value) => #items,
                    ::core::option::Option::None => ::core::result::Result::Ok(()),
                });
            }
            check = if check.is_empty() { items } else { quote!(#check.and_then(|()| #items)) };
        }
        quote!({ #converted #check.and_then(|()| #write) })
    }

    /// An expression of type `Result<ty, CodecError>` that reads it from `input`.
    pub(crate) fn decode(&self, krate: &TokenStream, ty: &Type) -> TokenStream {
        let wire = self.wire(ty);
        let read = match &self.limit {
            None => quote!(<#wire as #krate::codec::Message>::decode(input)),
            Some(limit) => {
                let constant = limit.expand(krate);
                match limit.each {
                    None => {
                        quote!(<#wire as #krate::codec::Limited>::decode_limited(input, &const { #constant }))
                    }
                    Some(_) => {
                        let list = quote!(#krate::codec::decode_each(input, &const { #constant }));
                        match types::inside(ty, "Option") {
                            None => list,
                            Some(_) => quote!(input.flag().and_then(|some| match some {
                                true => #list.map(::core::option::Option::Some),
                                false => ::core::result::Result::Ok(::core::option::Option::None),
                            })),
                        }
                    }
                }
            }
        };
        match &self.with {
            Some(module) => quote_spanned!(module.span()=>
                #read.and_then(|wire: #module::Wire| -> ::core::result::Result<#ty, _> {
                    #module::from_wire(wire).map_err(#krate::codec::CodecError::refused)
                })
            ),
            None => read,
        }
    }

    /// An expression for its `Type` in the schema.
    pub(crate) fn describe(&self, krate: &TokenStream, ty: &Type) -> TokenStream {
        let wire = self.wire(ty);
        let described = quote!(<#wire as #krate::codec::Message>::describe(schema));
        match &self.limit {
            Some(limit) => {
                let constant = limit.expand(krate);
                quote!(#described.limited(&const { #constant }))
            }
            None => described,
        }
    }

    /// An expression for its `Field` in the schema.
    pub(crate) fn schema_field(&self, krate: &TokenStream, ty: &Type) -> TokenStream {
        let Self { name, docs, .. } = self;
        let described = self.describe(krate, ty);
        let secret = self.secret.is_some();
        let number = self.number.as_ref().map_or_else(|| quote!(0), |number| quote!(#number));
        quote!(#krate::schema::Field {
            name: ::std::string::String::from(#name),
            number: #number,
            docs: ::std::string::String::from(#docs),
            secret: #secret,
            ty: #described,
        })
    }
}

const WITH: &str =
    "name a module that has `Wire`, `to_wire` and `from_wire`: `#[with(crate::color)]`";
const NUMBER: &str = "a field of a table has a number from 1: `#[field(1)]`";

/// Whether an attribute is one of ours.
pub(crate) fn is_helper(attribute: &Attribute, helpers: &[&str]) -> bool {
    helpers.iter().any(|name| attribute.path().is_ident(name))
}
