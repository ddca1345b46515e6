//! The marker of an interface: its name, its channels as data, and what its clients and servers know of each channel.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Type};

use super::channel::Channel;
use super::parse::Interface;
use crate::{limit, names};

/// The marker's name.
pub(crate) fn marker(interface: &Interface) -> Ident {
    format_ident!("{}Interface", interface.item.ident)
}

/// The path of what clients and servers know of a channel.
pub(crate) fn info(interface: &Interface, ordinal: usize) -> TokenStream {
    let marker = marker(interface);
    let constant = constant(ordinal);
    quote!(#marker::#constant)
}

fn constant(ordinal: usize) -> Ident {
    format_ident!("CHANNEL_{ordinal}")
}

pub(crate) fn expand(krate: &TokenStream, interface: &Interface) -> TokenStream {
    let marker = marker(interface);
    let (vis, trait_ident) = (&interface.item.vis, &interface.item.ident);
    let trait_name = names::text(trait_ident);
    let name = interface.args.name.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let version = interface.args.number().unwrap_or_default();
    let docs = &interface.docs;
    let constants = interface.channels.iter().enumerate().map(|(ordinal, channel)| {
        let constant = constant(ordinal);
        let info = channel_info(krate, &name, ordinal, channel);
        quote!(const #constant: &'static #krate::rpc::ChannelInfo = &#info;)
    });
    let channels = interface.channels.iter().map(|channel| schema_channel(krate, channel));
    let assertions = interface
        .channels
        .iter()
        .flat_map(Channel::args)
        .map(|field| field.assertions(krate, &field.ty));
    // These have no limits of their own.
    let bare = interface.channels.iter().flat_map(|channel| {
        let flows = [channel.input(), channel.out()].into_iter().flatten();
        flows.map(|flow| &flow.item).chain([&channel.output.value])
    });
    let bare = bare.map(|ty| limit::assert_in_proportion(krate, &limit::unlimited(None, ty)));
    let locked = interface.args.lock.as_ref().map(|lock| {
        // From the crate's folder, whatever the file in which the interface stands.
        let path = quote_spanned!(lock.span()=> ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #lock));
        quote!(schema.locked(Self::NAME, ::core::include_str!(#path));)
    });
    let about = format!("The interface of [`{trait_name}`], `{name}` on the wire.");
    quote! {
        #[doc = #about]
        #[derive(Clone, Copy, Debug)]
        #vis struct #marker;

        #[automatically_derived]
        #[allow(deprecated, unused_qualifications, clippy::unnecessary_cast, reason = "the code of an interface follows its declaration")]
        const _: () = {
            #(#assertions)*
            #(#bare)*
            impl #marker {
                #(#constants)*
            }

            impl #krate::rpc::Interface for #marker {
                const NAME: &'static str = #name;
                const VERSION: u16 = #version;

                fn describe(schema: &mut #krate::schema::SchemaBuilder) {
                    let channels = ::std::vec![#(#channels),*];
                    schema.interface(Self::NAME, Self::VERSION, #trait_name, #docs, channels);
                    #locked
                }

                fn descriptor() -> &'static #krate::rpc::Descriptor {
                    static DESCRIPTOR: ::std::sync::OnceLock<#krate::rpc::Descriptor> =
                        ::std::sync::OnceLock::new();
                    DESCRIPTOR.get_or_init(#krate::rpc::Descriptor::of::<Self>)
                }
            }
        };
    }
}

fn channel_info(krate: &TokenStream, name: &str, ordinal: usize, channel: &Channel) -> TokenStream {
    let options = &channel.options;
    let name = format!("{name}.{}", channel.name);
    let ordinal = ordinal as u32;
    let deadline = u64::from(options.deadline_ms);
    let (idempotent, depth) = (options.idempotent, options.depth);
    let overflow = format_ident!("{}", options.overflow);
    quote!(#krate::rpc::ChannelInfo {
        ordinal: #ordinal,
        name: #name,
        deadline: ::core::time::Duration::from_millis(#deadline),
        idempotent: #idempotent,
        overflow: #krate::schema::Overflow::#overflow,
        depth: #depth,
    })
}

fn schema_channel(krate: &TokenStream, channel: &Channel) -> TokenStream {
    let options = &channel.options;
    let (name, docs) = (&channel.name, &channel.docs);
    let kind = format_ident!("{}", options.kind.variant());
    let overflow = format_ident!("{}", options.overflow);
    let (deadline, idempotent, depth) = (options.deadline_ms, options.idempotent, options.depth);
    let capability = options.capability.as_ref().map_or_else(|| name.clone(), syn::LitStr::value);
    let args = channel.args().map(|field| field.schema_field(krate, &field.ty));
    let describe = |ty: &Type| quote!(<#ty as #krate::codec::Message>::describe(schema));
    let none = quote!(::core::option::Option::None);
    let flow = |flow: Option<&super::channel::Flow>| match flow {
        Some(flow) => {
            let described = describe(&flow.item);
            quote!(::core::option::Option::Some(#described))
        }
        None => none.clone(),
    };
    let (up, down) = (flow(channel.input()), flow(channel.out()));
    let reply = describe(&channel.output.value);
    let error = match &channel.output.error {
        None => none,
        Some(error) => quote!(<#error as #krate::rpc::IntoFailure>::describe(schema)),
    };
    quote!(#krate::schema::Channel {
        name: ::std::string::String::from(#name),
        kind: #krate::schema::ChannelKind::#kind,
        docs: ::std::string::String::from(#docs),
        args: ::std::vec![#(#args),*],
        reply: #reply,
        error: #error,
        up: #up,
        down: #down,
        deadline_ms: #deadline,
        idempotent: #idempotent,
        overflow: #krate::schema::Overflow::#overflow,
        depth: #depth,
        capability: ::std::string::String::from(#capability),
    })
}
