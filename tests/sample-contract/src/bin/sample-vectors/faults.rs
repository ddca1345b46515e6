//! Bytes that must be refused, each written by hand: every kind of error, where it can happen, with the path that must
//! be named. `samples` adds what comes of cutting and changing the bytes of values.

use portcullis::codec::ErrorKind::{
    self, BadBool, BadJson, BadNan, BadUrl, BadUtf8, BadValue, IntegerOverflow, MapOrder,
    OutOfRange, OverlongVarint, TableOrder, TooDeep, TooLong, TooShort, TrailingBytes, Truncated,
    UnknownTag,
};
use sample_contract::{
    Arrays, BuiltIn, Change, ChangeKind, Converted, Empty, Expression, Foreign, Id, Level, Limits,
    Lists, Maps, Name, Node, Options, Pair, Preferences, Scalars, Shape, Tagged, Texts, Tuples,
};

use crate::rows::Rows;

/// Adds all rows.
pub(crate) fn add(rows: &mut Rows) {
    numbers(rows);
    floats(rows);
    texts(rows);
    built_in(rows);
    collections(rows);
    maps(rows);
    enums(rows);
    depth(rows);
    tables(rows);
    flexible(rows);
    limits(rows);
    every_kind_is_there(rows);
}

fn numbers(rows: &mut Rows) {
    rows.refused::<Empty>("00", TrailingBytes, "");
    rows.refused::<Id>("", Truncated, "");
    rows.refused::<Id>("80", Truncated, "");
    rows.refused::<Id>("8000", OverlongVarint, "");
    rows.refused::<Id>("8080808000", OverlongVarint, "");
    rows.refused::<Id>("8080808010", IntegerOverflow, "");
    rows.refused::<Id>("ffffffff1f", IntegerOverflow, "");
    rows.refused::<Id>("808080808001", IntegerOverflow, "");
    rows.refused::<Id>("0000", TrailingBytes, "");
    rows.refused::<Scalars>("02", BadBool, "flag");
    rows.refused::<Scalars>("ff", BadBool, "flag");
    rows.refused::<Scalars>("0000 808004", IntegerOverflow, "short");
    rows.refused::<Scalars>("0000 ffff7f", IntegerOverflow, "short");
    rows.refused::<Scalars>("0000 00 ffffffffff0f", IntegerOverflow, "word");
    rows.refused::<Scalars>("0000 00 00 80808080808080808002", IntegerOverflow, "long");
    rows.refused::<Scalars>("0000 00 00 80808080808080808080 01", IntegerOverflow, "long");
    rows.refused::<Scalars>("0000 00 00 80808080808080808000", OverlongVarint, "long");
    rows.refused::<Scalars>("0000 00 00 00 00 808004", IntegerOverflow, "signed_short");
    rows.refused::<Scalars>("0000 00 00 00 00 00 8080808010", IntegerOverflow, "signed_word");
    rows.refused::<Scalars>(
        "0000 00 00 00 00 00 00 80808080808080808002",
        IntegerOverflow,
        "signed_long",
    );
    // 2^53, −2^53, and the end of 64 bits as safe integers.
    rows.refused::<Scalars>("0000 00 00 00 00 00 00 00 8080808080808020", OutOfRange, "safe");
    rows.refused::<Scalars>("0000 00 00 00 00 00 00 00 ffffffffffffff1f", OutOfRange, "safe");
    rows.refused::<Scalars>("0000 00 00 00 00 00 00 00 ffffffffffffffffff01", OutOfRange, "safe");
}

fn floats(rows: &mut Rows) {
    let before = "00 00 00 00 00 00 00 00 00 00";
    for nan in ["0100c07f", "0000c0ff", "0100807f", "ffffff7f"] {
        rows.refused::<Scalars>(&format!("{before} {nan} 0000000000000000"), BadNan, "single");
    }
    for nan in ["010000000000f87f", "000000000000f8ff", "010000000000f07f", "ffffffffffffff7f"] {
        rows.refused::<Scalars>(&format!("{before} 00000000 {nan}"), BadNan, "double");
    }
    rows.refused::<Scalars>(&format!("{before} 000000"), Truncated, "single");
    rows.refused::<Arrays>(
        "000000 00000000 00 00 00000000 0000c0ff 0000000000000000",
        BadNan,
        "matrix[0][1]",
    );
}

