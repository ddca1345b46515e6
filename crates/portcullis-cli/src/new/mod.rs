//! `portcullis new`: a small application that builds and passes its test. All of it is made in memory, then in a folder
//! beside its place, which is renamed: there is an application or there is none. What is in it stands in `templates`.

mod contracts;
mod name;
mod templates;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use portcullis_codegen::Options;

use crate::arguments::AppKind;

/// Where an application has Portcullis from.
#[derive(Debug)]
enum Source {
    /// The registries.
    Released,
    /// A checkout.
    Checkout(Checkout),
}

/// A checkout of Portcullis.
#[derive(Debug)]
struct Checkout {
    /// As it was named: from where the application's folder is made, or from the root.
    path: PathBuf,
}

impl Source {
    fn of(checkout: Option<PathBuf>) -> Result<Self, String> {
        let Some(path) = checkout else { return Ok(Self::Released) };
        let looked_for = ["crates/portcullis/Cargo.toml", "packages/client/package.json"];
        match looked_for.iter().find(|file| !path.join(file).is_file()) {
            None if path.to_str().is_some_and(|path| !path.contains(['"', '\n'])) => {
                Ok(Self::Checkout(Checkout { path }))
            }
            None => Err(format!(
                "{} cannot be written into a manifest: move the checkout",
                path.display()
            )),
            Some(file) => Err(format!(
                "{} is no checkout of Portcullis, for it has no {file}: name the folder that has it",
                path.display()
            )),
        }
    }
}

impl Checkout {
    /// The checkout as the folder of a file of the application would name it. The application is made in the folder from
    /// which the checkout was named, so that is up as often as the file is down.
    fn named_for(&self, file: &str) -> String {
        let path = self.path.to_string_lossy().replace('\\', "/");
        let path = path.trim_end_matches('/');
        if self.path.is_absolute() {
            return path.to_owned();
        }
        let up = "../".repeat(file.matches('/').count() + 1);
        if path == "." { up.trim_end_matches('/').to_owned() } else { up + path }
    }
}

/// Makes the application in a folder of its name, and returns what to tell.
pub(crate) fn run(name: &str, kind: AppKind, checkout: Option<PathBuf>) -> Result<String, String> {
    name::check(name)?;
    let source = Source::of(checkout)?;
    vacant(Path::new(name))?;
    let files = files(name, kind, &source)?;
    put(name, &files).map_err(|error| {
        format!("{name} cannot be made here, and nothing of it is left: {error}; go to a folder that you can write to")
    })?;
    let next = match kind {
        AppKind::Electron => "npm install\n  npm start",
        AppKind::Native => "cargo test\n  cargo run",
    };
    let before = match (kind, &source) {
        (AppKind::Electron, Source::Checkout(_)) => {
            "Once, in the checkout: npm ci && npm run build (README.md says what else). "
        }
        _ => "",
    };
    Ok(format!("{name}: {} files. {before}Next:\n\n  cd {name}\n  {next}\n", files.len()))
}

/// Refuses a place where something is.
fn vacant(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(found) if !found.is_dir() => {
            Err(format!("{shown} is there already: take another name, or remove it"))
        }
        _ => match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!(
                "the folder {shown} is not empty: take another name, or remove what is in it"
            )),
            Err(error) => Err(format!("{shown} cannot be looked at: {error}")),
        },
    }
}

/// Every file of the application: its path with `/`, and its text.
fn files(name: &str, kind: AppKind, source: &Source) -> Result<Vec<(String, String)>, String> {
    let schema = contracts::schema(kind, name);
    let written = templates::of(kind).iter();
    let mut files: Vec<(String, String)> =
        written.map(|file| (file.path.to_owned(), file.render(name, source))).collect();
    files.push(("contract/contract.schema".to_owned(), schema.to_json()));
    if let AppKind::Electron = kind {
        let modules = portcullis_codegen::typescript(&schema, &Options::default())
            .map_err(|error| format!("the contract of the template: {error}"))?;
        let modules = modules.into_iter();
        files.extend(modules.map(|file| (format!("src/generated/{}", file.path), file.text)));
    }
    Ok(files)
}

/// Writes the files into a folder beside the place, and renames it.
fn put(name: &str, files: &[(String, String)]) -> io::Result<()> {
    let beside = tempfile::Builder::new().prefix(&format!(".{name}-")).tempdir_in(".")?;
    // Inside of it: what is made here has the rights of an ordinary folder.
    let made = beside.path().join(name);
    for (path, text) in files {
        let path = made.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    // An empty folder gives way, as renaming does not replace one everywhere.
    match fs::remove_dir(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::rename(made, name),
    }
}

#[cfg(test)]
mod tests {
    use super::Checkout;

    #[test]
    fn a_checkout_is_named_from_the_folder_of_each_manifest() {
        let from = |path: &str, file| Checkout { path: path.into() }.named_for(file);
        assert_eq!(from("../portcullis", "package.json"), "../../portcullis");
        assert_eq!(from("../portcullis/", "contract/Cargo.toml"), "../../../portcullis");
        assert_eq!(from("portcullis", "Cargo.toml"), "../portcullis");
        assert_eq!(from(".", "contract/Cargo.toml"), "../..");
        assert_eq!(from("/portcullis", "contract/Cargo.toml"), "/portcullis");
    }
}
