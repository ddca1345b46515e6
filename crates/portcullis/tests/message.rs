//! What `#[portcullis::message]` makes of each kind of declaration: bytes, schema, errors with paths, and that the
//! item itself stays what its author wrote.

use std::collections::{BTreeMap, HashMap};

use portcullis::codec::{self, Decoder, ErrorKind, Message};
use portcullis::schema::{Fields, SchemaBuilder, Type, TypeBody, TypeDef};
use portcullis::{Json, SafeInt, Timestamp, Unknown, Uuid};
use serde::{Deserialize, Serialize};

/// The definition that `T` adds to a schema.
fn definition<T: Message>() -> TypeDef {
    let mut builder = SchemaBuilder::new();
    let Type::Named(name) = T::describe(&mut builder) else { panic!("not a named type") };
    let schema = builder.finish("test").expect("the contract holds");
    schema.types.get(&name).expect("the type is defined").clone()
}

/// Encodes, compares with `hex`, decodes and compares again.
fn check<T: Message + PartialEq + std::fmt::Debug>(value: T, hex: &str) {
    let bytes = codec::to_bytes(&value).expect("the value keeps its limits");
    let found: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, hex, "{value:?}");
    assert_eq!(codec::from_bytes::<T>(&bytes).as_ref(), Ok(&value));
}

/// Decoding `bytes` fails with `kind` at `path`.
fn refused<T: Message + std::fmt::Debug>(bytes: &[u8], kind: ErrorKind, path: &str) {
    let error = codec::from_bytes::<T>(bytes).expect_err("these bytes break the contract");
    assert_eq!((error.kind(), error.path().as_str()), (kind, path));
}

/// Encoding `value` fails with `kind` at `path`.
fn unsendable<T: Message>(value: &T, kind: ErrorKind, path: &str) {
    let error = codec::to_bytes(value).expect_err("the value breaks its limits");
    assert_eq!((error.kind(), error.path().as_str()), (kind, path));
}

/// One reading of a sensor.
///
/// Taken once a second.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    /// Which one.
    id: u64,
    name: String,
    #[secret]
    value: f64,
}

#[test]
fn a_struct_is_its_fields_in_order() {
    let value = Reading { id: 300, name: "left".into(), value: 0.5 };
    check(value, "ac02046c656674000000000000e03f");
    refused::<Reading>(&[0x80, 0x00], ErrorKind::OverlongVarint, "id");
    refused::<Reading>(&[1, 1, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], ErrorKind::BadUtf8, "name");
    refused::<Reading>(&[1, 0, 0], ErrorKind::Truncated, "value");
    assert_eq!(Reading::BYTES_MIN, 10);
}

#[test]
fn documentation_and_secrets_reach_the_schema() {
    let definition = definition::<Reading>();
    assert_eq!(definition.docs, "One reading of a sensor.\n\nTaken once a second.");
    let TypeBody::Struct(fields) = definition.body else { panic!("not a struct") };
    assert_eq!(fields[0].docs, "Which one.");
    assert_eq!(fields.iter().map(|it| it.secret).collect::<Vec<_>>(), [false, false, true]);
}

