//! The grammar of `#[limit(…)]`: parsed, checked as far as literals go, and written out as a `Limit` of the codec.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, RangeLimits, Token, Type, UnOp};

use crate::errors::Errors;
use crate::{args, types};

const GRAMMAR: &str =
    "write `len <= 128`, `len = 1..=128`, `items <= 10`, `range = 0..=100` or `each(…)`";

/// What one `#[limit(…)]` says.
pub(crate) struct Limit {
    pub(crate) span: Span,
    pub(crate) len: Option<Bounds>,
    pub(crate) range: Option<Bounds>,
    pub(crate) each: Option<Box<Limit>>,
}

/// Both ends of a bound, inclusive; an end that is absent is open.
pub(crate) struct Bounds {
    pub(crate) span: Span,
    /// Declared with the word `items`, so not for text.
    pub(crate) items: bool,
    pub(crate) low: Option<Expr>,
    pub(crate) high: Option<Expr>,
}

impl Parse for Limit {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut limit = Self { span: input.span(), len: None, range: None, each: None };
        if input.is_empty() {
            return Err(syn::Error::new(input.span(), format!("an empty limit: {GRAMMAR}")));
        }
        while !input.is_empty() {
            let span = input.span();
            if limit.clause(input)? {
                return Err(syn::Error::new(span, "this is limited twice: keep one"));
            }
            if !input.is_empty() {
                input
                    .parse::<Token![,]>()
                    .map_err(|error| syn::Error::new(error.span(), GRAMMAR))?;
            }
        }
        Ok(limit)
    }
}

impl Limit {
    /// Parses one clause; `true` when there was one of its kind already.
    fn clause(&mut self, input: ParseStream<'_>) -> syn::Result<bool> {
        let word = input.fork().call(Ident::parse_any).ok();
        let called = |name: &str| word.as_ref().is_some_and(|word| word == name);
        if called("each") && input.peek2(syn::token::Paren) {
            input.call(Ident::parse_any)?;
            let content;
            syn::parenthesized!(content in input);
            return Ok(self.each.replace(Box::new(content.parse()?)).is_some());
        }
        if called("len") || called("items") {
            let word = input.call(Ident::parse_any)?;
            let bounds = bounds(&word, input)?;
            return Ok(self.len.replace(bounds).is_some());
        }
        if called("range") {
            let word = input.call(Ident::parse_any)?;
            let bounds = bounds(&word, input)?;
            return Ok(self.range.replace(bounds).is_some());
        }
        let span = input.span();
        let expr: Expr = input.parse().map_err(|_| syn::Error::new(span, GRAMMAR))?;
        if !matches!(expr, Expr::Range(_)) {
            return Err(syn::Error::new(span, GRAMMAR));
        }
        Ok(self.range.replace(range(expr, span, false)?).is_some())
    }

    /// Notes what is wrong as far as the literals tell.
    pub(crate) fn check(&self, errors: &mut Errors) {
        if let Some(len) = &self.len {
            for end in [&len.low, &len.high].into_iter().flatten() {
                if literal(end).is_some_and(|value| !(0..=i128::from(u32::MAX)).contains(&value)) {
                    errors.at(end, "a length is a whole number from 0 to 4294967295");
                } else if is_float(end) {
                    errors.at(end, "a length is a whole number");
                }
            }
        }
        if let Some(range) = &self.range
            && (range.low.is_none() || range.high.is_none())
        {
            errors.at_span(range.span, "a range has two ends: write `range = 0..=100`");
        }
        for bounds in [&self.len, &self.range].into_iter().flatten() {
            if let (Some(low), Some(high)) = (&bounds.low, &bounds.high)
                && let (Some(from), Some(to)) = (literal(low), literal(high))
                && from > to
            {
                errors
                    .at(low, format!("nothing lies in {from}..={to}: the smaller end comes first"));
            }
        }
        if let Some(each) = &self.each {
            each.check(errors);
            if each.each.is_some() {
                errors.at_span(
                    each.span,
                    "`each` goes one level deep: put the inner list into a message of its own",
                );
            }
        }
    }

