//! The command as people and scripts meet it: what it prints, what it writes, its exit codes, and one sentence for bad
//! input.

mod common;

use std::fs;
use std::path::Path;

use common::run_in;
use tempfile::TempDir;

const SAMPLE: &str = "../../tests/sample-contract/contract.schema";

/// Runs the command in this crate's folder.
fn run(arguments: &[&str]) -> (i32, String, String) {
    run_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

fn sample() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE)).expect("the sample")
}

/// A folder with files of that content; their paths.
fn files<const N: usize>(texts: [&str; N]) -> (TempDir, [String; N]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    let paths = texts.map(|text| {
        number += 1;
        let path = folder.path().join(format!("file-{number}"));
        fs::write(&path, text).expect("written");
        path.display().to_string()
    });
    (folder, paths)
}

#[test]
fn gen_writes_and_then_checks() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("generated").display().to_string();
    let arguments = ["gen", "--schema", SAMPLE, "--out", &out];
    let checking = [&arguments[..], &["--check"]].concat();
    assert_eq!(run(&checking).0, 1, "nothing is there yet");
    assert_eq!(run(&arguments).0, 0);
    assert_eq!(run(&checking), (0, String::new(), String::new()));
    fs::write(folder.path().join("generated/types.ts"), "edited").expect("edited");
    let (code, text, _) = run(&checking);
    assert_eq!(code, 1);
    assert!(text.ends_with("types.ts: differs, generate it anew\n"), "{text}");
    assert_eq!(run(&[&checking[..], &["--watch"]].concat()).0, 2, "they exclude each other");
}

#[test]
fn gen_writes_python_alone_or_beside_typescript() {
    let folder = tempfile::tempdir().expect("a folder");
    let [python, out] =
        ["python", "typescript"].map(|name| folder.path().join(name).display().to_string());
    let alone = ["gen", "--schema", SAMPLE, "--python", &python];
    assert_eq!(run(&[&alone[..], &["--check"]].concat()).0, 1, "nothing is there yet");
    assert_eq!(run(&alone).0, 0);
    assert_eq!(run(&[&alone[..], &["--check"]].concat()), (0, String::new(), String::new()));
    // The committed modules of the Python package's tests are of the same contract.
    let committed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/python/tests/generated");
    let mut count = 0;
    for entry in fs::read_dir(folder.path().join("python")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        let text = |path: &Path| fs::read_to_string(path).expect("text");
        assert_eq!(text(&path), text(&committed.join(name)), "{}", path.display());
        count += 1;
    }
    assert!(count > 4, "{count} modules");
    let both = [&alone[..], &["--out", &out]].concat();
    let (code, text, _) = run(&both);
    assert_eq!((code, text.contains("types.ts: written\n")), (0, true), "{text}");
    assert!(!text.contains(".py"), "nothing of it differs: {text}");
    // What neither language generated is left alone, what is stale is removed.
    let stale = folder.path().join("python/sample_gone.py");
    fs::copy(folder.path().join("python/types.py"), &stale).expect("copied");
    fs::write(folder.path().join("python/own.py"), "mine").expect("written");
    assert_eq!(run(&both), (0, format!("{}: removed\n", stale.display()), String::new()));
    assert!(folder.path().join("python/own.py").exists());
    assert_eq!(run(&["gen", "--schema", SAMPLE]).0, 2, "nowhere to write to");
}

