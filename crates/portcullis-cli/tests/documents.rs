//! What the documents show is what there is: the help of the command, and the files of the applications that it makes.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::run_in;
use tempfile::TempDir;

fn document(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(docs.join(name)).expect("a document")
}

/// The fenced blocks of a language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let rest = document.split("\n```").skip(1).step_by(2);
    let begin = fence.trim_start_matches('`');
    rest.filter_map(|block| block.strip_prefix(begin)).collect()
}

/// An application of that kind, called `notes`.
fn made(kind: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, _, error) = run_in(folder.path(), &["new", "notes", "--kind", kind]);
    assert_eq!((code, error.as_str()), (0, ""));
    folder
}

#[test]
fn the_page_of_the_command_shows_its_help() {
    let page = document("command.md");
    let help = |arguments: &[&str]| {
        let (code, out, _) = run_in(Path::new("."), &[arguments, &["--help"]].concat());
        assert_eq!(code, 0);
        let out = out.replace("portcullis.exe", "portcullis");
        out.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let whole = help(&[]);
    let commands = whole.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    let shown = blocks(&page, "text");
    let mut wanted = vec![whole.clone()];
    for name in names.iter().filter(|name| **name != "help") {
        assert!(page.contains(&format!("\n## {name}\n")), "no section of {name}");
        let help = help(&[name]);
        assert!(help.contains("Example"), "{name} has examples");
        wanted.push(help);
    }
    assert!(wanted.len() > 6, "{names:?}");
    for (wanted, shown) in wanted.iter().zip(&shown) {
        assert!(wanted == shown, "docs/command.md shows\n{shown}\nand the command says\n{wanted}");
    }
    assert_eq!(shown.len(), wanted.len());
}

/// The guide shows parts of the native application.
#[test]
fn the_guide_shows_the_native_application() {
    let folder = made("native");
    let files =
        ["contract/src/lib.rs", "contract/src/main.rs", "app/src/hub.rs", "app/src/worker.rs"];
    // Without indentation, as a part of a function is shown.
    let flat = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let sources =
        files.map(|file| fs::read_to_string(folder.path().join("notes").join(file)).expect("text"));
    let guide = document("guide.md");
    let (first, _) = guide.split_once("\n## 4 ").expect("a section 4");
    let mut shown = BTreeSet::new();
    for block in blocks(first, "rust") {
        let found = sources.iter().position(|source| flat(source).contains(&flat(block)));
        let file = found.unwrap_or_else(|| panic!("no file of the application has\n{block}"));
        shown.insert(files[file]);
    }
    assert_eq!(shown, BTreeSet::from(files), "each has a part in it");
}

/// The tutorial makes by hand what the command makes.
#[test]
fn the_tutorial_for_electron_makes_the_same_application() {
    let folder = made("electron");
    let app = folder.path().join("notes");
    let text = |file: &str| fs::read_to_string(app.join(file)).expect("text");
    let tutorial = document("electron.md");
    let (tutorial, _) = tutorial.split_once("\n## Moving over\n").expect("a next section");
    let mut shown = BTreeSet::new();
    for language in ["rust", "ts", "html", "jsonc"] {
        for block in blocks(tutorial, language) {
            let (name, body) = block.split_once('\n').expect("a name and a text");
            let name =
                name.trim_start_matches("// ").trim_start_matches("<!-- ").trim_end_matches(" -->");
            assert!(text(name).trim_end() == body, "{name} is another in docs/electron.md");
            shown.insert(name);
        }
    }
    assert_eq!(shown.len(), 8, "{shown:?}");
    // Its commands are the scripts.
    let scripts = text("package.json");
    let commands = blocks(tutorial, "sh").join("\n");
    let commands = commands.lines().filter_map(|line| line.strip_prefix("npx "));
    let bundling: Vec<&str> = commands.filter(|line| line.starts_with("esbuild ")).collect();
    assert_eq!(bundling.len(), 4);
    for command in bundling {
        assert!(scripts.contains(&format!(": \"{command}\"")), "no script says {command}");
    }
}
