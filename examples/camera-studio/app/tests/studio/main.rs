//! The whole studio from outside, without windows: it starts its processes, survives the loss of one, and leaves nothing
//! behind however it ends.
#![cfg(target_os = "linux")]

mod slow;
mod support;

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use support::{Studio, signal, summary, temporary, text, wait_for};

#[test]
fn it_survives_the_loss_of_a_renderer_and_sums_up() {
    let path = temporary("killed.json");
    let file = path.display().to_string();
    let source = "pattern:64x36@30";
    let output = Studio::new(&["--for", "8s", "--summary", &file, "--source", source]).run();
    let printed = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert!(printed.contains("Cameras and renderers run "), "{printed}");
    assert!(printed.contains("killed statistics (process "), "{printed}");
    let summary = summary(&path);

    let kill = &summary["kill"];
    assert_eq!(kill["killed"], "statistics");
    assert!(kill["back_after_ms"].is_u64(), "{kill}");
    assert_eq!(kill["others"][0]["label"], "light");
    assert_eq!(summary["restarts"], serde_json::json!({ "statistics": 1 }));
    assert_eq!((&summary["violations"], &summary["denied"]), (&Value::from(0), &Value::from(0)));

    let sent = summary["frames"]["sent"].as_u64().expect("a number");
    assert!(sent > 0);
    assert_eq!(summary["frames"]["copied_for_all"], sent);
    let receivers = summary["frames"]["receivers"].as_array().expect("a list");
    let labels: Vec<&Value> = receivers.iter().map(|each| &each["label"]).collect();
    assert_eq!(labels, ["light", "statistics"]);
    for each in receivers {
        let number = |name: &str| each[name].as_u64().expect("a number");
        assert!(number("received") > 0 && number("received") + number("dropped") <= sent, "{each}");
        // Each picture is too small to be lent, and copied twice: by main, and by its receiver.
        assert!(number("copies") >= 2 * number("received") && number("lent") == 0, "{each}");
        assert!(number("latency_p50_us") <= number("latency_p99_us"));
    }
    let peers = summary["peers"].as_array().expect("a list");
    let labels: Vec<&Value> = peers.iter().map(|each| &each["label"]).collect();
    assert_eq!(labels, ["camera-1", "light", "main", "statistics"]);
    assert!(peers.iter().all(|each| each["bytes"].as_u64() > Some(0)));
}

#[test]
fn a_camera_that_was_killed_comes_back() {
    let path = temporary("camera.json");
    let file = path.display().to_string();
    let arguments =
        ["--for", "6s", "--no-kill", "--summary", &file, "--source", "pattern:64x36@30"];
    let mut studio = Studio::new(&arguments);
    let mut child = studio.start();
    wait_for(&mut child, " s  peers 3 ");
    signal(studio.process("worker"), "-KILL");
    let output = child.wait_with_output().expect("it was started");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    studio.assert_gone();
    let summary = summary(&path);
    assert_eq!(summary["restarts"], serde_json::json!({ "camera-1": 1 }));
    // Pictures of the one that was killed, and of the one that took its place: more than either alone had time for.
    let frames = &summary["frames"];
    assert!(frames["sent"].as_u64() > Some(60), "{frames}");
}

#[test]
fn standard_input_reaches_its_worker_to_the_last_picture() {
    let path = temporary("input.json");
    let file = path.display().to_string();
    let arguments = ["--source", "y4m:-", "--for", "3s", "--no-kill", "--summary", &file];
    let mut studio = Studio::new(&arguments);
    studio.command.stdin(Stdio::piped());
    let mut child = studio.start();
    let mut input = b"YUV4MPEG2 W2 H2 F50:1 Ip A1:1 C420jpeg\n".to_vec();
    for luma in 0..20 {
        input.extend_from_slice(b"FRAME\n");
        input.extend_from_slice(&[100 + luma, 100, 100, 100, 128, 128]);
    }
    child.stdin.take().expect("piped").write_all(&input).expect("it is read");
    let output = child.wait_with_output().expect("it was started");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    studio.assert_gone();
    // The worker has ended by then, and what it said last was when its source had ended.
    assert_eq!(summary(&path)["frames"]["sent"], 20);
}

#[test]
fn a_port_in_use_is_one_sentence_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound");
    let output = Studio::new(&["--port", &address.port().to_string()]).run();
    let expect = format!(
        "camera-studio: {address} is in use by another program; choose another port, or 0 for any free one\n"
    );
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), expect.as_str()));
}

#[test]
fn a_contract_that_differs_is_one_sentence_and_exit_code_2() {
    let binary = Path::new(env!("CARGO_BIN_EXE_camera-studio"));
    let outdated = binary.with_file_name("examples").join("outdated_peer");
    let output = Studio::new(&["--child-program", &outdated.display().to_string()]).run();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with("camera-studio: `camera-1` was built from another contract: "),
        "{error}"
    );
    assert!(error.contains("studio.worker") && error.lines().count() == 1, "{error}");
}

#[test]
fn ctrl_c_and_termination_end_it_in_order() {
    for name in ["-INT", "-TERM"] {
        let mut studio = Studio::new(&["--source", "pattern:64x36@30", "--for", "2m"]);
        let mut child = studio.start();
        wait_for(&mut child, " s  peers 3 ");
        signal(child.id(), name);
        let output = child.wait_with_output().expect("it was started");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{name}");
        assert!(text(&output.stdout).contains("ran for "));
        studio.assert_gone();
    }
}

#[test]
fn processes_end_with_a_main_that_was_killed() {
    let mut studio = Studio::new(&["--source", "pattern:64x36@30", "--for", "2m"]);
    let mut child = studio.start();
    wait_for(&mut child, " s  peers 3 ");
    assert_eq!(studio.processes().len(), 4);
    signal(child.id(), "-KILL");
    child.wait().expect("it was started");
    studio.assert_gone();
}
