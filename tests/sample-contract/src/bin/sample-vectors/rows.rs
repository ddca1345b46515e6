//! The rows of both files, and the checks that keep a wrong row from being written.

use portcullis::codec::{Blob, Body, Decoder, ErrorKind, Message, from_parts};
use portcullis::schema::validate::Plan;
use portcullis::schema::{Schema, SchemaBuilder, Type};
use serde_json::{Value, json};

use crate::describe::{describe, hex};

/// Truncations of one value, and single bytes changed in one value, that go into the file for each type.
const AUTOMATIC_MAX: usize = 48;

/// The rows of both files.
pub(crate) struct Rows {
    schema: &'static Schema,
    plan: Plan,
    pub(crate) valid: Vec<Value>,
    pub(crate) invalid: Vec<Value>,
    /// What the code says other than these files say.
    pub(crate) mistakes: Vec<String>,
}

impl Rows {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            plan: Plan::compile(schema),
            valid: Vec::new(),
            invalid: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Values of one type. From the first one's bytes come rows that must be refused: every truncation, a byte too
    /// many, each byte changed, and each blob longer by a byte, twice as long and empty, where that is no value.
    pub(crate) fn values<T: Message>(&mut self, values: &[T]) {
        let name = name::<T>();
        for (index, value) in values.iter().enumerate() {
            let body = match Body::write(|out| value.encode(out)) {
                Ok(body) => body,
                Err(error) => panic!("{name}: {error}"),
            };
            self.valid_row::<T>(&name, &body);
            if index == 0 {
                self.broken::<T>(&name, &body);
            }
        }
    }

    fn valid_row<T: Message>(&mut self, name: &str, body: &Body) {
        let again = body.read::<T>().and_then(|value| Body::write(|out| value.encode(out)));
        assert_eq!(again.as_ref(), Ok(body), "{name} does not come back");
        let Body { bytes, blobs } = body;
        let root =
            self.plan.named_type(name).unwrap_or_else(|| panic!("{name} is not in the schema"));
        let validated = self.plan.validate_parts(root, bytes, blobs);
        assert_eq!(validated, Ok(()), "{name}: the validator differs");
        let mut input = Decoder::with_blobs(bytes, blobs);
        let value = describe(self.schema, &Type::Named(name.to_owned()), &mut input)
            .unwrap_or_else(|error| panic!("{name} is not what its schema says: {error}"));
        assert_eq!(input.finish(), Ok(()), "{name} is longer than its schema says");
        let row = json!({ "type": name, "value": value, "hex": hex(bytes) });
        self.valid.push(with_blobs(row, blobs));
    }

    fn broken<T: Message>(&mut self, name: &str, body: &Body) {
        let Body { bytes, blobs } = body;
        for length in (0..bytes.len()).take(AUTOMATIC_MAX) {
            self.if_refused::<T>(name, bytes.get(..length).unwrap_or_default(), blobs);
        }
        self.if_refused::<T>(name, &[bytes.as_slice(), &[0]].concat(), blobs);
        for count in 0..blobs.len() {
            self.if_refused::<T>(name, bytes, blobs.get(..count).unwrap_or_default());
        }
        let one_more = [blobs.as_slice(), &[Blob::default()]].concat();
        self.if_refused::<T>(name, bytes, &one_more);
        for (place, blob) in blobs.iter().enumerate() {
            let longer = [blob, &[0][..]].concat();
            for other in [longer, [&blob[..], &blob[..]].concat(), Vec::new()] {
                let mut changed = blobs.clone();
                if let Some(at) = changed.get_mut(place) {
                    *at = other.into();
                }
                self.if_refused::<T>(name, bytes, &changed);
            }
        }
        for (place, byte) in bytes.iter().enumerate().take(AUTOMATIC_MAX) {
            let mut changed = bytes.clone();
            if let Some(at) = changed.get_mut(place) {
                *at = if *byte == 0xff { 0x00 } else { 0xff };
            }
            self.if_refused::<T>(name, &changed, blobs);
        }
    }

    fn if_refused<T: Message>(&mut self, name: &str, bytes: &[u8], blobs: &[Blob]) {
        if let Err(error) = from_parts::<T>(bytes, blobs) {
            self.invalid_row(name, (bytes, blobs), error.kind(), &error.path());
        }
    }

    /// Bytes that must be refused with `kind` at `path`.
    pub(crate) fn refused<T: Message>(&mut self, digits: &str, kind: ErrorKind, path: &str) {
        let name = name::<T>();
        let bytes = unhex(digits);
        let found = from_parts::<T>(&bytes, &[]).err().map(|error| (error.kind(), error.path()));
        if found != Some((kind, path.to_owned())) {
            self.mistakes.push(format!("{name} {digits}: {kind:?} at `{path}`, found {found:?}"));
            return;
        }
        self.invalid_row(&name, (&bytes, &[]), kind, path);
    }

    fn invalid_row(
        &mut self,
        name: &str,
        (bytes, blobs): (&[u8], &[Blob]),
        kind: ErrorKind,
        path: &str,
    ) {
        // What `#[with]` refuses is not in the schema.
        if kind != ErrorKind::BadValue
            && let Some(root) = self.plan.named_type(name)
        {
            let found = self.plan.validate_parts(root, bytes, blobs);
            let found = found.err().map(|error| (error.kind(), error.path()));
            if found != Some((kind, path.to_owned())) {
                let digits = hex(bytes);
                let text =
                    format!("{name} {digits}: {kind:?} at `{path}`, the validator: {found:?}");
                self.mistakes.push(text);
            }
        }
        let row = json!({ "type": name, "hex": hex(bytes), "error": kind.name(), "path": path });
        let row = with_blobs(row, blobs);
        if !self.invalid.contains(&row) {
            self.invalid.push(row);
        }
    }
}

/// A row with the blobs of its body, where it has any.
fn with_blobs(mut row: Value, blobs: &[Blob]) -> Value {
    if !blobs.is_empty() {
        row["blobs"] = blobs.iter().map(|blob| hex(blob)).collect();
    }
    row
}

/// The name of a type in the schema.
fn name<T: Message>() -> String {
    match T::describe(&mut SchemaBuilder::new()) {
        Type::Named(name) => name,
        other => panic!("{other:?} has no name"),
    }
}

/// Bytes from their digits; blanks are for people.
pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    assert!(digits.len().is_multiple_of(2) && digits.is_ascii(), "{digits} are no bytes");
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

/// One row a line, so that a difference shows the rows that differ.
pub(crate) fn to_text(rows: &[Value]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| format!("  {row}")).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
