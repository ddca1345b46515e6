//! What the tests of codec and validator share: bytes made from a seed, valid bodies for any schema, mutations, and an
//! oracle that judges bodies straight from the protocol text. No test stands here.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod agreement;
pub mod mutate;
pub mod oracle;
pub mod schemas;
pub mod secrets;
pub mod valid;

use portcullis_proto::codec::{Blob, Body, CodecError, Message};
use portcullis_proto::schema::validate::{Plan, Root};
use portcullis_proto::schema::{
    Channel, ChannelKind, Overflow, Schema, SchemaBuilder, Type, TypeDef,
};

/// A small generator of numbers (SplitMix64): the same seed gives the same run everywhere.
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound as u64) as usize
    }

    pub fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.draw() as u8).collect()
    }
}

/// What a reader said of a body: `Err` holds the wire name of the error's kind, and the path.
pub type Verdict = Result<(), (&'static str, String)>;

pub fn verdict<T>(result: Result<T, CodecError>) -> Verdict {
    result.map(drop).map_err(|error| (error.kind().name(), error.path()))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {text:?}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Whether a contract has blobs, or typed arrays, whose bytes are blobs.
pub fn has_blobs(schema: &Schema) -> bool {
    fn holds(ty: &Type) -> bool {
        match ty {
            Type::Blob { .. } | Type::TypedArray { .. } => true,
            _ => ty.parts().into_iter().any(holds),
        }
    }
    let declared = schema.types.values().flat_map(|def| def.body.types());
    let channels = schema.interfaces.iter().flat_map(|interface| &interface.channels);
    let told = channels.flat_map(|channel| {
        let parts = [&channel.error, &channel.up, &channel.down].into_iter().flatten();
        channel.args.iter().map(|field| &field.ty).chain([&channel.reply]).chain(parts)
    });
    declared.chain(told).any(holds)
}

/// The body that a fuzzer's bytes stand for: where the contract has blobs, the first byte says how many there are (up to 16),
/// and one each how long it is. What they hold is looked at by nobody.
pub fn fed(schema: &Schema, data: &[u8]) -> Body {
    let (mut bytes, mut blobs) = (data, Vec::new());
    if has_blobs(schema)
        && let Some((&count, rest)) = data.split_first()
    {
        let (lengths, rest) = rest.split_at(usize::from(count % 17).min(rest.len()));
        bytes = rest;
        blobs = lengths.iter().map(|&length| Blob::from(vec![0; length.into()])).collect();
    }
    Body { bytes: bytes.to_vec(), blobs }
}

/// The bytes that [`fed`] makes a body of, if there are any.
pub fn food(schema: &Schema, body: &Body) -> Option<Vec<u8>> {
    if !has_blobs(schema) {
        return Some(body.bytes.clone());
    }
    let lengths: Option<Vec<u8>> =
        body.blobs.iter().map(|blob| u8::try_from(blob.len()).ok()).collect();
    let lengths = lengths.filter(|lengths| lengths.len() <= 16)?;
    Some([&[lengths.len() as u8], &lengths[..], &body.bytes[..]].concat())
}

/// A schema whose one channel replies with `ty`, and the plan's root for it.
pub fn plan_of(ty: Type, types: impl IntoIterator<Item = (String, TypeDef)>) -> (Plan, Root) {
    let mut schema = Schema {
        format: portcullis_proto::schema::FORMAT,
        contract: "test".into(),
        interfaces: Vec::new(),
        types: types.into_iter().collect(),
    };
    schema.interfaces.push(portcullis_proto::schema::Interface {
        name: "test".into(),
        version: 1,
        trait_name: "Test".into(),
        docs: String::new(),
        hash: Default::default(),
        earlier: Vec::new(),
        channels: vec![reply_channel(ty)],
    });
    compiled(&schema)
}

fn compiled(schema: &Schema) -> (Plan, Root) {
    let plan = Plan::compile(schema);
    let root = plan.interface("test").expect("the interface").channel(0).expect("a channel").reply;
    (plan, root)
}

/// The schema of one message type, as the contract of a program would hold it.
pub fn schema_of<T: Message>() -> Schema {
    let mut builder = SchemaBuilder::new();
    let ty = T::describe(&mut builder);
    builder.interface("test", 1, "Test", "", vec![reply_channel(ty)]);
    builder.finish("test").expect("a contract that works")
}

pub fn plan_for<T: Message>() -> (Plan, Root) {
    compiled(&schema_of::<T>())
}

pub fn reply_channel(reply: Type) -> Channel {
    Channel {
        name: "get".into(),
        kind: ChannelKind::Call,
        docs: String::new(),
        args: Vec::new(),
        reply,
        error: None,
        up: None,
        down: None,
        deadline_ms: 1000,
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 1,
        capability: "get".into(),
    }
}

/// Reads `body` (hexadecimal) as a `T` by the decoder and by the validator, which must say the same: `expect` is
/// `ok`, or the kind of error and the path. What is valid must encode to the same bytes again.
#[track_caller]
pub fn check<T: Message>(body: &str, expect: &str) {
    let name = std::any::type_name::<T>();
    let bytes = unhex(body);
    let shown = |verdict: Verdict| match verdict {
        Ok(()) => "ok".to_owned(),
        Err((kind, path)) => format!("{kind} {path}").trim_end().to_owned(),
    };
    let decoded = portcullis_proto::codec::from_bytes::<T>(&bytes);
    if let Ok(value) = &decoded {
        let again = portcullis_proto::codec::to_bytes(value).expect("a value that was read");
        assert_eq!(hex(&again), hex(&bytes), "{name} encodes to something else");
    }
    assert_eq!(shown(verdict(decoded)), expect, "the decoder of {name}, body {body}");
    let (plan, root) = plan_for::<T>();
    let validated = verdict(plan.validate(root, &bytes));
    assert_eq!(shown(validated), expect, "the validator of {name}, body {body}");
}
