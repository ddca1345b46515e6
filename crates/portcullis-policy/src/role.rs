//! One role of the file: its grants, what it denies, and whom it may address. Its budget is left to `budget.rs`.

use std::ops::Range;
use std::time::Duration;

use portcullis_hub::{Action, Address, Grant, Misfit, OWN_GRANTS_MAX, Role, Scope};
use portcullis_proto::session::NAME_BYTES_MAX;
use toml::de::DeValue;

use crate::budget::read_role_budget;
use crate::problem::shown;
use crate::read::{Key, Reader, Value, in_order, path_of};
use crate::time::time;

/// Most grants and denials of a role in a policy file.
pub const GRANTS_MAX: usize = 1024;
/// The longest name of an interface or channel in a policy file, in bytes.
pub const GRANT_BYTES_MAX: usize = 512;

/// The keys of a role.
const KEYS: [&str; 8] =
    ["call", "publish", "subscribe", "serve", "deny", "addresses", "sees-callers", "budget"];
/// The keys of a grant that is a table.
const GRANT_KEYS: [&str; 2] = ["grant", "for"];
/// The keys of `addresses`.
const ADDRESS_KEYS: [&str; 3] = ["main", "roles", "labels"];

/// A role as it stands in the text.
pub(crate) struct RoleText {
    pub(crate) role: Role,
    /// Where its name stands.
    pub(crate) at: usize,
    pub(crate) path: String,
    pub(crate) grants: Vec<GrantText>,
    pub(crate) denials: Vec<Scope>,
    /// The roles that it may address, each with its place.
    pub(crate) addressed: Vec<(String, Range<usize>, String)>,
    /// Whether it may address anybody but those.
    pub(crate) reaches_others: bool,
}

/// A grant as it stands in the text.
pub(crate) struct GrantText {
    pub(crate) grant: Grant,
    pub(crate) scope: Scope,
    pub(crate) at: usize,
    pub(crate) path: String,
}

/// Reads one role; `None` when there is nothing of it to go on with.
pub(crate) fn read_role(
    reader: &mut Reader<'_>,
    key: &Key<'_>,
    value: &Value<'_>,
    path: String,
) -> Option<RoleText> {
    let name = key.get_ref().as_ref();
    if name.is_empty() || name.len() > NAME_BYTES_MAX as usize {
        let message = format!("the name of a role has 1 to {NAME_BYTES_MAX} bytes");
        reader.error(key.span(), &path, message);
        return None;
    }
    let DeValue::Table(table) = value.get_ref() else {
        reader.wrong_type(value, &path, "a table: [role.viewer]");
        return None;
    };
    let mut read = RoleText {
        role: Role::new(name),
        at: key.span().start,
        path: path.clone(),
        grants: Vec::new(),
        denials: Vec::new(),
        addressed: Vec::new(),
        reaches_others: true,
    };
    let mut count = 0;
    for (key, value) in in_order(table) {
        let path = path_of(&path, key.get_ref());
        match key.get_ref().as_ref() {
            "call" => grants(reader, &mut read, &mut count, Action::Call, value, &path),
            "publish" => grants(reader, &mut read, &mut count, Action::Publish, value, &path),
            "subscribe" => grants(reader, &mut read, &mut count, Action::Subscribe, value, &path),
            "serve" => grants(reader, &mut read, &mut count, Action::Serve, value, &path),
            "deny" => denials(reader, &mut read, &mut count, value, &path),
            "addresses" => addresses(reader, &mut read, value, &path),
            "sees-callers" => match value.get_ref() {
                DeValue::Boolean(true) => read.role = take(&mut read).sees_callers(),
                DeValue::Boolean(false) => {}
                _ => reader.wrong_type(value, &path, "true or false"),
            },
            "budget" => {
                let budget = read_role_budget(reader, value, &path);
                read.role = take(&mut read).budget(budget);
            }
            _ => reader.unknown_key(key, &path, &KEYS),
        }
    }
    let timed = read.grants.iter().filter(|each| each.grant.lasts().is_some());
    if timed.count() > OWN_GRANTS_MAX {
        let message = format!("a role has at most {OWN_GRANTS_MAX} grants that run out");
        reader.error(key.span(), &path, message);
    }
    Some(read)
}

/// The role as it was built so far; whoever takes it puts it back.
fn take(role: &mut RoleText) -> Role {
    std::mem::replace(&mut role.role, Role::new(""))
}

/// Whether there may be one grant or denial more.
fn has_room(reader: &mut Reader<'_>, count: &mut usize, at: Range<usize>, path: &str) -> bool {
    *count += 1;
    if *count == GRANTS_MAX + 1 {
        let message = format!("a role has at most {GRANTS_MAX} grants and denials");
        reader.error(at, path, message);
    }
    *count <= GRANTS_MAX
}

/// Whether a name is worth looking up.
fn is_short(reader: &mut Reader<'_>, name: &str, at: Range<usize>, path: &str) -> bool {
    if name.len() > GRANT_BYTES_MAX {
        let message = format!("a name has at most {GRANT_BYTES_MAX} bytes");
        reader.error(at, path, message);
        return false;
    }
    true
}

