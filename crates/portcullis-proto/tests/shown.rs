//! Bodies as JSON: the golden vectors, secrets at every depth and at every cut, bounds, and random schemas and bodies.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_macros::message;
use portcullis_proto::codec::{Body, Encoder, ErrorKind, Json, Message, Unknown, to_bytes};
use portcullis_proto::error::FailureBody;
use portcullis_proto::schema::shown::{
    Excerpt, Extent, SHOWN_CLOSING_BYTES_MAX, SHOWN_DEPTH_MAX, Shown, show_failure,
};
use portcullis_proto::schema::{Fields, Float, Int, Schema, Type, TypeBody, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::secrets::{mark_all, only_marks};
use support::{Rng, mutate, schema_of, schemas, unhex, valid};

/// Room for whatever the tests show.
const ROOM: usize = 1 << 20;

fn whole(bytes: &[u8]) -> Excerpt<'_> {
    Excerpt { bytes, cut: false, blobs: &[] }
}

/// What a message of the type `T` is shown as, within `bytes_max`.
fn show<T: Message>(body: Excerpt<'_>, bytes_max: usize) -> Shown {
    let schema = schema_of::<T>();
    let reply = schema.interfaces[0].channels[0].reply.clone();
    schema.show_value(&reply, body, bytes_max)
}

#[track_caller]
fn check<T: Message>(value: &T, expected: Value) {
    let body = to_bytes(value).expect("a value within its limits");
    let shown = show::<T>(whole(&body), ROOM);
    let read: Value = serde_json::from_str(&shown.json).expect("JSON");
    assert_eq!((read, shown.extent), (expected, Extent::Whole));
}

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/codec").join(name);
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// The body of a golden row, and the lengths of its blobs.
fn body(row: &Value) -> (Vec<u8>, Vec<u32>) {
    let body = unhex(row["hex"].as_str().expect("digits"));
    let blobs = row.get("blobs").and_then(Value::as_array).into_iter().flatten();
    (body, blobs.map(|it| it.as_str().expect("digits").len() as u32 / 2).collect())
}

fn sample() -> Schema {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sample-contract/contract.schema");
    Schema::from_json(&fs::read_to_string(path).expect("a file")).expect("a schema")
}

/// What a golden value, in TypeScript's form, is shown as: written from the table of the module, without its code.
fn expected(schema: &Schema, ty: &Type, value: &Value) -> Value {
    let bytes = |digits: &str| match digits.len() / 2 {
        0..=32 => json!({ "$bytes": digits }),
        many => json!({ "$bytes": many }),
    };
    match ty {
        Type::Int { int: Int::U64 | Int::I64, .. } => value["$bigint"].clone(),
        Type::Float { float: Float::F32, .. } if value.is_number() => {
            let single = value.as_f64().expect("a number") as f32;
            serde_json::from_str(&format!("{single:?}")).expect("a number")
        }
        Type::Float { .. } => match value.get("$number").and_then(Value::as_str) {
            Some("-0") => json!(-0.0),
            Some(name) => json!(name),
            None => json!(value.as_f64()),
        },
        // Milliseconds there, microseconds here.
        Type::Timestamp | Type::Duration => {
            let micros = value.as_f64().expect("a number") * 1000.0;
            json!(micros.round() as i64)
        }
        Type::Bytes { .. } => bytes(value["$bytes"].as_str().expect("digits")),
        Type::Blob { .. } => {
            json!({ "$blob": value["$bytes"].as_str().expect("digits").len() / 2 })
        }
        Type::TypedArray { item, .. } => {
            let digits = value["$array"].as_str().expect("digits");
            json!({ "$array": digits.len() / 2 / item.size(), "of": item.name() })
        }
        Type::Option(inner) => match value {
            Value::Null => Value::Null,
            // An option in an option, or of JSON, is wrapped in TypeScript.
            Value::Object(it) if it.len() == 1 && it.contains_key("value") => {
                expected(schema, inner, &it["value"])
            }
            value => expected(schema, inner, value),
        },
        Type::List { item, .. } | Type::Array { item, .. } => match value.get("$bytes") {
            Some(digits) => bytes(digits.as_str().expect("digits")),
            None => value
                .as_array()
                .expect("a list")
                .iter()
                .map(|it| expected(schema, item, it))
                .collect(),
        },
        Type::Map { key, value: of, .. } => {
            let entries = value["$map"].as_array().expect("entries").iter();
            let mut entries =
                entries.map(|it| (expected(schema, key, &it[0]), expected(schema, of, &it[1])));
            let named =
                |(key, value): (Value, Value)| (key.as_str().expect("text").to_owned(), value);
            match key_is_text(schema, key) {
                true => Value::Object(entries.map(named).collect()),
                false => entries.by_ref().map(|(key, value)| json!([key, value])).collect(),
            }
        }
        Type::Tuple(types) => tuple(schema, types, value),
        Type::Named(name) => named(schema, &schema.types[name].body, value),
        _ => value.clone(),
    }
}

