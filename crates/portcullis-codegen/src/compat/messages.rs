//! Two versions of one named type. Fields of structs and tuples are matched by position, fields of tables and variants
//! of enums by number; a name that stands elsewhere now says that something else is meant.

use portcullis_proto::schema::{Field, Fields, Type, TypeBody, Variant};

use super::values::{Effect, LOST, LOST_NEW_TO_OLD, LOST_OLD_TO_NEW, Pair, Walk};

const FROZEN: &str = "Structs, tuples and arguments are frozen: take a table, or add a channel.";
const MOVED: &str = "The bytes would be taken for something else: names keep their places.";
const RENAMED: &str = "The bytes are the same; code that uses the name has to follow.";
const NEVER_AGAIN: &str = "The other side skips it. Its number must not be given to anything else.";

/// A field of a struct, tuple, variant or list of arguments.
#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    name: Option<&'a str>,
    docs: &'a str,
    secret: bool,
    ty: &'a Type,
}

fn named(fields: &[Field]) -> Vec<Member<'_>> {
    fields
        .iter()
        .map(|field| Member {
            name: Some(&field.name),
            docs: &field.docs,
            secret: field.secret,
            ty: &field.ty,
        })
        .collect()
}

fn numbered(types: &[Type]) -> Vec<Member<'_>> {
    types.iter().map(|ty| Member { name: None, docs: "", secret: false, ty }).collect()
}

impl<'a> Walk<'a> {
    /// Compares the bodies of a named type and its counterpart.
    pub(super) fn bodies(&mut self, (old_name, new_name): Pair<'a>) {
        let path = old_name;
        if old_name != new_name {
            let what = format!("the type is called `{new_name}` now");
            self.push(path, what, Effect::Harmless, RENAMED);
        }
        let (old, new) = (self.old.types.get(old_name), self.new.types.get(new_name));
        let (Some(old), Some(new)) = (old, new) else {
            let what = "one of the schemas does not define it".to_owned();
            return self.push(path, what, LOST, "");
        };
        self.docs(path, &old.docs, &new.docs);
        match (&old.body, &new.body) {
            (TypeBody::Table(old), TypeBody::Table(new)) => self.tables(path, old, new),
            (TypeBody::Enum(old), TypeBody::Enum(new)) => self.variants(path, old, new, false),
            (TypeBody::FlexibleEnum(old), TypeBody::FlexibleEnum(new)) => {
                self.variants(path, old, new, true);
            }
            (old, new) => match (members(old), members(new)) {
                (Some(old), Some(new)) => self.members(path, &old, &new),
                _ => {
                    let what = format!("was {} and is {}", kind(old), kind(new));
                    self.push(path, what, LOST, "The bytes differ: make a new type.");
                }
            },
        }
    }

    /// Compares the arguments of a channel.
    pub(super) fn arguments(&mut self, path: &str, old: &'a [Field], new: &'a [Field]) {
        self.members(path, &named(old), &named(new));
    }

