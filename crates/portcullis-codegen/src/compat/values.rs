//! Two types of one place: which values of the one are values of the other, in the same bytes.

use std::collections::BTreeSet;

use portcullis_proto::schema::{Int, Schema, Type};

use crate::shape::type_text;

/// What a difference does to values that cross between the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Harmless,
    Additive,
    Lost(Lost),
}

/// In which direction values do not arrive as what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// The old side writes, the new one reads.
    pub(super) old_to_new: bool,
    /// The new side writes, the old one reads.
    pub(super) new_to_old: bool,
}

pub(super) const LOST: Effect = Effect::Lost(Lost { old_to_new: true, new_to_old: true });
pub(super) const LOST_OLD_TO_NEW: Effect =
    Effect::Lost(Lost { old_to_new: true, new_to_old: false });
pub(super) const LOST_NEW_TO_OLD: Effect =
    Effect::Lost(Lost { old_to_new: false, new_to_old: true });

/// A change before it is known who writes and who reads.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) what: String,
    pub(super) effect: Effect,
    pub(super) why: &'static str,
}

/// The name of a type in the old contract, and that of its counterpart in the new one.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// Collects the differences of one part of a contract, and the named types that it stands on.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) differences: Vec<Difference>,
    pub(super) mentions: BTreeSet<Pair<'a>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Schema, new: &'a Schema) -> Self {
        Self { old, new, differences: Vec::new(), mentions: BTreeSet::new() }
    }

    pub(super) fn push(&mut self, path: &str, what: String, effect: Effect, why: &'static str) {
        self.differences.push(Difference { path: path.to_owned(), what, effect, why });
    }

    pub(super) fn docs(&mut self, path: &str, old: &str, new: &str) {
        if old != new {
            self.push(path, "the documentation changed".to_owned(), Effect::Harmless, "");
        }
    }

    /// Compares the types of one place.
    pub(super) fn types(&mut self, path: &str, old: &'a Type, new: &'a Type) {
        match (old, new) {
            (Type::Named(a), Type::Named(b)) => self.named(path, a, b),
            (Type::Option(a), Type::Option(b)) => self.types(path, a, b),
            (
                Type::List { item: a, min: a_min, max: a_max },
                Type::List { item: b, min: b_min, max: b_max },
            ) => {
                self.lengths(path, "the count", (*a_min, *a_max), (*b_min, *b_max));
                self.types(&format!("{path}[]"), a, b);
            }
            (Type::Array { item: a, len: a_len }, Type::Array { item: b, len: b_len })
                if a_len == b_len =>
            {
                self.types(&format!("{path}[]"), a, b);
            }
            (
                Type::Map { key: a_key, value: a, min: a_min, max: a_max },
                Type::Map { key: b_key, value: b, min: b_min, max: b_max },
            ) => {
                self.lengths(path, "the count", (*a_min, *a_max), (*b_min, *b_max));
                self.types(&format!("{path}{{key}}"), a_key, b_key);
                self.types(&format!("{path}{{}}"), a, b);
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                for (index, (a, b)) in a.iter().zip(b).enumerate() {
                    self.types(&format!("{path}.{index}"), a, b);
                }
            }
            (Type::String { min: a, max: b }, Type::String { min: c, max: d })
            | (Type::Bytes { min: a, max: b }, Type::Bytes { min: c, max: d })
            | (Type::Blob { min: a, max: b }, Type::Blob { min: c, max: d }) => {
                self.lengths(path, "the length", (*a, *b), (*c, *d));
            }
            (
                Type::TypedArray { item: a, min: a_min, max: a_max },
                Type::TypedArray { item: b, min: b_min, max: b_max },
            ) if a == b => {
                self.lengths(path, "the count", (*a_min, *a_max), (*b_min, *b_max));
            }
            (
                Type::Int { int: a, min: a_min, max: a_max },
                Type::Int { int: b, min: b_min, max: b_max },
            ) if encoding(*a) == encoding(*b) => {
                let reach = |int: Int, min: &Option<i128>, max: &Option<i128>| {
                    let (least, most) = int.range();
                    (min.unwrap_or(least), max.unwrap_or(most))
                };
                let (a, b) = (reach(*a, a_min, a_max), reach(*b, b_min, b_max));
                if old != new && a == b {
                    let what = became(old, new);
                    self.push(path, what, Effect::Harmless, "The same numbers in the same bytes.");
                }
                self.ranges(path, "the range", a, b);
            }
            (
                Type::Float { float: a, min: a_min, max: a_max },
                Type::Float { float: b, min: b_min, max: b_max },
            ) if a == b => {
                let (old, new) = ((*a_min, *a_max), (*b_min, *b_max));
                let contains = |outer: (Option<f64>, Option<f64>),
                                inner: (Option<f64>, Option<f64>)| {
                    // Without any limit NaN is a value too.
                    outer == (None, None)
                        || inner != (None, None)
                            && low(outer.0) <= low(inner.0)
                            && high(outer.1) >= high(inner.1)
                };
                if old != new {
                    let show = |(min, max): (Option<f64>, Option<f64>)| match (min, max) {
                        (None, None) => "any number".to_owned(),
                        (min, max) => format!("{} to {}", low(min), high(max)),
                    };
                    let what = format!("the range was {} and is {}", show(old), show(new));
                    self.limit(path, what, contains(new, old), contains(old, new));
                }
            }
            (a, b) if a == b => {}
            _ => self.push(
                path,
                became(old, new),
                LOST,
                "A type keeps its form: add a field to a table, or a channel, for the other one.",
            ),
        }
    }

    fn named(&mut self, path: &str, a: &'a str, b: &'a str) {
        // A type whose old name is gone and whose new name is new was renamed. Else it is another type, whatever its bytes.
        let another = self.new.types.contains_key(a) || self.old.types.contains_key(b);
        if a != b && another {
            let what = format!("was {a} and is {b}");
            return self.push(path, what, LOST, "It is another type, even if its bytes are alike.");
        }
        self.mentions.insert((a, b));
    }

    fn lengths(
        &mut self,
        path: &str,
        what: &str,
        old: (Option<u32>, Option<u32>),
        new: (Option<u32>, Option<u32>),
    ) {
        let reach = |(min, max): (Option<u32>, Option<u32>)| {
            (i128::from(min.unwrap_or(0)), i128::from(max.unwrap_or(u32::MAX)))
        };
        self.ranges(path, what, reach(old), reach(new));
    }

    fn ranges(&mut self, path: &str, what: &str, old: (i128, i128), new: (i128, i128)) {
        if old != new {
            let show = |(min, max): (i128, i128)| {
                if max == i128::from(u32::MAX) && min >= 0 {
                    format!("at least {min}")
                } else {
                    format!("{min} to {max}")
                }
            };
            let text = format!("{what} was {} and is {}", show(old), show(new));
            let within =
                |inner: (i128, i128), outer: (i128, i128)| outer.0 <= inner.0 && inner.1 <= outer.1;
            self.limit(path, text, within(old, new), within(new, old));
        }
    }

    /// A limit that changed: whether what was allowed still is, and whether what is allowed always was.
    fn limit(&mut self, path: &str, what: String, old_fits_new: bool, new_fits_old: bool) {
        let why = match (old_fits_new, new_fits_old) {
            (true, true) => "",
            (true, false) => "Wider: a reader of the old version refuses what is new.",
            (false, true) => "Narrower: a reader of the new version refuses what was allowed.",
            (false, false) => "Each version refuses what the other allows.",
        };
        let effect = match (old_fits_new, new_fits_old) {
            (true, true) => Effect::Harmless,
            (true, false) => LOST_NEW_TO_OLD,
            (false, true) => LOST_OLD_TO_NEW,
            (false, false) => LOST,
        };
        self.push(path, what, effect, why);
    }
}

/// Integers that are written alike: as a raw byte of either sign, as a varint, zig-zag.
fn encoding(int: Int) -> u8 {
    match int {
        Int::U8 => 0,
        Int::I8 => 1,
        Int::U16 | Int::U32 | Int::U64 => 2,
        Int::I16 | Int::I32 | Int::I64 | Int::Safe => 3,
    }
}

fn low(min: Option<f64>) -> f64 {
    min.unwrap_or(f64::NEG_INFINITY)
}

fn high(max: Option<f64>) -> f64 {
    max.unwrap_or(f64::INFINITY)
}

/// `was u8 and is u16`.
pub(super) fn became(old: &Type, new: &Type) -> String {
    let show = |ty| type_text(ty, &str::to_owned);
    format!("was {} and is {}", show(old), show(new))
}