fn key_is_text(schema: &Schema, key: &Type) -> bool {
    match key {
        Type::String { .. } => true,
        Type::Named(name) => {
            matches!(&schema.types[name].body, TypeBody::Tuple(types) if types.len() == 1 && key_is_text(schema, &types[0]))
        }
        _ => false,
    }
}

fn tuple(schema: &Schema, types: &[Type], value: &Value) -> Value {
    types.iter().enumerate().map(|(place, ty)| expected(schema, ty, &value[place])).collect()
}

fn named(schema: &Schema, body: &TypeBody, value: &Value) -> Value {
    let fields = |fields: &[portcullis_proto::schema::Field], table: bool| {
        let each = fields.iter().map(|field| {
            let value = &value[camel(&field.name)];
            (field, value)
        });
        let told = each.filter(|(_, value)| !(table && value.is_null()));
        let told = told.map(|(field, value)| {
            let shown = match field.secret {
                true => json!({ "$secret": true }),
                false => expected(schema, &field.ty, value),
            };
            (field.name.clone(), shown)
        });
        Value::Object(told.collect())
    };
    match body {
        TypeBody::Struct(all) => fields(all, false),
        TypeBody::Table(all) => fields(all, true),
        TypeBody::Tuple(types) if types.len() == 1 => expected(schema, &types[0], value),
        TypeBody::Tuple(types) => tuple(schema, types, value),
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
            let called = value.as_str().or(value["type"].as_str()).expect("a variant");
            let Some(variant) = variants.iter().find(|it| lower(&it.name) == called) else {
                let count = value["bytes"]["$bytes"].as_str().expect("digits").len() / 2;
                return json!({ "$variant": value["tag"], "$bytes": count });
            };
            let Variant { name, .. } = variant;
            match &variant.fields {
                Fields::Unit => json!(name),
                Fields::Tuple(types) if types.len() == 1 => {
                    json!({ name: expected(schema, &types[0], &value["value"]) })
                }
                Fields::Tuple(types) => json!({ name: tuple(schema, types, &value["values"]) }),
                Fields::Struct(all) => json!({ name: fields(all, false) }),
            }
        }
    }
}

fn lower(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase).chain(chars));
    }
    out
}

#[test]
fn golden_values_are_shown_whole() {
    let schema = sample();
    let mut compared = 0;
    for row in vectors("valid.json") {
        let name = row["type"].as_str().expect("a name");
        let ty = Type::Named(name.to_owned());
        let (body, blobs) = body(&row);
        let excerpt = Excerpt { blobs: &blobs, ..whole(&body) };
        let shown = schema.show_value(&ty, excerpt, ROOM);
        let read: Value = serde_json::from_str(&shown.json).expect(&shown.json);
        // What is too deep or too long to be told in full has tests of its own.
        let reduced = ["$deep", "$text", "[[[[[[[["].iter().any(|mark| shown.json.contains(mark));
        compared += usize::from(!reduced);
        if !reduced {
            assert_eq!(read, expected(&schema, &ty, &row["value"]), "{name} {}", row["hex"]);
        }
        assert_eq!(shown.extent, Extent::Whole, "{name} {}", shown.json);
    }
    assert!(compared > 95, "{compared}");
}

