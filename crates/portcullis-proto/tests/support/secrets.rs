//! Schemas whose every field is secret, and what of a body may then be shown.

use portcullis_proto::schema::{Fields, Schema, TypeBody};
use serde_json::{Value, json};

/// Marks every field of a schema.
pub fn mark_all(schema: &mut Schema) {
    for def in schema.types.values_mut() {
        match &mut def.body {
            TypeBody::Struct(fields) | TypeBody::Table(fields) => {
                fields.iter_mut().for_each(|field| field.secret = true);
            }
            TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
                for variant in variants {
                    if let Fields::Struct(fields) = &mut variant.fields {
                        fields.iter_mut().for_each(|field| field.secret = true);
                    }
                }
            }
            TypeBody::Tuple(_) => {}
        }
    }
}

/// Whatever stands under the name of a field is the mark, or that there was no room for it.
pub fn only_marks(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let field = name.strip_prefix('f').is_some_and(|rest| rest.parse::<u8>().is_ok());
            if field {
                *value == json!({ "$secret": true }) || *value == json!({ "$cut": true })
            } else {
                only_marks(value)
            }
        }),
        Value::Array(items) => items.iter().all(only_marks),
        _ => true,
    }
}
