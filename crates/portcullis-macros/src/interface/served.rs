//! The trait that a server implements: topics are gone, and `async fn` became a future that may be sent to a thread.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ReturnType;

use super::channel::Channel;
use super::parse::Interface;

pub(crate) fn expand(interface: &Interface) -> TokenStream {
    let item = &interface.item;
    let (attributes, vis, ident) = (&item.attrs, &item.vis, &item.ident);
    let (generics, clause) = (&item.generics, &item.generics.where_clause);
    let methods =
        interface.channels.iter().filter(|channel| !channel.kind().is_topic()).map(method);
    quote! {
        #(#attributes)*
        #vis trait #ident #generics:
            ::core::marker::Send + ::core::marker::Sync + 'static
        #clause
        {
            #(#methods)*
        }
    }
}

fn method(channel: &Channel) -> TokenStream {
    let attributes = &channel.attributes;
    let mut signature = channel.signature.clone();
    if signature.asyncness.take().is_some() {
        let output = match &signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => quote!(#ty),
        };
        signature.output = syn::parse_quote! {
            -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
        };
    }
    // Ends at a token of its author's, so that lints on the method are shown there.
    let end = quote_spanned!(channel.ident.span()=> ;);
    quote!(#(#attributes)* #signature #end)
}
