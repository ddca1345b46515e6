//! Every primitive at the edges of what it may be: a case is the type, the body and what readers say of it.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use portcullis_proto::codec::{
    Duration, Encoder, ErrorKind, Json, Message, SafeInt, Timestamp, Uuid, from_bytes, to_bytes,
};
use support::{check, hex};

#[test]
fn unit_and_bool() {
    check::<()>("", "ok");
    check::<()>("00", "trailing_bytes");
    check::<bool>("00", "ok");
    check::<bool>("01", "ok");
    check::<bool>("02", "bad_bool");
    check::<bool>("ff", "bad_bool");
    check::<bool>("", "truncated");
    check::<bool>("0100", "trailing_bytes");
}

#[test]
fn bytes_of_integers() {
    for body in ["00", "7f", "80", "ff"] {
        check::<u8>(body, "ok");
        check::<i8>(body, "ok");
    }
    check::<u8>("", "truncated");
    check::<i8>("", "truncated");
    check::<u8>("8001", "trailing_bytes");
    assert_eq!(from_bytes::<i8>(&[0xff]), Ok(-1));
}

#[test]
fn varints_in_their_shortest_form() {
    check::<u16>("00", "ok");
    check::<u16>("7f", "ok");
    check::<u16>("8001", "ok");
    check::<u16>("ffff03", "ok");
    check::<u32>("ffffffff0f", "ok");
    check::<u64>("ffffffffffffffffff01", "ok");
    check::<u64>("80808080808080808001", "ok");
    for body in ["", "80", "ff", "ffff"] {
        check::<u16>(body, "truncated");
        check::<u32>(body, "truncated");
        check::<u64>(body, "truncated");
        check::<i64>(body, "truncated");
    }
}

#[test]
fn overlong_varints() {
    for body in ["8000", "ff00", "808000", "ffff00"] {
        check::<u16>(body, "overlong_varint");
        check::<u32>(body, "overlong_varint");
        check::<u64>(body, "overlong_varint");
        check::<i16>(body, "overlong_varint");
        check::<SafeInt>(body, "overlong_varint");
        check::<String>(body, "overlong_varint");
        check::<Vec<u32>>(body, "overlong_varint");
        check::<BTreeMap<u32, u32>>(body, "overlong_varint");
    }
    check::<u32>("8080808000", "overlong_varint");
    check::<u64>("80808080808080808000", "overlong_varint");
}

#[test]
fn varints_beyond_their_width() {
    check::<u16>("808004", "integer_overflow");
    check::<u16>("ffff07", "integer_overflow");
    check::<u16>("ffffff03", "integer_overflow");
    // A byte that lies wholly beyond the width, whatever it holds.
    check::<u16>("80808000", "integer_overflow");
    check::<u16>("80808080", "integer_overflow");
    check::<u32>("8080808010", "integer_overflow");
    check::<u32>("ffffffff7f", "integer_overflow");
    check::<u32>("808080808001", "integer_overflow");
    check::<u64>("80808080808080808002", "integer_overflow");
    check::<u64>("ffffffffffffffffff7f", "integer_overflow");
    check::<u64>("8080808080808080808001", "integer_overflow");
    check::<u64>("8080808080808080808000", "integer_overflow");
    check::<i16>("808004", "integer_overflow");
    check::<i32>("8080808010", "integer_overflow");
    check::<i64>("80808080808080808002", "integer_overflow");
    check::<Vec<u8>>("ffffffffffffffffff7f", "integer_overflow");
    // An endless varint ends at the width, not at the end of the body.
    check::<u64>(&"80".repeat(1000), "integer_overflow");
}

