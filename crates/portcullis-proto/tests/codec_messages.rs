//! Structs, tables, enums and limits as the macros write them: a case is the type, the body and what readers say.

mod support;

use std::collections::BTreeMap;

use portcullis_macros::message;
use portcullis_proto::codec::{
    Decoder, Encoder, ErrorKind, Message, Unknown, from_bytes, to_bytes,
};
use support::check;

/// The example of the protocol text.
#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    id: u64,
    name: String,
    value: f64,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Empty {}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Id(u32);

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Pair(u32, Id);

#[message(crate = "portcullis_proto", table)]
#[derive(Clone, Debug, Default, PartialEq)]
struct Settings {
    #[field(2)]
    gain: Option<u32>,
    #[field(1)]
    name: Option<String>,
    #[field(5)]
    nothing: Option<Vec<Id>>,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Empty,
    Circle {
        radius: u32,
    },
    #[tag = 200]
    Line(Id, bool),
}

#[message(crate = "portcullis_proto", flexible)]
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Started,
    Stopped {
        code: u32,
    },
    #[unknown]
    Other(Unknown),
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Limits {
    #[limit(len = 1..=3)]
    name: String,
    #[limit(range = -5..=5)]
    level: i16,
    #[limit(range = 0.0..=1.0)]
    share: f32,
    #[limit(items <= 2, each(len <= 2))]
    tags: Vec<String>,
    #[limit(items <= 1)]
    map: BTreeMap<u8, bool>,
    #[limit(range = 1..=9)]
    maybe: Option<u8>,
    #[limit(len <= 2)]
    raw: Vec<u8>,
}

#[test]
fn structs() {
    let example = "ac02 04 6c656674 000000000000e03f";
    check::<Reading>(example, "ok");
    let reading = Reading { id: 300, name: "left".into(), value: 0.5 };
    assert_eq!(from_bytes::<Reading>(&support::unhex(example)), Ok(reading));
    check::<Reading>("ac02 04 6c6566ff 000000000000e03f", "bad_utf8 name");
    check::<Reading>("ac02 04 6c656674 000000000000e0", "truncated value");
    check::<Reading>("8000 04 6c656674 000000000000e03f", "overlong_varint id");
    check::<Reading>("ac02 04 6c656674 000000000000e03f 00", "trailing_bytes");
    check::<Empty>("", "ok");
    check::<Empty>("00", "trailing_bytes");
    check::<Id>("05", "ok");
    // A newtype is its field, in paths too.
    check::<Id>("8000", "overlong_varint");
    check::<Pair>("05 06", "ok");
    check::<Pair>("05 8000", "overlong_varint 1");
    check::<Vec<Pair>>("02 0102 0380", "truncated [1].1");
}

#[test]
fn tables() {
    check::<Settings>("00", "ok");
    check::<Settings>("01 01 02 0161", "ok");
    check::<Settings>("03 01 02 0161 02 01 07 05 01 00", "ok");
    check::<Settings>("02 02 01 07 01 02 0161", "table_order");
    check::<Settings>("02 02 01 07 02 01 07", "table_order");
    check::<Settings>("01 00 01 07", "table_order");
    check::<Settings>("01 02 02 0708", "trailing_bytes gain");
    check::<Settings>("01 02 00", "truncated gain");
    check::<Settings>("01 02 05 07", "truncated gain");
    check::<Settings>("01 02", "truncated");
    check::<Settings>("01 808080808001 00", "integer_overflow");
    check::<Settings>("01 05 03 02 0180", "truncated nothing[1]");
    // What is unknown is passed over by its byte count, which must be there.
    check::<Settings>("01 09 05 0000", "truncated");
    check::<Settings>("05 0100 0200 0300", "truncated");
    let unknown = support::unhex("03 02 01 07 03 02 ffff ffffffff0f 00");
    let mut input = Decoder::new(&unknown);
    let known = Settings { gain: Some(7), ..Settings::default() };
    assert_eq!(Settings::decode(&mut input), Ok(known.clone()));
    assert!(input.skipped() && input.finish().is_ok());
    let (plan, root) = support::plan_for::<Settings>();
    assert_eq!(support::verdict(plan.validate(root, &unknown)), Ok(()));
    assert_eq!(support::hex(&to_bytes(&known).expect("encodes")), "01020107");
}

#[test]
fn enums() {
    check::<Shape>("00", "ok");
    check::<Shape>("01 05", "ok");
    check::<Shape>("c801 05 01", "ok");
    check::<Shape>("02", "unknown_tag");
    check::<Shape>("c901", "unknown_tag");
    check::<Shape>("ffffffff0f", "unknown_tag");
    check::<Shape>("8080808010", "integer_overflow");
    check::<Shape>("8000", "overlong_varint");
    check::<Shape>("", "truncated");
    check::<Shape>("01", "truncated Circle.radius");
    check::<Shape>("c801 8000 01", "overlong_varint Line.0");
    check::<Shape>("c801 05 02", "bad_bool Line.1");
    check::<Vec<Shape>>("02 00 01 80", "truncated [1].Circle.radius");
}

