//! Nesting: 64 levels of anything that counts, in every reader and in the encoder.

mod support;

use portcullis_macros::message;
use portcullis_proto::codec::{Encoder, ErrorKind, Unknown, from_bytes, to_bytes};
use support::{check, hex};

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Node {
    next: Option<Box<Node>>,
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Tree(Vec<Tree>);

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
enum Term {
    Zero,
    Next(Box<Term>),
    Holder { term: Box<Holder> },
}

#[message(crate = "portcullis_proto")]
#[derive(Clone, Debug, PartialEq)]
struct Holder(Term);

#[message(crate = "portcullis_proto", table)]
#[derive(Clone, Debug, PartialEq)]
struct Sheet {
    #[field(1)]
    inner: Option<Box<Sheet>>,
}

#[message(crate = "portcullis_proto", flexible)]
#[derive(Clone, Debug, PartialEq)]
enum Loose {
    End,
    Next(Box<Loose>),
    #[unknown]
    Other(Unknown),
}

/// A part with its byte count before it.
fn sized(part: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(&mut out).bytes(&part);
    out
}

fn nest(levels: usize, end: &[u8], wrap: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    hex(&(0..levels).fold(end.to_vec(), |inner, _| wrap(inner)))
}

fn before(bytes: &'static [u8]) -> impl Fn(Vec<u8>) -> Vec<u8> {
    move |inner| [bytes, &inner].concat()
}

#[test]
fn structs_nest_to_the_limit() {
    // The innermost is a level too.
    check::<Node>(&nest(63, &[0], before(&[1])), "ok");
    let path = vec!["next"; 64].join(".");
    check::<Node>(&nest(64, &[0], before(&[1])), &format!("too_deep {path}"));
}

#[test]
fn newtypes_nest_to_the_limit() {
    check::<Tree>(&nest(63, &[0], before(&[1])), "ok");
    check::<Tree>(&nest(64, &[0], before(&[1])), &format!("too_deep {}", "[0]".repeat(64)));
}

#[test]
fn variants_nest_to_the_limit() {
    // Unit variants are no level.
    check::<Term>(&nest(64, &[0], before(&[1])), "ok");
    // The fault is at the variant that is too deep, which is named without its field.
    let path = format!("{}.Next", vec!["Next.0"; 64].join("."));
    check::<Term>(&nest(65, &[0], before(&[1])), &format!("too_deep {path}"));
    // A variant with fields and the newtype in it: two levels each turn.
    check::<Term>(&nest(32, &[0], before(&[2])), "ok");
    let path = format!("{}.Holder", vec!["Holder.term"; 32].join("."));
    check::<Term>(&nest(33, &[0], before(&[2])), &format!("too_deep {path}"));
}

#[test]
fn tables_nest_to_the_limit() {
    let wrap = |inner| [vec![1, 1], sized(inner)].concat();
    check::<Sheet>(&nest(63, &[0], wrap), "ok");
    let path = vec!["inner"; 64].join(".");
    check::<Sheet>(&nest(64, &[0], wrap), &format!("too_deep {path}"));
}

#[test]
fn flexible_variants_nest_to_the_limit() {
    let wrap = |inner| [vec![1], sized(inner)].concat();
    check::<Loose>(&nest(64, &[0, 0], wrap), "ok");
    let path = format!("{}.Next", vec!["Next.0"; 64].join("."));
    check::<Loose>(&nest(65, &[0, 0], wrap), &format!("too_deep {path}"));
}

#[test]
fn an_encoder_refuses_what_no_decoder_takes() {
    let deep = |levels: usize| {
        (0..levels).fold(Node { next: None }, |inner, _| Node { next: Some(Box::new(inner)) })
    };
    assert!(to_bytes(&deep(63)).is_ok());
    assert_eq!(to_bytes(&deep(64)).map_err(|error| error.kind()), Err(ErrorKind::TooDeep));
    let deep = |levels: usize| (0..levels).fold(Tree(vec![]), |inner, _| Tree(vec![inner]));
    assert!(to_bytes(&deep(63)).is_ok());
    assert_eq!(to_bytes(&deep(64)).map_err(|error| error.kind()), Err(ErrorKind::TooDeep));
}

#[test]
fn depth_falls_again_behind_each_value() {
    let flat = Tree(vec![Tree(vec![Tree(vec![])]); 200]);
    let body = to_bytes(&flat).expect("encodes");
    check::<Tree>(&hex(&body), "ok");
    assert_eq!(from_bytes::<Tree>(&body), Ok(flat));
}

#[test]
fn f04_deep_bodies_end_at_the_limit() {
    // A million levels: refused at the 65th, by both readers, on an ordinary stack.
    for byte in [1_u8, 2] {
        let body = vec![byte; 1_000_000];
        let (plan, root) = support::plan_for::<Term>();
        let kinds = [
            from_bytes::<Term>(&body).map(drop).map_err(|error| error.kind()),
            plan.validate(root, &body).map_err(|error| error.kind()),
        ];
        assert_eq!(kinds, [Err(ErrorKind::TooDeep); 2]);
    }
}
