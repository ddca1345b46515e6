//! The server of an interface: finds the channel of a request, reads the arguments, and starts the handler.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::channel::{Channel, Param};
use super::describe;
use super::parse::Interface;
use crate::args;
use crate::field::Field;

fn local(index: usize) -> Ident {
    format_ident!("arg_{index}", span = proc_macro2::Span::mixed_site())
}

pub(crate) fn expand(krate: &TokenStream, interface: &Interface) -> TokenStream {
    let item = &interface.item;
    let (vis, trait_ident, marker) = (&item.vis, &item.ident, describe::marker(interface));
    let ident = format_ident!("{}Server", trait_ident);
    let arms = interface
        .channels
        .iter()
        .enumerate()
        .filter(|(_, channel)| !channel.kind().is_topic())
        .map(|(ordinal, channel)| arm(krate, trait_ident, ordinal as u32, channel));
    let modes = interface
        .channels
        .iter()
        .enumerate()
        .filter(|(_, channel)| channel.options.mode != "Async")
        .map(|(ordinal, channel)| {
            let (ordinal, mode) = (ordinal as u32, format_ident!("{}", channel.options.mode));
            quote!(#ordinal => #krate::rpc::Mode::#mode,)
        });
    let about = format!("Serves an implementation of [`{trait_ident}`].");
    let shown = format!("{trait_ident}Server");
    quote! {
        #[doc = #about]
        #vis struct #ident<S>(::std::sync::Arc<S>);

        #[allow(dead_code, unused_qualifications, reason = "one of the two is enough for most")]
        impl<S: #trait_ident> #ident<S> {
            /// Serves `service`.
            #vis fn new(service: S) -> Self {
                Self::from_arc(::std::sync::Arc::new(service))
            }

            /// Serves `service`, which others hold too.
            #vis fn from_arc(service: ::std::sync::Arc<S>) -> Self {
                Self(service)
            }
        }

        impl<S> ::core::clone::Clone for #ident<S> {
            fn clone(&self) -> Self {
                Self(::std::sync::Arc::clone(&self.0))
            }
        }

        impl<S> ::core::fmt::Debug for #ident<S> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#shown)
            }
        }

        #[automatically_derived]
        #[allow(unused_qualifications, reason = "the code of an interface follows its declaration")]
        impl<S: #trait_ident> #krate::rpc::Service for #ident<S> {
            fn descriptor(&self) -> &'static #krate::rpc::Descriptor {
                <#marker as #krate::rpc::Interface>::descriptor()
            }

            fn mode(&self, ordinal: u32) -> #krate::rpc::Mode {
                match ordinal {
                    #(#modes)*
                    _ => #krate::rpc::Mode::Async,
                }
            }

            fn dispatch(
                self: ::std::sync::Arc<Self>,
                request: #krate::rpc::Request<'_>,
            ) -> #krate::rpc::Dispatch {
                match request.ordinal {
                    #(#arms)*
                    _ => #krate::rpc::Dispatch::unknown(),
                }
            }
        }
    }
}

fn arm(krate: &TokenStream, trait_ident: &Ident, ordinal: u32, channel: &Channel) -> TokenStream {
    let (ident, mode) = (&channel.ident, format_ident!("{}", channel.options.mode));
    let mut fields: Vec<(Ident, &Field)> = Vec::new();
    let mut flows = TokenStream::new();
    let mut passed = Vec::new();
    for (index, param) in channel.params.iter().enumerate() {
        let local = local(index);
        passed.push(local.clone());
        match param {
            Param::Arg(field) => fields.push((local, field)),
            Param::Out(flow) => {
                let item = &flow.item;
                let dropping = (channel.options.overflow == "DropOldest").then(|| {
                    let depth = channel.options.depth;
                    quote!(.dropping(#depth))
                });
                flows.extend(quote!(let #local = request.sink::<#item>() #dropping;));
            }
            Param::Input(flow) => {
                let item = &flow.item;
                flows.extend(quote!(let #local = request.source::<#item>();));
            }
        }
    }
    let reads = fields.iter().map(|(local, field)| {
        let (ty, name) = (&field.ty, &field.name);
        let read = field.decode(krate, ty);
        quote!(let #local: #ty = #read.map_err(|error| error.field(#name))?;)
    });
    let (locals, types): (Vec<&Ident>, Vec<_>) =
        fields.iter().map(|(local, field)| (local, &field.ty)).unzip();
    let call = quote!(<S as #trait_ident>::#ident(&self.0, &call, #(#passed),*).await);
    let reply = match &channel.output.error {
        None => quote!(::core::result::Result::<_, #krate::error::Error>::Ok(#call)),
        Some(_) => call,
    };
    // What the handler returns is judged here, so a type that cannot cross is shown at it.
    let task = args::at(&quote!(#krate::rpc::Dispatch::task), channel.output.value.span());
    let start = quote_spanned! {channel.output.value.span()=>
        #task(#krate::rpc::Mode::#mode, async move { #reply })
    };
    quote! {
        #ordinal => {
            let read = || -> ::core::result::Result<(#(#types,)*), #krate::codec::CodecError> {
                let mut decoder = #krate::codec::Decoder::with_blobs(request.body, request.blobs);
                let input = &mut decoder;
                let _ = &input;
                #(#reads)*
                decoder.finish()?;
                ::core::result::Result::Ok((#(#locals,)*))
            };
            let (#(#locals,)*) = match read() {
                ::core::result::Result::Ok(args) => args,
                ::core::result::Result::Err(error) => {
                    return #krate::rpc::Dispatch::malformed(error);
                }
            };
            #flows
            let call = request.call;
            #start
        }
    }
}