fn texts(rows: &mut Rows) {
    // A lone continuation, a cut sequence, an overlong one, a surrogate, beyond the last character, 0xff.
    for bad in ["80", "c3", "c080", "e08080", "eda080", "f4908080", "ff", "61ff62"] {
        let length = bad.len() / 2;
        rows.refused::<Texts>(&format!("{length:02x} {bad} 00 00 00"), BadUtf8, "text");
    }
    rows.refused::<Texts>("00 00 01 80 00", BadUtf8, "password");
    rows.refused::<Texts>("00 00 00 01 80", BadUtf8, "type");
    rows.refused::<Texts>("05 6162", Truncated, "text");
    rows.refused::<Texts>("ffffffffffffffffff01", Truncated, "text");
    rows.refused::<Texts>("00 ffffffff0f", Truncated, "bytes");
    rows.refused::<Texts>("8000", OverlongVarint, "text");
    rows.refused::<Texts>("80808080808080808002", IntegerOverflow, "text");
    rows.refused::<Texts>("00 00 00 00 00", TrailingBytes, "");
    rows.refused::<Pair>("00 01 ff", BadUtf8, "1");
}

fn built_in(rows: &mut Rows) {
    let uuid = "00".repeat(16);
    rows.refused::<BuiltIn>("8080808080808020", OutOfRange, "at");
    rows.refused::<BuiltIn>("ffffffffffffff1f", OutOfRange, "at");
    rows.refused::<BuiltIn>("00 8080808080808010", OutOfRange, "lasts");
    rows.refused::<BuiltIn>("00 ffffffffffffffffff01", OutOfRange, "lasts");
    rows.refused::<BuiltIn>("00 00 0000", Truncated, "uuid");
    let with_json = |text: &str| {
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut length = text.len();
        let mut count = String::new();
        while length >= 0x80 {
            count += &format!("{:02x}", (length & 0x7f) | 0x80);
            length >>= 7;
        }
        format!("00 00 {uuid} {count}{length:02x} {digits}")
    };
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    let refused = [
        "",
        " ",
        "nul",
        "01",
        "1.",
        "+1",
        ".5",
        "1e",
        "\"",
        "\"\\x\"",
        "\"\n\"",
        "[",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "[}",
        "1 2",
        "]",
        "'a'",
        "NaN",
        "\"\\u12\"",
        "// c\n1",
        deep.as_str(),
    ];
    for text in refused {
        rows.refused::<BuiltIn>(&with_json(text), BadJson, "json");
    }
    rows.refused::<BuiltIn>(&format!("00 00 {uuid} 01 ff"), BadUtf8, "json");
    for url in [
        "",
        "/relative",
        "example.org",
        "https://",
        "HTTPS://example.org/",
        "https://example.org",
        // Parsers do not agree on whether such a host stays.
        "file://host/x:",
        "file://host/X:/file",
    ] {
        let digits: String = url.bytes().map(|byte| format!("{byte:02x}")).collect();
        let row = format!("{:02x} {digits} {uuid} 00 00", url.len());
        rows.refused::<Foreign>(&row, BadUrl, "url");
    }
}

