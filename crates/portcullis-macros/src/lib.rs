//! The attribute macros of Portcullis: `message` and `interface`, and the two macros that put a contract together.
//! They only read tokens and write code that stands on `portcullis_proto`; what they write is described there.
//!
//! Each macro parses, then judges, then writes. A declaration that is wrong gives its diagnostics at the tokens that
//! are to change, and the item is written again without our attributes, so that editors keep working.

mod args;
mod contract;
mod docs;
mod errors;
mod field;
mod interface;
mod limit;
mod message;
mod names;
mod types;

use proc_macro::TokenStream;

/// Lets a struct or an enum cross a boundary: it implements `Message`, and becomes part of the schema.
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    message::expand(args.into(), item.into()).into()
}

/// Makes a trait an interface: its methods become channels, with a typed client, a publisher and a server beside it.
#[proc_macro_attribute]
pub fn interface(args: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(args.into(), item.into()).into()
}

/// Puts interfaces together to a contract: `contract! { name = "studio", interfaces = [Cameras] }`.
#[proc_macro]
pub fn contract(input: TokenStream) -> TokenStream {
    contract::contract(input.into()).into()
}

/// The program that writes `contract.schema`: `schema_main!(studio_contract::contract);`.
#[proc_macro]
pub fn schema_main(input: TokenStream) -> TokenStream {
    contract::schema_main(input.into()).into()
}
