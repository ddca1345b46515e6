//! Two versions of an interface: its channels by their numbers, and every named type they reach, judged by who writes it.

use std::collections::BTreeMap;

use portcullis_proto::schema::{Channel, ChannelKind, Interface, Schema, Type};

use super::values::{Difference, Effect, LOST, Lost, Pair, Walk};
use super::{Change, InterfaceReport, Report, Verdict};

const KEEP: &str =
    "Channels are numbered by their order: keep each in its place, and add at the end.";
const BOTH: Verdict = Verdict::Breaking { old_callers: true, new_callers: true };
const OLD_CALLERS: Verdict = Verdict::Breaking { old_callers: true, new_callers: false };
const NEW_CALLERS: Verdict = Verdict::Breaking { old_callers: false, new_callers: true };

/// Who writes values of a type, somewhere in an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Writers {
    caller: bool,
    server: bool,
}

impl Writers {
    const CALLER: Self = Self { caller: true, server: false };
    const SERVER: Self = Self { caller: false, server: true };

    fn join(self, other: Self) -> Self {
        Self { caller: self.caller || other.caller, server: self.server || other.server }
    }

    fn verdict(self, effect: Effect) -> Verdict {
        match effect {
            Effect::Harmless => Verdict::Harmless,
            Effect::Additive => Verdict::Additive,
            Effect::Lost(Lost { old_to_new, new_to_old }) => Verdict::Breaking {
                old_callers: self.caller && old_to_new || self.server && new_to_old,
                new_callers: self.caller && new_to_old || self.server && old_to_new,
            },
        }
    }
}

/// Two contracts, and what was found of their named types.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    old: &'a Schema,
    new: &'a Schema,
    types: BTreeMap<Pair<'a>, Walk<'a>>,
}

/// One interface under comparison.
#[derive(Debug, Default)]
struct Found<'a> {
    changes: Vec<Change>,
    used: BTreeMap<Pair<'a>, Writers>,
}

impl<'a> Found<'a> {
    fn push(&mut self, path: &str, what: String, verdict: Verdict, why: &str) {
        self.changes.push(Change { path: path.to_owned(), what, verdict, why: why.to_owned() });
    }

    fn take(&mut self, differences: &[Difference], writers: Writers) {
        for Difference { path, what, effect, why } in differences {
            self.push(path, what.clone(), writers.verdict(*effect), why);
        }
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a Schema, new: &'a Schema) -> Self {
        Self { old, new, types: BTreeMap::new() }
    }

    pub(super) fn report(mut self) -> Report {
        let (old, new) = (self.old, self.new);
        let names = old.interfaces.iter().chain(&new.interfaces).map(|it| it.name.as_str());
        let names: std::collections::BTreeSet<&str> = names.collect();
        let mut interfaces = Vec::new();
        for name in names {
            let (old, new) = (old.interface(name), new.interface(name));
            let mut changes = match (old, new) {
                (Some(old), Some(new)) => self.interface(old, new),
                (None, _) => {
                    let why = "Old builds do not know of it.";
                    let mut found = Found::default();
                    found.push(name, "the interface was added".into(), Verdict::Additive, why);
                    found.changes
                }
                (_, None) => {
                    let why = "Old callers ask for it in vain.";
                    let mut found = Found::default();
                    found.push(name, "the interface was removed".into(), OLD_CALLERS, why);
                    found.changes
                }
            };
            changes.sort_by_key(|change| rank(change.verdict));
            if !changes.is_empty() {
                interfaces.push(InterfaceReport {
                    name: name.to_owned(),
                    old: old.map(|it| (it.version, it.hash)),
                    new: new.map(|it| (it.version, it.hash)),
                    changes,
                });
            }
        }
        Report { interfaces }
    }