#[test]
fn signed_integers_zig_zag() {
    let cases: &[(i64, &str)] = &[
        (0, "00"),
        (-1, "01"),
        (1, "02"),
        (-64, "7f"),
        (64, "8001"),
        (i64::MIN, "ffffffffffffffffff01"),
    ];
    for (value, body) in cases {
        assert_eq!(hex(&to_bytes(value).expect("encodes")), *body);
        check::<i64>(body, "ok");
    }
    check::<i16>("ffff03", "ok");
    assert_eq!(from_bytes::<i16>(&[0xff, 0xff, 0x03]), Ok(i16::MIN));
    check::<i32>("ffffffff0f", "ok");
    assert_eq!(from_bytes::<i32>(&[0xfe, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MAX));
}

#[test]
fn safe_integers_timestamps_and_durations_keep_their_range() {
    // 2^53 - 1 and its negative, then one step beyond.
    let (most, least) = ("feffffffffffff1f", "fdffffffffffff1f");
    let (over, under) = ("808080808080 8020", "ffffffffffffff1f");
    check::<SafeInt>(most, "ok");
    check::<SafeInt>(least, "ok");
    check::<SafeInt>(over, "out_of_range");
    check::<SafeInt>(under, "out_of_range");
    assert_eq!(from_bytes::<SafeInt>(&support::unhex(most)), Ok(SafeInt((1 << 53) - 1)));
    check::<Timestamp>(most, "ok");
    check::<Timestamp>(least, "ok");
    check::<Timestamp>(over, "out_of_range");
    check::<Timestamp>(under, "out_of_range");
    check::<Duration>("ffffffffffffff0f", "ok");
    check::<Duration>("8080808080808010", "out_of_range");
    check::<Duration>("ffffffffffffffffff01", "out_of_range");
    check::<Timestamp>("", "truncated");
    check::<Duration>("80", "truncated");
    for value in [1 << 53, i64::MIN, i64::MAX] {
        let error = to_bytes(&SafeInt(value)).expect_err("beyond the range");
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
        assert_eq!(Timestamp::from_micros(value), None);
    }
    assert!(to_bytes(&Duration::MAX).is_err());
}

#[test]
fn floats_have_one_nan_and_two_zeros() {
    check::<f64>("0000000000000000", "ok");
    check::<f64>("0000000000000080", "ok");
    check::<f64>("000000000000f07f", "ok");
    check::<f64>("000000000000f8 7f", "ok");
    check::<f64>("000000000000f8ff", "bad_nan");
    check::<f64>("010000000000f87f", "bad_nan");
    check::<f64>("010000000000f07f", "bad_nan");
    check::<f64>("00000000000000", "truncated");
    check::<f32>("00000080", "ok");
    check::<f32>("0000c07f", "ok");
    check::<f32>("0000c0ff", "bad_nan");
    check::<f32>("0100807f", "bad_nan");
    check::<f32>("000000", "truncated");
    assert!(
        from_bytes::<f64>(&[0, 0, 0, 0, 0, 0, 0, 0x80]).is_ok_and(|zero| zero.is_sign_negative())
    );
    // Whatever NaN a program holds, one crosses.
    for bits in [0x7ff0_0000_0000_0001_u64, u64::MAX, 0xfff8_0000_0000_0000] {
        let body = to_bytes(&f64::from_bits(bits)).expect("encodes");
        assert_eq!(hex(&body), "000000000000f87f");
    }
    assert_eq!(hex(&to_bytes(&f32::from_bits(u32::MAX)).expect("encodes")), "0000c07f");
}

#[test]
fn text_and_bytes() {
    check::<String>("00", "ok");
    check::<String>("04 6c656674", "ok");
    check::<String>("02 c3a9", "ok");
    check::<String>("04 f09fa680", "ok");
    check::<String>("01 c3", "bad_utf8");
    check::<String>("02 c0 80", "bad_utf8");
    check::<String>("03 eda080", "bad_utf8");
    check::<String>("04 f4908080", "bad_utf8");
    check::<String>("02 61", "truncated");
    check::<String>("", "truncated");
    check::<String>("01 61 62", "trailing_bytes");
    check::<Vec<u8>>("00", "ok");
    check::<Vec<u8>>("03 00ff80", "ok");
    check::<Vec<u8>>("03 00ff", "truncated");
    // A length of 2^64 - 1, and one that fits no address space with what stands before it.
    check::<String>("ffffffffffffffffff01 61", "truncated");
    check::<Vec<u8>>("ffffffffffffffff7f 61", "truncated");
}

#[test]
fn uuid_and_arrays() {
    let uuid = "00112233445566778899aabbccddeeff";
    check::<Uuid>(uuid, "ok");
    check::<Uuid>(&uuid[2..], "truncated");
    check::<[u8; 16]>(uuid, "ok");
    check::<[u8; 16]>(&uuid[2..], "truncated");
    check::<[u16; 3]>("01 02 03", "ok");
    check::<[u16; 3]>("01 02", "truncated");
    check::<[u16; 3]>("01 02 8000", "overlong_varint [2]");
    check::<[u16; 0]>("", "ok");
    check::<[bool; 2]>("01 02", "bad_bool [1]");
    check::<[Uuid; 2]>(&uuid.repeat(2), "ok");
    check::<[[u8; 2]; 2]>("01020304", "ok");
    check::<[[u8; 2]; 2]>("010203", "truncated");
    check::<[f64; 2]>(&"00".repeat(15), "truncated");
    let uuid = from_bytes::<Uuid>(&support::unhex(uuid)).expect("a UUID");
    assert_eq!(uuid.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
}

#[test]
fn options() {
    check::<Option<u16>>("00", "ok");
    check::<Option<u16>>("01 05", "ok");
    check::<Option<u16>>("02 05", "bad_bool");
    check::<Option<u16>>("01", "truncated");
    check::<Option<u16>>("00 05", "trailing_bytes");
    check::<Option<Box<Arc<bool>>>>("01 01", "ok");
}

#[test]
fn lists_are_counted_before_they_are_believed() {
    check::<Vec<u16>>("00", "ok");
    check::<Vec<u16>>("02 01 8001", "ok");
    check::<Vec<u16>>("02 01", "truncated");
    check::<Vec<u16>>("02 01 80", "truncated [1]");
    check::<Vec<u16>>("03 01 808004", "integer_overflow [1]");
    // Nine bytes hold one float of eight, whatever the count says.
    check::<Vec<f64>>(&format!("02{}", "00".repeat(15)), "truncated");
    check::<Vec<f64>>(&format!("02{}", "00".repeat(16)), "ok");
    check::<Vec<(u8, f32)>>("02 010000000001000000", "truncated");
    check::<Vec<[u16; 3]>>("02 0101010202", "truncated");
    check::<Vec<Vec<bool>>>("02 01 01 02 00 02", "bad_bool [1][1]");
    check::<Vec<String>>("02 0161 01ff", "bad_utf8 [1]");
    check::<Vec<u64>>("ffffffffffffffffff01", "truncated");
}

#[test]
fn maps_ascend_by_the_bytes_of_their_keys() {
    check::<BTreeMap<u16, bool>>("00", "ok");
    check::<BTreeMap<u16, bool>>("02 01 00 02 01", "ok");
    check::<BTreeMap<u16, bool>>("02 02 00 01 01", "map_order {key 1}");
    check::<BTreeMap<u16, bool>>("02 01 00 01 01", "map_order {key 1}");
    // By bytes, 128 (80 01) comes before 2 ... and behind 127.
    check::<BTreeMap<u16, bool>>("02 7f 00 8001 01", "ok");
    check::<BTreeMap<u16, bool>>("02 8001 00 02 01", "map_order {key 1}");
    // Shorter first, when one is the start of the other; but the length of a text stands before it.
    check::<HashMap<String, ()>>("02 0162 026161", "ok");
    check::<HashMap<String, ()>>("02 026161 0162", "map_order {key 1}");
    check::<BTreeMap<u16, bool>>("01 8000 00", "overlong_varint {key 0}");
    check::<BTreeMap<u16, bool>>("02 01 00 02 05", "bad_bool {1}");
    check::<BTreeMap<u16, bool>>("02 01 00 02", "truncated");
    check::<BTreeMap<u16, bool>>("01 8001", "truncated {0}");
    check::<BTreeMap<String, f64>>("01 00 0000000000", "truncated");
    check::<BTreeMap<u8, BTreeMap<u8, bool>>>("01 05 01 06 07", "bad_bool {0}{0}");
}

#[test]
fn tuples() {
    check::<(u8, String)>("05 0161", "ok");
    check::<(u8, String)>("05 01ff", "bad_utf8 1");
    check::<(bool, bool, bool)>("00 01 02", "bad_bool 2");
    check::<(bool, bool, bool, Vec<(u8, bool)>)>("00 01 01 01 0505", "bad_bool 3[0].1");
}

#[test]
fn json_is_checked_and_kept() {
    check::<Json>("04 6e756c6c", "ok");
    check::<Json>("06 207b7d205d20", "bad_json");
    check::<Json>("00", "bad_json");
    check::<Json>("02 5b5b", "bad_json");
    check::<Json>("01 ff", "bad_utf8");
    let nested = |depth: usize| "5b".repeat(depth) + &"5d".repeat(depth);
    check::<Json>(&format!("8001{}", nested(64)), "ok");
    check::<Json>(&format!("8201{}", nested(65)), "bad_json");
}

#[test]
fn keys_that_become_the_same_are_refused_when_they_are_written() {
    // What is finer than a microsecond is cut off: two keys, one encoding, and a body that no reader would take.
    let twins =
        BTreeMap::from([(Duration::from_nanos(1000), 1_u8), (Duration::from_nanos(1001), 2)]);
    let error = to_bytes(&twins).expect_err("one key twice");
    assert_eq!((error.kind(), error.path().as_str()), (ErrorKind::MapOrder, "{key 1}"));
}

#[test]
fn entries_are_sorted_when_they_are_written() {
    let map: HashMap<u16, u8> = (0..300).map(|key| (key, 1)).collect();
    let body = to_bytes(&map).expect("encodes");
    assert_eq!(from_bytes::<HashMap<u16, u8>>(&body), Ok(map));
    let mut out = Vec::new();
    Encoder::new(&mut out).count(300);
    assert_eq!(body[..2], out[..]);
}

#[test]
fn least_sizes_are_those_of_the_schema() {
    fn least<T: Message>() -> usize {
        let schema = support::schema_of::<T>();
        support::oracle::least(&schema, support::schemas::reply(&schema), 0) as usize
    }
    macro_rules! same {
        ($($type:ty)*) => { $(assert_eq!(least::<$type>(), <$type>::BYTES_MIN, stringify!($type));)* };
    }
    same! {
        () bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 String Vec<u8> Vec<f64> SafeInt Timestamp Duration Uuid Json
        Option<()> Option<f64> (u8, f64) (f32, f32, (), Uuid) [f32; 5] [(u8, u8); 3] [u8; 0]
        BTreeMap<u8, ()> HashMap<String, f64> Box<f64> Arc<[u8; 7]>
    }
}
