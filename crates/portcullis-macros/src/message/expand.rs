//! Writes `impl Message` out. What differs for tables and enums stands in modules of their own.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, Index};

use super::parse::{Body, Message, Shape};
use super::{enums, tables};
use crate::field::Field;

/// The parts of an implementation.
pub(super) struct Parts {
    pub(super) bytes_min: TokenStream,
    /// Statements that write `self` to `out` and end in `Ok(())`.
    pub(super) encode: TokenStream,
    /// Statements that read `Self` from `input`.
    pub(super) decode: TokenStream,
    /// The `TypeBody`.
    pub(super) describe: TokenStream,
    pub(super) assertions: TokenStream,
}

/// The code beside the item.
pub(crate) fn expand(message: &Message) -> TokenStream {
    let krate = message.args.krate.private();
    let Message { ident, docs, .. } = message;
    let name = crate::names::text(ident);
    let parts = match &message.body {
        Body::Struct(shape) if message.args.table.is_some() => tables::parts(&krate, shape),
        Body::Struct(shape) => struct_parts(&krate, shape),
        Body::Enum(variants) => enums::parts(&krate, variants, message.args.flexible.is_some()),
    };
    let Parts { bytes_min, encode, decode, describe, assertions } = parts;
    quote! {
        #[automatically_derived]
        #[allow(deprecated, unused_qualifications, clippy::unnecessary_cast, reason = "the code of a message follows its declaration")]
        const _: () = {
            #assertions
            impl #krate::codec::Message for #ident {
                const BYTES_MIN: usize = #bytes_min;
                #[inline]
                fn encode(
                    &self,
                    out: &mut #krate::codec::Encoder<'_>,
                ) -> ::core::result::Result<(), #krate::codec::CodecError> {
                    #encode
                }
                #[inline]
                fn decode(
                    input: &mut #krate::codec::Decoder<'_>,
                ) -> ::core::result::Result<Self, #krate::codec::CodecError> {
                    #decode
                }
                fn describe(schema: &mut #krate::schema::SchemaBuilder) -> #krate::schema::Type {
                    schema.named::<Self>(#name, |schema| {
                        let _ = &schema;
                        #krate::schema::TypeDef {
                            docs: ::std::string::String::from(#docs),
                            body: #describe,
                        }
                    })
                }
            }
        };
    }
}

fn struct_parts(krate: &TokenStream, shape: &Shape) -> Parts {
    let mut writes = TokenStream::new();
    for (index, field) in shape.fields.iter().enumerate() {
        let member = member(field, index);
        let write = field.encode(krate, &field.ty, &quote!(&self.#member));
        let at = path(shape, field, None);
        writes.extend(quote!(#write #at?;));
    }
    let (reads, built) = read_fields(krate, shape, &quote!(Self), None);
    let describe = if shape.named || shape.fields.is_empty() {
        let fields = schema_fields(krate, shape);
        quote!(#krate::schema::TypeBody::Struct(#fields))
    } else {
        let types = schema_types(krate, shape);
        quote!(#krate::schema::TypeBody::Tuple(#types))
    };
    Parts {
        bytes_min: bytes_min(krate, &shape.fields),
        encode: quote! {
            out.enter()?;
            #writes
            out.leave();
            ::core::result::Result::Ok(())
        },
        decode: quote! {
            input.enter()?;
            #reads
            input.leave();
            ::core::result::Result::Ok(#built)
        },
        describe,
        assertions: assertions(krate, &shape.fields),
    }
}

/// How a field is named in expressions and patterns; tuples take `0: …` too.
pub(super) fn member(field: &Field, index: usize) -> TokenStream {
    match &field.ident {
        Some(ident) => ident.to_token_stream(),
        None => Index::from(index).to_token_stream(),
    }
}

/// The local variable of a field.
pub(super) fn local(index: usize) -> Ident {
    format_ident!("field_{index}", span = proc_macro2::Span::mixed_site())
}

/// `.map_err(…)` that adds a field's name to an error; a newtype adds none, and a variant adds its own behind it.
pub(super) fn path(shape: &Shape, field: &Field, variant: Option<&str>) -> TokenStream {
    let name = &field.name;
    match variant {
        Some(variant) => quote!(.map_err(|error| error.field(#name).field(#variant))),
        None if shape.named || shape.fields.len() > 1 => {
            quote!(.map_err(|error| error.field(#name)))
        }
        None => quote!(),
    }
}

/// Statements that read all fields in order, and the expression that puts `constructor` together.
pub(super) fn read_fields(
    krate: &TokenStream,
    shape: &Shape,
    constructor: &TokenStream,
    variant: Option<&str>,
) -> (TokenStream, TokenStream) {
    let mut reads = TokenStream::new();
    let mut built = TokenStream::new();
    for (index, field) in shape.fields.iter().enumerate() {
        let (local, member, ty) = (local(index), member(field, index), &field.ty);
        let read = field.decode(krate, ty);
        let at = path(shape, field, variant);
        reads.extend(quote!(let #local: #ty = #read #at?;));
        built.extend(quote!(#member: #local,));
    }
    (reads, quote!(#constructor { #built }))
}

/// The sum of the fields' smallest sizes.
fn bytes_min(krate: &TokenStream, fields: &[Field]) -> TokenStream {
    let sizes = fields.iter().map(|field| field.bytes_min(krate));
    quote!(0usize #(.saturating_add(#sizes))*)
}

/// `vec![Field { … }, …]`.
pub(super) fn schema_fields(krate: &TokenStream, shape: &Shape) -> TokenStream {
    let fields = shape.fields.iter().map(|field| field.schema_field(krate, &field.ty));
    quote!(::std::vec![#(#fields),*])
}

/// `vec![Type, …]`.
pub(super) fn schema_types(krate: &TokenStream, shape: &Shape) -> TokenStream {
    let types = shape.fields.iter().map(|field| field.describe(krate, &field.ty));
    quote!(::std::vec![#(#types),*])
}

/// The assertions of all fields.
pub(super) fn assertions(krate: &TokenStream, fields: &[Field]) -> TokenStream {
    fields.iter().map(|field| field.assertions(krate, &field.ty)).collect()
}
