//! `#[interface]`: a trait whose methods are the channels of a contract. Parsed, judged, written out; the code of the
//! client, of the server and of the schema stand in modules of their own.

mod channel;
mod client;
mod describe;
mod options;
mod parse;
mod served;
mod server;
mod validate;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

use crate::errors::Errors;

/// Expands the attribute. With mistakes, the trait alone is written again, so that editors keep working.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let item = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(other) => {
            errors.at(&other, "`#[interface]` stands before a trait");
            let errors = errors.into_tokens();
            let other = other.into_token_stream();
            return quote!(#other #errors);
        }
        Err(error) => {
            errors.add(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let interface = parse::parse(args, item, &mut errors);
    validate::check(&interface, &mut errors);
    let served = served::expand(&interface);
    let code = if errors.is_empty() {
        let krate = interface.args.krate.private();
        let describe = describe::expand(&krate, &interface);
        let client = client::expand(&krate, &interface);
        let server = server::expand(&krate, &interface);
        quote!(#describe #client #server)
    } else {
        errors.into_tokens()
    };
    quote!(#served #code)
}
