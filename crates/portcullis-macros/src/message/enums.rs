//! The code of enums, strict and flexible. Errors behind the tag of a variant carry the variant's name.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand::{
    Parts, assertions, local, member, path, read_fields, schema_fields, schema_types,
};
use super::parse::Variant;

/// The fewest bytes of an enum: the tag, and the byte count of a flexible one.
const STRICT_BYTES_MIN: usize = 1;
const FLEXIBLE_BYTES_MIN: usize = 2;

pub(super) fn parts(krate: &TokenStream, variants: &[Variant], flexible: bool) -> Parts {
    let known: Vec<&Variant> = variants.iter().filter(|it| it.unknown.is_none()).collect();
    let unknown = variants.iter().find(|variant| variant.unknown.is_some());
    let writes = known.iter().map(|variant| write(krate, variant, flexible));
    let reads = known.iter().map(|variant| read(krate, variant, flexible));
    let (mut write_other, mut read_other) = (
        quote!(),
        quote!(_ => ::core::result::Result::Err(#krate::codec::CodecError::new(
            #krate::codec::ErrorKind::UnknownTag,
        )),),
    );
    if let Some(variant) = unknown {
        let ident = &variant.ident;
        let tags = known.iter().map(|variant| variant.number());
        write_other = quote! {
            Self::#ident(unknown) => {
                if ::core::matches!(unknown.tag, #(#tags)|*) {
                    return ::core::result::Result::Err(#krate::codec::CodecError::refused(
                        "the tag of an unknown variant is that of a known one",
                    ));
                }
                out.varint(::core::convert::From::from(unknown.tag));
                out.bytes(&unknown.bytes);
            }
        };
        read_other = quote! {
            tag => ::core::result::Result::Ok(Self::#ident(#krate::codec::Unknown {
                tag,
                bytes: input.bytes()?.to_vec(),
            })),
        };
    }
    let described = known.iter().map(|variant| describe(krate, variant));
    let body = if flexible { quote!(FlexibleEnum) } else { quote!(Enum) };
    let bytes_min = if flexible { FLEXIBLE_BYTES_MIN } else { STRICT_BYTES_MIN };
    Parts {
        bytes_min: quote!(#bytes_min),
        encode: quote! {
            match self {
                #(#writes)*
                #write_other
            }
            ::core::result::Result::Ok(())
        },
        decode: quote! {
            // The reader has checked the width.
            match input.varint(u32::BITS)? as u32 {
                #(#reads)*
                #read_other
            }
        },
        describe: quote!(#krate::schema::TypeBody::#body(::std::vec![#(#described),*])),
        assertions: known.iter().map(|it| assertions(krate, &it.shape.fields)).collect(),
    }
}

/// The arm that writes one variant.
fn write(krate: &TokenStream, variant: &Variant, flexible: bool) -> TokenStream {
    let Variant { ident, name, shape, .. } = variant;
    let tag = variant.number();
    let locals: Vec<_> = (0..shape.fields.len()).map(local).collect();
    let members = shape.fields.iter().enumerate().map(|(index, field)| member(field, index));
    let pattern = quote!(Self::#ident { #(#members: #locals),* });
    if shape.fields.is_empty() {
        let count = if flexible { quote!(out.byte(0);) } else { quote!() };
        return quote! {
            #pattern => {
                out.varint(#tag as u64);
                #count
            }
        };
    }
    let mut writes = TokenStream::new();
    for (field, local) in shape.fields.iter().zip(&locals) {
        let write = field.encode(krate, &field.ty, &quote!(#local));
        let at = path(shape, field, Some(name));
        writes.extend(quote!(#write #at?;));
    }
    let writes = quote! {
        out.enter().map_err(|error| error.field(#name))?;
        #writes
        out.leave();
    };
    let writes = if flexible {
        quote! {
            out.sized(|out| {
                #writes
                ::core::result::Result::Ok(())
            })?;
        }
    } else {
        writes
    };
    quote! {
        #pattern => {
            out.varint(#tag as u64);
            #writes
        }
    }
}

/// The arm that reads one variant.
fn read(krate: &TokenStream, variant: &Variant, flexible: bool) -> TokenStream {
    let Variant { ident, name, shape, .. } = variant;
    let tag = variant.number();
    // In a flexible enum the byte count goes wrong inside the variant too, so the name is added around all of it.
    let inner = if flexible { None } else { Some(name.as_str()) };
    let (reads, built) = match inner {
        Some(name) => read_fields(krate, shape, &quote!(Self::#ident), Some(name)),
        None => {
            let (reads, built) = read_in_part(krate, variant);
            (reads, built)
        }
    };
    let enter_at = inner.map(|name| quote!(.map_err(|error| error.field(#name))));
    let reads = if shape.fields.is_empty() {
        quote!(::core::result::Result::Ok(#built))
    } else {
        quote! {
            input.enter()#enter_at?;
            #reads
            input.leave();
            ::core::result::Result::Ok(#built)
        }
    };
    if flexible {
        let input = if shape.fields.is_empty() { quote!(_) } else { quote!(input) };
        quote!(#tag => input.sized(|#input| { #reads }).map_err(|error| error.field(#name)),)
    } else {
        quote!(#tag => { #reads })
    }
}

/// Like [`read_fields`], with the path of each field inside the part alone.
fn read_in_part(krate: &TokenStream, variant: &Variant) -> (TokenStream, TokenStream) {
    let ident = &variant.ident;
    let mut reads = TokenStream::new();
    let mut built = TokenStream::new();
    for (index, field) in variant.shape.fields.iter().enumerate() {
        let (local, member, ty, name) =
            (local(index), member(field, index), &field.ty, &field.name);
        let read = field.decode(krate, ty);
        reads.extend(quote!(let #local: #ty = #read.map_err(|error| error.field(#name))?;));
        built.extend(quote!(#member: #local,));
    }
    (reads, quote!(Self::#ident { #built }))
}

/// The `Variant` of the schema.
fn describe(krate: &TokenStream, variant: &Variant) -> TokenStream {
    let Variant { name, docs, shape, .. } = variant;
    let tag = variant.number();
    let fields = if shape.fields.is_empty() {
        quote!(Unit)
    } else if shape.named {
        let fields = schema_fields(krate, shape);
        quote!(Struct(#fields))
    } else {
        let types = schema_types(krate, shape);
        quote!(Tuple(#types))
    };
    quote!(#krate::schema::Variant {
        name: ::std::string::String::from(#name),
        tag: #tag,
        docs: ::std::string::String::from(#docs),
        fields: #krate::schema::Fields::#fields,
    })
}
