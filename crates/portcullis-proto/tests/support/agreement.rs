//! The promise of the validator for one message type: with the same bytes, it says what the generated decoder says.

use portcullis_proto::codec::{Body, Decoder, Message, Parts};
use portcullis_proto::schema::Schema;
use portcullis_proto::schema::validate::{Plan, Root};

use super::{
    Rng, Verdict, compiled, fed, food, has_blobs, hex, mutate, schema_of, schemas, valid, verdict,
};

/// A message type by its name, with the ways to read it.
pub struct Subject {
    pub name: &'static str,
    schema: Schema,
    plan: Plan,
    root: Root,
    decode: fn(Parts<'_>) -> Verdict,
    /// Holds a type that crosses through a conversion, which may refuse what the schema allows.
    converts: bool,
}

impl Subject {
    pub fn of<T: Message>() -> Self {
        let schema = schema_of::<T>();
        let (plan, root) = compiled(&schema);
        Self {
            name: std::any::type_name::<T>(),
            schema,
            plan,
            root,
            decode: decode::<T>,
            converts: false,
        }
    }

    /// A message that holds a type with a conversion of its own.
    pub fn with_conversion<T: Message>() -> Self {
        Self { converts: true, ..Self::of::<T>() }
    }

    /// What the generated decoder says of `body`; panics when what it read is written otherwise.
    pub fn decode<'a>(&self, body: impl Into<Parts<'a>>) -> Verdict {
        (self.decode)(body.into())
    }

    /// Whether its body may have blobs.
    pub fn has_blobs(&self) -> bool {
        has_blobs(&self.schema)
    }

    /// The bytes that [`Self::fed`] makes `body` of, if there are any.
    pub fn food(&self, body: &Body) -> Option<Vec<u8>> {
        food(&self.schema, body)
    }

    /// The body that a fuzzer's bytes stand for, as [`fed`].
    pub fn fed(&self, data: &[u8]) -> Body {
        fed(&self.schema, data)
    }

    /// Judges `body` both ways; the error says how they differ.
    pub fn judge<'a>(&self, body: impl Into<Parts<'a>>) -> Result<Verdict, String> {
        let body = body.into();
        let decoded = self.decode(body);
        let validated = verdict(self.plan.validate_parts(self.root, body.bytes, body.blobs));
        // A conversion refuses at once; the validator, which does not know it, goes on.
        let converted = self.converts && matches!(decoded, Err(("bad_value", _)));
        if decoded == validated || converted {
            return Ok(decoded);
        }
        let name = self.name;
        Err(format!("{name}: decoder {decoded:?}, validator {validated:?}, body {}", shown(body)))
    }

    /// A valid body.
    pub fn valid(&self, rng: &mut Rng) -> Body {
        valid::body(&self.schema, schemas::reply(&self.schema), rng)
    }

    /// One round: a valid body, some mutations of it, all its beginnings, random bytes.
    pub fn round(&self, rng: &mut Rng) -> Result<(), String> {
        let body = self.valid(rng);
        if let Err(fault) = self.judge(&body)?
            && !self.converts
        {
            return Err(format!(
                "{}: a valid body is {fault:?}: {}",
                self.name,
                shown(body.parts())
            ));
        }
        for _ in 0..12 {
            let mut mutated = body.clone();
            mutate::mutate_body(&mut mutated, rng);
            let _: Verdict = self.judge(&mutated)?;
        }
        for end in 0..body.bytes.len().min(200) {
            if self.judge(Parts { bytes: &body.bytes[..end], ..body.parts() })?.is_ok() {
                // The encoding of a value is never the start of another's.
                return Err(format!("{}: {end} bytes of {} pass", self.name, shown(body.parts())));
            }
        }
        let count = rng.below(64);
        self.judge(&rng.bytes(count)).map(drop)
    }
}

/// Reads `body`; what can be read must encode to the same bytes, unless unknown fields were dropped.
fn decode<T: Message>(body: Parts<'_>) -> Verdict {
    let mut input = Decoder::with_blobs(body.bytes, body.blobs);
    let value = T::decode(&mut input);
    let skipped = input.skipped();
    verdict(value.and_then(|value| input.finish().map(|()| value)).map(|value| {
        let again =
            Body::write(|out| value.encode(out)).expect("a value that was read can be written");
        if skipped {
            assert!(again.bytes.len() < body.bytes.len(), "unknown fields are dropped");
        } else {
            assert_eq!(shown(again.parts()), shown(body), "one value, one encoding");
        }
        assert_eq!(again.blobs, body.blobs, "blobs stay as they are");
    }))
}

/// A body with the lengths of its blobs.
fn shown(body: Parts<'_>) -> String {
    let lengths: Vec<usize> = body.blobs.iter().map(|blob| blob.len()).collect();
    format!("{} beside {lengths:?}", hex(body.bytes))
}