/// What the validator refuses for a limit alone is shown; what cannot be read is told as such.
#[test]
fn golden_mistakes_are_seen() {
    let schema = sample();
    let judged = ["out_of_range", "too_short", "too_long", "map_order", "bad_url", "bad_value"];
    let mut seen = 0;
    for row in vectors("invalid.json") {
        let ty = Type::Named(row["type"].as_str().expect("a name").to_owned());
        let (body, blobs) = body(&row);
        let excerpt = Excerpt { blobs: &blobs, ..whole(&body) };
        let shown = schema.show_value(&ty, excerpt, ROOM);
        let _: Value = serde_json::from_str(&shown.json).expect("JSON");
        let error = row["error"].as_str().expect("a kind");
        if !judged.contains(&error) {
            // Which mistake, where there are two, depends on what is looked at first.
            assert!(matches!(shown.extent, Extent::Malformed(_)), "{row}\n{}", shown.json);
            seen += 1;
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[message(crate = "portcullis_proto")]
struct Inner {
    name: String,
    #[secret]
    key: String,
}

#[message(crate = "portcullis_proto")]
enum Way {
    Open,
    Locked {
        #[secret]
        code: String,
        tries: u8,
    },
    Within(Inner),
}

#[message(crate = "portcullis_proto", flexible)]
enum Later {
    One(Inner),
    #[unknown]
    Other(Unknown),
}

#[message(crate = "portcullis_proto", table)]
struct Grows {
    #[field(1)]
    #[secret]
    token: Option<String>,
    #[field(2)]
    inner: Option<Inner>,
}

#[message(crate = "portcullis_proto")]
struct Outer {
    before: u8,
    #[secret]
    all: Vec<Inner>,
    list: Vec<Inner>,
    map: BTreeMap<String, Inner>,
    pairs: BTreeMap<u8, Inner>,
    maybe: Option<Inner>,
    ways: Vec<Way>,
    later: Later,
    grows: Grows,
    tuple: (u8, Inner),
    after: u8,
}

const SECRET: &str = "sesame";

fn outer() -> Outer {
    let inner = || Inner { name: "n".into(), key: SECRET.into() };
    Outer {
        before: 1,
        all: vec![inner(), inner()],
        list: vec![inner()],
        map: [("k".to_owned(), inner())].into(),
        pairs: [(9, inner())].into(),
        maybe: Some(inner()),
        ways: vec![Way::Open, Way::Locked { code: SECRET.into(), tries: 3 }, Way::Within(inner())],
        later: Later::One(inner()),
        grows: Grows { token: Some(SECRET.into()), inner: Some(inner()) },
        tuple: (7, inner()),
        after: 2,
    }
}

#[test]
fn secrets_are_hidden_at_every_depth() {
    let inner = json!({ "name": "n", "key": { "$secret": true } });
    let expected = json!({
        "before": 1, "all": { "$secret": true }, "list": [inner], "map": { "k": inner }, "pairs": [[9, inner]],
        "maybe": inner,
        "ways": ["Open", { "Locked": { "code": { "$secret": true }, "tries": 3 } }, { "Within": inner }],
        "later": { "One": inner }, "grows": { "token": { "$secret": true }, "inner": inner }, "tuple": [7, inner],
        "after": 2,
    });
    check(&outer(), expected);
}

/// Wherever a body is cut or spoiled, and however little room there is, no part of a secret is told.
#[test]
fn no_cut_and_no_mistake_tells_a_secret() {
    let body = to_bytes(&outer()).expect("a value");
    let hidden = |shown: &Shown| {
        let _: Value = serde_json::from_str(&shown.json).expect(&shown.json);
        // `se` stands in no name of the contract but in the mark itself.
        assert!(!shown.json.replace("$secret", "").contains("se"), "{}", shown.json);
    };
    let full = show::<Outer>(whole(&body), ROOM).json.len();
    for end in 0..body.len() {
        let shown = show::<Outer>(Excerpt { bytes: &body[..end], cut: true, blobs: &[] }, ROOM);
        assert_eq!(shown.extent, Extent::Cut, "{end}");
        hidden(&shown);
        let shown = show::<Outer>(whole(&body[..end]), ROOM);
        assert_eq!(shown.extent, Extent::Malformed(ErrorKind::Truncated), "{end}");
    }
    for room in 0..full {
        let shown = show::<Outer>(whole(&body), room);
        // What closes the text finds room always.
        assert!(shown.extent == Extent::Cut || room + 2 >= full, "{room}");
        assert!(shown.json.len() <= room + SHOWN_CLOSING_BYTES_MAX, "{room}: {}", shown.json);
        hidden(&shown);
    }
    assert_eq!(show::<Outer>(whole(&body), full).extent, Extent::Whole);
}

#[test]
fn what_a_newer_contract_has_is_told_by_its_length_alone() {
    let mut body = Vec::new();
    let mut out = Encoder::new(&mut body);
    out.count(2);
    out.varint(2);
    out.bytes(b"\x01n\x06sesame");
    out.varint(9);
    out.bytes(SECRET.as_bytes());
    let shown = show::<Grows>(whole(&body), ROOM);
    assert_eq!(shown.json, r#"{"inner":{"name":"n","key":{"$secret":true}},"$unknown":1}"#);
    let mut body = Vec::new();
    let mut out = Encoder::new(&mut body);
    out.varint(5);
    out.bytes(SECRET.as_bytes());
    assert_eq!(show::<Later>(whole(&body), ROOM).json, r#"{"$variant":5,"$bytes":6}"#);
}

#[test]
fn texts_are_cut_and_obey_no_terminal() {
    let shown = |text: &str| show::<String>(whole(&to_bytes(&text.to_owned()).unwrap()), ROOM).json;
    assert_eq!(shown("a\"\\\n\u{1b}[2J\u{9b}\u{202e}é🦀"), r#""a\"\\\n\u001b[2J\u009b\u202eé🦀""#);
    let long: Value = serde_json::from_str(&shown(&"é".repeat(2000))).expect("JSON");
    assert_eq!(long["$text"], 4000);
    assert_eq!(long["begins"].as_str().map(str::len), Some(1024));

    let json = |text: &str| Json::new(text).expect("JSON");
    check(&json(" {\"a\":\n[1,\t\"\u{202e}\"]} "), json!({ "a": [1, "\u{202e}"] }));
    let body = to_bytes(&json("{\"a\":\n\"\u{9b}\"}")).expect("JSON");
    assert_eq!(show::<Json>(whole(&body), ROOM).json, r#"{"a": "\u009b"}"#);
    let deep = "[".repeat(40) + &"]".repeat(40);
    check(&json(&deep), json!(deep));
}

#[message(crate = "portcullis_proto")]
struct Chain {
    #[allow(clippy::box_collection, reason = "what a contract may say")]
    next: Option<Box<Vec<Chain>>>,
}

/// A body that nests as deep as one may, on the stack that threads have.
#[test]
fn what_nests_deep_is_read_past() {
    let mut chain = Chain { next: None };
    for _ in 1..64 {
        chain = Chain { next: Some(Box::new(vec![chain])) };
    }
    let body = to_bytes(&chain).expect("64 levels");
    let shown = show::<Chain>(whole(&body), ROOM);
    assert_eq!(shown.extent, Extent::Whole);
    assert!(shown.json.contains("{\"$deep\":true}"), "{}", shown.json);
    assert_eq!(shown.json.matches(['{', '[']).count(), SHOWN_DEPTH_MAX as usize + 1);
}

#[test]
fn a_failure_is_its_message_and_its_path() {
    let mut failure = FailureBody::new("no such \u{1b}camera");
    failure.path = "name".to_owned();
    let body = to_bytes(&failure).expect("a failure");
    let shown = show_failure(whole(&body), ROOM);
    assert_eq!(shown.json, r#"{"message":"no such \u001bcamera","path":"name"}"#);
    assert_eq!(show_failure(whole(b"\xff"), ROOM).extent, Extent::Malformed(ErrorKind::Truncated));
    assert_eq!(show_failure(whole(&body), 20).json, r#"{"message":{"$cut":true}}"#);
}

/// Valid, spoiled, cut and random bodies of a drawn schema: always JSON, within its bound.
fn hold(seed: u64) -> Result<(), TestCaseError> {
    let mut rng = Rng(seed);
    let schema = schemas::schema(&mut rng);
    let mut marked = schema.clone();
    mark_all(&mut marked);
    for _ in 0..12 {
        let mut body = valid::body(&schema, schemas::reply(&schema), &mut rng);
        let lengths = |body: &Body| body.blobs.iter().map(|it| it.len() as u32).collect::<Vec<_>>();
        let blobs = lengths(&body);
        let excerpt = Excerpt { blobs: &blobs, ..whole(&body.bytes) };
        let good = schema.show_value(schemas::reply(&schema), excerpt, ROOM);
        prop_assert!(
            !matches!(good.extent, Extent::Malformed(_)),
            "{good:?}\n{}",
            schema.to_json()
        );
        mutate::mutate_body(&mut body, &mut rng);
        let blobs = lengths(&body);
        let (body, random) = (body.bytes, rng.bytes(24));
        for bytes in [&body[..], &body[..rng.below(body.len() + 1)], &random] {
            let room = if rng.one_in(2) { ROOM } else { rng.below(200) };
            let body = Excerpt { bytes, cut: rng.one_in(2), blobs: &blobs };
            let shown = schema.show_value(schemas::reply(&schema), body, room);
            let read: Result<Value, _> = serde_json::from_str(&shown.json);
            prop_assert!(read.is_ok(), "{}", shown.json);
            prop_assert!(shown.json.len() <= room.saturating_add(SHOWN_CLOSING_BYTES_MAX));
            prop_assert!(!shown.json.chars().any(char::is_control));
            let shown = marked.show_value(schemas::reply(&marked), body, room);
            let read: Value = serde_json::from_str(&shown.json).expect("JSON");
            prop_assert!(only_marks(&read), "{read}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_shown_within_its_bound(seed: u64) {
        hold(seed)?;
    }
}
