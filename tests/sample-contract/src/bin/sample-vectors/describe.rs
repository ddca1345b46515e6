//! What a value is in TypeScript, as JSON: read from its bytes by the schema alone, so that the schema is tested too.
//! What JSON has no form for stands in an object with one key: `$bigint`, `$bytes`, `$map`, `$number`;
//! a typed array is `$array`, its bytes, `of` a kind of number.

use portcullis::codec::{CodecError, Decoder, Message, SafeInt, Timestamp, Uuid};
use portcullis::schema::{Field, Fields, Float, Int, Schema, Type, TypeBody, Variant};
use serde_json::{Map, Value, json};

/// How deep a newtype may hide what is inside it.
const NEWTYPES_MAX: usize = 64;

/// Reads one value of `ty`. The bytes were checked before.
pub(crate) fn describe(
    schema: &Schema,
    ty: &Type,
    input: &mut Decoder<'_>,
) -> Result<Value, CodecError> {
    let one = |ty: &Type, input: &mut Decoder<'_>| describe(schema, ty, input);
    Ok(match ty {
        Type::Unit => Value::Null,
        Type::Bool => json!(input.flag()?),
        Type::Int { int, .. } => integer(*int, input)?,
        Type::Float { float: Float::F32, .. } => number(f64::from(f32::decode(input)?)),
        Type::Float { float: Float::F64, .. } => number(f64::decode(input)?),
        Type::String { .. } | Type::Url => json!(input.string()?),
        Type::Bytes { .. } => bytes(input.bytes()?),
        Type::Blob { .. } => bytes(input.blob()?),
        Type::TypedArray { item, .. } => json!({ "$array": hex(input.blob()?), "of": item.name() }),
        Type::Option(inner) => {
            let some = input.flag()?;
            match some {
                false => Value::Null,
                true if nullable(schema, inner) => json!({ "value": one(inner, input)? }),
                true => one(inner, input)?,
            }
        }
        Type::Array { item, len } if is_byte(item) => bytes(input.raw(*len as usize)?),
        Type::Array { item, len } => items(schema, item, *len as usize, input)?,
        Type::List { item, .. } => {
            let count = input.count(1)?;
            items(schema, item, count, input)?
        }
        Type::Map { key, value, .. } => {
            let mut entries = Vec::new();
            for _ in 0..input.count(1)? {
                entries.push(json!([one(key, input)?, one(value, input)?]));
            }
            json!({ "$map": entries })
        }
        Type::Tuple(types) => list(schema, types, input)?,
        Type::Timestamp => milliseconds(Timestamp::decode(input)?.as_micros()),
        Type::Duration => milliseconds(SafeInt(input.varint(64)? as i64).0),
        Type::Uuid => json!(Uuid::decode(input)?.to_string()),
        Type::Json => serde_json::from_str(input.string()?).unwrap_or_default(),
        Type::Named(name) => match schema.types.get(name).map(|def| &def.body) {
            Some(body) => named(schema, body, input)?,
            None => Value::Null,
        },
    })
}

fn named(schema: &Schema, body: &TypeBody, input: &mut Decoder<'_>) -> Result<Value, CodecError> {
    Ok(match body {
        TypeBody::Struct(fields) => Value::Object(object(schema, fields, input)?),
        TypeBody::Tuple(types) => match types.as_slice() {
            [inner] => describe(schema, inner, input)?,
            types => list(schema, types, input)?,
        },
        TypeBody::Table(fields) => {
            let mut found: Map<String, Value> =
                fields.iter().map(|field| (camel(&field.name), Value::Null)).collect();
            for _ in 0..input.count(1)? {
                let number = input.varint(32)? as u32;
                let Some(field) = fields.iter().find(|field| field.number == number) else {
                    input.bytes()?;
                    continue;
                };
                let mut value = input.sized(|input| describe(schema, &field.ty, input))?;
                if nullable(schema, &field.ty) {
                    value = json!({ "value": value });
                }
                found.insert(camel(&field.name), value);
            }
            Value::Object(found)
        }
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
            let flexible = matches!(body, TypeBody::FlexibleEnum(_));
            let unit_only = variants.iter().all(|variant| variant.fields == Fields::Unit);
            let tag = input.varint(32)? as u32;
            match variants.iter().find(|variant| variant.tag == tag) {
                None => json!({ "type": "unknown", "tag": tag, "bytes": bytes(input.bytes()?) }),
                Some(known) if flexible => {
                    input.sized(|input| variant(schema, known, unit_only, input))?
                }
                Some(known) => variant(schema, known, unit_only, input)?,
            }
        }
    })
}

