//! R10, R21, R24: a receiver of pictures that stops loses them by the topic's policy, takes no memory of main's, and changes
//! nothing for the others. Processes are stopped and continued as a debugger does it.

use std::io::{BufRead, BufReader, Lines};
use std::process::ChildStdout;

use super::support::{Studio, signal, summary, temporary};

/// How many seconds the receiver is stopped: fewer than a silent process has.
const STOPPED_SECONDS: usize = 5;
/// Bytes of a picture.
const PICTURE: u64 = 640 * 360 * 3 / 2;
/// Pictures of 345,600 bytes that are on their way to a receiver, or wait for it: its stream has credit for 1 MiB, and the topic
/// a depth of 2.
const KEPT_MAX: u64 = 4 + 2;
/// What main may take more than before, in bytes: everything that a stopped receiver keeps, three times.
const GROWTH_MAX: u64 = 3 * KEPT_MAX * PICTURE;

/// What a studio prints.
struct Printed(Lines<BufReader<ChildStdout>>);

impl Printed {
    /// The next line that holds `text`. Each studio ends by itself some time, so that this ends too.
    fn next(&mut self, text: &str) -> String {
        let mut lines = self.0.by_ref().map(|line| line.expect("UTF-8"));
        lines.find(|line| line.contains(text)).expect("it is printed")
    }

    /// The number of pictures that were published until the next second.
    fn published(&mut self) -> u64 {
        number_after(&self.next(" s  peers "), "frames ")
    }
}

fn number_after(line: &str, word: &str) -> u64 {
    let (_, rest) = line.split_once(word).expect("the word");
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().expect("a number")
}

/// What a process takes of the memory, in bytes; what it maps for others included.
fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line =
        status.lines().find(|line| line.starts_with("VmRSS:")).expect("every process has one");
    number_after(&line.replace([' ', '\t'], ""), "VmRSS:") * 1024
}

#[test]
fn r21_a_renderer_that_stops_loses_pictures_and_nobody_else_notices() {
    let path = temporary("slow.json");
    let file = path.display().to_string();
    // So few a second that a receiver loses none by being kept waiting for its turn on a busy machine.
    let source = "pattern:640x360@15";
    let mut studio =
        Studio::new(&["--for", "16s", "--no-kill", "--summary", &file, "--source", source]);
    let mut child = studio.start();
    let mut printed = Printed(BufReader::new(child.stdout.take().expect("piped")).lines());
    // Both are there, and main has taken what it needs for them.
    printed.next(" statistics ");
    printed.next(" 3 s  peers 3 ");
    let renderer = studio.process("statistics");

    signal(renderer, "-STOP");
    let from = printed.published();
    let resident = resident_bytes(child.id());
    let mut to = from;
    for _ in 0..STOPPED_SECONDS {
        to = printed.published();
    }
    let grown = resident_bytes(child.id()).saturating_sub(resident);
    signal(renderer, "-CONT");
    let published = to - from;
    assert!(published > 2 * KEPT_MAX, "{published} pictures were published meanwhile");
    assert!(grown < GROWTH_MAX, "main took {grown} bytes more, of {}", published * PICTURE);

    // It goes on by itself, with the newest pictures.
    while number_after(&printed.next(" statistics "), "missed ") == 0 {}
    while printed.0.next().is_some() {}
    assert!(child.wait().expect("it was started").success());
    studio.assert_gone();

    let summary = summary(&path);
    assert_eq!((&summary["restarts"], &summary["violations"]), (&serde_json::json!({}), &0.into()));
    let frames = &summary["frames"];
    let sent = frames["sent"].as_u64().expect("a number");
    let [light, statistics] = ["light", "statistics"].map(|label| {
        let all = frames["receivers"].as_array().expect("a list");
        let found = all.iter().find(|each| each["label"] == label).expect("it has reported");
        move |name: &str| found[name].as_u64().expect("a number")
    });
    // What was neither kept for it nor sent before it stopped is lost, and it knows of each that is.
    assert!(statistics("missed") + KEPT_MAX >= published, "{frames}");
    assert!(statistics("dropped") >= statistics("missed"), "{frames}");
    assert!(statistics("received") + statistics("dropped") <= sent, "{frames}");
    // The other one got its pictures as before, lent where they are: main has copied none of them for it.
    assert!(light("received") * 10 >= sent * 9, "{frames}");
    assert!(light("missed") * 5 < statistics("missed"), "{frames}");
    assert_eq!((light("copies"), statistics("copies")), (0, 0), "{frames}");
    assert_eq!(light("lent"), light("received"), "{frames}");
}
