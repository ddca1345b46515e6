//! Values of every type: ordinary ones first (from them rows that must be refused are made), then the extremes.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use portcullis::codec::SAFE_INT_MAX;
use portcullis::{Blob, Json, SafeInt, Stale, StateVersion, Timestamp, TypedArray, Unknown, Uuid};
use sample_contract::{
    Arrays, BlobsError, BuiltIn, Change, ChangeKind, Colour, Converted, EchoError, EchoReply,
    EchoRequest, Empty, Expression, FlowsError, Foreign, Id, Level, Limits, Lists, Maps, Name,
    Node, Options, Pair, Picture, Preferences, Samples, Scalars, Scan, Shape, Summary, Tagged,
    Tally, Texts, Tree, Tuples, Who, Wrapped,
};

use crate::rows::Rows;

/// Adds all values.
pub(crate) fn add(rows: &mut Rows) {
    scalars(rows);
    texts(rows);
    collections(rows);
    named(rows);
    enums(rows);
    recursive(rows);
    evolving(rows);
    limited(rows);
    echo(rows);
    blobs(rows);
    shared(rows);
    every_type_is_there(rows);
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn pair(number: i32, name: &str) -> Pair {
    Pair(number, text(name))
}

fn scalars(rows: &mut Rows) {
    let ordinary = Scalars {
        flag: true,
        byte: 7,
        short: 300,
        word: 70_000,
        long: 5_000_000_000,
        signed_byte: -7,
        signed_short: -300,
        signed_word: -70_000,
        signed_long: -5_000_000_000,
        safe: SafeInt(-1),
        single: 0.1,
        double: 0.1,
    };
    let greatest = Scalars {
        flag: true,
        byte: u8::MAX,
        short: u16::MAX,
        word: u32::MAX,
        long: u64::MAX,
        signed_byte: i8::MAX,
        signed_short: i16::MAX,
        signed_word: i32::MAX,
        signed_long: i64::MAX,
        safe: SafeInt(SAFE_INT_MAX),
        single: f32::MAX,
        double: f64::MAX,
    };
    let least = Scalars {
        signed_byte: i8::MIN,
        signed_short: i16::MIN,
        signed_word: i32::MIN,
        signed_long: i64::MIN,
        safe: SafeInt(-SAFE_INT_MAX),
        single: f32::MIN_POSITIVE,
        double: f64::MIN_POSITIVE,
        ..Scalars::default()
    };
    let floats = |single, double| Scalars { single, double, ..Scalars::default() };
    let numbers =
        |long, signed_long, word| Scalars { long, signed_long, word, ..Scalars::default() };
    rows.values(&[
        ordinary,
        Scalars::default(),
        greatest,
        least,
        floats(f32::NAN, f64::NAN),
        floats(-0.0, -0.0),
        floats(f32::INFINITY, f64::INFINITY),
        floats(f32::NEG_INFINITY, f64::NEG_INFINITY),
        // The least that is above zero.
        floats(f32::from_bits(1), f64::from_bits(1)),
        floats(-1.5, 1e300),
        // Where a number of JavaScript ends, and where varints grow.
        numbers((1 << 53) - 1, (1 << 53) - 1, 127),
        numbers(1 << 53, -(1 << 53), 128),
        numbers((1 << 53) + 1, -(1 << 53) - 1, 16_383),
        numbers(1 << 63, 63, 16_384),
        numbers(u64::from(u32::MAX), 64, (1 << 21) - 1),
        numbers(u64::from(u32::MAX) + 1, -64, 1 << 21),
        numbers(1 << 35, -65, 1 << 28),
    ]);
}

fn texts(rows: &mut Rows) {
    let of = |text: &str, bytes: &[u8]| Texts {
        text: text.to_owned(),
        bytes: bytes.to_vec(),
        ..Texts::default()
    };
    rows.values(&[
        Texts {
            text: text("left"),
            bytes: vec![1, 2, 255],
            password: text("p"),
            r#type: text("t"),
        },
        Texts::default(),
        of("ä€𝄞\u{0}", &[0]),
        // One byte below and above the length where decoders change their ways.
        of(&"x".repeat(24), &[7; 127]),
        of(&"x".repeat(25), &[7; 128]),
        of(&"é".repeat(70), &[]),
        of("\u{feff}mark", &[]),
        of("\u{10ffff}\u{fffd}", &[]),
    ]);
    let json = |text: &str| Json::new(text).expect("JSON");
    let at = |micros| Timestamp::from_micros(micros).expect("in range");
    rows.values(&[
        BuiltIn {
            at: at(1_700_000_000_123_456),
            lasts: Duration::from_micros(1_500),
            uuid: Uuid(*b"0123456789abcdef"),
            json: json(r#"{"a":[1,null,"x"]}"#),
            nothing: (),
        },
        BuiltIn::default(),
        BuiltIn { at: at(-1), lasts: Duration::from_micros(1), ..BuiltIn::default() },
        BuiltIn {
            at: at(4_000_000_000_000_000),
            lasts: Duration::from_secs(86_400),
            uuid: Uuid([255; 16]),
            json: json(&format!("{}{}", "[".repeat(64), "]".repeat(64))),
            nothing: (),
        },
        BuiltIn { at: at(-4_000_000_000_000_000), json: json("\"ä\""), ..BuiltIn::default() },
    ]);
    let url = |text: &str| url::Url::parse(text).expect("a URL");
    rows.values(&[
        Foreign {
            url: url("https://example.org/a?b#c"),
            uuid: uuid::Uuid::from_bytes(*b"fedcba9876543210"),
            at: chrono::DateTime::from_timestamp_micros(1_000).expect("in range"),
            bytes: bytes::Bytes::from_static(&[9, 8]),
        },
        Foreign {
            url: url("data:text/plain,x"),
            uuid: uuid::Uuid::nil(),
            at: chrono::DateTime::UNIX_EPOCH,
            bytes: bytes::Bytes::new(),
        },
    ]);
}

fn collections(rows: &mut Rows) {
    rows.values(&[
        Options {
            number: Some(5),
            text: Some(text("x")),
            list: Some(vec![true, false]),
            pair: Some(pair(-1, "p")),
            long: Some(1),
            boxed: Some(Box::new(0.5)),
            nested: Some(Some(3)),
            json: Some(Json::default()),
        },
        Options::default(),
        Options {
            number: Some(0),
            text: Some(text("")),
            list: Some(vec![]),
            nested: Some(None),
            ..Options::default()
        },
    ]);
    rows.values(&[
        Lists {
            numbers: vec![1, 300],
            longs: vec![-1, i64::MAX],
            floats: vec![0.5, f64::NAN],
            texts: vec![text("a"), text("")],
            blobs: vec![vec![], vec![1]],
            nested: vec![vec![1], vec![], vec![2, 3]],
            options: vec![None, Some(true)],
            pairs: vec![pair(1, "a"), pair(2, "b")],
        },
        Lists::default(),
        Lists { numbers: (0..200).collect(), ..Lists::default() },
    ]);
    rows.values(&[
        Arrays {
            numbers: [1, 300, 65_535],
            bytes: [1, 2, 3, 255],
            texts: [text("a"), text("b")],
            matrix: [[1.0, -0.0], [0.5, f32::NAN]],
            none: [],
        },
        Arrays::default(),
    ]);
    rows.values(&[
        Maps {
            by_text: BTreeMap::from([(text("b"), 1), (text("a"), 2), (text("aa"), 3)]),
            by_number: HashMap::from([(1, text("one")), (300, text("many")), (2, text(""))]),
            by_long: BTreeMap::from([(-1, true), (1, false), (0, true)]),
            by_id: BTreeMap::from([(Id(2), vec![1]), (Id(1), vec![])]),
            by_level: BTreeMap::from([(Level::High, 0.5), (Level::Low, f64::NAN)]),
            nested: BTreeMap::from([(text("x"), BTreeMap::from([(true, 1), (false, 2)]))]),
        },
        Maps::default(),
        // The order is that of the encoded bytes: 127 (`7f`), 128 (`80 01`), 16384 (`80 80 01`), 256 (`80 02`).
        Maps {
            by_number: [127, 128, 256, 16_384, 1].map(|key| (key, String::new())).into(),
            by_long: [i64::MIN, -64, -65, 64, i64::MAX].map(|key| (key, false)).into(),
            ..Maps::default()
        },
    ]);
    rows.values(&[
        Tuples {
            two: (1, text("x")),
            three: (true, -5, 0.5),
            four: (1, 2, 3, pair(4, "y")),
            list: vec![(1, None), (2, Some(text("z")))],
        },
        Tuples::default(),
    ]);
}

fn named(rows: &mut Rows) {
    rows.values(&[Empty]);
    rows.values(&[Id(300), Id(0), Id(u32::MAX)]);
    rows.values(&[Name(text("n")), Name("x".repeat(16))]);
    rows.values(&[Wrapped(Id(5))]);
    rows.values(&[pair(-70_000, "p"), Pair::default()]);
}

fn enums(rows: &mut Rows) {
    rows.values(&[Level::HalfWay, Level::Low, Level::High]);
    rows.values(&[Tagged::ThreeHundred, Tagged::One, Tagged::Greatest]);
    let bounding_box = Shape::BoundingBox { left_edge: -1, top: 300, width: 5, height: 6 };
    rows.values(&[
        bounding_box.clone(),
        Shape::Point,
        Shape::Circle(0.5),
        Shape::Circle(f64::NAN),
        Shape::Segment(Id(1), pair(2, "s")),
        Shape::Inside(Box::new(Shape::Inside(Box::new(bounding_box)))),
        Shape::Many { shapes: vec![] },
        Shape::Many { shapes: vec![Shape::Point, Shape::Circle(1.0), Shape::Point, Shape::Point] },
    ]);
}

/// A chain of `depth` nodes.
fn nodes(depth: u8) -> Node {
    (1..depth).fold(Node { value: 0, next: None }, |next, value| Node {
        value,
        next: Some(Box::new(next)),
    })
}

fn recursive(rows: &mut Rows) {
    rows.values(&[nodes(3), nodes(1), nodes(64)]);
    let leaf = |label: &str| Tree { label: text(label), branches: vec![] };
    rows.values(&[
        Tree {
            label: text("root"),
            branches: vec![leaf("a"), Tree { label: text("b"), branches: vec![leaf("c")] }],
        },
        Tree::default(),
    ]);
    let number = |value| Box::new(Expression::Number(SafeInt(value)));
    let deepest = (1..64).fold(*number(0), |inner, _| Expression::Negative(Box::new(inner)));
    rows.values(&[
        Expression::Sum(number(1), Box::new(Expression::Negative(number(-300)))),
        *number(SAFE_INT_MAX),
        deepest,
    ]);
}

fn evolving(rows: &mut Rows) {
    let some = Preferences {
        user_name: Some(text("ann")),
        volume: Some(11),
        pair: Some(pair(1, "p")),
        fallback: Some(Box::new(Preferences { volume: Some(1), ..Preferences::default() })),
        serial: Some(u64::MAX),
        tags: Some(vec![text("a"), text("b")]),
    };
    rows.values(&[
        some.clone(),
        Preferences::default(),
        Preferences { volume: Some(0), ..Preferences::default() },
        Preferences { user_name: Some(text("")), tags: Some(vec![]), ..Preferences::default() },
        // A field longer than 127 bytes: its byte count takes two.
        Preferences { tags: Some(vec!["x".repeat(150)]), ..Preferences::default() },
    ]);
    let other = |tag, bytes: &[u8]| Unknown { tag, bytes: bytes.to_vec() };
    rows.values(&[
        Change::Renamed { old_name: text("old"), settings: some },
        Change::Reset,
        Change::Added(text("x")),
        Change::Swapped(1, 300),
        Change::Other(other(3, &[])),
        Change::Other(other(4_294_967_295, &[1, 2, 3])),
    ]);
    rows.values(&[
        ChangeKind::Automatic,
        ChangeKind::Manual,
        ChangeKind::Other(other(1, &[])),
        ChangeKind::Other(other(300, &[0, 255])),
    ]);
}

fn limited(rows: &mut Rows) {
    let at_the_limits = Limits {
        text: text("fivef"),
        word: text("abc"),
        bytes: vec![1, 2],
        two: vec![0, 1],
        tags: vec![text("a"), text("abcd"), text("x")],
        digits: Some(vec![0, 9]),
        percent: 100,
        long: 5_000_000_000,
        safe: Some(SafeInt(10)),
        share: 1.0,
        angle: -180.0,
        map: BTreeMap::from([(1, text("")), (2, text("b"))]),
    };
    rows.values(&[
        at_the_limits,
        Limits::default(),
        Limits { long: -5, safe: Some(SafeInt(1)), angle: 180.0, share: -0.0, ..Limits::default() },
    ]);
    rows.values(&[
        Converted { colour: Colour { rgb: [255, 0, 1] }, width: 2 },
        Converted::default(),
    ]);
}

fn echo(rows: &mut Rows) {
    let request = EchoRequest { number: 300, text: text("0123456789abcdef"), value: 0.5 };
    let reply = EchoReply { number: 301, text: text("0123456789ABCDEF"), value: 1.0 };
    rows.values(&[request]);
    rows.values(&[reply]);
    rows.values(&[
        EchoError::Odd { number: 3 },
        EchoError::Asked,
        EchoError::Reasons(vec![text("a"), text("b")]),
    ]);
    rows.values(&[Who { label: text("viewer"), role: text("page") }]);
    rows.values(&[Picture { sequence: 1, pixels: vec![0, 128, 255] }]);
    rows.values(&[Summary { items: 3, sum: 300 }]);
    rows.values(&[FlowsError::Broken { after: 2 }]);
}

fn blobs(rows: &mut Rows) {
    let blob = |bytes: &[u8]| Blob::from(bytes);
    let scan = Scan {
        name: text("left"),
        points: blob(&[1, 2, 3]),
        pictures: vec![blob(&[]), blob(&[255])],
        preview: Some(blob(&[9; 70])),
    };
    rows.values(&[scan, Scan::default()]);
    rows.values(&[BlobsError::Rejected { seen: blob(&[7]) }]);
    let samples = Samples {
        i8s: vec![i8::MIN, -1, i8::MAX].into(),
        i16s: vec![i16::MIN, -1, i16::MAX].into(),
        u16s: vec![0, 0x0102, u16::MAX].into(),
        i32s: vec![i32::MIN, -1, i32::MAX].into(),
        u32s: vec![0, 0x0102_0304, u32::MAX].into(),
        i64s: vec![i64::MIN, -1, i64::MAX].into(),
        u64s: vec![0, 0x0102_0304_0506_0708, u64::MAX].into(),
        // Any NaN is as good as the other.
        f32s: vec![0.5, -0.0, f32::INFINITY, f32::from_bits(0xffa0_0001)].into(),
        f64s: Some(vec![-1e300, f64::NAN, f64::NEG_INFINITY, 5e-324, 0.0].into()),
        channels: vec![vec![1.0].into(), TypedArray::default()],
    };
    rows.values(&[samples, Samples::default()]);
}

fn shared(rows: &mut Rows) {
    let version = StateVersion { epoch: 0xdead_beef, number: SafeInt(300) };
    let last = StateVersion { epoch: u32::MAX, number: SafeInt(SAFE_INT_MAX) };
    rows.values(&[version, last, StateVersion::default()]);
    rows.values(&[Stale { now: version }]);
    rows.values(&[Tally { counts: vec![1, 200], changed_by: text("viewer") }]);
}

/// A message that was added to the contract, and not here, is noticed.
fn every_type_is_there(rows: &Rows) {
    for name in sample_contract::contract().types.keys() {
        let there = rows.valid.iter().any(|row| row["type"] == name.as_str());
        assert!(there, "there is no value of `{name}`");
    }
}