#[portcullis::message]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Unit;

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Id(#[limit(range = 1..=1000)] u32);

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Pair(u8, String);

#[test]
fn tuple_and_unit_structs() {
    check(Unit, "");
    check(Id(300), "ac02");
    check(Pair(7, "x".into()), "070178");
    // A newtype is transparent in paths as on the wire.
    refused::<Id>(&[0], ErrorKind::OutOfRange, "");
    refused::<Pair>(&[1, 1, 0xff], ErrorKind::BadUtf8, "1");
    assert_eq!(definition::<Unit>().body, TypeBody::Struct(vec![]));
    assert!(matches!(definition::<Id>().body, TypeBody::Tuple(types) if types.len() == 1));
}

/// What can happen.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Empty,
    Circle(f32),
    /// Two sides.
    Rect {
        width: u32,
        height: u32,
    },
    #[tag = 9]
    Both(u8, Id),
    Named(#[limit(len <= 2)] String),
}

#[test]
fn a_strict_enum_is_its_tag_and_fields() {
    check(Shape::Empty, "00");
    check(Shape::Circle(1.0), "010000803f");
    check(Shape::Rect { width: 1, height: 300 }, "0201ac02");
    check(Shape::Both(5, Id(1)), "090501");
    check(Shape::Named("ab".into()), "04026162");
    refused::<Shape>(&[3], ErrorKind::UnknownTag, "");
    refused::<Shape>(&[2, 1], ErrorKind::Truncated, "Rect.height");
    refused::<Shape>(&[9, 1, 0], ErrorKind::OutOfRange, "Both.1");
    refused::<Shape>(&[4, 3, 97, 97, 97], ErrorKind::TooLong, "Named.0");
    refused::<Shape>(&[0, 0], ErrorKind::TrailingBytes, "");
    let TypeBody::Enum(variants) = definition::<Shape>().body else { panic!("not an enum") };
    assert_eq!(variants.iter().map(|it| it.tag).collect::<Vec<_>>(), [0, 1, 2, 9, 4]);
    assert_eq!(variants[2].docs, "Two sides.");
    assert!(matches!(&variants[2].fields, Fields::Struct(fields) if fields[1].name == "height"));
}

#[portcullis::message(flexible)]
#[derive(Clone, Debug, PartialEq)]
enum Change {
    Added(String),
    Cleared,
    #[tag = 7]
    Moved {
        from: u32,
        to: u32,
    },
    #[unknown]
    Other(Unknown),
}

#[test]
fn a_flexible_enum_keeps_what_it_does_not_know() {
    check(Change::Added("a".into()), "00020161");
    check(Change::Cleared, "0100");
    check(Change::Moved { from: 1, to: 2 }, "07020102");
    check(Change::Other(Unknown { tag: 2, bytes: vec![1, 2, 3] }), "0203010203");
    refused::<Change>(&[1, 1, 0], ErrorKind::TrailingBytes, "Cleared");
    refused::<Change>(&[7, 3, 1, 2, 3], ErrorKind::TrailingBytes, "Moved");
    refused::<Change>(&[7, 1, 1], ErrorKind::Truncated, "Moved.to");
    refused::<Change>(&[7, 9, 1], ErrorKind::Truncated, "Moved");
    refused::<Change>(&[2, 9, 1], ErrorKind::Truncated, "");
    // A known tag has one encoding, and it is not this one.
    let disguised = Change::Other(Unknown { tag: 7, bytes: vec![] });
    unsendable(&disguised, ErrorKind::BadValue, "");
    assert_eq!(Change::BYTES_MIN, 2);
}

#[portcullis::message(table)]
#[derive(Clone, Debug, Default, PartialEq)]
struct Settings {
    #[field(3)]
    #[limit(1..=200)]
    rate: Option<u32>,
    /// What it is called.
    #[field(1)]
    #[limit(len = 1..=4)]
    name: Option<String>,
    #[field(20)]
    on: Option<bool>,
}

#[test]
fn a_table_holds_what_is_present_by_number() {
    check(Settings::default(), "00");
    let full = Settings { rate: Some(60), name: Some("ab".into()), on: Some(true) };
    check(full, "03010302616203013c140101");
}

#[test]
fn a_table_passes_over_what_it_does_not_know() {
    // Number 2 is unknown here; 3 is known.
    let bytes = [2, 2, 1, 0xff, 3, 1, 60];
    let mut input = Decoder::new(&bytes);
    let value = Settings::decode(&mut input).expect("unknown fields are skipped");
    assert!(input.skipped());
    assert_eq!(value, Settings { rate: Some(60), ..Settings::default() });
    refused::<Settings>(&[2, 3, 1, 60, 1, 2, 1, 97], ErrorKind::TableOrder, "");
    refused::<Settings>(&[2, 3, 1, 60, 3, 1, 60], ErrorKind::TableOrder, "");
    refused::<Settings>(&[1, 0, 0], ErrorKind::TableOrder, "");
    refused::<Settings>(&[1, 3, 2, 60, 60], ErrorKind::TrailingBytes, "rate");
    refused::<Settings>(&[1, 3, 0], ErrorKind::Truncated, "rate");
    refused::<Settings>(&[1, 3, 1, 0], ErrorKind::OutOfRange, "rate");
    refused::<Settings>(&[2, 3, 1], ErrorKind::Truncated, "");
    unsendable(
        &Settings { name: Some(String::new()), ..Settings::default() },
        ErrorKind::TooShort,
        "name",
    );
}

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Node {
    value: u8,
    next: Option<Box<Node>>,
    children: Vec<Node>,
}

/// A chain of `depth` nodes, one inside the other.
fn chain(depth: usize) -> Node {
    let leaf = Node { value: 0, next: None, children: vec![] };
    (1..depth).fold(leaf, |next, _| Node {
        next: Some(Box::new(next)),
        ..Node { value: 0, next: None, children: vec![] }
    })
}

#[test]
fn recursion_ends_at_the_bound() {
    let deepest = chain(64);
    let bytes = codec::to_bytes(&deepest).expect("64 deep is allowed");
    assert_eq!(codec::from_bytes::<Node>(&bytes), Ok(deepest));
    let path = vec!["next"; 64].join(".");
    unsendable(&chain(65), ErrorKind::TooDeep, &path);
    // The same by hand: 64 heads that each announce another.
    let mut bytes = [0, 1].repeat(64);
    bytes.extend([0, 0, 0]);
    bytes.extend([0; 64]);
    refused::<Node>(&bytes, ErrorKind::TooDeep, &path);
}

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
enum Expr {
    Number(SafeInt),
    Sum(Box<Expr>, Box<Expr>),
    All(Vec<Expr>),
}

#[test]
fn recursion_through_an_enum() {
    let number = |value| Expr::Number(SafeInt(value));
    let sum = Expr::Sum(Box::new(number(1)), Box::new(number(-1)));
    check(Expr::All(vec![sum, number(0)]), "020201000200010000");
    refused::<Expr>(&[2, 2, 0, 0, 5], ErrorKind::UnknownTag, "All.0[1]");
}

const NAME_MAX: usize = 3;
const LEAST: f64 = -0.5;

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Limits {
    #[limit(len <= NAME_MAX)]
    text: String,
    #[limit(len >= 1)]
    bytes: Vec<u8>,
    #[limit(items <= 2, each(len = 1..=2))]
    tags: Vec<String>,
    #[limit(LEAST..=1.0)]
    gain: f32,
    #[limit(range = -3..=3)]
    step: Option<i64>,
    #[limit(len == 1)]
    map: BTreeMap<u8, bool>,
    #[limit(each(0..=9))]
    digits: Option<Vec<u16>>,
    #[limit(range = 0..=2)]
    whole: f64,
}

fn limits() -> Limits {
    Limits {
        text: "abc".into(),
        bytes: vec![1],
        tags: vec!["a".into()],
        gain: 1.0,
        step: Some(3),
        map: BTreeMap::from([(1, true)]),
        digits: Some(vec![9]),
        whole: 2.0,
    }
}

#[test]
fn limits_hold_on_the_way_out() {
    let cases: [(Limits, ErrorKind, &str); 12] = [
        (Limits { text: "abcd".into(), ..limits() }, ErrorKind::TooLong, "text"),
        (Limits { bytes: vec![], ..limits() }, ErrorKind::TooShort, "bytes"),
        (Limits { tags: vec!["a".into(); 3], ..limits() }, ErrorKind::TooLong, "tags"),
        (Limits { tags: vec!["a".into(), "".into()], ..limits() }, ErrorKind::TooShort, "tags[1]"),
        (Limits { gain: -0.6, ..limits() }, ErrorKind::OutOfRange, "gain"),
        (Limits { gain: f32::NAN, ..limits() }, ErrorKind::OutOfRange, "gain"),
        (Limits { step: Some(4), ..limits() }, ErrorKind::OutOfRange, "step"),
        (Limits { step: Some(i64::MIN), ..limits() }, ErrorKind::OutOfRange, "step"),
        (Limits { map: BTreeMap::new(), ..limits() }, ErrorKind::TooShort, "map"),
        (Limits { digits: Some(vec![0, 10]), ..limits() }, ErrorKind::OutOfRange, "digits[1]"),
        (Limits { whole: 2.1, ..limits() }, ErrorKind::OutOfRange, "whole"),
        (Limits { whole: -0.1, ..limits() }, ErrorKind::OutOfRange, "whole"),
    ];
    for (value, kind, path) in cases {
        unsendable(&value, kind, path);
    }
    let bytes = codec::to_bytes(&limits()).expect("all limits are kept");
    assert_eq!(codec::from_bytes::<Limits>(&bytes), Ok(limits()));
    let free = Limits { step: None, digits: None, ..limits() };
    let bytes = codec::to_bytes(&free).expect("an absent value has no limit");
    assert_eq!(codec::from_bytes::<Limits>(&bytes), Ok(free));
}

#[test]
fn limits_hold_on_the_way_in() {
    refused::<Limits>(&[4, 97, 97, 97, 97], ErrorKind::TooLong, "text");
    refused::<Limits>(&[0, 0, 0, 0, 0, 0, 0], ErrorKind::TooShort, "bytes");
    refused::<Limits>(&[0, 1, 0, 3, 0, 0, 0], ErrorKind::TooLong, "tags");
    refused::<Limits>(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 0], ErrorKind::TooShort, "tags[0]");
    refused::<Limits>(&[0, 1, 0, 0, 0, 0, 0, 0x40], ErrorKind::OutOfRange, "gain");
}