    /// The `Limit` of the codec, as a constant expression.
    pub(crate) fn expand(&self, krate: &TokenStream) -> TokenStream {
        let len = match &self.len {
            Some(Bounds { low, high, .. }) => {
                let low = low.as_ref().map_or_else(|| quote!(0), |low| whole(low, quote!(u32)));
                let high =
                    high.as_ref().map_or_else(|| quote!(u32::MAX), |high| whole(high, quote!(u32)));
                quote!(::core::option::Option::Some((#low, #high)))
            }
            None => quote!(::core::option::Option::None),
        };
        let mut int = quote!(::core::option::Option::None);
        let mut float = int.clone();
        if let Some(Bounds { low: Some(low), high: Some(high), .. }) = &self.range {
            let (from, to) = (real(low), real(high));
            float = quote!(::core::option::Option::Some((#from, #to)));
            if !is_float(low) && !is_float(high) {
                let (from, to) = (whole(low, quote!(i128)), whole(high, quote!(i128)));
                int = quote!(::core::option::Option::Some((#from, #to)));
            }
        }
        let each = match &self.each {
            Some(each) => {
                let each = each.expand(krate);
                quote!(::core::option::Option::Some(&#each))
            }
            None => quote!(::core::option::Option::None),
        };
        quote!(#krate::codec::Limit { len: #len, int: #int, float: #float, each: #each })
    }

    /// Expressions that do not compile unless the limit applies to `ty`.
    pub(crate) fn assert_applies(&self, krate: &TokenStream, ty: &Type) -> TokenStream {
        let mut all = TokenStream::new();
        for (bounds, range) in [(&self.len, false), (&self.range, true)] {
            let Some(bounds) = bounds else { continue };
            let kind = match (range, bounds.items) {
                (true, _) => quote!(range),
                (false, true) => quote!(items),
                (false, false) => quote!(len),
            };
            let limit = self.expand(krate);
            let ends = bounds.low.as_ref().or(bounds.high.as_ref());
            let span = ends.map_or(bounds.span, Spanned::span);
            let assertion = args::at(&quote!(#krate::codec::applies::#kind), span);
            all.extend(quote_spanned!(span=> #assertion::<#ty>(&#limit);));
        }
        if let (Some(each), Some(item)) = (&self.each, types::list_item(ty)) {
            all.extend(each.assert_applies(krate, item));
        }
        all
    }
}

/// The lists and maps in `ty` of which `limit` does not say how much they hold at most, as [`types::unlimited`] gives them.
pub(crate) fn unlimited<'a>(
    limit: Option<&Limit>,
    ty: &'a Type,
) -> Vec<(&'static str, Vec<&'a Type>)> {
    let Some(limit) = limit else { return types::unlimited(ty) };
    let bounded = limit.len.as_ref().is_some_and(|len| len.high.is_some());
    match (limit.each.as_deref(), types::list_item(ty)) {
        (Some(each), Some(item)) => {
            let mut all = unlimited(Some(each), item);
            if !bounded {
                all.push((types::UNLIMITED_ITEM, vec![item]));
            }
            all
        }
        _ if bounded => types::counted(ty).into_iter().flat_map(types::unlimited).collect(),
        _ => types::unlimited(ty),
    }
}

/// Assertions that what [`unlimited`] gives takes no memory out of proportion to its bytes.
pub(crate) fn assert_in_proportion(
    krate: &TokenStream,
    unlimited: &[(&'static str, Vec<&Type>)],
) -> TokenStream {
    let mut all = TokenStream::new();
    for (name, held) in unlimited {
        let span = held[0].span();
        let name = Ident::new(name, span);
        let assertion = args::at(&quote!(#krate::codec::applies::#name), span);
        all.extend(quote_spanned!(span=> const _: () = #assertion::<#(#held),*>();));
    }
    all
}

fn bounds(word: &Ident, input: ParseStream<'_>) -> syn::Result<Bounds> {
    let items = word == "items";
    let span = word.span();
    let one = |low, high| Bounds { span, items, low, high };
    if input.peek(Token![<=]) {
        input.parse::<Token![<=]>()?;
        let high: Expr = input.parse()?;
        return Ok(one(None, Some(high)));
    }
    if input.peek(Token![>=]) {
        input.parse::<Token![>=]>()?;
        let low: Expr = input.parse()?;
        return Ok(one(Some(low), None));
    }
    if input.peek(Token![==]) {
        input.parse::<Token![==]>()?;
        let both: Expr = input.parse()?;
        return Ok(one(Some(both.clone()), Some(both)));
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let at = input.span();
        let expr: Expr = input.parse()?;
        if !matches!(expr, Expr::Range(_)) {
            return Err(syn::Error::new(
                at,
                format!("`{word} =` takes a range with both ends, as in `{word} = 1..=128`"),
            ));
        }
        return range(expr, span, items);
    }
    Err(syn::Error::new(input.span(), GRAMMAR))
}

fn range(expr: Expr, span: Span, items: bool) -> syn::Result<Bounds> {
    let Expr::Range(range) = expr else { return Err(syn::Error::new(span, GRAMMAR)) };
    if let (RangeLimits::HalfOpen(dots), Some(_)) = (&range.limits, &range.end) {
        return Err(syn::Error::new_spanned(dots, "limits include both ends: write `..=`"));
    }
    let (low, high) = (range.start.map(|low| *low), range.end.map(|high| *high));
    Ok(Bounds { span, items, low, high })
}

/// The value of an integer literal, with its sign.
fn literal(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).map(|value| -value),
        _ => None,
    }
}

fn is_float(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(_), .. }) => true,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_float(expr),
        _ => false,
    }
}

/// A constant of any integer type as `ty`; a literal stands as it is, so that rustc checks its width.
fn whole(expr: &Expr, ty: TokenStream) -> TokenStream {
    if literal(expr).is_some() { expr.to_token_stream() } else { cast(expr, ty) }
}

/// A constant of any number type as `f64`.
fn real(expr: &Expr) -> TokenStream {
    match literal(expr) {
        // As it stands, rustc would take it for an `i32`.
        Some(value) => {
            let size = proc_macro2::Literal::f64_suffixed(value.unsigned_abs() as f64);
            if value < 0 { quote!(-#size) } else { quote!(#size) }
        }
        None => cast(expr, quote!(f64)),
    }
}

fn cast(expr: &Expr, ty: TokenStream) -> TokenStream {
    quote_spanned!(expr.span()=> (#expr) as #ty)
}
