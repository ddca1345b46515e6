//! One channel of an interface, as its method declares it.

use proc_macro2::Span;
use syn::{Attribute, Ident, Signature, Type};

use super::options::{Kind, Options};
use crate::field::Field;

/// A channel.
pub(crate) struct Channel {
    pub(crate) ident: Ident,
    /// The name in the schema.
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The method's attributes without ours.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) options: Options,
    /// The method as written, without the attributes of its arguments.
    pub(crate) signature: Signature,
    /// What its author wrote behind the signature.
    pub(crate) body: Option<Span>,
    /// What follows `&self` and `cx: &Call`.
    pub(crate) params: Vec<Param>,
    /// Whether `&self` and `cx: &Call` stand where they belong.
    pub(crate) receiver: Receiver,
    pub(crate) context: Option<Span>,
    pub(crate) output: Output,
}

/// The receiver of a method.
pub(crate) enum Receiver {
    /// `&self`.
    Shared,
    /// None at all.
    None,
    /// Another one.
    Other(Span),
}

/// A parameter behind the context.
pub(crate) enum Param {
    /// Crosses with the request.
    Arg(Box<Field>),
    /// `out: Sink<T>`: items to the caller.
    Out(Flow),
    /// `input: Source<T>`: items from the caller.
    Input(Flow),
}

/// A flow of items of a stream.
pub(crate) struct Flow {
    pub(crate) ident: Ident,
    pub(crate) item: Type,
}

/// What a method returns.
pub(crate) struct Output {
    /// The value; the unit where nothing is written.
    pub(crate) value: Type,
    /// The error of a `Result`; without one, failures are `portcullis::Error`s.
    pub(crate) error: Option<Type>,
}

impl Channel {
    pub(crate) fn kind(&self) -> Kind {
        self.options.kind
    }

    /// The arguments, in order.
    pub(crate) fn args(&self) -> impl Iterator<Item = &Field> {
        self.params.iter().filter_map(|param| match param {
            Param::Arg(field) => Some(&**field),
            _ => None,
        })
    }

    /// The flow to the caller.
    pub(crate) fn out(&self) -> Option<&Flow> {
        self.params.iter().find_map(|param| match param {
            Param::Out(flow) => Some(flow),
            _ => None,
        })
    }

    /// The flow from the caller.
    pub(crate) fn input(&self) -> Option<&Flow> {
        self.params.iter().find_map(|param| match param {
            Param::Input(flow) => Some(flow),
            _ => None,
        })
    }
}
