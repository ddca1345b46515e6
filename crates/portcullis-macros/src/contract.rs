//! `contract!`, which puts interfaces together, and `schema_main!`, the one-line program that writes them down.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{LitStr, Path, PathArguments, Token};

use crate::args::{self, Krate};
use crate::errors::Errors;
use crate::names;

/// What stands in `contract! { … }`.
#[derive(Default)]
struct Contract {
    krate: Krate,
    name: Option<LitStr>,
    interfaces: Option<Vec<Path>>,
}

impl Parse for Contract {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut contract = Self::default();
        args::keys(input, |key, input| {
            match key.name.as_str() {
                "crate" => {
                    key.equals(input, "crate = \"portcullis_proto\"")?;
                    contract.krate = Krate::parse(input)?;
                }
                "name" => contract.name = Some(key.text(input, "name = \"studio\"")?),
                "interfaces" => {
                    key.equals(input, "interfaces = [Cameras]")?;
                    let content;
                    if !input.peek(syn::token::Bracket) {
                        return Err(
                            input.error("interfaces stand in brackets: `interfaces = [Cameras]`")
                        );
                    }
                    syn::bracketed!(content in input);
                    let paths = Punctuated::<Path, Token![,]>::parse_terminated_with(
                        &content,
                        Path::parse_mod_style,
                    )?;
                    contract.interfaces = Some(paths.into_iter().collect());
                }
                other => {
                    return Err(syn::Error::new(
                        key.span,
                        format!("`{other}` is not known here: `name` and `interfaces`"),
                    ));
                }
            }
            Ok(())
        })?;
        Ok(contract)
    }
}

const EXAMPLE: &str = "`contract! { name = \"studio\", interfaces = [Cameras] }`";

/// Expands `contract!`.
pub(crate) fn contract(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let contract = errors.take(syn::parse2::<Contract>(input));
    let Some(contract) = contract else { return errors.into_tokens() };
    let span = Span::call_site();
    match &contract.name {
        Some(name) => {
            names::check_wire(&name.value(), name.span(), "the name of a contract", &mut errors)
        }
        None => errors.at_span(span, format!("a contract has a name: {EXAMPLE}")),
    }
    match &contract.interfaces {
        Some(interfaces) if !interfaces.is_empty() => {}
        _ => errors.at_span(span, format!("a contract has interfaces: {EXAMPLE}")),
    }
    if !errors.is_empty() {
        return errors.into_tokens();
    }
    let krate = contract.krate.private();
    let name = contract.name.map(|name| name.value()).unwrap_or_default();
    let interfaces = contract.interfaces.unwrap_or_default();
    let describe = interfaces.iter().map(|path| {
        let marker = marker(path);
        quote_spanned!(path.span()=> <#marker as #krate::rpc::Interface>::describe(&mut schema);)
    });
    let about = format!("The contract `{name}`, as data.");
    let invalid = format!("the contract `{name}` is not valid: {{error}}");
    quote! {
        #[doc = #about]
        ///
        /// # Panics
        ///
        /// When the contract breaks a rule that only the whole of it shows: a mistake of its author, which the test
        /// beside this function finds.
        pub fn contract() -> &'static #krate::schema::Schema {
            static CONTRACT: ::std::sync::OnceLock<#krate::schema::Schema> =
                ::std::sync::OnceLock::new();
            CONTRACT.get_or_init(|| {
                let mut schema = #krate::schema::SchemaBuilder::new();
                #(#describe)*
                match schema.finish(#name) {
                    ::core::result::Result::Ok(schema) => schema,
                    ::core::result::Result::Err(error) => ::std::panic!(#invalid),
                }
            })
        }

        #[cfg(test)]
        mod portcullis_contract {
            #[test]
            fn the_contract_is_valid() {
                super::contract();
            }
        }
    }
}

/// `path::Cameras` becomes `path::CamerasInterface`.
fn marker(path: &Path) -> Path {
    let mut marker = path.clone();
    if let Some(last) = marker.segments.last_mut() {
        last.ident = format_ident!("{}Interface", last.ident, span = last.ident.span());
        last.arguments = PathArguments::None;
    }
    marker
}

/// Expands `schema_main!`.
pub(crate) fn schema_main(input: TokenStream) -> TokenStream {
    match Path::parse_mod_style.parse2(input.clone()) {
        Ok(path) => quote! {
            fn main() -> ::std::process::ExitCode {
                ::portcullis::__private::schema_main(#path())
            }
        },
        Err(_) => {
            let mut errors = Errors::default();
            let text = "name the function that `contract!` has made: `schema_main!(my_contract::contract);`";
            if input.is_empty() {
                errors.at_span(Span::call_site(), text);
            } else {
                errors.at(input, text);
            }
            let errors = errors.into_tokens();
            quote!(#errors fn main() {})
        }
    }
}
