//! The typed client of an interface, and the typed publisher of its topics.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Index};

use super::channel::Channel;
use super::describe;
use super::options::Kind;
use super::parse::Interface;
use crate::field::Field;
use crate::types;

pub(crate) fn expand(krate: &TokenStream, interface: &Interface) -> TokenStream {
    let client = client(krate, interface);
    if interface.channels.iter().any(|channel| channel.kind().is_topic()) {
        let publisher = publisher(krate, interface);
        quote!(#client #publisher)
    } else {
        client
    }
}

fn client_ident(interface: &Interface) -> Ident {
    format_ident!("{}Client", interface.item.ident)
}

fn publisher_ident(interface: &Interface) -> Ident {
    format_ident!("{}Publisher", interface.item.ident)
}

fn client(krate: &TokenStream, interface: &Interface) -> TokenStream {
    let (vis, ident, marker) =
        (&interface.item.vis, client_ident(interface), describe::marker(interface));
    let methods = interface.channels.iter().enumerate().map(|(ordinal, channel)| {
        let info = describe::info(interface, ordinal);
        match channel.kind() {
            Kind::Event | Kind::State => subscribe(krate, vis, channel, &info),
            _ => method(krate, vis, channel, &info),
        }
    });
    let publisher = interface.channels.iter().any(|channel| channel.kind().is_topic()).then(|| {
        let publisher = publisher_ident(interface);
        quote! {
            /// The publisher of this instance's topics, for those who are granted it.
            #vis fn publisher(&self) -> #publisher {
                #publisher { publisher: self.binding.publisher() }
            }
        }
    });
    let about = format!(
        "A client of [`{}`], for one instance of the interface. Cheap to clone.",
        interface.item.ident
    );
    quote! {
        #[doc = #about]
        #[derive(Clone, Debug)]
        #vis struct #ident {
            binding: #krate::peer::Binding,
        }

        impl #krate::rpc::Client for #ident {
            type Interface = #marker;
            fn from_binding(binding: #krate::peer::Binding) -> Self {
                Self { binding }
            }
        }

        #[allow(dead_code, unused_qualifications, clippy::too_many_arguments, reason = "the methods are those of the contract")]
        impl #ident {
            #(#methods)*

            /// The same instance, with calls that take at most `timeout`.
            #[must_use]
            #vis fn with_timeout(&self, timeout: ::core::time::Duration) -> Self {
                Self { binding: self.binding.with_timeout(timeout) }
            }

            /// The same instance, with calls that belong to `call` and end when its time runs out.
            #[must_use]
            #vis fn within(&self, call: &#krate::rpc::Call) -> Self {
                Self { binding: self.binding.within(call) }
            }

            /// The untyped handle on the instance.
            #vis fn binding(&self) -> &#krate::peer::Binding {
                &self.binding
            }

            #publisher
        }
    }
}