    fn interface(&mut self, old: &'a Interface, new: &'a Interface) -> Vec<Change> {
        let mut found = Found::default();
        let name = old.name.as_str();
        if old.version != new.version {
            let what = format!("version {} is version {} now", old.version, new.version);
            let why = match new.version < old.version {
                true => "The number falls: look whether OLD and NEW are in this order.",
                false => "The number alone changes nothing.",
            };
            found.push(name, what, Verdict::Harmless, why);
        }
        if old.trait_name != new.trait_name {
            let what = format!("the trait is called `{}` now", new.trait_name);
            let why = "Only code that uses the name has to follow.";
            found.push(name, what, Verdict::Harmless, why);
        }
        if old.docs != new.docs {
            found.push(name, "the documentation changed".to_owned(), Verdict::Harmless, "");
        }
        self.channels(old, new, &mut found);
        self.named_types(&mut found);
        found.changes
    }

    fn channels(&mut self, old: &'a Interface, new: &'a Interface, found: &mut Found<'a>) {
        let place =
            |all: &Interface, name: &str| all.channels.iter().position(|it| it.name == name);
        for (number, one) in old.channels.iter().enumerate() {
            let path = format!("{}.{}", old.name, one.name);
            let there = new.channels.get(number);
            match place(new, &one.name) {
                Some(same) if same == number => {
                    if let Some(other) = there {
                        self.channel(&path, one, other, found);
                    }
                }
                Some(moved) => {
                    let what = format!("had number {number} and has {moved}");
                    found.push(&path, what, BOTH, KEEP);
                }
                None => match there.filter(|it| place(old, &it.name).is_none()) {
                    Some(other) => {
                        let what = format!("`{}` stands in its place now", other.name);
                        let why = "Policies and errors know channels by their names: keep it, and add the other at the end.";
                        found.push(&path, what, BOTH, why);
                    }
                    None => {
                        let what = "the channel was removed".to_owned();
                        found.push(&path, what, OLD_CALLERS, "Old callers ask for it in vain.");
                    }
                },
            }
        }
        for (number, other) in new.channels.iter().enumerate() {
            let path = format!("{}.{}", new.name, other.name);
            let replaces =
                || old.channels.get(number).is_some_and(|it| place(new, &it.name).is_none());
            if place(old, &other.name).is_some() || replaces() {
                continue;
            }
            if number >= old.channels.len() {
                let why = "An old server answers that there is no such channel.";
                let what = "the channel was added at the end".to_owned();
                found.push(&path, what, Verdict::Additive, why);
            } else {
                found.push(&path, "the channel was added before others".to_owned(), BOTH, KEEP);
            }
        }
    }

    fn channel(&mut self, path: &str, old: &'a Channel, new: &'a Channel, found: &mut Found<'a>) {
        if old.kind != new.kind {
            let what = format!("was {} and is {}", kind(old.kind), kind(new.kind));
            return found.push(path, what, BOTH, "Add a channel of the other kind.");
        }
        if old.docs != new.docs {
            found.push(path, "the documentation changed".to_owned(), Verdict::Harmless, "");
        }
        if old.overflow != new.overflow {
            let what = format!("overflow was {:?} and is {:?}", old.overflow, new.overflow);
            found.push(path, what, BOTH, "Both sides must agree on what a slow receiver loses.");
        }
        match (old.idempotent, new.idempotent) {
            (false, true) => {
                let what = "the call is idempotent now".to_owned();
                let why = "A new caller repeats it, and an old server may do the work twice.";
                found.push(path, what, NEW_CALLERS, why);
            }
            (true, false) => {
                let what = "the call is not idempotent any more".to_owned();
                let why = "An old caller repeats it, and a new server may do the work twice.";
                found.push(path, what, OLD_CALLERS, why);
            }
            _ => {}
        }
        let mut number = |name: &str, old: u32, new: u32| {
            if old != new {
                let what = format!("{name} was {old} and is {new}");
                found.push(path, what, Verdict::Harmless, "Each build goes by its own.");
            }
        };
        number("the deadline in milliseconds", old.deadline_ms, new.deadline_ms);
        number("the depth", old.depth, new.depth);
        if old.capability != new.capability {
            let what = format!("capability `{}` is `{}` now", old.capability, new.capability);
            found.push(path, what, Verdict::Harmless, "Policies that grant it have to follow.");
        }
        self.parts(path, old, new, found);
    }

