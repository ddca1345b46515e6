//! TypeScript from a schema: `types.ts` with the messages, a module for each interface, and `index.ts`.
//! The runtime that this code stands on is `packages/client`; which types it maps to is in `types.rs`.

mod channels;
mod depth;
mod docs;
mod enums;
mod interfaces;
mod layout;
mod members;
mod messages;
mod names;
mod scope;
mod tables;
mod types;
mod values;

use std::fmt;

use portcullis_proto::schema::{Schema, Sizes};

use self::depth::Nesting;
use self::layout::{Doc, render, text};
use self::names::Names;
use self::scope::{Contract, Scope};
use crate::{File, HEADER};

/// Where generated modules import the runtime from, if nothing else is said.
pub const RUNTIME: &str = "@portcullis/client";

/// What may be chosen.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where generated modules import the runtime from.
    pub runtime: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { runtime: RUNTIME.to_owned() }
    }
}

/// A contract that has no form in TypeScript.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GenerateError {
    /// Two things would have the same name.
    SameName {
        /// What they are called in the contract.
        names: [String; 2],
        /// The name that both would have.
        code: String,
    },
    /// No name for an interface is free.
    InterfaceName(String),
    /// The module of an interface would stand in the place of another.
    ModuleName(String),
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameName { names: [one, two], code } => {
                write!(f, "`{one}` and `{two}` would both be `{code}` in TypeScript: rename one")
            }
            Self::InterfaceName(name) => write!(
                f,
                "every name that the interface `{name}` could have in TypeScript is that of a message: rename one"
            ),
            Self::ModuleName(name) => write!(
                f,
                "the interface `{name}` would take the place of `types.ts` or `index.ts`: rename it"
            ),
        }
    }
}

impl std::error::Error for GenerateError {}

/// All modules of a contract.
pub fn typescript(schema: &Schema, options: &Options) -> Result<Vec<File>, GenerateError> {
    let contract = Contract {
        schema,
        names: Names::new(schema)?,
        sizes: Sizes::new(schema),
        nesting: Nesting::new(schema),
        runtime: &options.runtime,
    };
    let mut files = vec![types(&contract)];
    let mut modules = vec!["types".to_owned()];
    for interface in &schema.interfaces {
        let scope = Scope::new(&contract, false);
        let items = interfaces::interface(&scope, interface);
        let module = contract.names.module(&interface.name).to_owned();
        files.push(File { path: format!("{module}.ts"), text: module_text(&scope, items) });
        modules.push(module);
    }
    modules.sort();
    let exports: String =
        modules.iter().map(|module| format!("export * from './{module}.js';\n")).collect();
    files.push(File { path: "index.ts".to_owned(), text: format!("{HEADER}\n{exports}") });
    Ok(files)
}

fn types(contract: &Contract<'_>) -> File {
    let scope = Scope::new(contract, true);
    let mut items = Vec::new();
    for (name, def) in &contract.schema.types {
        items.extend(messages::message(&scope, name, def));
    }
    if items.is_empty() {
        items.push(text("export {};"));
    }
    File { path: "types.ts".to_owned(), text: module_text(&scope, items) }
}

/// The header, the imports, and the declarations with an empty line between.
fn module_text(scope: &Scope<'_, '_>, items: Vec<Doc>) -> String {
    let mut out = format!("{HEADER}\n");
    for import in scope.imports() {
        out.push_str(&render(&import));
        out.push('\n');
    }
    for item in items {
        out.push('\n');
        out.push_str(&render(&item));
        out.push('\n');
    }
    out
}
