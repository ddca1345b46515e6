//! Arbitrary values of every message.

use std::time::Duration;

use portcullis::codec::SAFE_INT_MAX;
use portcullis::{Json, SafeInt, Timestamp, Unknown, Uuid};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use sample_contract::{
    Arrays, BuiltIn, Change, ChangeKind, Colour, Converted, Expression, Foreign, Id, Level, Limits,
    Lists, Maps, Name, Node, Options, Pair, Preferences, Scalars, Shape, Tagged, Texts, Tree,
    Tuples,
};

/// Mostly short text, ASCII and not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z]{0,6}", 1 => "\\PC{0,9}", 1 => "[a-z]{120,140}"]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..9)
}

/// Floats of every class; the NaN is any, and is made canonical.
fn double() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits)
}

fn single() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits)
}

fn safe() -> impl Strategy<Value = SafeInt> {
    (-SAFE_INT_MAX..=SAFE_INT_MAX).prop_map(SafeInt)
}

pub(super) fn scalars() -> impl Strategy<Value = Scalars> {
    let unsigned = (any::<bool>(), any::<u8>(), any::<u16>(), any::<u32>(), any::<u64>());
    let signed = (any::<i8>(), any::<i16>(), any::<i32>(), any::<i64>(), safe());
    (unsigned, signed, single(), double()).prop_map(|(unsigned, signed, single, double)| Scalars {
        flag: unsigned.0,
        byte: unsigned.1,
        short: unsigned.2,
        word: unsigned.3,
        long: unsigned.4,
        signed_byte: signed.0,
        signed_short: signed.1,
        signed_word: signed.2,
        signed_long: signed.3,
        safe: signed.4,
        single,
        double,
    })
}

pub(super) fn texts() -> impl Strategy<Value = Texts> {
    (text(), bytes(), text(), text()).prop_map(|(text, bytes, password, r#type)| Texts {
        text,
        bytes,
        password,
        r#type,
    })
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (-SAFE_INT_MAX..=SAFE_INT_MAX).prop_filter_map("in range", Timestamp::from_micros)
}

fn json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        "[a-z]{0,5}".prop_map(|text| format!("\"{text}\"")),
        vec(0..9u8, 0..4).prop_map(|list| format!("{list:?}")),
        "[a-z]{1,3}".prop_map(|key| format!("{{ \"{key}\" : [true , {{}}] }}")),
    ];
    text.prop_map(|text| Json::new(text).expect("this is JSON"))
}

pub(super) fn built_in() -> impl Strategy<Value = BuiltIn> {
    let lasts = (0..=SAFE_INT_MAX.unsigned_abs()).prop_map(Duration::from_micros);
    (timestamp(), lasts, any::<[u8; 16]>(), json()).prop_map(|(at, lasts, uuid, json)| BuiltIn {
        at,
        lasts,
        uuid: Uuid(uuid),
        json,
        nothing: (),
    })
}

pub(super) fn foreign() -> impl Strategy<Value = Foreign> {
    let url = "https://[a-z]{1,8}\\.example/[a-z0-9]{0,6}"
        .prop_map(|text| url::Url::parse(&text).expect("this is a URL"));
    // The years that `chrono` has are fewer than those of a timestamp.
    let at = (-4_000_000_000_000_000i64..4_000_000_000_000_000)
        .prop_filter_map("in range", chrono::DateTime::from_timestamp_micros);
    (url, any::<[u8; 16]>(), at, bytes()).prop_map(|(url, uuid, at, bytes)| Foreign {
        url,
        uuid: uuid::Uuid::from_bytes(uuid),
        at,
        bytes: bytes.into(),
    })
}

pub(super) fn pair() -> impl Strategy<Value = Pair> {
    (any::<i32>(), text()).prop_map(|(number, text)| Pair(number, text))
}