    /// The bodies of a channel, each with its writer.
    fn parts(&mut self, path: &str, old: &'a Channel, new: &'a Channel, found: &mut Found<'a>) {
        let sender = if old.kind.is_topic() { Writers::SERVER } else { Writers::CALLER };
        self.part(sender, found, |walk| {
            walk.arguments(&format!("{path}("), &old.args, &new.args);
        });
        self.part(Writers::SERVER, found, |walk| {
            walk.types(&format!("{path} reply"), &old.reply, &new.reply);
        });
        self.part(Writers::SERVER, found, |walk| {
            let path = format!("{path} error");
            match (&old.error, &new.error) {
                (None, Some(_)) => {
                    let why = "An old caller does not know what the error carries.";
                    walk.push(&path, "was added".to_owned(), super::values::LOST_NEW_TO_OLD, why);
                }
                (Some(_), None) => {
                    let why = "A new caller does not know what the error carries.";
                    walk.push(&path, "was removed".to_owned(), super::values::LOST_OLD_TO_NEW, why);
                }
                (old, new) => optional(walk, &path, old.as_ref(), new.as_ref()),
            }
        });
        self.part(Writers::CALLER, found, |walk| {
            optional(walk, &format!("{path} items sent"), old.up.as_ref(), new.up.as_ref());
        });
        self.part(Writers::SERVER, found, |walk| {
            let path = format!("{path} items received");
            optional(walk, &path, old.down.as_ref(), new.down.as_ref());
        });
    }

    fn part(&self, writers: Writers, found: &mut Found<'a>, look: impl FnOnce(&mut Walk<'a>)) {
        let mut walk = Walk::new(self.old, self.new);
        look(&mut walk);
        found.take(&walk.differences, writers);
        for pair in walk.mentions {
            let used = found.used.entry(pair).or_default();
            *used = used.join(writers);
        }
    }

    /// Follows the types that were mentioned to those that they mention: each has all writers of what it stands in.
    fn named_types(&mut self, found: &mut Found<'a>) {
        let mut open: Vec<Pair<'a>> = found.used.keys().copied().collect();
        // A type is looked at again only when it has gained a writer, which happens twice at most.
        while let Some(pair) = open.pop() {
            let writers = found.used.get(&pair).copied().unwrap_or_default();
            for mention in &self.walk(pair).mentions {
                let used = found.used.entry(*mention).or_default();
                let joined = used.join(writers);
                if joined != *used {
                    *used = joined;
                    open.push(*mention);
                }
            }
        }
        for (pair, writers) in std::mem::take(&mut found.used) {
            found.take(&self.walk(pair).differences, writers);
        }
    }

    fn walk(&mut self, pair: Pair<'a>) -> &Walk<'a> {
        let (old, new) = (self.old, self.new);
        self.types.entry(pair).or_insert_with(|| {
            let mut walk = Walk::new(old, new);
            walk.bodies(pair);
            walk
        })
    }
}

fn optional<'a>(walk: &mut Walk<'a>, path: &str, old: Option<&'a Type>, new: Option<&'a Type>) {
    match (old, new) {
        (None, None) => {}
        (Some(old), Some(new)) => walk.types(path, old, new),
        (None, Some(_)) => walk.push(path, "were added".to_owned(), LOST, "Add a channel."),
        (Some(_), None) => walk.push(path, "were removed".to_owned(), LOST, "Add a channel."),
    }
}

fn kind(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Call => "a call",
        ChannelKind::Notify => "a notification",
        ChannelKind::Stream => "a stream",
        ChannelKind::Event => "an event",
        ChannelKind::State => "a state",
    }
}

/// Breaking first, then additive, then harmless, each in the order of the contract.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Breaking { .. } => 0,
        Verdict::Additive => 1,
        Verdict::Harmless => 2,
    }
}