fn grants(
    reader: &mut Reader<'_>,
    role: &mut RoleText,
    count: &mut usize,
    action: Action,
    value: &Value<'_>,
    path: &str,
) {
    let DeValue::Array(items) = value.get_ref() else {
        reader.wrong_type(value, path, "a list of grants: [\"interface.channel\"]");
        return;
    };
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if !has_room(reader, count, item.span(), &path) {
            return;
        }
        let Some((name, at, lasting)) = grant_text(reader, item, &path) else { continue };
        if !is_short(reader, name, at.clone(), &path) {
            continue;
        }
        let mut grant = Grant::new(action, name);
        if let Some(lasting) = lasting {
            grant = grant.lasting(lasting);
        }
        match reader.names.resolve(&grant) {
            Ok(scope) => {
                role.role = take(role).grant(grant.clone());
                role.grants.push(GrantText { grant, scope, at: at.start, path });
            }
            Err(misfit) => misfitting(reader, name, &misfit, at, &path),
        }
    }
}

/// A grant is a name, or a table with a name and a time.
fn grant_text<'v>(
    reader: &mut Reader<'_>,
    item: &'v Value<'_>,
    path: &str,
) -> Option<(&'v str, Range<usize>, Option<Duration>)> {
    let table = match item.get_ref() {
        DeValue::String(name) => return Some((name.as_ref(), item.span(), None)),
        DeValue::Table(table) => table,
        _ => {
            let takes =
                "a name, or a name and a time: { grant = \"interface.channel\", for = \"10m\" }";
            reader.wrong_type(item, path, takes);
            return None;
        }
    };
    let (mut name, mut lasting) = (None, None);
    let mut is_whole = true;
    for (key, value) in in_order(table) {
        let path = path_of(path, key.get_ref());
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("grant", DeValue::String(text)) => name = Some((text.as_ref(), value.span())),
            ("for", DeValue::String(text)) => match time(text) {
                Ok(time) => lasting = Some(time),
                Err(message) => {
                    reader.error(value.span(), &path, message);
                    is_whole = false;
                }
            },
            ("grant", _) => reader.wrong_type(value, &path, "the name of a channel"),
            ("for", _) => {
                reader.wrong_type(value, &path, "a time: \"10m\"");
                is_whole = false;
            }
            _ => {
                reader.unknown_key(key, &path, &GRANT_KEYS);
                is_whole = false;
            }
        }
    }
    let Some((name, at)) = name else {
        if !table.iter().any(|(key, _)| key.get_ref() == "grant") {
            reader.error(item.span(), path, "`grant` is missing: the name of a channel");
        }
        return None;
    };
    is_whole.then_some((name, at, lasting))
}

fn misfitting(reader: &mut Reader<'_>, name: &str, misfit: &Misfit, at: Range<usize>, path: &str) {
    match misfit {
        Misfit::Unknown { nearest } => {
            let message = format!("the contract does not have `{}`", shown(name));
            reader.error_near(at, path, message, nearest.clone());
        }
        misfit => reader.error(at, path, format!("`{}`: {misfit}", shown(name))),
    }
}

fn denials(
    reader: &mut Reader<'_>,
    role: &mut RoleText,
    count: &mut usize,
    value: &Value<'_>,
    path: &str,
) {
    for (name, at, path) in reader.strings(value, path, "names of channels and interfaces") {
        if !has_room(reader, count, at.clone(), &path) {
            return;
        }
        if !is_short(reader, name, at.clone(), &path) {
            continue;
        }
        match reader.names.resolve_denial(name) {
            Ok(scope) => {
                role.denials.push(scope);
                role.role = take(role).deny(name);
            }
            Err(misfit) => misfitting(reader, name, &misfit, at, &path),
        }
    }
}

fn addresses(reader: &mut Reader<'_>, role: &mut RoleText, value: &Value<'_>, path: &str) {
    let DeValue::Table(table) = value.get_ref() else {
        let takes = "a table: { main = true, roles = [\"camera\"], labels = [\"left\"] }";
        reader.wrong_type(value, path, takes);
        return;
    };
    role.reaches_others = false;
    let mut read = take(role).addresses_nobody();
    for (key, value) in in_order(table) {
        let path = path_of(path, key.get_ref());
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("main", DeValue::Boolean(main)) => {
                if *main {
                    role.reaches_others = true;
                    read = read.addresses(Address::Main);
                }
            }
            ("main", _) => reader.wrong_type(value, &path, "true or false"),
            ("roles", _) => {
                for (name, at, path) in reader.strings(value, &path, "names of roles") {
                    read = read.addresses(Address::Role(name.to_owned()));
                    role.addressed.push((name.to_owned(), at, path));
                }
            }
            ("labels", _) => {
                for (label, at, path) in reader.strings(value, &path, "labels") {
                    if label.is_empty() || label.len() > NAME_BYTES_MAX as usize {
                        let message = format!("a label has 1 to {NAME_BYTES_MAX} bytes");
                        reader.error(at, &path, message);
                    }
                    role.reaches_others = true;
                    read = read.addresses(Address::Label(label.to_owned()));
                }
            }
            _ => reader.unknown_key(key, &path, &ADDRESS_KEYS),
        }
    }
    role.role = read;
}