pub(super) fn options() -> impl Strategy<Value = Options> {
    let first = (of(any::<u32>()), of(text()), of(vec(any::<bool>(), 0..4)), of(pair()));
    let second = (of(any::<u64>()), of(double()), of(of(any::<u8>())), of(json()));
    (first, second).prop_map(|((number, text, list, pair), (long, boxed, nested, json))| Options {
        number,
        text,
        list,
        pair,
        long,
        boxed: boxed.map(Box::new),
        nested,
        json,
    })
}

pub(super) fn lists() -> impl Strategy<Value = Lists> {
    let plain = (vec(any::<u32>(), 0..5), vec(any::<i64>(), 0..5), vec(double(), 0..4));
    let nested = (vec(text(), 0..4), vec(bytes(), 0..4), vec(vec(any::<u16>(), 0..3), 0..4));
    let others = (vec(of(any::<bool>()), 0..4), vec(pair(), 0..3));
    (plain, nested, others).prop_map(|(plain, nested, others)| Lists {
        numbers: plain.0,
        longs: plain.1,
        floats: plain.2,
        texts: nested.0,
        blobs: nested.1,
        nested: nested.2,
        options: others.0,
        pairs: others.1,
    })
}

pub(super) fn arrays() -> impl Strategy<Value = Arrays> {
    let matrix = [[single(), single()], [single(), single()]];
    (any::<[u16; 3]>(), any::<[u8; 4]>(), [text(), text()], matrix).prop_map(
        |(numbers, bytes, texts, matrix)| Arrays { numbers, bytes, texts, matrix, none: [] },
    )
}

pub(super) fn id() -> impl Strategy<Value = Id> {
    prop_oneof![0..9u32, any::<u32>()].prop_map(Id)
}

pub(super) fn name() -> impl Strategy<Value = Name> {
    "[a-zé]{1,8}".prop_map(Name)
}

pub(super) fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Low), Just(Level::HalfWay), Just(Level::High)]
}

pub(super) fn tagged() -> impl Strategy<Value = Tagged> {
    prop_oneof![Just(Tagged::One), Just(Tagged::ThreeHundred), Just(Tagged::Greatest)]
}

pub(super) fn maps() -> impl Strategy<Value = Maps> {
    let keys = (btree_map(text(), any::<u32>(), 0..4), hash_map(any::<u32>(), text(), 0..4));
    let more = (btree_map(any::<i64>(), any::<bool>(), 0..5), btree_map(id(), bytes(), 0..4));
    let last = (
        btree_map(level(), double(), 0..3),
        btree_map(text(), btree_map(any::<bool>(), any::<u8>(), 0..3), 0..3),
    );
    (keys, more, last).prop_map(|(keys, more, last)| Maps {
        by_text: keys.0,
        by_number: keys.1,
        by_long: more.0,
        by_id: more.1,
        by_level: last.0,
        nested: last.1,
    })
}

pub(super) fn tuples() -> impl Strategy<Value = Tuples> {
    let three = (any::<bool>(), any::<i64>(), single());
    let four = (any::<u8>(), any::<u16>(), any::<u32>(), pair());
    let list = vec((any::<u32>(), of(text())), 0..4);
    ((any::<u8>(), text()), three, four, list).prop_map(|(two, three, four, list)| Tuples {
        two,
        three,
        four,
        list,
    })
}

pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let bounding_box = (any::<i32>(), any::<i32>(), any::<u32>(), any::<u32>()).prop_map(
        |(left_edge, top, width, height)| Shape::BoundingBox { left_edge, top, width, height },
    );
    let leaf = prop_oneof![
        Just(Shape::Point),
        double().prop_map(Shape::Circle),
        (id(), pair()).prop_map(|(id, pair)| Shape::Segment(id, pair)),
        bounding_box,
    ];
    leaf.prop_recursive(5, 12, 4, |shape| {
        prop_oneof![
            shape.clone().prop_map(|shape| Shape::Inside(Box::new(shape))),
            vec(shape, 0..=4).prop_map(|shapes| Shape::Many { shapes }),
        ]
    })
}

