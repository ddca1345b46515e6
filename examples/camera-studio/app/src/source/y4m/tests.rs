//! Streams as ffmpeg writes them, broken ones, and random bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failed test may panic"
)]

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

const FFMPEG: &str = "YUV4MPEG2 W4 H2 F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED\n";

fn stream(header: &str, frames: &[&[u8]]) -> Vec<u8> {
    let mut bytes = header.as_bytes().to_vec();
    for frame in frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend_from_slice(frame);
    }
    bytes
}

fn blank() -> Picture {
    Picture::new(Size::new(1, 1).unwrap())
}

/// The first picture's planes of a stream, or the error's sentence.
fn first(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut picture = blank();
    Y4mReader::new(bytes, "x.y4m")
        .and_then(|mut reader| reader.read(7, &mut picture))
        .map(|()| picture.data().to_vec())
        .map_err(|error| error.to_string())
}

#[track_caller]
fn refused(header: &str, sentence: &str) {
    let seen = first(header.as_bytes()).unwrap_err();
    assert_eq!(seen, format!("broken header: x.y4m: {sentence}"));
}

#[test]
fn a_stream_as_ffmpeg_writes_it() {
    let frames: [Vec<u8>; 2] = [(16..28).collect(), (30..42).collect()];
    let mut bytes = stream(FFMPEG, &[&frames[0]]);
    bytes.extend_from_slice(b"FRAME Ip Xanything\n");
    bytes.extend_from_slice(&frames[1]);

    let mut reader = Y4mReader::new(bytes.as_slice(), "x.y4m").unwrap();
    assert_eq!(reader.size().to_string(), "4x2");
    assert_eq!(reader.rate().interval_us(), 33_333);
    let mut picture = blank();
    for (sequence, frame) in (0u64..).zip(&frames) {
        reader.read(1000 + sequence, &mut picture).unwrap();
        assert_eq!((picture.sequence, picture.captured_us), (sequence, 1000 + sequence));
        assert_eq!(picture.data(), frame);
    }
    let end = reader.read(0, &mut picture).unwrap_err().to_string();
    assert_eq!(end, "x.y4m has ended after 2 pictures");
}

#[test]
fn every_layout_becomes_i420() {
    let colour = |name: &str| format!("YUV4MPEG2 W3 H3 F25:1 C{name}\n");
    let luma: Vec<u8> = (16..25).collect();
    let expect = |chroma: [u8; 8]| Ok([luma.as_slice(), &chroma].concat());

    let planes = [luma.as_slice(), &[1, 2, 3, 4, 5, 6, 7, 8]].concat();
    for name in ["420", "420jpeg", "420mpeg2", "420paldv"] {
        let bytes = stream(&colour(name), &[&planes]);
        assert_eq!(first(&bytes), expect([1, 2, 3, 4, 5, 6, 7, 8]), "{name}");
    }

    let planes = [luma.as_slice(), &[10, 20, 30, 40, 50, 60], &[7; 6]].concat();
    let bytes = stream(&colour("422"), &[&planes]);
    assert_eq!(first(&bytes), expect([20, 30, 50, 60, 7, 7, 7, 7]));

    let planes = [luma.as_slice(), &[10, 20, 30, 20, 30, 40, 1, 3, 5], &[9; 9]].concat();
    let bytes = stream(&colour("444"), &[&planes]);
    assert_eq!(first(&bytes), expect([20, 35, 2, 5, 9, 9, 9, 9]));

    let bytes = stream(&colour("mono"), &[&luma]);
    assert_eq!(first(&bytes), expect([128; 8]));
}

#[test]
fn full_range_is_compressed() {
    let header = "YUV4MPEG2 W2 H2 F1:1 XCOLORRANGE=FULL\n";
    let bytes = stream(header, &[&[0, 255, 128, 1, 0, 128]]);
    assert_eq!(first(&bytes).unwrap(), [16, 235, 126, 17, 16, 128]);
}

#[test]
fn a_file_begins_again_and_its_numbers_go_on() {
    let frames: [Vec<u8>; 2] = [vec![20; 12], vec![30; 12]];
    let bytes = stream(FFMPEG, &[&frames[0], &frames[1]]);
    let mut source = Looped::new(Y4mReader::new(Cursor::new(bytes), "x.y4m").unwrap());
    let mut picture = blank();
    for sequence in 0..7 {
        source.read(0, &mut picture).unwrap();
        assert_eq!(picture.sequence, sequence);
        assert_eq!(picture.luma()[0], if sequence % 2 == 0 { 20 } else { 30 });
    }

    let mut empty = Looped::new(Y4mReader::new(Cursor::new(FFMPEG), "x.y4m").unwrap());
    let end = empty.read(0, &mut picture).unwrap_err().to_string();
    assert_eq!(end, "x.y4m has ended after 0 pictures");
}

