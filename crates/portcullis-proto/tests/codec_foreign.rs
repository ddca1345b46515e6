//! Types of other crates, each behind its feature: they travel as the built-in types do.

mod support;

#[cfg(feature = "bytes")]
#[test]
fn bytes_are_bytes() {
    use bytes::Bytes;
    use portcullis_proto::codec::{ErrorKind, Limit, Limited};
    support::check::<Bytes>("03 00ff80", "ok");
    support::check::<Bytes>("03 00ff", "truncated");
    assert_eq!(support::schema_of::<Bytes>(), support::schema_of::<Vec<u8>>());
    let limit = Limit { len: Some((1, 2)), ..Limit::NONE };
    for (body, expect) in [
        (&[3, 0, 0, 0][..], Err(ErrorKind::TooLong)),
        (&[0], Err(ErrorKind::TooShort)),
        (&[3], Err(ErrorKind::Truncated)),
        (&[2, 7, 8], Ok(())),
    ] {
        let mut input = portcullis_proto::codec::Decoder::new(body);
        let found = Bytes::decode_limited(&mut input, &limit);
        assert_eq!(found.map(drop).map_err(|error| error.kind()), expect);
    }
}

#[cfg(feature = "uuid")]
#[test]
fn uuids_are_uuids() {
    use portcullis_proto::codec::{Uuid, to_bytes};
    support::check::<uuid::Uuid>("00112233445566778899aabbccddeeff", "ok");
    support::check::<uuid::Uuid>("00112233445566778899aabbccddee", "truncated");
    assert_eq!(support::schema_of::<uuid::Uuid>(), support::schema_of::<Uuid>());
    let foreign = uuid::Uuid::from_u128(7);
    assert_eq!(to_bytes(&foreign), to_bytes(&Uuid(*foreign.as_bytes())));
}

#[cfg(feature = "chrono")]
#[test]
fn moments_are_timestamps() {
    use chrono::{DateTime, Utc};
    use portcullis_proto::codec::{ErrorKind, Timestamp, to_bytes};
    type Moment = DateTime<Utc>;
    support::check::<Moment>("00", "ok");
    // Every timestamp is a moment, to the ends of the range and not beyond.
    support::check::<Moment>("feffffffffffff1f", "ok");
    support::check::<Moment>("fdffffffffffff1f", "ok");
    support::check::<Moment>("8080808080808020", "out_of_range");
    support::check::<Moment>("ffffffffffffff1f", "out_of_range");
    assert_eq!(support::schema_of::<Moment>(), support::schema_of::<Timestamp>());
    let error = to_bytes(&Moment::MAX_UTC).expect_err("beyond the range");
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
}

#[cfg(feature = "url")]
#[test]
fn urls_come_in_their_serialized_form() {
    use support::hex;
    let check = |text: &str, expect: &str| {
        let body = format!("{:02x}{}", text.len(), hex(text.as_bytes()));
        support::check::<url::Url>(&body, expect);
    };
    check("http://localhost/", "ok");
    check("data:text/plain,a b", "ok");
    check("file:///tmp/x?y#z", "ok");
    // Absolute, but not in the one form that crosses.
    check("http://localhost", "bad_url");
    check("HTTP://localhost/", "bad_url");
    check("http://localhost:80/", "bad_url");
    check("http://localhost/a b", "bad_url");
    check("", "bad_url");
    check("/tmp/x", "bad_url");
    check("localhost", "bad_url");
}

/// A build without a URL library checks less, and never refuses what one with it takes.
#[cfg(not(feature = "url"))]
#[test]
fn urls_begin_with_a_scheme() {
    use portcullis_proto::schema::Type;
    let (plan, root) = support::plan_of(Type::Url, []);
    let check = |text: &str| {
        let mut body = Vec::new();
        portcullis_proto::codec::Encoder::new(&mut body).string(text);
        plan.validate(root, &body).is_ok()
    };
    for good in ["http://localhost/", "data:text/plain,a b", "x+y-z.1:", "file:///tmp/x?y#z"] {
        assert!(check(good), "{good}");
    }
    for bad in
        ["", ":", "HTTP://localhost/", "/tmp/x", "localhost", "1a:b", "a:\u{7f}", "a:é", "a b:c"]
    {
        assert!(!check(bad), "{bad}");
    }
}