#[test]
fn f48_compat_exits_with_1_on_a_break() {
    let old = sample();
    // Deadlines are no part of the hash.
    let harmless = old.replacen("\"deadline_ms\": ", "\"deadline_ms\": 1", 1);
    let (_folder, [old, harmless]) = files([&old, &harmless]);
    assert_eq!(run(&["compat", &old, &old]), (0, "No changes.\n".into(), String::new()));
    let (code, text, _) = run(&["compat", &old, &harmless]);
    assert_eq!((code, text.contains("0 breaking, 0 additive, 1 harmless.")), (0, true), "{text}");
    let studio = "../../examples/camera-studio/contract/contract.schema";
    let (code, text, _) = run(&["compat", &old, studio]);
    assert_eq!((code, text.contains("the interface was removed")), (1, true), "{text}");
    // Who only has new callers misses nothing of what was removed.
    let (code, text, _) = run(&["compat", &old, studio, "--callers", "new"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn docs_name_every_channel_and_type() {
    let schema = portcullis_proto::schema::Schema::from_json(&sample()).expect("a schema");
    let (code, markdown, _) = run(&["docs", "--schema", SAMPLE]);
    let (html_code, html, _) = run(&["docs", "--schema", SAMPLE, "--format", "html"]);
    assert_eq!((code, html_code), (0, 0));
    for interface in &schema.interfaces {
        for channel in &interface.channels {
            let name = format!("{}.{}", interface.name, channel.name);
            assert!(markdown.contains(&format!("\n### {name}\n")), "{name}");
            assert!(html.contains(&format!(">{name}</h3>")), "{name}");
        }
    }
    for name in schema.types.keys() {
        assert!(markdown.contains(&format!("\n### {name}\n")), "{name}");
    }
    // Every link inside the page finds its heading.
    let mut links = 0;
    for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        links += 1;
        assert!(html.contains(&format!("id=\"{link}\"")), "#{link} leads nowhere");
    }
    assert!(links > 20, "{links} links");
}

#[test]
fn documentation_runs_nothing_in_the_page() {
    let mut schema = portcullis_proto::schema::Schema::from_json(&sample()).expect("a schema");
    schema.interfaces[0].docs = "a<img src=x onerror=alert(1)>b [here](javascript:alert(1)) \
         ![there](https://example.org/x.png)\n\n<script>alert(1)</script>"
        .to_owned();
    let (_folder, [path]) = files([&schema.to_json()]);
    let (code, html, _) = run(&["docs", "--schema", &path, "--format", "html"]);
    assert_eq!(code, 0);
    for bad in ["<script", "<img", "javascript:"] {
        assert!(!html.contains(bad), "{bad}");
    }
    assert!(html.contains("&lt;script&gt;"), "it is shown as text");
    assert!(html.contains("<a href=\"#\">here</a>"), "the link leads nowhere");
}

#[test]
fn policy_prints_the_matrix_or_what_is_wrong() {
    let good = "../portcullis-policy/tests/policies/sample.toml";
    let (code, text, _) = run(&["policy", good, "--schema", SAMPLE]);
    assert_eq!((code, text.contains("sample.echo")), (0, true), "{text}");
    assert!(text.contains("\nguest has at most calls 8,"), "{text}");
    assert!(text.contains("\nall peers of a user have at most calls 64,"), "{text}");
    let (_folder, [wrong]) = files(["[role.viewer]\ncall = [\"sample.echo.cal\"]\n"]);
    let (code, out, text) = run(&["policy", &wrong, "--schema", SAMPLE]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(text.contains(":2:9: role.viewer.call[0]"), "{text}");
    assert!(text.contains("did you mean `sample.echo.call`?"), "{text}");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, text, _) = run(&["completions", shell]);
        assert_eq!((code, text.contains("compat")), (0, true), "{shell}");
    }
}

#[test]
fn bad_input_is_one_sentence_and_exit_code_2() {
    let sample = sample();
    let edited = sample.replacen("\"version\": 1", "\"version\": 9", 1);
    // Nothing of another format need be what this one knows.
    let (other, later) = (sample.replacen("\"format\": 1", "\"format\": 99", 1), "{\"format\": 2}");
    let (folder, [broken, edited, other, later]) = files(["{", &edited, &other, later]);
    let binary = folder.path().join("binary").display().to_string();
    fs::write(&binary, [0xff, 0xfe]).expect("written");
    let there = folder.path().display().to_string();
    let anew = "(`cargo run` in the contract's crate does)";
    for (path, says) in [
        ("contract.schema", "contract.schema is not there: go to the folder that has it, or name"),
        (&broken, "this is no schema file"),
        (&broken, "; name the `contract.schema` of a contract's crate"),
        (&edited, &format!("the file was edited, write it anew {anew}")),
        (
            &other,
            &format!("has format 99, and this build reads format 1: write it anew {anew}, or"),
        ),
        (&later, "this schema has format 2"),
        (&binary, "is no text: name another file"),
        (&there, "is a folder: name the file in it"),
    ] {
        for arguments in [
            &["docs", "--schema", path][..],
            &["compat", path, SAMPLE],
            &["compat", SAMPLE, path],
            &["policy", "Cargo.toml", "--schema", path],
        ] {
            let (code, out, text) = run(arguments);
            assert_eq!((code, out.as_str()), (2, ""), "{text}");
            assert!(text.contains(says), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    let (code, _, text) = run(&["gen", "--schema", SAMPLE, "--out", &broken]);
    assert_eq!((code, text.contains("is a file: name the folder")), (2, true), "{text}");
    assert_eq!(run(&["unheard-of"]).0, 2);
}

#[test]
fn f48_lock_records_shapes_and_proves_them_kept() {
    let [old, new] =
        ["old", "new"].map(|version| format!("../../tests/evolution/{version}.schema"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (lock, missing) = (path("contract.lock"), path("missing.lock"));
    let record = |schema: &str| run(&["lock", "--schema", schema, "--lock", &lock]);
    let check = |schema: &str| run(&["lock", "--check", "--schema", schema, "--lock", &lock]);
    let (code, text, _) = record(&old);
    assert_eq!((code, text.contains("recorded evolution.catalog")), (0, true), "{text}");
    let text = fs::read_to_string(&lock).expect("written");
    assert_eq!(text, text_of_the_old());
    assert!(record(&old).1.contains("recorded already"));
    assert_eq!(check(&new), (0, String::new(), String::new()));
    assert_eq!(record(&new).0, 0);
    // The other way round: what the new one has added, the old one has removed.
    let (code, out, text) = check(&old);
    assert_eq!((code, out.as_str()), (1, ""), "{text}");
    for part in ["`evolution.catalog` no longer", "count", "portcullis lock --forget INTERFACE"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let before = fs::read_to_string(&lock).expect("there");
    assert_eq!(record(&old).0, 1, "a break records nothing");
    assert_eq!(fs::read_to_string(&lock).expect("there"), before);
    let forget = ["lock", "--schema", &old, "--lock", &lock, "--forget", "evolution.catalog"];
    assert_eq!(run(&forget).0, 0);
    assert_eq!(fs::read_to_string(&lock).expect("there"), text_of_the_old());
    for (lock, says) in [
        (missing.as_str(), "missing.lock is not there"),
        (&edited(&folder, "\"version\": 1", "\"version\": 2"), "the lock file was edited"),
        (
            &edited(
                &folder,
                "\"format\": 1,\n  \"interfaces\": {",
                "\"format\": 2,\n  \"interfaces\": {",
            ),
            "has format 2",
        ),
        (&edited(&folder, "{", "["), "this is no lock file"),
    ] {
        let (code, out, text) = run(&["lock", "--check", "--schema", &new, "--lock", lock]);
        assert_eq!((code, out.as_str(), text.lines().count()), (2, "", 1), "{text}");
        assert!(text.contains(says), "{text}");
    }
    let (code, _, text) = run(&["lock", "--schema", &new, "--lock", &lock, "--forget", "nothing"]);
    assert_eq!(
        (code, text.contains("it has no `nothing`, but evolution.catalog")),
        (2, true),
        "{text}"
    );
}

fn text_of_the_old() -> String {
    fs::read_to_string("../../tests/evolution/contract.lock").expect("committed")
}

/// The committed lock file with something else in it; its path.
fn edited(folder: &TempDir, from: &str, to: &str) -> String {
    let path = folder.path().join(format!("edited-{}.lock", to.len()));
    fs::write(&path, text_of_the_old().replacen(from, to, 1)).expect("written");
    path.display().to_string()
}

#[test]
fn f48_gen_makes_nothing_of_a_contract_that_breaks_its_lock_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::copy("../../tests/evolution/old.schema", path("contract.schema")).expect("copied");
    let new = "../../tests/evolution/new.schema";
    assert_eq!(run(&["lock", "--schema", new, "--lock", &path("contract.lock")]).0, 0);
    let (schema, out) = (path("contract.schema"), path("generated"));
    let (code, _, text) = run(&["gen", "--schema", &schema, "--out", &out]);
    assert_eq!((code, text.contains("no longer gets along")), (1, true), "{text}");
    assert!(!Path::new(&out).exists());
}