    fn members(&mut self, path: &str, old: &[Member<'a>], new: &[Member<'a>]) {
        if old.len() != new.len() {
            let what = format!("had {} and has {}", list(old), list(new));
            return self.push(path, what, LOST, FROZEN);
        }
        for (index, (one, other)) in old.iter().zip(new).enumerate() {
            let path = match one.name {
                // The arguments of a channel stand in brackets behind its name.
                Some(name) if path.ends_with('(') => format!("{path}{name})"),
                Some(name) => format!("{path}.{name}"),
                None => format!("{path}.{index}"),
            };
            if let (Some(name), Some(new_name)) = (one.name, other.name) {
                let known = |all: &[Member<'_>], name| all.iter().any(|it| it.name == Some(name));
                if self.name(&path, name, new_name, known(new, name) || known(old, new_name)) {
                    continue;
                }
            }
            self.docs(&path, one.docs, other.docs);
            self.secret(&path, one.secret, other.secret);
            self.types(&path, one.ty, other.ty);
        }
    }

    /// Compares two names of one place; whether something else stands there now.
    fn name(&mut self, path: &str, old: &str, new: &str, elsewhere: bool) -> bool {
        if old != new && elsewhere {
            self.push(path, format!("`{new}` stands in its place now"), LOST, MOVED);
            return true;
        }
        if old != new {
            self.push(path, format!("is called `{new}` now"), Effect::Harmless, RENAMED);
        }
        false
    }

    fn secret(&mut self, path: &str, old: bool, new: bool) {
        if old != new {
            let what = if new { "is secret now" } else { "is not secret any more" };
            let why = "Only tools that show values look at this.";
            self.push(path, what.to_owned(), Effect::Harmless, why);
        }
    }

    fn tables(&mut self, path: &str, old: &'a [Field], new: &'a [Field]) {
        for one in old {
            let path = format!("{path}.{}", one.name);
            let moved = new.iter().find(|it| it.name == one.name && it.number != one.number);
            match new.iter().find(|it| it.number == one.number) {
                Some(other) => {
                    let elsewhere = moved.is_some() || old.iter().any(|it| it.name == other.name);
                    if self.name(&path, &one.name, &other.name, elsewhere) {
                        continue;
                    }
                    self.docs(&path, &one.docs, &other.docs);
                    self.secret(&path, one.secret, other.secret);
                    self.types(&path, &one.ty, &other.ty);
                }
                None => match moved {
                    Some(moved) => {
                        let (was, is) = (one.number, moved.number);
                        self.push(&path, format!("had number {was} and has {is}"), LOST, MOVED);
                    }
                    None => {
                        let what = format!("field {} was removed", one.number);
                        self.push(&path, what, Effect::Additive, NEVER_AGAIN);
                    }
                },
            }
        }
        for other in new {
            let known = |it: &Field| it.number == other.number || it.name == other.name;
            if !old.iter().any(known) {
                let path = format!("{path}.{}", other.name);
                let what = format!("field {} was added", other.number);
                self.push(&path, what, Effect::Additive, "An old reader skips it.");
            }
        }
    }

    fn variants(&mut self, path: &str, old: &'a [Variant], new: &'a [Variant], flexible: bool) {
        for one in old {
            let path = format!("{path}.{}", one.name);
            let moved = new.iter().find(|it| it.name == one.name && it.tag != one.tag);
            match new.iter().find(|it| it.tag == one.tag) {
                Some(other) => {
                    let elsewhere = moved.is_some() || old.iter().any(|it| it.name == other.name);
                    if self.name(&path, &one.name, &other.name, elsewhere) {
                        continue;
                    }
                    self.docs(&path, &one.docs, &other.docs);
                    match (fields(&one.fields), fields(&other.fields)) {
                        (None, None) => {}
                        (Some(old), Some(new)) => self.members(&path, &old, &new),
                        _ => {
                            let what = "carries fields in one version only".to_owned();
                            self.push(&path, what, LOST, "Variants keep what they carry.");
                        }
                    }
                }
                None => match moved {
                    Some(moved) => {
                        let (was, is) = (one.tag, moved.tag);
                        self.push(&path, format!("had tag {was} and has {is}"), LOST, MOVED);
                    }
                    None if flexible => {
                        let what = format!("variant {} was removed", one.tag);
                        self.push(&path, what, Effect::Additive, NEVER_AGAIN);
                    }
                    None => {
                        let what = format!("variant {} was removed", one.tag);
                        let why = "The enum is strict: a new reader refuses it.";
                        self.push(&path, what, LOST_OLD_TO_NEW, why);
                    }
                },
            }
        }
        for other in new {
            let known = |it: &Variant| it.tag == other.tag || it.name == other.name;
            if old.iter().any(known) {
                continue;
            }
            let path = format!("{path}.{}", other.name);
            let what = format!("variant {} was added", other.tag);
            if flexible {
                self.push(&path, what, Effect::Additive, "An old reader keeps it as unknown.");
            } else {
                let why = "The enum is strict: an old reader refuses it.";
                self.push(&path, what, LOST_NEW_TO_OLD, why);
            }
        }
    }
}

/// The fields of a struct or tuple struct, which are written alike.
fn members(body: &TypeBody) -> Option<Vec<Member<'_>>> {
    match body {
        TypeBody::Struct(fields) => Some(named(fields)),
        TypeBody::Tuple(types) => Some(numbered(types)),
        TypeBody::Table(_) | TypeBody::Enum(_) | TypeBody::FlexibleEnum(_) => None,
    }
}

/// What a variant carries; `None` if nothing.
fn fields(fields: &Fields) -> Option<Vec<Member<'_>>> {
    match fields {
        Fields::Unit => None,
        Fields::Tuple(types) => Some(numbered(types)),
        Fields::Struct(fields) => Some(named(fields)),
    }
}

fn kind(body: &TypeBody) -> &'static str {
    match body {
        TypeBody::Struct(_) => "a struct",
        TypeBody::Tuple(_) => "a tuple struct",
        TypeBody::Table(_) => "a table",
        TypeBody::Enum(_) => "a strict enum",
        TypeBody::FlexibleEnum(_) => "a flexible enum",
    }
}

fn list(members: &[Member<'_>]) -> String {
    if members.is_empty() {
        return "no fields".to_owned();
    }
    let names: Option<Vec<String>> =
        members.iter().map(|member| member.name.map(|name| format!("`{name}`"))).collect();
    match names {
        Some(names) => names.join(", "),
        None if members.len() == 1 => "1 field".to_owned(),
        None => format!("{} fields", members.len()),
    }
}
