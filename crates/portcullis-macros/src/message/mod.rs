//! `#[message]`: a struct or enum that may cross a boundary. Parsed, judged, written out, each in a module of its own.

mod enums;
mod expand;
mod parse;
mod tables;
mod validate;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

use crate::errors::Errors;

/// Expands the attribute. With mistakes, the item alone is written again, so that editors keep working.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut item = match syn::parse2::<Item>(item.clone()) {
        Ok(item) => item,
        Err(error) => {
            errors.add(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let message = parse::parse(args, &mut item, &mut errors);
    if let Some(message) = &message {
        validate::check(message, &mut errors);
    }
    let code = match message {
        Some(message) if errors.is_empty() => expand::expand(&message),
        _ => errors.into_tokens(),
    };
    let item = item.into_token_stream();
    quote!(#item #code)
}