#[test]
fn broken_headers_say_what_is_broken() {
    refused("", "it does not begin with YUV4MPEG2");
    refused("RIFF....AVI LIST\n", "it does not begin with YUV4MPEG2");
    refused("YUV4MPEG22 W4\n", "it does not begin with YUV4MPEG2");
    refused(&"z".repeat(4000), "it does not begin with YUV4MPEG2");
    refused("YUV4MPEG2 W4 H2 F30:1", "it ends within its first line");
    refused("YUV4", "it ends within its first line");
    refused(
        &format!("YUV4MPEG2 X{}\n", "z".repeat(300)),
        "its first line is longer than 256 bytes",
    );
    refused("YUV4MPEG2\n", "the width is missing");
    refused("YUV4MPEG2 W4 F30:1\n", "the height is missing");
    refused("YUV4MPEG2 W4 H2\n", "the frame rate is missing");
    refused("YUV4MPEG2 W4 H2 W4 F30:1\n", "the width is given twice");
    refused("YUV4MPEG2 W4x H2 F30:1\n", "\"4x\" is not a width");
    refused("YUV4MPEG2 W-4 H2 F30:1\n", "\"-4\" is not a width");
    refused("YUV4MPEG2 W99999999999 H2 F30:1\n", "\"99999999999\" is not a width");
    refused("YUV4MPEG2 W0 H2 F30:1\n", "0x2 is outside 1x1 to 8192x8192");
    refused("YUV4MPEG2 W8193 H2 F30:1\n", "8193x2 is outside 1x1 to 8192x8192");
    refused("YUV4MPEG2 W8192 H8192 F30:1\n", "a 8192x8192 picture takes more than 15 MiB");
    refused("YUV4MPEG2 W4 H2 F30\n", "\"30\" is not a frame rate");
    refused("YUV4MPEG2 W4 H2 F30:0\n", "30:0 is outside 1 to 240 pictures a second");
    refused("YUV4MPEG2 W4 H2 F1000:1\n", "1000:1 is outside 1 to 240 pictures a second");
    refused(
        "YUV4MPEG2 W4 H2 F30:1 C420p10\n",
        "colour space \"420p10\" is not supported (C420, C422, C444 and Cmono with 8 bits are)",
    );
    refused("YUV4MPEG2 W4 H2 F30:1 Zx\u{7}\n", "\"Zx\u{fffd}\" is not a known field");
}

#[test]
fn an_unknown_rate_is_thirty() {
    let reader = Y4mReader::new(&b"YUV4MPEG2 W4 H2 F0:0\n"[..], "x").unwrap();
    assert_eq!(reader.rate().to_string(), "30");
}

#[test]
fn broken_pictures_say_what_is_broken() {
    let whole = stream(FFMPEG, &[&[20; 12], &[20; 12]]);
    for cut in FFMPEG.len() + 6 + 12 + 1..whole.len() {
        let mut reader = Y4mReader::new(&whole[..cut], "x.y4m").unwrap();
        let mut picture = blank();
        reader.read(0, &mut picture).unwrap();
        let error = reader.read(0, &mut picture).unwrap_err().to_string();
        assert!(error.starts_with("broken picture 1 in x.y4m: the input ends in"), "{error}");
    }
    let seen = first(format!("{FFMPEG}FRAMES\n").as_bytes()).unwrap_err();
    assert_eq!(seen, "broken picture 0 in x.y4m: it does not begin with FRAME");
    let seen = first(format!("{FFMPEG}FRAME {}", "z".repeat(400)).as_bytes()).unwrap_err();
    assert_eq!(seen, "broken picture 0 in x.y4m: its first line is too long");
}

/// Headers that are nearly right, so that random streams reach the pictures too.
fn any_header() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        "[WH][0-9]{1,2}",
        "F[0-9]{1,2}:[0-9]{1,2}",
        "C(420|422|444|mono|420jpeg|[a-z0-9]{0,6})",
        "XCOLORRANGE=(FULL|LIMITED)",
        "[ -~]{0,8}",
    ];
    prop::collection::vec(field, 0..7)
        .prop_map(|fields| format!("YUV4MPEG2 W7 H5 F30:1 {}\n", fields.join(" ")).into_bytes())
}

fn drain(bytes: &[u8]) -> u64 {
    let Ok(reader) = Y4mReader::new(Cursor::new(bytes), "x") else { return 0 };
    let mut source = Looped::new(reader);
    let mut picture = blank();
    (0..20).take_while(|_| source.read(0, &mut picture).is_ok()).count() as u64
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let with_header = [FFMPEG.as_bytes(), &bytes].concat();
        let with_frame = [FFMPEG.as_bytes(), b"FRAME\n", &bytes].concat();
        for bytes in [bytes, with_header, with_frame] {
            drain(&bytes);
        }
    }

    #[test]
    fn random_headers_never_panic(header in any_header(), bytes: Vec<u8>) {
        let one = [header.as_slice(), b"FRAME\n", &bytes].concat();
        drain(&one);
    }

    #[test]
    fn a_mutated_stream_never_panics(at in 0usize..200, byte: u8) {
        let mut bytes = stream(FFMPEG, &[&[20; 12], &[30; 12], &[40; 12]]);
        if let Some(slot) = bytes.get_mut(at) {
            *slot = byte;
        }
        prop_assert!(drain(&bytes) <= 20);
    }
}
