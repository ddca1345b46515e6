//! From the text to roles: the file as a whole, its tables and its bounds. One role is left to `role.rs`, what is said in
//! vain to `advice.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use portcullis_hub::{Budget, Names, nearest};
use portcullis_proto::schema::Schema;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Policy;
use crate::advice;
use crate::budget::read_user;
use crate::problem::{Problem, Problems, shown};
use crate::role::{RoleText, read_role};

/// The longest policy file, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Most roles in a policy file.
pub const ROLES_MAX: usize = 256;

/// The keys of the file as a whole.
const KEYS: [&str; 3] = ["admit", "role", "user"];

/// A key or value with its place in the text.
pub(crate) type Key<'i> = Spanned<Cow<'i, str>>;
pub(crate) type Value<'i> = Spanned<DeValue<'i>>;

/// What is being read, and what is wrong with it so far.
pub(crate) struct Reader<'t> {
    text: &'t str,
    pub(crate) names: Names,
    pub(crate) errors: Problems,
}

impl Reader<'_> {
    pub(crate) fn problem(
        &self,
        at: usize,
        key: &str,
        message: impl Into<String>,
        nearest: Option<String>,
    ) -> Problem {
        let mut end = at.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Problem {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            key: key.to_owned(),
            message: message.into(),
            nearest,
        }
    }

    pub(crate) fn error(&mut self, at: Range<usize>, key: &str, message: impl Into<String>) {
        self.error_near(at, key, message, None);
    }

    pub(crate) fn error_near(
        &mut self,
        at: Range<usize>,
        key: &str,
        message: impl Into<String>,
        nearest: Option<String>,
    ) {
        let problem = self.problem(at.start, key, message, nearest);
        self.errors.push(at.start, problem);
    }

    /// A key that nobody knows.
    pub(crate) fn unknown_key(&mut self, key: &Key<'_>, path: &str, known: &[&str]) {
        let message = format!("there is no such key here; there are {}", known.join(", "));
        self.error_near(key.span(), path, message, nearest(key.get_ref(), known));
    }

    /// A value of another type than the key takes.
    pub(crate) fn wrong_type(&mut self, value: &Value<'_>, path: &str, takes: &str) {
        let is = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(value.span(), path, format!("it takes {takes}, and this is {is}"));
    }

    /// The strings of a list, with their places; what is none is told.
    pub(crate) fn strings<'v>(
        &mut self,
        value: &'v Value<'_>,
        path: &str,
        of: &str,
    ) -> Vec<(&'v str, Range<usize>, String)> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, path, &format!("a list of {of}"));
            return Vec::new();
        };
        let mut strings = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match item.get_ref() {
                DeValue::String(text) => strings.push((text.as_ref(), item.span(), path)),
                _ => self.wrong_type(item, &path, "a string"),
            }
        }
        strings
    }
}

/// The entries of a table in the order of the text.
pub(crate) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A path with one key more, quoted where TOML has it so.
pub(crate) fn path_of(path: &str, key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let key = if !key.is_empty() && key.chars().all(is_bare) {
        shown(key)
    } else {
        format!("\"{}\"", shown(key))
    };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

pub(crate) fn read(text: &str, schema: &Schema) -> Result<Policy, Problems> {
    let mut reader = Reader { text, names: Names::new(schema), errors: Problems::default() };
    if text.len() > FILE_BYTES_MAX {
        let message = format!("a policy file has at most {FILE_BYTES_MAX} bytes");
        reader.error(0..0, "", message);
        return Err(reader.errors);
    }
    let (document, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        let at = fault.span().unwrap_or(0..0);
        reader.error(at, "", fault.message());
    }
    let mut roles = Vec::new();
    let mut admitted = None;
    let mut user_budget = Budget::new();
    for (key, value) in in_order(document.get_ref()) {
        match key.get_ref().as_ref() {
            "role" => read_roles(&mut reader, value, &mut roles),
            "admit" => admitted = Some(reader.strings(value, "admit", "names of roles")),
            "user" => user_budget = read_user(&mut reader, value),
            other => reader.unknown_key(key, &path_of("", other), &KEYS),
        }
    }
    check_names(&mut reader, &roles, admitted.as_deref().unwrap_or_default());
    if !reader.errors.is_empty() {
        return Err(reader.errors.sorted());
    }
    let admitted: Option<Vec<&str>> =
        admitted.as_ref().map(|names| names.iter().map(|(name, ..)| *name).collect());
    let warnings = advice::warnings(&reader, &roles, admitted.as_deref());
    let roles = roles.into_iter().map(|role| role.role).collect();
    Ok(Policy { roles, user_budget, warnings: warnings.sorted() })
}

fn read_roles(reader: &mut Reader<'_>, value: &Value<'_>, roles: &mut Vec<RoleText>) {
    let DeValue::Table(table) = value.get_ref() else {
        reader.wrong_type(value, "role", "tables, one for each role: [role.viewer]");
        return;
    };
    for (key, value) in in_order(table) {
        let path = path_of("role", key.get_ref());
        if roles.len() >= ROLES_MAX {
            reader.error(key.span(), &path, format!("a policy file has at most {ROLES_MAX} roles"));
            return;
        }
        roles.extend(read_role(reader, key, value, path));
    }
}

/// Every role that is named is there.
fn check_names(
    reader: &mut Reader<'_>,
    roles: &[RoleText],
    admitted: &[(&str, Range<usize>, String)],
) {
    let known: BTreeMap<&str, ()> = roles.iter().map(|role| (role.role.name(), ())).collect();
    let addressed = roles.iter().flat_map(|role| &role.addressed);
    let addressed = addressed.map(|(name, at, path)| (name.as_str(), at, path));
    let admitted = admitted.iter().map(|(name, at, path)| (*name, at, path));
    for (name, at, path) in addressed.chain(admitted) {
        if !known.contains_key(name) {
            let message = format!("there is no role `{}` in this file", shown(name));
            reader.error_near(at.clone(), path, message, nearest(name, known.keys()));
        }
    }
}