fn collections(rows: &mut Rows) {
    rows.refused::<Options>("02", BadBool, "number");
    rows.refused::<Options>("00 00 01 01 02", BadBool, "list[0]");
    rows.refused::<Options>("00 00 00 01 00 01 ff", BadUtf8, "pair.1");
    rows.refused::<Options>("00 00 00 00 00 00 01 02", BadBool, "nested");
    rows.refused::<Options>("00 00 00 00 00 00 00 01 01 78", BadJson, "json");
    rows.refused::<Lists>("05 00 00", Truncated, "numbers");
    rows.refused::<Lists>("ffffffff0f", Truncated, "numbers");
    rows.refused::<Lists>("00 00 01 00000000", Truncated, "floats");
    rows.refused::<Lists>("00 00 02 0000000000000000 00000000", Truncated, "floats");
    rows.refused::<Lists>("02 00 8000", OverlongVarint, "numbers[1]");
    rows.refused::<Lists>("00 00 00 02 00 01ff 00", BadUtf8, "texts[1]");
    rows.refused::<Lists>("00 00 00 00 01 05 00 00 00", Truncated, "blobs[0]");
    rows.refused::<Lists>("00 00 00 00 00 02 00 01 808004 00", IntegerOverflow, "nested[1][0]");
    rows.refused::<Lists>("00 00 00 00 00 00 01 02 00", BadBool, "options[0]");
    rows.refused::<Lists>("00 00 00 00 00 00 00 02 00 00 00 01ff", BadUtf8, "pairs[1].1");
    rows.refused::<Arrays>("00 00 808004 00000000", IntegerOverflow, "numbers[2]");
    rows.refused::<Arrays>("00 00", Truncated, "numbers");
    rows.refused::<Arrays>("000000 000000", Truncated, "bytes");
    rows.refused::<Tuples>("00 01ff", BadUtf8, "two.1");
    rows.refused::<Tuples>("00 00 02", BadBool, "three.0");
    rows.refused::<Tuples>("00 00 00 00 00000000 00 00 00 00 01ff 00", BadUtf8, "four.3.1");
    rows.refused::<Tuples>("00 00 00 00 00000000 00 00 00 00 00 01 00 02", BadBool, "list[0].1");
}

fn maps(rows: &mut Rows) {
    rows.refused::<Maps>("02 0162 00 0161 00 0000000000", MapOrder, "by_text{key 1}");
    rows.refused::<Maps>("02 0161 00 0161 00 0000000000", MapOrder, "by_text{key 1}");
    rows.refused::<Maps>("03 0161 00 0163 00 0162 00 00000000", MapOrder, "by_text{key 2}");
    // Of two texts the longer one comes behind, whatever its letters: its length comes first.
    rows.refused::<Maps>("02 026161 00 0162 00 0000000000", MapOrder, "by_text{key 1}");
    rows.refused::<Maps>("00 02 8001 00 7f 00 00000000", MapOrder, "by_number{key 1}");
    rows.refused::<Maps>("01 01ff 00", BadUtf8, "by_text{key 0}");
    rows.refused::<Maps>("01 0161 8000 0000000000", OverlongVarint, "by_text{0}");
    rows.refused::<Maps>("09 0161 00", Truncated, "by_text");
    rows.refused::<Maps>("00 00 00 00 01 03 0000000000000000 00", UnknownTag, "by_level{key 0}");
    rows.refused::<Maps>("00 00 00 00 00 01 0178 01 00 00 00", TrailingBytes, "");
    rows.refused::<Maps>("00 00 00 00 00 01 0178 02 01 00 00 00", MapOrder, "nested{0}{key 1}");
}

fn enums(rows: &mut Rows) {
    rows.refused::<Level>("03", UnknownTag, "");
    rows.refused::<Level>("8001", UnknownTag, "");
    rows.refused::<Level>("8000", OverlongVarint, "");
    rows.refused::<Level>("ffffffff1f", IntegerOverflow, "");
    rows.refused::<Level>("", Truncated, "");
    rows.refused::<Tagged>("00", UnknownTag, "");
    rows.refused::<Tagged>("02", UnknownTag, "");
    rows.refused::<Shape>("06", UnknownTag, "");
    rows.refused::<Shape>("0000", TrailingBytes, "");
    rows.refused::<Shape>("01 00000000", Truncated, "Circle.0");
    rows.refused::<Shape>("02 00 00 01ff", BadUtf8, "Segment.1.1");
    rows.refused::<Shape>("03 00 00 8000 00", OverlongVarint, "BoundingBox.width");
    rows.refused::<Shape>("04 04 06", UnknownTag, "Inside.0.Inside.0");
    rows.refused::<Shape>("05 05 0000000000", TooLong, "Many.shapes");
    rows.refused::<Shape>("05 02 00 06", UnknownTag, "Many.shapes[1]");
}

