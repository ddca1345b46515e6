//! Why a value could not be written or read, and where in it: one error for both directions.

use std::borrow::Cow;
use std::fmt;

/// Declares the kinds once; the wire names are those of `docs/protocol.md`, section 2.
macro_rules! kinds {
    ($($variant:ident $name:literal $text:literal,)*) => {
        /// What is wrong with a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = $text] $variant,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the protocol text.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that the protocol, the TypeScript codec and the golden vectors use.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a few words.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

kinds! {
    Truncated "truncated" "the data ends inside the value",
    TrailingBytes "trailing_bytes" "bytes are left over after the value",
    OverlongVarint "overlong_varint" "an integer is not in its shortest form",
    IntegerOverflow "integer_overflow" "an integer does not fit its type",
    OutOfRange "out_of_range" "the number is outside its allowed range",
    TooShort "too_short" "the length is below its limit",
    TooLong "too_long" "the length is above its limit",
    BadBool "bad_bool" "a flag is neither 0 nor 1",
    BadUtf8 "bad_utf8" "the text is not UTF-8",
    BadNan "bad_nan" "a NaN is not the canonical one",
    UnknownTag "unknown_tag" "there is no such variant",
    MapOrder "map_order" "map keys are not strictly ascending",
    TableOrder "table_order" "table fields are not strictly ascending",
    TooDeep "too_deep" "values nest too deep",
    BadJson "bad_json" "the text is not JSON",
    BadUrl "bad_url" "the text is not an absolute URL",
    BadBlob "bad_blob" "there is no such blob, or a blob that nothing refers to",
    BadValue "bad_value" "the value was refused by its conversion",
}

/// One step of the way from a body to the value that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A field or a variant, by the name it is declared with; tuple fields are `0`, `1`, …
    Name(Cow<'static, str>),
    /// An item of a list or array.
    Index(u32),
    /// The key of a map's entry.
    Key(u32),
    /// The value of a map's entry.
    Entry(u32),
}

/// A value that breaks its contract: what is wrong, and the path of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    /// Innermost first: each level adds its own on the way out.
    path: Vec<Segment>,
    detail: Option<String>,
}

impl CodecError {
    /// An error at the value at hand; the levels above add their segments with [`Self::within`].
    #[cold]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, path: Vec::new(), detail: None }))
    }

    /// A refusal with a reason in words, for conversions that a contract names.
    #[cold]
    pub fn refused(reason: impl fmt::Display) -> Self {
        let mut error = Self::new(ErrorKind::BadValue);
        error.0.detail = Some(reason.to_string());
        error
    }

    /// Adds the level that holds the value.
    #[cold]
    #[must_use]
    pub fn within(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// Adds a field or variant by name.
    #[cold]
    #[must_use]
    pub fn field(self, name: &'static str) -> Self {
        self.within(Segment::Name(Cow::Borrowed(name)))
    }

    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it is: `formats[3].width`; empty when it is the body itself.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
                Segment::Key(index) => path.push_str(&format!("{{key {index}}}")),
                Segment::Entry(index) => path.push_str(&format!("{{{index}}}")),
            }
        }
        path
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(self.0.kind.text())?;
        match &self.0.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CodecError {}
