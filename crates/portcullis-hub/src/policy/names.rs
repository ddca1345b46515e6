//! The names of a contract that grants may use, and what each grant comes to. Who holds it is left to [`super::roles`].

use std::fmt;

use portcullis_proto::schema::{ChannelKind, Schema};
use portcullis_proto::text::beginning;

use super::rights::{OWN, PUBLISH, SERVE, Scope, USE};
use super::role::{Action, Grant};

/// A grant that does not fit the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// The contract has no such channel or interface.
    Unknown {
        /// The name in the contract that is nearest to it.
        nearest: Option<String>,
    },
    /// The channel is of another kind than the action is for.
    WrongKind {
        /// What would be right.
        hint: &'static str,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { nearest: Some(nearest) } => {
                write!(f, "the contract does not have it; did you mean `{nearest}`?")
            }
            Self::Unknown { nearest: None } => f.write_str("the contract does not have it"),
            Self::WrongKind { hint } => f.write_str(hint),
        }
    }
}

impl std::error::Error for Misfit {}

#[derive(Debug)]
pub(crate) struct InterfaceNames {
    pub(crate) name: String,
    pub(crate) channels: Vec<ChannelNames>,
}

#[derive(Debug)]
pub(crate) struct ChannelNames {
    pub(crate) name: String,
    pub(crate) capability: String,
    pub(crate) kind: ChannelKind,
}

/// The names of a contract: what grants are checked against.
#[derive(Debug)]
pub struct Names {
    pub(crate) interfaces: Vec<InterfaceNames>,
}

impl Names {
    /// The names of `schema`.
    pub fn new(schema: &Schema) -> Self {
        let interfaces = schema.interfaces.iter().map(|interface| InterfaceNames {
            name: interface.name.clone(),
            channels: interface
                .channels
                .iter()
                .map(|channel| ChannelNames {
                    name: channel.name.clone(),
                    capability: channel.capability.clone(),
                    kind: channel.kind,
                })
                .collect(),
        });
        Self { interfaces: interfaces.collect() }
    }