pub(super) fn node() -> impl Strategy<Value = Node> {
    vec(any::<u8>(), 1..=64).prop_map(|values| {
        let mut node = Node { value: 0, next: None };
        for value in values.into_iter().skip(1) {
            node = Node { value, next: Some(Box::new(node)) };
        }
        node
    })
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = "[a-z]{0,3}".prop_map(|label| Tree { label, branches: vec![] });
    leaf.prop_recursive(6, 16, 4, |tree| {
        ("[a-z]{0,3}", vec(tree, 0..4)).prop_map(|(label, branches)| Tree { label, branches })
    })
}

pub(super) fn expression() -> impl Strategy<Value = Expression> {
    safe().prop_map(Expression::Number).prop_recursive(8, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Expression::Negative(Box::new(inner))),
            (inner.clone(), inner)
                .prop_map(|(left, right)| { Expression::Sum(Box::new(left), Box::new(right)) }),
        ]
    })
}

pub(super) fn preferences() -> impl Strategy<Value = Preferences> {
    let plain = (of("[a-z]{0,8}"), of(any::<u8>()), of(pair()));
    let more = (of(any::<u64>()), of(vec(text(), 0..3)));
    let leaf = (plain, more).prop_map(|((user_name, volume, pair), (serial, tags))| Preferences {
        user_name,
        volume,
        pair,
        fallback: None,
        serial,
        tags,
    });
    leaf.prop_recursive(4, 4, 1, |inner| {
        (inner.clone(), of(inner))
            .prop_map(|(outer, fallback)| Preferences { fallback: fallback.map(Box::new), ..outer })
    })
}

/// An unknown variant whose tag is none of `known`.
fn unknown(known: &'static [u32]) -> impl Strategy<Value = Unknown> {
    (prop_oneof![0..12u32, any::<u32>()], bytes())
        .prop_filter_map("a known tag", move |(tag, bytes)| {
            (!known.contains(&tag)).then_some(Unknown { tag, bytes })
        })
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Reset),
        text().prop_map(Change::Added),
        any::<(u32, u32)>().prop_map(|(left, right)| Change::Swapped(left, right)),
        (text(), preferences())
            .prop_map(|(old_name, settings)| Change::Renamed { old_name, settings }),
        unknown(&[0, 1, 2, 9]).prop_map(Change::Other),
    ]
}

pub(super) fn change_kind() -> impl Strategy<Value = ChangeKind> {
    prop_oneof![
        Just(ChangeKind::Manual),
        Just(ChangeKind::Automatic),
        unknown(&[0, 4]).prop_map(ChangeKind::Other),
    ]
}

pub(super) fn limits() -> impl Strategy<Value = Limits> {
    let texts = ("[a-z]{0,5}", "[a-z]{1,3}", vec(any::<u8>(), 2..9));
    let lists = (vec(any::<u32>(), 2), vec("[a-z]{1,4}", 0..=3), of(vec(0..=9u32, 0..4)));
    let numbers = (0..=100u8, -5..=5_000_000_000i64, of((1..=10i64).prop_map(SafeInt)));
    let floats = (0.0..=1.0f64, -180.0..=180.0f32, btree_map(any::<u8>(), text(), 1..=2));
    (texts, lists, numbers, floats).prop_map(|(texts, lists, numbers, floats)| Limits {
        text: texts.0,
        word: texts.1,
        bytes: texts.2,
        two: lists.0,
        tags: lists.1,
        digits: lists.2,
        percent: numbers.0,
        long: numbers.1,
        safe: numbers.2,
        share: floats.0,
        angle: floats.1,
        map: floats.2,
    })
}

pub(super) fn converted() -> impl Strategy<Value = Converted> {
    (any::<[u8; 3]>(), any::<u8>())
        .prop_map(|(rgb, width)| Converted { colour: Colour { rgb }, width })
}
