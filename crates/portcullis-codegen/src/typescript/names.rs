//! Names in TypeScript: the case that the mapping asks for, and names that mean something else there.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_proto::schema::{Interface, Schema};

use super::GenerateError;
use crate::names::apart;

/// Words that cannot name a variable.
const KEYWORDS: &[&str] = &[
    "arguments",
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// The names that generated functions use themselves.
const LOCALS: &[&str] = &["at", "error", "input", "out", "outer", "part", "tag"];

/// Functions and constants of the runtime, besides those whose names [`shadows`] tells.
const RUNTIME: &[&str] = &[
    "fail",
    "inRange",
    "noArguments",
    "noVariant",
    "present",
    "refused",
    "skipPart",
    "unitCodec",
    "within",
];

/// Functions of the runtime that the methods of clients call.
const OPENERS: &[&str] = &["openStream", "sendItems", "subscribeTo"];

/// Names of types that generated modules use, with the meaning that they have outside.
const NOT_TYPES: &[&str] = &[
    "ArrayBuffer",
    "Arrival",
    "AsyncIterable",
    "Awaitable",
    "BigInt64Array",
    "BigUint64Array",
    "Binding",
    "Brand",
    "CallContext",
    "CallOptions",
    "Calling",
    "ChannelDescriptor",
    "Codec",
    "DeliveryReport",
    "Float32Array",
    "Float64Array",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "InterfaceDescriptor",
    "Items",
    "ItemsOut",
    "Map",
    "Math",
    "Partial",
    "Promise",
    "Reader",
    "Readonly",
    "ReadonlyMap",
    "Record",
    "Streaming",
    "SubscribeOptions",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Unknown",
    "Unsubscribe",
    "Writer",
];

/// Members that a class cannot have, or that make it something else (`then`: a promise).
const NOT_MEMBERS: &[&str] = &["constructor", "prototype", "then"];

/// `frame_rate` and `FrameRate` become `frameRate`, by the rule of the contract's macros.
pub(super) fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' | '-' | '.' => upper = !camel.is_empty(),
            _ if camel.is_empty() => camel.extend(c.to_lowercase()),
            _ if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            _ => camel.push(c),
        }
    }
    if camel.is_empty() || camel.starts_with(|c: char| c.is_ascii_digit()) {
        camel.insert(0, '_');
    }
    camel
}

/// `studio.camera_settings` becomes `StudioCameraSettings`.
pub(super) fn pascal(name: &str) -> String {
    let camel = camel(name);
    let mut letters = camel.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `studio.camera_settings` becomes `studio-camera-settings`.
pub(super) fn kebab(name: &str) -> String {
    name.replace(['.', '_'], "-").to_ascii_lowercase()
}

/// Whether a constant of that name could hide a function that generated code uses.
fn hides(name: &str) -> bool {
    let verb = ["read", "write", "encode", "decode"].iter().any(|verb| name.starts_with(verb));
    (verb && !name.ends_with('_'))
        || RUNTIME.contains(&name)
        || LOCALS.contains(&name)
        || KEYWORDS.contains(&name)
}

/// Constants for fields, apart from each other and from `others`.
pub(super) fn locals<'a>(names: impl Iterator<Item = &'a str>, others: &[&str]) -> Vec<String> {
    distinct(names, |name| hides(name) || others.contains(&name))
}

/// Parameters for arguments, apart from each other and from `others`.
pub(super) fn parameters<'a>(names: impl Iterator<Item = &'a str>, others: &[&str]) -> Vec<String> {
    // A method mentions descriptors, whose names end in `Channel`, its parameters, and what opens a stream.
    let hides = |name: &str| {
        name.ends_with("Channel") || OPENERS.contains(&name) || KEYWORDS.contains(&name)
    };
    distinct(names, |name| hides(name) || others.contains(&name))
}

/// The parameter for one argument.
pub(super) fn parameter(name: &str, others: &[&str]) -> String {
    parameters(std::iter::once(name), others).pop().unwrap_or_default()
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>, taken: impl Fn(&str) -> bool) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for name in names {
        let name =
            apart(camel(name), |name| taken(name) || chosen.iter().any(|other| other == name));
        chosen.push(name);
    }
    chosen
}

/// A member of a generated class, apart from those that it has already.
pub(super) fn member(name: String, taken: &mut BTreeSet<String>) -> String {
    let name = apart(name, |name| NOT_MEMBERS.contains(&name) || taken.contains(name));
    taken.insert(name.clone());
    name
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
    pub(super) fn new(schema: &Schema) -> Result<Self, GenerateError> {
        let mut types = BTreeMap::new();
        let mut values = BTreeMap::new();
        for name in schema.types.keys() {
            let code = if name.contains(['.', '-']) { pascal(name) } else { name.clone() };
            let code = apart(code, |code| NOT_TYPES.contains(&code));
            let derived =
                [format!("encode{code}"), format!("decode{code}"), format!("{code}Codec")];
            for value in derived.into_iter().chain([code.clone()]) {
                if let Some(other) = values.insert(value.clone(), name) {
                    let names = [other.clone(), name.clone()];
                    return Err(GenerateError::SameName { names, code: value });
                }
            }
            types.insert(name.clone(), code);
        }
        let mut interfaces: BTreeMap<String, (String, String)> = BTreeMap::new();
        let mut taken: BTreeSet<String> = types.values().cloned().collect();
        for interface in &schema.interfaces {
            let code = interface_name(interface, &taken)?;
            taken.extend(family(&code));
            let module = kebab(&interface.name);
            let same = interfaces.iter().find(|(_, (_, other))| *other == module);
            if let Some((other, _)) = same {
                let names = [other.clone(), interface.name.clone()];
                return Err(GenerateError::SameName { names, code: format!("{module}.ts") });
            }
            if matches!(module.as_str(), "index" | "types") {
                return Err(GenerateError::ModuleName(interface.name.clone()));
            }
            interfaces.insert(interface.name.clone(), (code, module));
        }
        Ok(Self { types, interfaces })
    }

    /// The TypeScript name of a message type.
    pub(super) fn ty<'a>(&'a self, name: &'a str) -> &'a str {
        self.types.get(name).map_or(name, String::as_str)
    }

    /// The TypeScript name of an interface.
    pub(super) fn interface<'a>(&'a self, name: &'a str) -> &'a str {
        self.interfaces.get(name).map_or(name, |(code, _)| code)
    }

    /// The module of an interface, without its extension.
    pub(super) fn module<'a>(&'a self, name: &'a str) -> &'a str {
        self.interfaces.get(name).map_or(name, |(_, module)| module)
    }
}

/// Everything that one interface is called.
fn family(code: &str) -> [String; 4] {
    [
        code.to_owned(),
        format!("{code}Client"),
        format!("{code}Handlers"),
        format!("{code}Publisher"),
    ]
}

/// The trait's name; where a message or another interface has it, the name on the wire.
fn interface_name(
    interface: &Interface,
    taken: &BTreeSet<String>,
) -> Result<String, GenerateError> {
    let short = pascal(&interface.trait_name);
    let candidates = [short.clone(), pascal(&interface.name), format!("{short}Interface")];
    candidates
        .into_iter()
        .find(|code| {
            !NOT_TYPES.contains(&code.as_str())
                && family(code).iter().all(|name| !taken.contains(name))
        })
        .ok_or_else(|| GenerateError::InterfaceName(interface.name.clone()))
}
