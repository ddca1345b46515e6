//! What stands in the parentheses of `#[call(…)]`, `#[notify(…)]`, `#[stream(…)]`, `#[event(…)]` and `#[state(…)]`.

use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitInt, LitStr, Meta};

use crate::args::{self, Key};
use crate::errors::Errors;
use crate::names;

/// How long a call may take when its author says nothing.
const DEADLINE_MS_DEFAULT: u32 = 30_000;
/// Values kept for a slow receiver when the author says nothing, and at most.
const DEPTH_DEFAULT: u32 = 16;
const DEPTH_MAX: u32 = 1024;

/// What a channel is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Call,
    Notify,
    Stream,
    Event,
    State,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("call", Self::Call),
        ("notify", Self::Notify),
        ("stream", Self::Stream),
        ("event", Self::Event),
        ("state", Self::State),
    ];

    /// The attribute's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Notify => "notify",
            Self::Stream => "stream",
            Self::Event => "event",
            Self::State => "state",
        }
    }

    /// The variant of `ChannelKind`.
    pub(crate) fn variant(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Notify => "Notify",
            Self::Stream => "Stream",
            Self::Event => "Event",
            Self::State => "State",
        }
    }

    pub(crate) fn is_topic(self) -> bool {
        matches!(self, Self::Event | Self::State)
    }

    /// The options that it takes.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Call => &["deadline", "idempotent", "capability", "inline", "blocking"],
            Self::Notify => &["capability", "inline", "blocking"],
            Self::Stream => &["deadline", "overflow", "depth", "capability", "inline", "blocking"],
            Self::Event => &["overflow", "depth", "capability"],
            Self::State => &["overflow", "capability"],
        }
    }

    /// The overflow policies that it allows, by their names and variants of `Overflow`; the first is the default.
    fn policies(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Call | Self::Notify => &[("wait", "Wait")],
            Self::Stream => &[("wait", "Wait"), ("drop_oldest", "DropOldest")],
            Self::Event => &[
                ("drop_oldest", "DropOldest"),
                ("drop_newest", "DropNewest"),
                ("disconnect", "Disconnect"),
            ],
            Self::State => &[("conflate", "Conflate")],
        }
    }
}

/// The options of a channel, with what its author left out filled in.
pub(crate) struct Options {
    pub(crate) kind: Kind,
    pub(crate) deadline_ms: u32,
    pub(crate) idempotent: bool,
    /// The variant of `Overflow`.
    pub(crate) overflow: &'static str,
    pub(crate) depth: u32,
    pub(crate) capability: Option<LitStr>,
    /// The variant of `Mode`.
    pub(crate) mode: &'static str,
}

impl Options {
    /// Those of a channel about which nothing is said.
    pub(crate) fn of(kind: Kind) -> Self {
        let waits = matches!(kind, Kind::Call | Kind::Stream);
        Self {
            kind,
            deadline_ms: if waits { DEADLINE_MS_DEFAULT } else { 0 },
            idempotent: false,
            overflow: kind.policies().first().map_or("Wait", |(_, variant)| variant),
            depth: match kind {
                Kind::Call | Kind::Notify => 0,
                Kind::Stream | Kind::Event => DEPTH_DEFAULT,
                Kind::State => 1,
            },
            capability: None,
            mode: "Async",
        }
    }

    /// Reads the attribute of a channel.
    pub(crate) fn parse(kind: Kind, attribute: &Attribute, errors: &mut Errors) -> Self {
        let mut options = Self::of(kind);
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                let parser = |input: ParseStream<'_>| {
                    args::keys(input, |key, input| options.take(key, input))
                };
                let result = parser.parse2(list.tokens.clone());
                errors.take(result);
            }
            Meta::NameValue(pair) => {
                errors.at(pair, format!("options stand in parentheses: `#[{}(…)]`", kind.name()))
            }
        }
        options
    }

    fn take(&mut self, key: &Key, input: ParseStream<'_>) -> syn::Result<()> {
        let kind = self.kind;
        if !kind.options().contains(&key.name.as_str()) {
            return Err(syn::Error::new(key.span, unknown_option(kind, &key.name)));
        }
        match key.name.as_str() {
            "deadline" => {
                let text = key.text(input, "deadline = \"2s\"")?;
                self.deadline_ms = milliseconds(&text)?;
            }
            "idempotent" => self.idempotent = true,
            "overflow" => {
                let text = key.text(input, "overflow = \"drop_oldest\"")?;
                self.overflow = policy(kind, &text)?;
            }
            "depth" => {
                key.equals(input, "depth = 16")?;
                self.depth = depth(input)?;
            }
            "capability" => {
                let text = key.text(input, "capability = \"control\"")?;
                let mut errors = Errors::default();
                names::check_wire(
                    &text.value(),
                    text.span(),
                    "the name of a capability",
                    &mut errors,
                );
                errors.into_result()?;
                self.capability = Some(text);
            }
            mode => {
                if self.mode != "Async" {
                    return Err(syn::Error::new(
                        key.span,
                        "a handler runs in place (`inline`) or on a thread of a pool (`blocking`): keep one",
                    ));
                }
                self.mode = if mode == "inline" { "Inline" } else { "Blocking" };
            }
        }
        Ok(())
    }
}

fn unknown_option(kind: Kind, name: &str) -> String {
    let known: Vec<String> = kind.options().iter().map(|name| format!("`{name}`")).collect();
    let known = known.join(", ");
    let elsewhere = Kind::ALL.iter().any(|(_, other)| other.options().contains(&name));
    let what = kind.name();
    if elsewhere {
        format!("`{name}` means nothing for `#[{what}]`, which takes {known}")
    } else {
        format!("`{name}` is not known here: `#[{what}]` takes {known}")
    }
}

fn policy(kind: Kind, text: &LitStr) -> syn::Result<&'static str> {
    let policies = kind.policies();
    let wanted = text.value();
    if let Some((_, variant)) = policies.iter().find(|(name, _)| *name == wanted) {
        return Ok(variant);
    }
    let known: Vec<String> = policies.iter().map(|(name, _)| format!("`{name}`")).collect();
    let what = kind.name();
    Err(syn::Error::new(text.span(), format!("`#[{what}]` can do {}", known.join(", "))))
}

fn depth(input: ParseStream<'_>) -> syn::Result<u32> {
    let span = input.span();
    let literal: Option<LitInt> = input.parse().ok();
    match literal.and_then(|literal| literal.base10_parse().ok()) {
        Some(depth) if (1..=DEPTH_MAX).contains(&depth) => Ok(depth),
        _ => Err(syn::Error::new(span, format!("a depth is a number from 1 to {DEPTH_MAX}"))),
    }
}

/// `"2s"`, `"500ms"` and `"1m"`.
fn milliseconds(text: &LitStr) -> syn::Result<u32> {
    let value = text.value();
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
    let parsed = units.iter().find_map(|(unit, factor)| {
        let number: u32 = value.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(*factor)
    });
    match parsed {
        Some(milliseconds) if milliseconds > 0 => Ok(milliseconds),
        _ => Err(syn::Error::new(
            text.span(),
            "a deadline is a whole number of `ms`, `s` or `m` above 0: `\"500ms\"`, `\"2s\"`, `\"1m\"`",
        )),
    }
}

/// Whether an attribute declares a channel, and of which kind.
pub(crate) fn kind_of(attribute: &Attribute) -> Option<Kind> {
    let found = Kind::ALL.iter().find(|(name, _)| attribute.path().is_ident(name));
    found.map(|(_, kind)| *kind)
}
