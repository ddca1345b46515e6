//! What an `#[interface]` trait says, taken down without judging it, apart from what cannot be taken down at all.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, Ident, ItemTrait, LitInt, LitStr, Pat, PatType,
    PathArguments, ReturnType, TraitItem, TraitItemFn, Type, parse_quote,
};

use super::channel::{Channel, Flow, Output, Param, Receiver};
use super::options::{self, Kind, Options};
use crate::args::{self, Krate};
use crate::errors::Errors;
use crate::field::Field;
use crate::{docs, names, types};

/// An interface, as declared.
pub(crate) struct Interface {
    pub(crate) args: Args,
    /// The trait, from which the methods were taken.
    pub(crate) item: ItemTrait,
    pub(crate) docs: String,
    pub(crate) channels: Vec<Channel>,
}

/// What stands in `#[interface(…)]`.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) krate: Krate,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    /// The file that has the shapes of earlier releases, from the crate's folder.
    pub(crate) lock: Option<LitStr>,
    /// It could not be read, which was said already.
    pub(crate) broken: bool,
}

impl Args {
    /// The version, once it was judged.
    pub(crate) fn number(&self) -> Option<u16> {
        self.version.as_ref().and_then(|version| version.base10_parse().ok())
    }
}

pub(crate) fn parse(args: TokenStream, mut item: ItemTrait, errors: &mut Errors) -> Interface {
    let args = match parse_args.parse2(args) {
        Ok(args) => args,
        Err(error) => {
            errors.add(error);
            Args { broken: true, ..Args::default() }
        }
    };
    let mut channels = Vec::new();
    for member in std::mem::take(&mut item.items) {
        match member {
            TraitItem::Fn(method) => channels.extend(channel(method, errors)),
            other => errors.at(other, "an interface has channels only: move this out of the trait"),
        }
    }
    Interface { args, docs: docs::of(&item.attrs), item, channels }
}

fn parse_args(input: ParseStream<'_>) -> syn::Result<Args> {
    let mut parsed = Args::default();
    args::keys(input, |key, input| {
        match key.name.as_str() {
            "crate" => {
                key.equals(input, "crate = \"portcullis_proto\"")?;
                parsed.krate = Krate::parse(input)?;
            }
            "name" => parsed.name = Some(key.text(input, "name = \"studio.cameras\"")?),
            "lock" => parsed.lock = Some(key.text(input, "lock = \"contract.lock\"")?),
            "version" => {
                key.equals(input, "version = 1")?;
                let span = input.span();
                let version = input.parse::<LitInt>();
                let version = version.map_err(|_| syn::Error::new(span, VERSION))?;
                parsed.version = Some(version);
            }
            other => {
                return Err(syn::Error::new(
                    key.span,
                    format!(
                        "`{other}` is not known here: `name`, `version`, `lock` or `crate = \"…\"`"
                    ),
                ));
            }
        }
        Ok(())
    })?;
    Ok(parsed)
}

/// What a version is.
pub(crate) const VERSION: &str = "a version is a number from 1 to 65535: `version = 1`";

fn channel(mut method: TraitItemFn, errors: &mut Errors) -> Option<Channel> {
    let (kind, attribute) = kind(&mut method.attrs, &method.sig.ident, errors)?;
    let options = match &attribute {
        Some(attribute) => Options::parse(kind, attribute, errors),
        None => Options::of(kind),
    };
    for attribute in method.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.at(attribute, "two builds of one contract must not differ: remove this `#[cfg]`");
    }
    let mut receiver = Receiver::None;
    let mut context = None;
    let mut params = Vec::new();
    for (position, input) in method.sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(this) => {
                let shared = this.reference.is_some() && this.mutability.is_none();
                receiver = if shared && this.colon_token.is_none() {
                    Receiver::Shared
                } else {
                    Receiver::Other(this.span())
                };
            }
            FnArg::Typed(argument) if position == 1 && is_context(&argument.ty) => {
                context = Some(argument.ty.span());
            }
            FnArg::Typed(argument) => params.extend(param(argument, position, errors)),
        }
    }
    Some(Channel {
        ident: method.sig.ident.clone(),
        name: names::text(&method.sig.ident),
        docs: docs::of(&method.attrs),
        attributes: method.attrs,
        options,
        body: method.default.as_ref().map(Spanned::span),
        params,
        receiver,
        context,
        output: output(&method.sig.output, errors),
        signature: method.sig,
    })
}

/// Takes off the attribute that says what a method is.
fn kind(
    attributes: &mut Vec<Attribute>,
    ident: &Ident,
    errors: &mut Errors,
) -> Option<(Kind, Option<Attribute>)> {
    let mut found: Option<(Kind, Attribute)> = None;
    for attribute in attributes.extract_if(.., |it| options::kind_of(it).is_some()) {
        let Some(kind) = options::kind_of(&attribute) else { continue };
        match &found {
            None => found = Some((kind, attribute)),
            Some((first, _)) => errors.at(
                &attribute,
                format!("this is a `#[{}]` already: a channel is one thing", first.name()),
            ),
        }
    }
    if found.is_none() {
        errors.at(
            ident,
            "say what this channel is: `#[call]`, `#[notify]`, `#[stream]`, `#[event]` or `#[state]`",
        );
    }
    found.map(|(kind, attribute)| (kind, Some(attribute)))
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference)
        if reference.mutability.is_none() && types::is(&reference.elem, "Call"))
}

fn param(argument: &mut PatType, position: usize, errors: &mut Errors) -> Option<Param> {
    let Pat::Ident(pattern) = &*argument.pat else {
        errors.at(&argument.pat, "an argument has a plain name, which the other side sees");
        return None;
    };
    let ident = pattern.ident.clone();
    for (name, make) in [("Sink", Param::Out as fn(Flow) -> Param), ("Source", Param::Input)] {
        if let Some(item) = types::inside(&argument.ty, name) {
            return Some(make(Flow { ident, item: item.clone() }));
        }
    }
    let field = Field::parse(&mut argument.attrs, Some(ident), position, &argument.ty, errors);
    Some(Param::Arg(Box::new(field)))
}

fn output(output: &ReturnType, errors: &mut Errors) -> Output {
    let ty: Type = match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    let Type::Path(path) = types::strip(&ty) else { return Output { value: ty, error: None } };
    let Some(segment) = path.path.segments.last() else { return Output { value: ty, error: None } };
    if segment.ident != "Result" {
        return Output { value: ty, error: None };
    }
    let mut parts = Vec::new();
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
        parts.extend(arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        }));
    }
    match <[Type; 2]>::try_from(parts) {
        Ok([value, error]) => Output { value, error: Some(error) },
        Err(_) => {
            errors.at(&ty, "write out the error too: `Result<T, CameraError>` or `Result<T, portcullis::Error>`");
            Output { value: parse_quote!(()), error: None }
        }
    }
}