fn depth(rows: &mut Rows) {
    let path = |step: &str, times: usize| vec![step; times].join(".");
    // 64 heads of a list, each of which announces another, and one too many.
    rows.refused::<Node>(&format!("{} 0000", "0001".repeat(64)), TooDeep, &path("next", 64));
    let too_deep = path("Negative.0", 64) + ".Number";
    rows.refused::<Expression>(&format!("{} 00 00", "01".repeat(64)), TooDeep, &too_deep);
    let shapes = path("Inside.0", 64);
    // A variant without fields is no level of its own; one with fields is.
    rows.refused::<Shape>(
        &format!("{} 01 0000000000000000", "04".repeat(64)),
        TooDeep,
        &format!("{shapes}.Circle"),
    );
    // A table: each level is a field with its byte count.
    let mut table = "00".to_owned();
    for _ in 0..64 {
        let bytes = table.len() / 2;
        let count = if bytes < 128 {
            format!("{bytes:02x}")
        } else {
            format!("{:02x}{:02x}", (bytes & 0x7f) | 0x80, bytes >> 7)
        };
        table = format!("0104{count}{table}");
    }
    rows.refused::<Preferences>(&table, TooDeep, &path("fallback", 64));
}

fn tables(rows: &mut Rows) {
    rows.refused::<Preferences>("", Truncated, "");
    rows.refused::<Preferences>("01", Truncated, "");
    rows.refused::<Preferences>("02 01 00", Truncated, "");
    rows.refused::<Preferences>("ffffffff0f 0100", Truncated, "");
    rows.refused::<Preferences>("01 00 00", TableOrder, "");
    rows.refused::<Preferences>("02 05 01 00 01 01 00", TableOrder, "");
    rows.refused::<Preferences>("02 05 01 00 05 01 00", TableOrder, "");
    rows.refused::<Preferences>("02 64 01 00 63 01 00", TableOrder, "");
    rows.refused::<Preferences>("01 01 00", Truncated, "user_name");
    rows.refused::<Preferences>("01 01 05 00", Truncated, "user_name");
    rows.refused::<Preferences>("01 01 03 01 61 61", TrailingBytes, "user_name");
    rows.refused::<Preferences>("01 01 0a 09 616161616161616161", TooLong, "user_name");
    rows.refused::<Preferences>("01 03 03 00 01 ff", BadUtf8, "pair.1");
    rows.refused::<Preferences>("01 04 03 01 00 00", TableOrder, "fallback");
    rows.refused::<Preferences>("01 8100 01 00", OverlongVarint, "");
    rows.refused::<Preferences>("01 01 8100 00", OverlongVarint, "user_name");
    rows.refused::<Preferences>("01 63 05 00", Truncated, "");
    rows.refused::<Preferences>("01 63 01 00 00", TrailingBytes, "");
    rows.refused::<Preferences>("01 c801 02 00 00", TrailingBytes, "volume");
}

fn flexible(rows: &mut Rows) {
    rows.refused::<Change>("00", Truncated, "Reset");
    rows.refused::<Change>("00 01 00", TrailingBytes, "Reset");
    rows.refused::<Change>("01 00", Truncated, "Added.0");
    rows.refused::<Change>("01 03 01 61 00", TrailingBytes, "Added");
    rows.refused::<Change>("02 01 00", Truncated, "Swapped.1");
    rows.refused::<Change>("02 09 00", Truncated, "Swapped");
    rows.refused::<Change>("09 04 00 01 00 00", TableOrder, "Renamed.settings");
    rows.refused::<Change>("03", Truncated, "");
    rows.refused::<Change>("03 05 00", Truncated, "");
    rows.refused::<Change>("03 01 00 00", TrailingBytes, "");
    rows.refused::<Change>("8300 00", OverlongVarint, "");
    rows.refused::<Change>("ffffffff1f 00", IntegerOverflow, "");
    rows.refused::<ChangeKind>("04 01 00", TrailingBytes, "Automatic");
}

