//! One module that is being written: what it imports, and what it must know of the schema.

use std::cell::RefCell;
use std::collections::BTreeSet;

use portcullis_proto::schema::{Schema, Sizes};

use super::depth::Nesting;
use super::layout::{Doc, concat, list, text};
use super::names::Names;

/// What all modules of one contract share.
#[derive(Debug)]
pub(super) struct Contract<'a> {
    pub(super) schema: &'a Schema,
    pub(super) names: Names,
    pub(super) sizes: Sizes<'a>,
    pub(super) nesting: Nesting<'a>,
    /// Where the runtime is imported from.
    pub(super) runtime: &'a str,
}

/// The imports of one module. Every name that is used is asked for here, so that none is missing or unused.
#[derive(Debug)]
pub(super) struct Scope<'c, 'a> {
    pub(super) contract: &'c Contract<'a>,
    /// Whether the messages are declared in this very module.
    in_types: bool,
    runtime: RefCell<BTreeSet<Import>>,
    messages: RefCell<BTreeSet<Import>>,
}

/// Sorted by name, values and types together.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    sort: String,
    name: String,
    is_type: bool,
}

impl Import {
    fn new(name: &str, is_type: bool) -> Self {
        Self { sort: name.to_ascii_lowercase(), name: name.to_owned(), is_type }
    }
}

impl<'c, 'a> Scope<'c, 'a> {
    pub(super) fn new(contract: &'c Contract<'a>, in_types: bool) -> Self {
        Self { contract, in_types, runtime: RefCell::default(), messages: RefCell::default() }
    }

    /// A function or constant of the runtime.
    pub(super) fn value<'n>(&self, name: &'n str) -> &'n str {
        self.runtime.borrow_mut().insert(Import::new(name, false));
        name
    }

    /// A type of the runtime.
    pub(super) fn ty<'n>(&self, name: &'n str) -> &'n str {
        self.runtime.borrow_mut().insert(Import::new(name, true));
        name
    }

    /// A message type.
    pub(super) fn message(&self, name: &str) -> String {
        let code = self.contract.names.ty(name).to_owned();
        self.import_message(&code, true);
        code
    }

    /// `encode` or `decode` of a message type, or its codec.
    pub(super) fn codec_part(&self, prefix: &str, name: &str, suffix: &str) -> String {
        let code = format!("{prefix}{}{suffix}", self.contract.names.ty(name));
        self.import_message(&code, false);
        code
    }

    fn import_message(&self, code: &str, is_type: bool) {
        if !self.in_types {
            self.messages.borrow_mut().insert(Import::new(code, is_type));
        }
    }

    /// The import declarations.
    pub(super) fn imports(&self) -> Vec<Doc> {
        let mut imports = Vec::new();
        for (set, from) in
            [(self.runtime.borrow(), self.contract.runtime), (self.messages.borrow(), "./types.js")]
        {
            if set.is_empty() {
                continue;
            }
            // An import of nothing but types leaves nothing behind in the page.
            let types_only = set.iter().all(|import| import.is_type);
            let names = set
                .iter()
                .map(|import| match import.is_type && !types_only {
                    true => text(format!("type {}", import.name)),
                    false => text(import.name.clone()),
                })
                .collect();
            let head = if types_only { "import type " } else { "import " };
            imports.push(concat(vec![
                text(head),
                list("{", names, "}", true),
                text(format!(" from '{from}';")),
            ]));
        }
        imports
    }
}
