//! What stands in the parentheses of our attributes, and the path under which generated code finds its crate.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Path, Token};

/// Which crate the generated code refers to: `::portcullis`, or what `crate = "…"` says.
#[derive(Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// Parses the value of `crate = "…"`.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let text: LitStr = input.parse()?;
        let path = text.parse_with(Path::parse_mod_style).map_err(|_| {
            syn::Error::new(text.span(), "name a crate or module: `crate = \"portcullis_proto\"`")
        })?;
        Ok(Self(Some(path)))
    }

    /// The hidden module of that crate.
    pub(crate) fn private(&self) -> TokenStream {
        match &self.0 {
            None => quote!(::portcullis::__private),
            Some(path) => {
                let first = path.segments.first().map(|segment| segment.ident.to_string());
                let local = matches!(first.as_deref(), Some("crate" | "self" | "super"));
                if local || path.leading_colon.is_some() {
                    quote_spanned!(path.span()=> #path::__private)
                } else {
                    quote_spanned!(path.span()=> ::#path::__private)
                }
            }
        }
    }
}

/// The word before a value, or alone.
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) span: Span,
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `crate` is a keyword.
        let ident = input.call(Ident::parse_any)?;
        Ok(Self { name: ident.to_string(), span: ident.span() })
    }
}

impl Key {
    /// A value must follow.
    pub(crate) fn equals(&self, input: ParseStream<'_>, example: &str) -> syn::Result<()> {
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(());
        }
        Err(syn::Error::new(self.span, format!("`{}` takes a value: `{example}`", self.name)))
    }

    /// A text must follow.
    pub(crate) fn text(&self, input: ParseStream<'_>, example: &str) -> syn::Result<LitStr> {
        self.equals(input, example)?;
        let span = input.span();
        input.parse().map_err(|_| {
            syn::Error::new(span, format!("`{}` takes a text in quotes: `{example}`", self.name))
        })
    }
}

/// Reads keys separated by commas; `take` reads each one's value.
pub(crate) fn keys(
    input: ParseStream<'_>,
    mut take: impl FnMut(&Key, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        let key: Key = input.parse()?;
        if seen.contains(&key.name) {
            return Err(syn::Error::new(key.span, format!("`{}` stands here twice", key.name)));
        }
        take(&key, input)?;
        seen.push(key.name);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// The same tokens, all at `span`, so that what the compiler finds in generated code is shown there.
pub(crate) fn at(tokens: &TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.clone().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}