#[test]
fn limits_reach_the_schema() {
    let TypeBody::Struct(fields) = definition::<Limits>().body else { panic!("not a struct") };
    let text = |index: usize| serde_json::to_string(&fields[index].ty).expect("a type is JSON");
    assert_eq!(text(0), r#"{"string":{"max":3}}"#);
    assert_eq!(text(1), r#"{"bytes":{"min":1}}"#);
    assert_eq!(text(2), r#"{"list":{"item":{"string":{"min":1,"max":2}},"max":2}}"#);
    assert_eq!(text(3), r#"{"float":{"float":"f32","min":-0.5,"max":1.0}}"#);
    assert_eq!(text(4), r#"{"option":{"int":{"int":"i64","min":-3,"max":3}}}"#);
    assert_eq!(text(7), r#"{"float":{"float":"f64","min":0.0,"max":2.0}}"#);
}

/// A type of another crate, as far as the contract is concerned.
#[derive(Clone, Debug, PartialEq)]
struct Colour {
    rgb: [u8; 3],
}

mod colour {
    use super::Colour;

    pub(super) type Wire = String;

    pub(super) fn to_wire(colour: &Colour) -> Wire {
        colour.rgb.iter().map(|part| format!("{part:02x}")).collect()
    }

    pub(super) fn from_wire(wire: Wire) -> Result<Colour, String> {
        let mut rgb = [0; 3];
        if wire.len() != 6 || !wire.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!("`{wire}` is no colour"));
        }
        for (index, part) in rgb.iter_mut().enumerate() {
            let digits = wire.get(index * 2..index * 2 + 2).unwrap_or_default();
            *part = u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?;
        }
        Ok(Colour { rgb })
    }
}

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Pen {
    #[with(colour)]
    #[limit(len <= 6)]
    colour: Colour,
    width: u8,
}

#[test]
fn a_foreign_type_crosses_in_the_form_of_its_module() {
    check(Pen { colour: Colour { rgb: [255, 0, 1] }, width: 2 }, "0666663030303102");
    let error = codec::from_bytes::<Pen>(&[1, b'x', 2]).expect_err("no colour");
    assert_eq!(error.kind(), ErrorKind::BadValue);
    assert_eq!(
        error.to_string(),
        "colour: the value was refused by its conversion (`x` is no colour)"
    );
    refused::<Pen>(&[7, 48, 48, 48, 48, 48, 48, 48, 2], ErrorKind::TooLong, "colour");
    let TypeBody::Struct(fields) = definition::<Pen>().body else { panic!("not a struct") };
    assert_eq!(fields[0].ty, Type::String { min: None, max: Some(6) });
}

/// The attribute stands above the derive here, and below it in the next type.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Above {
    #[limit(len <= 8)]
    #[serde(default)]
    long_name: String,
    #[serde(rename = "k")]
    r#type: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[portcullis::message]
struct Below {
    #[secret]
    #[limit(len <= 8)]
    #[serde(rename = "pw")]
    password: String,
}

#[test]
fn serde_and_we_do_not_disturb_each_other() {
    let above = Above { long_name: "a".into(), r#type: 1 };
    assert_eq!(serde_json::to_string(&above).expect("serde works"), r#"{"long-name":"a","k":1}"#);
    check(above, "016101");
    let below: Below = serde_json::from_str(r#"{"pw":"x"}"#).expect("serde works");
    check(below, "0178");
    let TypeBody::Struct(fields) = definition::<Above>().body else { panic!("not a struct") };
    assert_eq!(fields[1].name, "type");
}

#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
struct Everything {
    map: HashMap<String, Vec<u8>>,
    array: [u16; 2],
    tuple: (bool, i8),
    json: Json,
    at: Timestamp,
    uuid: Uuid,
    lasts: codec::Duration,
    shared: std::sync::Arc<str_box::Text>,
    nothing: (),
}

mod str_box {
    /// Types of other modules are found by their paths.
    #[portcullis::message]
    #[derive(Clone, Debug, PartialEq)]
    pub(super) struct Text(pub(super) String);
}

#[test]
fn collections_and_built_in_types() {
    let value = Everything {
        map: HashMap::from([("b".into(), vec![1]), ("a".into(), vec![])]),
        array: [1, 300],
        tuple: (true, -1),
        json: Json::new("[1]").expect("JSON"),
        at: Timestamp::from_micros(-1).expect("in range"),
        uuid: Uuid([7; 16]),
        lasts: std::time::Duration::from_micros(5),
        shared: str_box::Text("x".into()).into(),
        nothing: (),
    };
    let uuid = "07".repeat(16);
    check(value, &format!("020161000162010101ac0201ff035b315d01{uuid}050178"));
    refused::<Everything>(&[2, 1, 97, 0, 1, 97, 0, 0, 0], ErrorKind::MapOrder, "map{key 1}");
    refused::<Everything>(&[1, 1, 97, 9, 0, 0], ErrorKind::Truncated, "map{0}");
}

#[test]
fn two_types_of_one_name_are_told_apart() {
    mod other {
        #[portcullis::message]
        pub(super) struct Reading {
            pub(super) id: u8,
        }
    }
    let mut builder = SchemaBuilder::new();
    Reading::describe(&mut builder);
    other::Reading::describe(&mut builder);
    let error = builder.finish("test").expect_err("one name, two types");
    assert!(error.to_string().starts_with("two message types are called `Reading`"), "{error}");
    assert!(codec::to_bytes(&other::Reading { id: 1 }).is_ok());
}

/// As a message of the protocol core itself, or of a crate that only depends on that.
#[portcullis::message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Core(u8);

/// As in a crate that re-exports this one.
#[portcullis::message(crate = "crate::facade")]
#[derive(Clone, Debug, PartialEq)]
struct Facade {
    #[limit(len <= 1)]
    core: Vec<Core>,
}

mod facade {
    pub(crate) use portcullis::__private;
}

#[test]
fn generated_code_finds_its_crate_under_other_names() {
    check(Facade { core: vec![Core(5)] }, "0105");
    refused::<Facade>(&[2, 5, 5], ErrorKind::TooLong, "core");
}
