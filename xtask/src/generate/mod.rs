//! `cargo xtask gen`: everything that is generated and checked in, in the order in which one is made from the other.
//! The generators themselves live with what they generate from; here is only the list of them.

mod limits;

use std::process::Command;

use anyhow::{Result, bail};

use crate::{place, process, provide};

/// Something that is generated.
struct Item {
    what: &'static str,
    generator: Generator,
}

/// How; each takes `--check`, and then writes nothing and fails if something differs.
enum Generator {
    /// A program of the workspace, and its arguments.
    Program(&'static str, &'static [&'static str]),
    /// A script for Node.
    Script(&'static str),
    /// A function of this crate.
    Here(fn(check: bool) -> Result<()>),
}

use Generator::{Here, Program, Script};

const ITEMS: &[Item] = &[
    Item {
        what: "tests/sample-contract/contract.schema",
        generator: Program("sample-schema", &["tests/sample-contract/contract.schema"]),
    },
    Item {
        what: "examples/camera-studio/contract/contract.schema",
        generator: Program(
            "camera-studio-contract",
            &["examples/camera-studio/contract/contract.schema"],
        ),
    },
    Item {
        what: "crates/portcullis-desktop/contract.schema",
        generator: Program(
            "portcullis-desktop-schema",
            &["crates/portcullis-desktop/contract.schema"],
        ),
    },
    Item {
        what: "examples/node-addon/contract/contract.schema",
        generator: Program(
            "node-addon-contract",
            &["examples/node-addon/contract/contract.schema"],
        ),
    },
    Item {
        what: "tests/evolution/old.schema",
        generator: Program("evolution-schema-old", &["tests/evolution/old.schema"]),
    },
    Item {
        what: "tests/evolution/new.schema",
        generator: Program("evolution-schema-new", &["tests/evolution/new.schema"]),
    },
    Item { what: "tests/vectors/codec", generator: Program("sample-vectors", &[]) },
    Item {
        what: "tests/vectors/transcripts",
        generator: Script("tests/vectors/transcripts/author.mjs"),
    },
    Item {
        what: "packages/client/src/generated",
        generator: Program(
            "portcullis-codegen",
            &["tables", "--out", "packages/client/src/generated/tables.ts"],
        ),
    },
    Item {
        what: "packages/client/test/generated",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "tests/sample-contract/contract.schema",
                "--out",
                "packages/client/test/generated",
                "--runtime",
                "../../src/index.js",
            ],
        ),
    },
    Item {
        what: "packages/client/test/evolution/old",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "tests/evolution/old.schema",
                "--out",
                "packages/client/test/evolution/old",
                "--runtime",
                "../../../src/index.js",
            ],
        ),
    },
    Item {
        what: "packages/client/test/evolution/new",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "tests/evolution/new.schema",
                "--out",
                "packages/client/test/evolution/new",
                "--runtime",
                "../../../src/index.js",
            ],
        ),
    },
    Item {
        what: "packages/python/portcullis/tables.py",
        generator: Program(
            "portcullis-codegen",
            &["python-tables", "--out", "packages/python/portcullis/tables.py"],
        ),
    },
    Item {
        what: "packages/python/tests/generated",
        generator: Program(
            "portcullis-codegen",
            &[
                "python",
                "--schema",
                "tests/sample-contract/contract.schema",
                "--out",
                "packages/python/tests/generated",
            ],
        ),
    },
    Item {
        what: "examples/camera-studio/python/studio",
        generator: Program(
            "portcullis-codegen",
            &[
                "python",
                "--schema",
                "examples/camera-studio/contract/contract.schema",
                "--out",
                "examples/camera-studio/python/studio",
            ],
        ),
    },
    Item {
        what: "packages/electron/src/generated",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "crates/portcullis-desktop/contract.schema",
                "--out",
                "packages/electron/src/generated",
            ],
        ),
    },
    Item {
        what: "packages/node/test/generated",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "examples/node-addon/contract/contract.schema",
                "--out",
                "packages/node/test/generated",
            ],
        ),
    },
    Item {
        what: "examples/camera-studio/pages/src/generated",
        generator: Program(
            "portcullis-codegen",
            &[
                "typescript",
                "--schema",
                "examples/camera-studio/contract/contract.schema",
                "--out",
                "examples/camera-studio/pages/src/generated",
            ],
        ),
    },
    Item {
        what: "examples/camera-studio/pages/dist",
        generator: Script("examples/camera-studio/pages/scripts/build.mjs"),
    },
    Item {
        what: "docs/errors.md",
        generator: Program("portcullis-codegen", &["errors", "--out", "docs/errors.md"]),
    },
    Item { what: "docs/limits.md", generator: Here(limits::run) },
];

/// Builds the generators, then writes everything, or with `check` says everything that differs.
pub(crate) fn run(check: bool) -> Result<()> {
    build()?;
    run_built(check)
}

/// The same with generators that were built before.
pub(crate) fn run_built(check: bool) -> Result<()> {
    provide::npm_packages(false)?;
    let mut differing = Vec::new();
    for item in ITEMS {
        match (item.generate(check), check) {
            (Ok(()), _) => {}
            (Err(error), true) => differing.push(format!("  {}: {error:#}", item.what)),
            (Err(error), false) => return Err(error.context(item.what)),
        }
    }
    if !differing.is_empty() {
        bail!(
            "{} of {} are not what would be generated (`cargo xtask gen` writes them):\n{}",
            differing.len(),
            ITEMS.len(),
            differing.join("\n")
        );
    }
    Ok(())
}

impl Item {
    fn generate(&self, check: bool) -> Result<()> {
        let mut command = match self.generator {
            Program(name, args) => program(name, args),
            Script(path) => process::command("node", &[path]),
            Here(function) => return function(check),
        };
        if check {
            command.arg("--check");
        }
        process::run(command)
    }
}

/// Builds them and nothing else: a contract may change before what uses it compiles again.
fn build() -> Result<()> {
    let mut command = process::cargo(&["build", "--all-features"]);
    let mut names: Vec<&str> = ITEMS
        .iter()
        .filter_map(|item| match item.generator {
            Program(name, _) => Some(name),
            Script(_) | Here(_) => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        command.args(["--bin", name]);
    }
    process::run(command)
}

/// A program of the workspace that was built.
fn program(name: &str, args: &[&str]) -> Command {
    process::command(place::target().join("debug").join(name), args)
}