    /// The names of all interfaces.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.interfaces.iter().map(|interface| interface.name.as_str())
    }

    /// Every use of every channel and interface, as [`Scope::cells`] has them.
    pub fn cells(&self) -> impl Iterator<Item = (usize, Option<u32>, u8)> + '_ {
        self.interfaces.iter().enumerate().flat_map(|(index, interface)| {
            let of_channels = channels(interface).flat_map(move |(ordinal, channel)| {
                let uses: &[u8] =
                    if channel.kind.is_topic() { &[USE, PUBLISH, OWN] } else { &[USE] };
                uses.iter().map(move |bit| (index, Some(ordinal), *bit))
            });
            std::iter::once((index, None, SERVE)).chain(of_channels)
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<(usize, &InterfaceNames)> {
        self.interfaces.iter().enumerate().find(|(_, interface)| interface.name == name)
    }

    /// What a grant comes to.
    ///
    /// # Errors
    ///
    /// See [`Misfit`].
    pub fn resolve(&self, grant: &Grant) -> Result<Scope, Misfit> {
        let what = grant.what.as_str();
        if grant.action == Action::Serve {
            let (index, interface) =
                self.find(what).ok_or_else(|| self.unknown(what, grant.action))?;
            let topics = channels(interface).filter(|(_, channel)| channel.kind.is_topic());
            let cells = topics.map(|(ordinal, _)| (Some(ordinal), OWN));
            return Ok(Scope::new(index, std::iter::once((None, SERVE)).chain(cells)));
        }
        let bits = if grant.action == Action::Publish { PUBLISH } else { USE };
        let (index, named) = self.named(what).ok_or_else(|| self.unknown(what, grant.action))?;
        let is_for_topics = grant.action != Action::Call;
        let fitting: Vec<u32> = named
            .into_iter()
            .filter(|(_, channel)| channel.kind.is_topic() == is_for_topics)
            .map(|(ordinal, _)| ordinal)
            .collect();
        if fitting.is_empty() {
            let hint = match grant.action {
                Action::Call => "a topic is granted by `subscribe` or `publish`",
                _ => "a call, notification or stream is granted by `call`",
            };
            return Err(Misfit::WrongKind { hint });
        }
        Ok(Scope::new(index, fitting.into_iter().map(|ordinal| (Some(ordinal), bits))))
    }

    /// What a denial comes to: an interface with all that it has, or channels of it in every use.
    ///
    /// # Errors
    ///
    /// See [`Misfit`].
    pub fn resolve_denial(&self, what: &str) -> Result<Scope, Misfit> {
        let every = |ordinal| (Some(ordinal), USE | PUBLISH | OWN);
        if let Some((index, interface)) = self.find(what) {
            let cells = channels(interface).map(|(ordinal, _)| every(ordinal));
            return Ok(Scope::new(index, std::iter::once((None, SERVE)).chain(cells)));
        }
        let (index, named) = self.named(what).ok_or_else(|| self.unknown(what, Action::Call))?;
        Ok(Scope::new(index, named.into_iter().map(|(ordinal, _)| every(ordinal))))
    }

    /// The channels that `interface.channel`, `interface.capability` or `interface.*` names; at least one.
    fn named(&self, what: &str) -> Option<(usize, Vec<(u32, &ChannelNames)>)> {
        let (interface, channel) = what.rsplit_once('.')?;
        let (index, interface) = self.find(interface)?;
        let is_named = |names: &ChannelNames| {
            channel == "*" || channel == names.name || channel == names.capability
        };
        let named: Vec<_> = channels(interface).filter(|(_, names)| is_named(names)).collect();
        (!named.is_empty()).then_some((index, named))
    }

    /// The name that a mistyped grant most likely meant.
    fn unknown(&self, what: &str, action: Action) -> Misfit {
        let interfaces = self.interfaces.iter();
        let nearest = if action == Action::Serve {
            nearest(what, interfaces.map(|interface| interface.name.clone()))
        } else {
            let full = interfaces.flat_map(|interface| {
                let of = |name: &str| format!("{}.{name}", interface.name);
                interface.channels.iter().map(move |channel| of(&channel.name)).chain([of("*")])
            });
            nearest(what, full)
        };
        Misfit::Unknown { nearest }
    }
}

fn channels(interface: &InterfaceNames) -> impl Iterator<Item = (u32, &ChannelNames)> {
    (0..).zip(&interface.channels)
}

/// The candidate that a mistyped name most likely meant: the one that the fewest changes of letters lead to, if those
/// are not more than half of the longer one.
pub fn nearest<S: AsRef<str>>(
    name: &str,
    candidates: impl IntoIterator<Item = S>,
) -> Option<String> {
    let name = head(name);
    let best = candidates
        .into_iter()
        .map(|candidate| (distance(head(candidate.as_ref()), name), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    let (distance, candidate) = (best.0, best.1.as_ref());
    (distance <= candidate.len().max(name.len()) / 2).then(|| candidate.to_owned())
}

/// Names longer than this are compared up to here, in bytes: comparing takes the product of two lengths.
const COMPARED_BYTES_MAX: usize = 256;

fn head(name: &str) -> &str {
    beginning(name, COMPARED_BYTES_MAX)
}

/// How many letters are put in, left out, changed, or swapped with their neighbour, to come from one name to the other
/// (optimal string alignment).
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    // The costs of reaching each start of `two`: from the start of `one` before, and from the one before that.
    let mut row: Vec<usize> = (0..=two.len()).collect();
    let mut older: Vec<usize> = Vec::new();
    let mut last = None;
    for (index, a) in one.chars().enumerate() {
        let mut next = vec![index + 1];
        let mut left = index + 1;
        for (place, b) in two.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (at(&row, place) + usize::from(a != *b)).min(left + 1);
            cost = cost.min(at(&row, place + 1) + 1);
            if place > 0 && last == Some(*b) && two.get(place - 1) == Some(&a) {
                cost = cost.min(at(&older, place - 1) + 1);
            }
            next.push(cost);
            left = cost;
        }
        older = std::mem::replace(&mut row, next);
        last = Some(a);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_count_what_people_do_wrong() {
        for (one, two, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("for", "fro", 1),
            ("kitten", "sitting", 3),
            ("subscribe", "subscrbie", 1),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(one, two), expected, "{one} {two}");
        }
    }

    #[test]
    fn what_is_nearest_is_near() {
        assert_eq!(nearest("lgo", ["viewer", "log"]), Some("log".to_owned()));
        assert_eq!(nearest("window", ["viewer", "log"]), None);
        assert_eq!(nearest("x", Vec::<String>::new()), None);
        let long = "x".repeat(100_000);
        assert_eq!(nearest(&long, ["log"]), None);
    }
}
