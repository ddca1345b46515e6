//! Messages of every form: generated decoder and validator say the same of valid bodies, of mutations, of every
//! beginning and of random bytes; and what is read is written as it came.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use portcullis_macros::message;
use portcullis_proto::codec::{
    Blob, Duration, Json, Message, SafeInt, Timestamp, TypedArray, Unknown, Uuid,
};
use proptest::prelude::*;
use support::Rng;
use support::agreement::Subject;

#[message(crate = "portcullis_proto")]
struct Numbers {
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: i16,
    g: i32,
    h: i64,
    i: f32,
    j: f64,
    k: bool,
    l: SafeInt,
}

#[message(crate = "portcullis_proto")]
struct Ranges {
    #[limit(range = 3..=200)]
    a: u8,
    #[limit(range = -3..=3)]
    b: i8,
    #[limit(range = 100..=70000)]
    c: u32,
    #[limit(range = 0..=u64::MAX)]
    d: u64,
    #[limit(range = -1000..=1000)]
    e: SafeInt,
    #[limit(range = -1.5..=2.5)]
    f: f32,
    #[limit(range = 0..=1)]
    g: f64,
    #[limit(range = 5..=6)]
    h: Option<i64>,
    #[limit(each(range = 1..=5))]
    i: Vec<u16>,
    #[limit(items <= 3, each(range = 1..=5))]
    j: Option<Vec<i32>>,
}

#[message(crate = "portcullis_proto")]
struct Lengths {
    #[limit(len = 1..=5)]
    a: String,
    #[limit(len <= 4)]
    b: Vec<u8>,
    #[limit(len >= 2)]
    c: Option<String>,
    #[limit(items = 1..=3)]
    d: Vec<Id>,
    #[limit(items <= 2)]
    e: BTreeMap<u16, String>,
    #[limit(items <= 2)]
    f: HashMap<String, Id>,
    #[limit(items <= 4, each(len <= 3))]
    g: Vec<String>,
    #[limit(each(len = 1..=2))]
    h: Vec<Vec<u8>>,
}

#[message(crate = "portcullis_proto")]
struct Id(u32);

