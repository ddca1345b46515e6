//! The binary from outside: what the user gets wrong is one sentence and exit code 2.

use std::io::Write;
use std::process::{Command, Stdio};

struct Outcome {
    code: Option<i32>,
    output: String,
    error: String,
}

fn run(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_camera-studio"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built");
    // A child that refuses its arguments never reads: a broken pipe is no failure here.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("it was started");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: output.status.code(), output: text(output.stdout), error: text(output.stderr) }
}

#[track_caller]
fn refused(arguments: &[&str], input: &[u8], sentence: &str) {
    let Outcome { code, error, .. } = run(arguments, input);
    assert_eq!((code, error.as_str()), (Some(2), sentence));
}

#[test]
fn a_missing_file_is_one_sentence_and_exit_code_2() {
    refused(
        &["--source", "y4m:no/such/file.y4m"],
        b"",
        "camera-studio: missing file: no/such/file.y4m\n",
    );
}

#[test]
fn a_broken_header_is_one_sentence_and_exit_code_2() {
    refused(
        &["--source", "y4m:-"],
        b"YUV4MPEG2 W0 H2 F30:1\n",
        "camera-studio: broken header: standard input: 0x2 is outside 1x1 to 8192x8192\n",
    );
}

#[test]
fn arguments_that_mean_nothing_have_exit_code_2() {
    for arguments in [["--source", "webcam"], ["--for", "soon"], ["--port", "70000"]] {
        let Outcome { code, error, .. } = run(&arguments, b"");
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(arguments[1]), "{error}");
    }
}

#[test]
fn standard_input_is_read_until_it_ends() {
    let mut input = b"YUV4MPEG2 W2 H2 F25:1 Ip A1:1 C420jpeg\n".to_vec();
    for luma in [16, 235] {
        input.extend_from_slice(b"FRAME\n");
        input.extend_from_slice(&[luma, luma, luma, luma, 128, 128]);
    }
    let Outcome { code, output, error } = run(&["probe", "--source", "y4m:-"], &input);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(
        output,
        "y4m:-: 2x2 at 25 pictures a second\n     \
         0  brightness 0.000  motion 0.0000\n     \
         1  brightness 1.000  motion 1.0000\n"
    );
}

#[test]
fn a_pattern_moves() {
    let Outcome { code, output, .. } = run(&["probe", "--source", "pattern:64x48@30"], b"");
    assert_eq!(code, Some(0));
    let moving = output.lines().skip(2).filter(|line| !line.ends_with("motion 0.0000")).count();
    assert_eq!(moving, 29, "{output}");
}
