//! `portcullis tap` beside an application: both are processes, and what passes in one is printed by the other.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What the application's messages hold and nobody is to see.
const SECRET: &str = "sesame";

/// The application of `examples/tapped.rs`. It ends with its standard input, so that it ends with this test, too.
struct Application {
    process: Child,
    folder: TempDir,
}

impl Application {
    fn start(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).expect("ours");
        let command = Path::new(env!("CARGO_BIN_EXE_portcullis"));
        let program = command.with_file_name("examples").join("tapped");
        let mut process = Command::new(program)
            .arg(folder.path())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("built with the examples of this package");
        let mut said = String::new();
        let out = process.stdout.as_mut().expect("piped");
        BufReader::new(out).read_line(&mut said).expect("a line");
        assert_eq!(said, "ready\n");
        Self { process, folder }
    }

    fn tap(&self, socket: &str, arguments: &[&str]) -> Command {
        tap(&self.folder.path().join(socket), arguments)
    }

    fn end(&mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().expect("it was started").success());
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn tap(socket: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("tap").arg("--socket").arg(socket).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the command");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// One sentence that names the socket, and the code of bad input.
#[track_caller]
fn refused(command: Command, expect: &str) {
    let (code, out, error) = run(command);
    assert_eq!((code, out.as_str(), error.lines().count()), (2, "", 1), "{error}");
    assert!(error.starts_with("portcullis: /") && error.contains(expect), "{error}");
}

#[test]
fn what_passes_is_printed_and_no_secret() {
    let application = Application::start(&[]);
    let (code, out, error) = run(application.tap("tap", &["--json", "--count", "30"]));
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(!out.contains(SECRET), "{out}");
    let lines: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 30);
    let of = |kind: &str| {
        let found = lines.iter().find(|line| line["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} among {out}"))
    };
    let request = of("request");
    let login = json!({ "login": { "name": "me", "password": { "$secret": true } } });
    assert_eq!((&request["body"], &request["extent"]), (&login, &json!("whole")));
    assert_eq!((&request["from"], &request["to"]), (&json!("page"), &json!("main")));
    assert_eq!(request["bytes"], 1 + 2 + 1 + SECRET.len());
    assert!(request["at_us"].as_i64() > Some(1_700_000_000_000_000));
    let outcome = of("outcome");
    assert_eq!((&outcome["status"], &outcome["channel"]), (&json!("ok"), &json!("app.door.enter")));
    assert!(outcome["duration_us"].is_u64());
    let number = outcome["body"].as_str().expect("a text, so that nobody rounds it");
    assert!(number.starts_with("11529215046068"), "{number}");
    assert_eq!(of("notification")["body"], json!({ "times": 2 }));
    assert!(lines.iter().all(|line| line["channel"] != "portcullis.tap.watch"));
}

#[test]
fn people_get_lines_that_are_filtered_and_cut() {
    let application = Application::start(&[]);
    let arguments = ["--channel", "app.door.k*", "--peer", "main", "--count", "3"];
    let (code, out, error) = run(application.tap("tap", &arguments));
    assert_eq!((code, error.as_str()), (0, ""));
    for line in out.lines() {
        let (time, rest) = line.split_at(12);
        assert!(time.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte)), "{line}");
        assert!(rest.starts_with(" page → main  app.door.knock  1 B  notification  ["), "{line}");
        assert!(rest.ends_with("]  {\"times\":2}"), "{line}");
    }
    let (_, out, _) = run(application.tap("tap", &["--width", "20", "--count", "4"]));
    let widths: Vec<usize> = out.lines().map(|line| line.chars().count()).collect();
    assert_eq!(widths, [20, 20, 20, 20], "{out}");
}

#[test]
fn what_cannot_be_tapped_is_one_sentence() {
    let application = Application::start(&[]);
    let nowhere = application.folder.path().join("nowhere");
    refused(tap(&nowhere, &[]), "there is no socket; does the application run");
    let file = application.folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    refused(tap(&file, &[]), "nobody listens there");
    refused(application.tap("visitor", &[]), "its role is not granted `portcullis.tap.*`");
    let wrong = application.tap("tap", &["--channel", "app.door.entr"]);
    refused(wrong, "has no channel `app.door.entr`; did you mean `app.door.enter`?");

    let off = Application::start(&["off"]);
    refused(off.tap("tap", &[]), "there is no socket");
    refused(off.tap("developer", &[]), "the application has not switched its tap on");
    let outdated = Application::start(&["outdated"]);
    refused(outdated.tap("developer", &[]), "built with another version: `portcullis.tap` differs");
}

#[test]
fn it_ends_with_the_application_and_with_its_reader() {
    let mut application = Application::start(&[]);
    let mut reading = application.tap("tap", &["--json"]).spawn().expect("the command");
    let mut line = String::new();
    BufReader::new(reading.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    // Its output is closed now, as by `head`.
    assert!(line.starts_with('{'), "{line}");
    assert!(reading.wait().expect("it was started").success());

    let mut watching = application.tap("tap", &[]).spawn().expect("the command");
    let mut out = BufReader::new(watching.stdout.take().expect("piped"));
    out.read_line(&mut line).expect("a line");
    application.end();
    out.read_to_string(&mut line).expect("its end");
    let mut error = String::new();
    watching.stderr.take().expect("piped").read_to_string(&mut error).expect("text");
    assert_eq!(error, "portcullis: the application has ended its tap\n");
    assert!(watching.wait().expect("it was started").success());
}