fn variant(
    schema: &Schema,
    variant: &Variant,
    unit_only: bool,
    input: &mut Decoder<'_>,
) -> Result<Value, CodecError> {
    let name = camel(&variant.name);
    if unit_only {
        return Ok(json!(name));
    }
    Ok(match &variant.fields {
        Fields::Unit => json!({ "type": name }),
        Fields::Tuple(types) => match types.as_slice() {
            [one] => json!({ "type": name, "value": describe(schema, one, input)? }),
            types => json!({ "type": name, "values": list(schema, types, input)? }),
        },
        Fields::Struct(fields) => {
            let mut all = Map::from_iter([("type".to_owned(), json!(name))]);
            all.extend(object(schema, fields, input)?);
            Value::Object(all)
        }
    })
}

fn object(
    schema: &Schema,
    fields: &[Field],
    input: &mut Decoder<'_>,
) -> Result<Map<String, Value>, CodecError> {
    let mut all = Map::new();
    for field in fields {
        all.insert(camel(&field.name), describe(schema, &field.ty, input)?);
    }
    Ok(all)
}

fn list(schema: &Schema, types: &[Type], input: &mut Decoder<'_>) -> Result<Value, CodecError> {
    types.iter().map(|ty| describe(schema, ty, input)).collect()
}

fn items(
    schema: &Schema,
    item: &Type,
    count: usize,
    input: &mut Decoder<'_>,
) -> Result<Value, CodecError> {
    (0..count).map(|_| describe(schema, item, input)).collect()
}

fn integer(int: Int, input: &mut Decoder<'_>) -> Result<Value, CodecError> {
    let big = |text: String| json!({ "$bigint": text });
    Ok(match int {
        Int::U8 => json!(input.byte()?),
        Int::I8 => json!(input.byte()? as i8),
        Int::U16 | Int::U32 => json!(input.varint(32)?),
        Int::I16 | Int::I32 => json!(input.signed(32)?),
        Int::U64 => big(input.varint(64)?.to_string()),
        Int::I64 => big(input.signed(64)?.to_string()),
        Int::Safe => json!(input.signed(64)?),
    })
}

fn number(value: f64) -> Value {
    let special = |text: &str| json!({ "$number": text });
    if value.is_nan() {
        special("NaN")
    } else if value.is_infinite() {
        special(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if value == 0.0 && value.is_sign_negative() {
        special("-0")
    } else {
        json!(value)
    }
}

/// Microseconds as the milliseconds of JavaScript.
fn milliseconds(micros: i64) -> Value {
    json!(micros as f64 / 1000.0)
}

fn bytes(bytes: &[u8]) -> Value {
    json!({ "$bytes": hex(bytes) })
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an array of these is bytes in TypeScript.
fn is_byte(item: &Type) -> bool {
    matches!(item, Type::Int { int: Int::U8, min: None, max: None })
}

/// Whether a value of a type may be `null` by itself; an option of it then stands in an object.
fn nullable(schema: &Schema, ty: &Type) -> bool {
    let mut ty = ty;
    for _ in 0..NEWTYPES_MAX {
        match ty {
            Type::Option(_) | Type::Json => return true,
            Type::Named(name) => match schema.types.get(name).map(|def| &def.body) {
                Some(TypeBody::Tuple(types)) if types.len() == 1 => match types.first() {
                    Some(inner) => ty = inner,
                    None => return false,
                },
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

/// `left_edge` and `LeftEdge` become `leftEdge`.
fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = !camel.is_empty(),
            _ if camel.is_empty() => camel.extend(c.to_lowercase()),
            _ if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            _ => camel.push(c),
        }
    }
    camel
}
