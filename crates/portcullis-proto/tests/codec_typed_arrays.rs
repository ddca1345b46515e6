//! Typed arrays: what is looked at in place and what is copied, their bytes, their limits, and their form in a schema (R7).

use std::any::Any;
use std::sync::Arc;

use portcullis_macros::message;
use portcullis_proto::codec::{Blob, Body, Element, ErrorKind, Keep, Message, TypedArray};
use portcullis_proto::schema::{Number, SchemaBuilder, SchemaError, Type};
use serde_json::json;

#[message(crate = "portcullis_proto")]
#[derive(Debug, PartialEq)]
struct Trace {
    name: String,
    #[limit(items = 2..=3)]
    values: TypedArray<i16>,
    #[limit(len <= 1)]
    times: Option<TypedArray<f64>>,
}

fn trace(values: &[i16]) -> Trace {
    Trace { name: "left".into(), values: values.into(), times: None }
}

/// Memory whose bytes begin anywhere.
struct Shifted(Vec<u8>, usize);

impl Keep for Shifted {
    fn bytes(&self) -> &[u8] {
        &self.0[self.1..]
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `numbers` from memory that is not aligned for them.
fn unaligned<T: Element>(numbers: &[T]) -> TypedArray<T> {
    let bytes = TypedArray::from(numbers).as_blob().to_vec();
    let shifted = (0..16).map(|shift| Shifted([vec![0; shift], bytes.clone()].concat(), shift));
    let mut odd = shifted.filter(|it| !it.bytes().as_ptr().addr().is_multiple_of(align_of::<T>()));
    let blob = Blob::kept(Arc::new(odd.next().expect("one of sixteen is not aligned")));
    blob.try_into().expect("whole numbers")
}

#[test]
#[cfg(target_endian = "little")]
fn a_vector_is_sent_and_read_where_it_is() {
    let numbers = vec![0.5_f32, -1.0, f32::INFINITY];
    let at = numbers.as_ptr();
    let body = Body::write(|out| TypedArray::from(numbers).encode(out)).expect("a body");
    let read: TypedArray<f32> = body.read().expect("whole numbers");
    let slice = read.as_slice().expect("memory of floats is aligned for them");
    assert_eq!((slice.as_ptr(), slice), (at, &[0.5, -1.0, f32::INFINITY][..]));
}

#[test]
fn what_is_not_aligned_is_read_all_the_same() {
    let numbers = [u64::MAX, 0, 0x0102_0304_0506_0708];
    let array = unaligned(&numbers);
    assert_eq!(array.as_slice(), None);
    assert_eq!(array.to_vec(), numbers);
    assert_eq!(array.iter().rev().collect::<Vec<_>>(), [numbers[2], 0, u64::MAX]);
    assert_eq!(array, TypedArray::from(&numbers[..]), "the bytes are the same");
    let places = [0, 2, 3, usize::MAX, usize::MAX / 8 + 1].map(|place| array.get(place));
    assert_eq!(places, [Some(u64::MAX), Some(numbers[2]), None, None, None]);
    assert_eq!((array.len(), array.is_empty(), array.iter().len()), (3, false, 3));
}

#[test]
fn the_bytes_are_little_endian() {
    fn check<T: Element>(number: T, bytes: &[u8]) {
        let ways = [vec![number].into(), [number][..].into(), [number].into_iter().collect()];
        for array in ways as [TypedArray<T>; 3] {
            assert_eq!(**array.as_blob(), *bytes, "{number:?}");
            assert_eq!(array.to_vec(), [number]);
        }
        assert_eq!((T::NUMBER.size(), T::NUMBER.name()), (bytes.len(), std::any::type_name::<T>()));
    }
    check(-2_i8, &[0xfe]);
    check(-2_i16, &[0xfe, 0xff]);
    check(0x0102_u16, &[2, 1]);
    check(-2_i32, &[0xfe, 0xff, 0xff, 0xff]);
    check(0x0102_0304_u32, &[4, 3, 2, 1]);
    check(-2_i64, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    check(0x0102_0304_0506_0708_u64, &[8, 7, 6, 5, 4, 3, 2, 1]);
    check(0.5_f32, &[0, 0, 0, 0x3f]);
    check(0.5_f64, &[0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
}

#[test]
fn any_nan_stays_as_it_is() {
    let bits = [0x7fc0_0000, 0x7fa0_0001, 0xffff_ffff];
    let sent = TypedArray::from(bits.map(f32::from_bits).to_vec());
    let body = Body::write(|out| sent.encode(out)).expect("a body");
    let read: TypedArray<f32> = body.read().expect("whole numbers");
    assert_eq!(read.to_vec().into_iter().map(f32::to_bits).collect::<Vec<_>>(), bits);
    assert_eq!(read, sent, "though no NaN is equal to itself");
}

#[test]
fn limits_count_numbers() {
    for (count, kind) in [(1, ErrorKind::TooShort), (4, ErrorKind::TooLong)] {
        let error = Body::write(|out| trace(&vec![7; count]).encode(out)).expect_err("2 to 3");
        assert_eq!((error.kind(), error.path().as_str()), (kind, "values"));
        let blob = Blob::from(vec![0; count * 2]);
        let error = beside(blob).expect_err("2 to 3");
        assert_eq!((error.kind(), error.path().as_str()), (kind, "values"));
    }
    let body = Body::write(|out| trace(&[7, -7]).encode(out)).expect("a body");
    assert_eq!(body.read::<Trace>(), Ok(trace(&[7, -7])));
}

/// What is read of a trace whose values are `blob`.
fn beside(blob: Blob) -> Result<Trace, portcullis_proto::codec::CodecError> {
    let body = Body::write(|out| trace(&[0, 0]).encode(out)).expect("a body");
    Body { blobs: vec![blob], ..body }.read()
}

#[test]
fn half_a_number_is_refused_before_a_limit() {
    for length in [1, 3, 99] {
        let error = beside(Blob::from(vec![0; length])).expect_err("an odd length");
        assert_eq!((error.kind(), error.path().as_str()), (ErrorKind::Truncated, "values"));
    }
    let error = TypedArray::<u32>::try_from(Blob::from(vec![0; 6])).expect_err("six bytes");
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[test]
fn the_schema_has_the_numbers_and_how_many() {
    let ty = |ty: Type| serde_json::to_value(ty).expect("JSON");
    let mut schema = SchemaBuilder::new();
    let plain = ty(TypedArray::<f32>::describe(&mut schema));
    assert_eq!(plain, json!({ "typed_array": { "item": "f32" } }));
    let limited = Type::TypedArray { item: Number::U16, min: Some(2), max: Some(3) };
    let form = json!({ "typed_array": { "item": "u16", "min": 2, "max": 3 } });
    assert_eq!(
        (ty(limited.clone()), serde_json::from_value(form).ok()),
        (ty(limited.clone()), Some(limited))
    );
    let unknown = json!({ "typed_array": { "item": "u8" } });
    assert!(serde_json::from_value::<Type>(unknown).is_err(), "bytes are a blob");
}

#[message(crate = "portcullis_proto", table)]
struct Passed {
    #[field(1)]
    values: Option<TypedArray<i16>>,
}

#[test]
fn a_typed_array_stands_nowhere_that_a_reader_may_pass_over() {
    let mut schema = SchemaBuilder::new();
    Passed::describe(&mut schema);
    assert_eq!(schema.finish("test"), Err(SchemaError::BlobPlace("Passed".into())));
}