#[test]
fn flexible_enums() {
    check::<Event>("00 00", "ok");
    check::<Event>("01 01 05", "ok");
    check::<Event>("07 03 ff0080", "ok");
    check::<Event>("ffffffff0f 00", "ok");
    check::<Event>("00", "truncated Started");
    check::<Event>("00 01 00", "trailing_bytes Started");
    check::<Event>("01 02 0505", "trailing_bytes Stopped");
    check::<Event>("01 00", "truncated Stopped.code");
    check::<Event>("01 03 05", "truncated Stopped");
    check::<Event>("07 03 ff", "truncated");
    let kept = from_bytes::<Event>(&[7, 2, 1, 2]);
    assert_eq!(kept, Ok(Event::Other(Unknown { tag: 7, bytes: vec![1, 2] })));
    let posing = Event::Other(Unknown { tag: 1, bytes: vec![] });
    assert_eq!(to_bytes(&posing).map_err(|error| error.kind()), Err(ErrorKind::BadValue));
}

/// A body of [`Limits`] with one field replaced.
fn limits(place: usize, field: &str) -> String {
    let mut fields = ["0161", "00", "00000000", "00", "00", "00", "00"];
    fields[place] = field;
    fields.concat()
}

#[test]
fn limits_of_fields() {
    let cases = [
        (0, "0161", "ok"),
        (0, "00", "too_short name"),
        (0, "03616161", "ok"),
        (0, "0461616161", "too_long name"),
        (1, "09", "ok"),
        (1, "0a", "ok"),
        (1, "0b", "out_of_range level"),
        (1, "0c", "out_of_range level"),
        (2, "0000803f", "ok"),
        (2, "00000080", "ok"),
        (2, "0100803f", "out_of_range share"),
        (2, "000080bf", "out_of_range share"),
        (2, "0000c07f", "out_of_range share"),
        (2, "0100c07f", "bad_nan share"),
        (3, "02 00 026161", "ok"),
        (3, "03 00 00 00", "too_long tags"),
        (3, "02 00 03616161", "too_long tags[1]"),
        (4, "01 05 01", "ok"),
        (4, "02 05 01 06 01", "too_long map"),
        (5, "01 09", "ok"),
        (5, "01 0a", "out_of_range maybe"),
        (5, "01 00", "out_of_range maybe"),
        (6, "02 ffff", "ok"),
        (6, "03 ffffff", "too_long raw"),
    ];
    for (place, field, expect) in cases {
        check::<Limits>(&limits(place, field), expect);
    }
}

#[test]
fn the_first_fault_counts() {
    // A length that the body does not hold, then the declared limit, then the contents.
    check::<Limits>(&limits(0, "7f"), "truncated name");
    check::<Limits>(&limits(0, "04ffffffff"), "too_long name");
    check::<Limits>(&limits(0, "01ff"), "bad_utf8 name");
    // The count before the items, and each item's limit before the next item.
    check::<Limits>(&limits(3, "03 01ff 00 00"), "too_long tags");
    check::<Limits>(&limits(3, "02 03616161 01ff"), "too_long tags[0]");
    check::<Limits>(&limits(4, "02 05 07 05 01"), "too_long map");
}

#[test]
fn limits_hold_on_the_way_out() {
    let good = Limits {
        name: "a".into(),
        level: 0,
        share: 0.5,
        tags: vec![],
        map: BTreeMap::new(),
        maybe: None,
        raw: vec![],
    };
    let refused = |value: Limits| {
        let error = to_bytes(&value).expect_err("beyond a limit");
        format!("{} {}", error.kind().name(), error.path())
    };
    assert!(to_bytes(&good).is_ok());
    assert_eq!(refused(Limits { name: String::new(), ..good.clone() }), "too_short name");
    assert_eq!(refused(Limits { level: 6, ..good.clone() }), "out_of_range level");
    assert_eq!(refused(Limits { share: f32::NAN, ..good.clone() }), "out_of_range share");
    let tags = vec![String::new(), "abc".into()];
    assert_eq!(refused(Limits { tags, ..good.clone() }), "too_long tags[1]");
    assert_eq!(refused(Limits { maybe: Some(0), ..good.clone() }), "out_of_range maybe");
    let map = BTreeMap::from([(1, true), (2, true)]);
    assert_eq!(refused(Limits { map, ..good }), "too_long map");
}

#[test]
fn an_encoder_appends() {
    let mut out = vec![9];
    Id(300).encode(&mut Encoder::new(&mut out)).expect("encodes");
    assert_eq!(out, [9, 0xac, 0x02]);
}
