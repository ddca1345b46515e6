//! Derives `Message` for the protocol's own bodies, which cannot use the macro of contracts: it stands above this crate.

/// Declares a struct whose fields travel in order; `[..N]` bounds a field's length.
macro_rules! wire_struct {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty $([..$max:expr])?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl $crate::codec::Message for $name {
            const BYTES_MIN: usize = 0usize$(.saturating_add(<$type as $crate::codec::Message>::BYTES_MIN))*;
            fn encode(
                &self,
                out: &mut $crate::codec::Encoder<'_>,
            ) -> Result<(), $crate::codec::CodecError> {
                out.enter()?;
                $(
                    $($crate::wire::check_len(&self.$field, $max, stringify!($field))?;)?
                    $crate::codec::Message::encode(&self.$field, out)
                        .map_err(|error| error.field(stringify!($field)))?;
                )*
                out.leave();
                Ok(())
            }
            fn decode(
                input: &mut $crate::codec::Decoder<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                input.enter()?;
                let value = Self {
                    $($field: {
                        let field = <$type as $crate::codec::Message>::decode(input)
                            .map_err(|error| error.field(stringify!($field)))?;
                        $($crate::wire::check_len(&field, $max, stringify!($field))?;)?
                        field
                    },)*
                };
                input.leave();
                Ok(value)
            }
            fn describe(schema: &mut $crate::schema::SchemaBuilder) -> $crate::schema::Type {
                schema.named::<Self>(stringify!($name), |_schema| $crate::schema::TypeDef {
                    docs: String::new(),
                    body: $crate::schema::TypeBody::Struct(vec![$($crate::schema::Field {
                        name: stringify!($field).to_owned(),
                        number: 0,
                        docs: String::new(),
                        secret: false,
                        ty: <$type as $crate::codec::Message>::describe(_schema)
                            $(.limited(&$crate::codec::Limit {
                                len: Some((0, $max)),
                                ..Default::default()
                            }))?,
                    },)*]),
                })
            }
        }
    };
}
pub(crate) use wire_struct;

/// A decoder's check of one bounded field.
pub(crate) fn check_len<T: crate::codec::Limited>(
    value: &T,
    max: u32,
    field: &'static str,
) -> Result<(), crate::codec::CodecError> {
    let limit = crate::codec::Limit { len: Some((0, max)), ..Default::default() };
    value.check(&limit).map_err(|error| error.field(field))
}