#[message(crate = "portcullis_proto")]
struct Name(#[limit(len <= 6)] String);

#[message(crate = "portcullis_proto")]
struct Pair(Id, Vec<Name>);

#[message(crate = "portcullis_proto")]
struct Unit {}

#[message(crate = "portcullis_proto")]
struct Built {
    at: Timestamp,
    lasts: Duration,
    id: Uuid,
    json: Json,
    ids: Vec<Uuid>,
    times: BTreeMap<u8, Timestamp>,
    unit: (),
    held: Box<Id>,
    shared: Arc<Name>,
    nothing: Unit,
}

#[message(crate = "portcullis_proto")]
struct Shapes {
    tuple: (u8, String),
    three: (Id, Option<bool>, Vec<(u16, f32)>),
    four: (u8, u8, u8, (bool, bool)),
    array: [u16; 3],
    bytes: [u8; 5],
    grid: [[u8; 2]; 2],
    floats: [f64; 2],
    names: [Name; 2],
    lists: Vec<Vec<u32>>,
    wide: Vec<(f32, Id)>,
    map: BTreeMap<(u8, u8), BTreeMap<bool, Id>>,
    keyed: BTreeMap<Vec<u8>, ()>,
    options: Vec<Option<Id>>,
    units: BTreeMap<u16, ()>,
}

#[message(crate = "portcullis_proto")]
enum Plain {
    A,
    B,
    #[tag = 300]
    C,
    #[tag = 7]
    D,
}

#[message(crate = "portcullis_proto")]
enum Data {
    Empty,
    One(Id),
    Two(u8, Name),
    Named {
        id: Id,
        #[limit(len <= 3)]
        text: String,
    },
    #[tag = 90]
    Inner(Box<Data>),
    Plain(Plain),
}

#[message(crate = "portcullis_proto", flexible)]
enum Loose {
    Empty,
    One(Id),
    #[tag = 9]
    Named {
        data: Data,
        loose: Option<Box<Loose>>,
    },
    #[unknown]
    Other(Unknown),
}

#[message(crate = "portcullis_proto", table)]
struct Sheet {
    #[field(3)]
    id: Option<Id>,
    #[field(1)]
    #[limit(len <= 3)]
    name: Option<String>,
    #[field(7)]
    inner: Option<Box<Sheet>>,
    #[field(8)]
    unit: Option<Unit>,
    #[field(20)]
    #[limit(items <= 2, each(range = 0..=3))]
    list: Option<Vec<u16>>,
    #[field(21)]
    loose: Option<Loose>,
}

#[message(crate = "portcullis_proto")]
struct Tree {
    value: Data,
    children: Vec<Tree>,
    next: Option<Box<Tree>>,
    named: BTreeMap<String, Tree>,
}

#[message(crate = "portcullis_proto")]
enum Even {
    Zero,
    Next(Box<Odd>),
}

#[message(crate = "portcullis_proto")]
struct Odd {
    even: Even,
    sheet: Sheet,
}

#[message(crate = "portcullis_proto")]
struct All {
    numbers: Numbers,
    ranges: Option<Ranges>,
    lengths: Vec<Lengths>,
    pair: Pair,
    built: Built,
    shapes: Shapes,
    plain: Vec<Plain>,
    data: Data,
    loose: Vec<Loose>,
    sheet: Sheet,
    tree: Tree,
    odd: Odd,
}

#[message(crate = "portcullis_proto")]
struct Beside {
    #[limit(len <= 5)]
    a: Blob,
    b: TypedArray<f32>,
    #[limit(items = 2..=4)]
    c: Option<TypedArray<u16>>,
    #[limit(items <= 3)]
    d: Vec<TypedArray<i64>>,
    e: (TypedArray<i8>, u8),
}

fn subjects() -> Vec<Subject> {
    macro_rules! all {
        ($($type:ty)*) => { vec![$(Subject::of::<$type>()),*] };
    }
    all! {
        Numbers Ranges Lengths Id Name Pair Unit Built Shapes Plain Data Loose Sheet Tree Even Odd All
        Vec<Tree> Option<Loose> BTreeMap<Name, Sheet> [Data; 2] (Plain, Loose, Json)
        Beside Vec<Beside>
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Name {}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoder_and_validator_agree(seed: u64) {
        for subject in subjects() {
            let mut rng = Rng(seed);
            for _ in 0..4 {
                subject.round(&mut rng).map_err(TestCaseError::fail)?;
            }
        }
    }
}

/// With fixed seeds, which meet every kind of error but those that only a conversion or a URL gives.
#[test]
fn fixed_seeds_meet_every_kind_of_error() {
    let mut seen = BTreeMap::<&str, usize>::new();
    let mut rng = Rng(1);
    for subject in subjects() {
        for _ in 0..60 {
            let mut body = subject.valid(&mut rng);
            for _ in 0..20 {
                support::mutate::mutate_body(&mut body, &mut rng);
                let verdict = subject.judge(&body).unwrap_or_else(|differs| panic!("{differs}"));
                *seen.entry(verdict.map_or_else(|(kind, _)| kind, |()| "valid")).or_default() += 1;
            }
        }
        // Ones open boxes without end.
        for byte in 0..3 {
            let verdict = subject.judge(&[byte; 300]).unwrap_or_else(|differs| panic!("{differs}"));
            *seen.entry(verdict.map_or_else(|(kind, _)| kind, |()| "valid")).or_default() += 1;
        }
    }
    use portcullis_proto::codec::ErrorKind;
    for kind in ErrorKind::ALL {
        if !matches!(kind, ErrorKind::BadUrl | ErrorKind::BadValue) {
            assert!(seen.contains_key(kind.name()), "{} never came up: {seen:?}", kind.name());
        }
    }
}

#[test]
fn least_sizes_are_those_of_the_schema() {
    fn least<T: Message>() {
        let schema = support::schema_of::<T>();
        let least = support::oracle::least(&schema, support::schemas::reply(&schema), 0);
        assert_eq!(T::BYTES_MIN as u128, least, "{}", std::any::type_name::<T>());
    }
    macro_rules! all {
        ($($type:ty)*) => { $(least::<$type>();)* };
    }
    all! { Numbers Ranges Lengths Id Name Pair Unit Built Shapes Plain Data Loose Sheet Tree Even Odd All }
}
