//! The code of tables: numbered optional fields, each with its byte count, to which other builds may add more.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::expand::{Parts, local};
use super::parse::Shape;
use crate::field::Field;
use crate::types;

/// A field of a table: its number, and the type inside its option.
struct Entry<'a> {
    field: &'a Field,
    number: u32,
    inner: &'a Type,
    /// Its place in the declaration.
    index: usize,
}

/// The entries by ascending number, as they stand on the wire.
fn entries(shape: &Shape) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = shape
        .fields
        .iter()
        .enumerate()
        .filter_map(|(index, field)| {
            let number = field.number.as_ref()?.base10_parse().ok()?;
            Some(Entry { field, number, inner: types::inside(&field.ty, "Option")?, index })
        })
        .collect();
    entries.sort_by_key(|entry| entry.number);
    entries
}

pub(super) fn parts(krate: &TokenStream, shape: &Shape) -> Parts {
    let entries = entries(shape);
    let writes = entries.iter().map(|entry| {
        let Entry { field, number, inner, .. } = entry;
        let (ident, name) = (&field.ident, &field.name);
        let write = field.encode(krate, inner, &quote!(value));
        quote! {
            if let ::core::option::Option::Some(value) = &self.#ident {
                out.varint(#number as u64);
                out.sized(|out| #write).map_err(|error| error.field(#name))?;
            }
        }
    });
    let reads = entries.iter().map(|entry| {
        let Entry { field, number, inner, index } = entry;
        let (local, name) = (local(*index), &field.name);
        let read = field.decode(krate, inner);
        quote! {
            #number => {
                #local = input
                    .sized(|input| #read)
                    .map(::core::option::Option::Some)
                    .map_err(|error| error.field(#name))?;
            }
        }
    });
    let idents: Vec<_> = shape.fields.iter().map(|field| &field.ident).collect();
    let types = shape.fields.iter().map(|field| &field.ty);
    let locals: Vec<_> = (0..shape.fields.len()).map(local).collect();
    let fields = entries.iter().map(|entry| entry.field.schema_field(krate, entry.inner));
    Parts {
        bytes_min: quote!(1),
        encode: quote! {
            out.enter()?;
            out.count(0usize #(+ usize::from(self.#idents.is_some()))*);
            #(#writes)*
            out.leave();
            ::core::result::Result::Ok(())
        },
        decode: quote! {
            input.enter()?;
            // A field that is present occupies at least its number and its byte count.
            let count = input.count(2)?;
            #(let mut #locals: #types = ::core::option::Option::None;)*
            let mut last = 0;
            for _ in 0..count {
                let number = input.varint(u32::BITS)? as u32;
                if number <= last {
                    return ::core::result::Result::Err(#krate::codec::CodecError::new(
                        #krate::codec::ErrorKind::TableOrder,
                    ));
                }
                last = number;
                match number {
                    #(#reads)*
                    _ => {
                        input.bytes()?;
                        input.skip_unknown();
                    }
                }
            }
            input.leave();
            ::core::result::Result::Ok(Self { #(#idents: #locals),* })
        },
        describe: quote!(#krate::schema::TypeBody::Table(::std::vec![#(#fields),*])),
        assertions: entries
            .iter()
            .map(|entry| entry.field.assertions(krate, entry.inner))
            .collect(),
    }
}