/// `Ok(())` behind the statements that write each argument, `args` being a tuple of them.
fn encode_args<'a>(krate: &TokenStream, fields: impl Iterator<Item = &'a Field>) -> TokenStream {
    let mut writes = TokenStream::new();
    for (index, field) in fields.enumerate() {
        let (index, name) = (Index::from(index), &field.name);
        let write = field.encode(krate, &field.ty, &quote!(&args.#index));
        writes.extend(quote!(#write.map_err(|error| error.field(#name))?;));
    }
    quote! {
        |out| {
            let _ = &out;
            #writes
            ::core::result::Result::Ok(())
        }
    }
}

/// The types that a call ends with: `T` and `F` of `Calling<T, F>`.
fn outcome(krate: &TokenStream, channel: &Channel) -> (TokenStream, TokenStream) {
    let value = &channel.output.value;
    let failure = match &channel.output.error {
        None => quote!(#krate::error::Error),
        // What has another name than these is the contract's own, and named as such is easier to read.
        Some(error) if ["Error", "Failure"].iter().any(|name| types::is(error, name)) => {
            quote!(<#error as #krate::rpc::IntoFailure>::CallError)
        }
        Some(error) => quote_spanned!(error.span()=> #krate::rpc::Failure<#error>),
    };
    (quote!(#value), failure)
}

fn method(
    krate: &TokenStream,
    vis: &syn::Visibility,
    channel: &Channel,
    info: &TokenStream,
) -> TokenStream {
    let (ident, docs) = (&channel.ident, doc_attributes(channel));
    let fields: Vec<&Field> = channel.args().collect();
    let names: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let types = fields.iter().map(|field| &field.ty);
    let write = encode_args(krate, fields.iter().copied());
    let (value, failure) = outcome(krate, channel);
    let dropping = if channel.options.overflow == "DropOldest" {
        let depth = channel.options.depth;
        quote!(.dropping(#depth))
    } else {
        quote!()
    };
    let (output, code) = match (channel.kind(), channel.out(), channel.input()) {
        (Kind::Notify, ..) => (
            quote!(::core::result::Result<(), #krate::error::Error>),
            quote!(self.binding.notify(#info, #write)),
        ),
        (_, Some(out), None) => {
            let down = &out.item;
            (
                quote!(#krate::peer::Incoming<#down, #value, #failure>),
                quote_spanned!(ident.span()=> self.binding.stream_down::<#down, #value, #failure>(#info, #write)),
            )
        }
        (_, None, Some(input)) => {
            let up = &input.item;
            (
                quote!((#krate::rpc::Sink<#up>, #krate::peer::Calling<#value, #failure>)),
                quote! {
                    let (sink, calling) = self.binding.stream_up::<#up, #value, #failure>(#info, #write);
                    (sink #dropping, calling)
                },
            )
        }
        (_, Some(out), Some(input)) => {
            let (up, down) = (&input.item, &out.item);
            (
                quote!((#krate::rpc::Sink<#up>, #krate::peer::Incoming<#down, #value, #failure>)),
                quote! {
                    let (sink, incoming) =
                        self.binding.stream_both::<#up, #down, #value, #failure>(#info, #write);
                    (sink #dropping, incoming)
                },
            )
        }
        (_, None, None) => (
            quote!(#krate::peer::Calling<#value, #failure>),
            quote_spanned!(ident.span()=> self.binding.call::<#value, #failure>(#info, #write)),
        ),
    };
    quote! {
        #docs
        #vis fn #ident(&self, #(#names: #types),*) -> #output {
            let args = (#(#names,)*);
            let _ = &args;
            #code
        }
    }
}

fn subscribe(
    krate: &TokenStream,
    vis: &syn::Visibility,
    channel: &Channel,
    info: &TokenStream,
) -> TokenStream {
    let (docs, name) = (doc_attributes(channel), &channel.name);
    let prefix = if channel.kind() == Kind::State { "watch" } else { "subscribe" };
    let ident = format_ident!("{prefix}_{name}", span = channel.ident.span());
    let Some(value) = channel.args().next() else { return TokenStream::new() };
    let ty = &value.ty;
    quote! {
        #docs
        #vis fn #ident(&self) -> #krate::peer::Subscription<#ty> {
            self.binding.subscribe::<#ty>(#info)
        }
    }
}

fn publisher(krate: &TokenStream, interface: &Interface) -> TokenStream {
    let (vis, ident, marker) =
        (&interface.item.vis, publisher_ident(interface), describe::marker(interface));
    let methods =
        interface.channels.iter().enumerate().filter(|(_, channel)| channel.kind().is_topic()).map(
            |(ordinal, channel)| publish(krate, vis, channel, &describe::info(interface, ordinal)),
        );
    let about = format!("Publishes the topics of [`{}`]. Cheap to clone.", interface.item.ident);
    quote! {
        #[doc = #about]
        #[derive(Clone, Debug)]
        #vis struct #ident {
            publisher: #krate::peer::Publisher,
        }

        impl #krate::rpc::Publish for #ident {
            type Interface = #marker;
            fn from_publisher(publisher: #krate::peer::Publisher) -> Self {
                Self { publisher }
            }
        }

        #[allow(dead_code, unused_qualifications, reason = "the methods are those of the contract")]
        impl #ident {
            #(#methods)*
        }
    }
}

fn publish(
    krate: &TokenStream,
    vis: &syn::Visibility,
    channel: &Channel,
    info: &TokenStream,
) -> TokenStream {
    let (docs, ident) = (doc_attributes(channel), &channel.ident);
    let reported = format_ident!("{}_reported", channel.name, span = ident.span());
    let Some(value) = channel.args().next() else { return TokenStream::new() };
    let (ty, name) = (&value.ty, &value.name);
    let write = value.encode(krate, ty, &quote!(value));
    let write = quote!(|out| #write.map_err(|error| error.field(#name)));
    quote! {
        #docs
        #vis fn #ident(&self, value: &#ty) -> ::core::result::Result<(), #krate::error::Error> {
            self.publisher.publish(#info, #write)
        }

        #docs
        ///
        /// Tells who has got the value `within` that time.
        #vis fn #reported(
            &self,
            value: &#ty,
            within: ::core::time::Duration,
        ) -> #krate::peer::Reporting {
            self.publisher.publish_reported(#info, within, #write)
        }
    }
}

/// What the author says of the channel; something must be said for `missing_docs`.
fn doc_attributes(channel: &Channel) -> TokenStream {
    let docs = if channel.docs.is_empty() {
        format!("The channel `{}`.", channel.name)
    } else {
        channel.docs.clone()
    };
    quote!(#[doc = #docs])
}
