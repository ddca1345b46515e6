//! The promise of the validator for one message type: with the same bytes, it says what the generated decoder says.

use portcullis_proto::codec::{Decoder, Message, to_bytes};
use portcullis_proto::schema::Schema;
use portcullis_proto::schema::validate::{Plan, Root};

use super::{Rng, Verdict, compiled, hex, mutate, schema_of, schemas, valid, verdict};

/// A message type by its name, with the ways to read it.
pub struct Subject {
    pub name: &'static str,
    schema: Schema,
    plan: Plan,
    root: Root,
    decode: fn(&[u8]) -> Verdict,
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
    pub fn decode(&self, body: &[u8]) -> Verdict {
        (self.decode)(body)
    }

    /// Judges `body` both ways; the error says how they differ.
    pub fn judge(&self, body: &[u8]) -> Result<Verdict, String> {
        let decoded = self.decode(body);
        let validated = verdict(self.plan.validate(self.root, body));
        // A conversion refuses at once; the validator, which does not know it, goes on.
        let converted = self.converts && matches!(decoded, Err(("bad_value", _)));
        if decoded == validated || converted {
            return Ok(decoded);
        }
        let name = self.name;
        Err(format!("{name}: decoder {decoded:?}, validator {validated:?}, body {}", hex(body)))
    }

    /// A valid body.
    pub fn valid(&self, rng: &mut Rng) -> Vec<u8> {
        let mut body = Vec::new();
        valid::value(&self.schema, schemas::reply(&self.schema), rng, &mut body);
        body
    }

    /// One round: a valid body, some mutations of it, all its beginnings, random bytes.
    pub fn round(&self, rng: &mut Rng) -> Result<(), String> {
        let body = self.valid(rng);
        if let Err(fault) = self.judge(&body)?
            && !self.converts
        {
            return Err(format!("{}: a valid body is {fault:?}: {}", self.name, hex(&body)));
        }
        for _ in 0..12 {
            let mut mutated = body.clone();
            mutate::mutate(&mut mutated, rng);
            let _: Verdict = self.judge(&mutated)?;
        }
        for end in 0..body.len().min(200) {
            if self.judge(&body[..end])?.is_ok() {
                // The encoding of a value is never the start of another's.
                return Err(format!("{}: {end} bytes of {} pass", self.name, hex(&body)));
            }
        }
        let count = rng.below(64);
        self.judge(&rng.bytes(count)).map(drop)
    }
}

/// Reads `body`; what can be read must encode to the same bytes, unless unknown fields were dropped.
fn decode<T: Message>(body: &[u8]) -> Verdict {
    let mut input = Decoder::new(body);
    let value = T::decode(&mut input);
    let skipped = input.skipped();
    verdict(value.and_then(|value| input.finish().map(|()| value)).map(|value| {
        let again = to_bytes(&value).expect("a value that was read can be written");
        if skipped {
            assert!(again.len() < body.len(), "unknown fields are dropped");
        } else {
            assert_eq!(hex(&again), hex(body), "one value, one encoding");
        }
    }))
}
