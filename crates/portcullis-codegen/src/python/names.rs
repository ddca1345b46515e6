//! Names in Python: the case that is usual there, and names that mean something else.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_proto::schema::{Fields, Interface, Schema, TypeBody, Variant};

use super::PythonError;
use crate::names::apart;

/// Words that cannot name anything.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Names that members of a generated class must leave to Python.
const NOT_MEMBERS: &[&str] = &["mro", "self"];

/// Types that annotations mention; a member of the same name hides them in its class.
pub(super) const BUILTINS: &[&str] =
    &["bool", "bytes", "float", "int", "memoryview", "object", "str", "tuple"];

/// `HalfWay` becomes `half_way`; what is snake case already stays.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for c in name.chars() {
        match c {
            '.' | '-' | '_' => {
                snake.push('_');
                before_lower = false;
            }
            _ => {
                if c.is_uppercase() && before_lower {
                    snake.push('_');
                }
                before_lower = c.is_lowercase() || c.is_ascii_digit();
                snake.extend(c.to_lowercase());
            }
        }
    }
    // Two underscores at the beginning would be mangled inside of a class.
    let trimmed = snake.trim_start_matches('_');
    let mut snake = if trimmed.len() == snake.len() { snake } else { format!("_{trimmed}") };
    if snake.is_empty() || snake.starts_with(|c: char| c.is_ascii_digit()) {
        snake.insert(0, '_');
    }
    snake
}

/// `studio.camera_settings` becomes `StudioCameraSettings`.
pub(super) fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut upper = true;
    for c in name.chars() {
        match c {
            '.' | '-' | '_' => upper = true,
            _ if upper => {
                pascal.extend(c.to_uppercase());
                upper = false;
            }
            _ => pascal.push(c),
        }
    }
    if pascal.is_empty() || pascal.starts_with(|c: char| c.is_ascii_digit()) {
        pascal.insert(0, 'N');
    }
    pascal
}

/// Members or parameters, apart from each other, from keywords and from `others`.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>, others: &[&str]) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for name in names {
        let name = apart(snake(name), |name| {
            KEYWORDS.contains(&name)
                || NOT_MEMBERS.contains(&name)
                || others.contains(&name)
                || chosen.iter().any(|other| other == name)
        });
        chosen.push(name);
    }
    chosen
}

/// The members of a Python enum, in capitals.
pub(super) fn members(variants: &[Variant]) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for variant in variants {
        let upper = snake(&variant.name).to_uppercase();
        // A name that begins with an underscore is none of the enum's members to Python.
        let upper =
            upper.strip_prefix('_').map_or_else(|| upper.clone(), |rest| format!("N_{rest}"));
        let name = apart(upper, |name| chosen.iter().any(|other| other == name));
        chosen.push(name);
    }
    chosen
}

/// Whether no variant carries anything.
pub(super) fn unit_only(variants: &[Variant]) -> bool {
    variants.iter().all(|variant| variant.fields == Fields::Unit)
}

/// The names of what a schema declares.
#[derive(Debug)]
pub(super) struct Names {
    types: BTreeMap<String, String>,
    /// By the name on the wire: the name in code, and the module.
    interfaces: BTreeMap<String, (String, String)>,
}

impl Names {
    /// Chooses all names; fails where two things would have the same.
    pub(super) fn new(schema: &Schema) -> Result<Self, PythonError> {
        let mut types = BTreeMap::new();
        let mut taken: BTreeMap<String, &String> = BTreeMap::new();
        for (name, def) in &schema.types {
            let code = apart(pascal(name), |code| KEYWORDS.contains(&code));
            let mut all = vec![code.clone(), format!("{code}Codec")];
            if let TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) = &def.body
                && !unit_only(variants)
            {
                all.extend(variants.iter().map(|variant| variant_class(&code, variant)));
            }
            for one in all {
                if let Some(other) = taken.insert(one.clone(), name) {
                    let names = [other.clone(), name.clone()];
                    return Err(PythonError::SameName { names, code: one });
                }
            }
            types.insert(name.clone(), code);
        }
        let mut taken: BTreeSet<String> = taken.into_keys().collect();
        let mut interfaces: BTreeMap<String, (String, String)> = BTreeMap::new();
        for interface in &schema.interfaces {
            let code = interface_name(interface, &taken)?;
            taken.extend(family(&code));
            let module = snake(&interface.name);
            let same = interfaces.iter().find(|(_, (_, other))| *other == module);
            if let Some((other, _)) = same {
                let names = [other.clone(), interface.name.clone()];
                return Err(PythonError::SameName { names, code: format!("{module}.py") });
            }
            if module == "types" || KEYWORDS.contains(&module.as_str()) {
                return Err(PythonError::ModuleName(interface.name.clone()));
            }
            interfaces.insert(interface.name.clone(), (code, module));
        }
        Ok(Self { types, interfaces })
    }

    /// The Python name of a message type.
    pub(super) fn ty<'a>(&'a self, name: &'a str) -> &'a str {
        self.types.get(name).map_or(name, String::as_str)
    }

    /// The Python name of an interface.
    pub(super) fn interface<'a>(&'a self, name: &'a str) -> &'a str {
        self.interfaces.get(name).map_or(name, |(code, _)| code)
    }

    /// The module of an interface, without its extension.
    pub(super) fn module<'a>(&'a self, name: &'a str) -> &'a str {
        self.interfaces.get(name).map_or(name, |(_, module)| module)
    }
}

/// The dataclass of a variant that may carry something.
pub(super) fn variant_class(code: &str, variant: &Variant) -> String {
    format!("{code}{}", pascal(&variant.name))
}

/// Everything that one interface is called.
fn family(code: &str) -> [String; 4] {
    [code.to_owned(), format!("{code}Client"), format!("{code}Server"), format!("{code}Publisher")]
}

/// The trait's name; where a message or another interface has it, the name on the wire.
fn interface_name(interface: &Interface, taken: &BTreeSet<String>) -> Result<String, PythonError> {
    let short = pascal(&interface.trait_name);
    let candidates = [short.clone(), pascal(&interface.name), format!("{short}Interface")];
    candidates
        .into_iter()
        .find(|code| {
            !KEYWORDS.contains(&code.as_str())
                && family(code).iter().all(|name| !taken.contains(name))
        })
        .ok_or_else(|| PythonError::InterfaceName(interface.name.clone()))
}