fn limits(rows: &mut Rows) {
    rows.refused::<Name>("00", TooShort, "");
    rows.refused::<Name>(&format!("11 {}", "61".repeat(17)), TooLong, "");
    // The count is looked at before what it counts, and what is left before the limit.
    rows.refused::<Name>(&format!("11 {}", "ff".repeat(17)), TooLong, "");
    rows.refused::<Name>("11 61", Truncated, "");
    // Bytes are counted, not characters.
    rows.refused::<Limits>("06 c3a4c3a4c3a4", TooLong, "text");
    rows.refused::<Limits>("00 00", TooShort, "word");
    rows.refused::<Limits>("00 01 61 01 00", TooShort, "bytes");
    rows.refused::<Limits>("00 01 61 02 0000 01 00", TooShort, "two");
    rows.refused::<Limits>("00 01 61 02 0000 03 000000", TooLong, "two");
    let tags = "00 0161 020000 020000";
    rows.refused::<Limits>(&format!("{tags} 04 0161 0161 0161 0161"), TooLong, "tags");
    rows.refused::<Limits>(&format!("{tags} 02 0161 00"), TooShort, "tags[1]");
    rows.refused::<Limits>(&format!("{tags} 01 05 6161616161"), TooLong, "tags[0]");
    let digits = format!("{tags} 00");
    rows.refused::<Limits>(&format!("{digits} 01 02 09 0a"), OutOfRange, "digits[1]");
    let percent = format!("{digits} 00");
    rows.refused::<Limits>(&format!("{percent} 65"), OutOfRange, "percent");
    rows.refused::<Limits>(&format!("{percent} 00 0b"), OutOfRange, "long");
    rows.refused::<Limits>(&format!("{percent} 00 82c8afa025"), OutOfRange, "long");
    rows.refused::<Limits>(&format!("{percent} 00 00 01 00"), OutOfRange, "safe");
    rows.refused::<Limits>(&format!("{percent} 00 00 01 16"), OutOfRange, "safe");
    let share = format!("{percent} 00 00 00");
    rows.refused::<Limits>(&format!("{share} 000000000000f0bf"), OutOfRange, "share");
    rows.refused::<Limits>(&format!("{share} 010000000000f03f"), OutOfRange, "share");
    rows.refused::<Limits>(&format!("{share} 000000000000f87f"), OutOfRange, "share");
    rows.refused::<Limits>(&format!("{share} 000000000000f8ff"), BadNan, "share");
    let angle = format!("{share} 0000000000000000");
    rows.refused::<Limits>(&format!("{angle} 01003443"), OutOfRange, "angle");
    rows.refused::<Limits>(&format!("{angle} 0000c07f"), OutOfRange, "angle");
    let map = format!("{angle} 00000000");
    rows.refused::<Limits>(&format!("{map} 00"), TooShort, "map");
    rows.refused::<Limits>(&format!("{map} 03 0000 0100 0200"), TooLong, "map");
    rows.refused::<Converted>("06 47 30 30 30 30 30 00", BadValue, "colour");
    rows.refused::<Converted>("00 00", BadValue, "colour");
    rows.refused::<Converted>(&format!("07 {} 00", "30".repeat(7)), TooLong, "colour");
}

/// A kind of error that was added to the codec, and not here, is noticed.
fn every_kind_is_there(rows: &Rows) {
    for kind in ErrorKind::ALL {
        let there = rows.invalid.iter().any(|row| row["error"] == kind.name());
        assert!(there, "there is no row of `{}`", kind.name());
    }
}
